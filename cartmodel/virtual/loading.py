"""Scenario files of virtual trials: found, read, and held against their model, with all problems at once."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cartmodel.errors import CartmodelError, Problem, ScenarioError, UnknownNameError
from cartmodel.prediction.fitfile import read_fit, spec_of
from cartmodel.registry import nearest
from cartmodel.simulation.scenario import Comedication
from cartmodel.spec import ModelSpec, load_model
from cartmodel.virtual.scenario import (
    Accrual,
    ExposureHazard,
    Kinetics,
    Manufacture,
    ModelHazard,
    Onset,
    Remission,
    Samples,
    Toxicity,
    VirtualScenario,
)

_TABLES: dict[tuple[str, ...], type[BaseModel]] = {
    (): VirtualScenario,
    ("kinetics",): Kinetics,
    ("toxicity",): Toxicity,
    ("toxicity", "onset"): Onset,
    ("toxicity", "exposure"): ExposureHazard,
    ("toxicity", "model"): ModelHazard,
    ("remission",): Remission,
    ("manufacture",): Manufacture,
    ("accrual",): Accrual,
    ("samples",): Samples,
    ("comedication",): Comedication,
}


def list_virtual_scenarios() -> dict[str, Path]:
    """Return the name and the file of every scenario that comes with the package: a matrix of truths.

    Examples
    --------
    >>> sorted(list_virtual_scenarios())
    ['dose-only', 'exposure-only', 'flat', 'hump', 'late-onset', 'threshold']
    """
    folder = Path(str(files("cartmodel").joinpath("data", "virtual")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_virtual_scenario(name: str | Path) -> VirtualScenario:
    """Return the scenario of a TOML file, given its path (ending in ``.toml``) or the name of one of the package's.

    A model file or a fit that the scenario names by a path is looked for beside the scenario file.

    Raises
    ------
    UnknownNameError
        If no scenario has this name.
    ScenarioError
        With all problems of the file.

    Examples
    --------
    >>> load_virtual_scenario("flat").accrual.per_month
    1.0
    """
    path = Path(name)
    if path.suffix.lower() != ".toml":
        known = list_virtual_scenarios()
        if str(name) not in known:
            raise UnknownNameError(
                f"unknown scenario '{name}': {nearest(str(name), known)}; or the path of a .toml file"
            )
        path = known[str(name)]
    title = f"scenario file {path}"
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ScenarioError(title, [Problem("file", error.strerror or str(error), "a TOML file")]) from error
    except ValueError as error:  # not UTF-8, not TOML, or an integer of thousands of digits
        raise ScenarioError(title, [Problem("file", str(error), "valid TOML in UTF-8")]) from error
    _beside(content, path.parent)
    problems: list[Problem] = []
    scenario = None
    try:
        scenario = VirtualScenario.model_validate(content)
    except ValidationError as error:
        problems += [_translate(item) for item in error.errors(include_url=False)]
    problems += _mismatches(content)
    if scenario is None or problems:
        first = {problem.where: problem for problem in reversed(problems)}
        raise ScenarioError(title, [problem for problem in problems if first[problem.where] is problem])
    return scenario


def _table(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _beside(content: dict[str, Any], folder: Path) -> None:
    kinetics = _table(content.get("kinetics"))
    for key, suffix in (("model", ".toml"), ("draws", ".nc")):
        if isinstance(kinetics.get(key), str) and Path(kinetics[key]).suffix.lower() == suffix:
            kinetics[key] = str(folder / kinetics[key])


def _translate(item: ErrorDetails) -> Problem:
    path = [str(part) for part in item["loc"]]
    place = ".".join(path)
    if item["type"] == "extra_forbidden":
        owner = tuple(part for part in path[:-1] if not part.isdigit())
        fields = _TABLES.get(owner, _TABLES.get(owner[:1], VirtualScenario)).model_fields
        return Problem(place, "unknown name", nearest(path[-1], fields))
    if item["type"] == "missing":
        return Problem(place, "missing", item["msg"].lower())
    return Problem(place, f"{item['input']!r} does not fit", item["msg"])


def _mismatches(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what does not fit together, as far as the content can be read at all."""
    yield from _of_doses(content)
    kinetics, toxicity = _table(content.get("kinetics")), _table(content.get("toxicity"))
    model, draws, truth = kinetics.get("model"), kinetics.get("draws"), _table(kinetics.get("truth"))
    if toxicity and not any(toxicity.get(key) for key in ("onset", "exposure", "model")):
        yield Problem("toxicity", "no cause of a DLT", "one or more of onset, exposure, model")
    if draws is not None and truth:
        yield Problem("kinetics.truth", "there are draws already", "truth or draws, not both")
    if model is not None and draws not in (None, "prior"):
        yield Problem("kinetics.model", "the fit has its own model", "model with truth or draws = 'prior', or a fit")
    if draws not in (None, "prior") and not str(draws).lower().endswith(".nc"):
        yield Problem("kinetics.draws", f"{draws!r} does not fit", "'prior', or the path of a fit (.nc)")
        return
    try:
        if isinstance(model, str):
            spec = load_model(model)
        elif isinstance(draws, str) and draws != "prior":
            spec = spec_of(read_fit(draws))
        else:
            yield Problem("kinetics", "no model", "model = a model's name or file, or draws = the path of a fit")
            return
    except CartmodelError as error:
        yield Problem("kinetics.model" if isinstance(model, str) else "kinetics.draws", str(error), "a readable file")
        return
    if draws is None:
        yield from _of_truth(spec, truth, with_toxicity="model" in toxicity)
    yield from _of_model(spec, content)


