"""The truth of a simulated trial: what a scenario file says."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from cartmodel.errors import Problem, ScenarioError
from cartmodel.registry import nearest
from cartmodel.spec import load_model
from cartmodel.spec.priors import Finite, Positive

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Group(BaseModel):
    """One dose group: its dose in cells and its number of patients."""

    model_config = _FROZEN
    dose: Positive
    patients: Annotated[int, Field(ge=1, le=100_000)]


class Comedication(BaseModel):
    """A share of the patients has its first dose on a day between two."""

    model_config = _FROZEN
    share: Annotated[float, Field(ge=0, le=1)]
    first: Finite
    last: Finite


class Scenario(BaseModel):
    """A simulated trial: its model, its design and the true population parameters.

    Use `load_scenario` to read one.
    """

    model_config = _FROZEN
    name: Annotated[str, Field(min_length=3)]
    model: str
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    days: Annotated[tuple[Positive, ...], Field(min_length=1)]
    day_jitter: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    missed: Annotated[float, Field(ge=0, lt=1)] = 0.0
    lloq: dict[str, Positive]
    comedication: dict[str, Comedication] = {}
    truth: dict[str, Finite]


def load_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a TOML file.

    Raises
    ------
    ScenarioError
        With all problems of the file: unknown or missing names, parameters that the model does not have or lacks,
        assays without LLOQ.

    Examples
    --------
    >>> import cartmodel as cm
    >>> scenario = cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")
    >>> [group.dose for group in scenario.groups]
    [25000000.0, 100000000.0, 200000000.0]
    """
    title = f"scenario file {path}"
    try:
        scenario = Scenario.model_validate(tomllib.loads(Path(path).read_bytes().decode("utf-8-sig")))
    except OSError as error:
        raise ScenarioError(title, [Problem("file", error.strerror or str(error), "a TOML file")]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(title, [Problem("file", str(error), "valid TOML in UTF-8")]) from error
    except ValidationError as error:
        raise ScenarioError(title, [_translate(item) for item in error.errors(include_url=False)]) from error
    spec = load_model(scenario.model)
    wanted = dict(spec.priors())
    problems = [
        Problem(f"truth.{name}", "missing", f"the true value; model '{spec.name}' has it")
        for name in wanted
        if name not in scenario.truth
    ]
    problems += [
        Problem(f"truth.{name}", "unknown parameter", nearest(name, wanted))
        for name in scenario.truth
        if name not in wanted
    ]
    problems += [
        Problem(f"lloq.{name}", "missing", "the limit of quantification of this assay")
        for name in spec.assays
        if name not in scenario.lloq
    ]
    problems += [
        Problem(f"lloq.{name}", "unknown assay", nearest(name, spec.assays))
        for name in scenario.lloq
        if name not in spec.assays
    ]
    problems += [
        Problem(f"comedication.{name}", f"model '{spec.name}' does not use it", ", ".join(spec.curve.inputs) or "none")
        for name in scenario.comedication
        if name not in spec.curve.inputs
    ]
    if problems:
        raise ScenarioError(title, problems)
    return scenario


def _translate(item: ErrorDetails) -> Problem:
    place = ".".join(map(str, item["loc"]))
    if item["type"] == "extra_forbidden":
        return Problem(place, "unknown name", nearest(place, Scenario.model_fields))
    return Problem(place, f"{item['input']!r} does not fit", item["msg"])
