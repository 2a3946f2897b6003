"""The patients' random effects against the covariates of the trial: what the model leaves unexplained by them."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from cartmodel.checks.thinning import thinned
from cartmodel.prediction.fitfile import covariates_of, group, spec_of
from cartmodel.prediction.interval import QUANTILES

_LEAST = 3
"""Patients of whom a rank correlation can be told."""


def effects_by_covariate(fit: xr.DataTree) -> pd.DataFrame:
    """Return each random effect against each baseline covariate of the trial, weight among them.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Returns
    -------
    pandas.DataFrame
        One row an effect and covariate of numbers, or an effect and value of a covariate in words: ``effect``,
        ``covariate``, ``value`` (empty for numbers), ``n`` (patients with it), ``measure``, ``median``, ``lower``,
        ``upper`` (95%) and ``reason`` where they are NaN. The measure is Spearman's rank correlation of numbers with
        eta, or the mean eta of the patients of that value, each taken within every posterior draw, so that the
        interval holds what is not known of the patients' effects; it says nothing of other patients. Where
        the samples say little of an effect its draws are those of a model without the covariate, and the measure is
        pulled to 0. Patients without
        the covariate are left out. Empty for a trial without covariates.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.effects_by_covariate(cm.read_fit("run/fit.nc"))  # doctest: +SKIP
    """
    posterior = thinned(group(fit, "posterior"), 1000)
    covariates = covariates_of(fit)
    rows: list[dict[str, object]] = []
    for effect in spec_of(fit).curve.varying:
        each = posterior[f"eta_{effect}"].transpose(..., "subject").values
        eta = each.reshape(-1, each.shape[-1])
        for name in covariates:
            told: dict[str, object] = {"effect": effect, "covariate": str(name)}
            rows += [told | row for row in _rows(eta, covariates[name])]
    columns = ["effect", "covariate", "value", "n", "measure", "median", "lower", "upper", "reason"]
    found = pd.DataFrame(rows, columns=columns)
    found.attrs = {"thinning": posterior.attrs["thinning"]}
    return found


def _rows(eta: np.ndarray, covariate: pd.Series) -> list[dict[str, object]]:
    if pd.api.types.is_float_dtype(covariate):
        return [_correlation(eta, covariate.to_numpy(float))]
    texts = covariate.fillna("").astype(str).to_numpy()
    rows: list[dict[str, object]] = []
    for value in sorted(set(texts) - {""}):
        own = texts == value
        told = {"value": value, "n": int(own.sum()), "measure": "mean eta"}
        rows.append(told | _summary(eta[:, own].mean(axis=1)))
    return rows


def _correlation(eta: np.ndarray, values: np.ndarray) -> dict[str, object]:
    kept = np.isfinite(values)
    told: dict[str, object] = {"value": "", "n": int(kept.sum()), "measure": "rank correlation"}
    if kept.sum() < _LEAST:
        return told | {"reason": f"fewer than {_LEAST} patients with a value"}
    if np.ptp(values[kept]) == 0:
        return told | {"reason": "one value in all patients"}
    ranks = stats.rankdata(eta[:, kept], axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    other = stats.rankdata(values[kept])
    other -= other.mean()
    size = np.sqrt((ranks**2).sum(axis=1) * (other**2).sum())
    if not size.all():
        return told | {"reason": "the effects do not differ"}
    return told | _summary(ranks @ other / size)


def _summary(draws: np.ndarray) -> dict[str, object]:
    lower, median, upper = (float(value) for value in np.quantile(draws, QUANTILES))
    return {"median": median, "lower": lower, "upper": upper, "reason": ""}
