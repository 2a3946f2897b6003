"""Designs by name or from a file: their settings checked, all problems at once."""

import csv
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.resources import files
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, cast, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cartmodel.errors import DesignError, Problem, UnknownNameError
from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.benefit import BenefitState, benefit_designs
from cartmodel.escalation.contract import AnyDesign
from cartmodel.escalation.dated import DatedState, dated_designs
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
    `Backfill`. Settings given here replace those of the file. A CSV file is a decision table: a row for each number of
    patients at the current dose, which comes first, then a letter (E, S, D, DU) for 0, 1, 2, ... DLTs; groups are as
    large as the smallest of these numbers, and ``target`` must be given.

    Parameters
    ----------
    name : str or Path
        See `list_designs`; or the path of a file that ends in ``.toml`` or ``.csv``.
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
    elif path.suffix.lower() == ".csv":
        rows = _letters(path)
        groups = {"cohort": min(map(int, rows), default=1)}
        known = "table", f"decision table {path.name}", {"table": rows} | groups | settings
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
            return found if backfill is None else _backfilled(cast(Design, found), make, given, backfill)
        except (TypeError, ValueError) as error:
            problems += [Problem("settings", *_halves(line)) for line in str(error).splitlines()]
    raise DesignError(title, problems)


def _backfilled(found: Design, make: Callable[..., Any], given: Mapping[str, Any], backfill: Any) -> Backfill:
    """Wrap a design: its own target holds, of which another one would be a second opinion on the same dose."""
    if not isinstance(backfill, Mapping):
        raise ValueError(f"backfill {backfill!r}; accepted: a table")
    known = [field.name for field in fields(Backfill) if field.name != "design"]
    unknown = [name for name in cast(Mapping[str, Any], backfill) if name not in known]
    if unknown:
        raise ValueError(
            "\n".join(f"backfill: unknown setting {name}; accepted: {nearest(name, known)}" for name in unknown)
        )
    parameter = signature(make).parameters.get("target")
    own = given.get("target", parameter.default if parameter is not None else Parameter.empty)
    target = {} if own is Parameter.empty else {"target": own}
    return Backfill(found, **(target | dict(cast(Mapping[str, Any], backfill))))


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


def decides_from(made: Any) -> str:
    """Return what a design decides from, by the annotation of its ``decide``: counts unless it says otherwise.

    Examples
    --------
    >>> decides_from(design("tite-boin")), decides_from(design("boin12"))
    ('dates', 'efficacy')
    """
    first = next(iter(signature(made.decide).parameters), "")
    kinds: dict[Any, str] = {DatedState: "dates", BenefitState: "efficacy"}
    return kinds.get(get_type_hints(made.decide).get(first), "counts")


def _letters(path: Path) -> dict[str, str]:
    """Return the rows of a decision table; a header, which begins with a word, is passed over."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row if cell.strip()] for row in csv.reader(file)]
    except (OSError, ValueError, csv.Error) as error:
        raise DesignError(f"decision table {path.name}", [Problem("file", str(error), "CSV in UTF-8")]) from error
    rows = [row for row in rows if row]
    found: dict[str, str] = {}
    for place, (n, *letters) in enumerate(rows):
        if place == 0 and not n.isdecimal():
            continue
        if n in found:
            problem = Problem(f"row {n}", "stands twice", "each number of patients once")
            raise DesignError(f"decision table {path.name}", [problem])
        found[n] = " ".join(letters)
    return found


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
