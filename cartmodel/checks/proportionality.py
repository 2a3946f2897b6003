"""Dose proportionality: the slope of the power model."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.checks.thinning import thinned
from cartmodel.checks.typical import typical_exposures
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import interval
from cartmodel.prediction.predictions import doses_of, exposure

_DRAWS = ("chain", "draw")


def dose_proportionality(fit: xr.DataTree) -> pd.DataFrame:
    r"""Return the slope of the power model, exposure = a dose^slope, for each exposure, with its 95% interval.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Returns
    -------
    pandas.DataFrame
        One row an exposure and ``of``: ``"patients"``, the least-squares line through the trial's patients at each
        draw (these patients, as sampled); ``"population"``, the line through the typical patient at the trial's doses
        (what the model says of the dose). Columns ``exposure``, ``of``, ``slope``, ``lower``, ``upper``, ``n``
        (patients), ``low_limit`` and ``high_limit``, the slopes for which the dose-normalised exposure changes by less
        than 0.80 to 1.25 over the trial's dose range, ``p_proportional``, the probability of lying between them, and
        ``reason`` where the slope is NaN.

    Notes
    -----
    Limits: 1 + ln(0.8) / ln(r) to 1 + ln(1.25) / ln(r), with r the ratio of the highest to the lowest dose (Smith et
    al., Pharm Res 2000;17:1278).

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.dose_proportionality(cm.read_fit("run/fit.nc"))  # doctest: +SKIP
    """
    spec = spec_of(fit)
    own = exposure(fit)
    dose = own["dose"].values
    known = np.isfinite(dose)
    distinct = np.unique(dose[known])
    ratio = float(distinct[-1] / distinct[0]) if len(distinct) > 1 else np.nan
    limits = {"low_limit": 1 + np.log(0.8) / np.log(ratio), "high_limit": 1 + np.log(1.25) / np.log(ratio)}
    own = own.isel(subject=np.flatnonzero(known))
    typical = xr.Dataset()
    if spec.uses_dose and len(distinct) > 1:
        posterior = thinned(group(fit, "posterior"), 2000)
        typical = typical_exposures(spec, posterior, dose=xr.DataArray(doses_of(fit), dims="dose"))
    rows = []
    for name in own.data_vars:
        for of in ("patients", "population"):
            row = {"exposure": str(name), "of": of, "n": int(known.sum())}
            if len(distinct) < 2:
                reason = f"the trial has {len(distinct)} known dose{'s' * (len(distinct) != 1)}; two are needed"
            elif of == "population" and not typical:
                reason = f"model '{spec.name}' uses no dose: its typical patient has one exposure"
            else:
                reason = ""
            slopes = np.array([np.nan])
            if not reason:
                values, at = (own[name], dose[known]) if of == "patients" else (typical[name], doses_of(fit))
                if bool((values > 0).all()):
                    slopes = power_slope(np.asarray(at, dtype=float), values.transpose(*_DRAWS, ...).values)
                else:
                    reason = "a value of 0 has no logarithm"
            ends = {"lower": np.nan, "upper": np.nan} if reason else interval(xr.DataArray(slopes))
            inside = (slopes > limits["low_limit"]) & (slopes < limits["high_limit"])
            found = {"slope": float(np.median(slopes)), **ends, **limits}
            rows.append(row | found | {"p_proportional": np.nan if reason else float(inside.mean()), "reason": reason})
    return pd.DataFrame(rows)


def power_slope(dose: np.ndarray, exposures: np.ndarray) -> np.ndarray:
    """Return the least-squares slope of ln exposure on ln dose, along the last axis.

    Examples
    --------
    >>> power_slope(np.array([1.0, 2.0, 4.0]), np.array([[3.0, 6.0, 12.0]])).round(12).tolist()
    [1.0]
    """
    x = np.log(dose) - np.log(dose).mean()
    return (np.log(exposures) * x).sum(axis=-1) / (x**2).sum()
