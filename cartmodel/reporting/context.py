"""The context of use of a report: the fields of ICH M15, from a small TOML file.

ICH M15 (General Principles for Model-Informed Drug Development) asks of every model what question it answers, how its
answer is used, and what follows if it is wrong. Every field is optional: what is absent is reported as 'not stated'::

    title = "Dose expansion of a CD7 CAR-T in systemic sclerosis"
    author = "Clinical pharmacology"
    date = "2026-11-24"
    question_of_interest = "Which dose should be expanded?"
    context_of_use = "Supports, beside the protocol's 3+3, the choice between 1e8 and 2e8 cells."

    [model_influence]
    rating = "low"
    reason = "The protocol decides; the model stands beside it."

    [consequence_of_wrong_decision]
    rating = "medium"
    reason = "Patients would be treated at a dose with less effect, or more toxicity."

    [model_risk]
    rating = "low"

    [model_impact]
    rating = "low"

Further texts: ``appropriateness`` (of the proposed modelling), ``technical_criteria`` (agreed in advance) and
``analysis_plan`` (where the model analysis plan stands).
"""

import datetime
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cartmodel.errors import ContextFileError, Problem
from cartmodel.registry import nearest

NOT_STATED = "not stated"

_Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Rating(BaseModel):
    """One rated element of the assessment: low, medium or high, and why."""

    model_config = _FROZEN
    rating: Literal["low", "medium", "high"]
    reason: _Text | None = None


class Context(BaseModel):
    """What a report is for.

    Examples
    --------
    >>> Context(question_of_interest="Which dose should be expanded?").stated["Context of use"]
    'not stated'
    """

    model_config = _FROZEN
    title: _Text | None = None
    author: _Text | None = None
    date: _Text | None = None
    question_of_interest: _Text | None = None
    context_of_use: _Text | None = None
    model_influence: Rating | None = None
    consequence_of_wrong_decision: Rating | None = None
    model_risk: Rating | None = None
    model_impact: Rating | None = None
    appropriateness: _Text | None = None
    technical_criteria: _Text | None = None
    analysis_plan: _Text | None = None

    @property
    def stated(self) -> dict[str, str]:
        """Every field of the assessment in words, in the order of ICH M15."""
        found: dict[str, str] = {}
        for field in list(Context.model_fields)[3:]:
            value: Any = getattr(self, field)
            if isinstance(value, Rating):
                value = f"{value.rating}. {value.reason or f'The reason is {NOT_STATED}.'}"
            found[field.replace("_", " ").capitalize()] = value or NOT_STATED
        return found


def read_context(path: str | Path) -> Context:
    """Return the context of use of a TOML file.

    Parameters
    ----------
    path : str or Path
        See the text of this module for its fields.

    Raises
    ------
    ContextFileError
        With all problems of the file, each with its dotted path and what would be accepted.

    Examples
    --------
    >>> read_context("context.toml").question_of_interest  # doctest: +SKIP
    'Which dose should be expanded?'
    """
    file = Path(path)
    try:
        content = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem = Problem("file", error.strerror or str(error), "a TOML file")
        raise ContextFileError(f"context file {path}", [problem]) from error
    except ValueError as error:  # no UTF-8, or no TOML
        problem = Problem("file", str(error), "valid TOML in UTF-8")
        raise ContextFileError(f"context file {path}", [problem]) from error
    try:
        return Context.model_validate(content | _written(content.get("date")))
    except ValidationError as error:
        problems = [_translate(item) for item in error.errors(include_url=False)]
        raise ContextFileError(f"context file {path}", problems) from error


def _written(day: Any) -> dict[str, str]:
    """Return a TOML date as text; what is none stays as it is."""
    return {"date": day.isoformat()} if isinstance(day, datetime.date) else {}


def _translate(item: Any) -> Problem:
    path = [str(part) for part in item["loc"]]
    place = ".".join(path)
    owner = Rating if len(path) > 1 else Context
    match item["type"]:
        case "extra_forbidden":
            return Problem(place, "unknown name", nearest(path[-1], owner.model_fields))
        case "missing":
            return Problem(place, "missing", "low, medium or high, in quotes")
        case "literal_error":
            return Problem(place, f"{item['input']!r} does not fit", "'low', 'medium' or 'high'")
        case "model_type" | "model_attributes_type":
            return Problem(place, f"{item['input']!r} does not fit", f"a table [{place}] with rating and reason")
        case "string_too_short":
            return Problem(place, "empty", "text, or no such line")
        case _:
            return Problem(place, f"{item['input']!r} does not fit", "text in quotes")
