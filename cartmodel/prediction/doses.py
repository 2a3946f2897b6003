"""The tables by dose: exposures, remission and toxicity, and doses compared with each other."""

import warnings
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.errors import ExtrapolationWarning
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import interval
from cartmodel.prediction.predictions import exposure, predict
from cartmodel.spec import ModelSpec

_PROBABILITIES = ("remission", "dlt")
_COMPARED = (
    "high", "low", "measure", "scale", "median", "lower", "upper", "p_higher", "p_better", "prior_lower",
    "prior_upper", "prior_p_higher", "note",
)  # fmt: skip
_BY_FORM = "the model lets the DLT risk only rise with the dose: the sign is assumed, not learned"


def exposure_table(fit: xr.DataTree, new: xr.Dataset | None = None) -> pd.DataFrame:
    """Return exposures by dose: the geometric mean of the trial's patients, and the range for a new patient.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    new : xarray.Dataset, optional
        New patients, from `predict`; default: at the doses of the trial.

    Returns
    -------
    pandas.DataFrame
        One row a dose and exposure. ``patients``; ``median``, ``lower``, ``upper`` of the geometric mean (of Tmax too)
        over the trial's patients of that group, NaN for a dose that the trial does not have; ``new_median``,
        ``new_lower``, ``new_upper``: 95% predictive interval of one new patient.
    """
    known = exposure(fit)
    new = predict(fit) if new is None else new
    rows = []
    for value in new["dose"].values if "dose" in new.dims else [np.nan]:
        fresh = new.sel(dose=value) if "dose" in new.dims else new
        treated = known.isel(subject=np.flatnonzero((known["dose"].values == value) | np.isnan(value)))
        for name in known.data_vars:
            row = {
                "dose": value,
                "exposure": str(name),
                "units": known[name].attrs.get("units", ""),
                "patients": treated.sizes["subject"],
            }
            if treated.sizes["subject"]:
                mean = np.exp(xr.apply_ufunc(np.log, treated[name]).mean("subject"))
                row |= {"median": float(mean.median()), **interval(mean)}
            fresh_range = interval(fresh[name])
            row |= {
                "new_median": float(fresh[name].median()),
                "new_lower": fresh_range["lower"],
                "new_upper": fresh_range["upper"],
            }
            rows.append(row)
    return pd.DataFrame(rows)


def outcome_table(fit: xr.DataTree, new: xr.Dataset | None = None) -> pd.DataFrame:
    """Return the probability of remission and of DLT by dose for a new patient, with what was observed.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    new : xarray.Dataset, optional
        New patients, from `predict`; default: at the doses of the trial.

    Returns
    -------
    pandas.DataFrame
        One row a dose and outcome: ``median``, ``lower``, ``upper`` of the probability; ``events`` of ``observed``
        patients at that dose. Empty for a model without outcomes.
    """
    spec = spec_of(fit)
    new = predict(fit) if new is None else new
    given = group(fit, "constant_data")["dose"].values
    rows = []
    for outcome in [name for name in ("remission", "dlt") if name in new]:
        happened = observed_outcome(fit, spec, outcome)
        for value in new["dose"].values if "dose" in new.dims else [np.nan]:
            probability = new[outcome].sel(dose=value) if "dose" in new[outcome].dims else new[outcome]
            probability = probability.mean("subject") if "subject" in probability.dims else probability
            known = happened[(given == value) | np.isnan(value)]
            row = {"dose": value, "outcome": outcome, "median": float(probability.median()), **interval(probability)}
            rows.append(row | {"events": int(np.nansum(known)), "observed": int((~np.isnan(known)).sum())})
    return pd.DataFrame(rows, columns=["dose", "outcome", "median", "lower", "upper", "events", "observed"])


