"""How the documentation is built: `python -m sphinx -W docs build/docs`."""

import importlib.metadata
import inspect
import re
import shutil
from pathlib import Path
from typing import Any

import cartmodel

HERE = Path(__file__).parent

project = "cartmodel"
author = "the founders of cartmodel"
release = version = importlib.metadata.version("cartmodel")
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"cartmodel {release}"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "code"
nb_execution_mode = "off"  # the notebooks are committed with their outputs, and the tests execute them
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
suppress_warnings = ["config.cache", "myst.xref_missing", "ref.python"]  # shapes such as (doses,) are no references


def api_page() -> str:
    """Return the page of the public names: sections and order as in the package's stub."""
    lines = ["# Public names", "", "In reading order; `import cartmodel as cm`.", ""]
    for line in Path(cartmodel.__file__).with_suffix(".pyi").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            lines += [f"## {line[2:]}", ""]
        for name in re.findall(r" as (\w+)", line):
            kind = _directive(getattr(cartmodel, name))
            options = [":members:"] if kind == "autoclass" else [":no-value:"] if kind == "autodata" else []
            lines += [
                "```{eval-rst}",
                f".. {kind}:: cartmodel.{name}",
                *(f"   {option}" for option in options),
                "```",
                "",
            ]
    return "\n".join(lines)


def _directive(member: Any) -> str:
    if inspect.isclass(member):
        return "autoexception" if issubclass(member, BaseException) else "autoclass"
    if inspect.isroutine(member):
        return "autofunction"
    return "py:data" if type(member).__module__ == "builtins" else "autodata"  # a plain dict is described by its type


def _write_pages(_: Any) -> None:
    (HERE / "api.md").write_text(api_page(), encoding="utf-8")
    notebooks = HERE / "notebooks"
    notebooks.mkdir(exist_ok=True)
    for notebook in (HERE.parent / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, notebooks)


def setup(app: Any) -> None:
    """Write what is made from the package and the notebooks before the pages are read."""
    app.connect("config-inited", lambda app, config: _write_pages(app))
