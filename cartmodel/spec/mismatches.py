"""What no single entry of a model file can show: names and supports that do not fit the structure or each other."""

from collections.abc import Iterator
from typing import Any, cast

from cartmodel.errors import Problem
from cartmodel.kinetics import structures
from cartmodel.registry import nearest
from cartmodel.spec.model import RESIDUALS, SUPPORTS, exposure_name
from cartmodel.spec.priors import ON_SUPPORT, PRIORS

WRONG_PRIOR = "is no prior for a"


def as_table(value: Any) -> dict[str, Any]:
    """Return a value if it is a table, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a value as a list if it is one, else an empty list."""
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else []


def mismatches(content: dict[str, Any]) -> Iterator[Problem]:
    """Yield the problems between the entries of a model file, whose entries may themselves be wrong in any way."""
    yield from _parameters(content)
    yield from _supports(content)
    yield from _assays(as_table(content.get("assays")))
    yield from _windows(content)
    if (content.get("covariates") or content.get("toxicity")) and content.get("dose") is None:
        what = "missing, though covariates or toxicity use the dose"
        yield Problem("dose", what, "a table with reference, unit and reason")


def _parameters(content: dict[str, Any]) -> Iterator[Problem]:
    name = content.get("structure")
    if not isinstance(name, str):
        return
    if name not in structures:
        yield Problem("structure", f"unknown structure '{name}'", nearest(name, structures))
        return
    varying = structures[name].varying
    if not varying:
        yield Problem(
            "structure", f"no parameter of '{name}' varies between patients", "a structure with one that does"
        )
    if content.get("correlation") is not None and len(varying) < 2:
        what = f"'{name}' has {len(varying)} parameters that vary"
        yield Problem("correlation", what, "no correlation, or a structure with two or more")
    for part in ("typical", "random", "covariates"):
        known = structures[name].varying if part == "random" else tuple(structures[name].parameters)
        table = as_table(content.get(part))
        for surplus in [key for key in table if key not in known]:
            yield Problem(f"{part}.{surplus}", f"'{name}' has no such parameter", nearest(surplus, known))
        if part == "covariates" or not isinstance(content.get(part), dict):
            continue  # covariates may lack parameters, and a table that is no table has a problem of its own
        for missing in [key for key in known if key not in table]:
            yield Problem(f"{part}.{missing}", "missing parameter", f"a prior; '{name}' has {', '.join(known)}")


def _supports(content: dict[str, Any]) -> Iterator[Problem]:
    for place, prior, support in _priors(content):
        dist = as_table(prior).get("dist")
        if isinstance(dist, str) and dist in PRIORS and dist not in ON_SUPPORT[support]:
            kind = "fraction" if support == "fraction" else f"{support} value"
            yield Problem(f"{place}.dist", f"'{dist}' {WRONG_PRIOR} {kind}", " or ".join(ON_SUPPORT[support]))


def _priors(content: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield the place, the content and the support of everything that should be a prior."""
    parts = ("typical", "random", "covariates", "assays", "response", "toxicity")
    tables = {part: as_table(content.get(part)) for part in parts}
    name = content.get("structure")
    if isinstance(name, str) and name in structures:
        for key, parameter in structures[name].parameters.items():
            yield f"typical.{key}", tables["typical"].get(key), parameter.support
    yield from ((f"random.{key}", prior, "positive") for key, prior in tables["random"].items())
    for key, effects in tables["covariates"].items():
        yield from ((f"covariates.{key}.{covariate}", prior, "real") for covariate, prior in as_table(effects).items())
    submodels = {"response": tables["response"], "toxicity": tables["toxicity"]}
    submodels |= {f"assays.{key}": as_table(assay) for key, assay in tables["assays"].items()}
    for place, table in submodels.items():
        yield from ((f"{place}.{key}", prior, SUPPORTS[key]) for key, prior in table.items() if key in SUPPORTS)


def _assays(assays: dict[str, Any]) -> Iterator[Problem]:
    for position, (name, value) in enumerate(assays.items()):
        assay, place = {key: item for key, item in as_table(value).items() if item is not None}, f"assays.{name}"
        residual = assay.get("residual")
        if isinstance(residual, str) and residual in RESIDUALS:
            wanted = RESIDUALS[residual]
            for key in [key for key in wanted if key not in assay]:
                yield Problem(f"{place}.{key}", "missing", f"a prior; residual '{residual}' has {' and '.join(wanted)}")
            for key in [key for keys in RESIDUALS.values() for key in keys if key in assay and key not in wanted]:
                yield Problem(f"{place}.{key}", f"residual '{residual}' has no such parameter", " and ".join(wanted))
        if position == 0 and "scale" in assay:
            yield Problem(f"{place}.scale", "the first assay sets the scale of the curve", "no scale here")
        if position > 0 and "scale" not in assay and isinstance(value, dict):
            yield Problem(f"{place}.scale", "missing", "a prior of this assay's level divided by the first assay's")


def _windows(content: dict[str, Any]) -> Iterator[Problem]:
    names = ["peak_level"]
    windows = as_list(content.get("windows"))
    for position, window in enumerate(windows):
        edges = as_list(window)
        if len(edges) != 2 or not all(isinstance(edge, int | float) and abs(edge) < 1e9 for edge in edges):
            return  # a problem of the entry itself
        start, end = edges
        if not 0 <= start < end:
            yield Problem(f"windows.{position}", f"[{start:g}, {end:g}] is no window", "0 <= start < end, in days")
            return
        if exposure_name(start, end) in names:
            yield Problem(f"windows.{position}", f"[{start:g}, {end:g}] is there twice", "each window once")
        names.append(exposure_name(start, end))
    exposure = as_table(content.get("response")).get("exposure")
    if windows and isinstance(exposure, str) and exposure not in names:
        yield Problem("response.exposure", f"unknown exposure '{exposure}'", nearest(exposure, names))
