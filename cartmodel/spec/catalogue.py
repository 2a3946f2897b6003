"""Find and read model files: by path, by name in ``models/`` of the package, or on the user's own path."""

import os
import tomllib
from importlib.resources import files
from pathlib import Path

from cartmodel.errors import ModelFileError, Problem, UnknownNameError
from cartmodel.registry import nearest
from cartmodel.spec.model import ModelSpec
from cartmodel.spec.parse import parse_model


def model_folders() -> list[Path]:
    """Return the folders searched for model files: those of ``CARTMODEL_MODELS``, then the package's own."""
    own = os.environ.get("CARTMODEL_MODELS", "")
    package = Path(str(files("cartmodel")))
    shipped = [folder for folder in (package / "_models", package.parent / "models") if folder.is_dir()]
    return [*(Path(part) for part in own.split(os.pathsep) if part), *shipped[:1]]


def list_models() -> dict[str, Path]:
    """Return the name and the file of every model that `load_model` finds by name.

    Examples
    --------
    >>> import cartmodel as cm
    >>> "cd7-ssc" in cm.list_models()
    True
    """
    found: dict[str, Path] = {}
    for folder in model_folders():
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def load_model(name: str | Path) -> ModelSpec:
    """Return the model of a file, given its path (ending in ``.toml``) or its name in the catalogue.

    Parameters
    ----------
    name : str or Path
        ``"cd7-ssc"``, or ``"my/own.toml"``.

    Raises
    ------
    UnknownNameError
        If no model has this name.
    ModelFileError
        With all problems of the file.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.load_model("cd7-ssc").unit
    'copies/ug'
    """
    path = Path(name)
    if path.suffix != ".toml":
        known = list_models()
        if str(name) not in known:
            raise UnknownNameError(f"unknown model '{name}': {nearest(str(name), known)}; or the path of a .toml file")
        path = known[str(name)]
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ModelFileError(f"model file {path}", [Problem("file", error.strerror or str(error), "a TOML file")]) from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"model file {path}", [Problem(f"byte {error.start}", "not UTF-8", "UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        raise ModelFileError(f"model file {path}", [Problem("file", str(error), "valid TOML")]) from error
    return parse_model(content, where=str(path))
