"""What dose and comedication do to the typical patient: the numbers of a forest plot."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.checks.thinning import thinned
from cartmodel.checks.typical import typical_exposures
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import interval
from cartmodel.prediction.words import dose_words
from cartmodel.spec import ModelSpec

EQUIVALENCE = (0.8, 1.25)
"""The band within which a ratio of exposures is by convention of no concern."""


def covariate_effects(fit: xr.DataTree) -> pd.DataFrame:
    """Return ratios of the typical patient's exposures at each covariate value against a reference, for a forest plot.

    The reference is the trial's dose nearest to the model's reference, without comedication. Compared are the trial's
    other doses and, where the model knows a comedication that the trial has, its first day (the median of those who had
    it).

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Returns
    -------
    pandas.DataFrame
        One row a contrast and exposure: ``covariate``, ``value`` and ``reference`` in words, ``exposure``, ``n`` (the
        trial's patients with that value), ``median``, ``lower``, ``upper`` of the ratio, ``p_within`` the 0.80 to 1.25
        band, ``p_below`` and ``p_above`` it. Ratios are of typical patients: for Cmax that is the ratio of the
        geometric means, for areas nearly so. NaN where an exposure may be 0. Empty for a model without
        covariates.
    """
    spec = spec_of(fit)
    posterior = thinned(group(fit, "posterior"), 2000)
    data = group(fit, "constant_data")
    rows = _contrasts(spec, data)
    columns = ["covariate", "value", "reference", "exposure", "n", "median", "lower", "upper"]
    table: list[dict[str, object]] = []
    for covariate, value, reference, n, high, low in rows:
        one, other = (typical_exposures(spec, posterior, **at) for at in (high, low))
        for name in one.data_vars:
            told: dict[str, object] = {
                "covariate": covariate,
                "value": value,
                "reference": reference,
                "exposure": str(name),
                "n": n,
            }
            if not bool((other[name] > 0).all()):  # such as the Tmax of a curve that only falls
                table.append(told)
                continue
            ratio = one[name] / other[name]
            below, above = float((ratio < EQUIVALENCE[0]).mean()), float((ratio > EQUIVALENCE[1]).mean())
            chances: dict[str, object] = {"p_within": 1.0 - below - above, "p_below": below, "p_above": above}
            table.append(told | {"median": float(ratio.median()), **interval(ratio)} | chances)
    found = pd.DataFrame(table, columns=[*columns, "p_within", "p_below", "p_above"])
    found.attrs = {"thinning": posterior.attrs["thinning"]}
    return found


def _contrasts(
    spec: ModelSpec, data: xr.Dataset
) -> list[tuple[str, str, str, int, dict[str, float], dict[str, float]]]:
    found: list[tuple[str, str, str, int, dict[str, float], dict[str, float]]] = []
    given = data["dose"].values
    doses = np.unique(given[np.isfinite(given)])
    base: dict[str, float] = {}
    if any(spec.covariates.values()) and spec.dose is not None and len(doses):
        reference = float(doses[np.argmin(np.abs(np.log(doses / spec.dose.reference)))])
        base = {"dose": reference}
        for dose in doses[doses != reference].tolist():
            n = int((given == dose).sum())
            found.append(("dose", dose_words(dose), dose_words(reference), n, {"dose": dose}, base))
    for name in spec.curve.inputs:
        days = data[name].values
        had = np.isfinite(days)
        if had.any():
            day = float(np.median(days[had]))
            told = name.removesuffix("_day")
            found.append((told, f"{told} on day {day:g}", f"no {told}", int(had.sum()), {**base, name: day}, base))
    return found
