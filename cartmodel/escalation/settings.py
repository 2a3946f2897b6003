"""Designs by name or from a file: their settings checked, all problems at once."""

import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cartmodel.errors import DesignError, Problem, UnknownNameError
from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.benefit import benefit_designs
from cartmodel.escalation.contract import AnyDesign
from cartmodel.escalation.dated import dated_designs
from cartmodel.escalation.design import Design, designs
from cartmodel.registry import nearest

_KINDS = {"counts": designs, "dates": dated_designs, "efficacy": benefit_designs}


def list_designs() -> dict[str, str]:
    """Return the name of every design and of every shipped design file, with what it decides from.

    ``counts`` of DLTs, ``dates`` (time to event), counts of toxicity and ``efficacy``; ``file`` for a file with
    settings for this trial.

    Examples
    --------
    >>> found = list_designs()
    >>> found["boin"], found["tite-crm"], found["boin12"], found["blrm-cd7"]
    ('counts', 'dates', 'efficacy', 'file')
    """
    names = {name: kind for kind, registry in _KINDS.items() for name in registry}
    return names | {path.stem: "file" for path in _shipped()}


def design(name: str | Path, /, **settings: Any) -> AnyDesign:
    """Return a design by its name, by the name of a shipped file, or from a TOML file.

    A file holds ``design``, the name, and the settings beside it; a table ``[backfill]`` wraps the design in
    `Backfill`. Settings given here replace those of the file.

    Parameters
    ----------
    name : str or Path
        See `list_designs`; or the path of a file that ends in ``.toml``.
    **settings
        Those of the design's function, such as ``target`` and ``max_patients``.

    Raises
    ------
    UnknownNameError
        If there is no such design.
    DesignError
        With every setting that is unknown, missing or cannot be used.

    Examples
    --------
    >>> from cartmodel.escalation.state import State
    >>> design("boin", target=0.25).decide(State((3, 0, 0), (0, 0, 0))).dose
    2
    >>> design("boin", targt=0.25)
    Traceback (most recent call last):
    ...
    cartmodel.errors.DesignError: design boin: 1 problem
      targt: unknown setting; accepted: did you mean 'target'? known: cohort, cutoff, extra_safe, max_patients, over, \
stay_at_one_of_three, target, under, weights
    """
    path = Path(name)
    shipped = {path.stem: path for path in _shipped()}
    if path.suffix.lower() == ".toml" or str(name) in shipped:
        path = shipped.get(str(name), path)
        content = _read(path)
        title = f"design file {path.name}"
        if not isinstance(content.get("design"), str):
            raise DesignError(title, [Problem("design", f"{content.get('design')!r}", "the name of a design")])
        known = content.pop("design"), title, content | settings
    else:
        known = str(name), f"design {name}", dict(settings)
    return _made(*known)


def _made(name: str, title: str, settings: dict[str, Any]) -> AnyDesign:
    registry = next((registry for registry in _KINDS.values() if name in registry), None)
    if registry is None:
        raise UnknownNameError(f"unknown design '{name}': {nearest(name, list_designs())}; or the path of a .toml file")
    make = cast(Callable[..., Any], registry[name])
    backfill = settings.pop("backfill", None)
    given = {key: _frozen(value) for key, value in settings.items() if key not in ("title", "reason", "source")}
    problems = _of_names(make, given)
    if not problems:
        try:
            found = make(**given)
            return found if backfill is None else Backfill(cast(Design, found), **backfill)
        except (TypeError, ValueError) as error:
            problems += [Problem("settings", *_halves(line)) for line in str(error).splitlines()]
    raise DesignError(title, problems)


def _of_names(make: Callable[..., Any], given: Mapping[str, Any]) -> list[Problem]:
    parameters = signature(make).parameters.values()
    named = [p.name for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    problems: list[Problem] = []
    if len(named) == len(parameters):
        unknown = sorted(set(given) - set(named))
        problems += [Problem(key, "unknown setting", nearest(key, named)) for key in unknown]
    missing = [p.name for p in parameters if p.default is Parameter.empty and p.kind is not Parameter.VAR_KEYWORD]
    problems += [Problem(key, "missing", "a value: it has no default") for key in missing if key not in given]
    typed = [p for p in parameters if p.name in given and p.kind is not Parameter.VAR_KEYWORD]
    return problems + [problem for p in typed for problem in _of_type(p.name, p.annotation, given[p.name])]


def _of_type(name: str, annotation: Any, value: Any) -> list[Problem]:
    try:
        TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value, strict=True)
    except ValidationError as error:
        said, prefix = error.errors(include_url=False)[0]["msg"], "Input should be "
        return [Problem(name, f"{value!r}", said.removeprefix(prefix) if said.startswith(prefix) else str(annotation))]
    return []


def _halves(message: str) -> tuple[str, str]:
    what, _, accepted = message.partition("; accepted: ")
    return what, accepted or "see the settings of this design"


def _frozen(value: Any) -> Any:
    """Return lists as tuples: designs are values."""
    return tuple(_frozen(part) for part in cast(list[Any], value)) if isinstance(value, list) else value


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem, cause = Problem("file", error.strerror or str(error), "a TOML file"), error
    except ValueError as error:
        problem, cause = Problem("file", str(error), "valid TOML in UTF-8"), error
    raise DesignError(f"design file {path.name}", [problem]) from cause


def _shipped() -> list[Path]:
    package = Path(str(files("cartmodel")))
    folder = package / "_models" / "designs"
    beside = package.parent / "models" / "designs"
    checkout = (package.parent / "pyproject.toml").is_file()
    return sorted((folder if folder.is_dir() or not checkout else beside).glob("*.toml"))