def observed_outcome(fit: xr.DataTree, spec: ModelSpec, outcome: str) -> np.ndarray:
    """Return the observed outcome of each patient as 0, 1, or NaN while it is pending."""
    observed = group(fit, "observed_data")
    if outcome == "remission" and spec.response is not None and spec.response.kind == "criss":
        step1, lp = observed["criss_step1"].values, observed["criss_lp"].values
        improved = np.where(np.isnan(lp), np.nan, 1.0 * (lp >= spec.response.threshold))
        return np.where(step1 == 1.0, 0.0, improved)
    return observed[outcome].values


def compare_doses(
    fit: xr.DataTree,
    dose: Sequence[float] | None = None,
    *,
    n: int = 100,
    random_seed: int = 1,
    new: xr.Dataset | None = None,
) -> pd.DataFrame:
    """Return each pair of doses compared on exposures, remission and DLT, for the population of new patients.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    dose : sequence of float, optional
        Cells; default: the doses of the trial.
    n : int
        New patients for each draw, the same at both doses.
    random_seed : int
        Seed of the new patients.
    new : xarray.Dataset, optional
        New patients, from `predict`, instead of the three above.

    Returns
    -------
    pandas.DataFrame
        One row a pair and measure: ``high`` and ``low`` dose; ``median``, ``lower``, ``upper`` of the ratio of the
        geometric means (exposures) or of the difference of the probabilities (remission, DLT), high against low;
        ``p_higher``, the probability that the high dose has the larger value; ``p_better``, the same with the sign of
        benefit: more exposure or remission, fewer DLTs (none for Tmax); ``prior_lower``, ``prior_upper`` and
        ``prior_p_higher``, the same before the trial, from the priors alone; ``note`` where the answer is the model's
        form, not evidence.
    """
    new = predict(fit, dose=dose, n=n, random_seed=random_seed) if new is None else new
    if "dose" not in new.dims:
        return pd.DataFrame(columns=_COMPARED)
    before = _changes(_before(fit, new, random_seed))
    rows = []
    for (low, high, name), change in _changes(new).items():
        nothing, prior = (0.0 if name in _PROBABILITIES else 1.0), before[low, high, name]
        p, held = float((change > nothing).mean()), interval(prior)
        rows.append(
            {
                "high": high,
                "low": low,
                "measure": name,
                "scale": "difference" if name in _PROBABILITIES else "ratio",
                "median": float(change.median()),
                **interval(change),
                "p_higher": p,
                "p_better": np.nan if name == "peak_time" else 1.0 - p if name == "dlt" else p,
                "prior_lower": held["lower"],
                "prior_upper": held["upper"],
                "prior_p_higher": float((prior > nothing).mean()),
                "note": _BY_FORM if name == "dlt" else "",
            }
        )
    return pd.DataFrame(rows, columns=_COMPARED)


def _before(fit: xr.DataTree, new: xr.Dataset, seed: int) -> xr.Dataset:
    """Return what the priors alone predict for as many new patients, or for the typical one."""
    groups = {"/posterior": group(fit, "prior"), "/constant_data": group(fit, "constant_data")}
    untouched = xr.DataTree.from_dict(groups)
    untouched.attrs = fit.attrs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)  # said once, of the posterior
        return predict(
            untouched,
            dose=[float(dose) for dose in new["dose"].values],
            patients="new" if "subject" in new.dims else "typical",
            n=new.sizes.get("subject", 1),
            random_seed=seed,
        )


def _changes(new: xr.Dataset) -> dict[tuple[float, float, str], xr.DataArray]:
    """Return the draws of each comparison of a high with a low dose: a ratio, or a difference of probabilities."""
    found: dict[tuple[float, float, str], xr.DataArray] = {}
    for low, high in combinations([float(dose) for dose in new["dose"].values], 2):
        for name in [str(name) for name in new.data_vars if name != "level"]:
            values = new[name] if name in _PROBABILITIES else xr.apply_ufunc(np.log, new[name])
            change = values.sel(dose=high) - values.sel(dose=low)
            change = change.mean("subject") if "subject" in change.dims else change
            found[low, high, name] = change if name in _PROBABILITIES else xr.apply_ufunc(np.exp, change)
    return found
