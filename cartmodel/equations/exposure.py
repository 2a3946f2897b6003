"""Exposures of a curve: named apart from its parameters."""

from collections.abc import Mapping
from typing import Any

from cartmodel.kinetics import Structure
from cartmodel.spec import ModelSpec, exposure_name


def exposures(
    xp: Any, curve: Structure, parameters: Mapping[str, Any], windows: tuple[tuple[float, float], ...]
) -> dict[str, Any]:
    """Return Cmax, Tmax and the areas under the curve over each window.

    Returns
    -------
    dict
        ``peak_level`` (Cmax, level), ``peak_time`` (Tmax, days) of the curve itself, and ``auc_<start>_<end>`` (level x
        days).
    """
    time, log_level = curve.peak(xp, **parameters)
    areas = {exposure_name(*window): curve.integral(xp, *window, **parameters) for window in windows}
    return {"peak_level": xp.exp(log_level), "peak_time": time, **areas}


def response_exposure(xp: Any, spec: ModelSpec, parameters: Mapping[str, Any]) -> Any:
    """Return the exposure that the response depends on: ln of the one the model file names, minus its constant."""
    response = spec.response
    if response is None:
        raise ValueError(f"model '{spec.name}' has no response")
    if response.exposure == "peak_level":
        return spec.curve.peak(xp, **parameters)[1] - response.centre
    window = next(w for w in spec.windows if exposure_name(*w) == response.exposure)
    return xp.log(spec.curve.integral(xp, *window, **parameters)) - response.centre
