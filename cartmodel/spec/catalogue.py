"""Find and read model files: by path, by name in ``models/`` of the package, or on the user's own path."""

import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from cartmodel.errors import ModelFileError, Problem, UnknownNameError
from cartmodel.registry import nearest
from cartmodel.spec.model import ModelSpec
from cartmodel.spec.parse import parse_model


def model_folders() -> list[Path]:
    """Return the folders searched for models: those of ``CARTMODEL_MODELS``, separated as in ``PATH``, and ours."""
    users = os.environ.get("CARTMODEL_MODELS", "").split(os.pathsep)
    shipped = _shipped(Path(str(files("cartmodel"))))
    return [*(Path(part).expanduser() for part in users if part), *shipped]


def _shipped(package: Path) -> list[Path]:
    """Return the folder that a wheel holds, or the one beside the package in a checkout, never somebody else's."""
    if (package / "_models").is_dir():
        return [package / "_models"]
    beside = package.parent / "models"
    return [beside] if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else []


def list_models() -> dict[str, Path]:
    """Return the name and the file of every model that `load_model` finds by name; of two with one name, the user's.

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
    if path.suffix.lower() != ".toml":
        known = list_models()
        if str(name) not in known:
            hint = f"{nearest(str(name), known)}; or the path of a .toml file"
            absent = [
                f"; CARTMODEL_MODELS names {folder}, no folder" for folder in model_folders() if not folder.is_dir()
            ]
            raise UnknownNameError(f"unknown model '{name}': {hint}{''.join(absent)}")
        path = known[str(name)]
    return parse_model(_read(path), where=str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem, cause = Problem("file", error.strerror or str(error), "a TOML file"), error
    except UnicodeDecodeError as error:
        problem, cause = Problem(f"byte {error.start}", "not UTF-8", "UTF-8 text"), error
    except ValueError as error:  # tomllib's own, and the one of an integer with thousands of digits
        problem, cause = Problem("file", str(error), "valid TOML, each name once"), error
    raise ModelFileError(f"model file {path}", [problem]) from cause