def _of_doses(content: Mapping[str, Any]) -> Iterator[Problem]:
    doses = content.get("doses")
    if not isinstance(doses, list) or not all(isinstance(dose, int | float) for dose in cast("list[Any]", doses)):
        return
    amounts = cast("list[float]", doses)
    if any(a >= b for a, b in pairwise(amounts)):
        yield Problem("doses", f"{amounts}", "doses that rise, each once")
    start = content.get("start", 1)
    if isinstance(start, int) and start > len(amounts):
        yield Problem("start", f"{start}", f"a level from 1 to {len(amounts)}")
    lists: list[tuple[str, Any]] = [("remission.levels", _table(content.get("remission")).get("levels"))]
    onsets = _table(content.get("toxicity")).get("onset")
    for place, onset in enumerate(cast("list[Any]", onsets) if isinstance(onsets, list) else []):
        lists.append((f"toxicity.onset.{place}.probability", _table(onset).get("probability")))
    for where, values in lists:
        if isinstance(values, list) and len(cast("list[Any]", values)) != len(amounts):
            yield Problem(where, f"{len(cast('list[Any]', values))} numbers", f"{len(amounts)}, one a dose level")


def _of_truth(spec: ModelSpec, truth: Mapping[str, Any], *, with_toxicity: bool) -> Iterator[Problem]:
    of_toxicity = {key for key, value in spec.toxicity or () if hasattr(value, "dist")}
    wanted = [name for name, _ in spec.priors() if with_toxicity or name not in of_toxicity]
    varying = list(spec.curve.varying) if spec.correlation is not None else []
    allowed = {*wanted, *(f"corr_{a}_{b}" for i, b in enumerate(varying) for a in varying[:i])}
    for name in wanted:
        if name not in truth:
            yield Problem(f"kinetics.truth.{name}", "missing", f"the true value; model '{spec.name}' has it")
    for name in truth:
        if name in of_toxicity and not with_toxicity:
            yield Problem(f"kinetics.truth.{name}", "unused", "leave it out, or add [toxicity.model]")
        elif name not in allowed:
            yield Problem(f"kinetics.truth.{name}", "unknown parameter", nearest(name, allowed))


def _of_model(spec: ModelSpec, content: Mapping[str, Any]) -> Iterator[Problem]:
    samples, remission = _table(content.get("samples")), _table(content.get("remission"))
    lloq = _table(samples.get("lloq"))
    for name in spec.assays:
        if name not in lloq:
            yield Problem(f"samples.lloq.{name}", "missing", "the limit of quantification of this assay")
    for name in lloq:
        if name not in spec.assays:
            yield Problem(f"samples.lloq.{name}", "unknown assay", nearest(name, spec.assays))
    for name in _table(content.get("comedication")):
        if name not in spec.curve.inputs:
            accepted = ", ".join(spec.curve.inputs) or "none"
            yield Problem(f"comedication.{name}", f"model '{spec.name}' does not use it", accepted)
    toxicity = _table(content.get("toxicity"))
    if "model" in toxicity and spec.toxicity is None:
        yield Problem("toxicity.model", f"model '{spec.name}' has no toxicity", "onset or exposure")
    window, follow_up = toxicity.get("window", 28.0), toxicity.get("follow_up", 90.0)
    if isinstance(window, int | float) and isinstance(follow_up, int | float) and follow_up < window:
        yield Problem("toxicity.follow_up", f"{follow_up} days", f"{window} or more, the window")
    if remission and spec.response is None:
        yield Problem("remission", f"model '{spec.name}' has no response", "leave it out, or a model with a response")
    if "effect" in remission and "levels" in remission:
        yield Problem("remission.levels", "there is an effect already", "effect or levels, not both")
    effect = remission.get("effect")
    if isinstance(effect, list):
        at = [row[0] for row in cast("list[Any]", effect) if isinstance(row, list) and row]
        if not at or any(a >= b for a, b in pairwise(cast("list[float]", at))):
            yield Problem("remission.effect", f"{effect}", "pairs [exposure, effect], one or more, exposure rising")
