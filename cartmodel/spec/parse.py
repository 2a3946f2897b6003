"""Turn the content of a model file into a `ModelSpec`, or into the full list of its problems."""

from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from cartmodel.errors import ModelFileError, Problem
from cartmodel.kinetics import structures
from cartmodel.registry import nearest
from cartmodel.spec.mismatches import WRONG_PRIOR, as_list, as_table, mismatches
from cartmodel.spec.model import RESIDUALS, RESPONSES, SUPPORTS, Assay, Correlation, Dose, ModelSpec, Toxicity
from cartmodel.spec.priors import PRIORS

_UNKNOWN, _MISSING, _PROSE = "unknown name", "missing", (".reason", ".source")
_PRIOR = f"a prior: a table with dist = one of {', '.join(PRIORS)}, its numbers, reason and source"
_TABLES: dict[str, type[BaseModel]] = {"dose": Dose, "assays": Assay, "correlation": Correlation, "toxicity": Toxicity}
_EXPECTED = {
    "name": "the model's name in letters, digits, '.', '_' and '-'",
    "title": "one line of text",
    "structure": "the name of a structure in quotes, such as 'stein_smooth'",
    "time_unit": "'day'",
    "windows": "a list of [start, end] in days, such as [[0, 28], [0, 90]]",
    "typical": "a table of priors, one for each parameter of the structure",
    "random": "a table of priors, one for each parameter of the structure",
    "covariates": "a table of priors, such as [covariates.cmax.dose]",
    "assays": "a table for each assay, such as [assays.qpcr]",
    "dose": "a table with reference, unit and reason",
    "unit": "a unit in quotes",
    "residual": f"one of {', '.join(RESIDUALS)}",
    "exposure": "the name of an exposure in quotes, such as 'auc_0_28'",
    "kind": f"one of {', '.join(RESPONSES)} for a response, 'blrm' for the toxicity",
    "reason": "text in quotes that says why these numbers",
    "source": "text in quotes that says where they come from",
}
_ACCEPTED = {
    "float_type": "a number, without quotes",
    "finite_number": "a finite number",
    "greater_than": "a number above 0",
    "string_type": "text in quotes",
    "string_too_short": "text of at least 3 characters",
    "model_type": "a table",
    "dict_type": "a table",
    "too_short": "at least one",
    "string_pattern_mismatch": "letters, digits, '_' (in the model's name also '.' and '-'), beginning with a letter",
}


def parse_model(content: Mapping[str, Any], *, where: str) -> ModelSpec:
    """Return the validated model of a parsed model file.

    Parameters
    ----------
    content : mapping
        The tables of the file.
    where : str
        The file's name, for messages.

    Raises
    ------
    ModelFileError
        With all problems of the file, each with its dotted path and what would be accepted.
    """
    mended, problems = _mend(as_table(content))
    try:
        spec = ModelSpec.model_validate(mended)
    except ValidationError as error:
        spec = None
        problems += [_translate(item, mended) for item in error.errors(include_url=False)]
    problems += mismatches(mended)
    if spec is not None and not problems:
        return spec
    ordered = sorted(_without_echoes(problems), key=lambda problem: _position(content, problem.where))
    raise ModelFileError(f"model file {where}", ordered)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Return the first problem of each place, less those that a problem inside it or a wrong prior explains."""
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.where, problem)
    wrong_dist = tuple(place.removesuffix("dist") for place, problem in first.items() if WRONG_PRIOR in problem.what)
    return [
        problem
        for place, problem in first.items()
        if not any(other.startswith(f"{place}.") for other in first)
        and not (place.startswith(wrong_dist) and problem.what in (_UNKNOWN, _MISSING) and not place.endswith(_PROSE))
    ]


def _mend(content: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the content with misspelt choices replaced by the nearest, and the problems they are.

    Left as they are, they would hide what else is wrong in their tables.
    """
    mended, problems = deepcopy(content), list[Problem]()

    def mend(table: dict[str, Any], path: tuple[str, ...]) -> None:
        key, what, known = _choice(path)
        chosen = table.get(key)
        close = get_close_matches(chosen.lower(), known, n=1) if isinstance(chosen, str) and chosen not in known else []
        if close:
            problems.append(Problem(".".join((*path, key)), f"unknown {what} '{chosen}'", nearest(str(chosen), known)))
            table[key] = close[0]
        for name, value in table.items():
            if isinstance(value, dict):
                mend(cast("dict[str, Any]", value), (*path, name))

    mend(mended, ())
    return mended, problems


def _choice(path: tuple[str, ...]) -> tuple[str, str, Mapping[str, Any]]:
    match path:
        case ():
            return "structure", "structure", structures
        case ("assays", _):
            return "residual", "residual", RESIDUALS
        case ("response",):
            return "kind", "response", RESPONSES
        case _:
            return "dist", "prior", PRIORS


def _translate(item: Any, content: dict[str, Any]) -> Problem:
    """Return pydantic's complaint in the words of a model file."""
    path, owner = _locate([str(part) for part in item["loc"] if part != "[key]"], content)
    place, kind, value = ".".join(path) or "file", item["type"], item.get("input")
    match kind:
        case "extra_forbidden":
            return Problem(place, _UNKNOWN, nearest(path[-1], owner.model_fields))
        case "missing":
            return Problem(place, _MISSING, _expected(path[-1], owner))
        case "union_tag_invalid" | "union_tag_not_found":
            field, known = ("kind", RESPONSES) if place == "response" else ("dist", PRIORS)
            found = f"{_shown(value[field])} is unknown" if field in value else "missing"
            return Problem(f"{place}.{field}", found, f"one of {', '.join(known)}")
        case "model_attributes_type":
            accepted = _PRIOR if place != "response" else f"a table with kind = {' or '.join(RESPONSES)}"
            return Problem(place, f"{_shown(value)} does not fit", accepted)
        case "literal_error":
            return Problem(place, f"{_shown(value)} does not fit", item["ctx"]["expected"])
        case _ if path[:1] == ["windows"]:
            return Problem(place, f"{_shown(value)} does not fit", _EXPECTED["windows"])
        case _:
            return Problem(place, f"{_shown(value)} does not fit", _ACCEPTED.get(kind, str(item["msg"])))


def _locate(path: list[str], content: Any) -> tuple[list[str], type[BaseModel]]:
    """Return a path without the prior and response names that pydantic adds, and the class of its last table."""
    owner = _TABLES.get(path[0], ModelSpec) if len(path) > 1 else ModelSpec
    shown: list[str] = []
    for part in path:
        table = as_table(content)
        if part not in table and part in (table.get("dist"), table.get("kind")):
            owner = PRIORS.get(part) or RESPONSES[part]
            continue
        shown.append(part)
        content = table.get(part)
    return shown, owner


def _expected(name: str, owner: type[BaseModel]) -> str:
    if owner not in PRIORS.values() and name in SUPPORTS:
        return _PRIOR
    return _EXPECTED.get(name, "a number")


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case int() if value.bit_length() > 1024:
            return "a number this large"
        case _:
            text = repr(value) if isinstance(value, str) else str(value)
            return text if len(text) < 60 else f"{text[:57]}..."


def _position(content: Any, where: str) -> list[int]:
    """Return where a dotted path stands in the file, to sort by; what is missing comes after what is there."""
    position: list[int] = []
    for part in where.split("."):
        here = as_table(content) or {str(n): item for n, item in enumerate(as_list(content))}
        position.append(list(here).index(part) if part in here else len(here))
        content = here.get(part)
    return position
