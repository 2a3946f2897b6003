"""Execute the notebooks and store their outputs in place: ``python notebooks/execute.py [name ...]``.

Each runs in a fresh kernel of the interpreter that runs this command. What would change from run to run without meaning
anything (times of cells, versions of the kernel) is not stored.
"""

import os
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).resolve().parent


class ThisInterpreter(KernelSpecManager):
    """The kernel of the running interpreter, whatever kernels the user installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the specification of the kernel."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python", name=kernel_name)


def execute(path: Path, *, seconds: int = 600, **environment: str) -> nbformat.NotebookNode:
    """Return a notebook with fresh outputs.

    Parameters
    ----------
    path : Path
        The notebook; it runs in its own folder.
    seconds : int
        Limit for one cell.
    **environment : str
        Variables of its kernel, such as ``CARTMODEL_NOTEBOOK_DRAWS``.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as private:  # the start-up files of a user's own IPython are no part of a notebook
        manager = AsyncKernelManager(
            kernel_spec_manager=ThisInterpreter(),
            connection_file=f"{private}/kernel.json",
            transport="tcp" if os.name == "nt" else "ipc",  # no port that another kernel might take
        )
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=seconds,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(path.parent)}},
        )
        own = {"IPYTHONDIR": private} | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        client.execute(cleanup_kc=True, env=os.environ | own | environment)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output["data"]["image/png"] = _smaller(output["data"]["image/png"])
    notebook.metadata = nbformat.from_dict(
        {
            "executed": {"source": source_digest(notebook)},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def source_digest(notebook: nbformat.NotebookNode) -> str:
    """Return the SHA-256 of the code, by which outputs are known to be those of the cells above them."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return sha256("\0".join(code).encode()).hexdigest()


def _smaller(image: str) -> str:
    """Return a PNG in base64 with a palette of 256 colours, which a plot does not exhaust."""
    shrunk = BytesIO()
    Image.open(BytesIO(b64decode(image))).convert("RGB").quantize(256).save(shrunk, "PNG", optimize=True)
    return b64encode(shrunk.getvalue()).decode()


def notebooks() -> list[Path]:
    """Return the notebooks, in reading order."""
    return sorted(FOLDER.glob("*.ipynb"))


def main(names: list[str]) -> None:
    """Execute the notebooks whose names begin with one of ``names``, or all, and store their outputs."""
    for path in notebooks():
        if not names or path.stem.startswith(tuple(Path(name).stem for name in names)):
            nbformat.write(execute(path), path)
            print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
