"""Turn the content of a model file into a `ModelSpec`, or into the full list of its problems."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from cartmodel.errors import ModelFileError, Problem
from cartmodel.kinetics import structures
from cartmodel.registry import nearest
from cartmodel.spec.model import Assay, BinaryResponse, CrissResponse, Dose, ModelSpec, Toxicity, exposure_name
from cartmodel.spec.priors import PRIORS, SUPPORTS, Beta, HalfNormal, LogitNormal, LogNormal, Normal

_FIELDS = {
    "": ModelSpec, "dose": Dose, "assays": Assay, "toxicity": Toxicity, "criss": CrissResponse, "binary": BinaryResponse,
    "Normal": Normal, "LogNormal": LogNormal, "LogitNormal": LogitNormal, "HalfNormal": HalfNormal, "Beta": Beta,
}  # fmt: skip
_RESPONSE_SUPPORTS = {
    "q_step1": "fraction", "k0": "real", "k1": "real", "tau": "positive", "a0": "real", "a1": "real", "d0": "real", "ld1": "real",
}  # fmt: skip


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
    try:
        spec, problems = ModelSpec.model_validate(content), []
    except ValidationError as error:
        spec, problems = None, [_translate(item, content) for item in error.errors(include_url=False)]
    seen = {problem.where for problem in problems}
    problems += [problem for problem in _mismatches(content) if problem.where not in seen]
    if problems or spec is None:
        raise ModelFileError(f"model file {where}", problems)
    return spec


def _translate(item: Any, content: Any) -> Problem:
    path = [str(part) for part in item["loc"]]
    owner = next((_FIELDS[part] for part in reversed(path[:-1]) if part in _FIELDS), ModelSpec)
    shown = [part for part in path if part not in (*PRIORS, "criss", "binary")]
    place = ".".join(shown) or "file"
    match item["type"]:
        case "extra_forbidden":
            return Problem(place, "unknown name", nearest(path[-1], owner.model_fields))
        case "missing":
            return Problem(place, "missing", "a value; this name is required")
        case "union_tag_invalid":
            tag, known = str(item["ctx"]["tag"]), str(item["ctx"]["expected_tags"])
            kinds = [name.strip(" '") for name in known.split(",")]
            field = str(item["ctx"]["discriminator"]).strip("'")
            return Problem(f"{place}.{field}", f"unknown {'prior' if field == 'dist' else field} '{tag}'", nearest(tag, kinds))
        case "union_tag_not_found":
            return Problem(place, "no 'dist' or 'kind' says what this is", f"dist = one of {', '.join(PRIORS)}")
        case _:
            return Problem(place, f"{_shorten(item.get('input'))} does not fit", str(item["msg"]))


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."


def _table(content: Any, *path: str) -> Mapping[str, Any]:
    for part in path:
        content = content.get(part) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _mismatches(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what no single field can show: names and supports that do not fit the structure or each other."""
    name = content.get("structure")
    if isinstance(name, str) and name not in structures:
        yield Problem("structure", f"unknown structure '{name}'", nearest(name, structures))
    curve = structures[name] if isinstance(name, str) and name in structures else None
    typical, random, covariates = (_table(content, part) for part in ("typical", "random", "covariates"))
    if curve is not None:
        for table, entries in (("typical", typical), ("random", random)):
            for missing in [p for p in curve.parameters if p not in entries]:
                yield Problem(f"{table}.{missing}", "missing parameter", f"a prior; '{name}' has {', '.join(curve.parameters)}")
        for table, entries in (("typical", typical), ("random", random), ("covariates", covariates)):
            for surplus in [p for p in entries if p not in curve.parameters]:
                yield Problem(f"{table}.{surplus}", f"'{name}' has no such parameter", nearest(surplus, curve.parameters))
        for key, parameter in curve.parameters.items():
            yield from _wrong_support(f"typical.{key}", typical.get(key), parameter.support)
    for key, prior in random.items():
        yield from _wrong_support(f"random.{key}", prior, "positive")
    for key, effects in covariates.items():
        for covariate, prior in _table(covariates, key).items() if isinstance(effects, Mapping) else ():
            yield from _wrong_support(f"covariates.{key}.{covariate}", prior, "real")
    for submodel in ("response", "toxicity"):
        for key, prior in _table(content, submodel).items():
            if key in _RESPONSE_SUPPORTS:
                yield from _wrong_support(f"{submodel}.{key}", prior, _RESPONSE_SUPPORTS[key])
    if (covariates or content.get("toxicity")) and not content.get("dose"):
        yield Problem("dose", "missing, though covariates or toxicity use the dose", "a table with reference, unit and reason")
    yield from _assay_mismatches(_table(content, "assays"))
    yield from _exposure_mismatches(content)


def _wrong_support(place: str, prior: Any, support: str) -> Iterator[Problem]:
    dist = prior.get("dist") if isinstance(prior, Mapping) else None
    if dist in PRIORS and dist not in SUPPORTS[support]:
        yield Problem(f"{place}.dist", f"'{dist}' does not live on the {support} values", ", ".join(SUPPORTS[support]))


def _assay_mismatches(assays: Mapping[str, Any]) -> Iterator[Problem]:
    needs = {"log_additive": {"sigma"}, "combined": {"sigma_proportional", "sigma_additive"}}
    for position, (name, assay) in enumerate(assays.items()):
        if not isinstance(assay, Mapping) or assay.get("residual") not in needs:
            continue
        residual = assay["residual"]
        for key in ("sigma", "sigma_proportional", "sigma_additive"):
            if key in needs[residual] and assay.get(key) is None:
                yield Problem(f"assays.{name}.{key}", "missing", f"a prior; residual '{residual}' has {', '.join(sorted(needs[residual]))}")
            if key not in needs[residual] and assay.get(key) is not None:
                yield Problem(f"assays.{name}.{key}", f"residual '{residual}' has no such parameter", ", ".join(sorted(needs[residual])))
            yield from _wrong_support(f"assays.{name}.{key}", assay.get(key), "positive")
        yield from _wrong_support(f"assays.{name}.scale", assay.get("scale"), "positive")
        if position == 0 and assay.get("scale") is not None:
            yield Problem(f"assays.{name}.scale", "the first assay sets the scale of the curve", "no scale here")
        if position > 0 and assay.get("scale") is None:
            yield Problem(f"assays.{name}.scale", "missing", "a prior of this assay's level divided by the first assay's")


def _exposure_mismatches(content: Mapping[str, Any]) -> Iterator[Problem]:
    windows: Any = content.get("windows")
    names = ["peak_level"]
    for position, window in enumerate(windows if isinstance(windows, list | tuple) else ()):
        try:
            start, end = (float(edge) for edge in window)
        except (TypeError, ValueError):
            continue
        if not 0 <= start < end < float("inf"):
            yield Problem(f"windows.{position}", f"[{start:g}, {end:g}] is no window", "0 <= start < end, in days")
        names.append(exposure_name(start, end))
    exposure = _table(content, "response").get("exposure")
    if isinstance(exposure, str) and exposure not in names:
        yield Problem("response.exposure", f"unknown exposure '{exposure}'", nearest(exposure, names))
