"""Exposures of the same patients by both routes: non-compartmental analysis, and the fitted curves."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.equations.design import match_assays
from cartmodel.errors import Problem, TrialModelError
from cartmodel.noncompartmental.parameters import nca_parameters
from cartmodel.noncompartmental.profiles import profiles_of
from cartmodel.noncompartmental.rules import NcaRules
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.predictions import exposure
from cartmodel.spec import ModelSpec
from cartmodel.trial import TrialData
from cartmodel.trial.units import same_unit

_NAMES = {"peak_level": "cmax", "peak_time": "tmax"}
_COLUMNS = ["subject", "dose", "exposure", "unit", "nca", "model", "lower", "upper", "ratio", "inside", "reason"]


def compare_nca(fit: xr.DataTree, trial: TrialData, *, rules: NcaRules | None = None) -> pd.DataFrame:
    """Return each patient's exposures as observed and as the model has them.

    The two answer different questions. NCA joins the samples: it misses a peak between two visits and carries the
    noise of each sample. The model's value is that of the patient's fitted curve, without residual noise, and is pulled
    towards the population. `schedule_bias` says what to expect of the first alone.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    trial : TrialData
        The trial that was fitted.
    rules : NcaRules, optional
        Those of the analysis; default ``NcaRules()``.

    Returns
    -------
    pandas.DataFrame
        One row a patient and exposure: ``subject``, ``dose`` (of the dose group, cells), ``exposure`` (``cmax``,
        ``tmax``, ``auc_<start>_<end>``), ``unit``; ``nca``, NaN where undefined, with its ``reason``;
        ``model``: the posterior median, ``lower`` and ``upper`` its equal-tailed 95% interval; ``ratio``: NCA / model;
        ``inside``: whether the NCA value lies in the interval (NaN where there is none).

    Raises
    ------
    TrialModelError
        If the trial is not the one of the fit: other patients, or an assay or unit that the fit does not have.

    Examples
    --------
    >>> import cartmodel as cm
    >>> trial = cm.read_trial("trial.csv")  # doctest: +SKIP
    >>> cm.compare_nca(cm.read_fit("run/fit.nc"), trial)  # doctest: +SKIP
    """
    spec, known = spec_of(fit), exposure(fit)
    assay = _check(fit, trial, spec, known)
    found = {p.name: p for p in nca_parameters(profiles_of(trial, assay), windows=spec.windows, rules=rules)}
    tables: list[pd.DataFrame] = []
    for name in map(str, known.data_vars):
        observed = found[_NAMES.get(name, name)]
        lower, median, upper = known[name].quantile(QUANTILES, dim=("chain", "draw")).values
        inside = np.where(np.isnan(observed.value), np.nan, (observed.value >= lower) & (observed.value <= upper))
        tables.append(
            pd.DataFrame(
                {
                    "subject": trial.subjects.index.to_numpy(),
                    "dose": trial.dose_group.to_numpy(),
                    "exposure": observed.name,
                    "unit": observed.unit.replace("level", trial.units[assay]),
                    "nca": observed.value,
                    "model": median,
                    "lower": lower,
                    "upper": upper,
                    "ratio": observed.value / median,
                    "inside": inside,
                    "reason": observed.reason,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)[_COLUMNS]


def _check(fit: xr.DataTree, trial: TrialData, spec: ModelSpec, known: xr.Dataset) -> str:
    """Return the trial's assay that the model's exposures are of."""
    problems: list[Problem] = []
    fitted, given = [str(name) for name in known["subject"].values], list(trial.subjects.index)
    if fitted != given:
        apart = sorted(set(fitted) ^ set(given)) or ["the same patients in another order"]
        told = ", ".join(apart[:5]) + (", ..." if len(apart) > 5 else "")
        problems.append(Problem("patients", f"not those of the fit: {told}", f"trial '{fit.attrs['trial']}'"))
    elif (digest := fit.attrs.get("trial_digest")) and digest != trial.digest:
        problems.append(Problem("data", "not those that were fitted", f"trial '{fit.attrs['trial']}' as it was read"))
    name = next(iter(spec.assays))
    assay = match_assays(trial, spec).get(name)
    if assay is None:
        problems.append(Problem("assays", ", ".join(trial.assays) or "none", f"assay '{name}', which the fit is of"))
    elif not same_unit(trial.units[assay], spec.assays[name].unit):
        problems.append(Problem(f"unit of assay '{assay}'", trial.units[assay], spec.assays[name].unit))
    if problems or assay is None:
        raise TrialModelError(f"trial '{trial.name}' with the fit of '{fit.attrs['trial']}'", problems)
    return assay
