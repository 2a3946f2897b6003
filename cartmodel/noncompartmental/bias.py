"""What a sampling schedule does to observed exposures, by simulation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.equations.design import NEVER
from cartmodel.equations.exposure import exposures
from cartmodel.equations.joint import observe_levels
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary
from cartmodel.noncompartmental.parameters import nca_parameters
from cartmodel.noncompartmental.profiles import Profiles
from cartmodel.noncompartmental.rules import NcaRules
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.prior import prior_draws
from cartmodel.spec import ModelSpec, exposure_name


def schedule_bias(
    spec: ModelSpec,
    days: Sequence[float],
    *,
    lloq: float,
    dose: float | None = None,
    noise: bool = False,
    n: int = 2000,
    rules: NcaRules | None = None,
    random_seed: int = 1,
) -> pd.DataFrame:
    """Return how far the Cmax, Tmax and areas observed on a schedule lie from those of the curves themselves.

    Each of ``n`` patients is a new one, of a population of its own drawn from the prior. Its curve is sampled on the
    days, what lies below the LLOQ becomes BLQ, and `nca_parameters` is held against the peak and the integrals of the
    curve.

    Parameters
    ----------
    spec : ModelSpec
        From `load_model`; its first assay is sampled, its windows are the areas.
    days : sequence of float
        Days of the samples, all > 0; a level of 0 at the infusion is understood.
    lloq : float
        Lower limit of quantification, in the unit of the first assay.
    dose : float, optional
        Cells; default: the model's reference dose.
    noise : bool
        Whether the samples have the residual error of the assay. It lifts an observed maximum.
    n : int
        Number of patients.
    rules : NcaRules, optional
        Those of the analysis; default ``NcaRules()``.
    random_seed : int
        The same seed gives the same patients for any schedule, so that schedules compare patient by patient.

    Returns
    -------
    pandas.DataFrame
        One row a parameter: ``parameter``, ``unit``, ``n`` patients with an observed value, the medians over them of
        the ``truth`` and of what is ``observed``, and of a patient's ``bias``, with its 2.5% and 97.5% quantiles
        ``lower`` and ``upper``. The bias is 100 (observed / truth - 1), in percent; of Tmax, the difference in days.

    Raises
    ------
    ValueError
        If a day is not after the infusion or stands twice, or if LLOQ, dose or ``n`` are not positive.

    Examples
    --------
    >>> import cartmodel as cm
    >>> nominal = [1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360]
    >>> found = schedule_bias(cm.load_model("cd7-ssc"), nominal, lloq=50, n=500).set_index("parameter")
    >>> bool(found.loc["cmax", "bias"] < -10)  # the samples miss the peak
    True
    """
    planned = np.sort(np.asarray(days, dtype=float))
    _check(planned, days, lloq, dose, n)
    known = _patient(spec, planned, dose)
    source = Draws(prior_draws(spec, n, random_seed), known, seed=random_seed, new_patients="random")
    parameters = individual_parameters(spec, source)
    truth = exposures(vocabulary, spec.curve, parameters, spec.windows)
    level = np.exp(_log_levels(spec, source, parameters, noise=noise))
    profiles = Profiles(np.broadcast_to(planned, level.shape), np.where(level < lloq, np.nan, level), lloq)
    found = {p.name: p for p in nca_parameters(profiles, windows=spec.windows, persistence=(), rules=rules)}
    pairs = {"cmax": "peak_level", "tmax": "peak_time"} | {
        exposure_name(*window): exposure_name(*window) for window in spec.windows
    }
    rows = [
        {"parameter": name, "unit": found[name].unit.replace("level", spec.unit)}
        | _compared(np.ravel(truth[true].values), found[name].value, ratio=name != "tmax")
        for name, true in pairs.items()
    ]
    return pd.DataFrame(rows)


def _check(planned: np.ndarray, days: Sequence[float], lloq: float, dose: float | None, n: int) -> None:
    if not planned.size or not (np.isfinite(planned) & (planned > 0)).all() or not (np.diff(planned) > 0).all():
        raise ValueError(f"days={days!r}; accepted: one or more different days after the infusion, > 0")
    for name, value in (("lloq", lloq), ("dose", 1.0 if dose is None else dose), ("n", n)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name}={value!r}; accepted: a number > 0")


def _patient(spec: ModelSpec, days: np.ndarray, dose: float | None) -> xr.Dataset:
    if dose is not None and spec.dose is None:
        raise ValueError(f"dose={dose!r}, but model '{spec.name}' uses no dose; accepted: no dose")
    log_dose = 0.0 if spec.dose is None or dose is None else np.log(dose / spec.dose.reference)
    known = xr.Dataset({"log_dose": log_dose}, coords={"subject": ["new"]})
    for name in spec.curve.inputs:
        known[name] = NEVER
    for assay in spec.assays:
        known[f"time_{assay}"] = ("sample", days)
        known[f"blq_{assay}"] = ("sample", np.zeros(len(days)))
    return known


def _log_levels(spec: ModelSpec, source: Draws, parameters: dict[str, xr.DataArray], *, noise: bool) -> np.ndarray:
    """Return ln levels of the first assay over (patient, day)."""
    observe_levels(spec, source, parameters)
    observed = f"level_{next(iter(spec.assays))}"
    levels = source.sample_observed()[observed] if noise else source.observables[observed].parts[0]
    levels = levels.transpose("chain", "draw", "subject", "sample").values
    return levels.reshape(-1, levels.shape[-1])


def _compared(truth: np.ndarray, observed: np.ndarray, *, ratio: bool) -> dict[str, float]:
    known = ~np.isnan(observed)
    if not known.any():
        return {"n": 0} | dict.fromkeys(("truth", "observed", "bias", "lower", "upper"), np.nan)
    bias = 100.0 * (observed[known] / truth[known] - 1.0) if ratio else observed[known] - truth[known]
    lower, upper = np.quantile(bias, [0.025, 0.975])
    return {
        "n": int(known.sum()), "truth": float(np.median(truth[known])), "observed": float(np.median(observed[known])),
        "bias": float(np.median(bias)), "lower": float(lower), "upper": float(upper),
    }  # fmt: skip
