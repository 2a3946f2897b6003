"""Outcomes against exposure and dose: the model's curves beside observed rates."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binomtest

from cartmodel.equations.response import remission_probability, toxicity_logit
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.doses import observed_outcome
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES, interval
from cartmodel.prediction.predictions import doses_of, exposure

OVER = 0.33
"""Probability of a DLT above which a dose is too toxic, unless the user states another."""

_DRAWS = ("chain", "draw")


def exposure_response(fit: xr.DataTree, *, bins: int = 3) -> xr.Dataset | None:
    """Return the exposure-response curve beside the observed rates of remission in bins of exposure.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    bins : int
        Bins of about equally many patients with a known outcome, by the posterior median of their exposure.

    Returns
    -------
    xarray.Dataset or None
        Over ``exposure``: ``lower``, ``median``, ``upper`` of the probability of remission. Over ``bin``: ``first``,
        ``middle``, ``last`` exposure, ``events``, ``patients``, ``rate`` with its exact 95% interval ``rate_lower``,
        ``rate_upper`` (Clopper-Pearson). Over ``subject``: ``patient``, ``patient_lower``, ``patient_upper`` (exposure)
        and ``outcome`` (1, 0, NaN while pending), with coordinate ``dose``. Attributes: name and unit of the exposure.
        None for a model without a response.
    """
    spec = spec_of(fit)
    if spec.response is None:
        return None
    if bins < 1:
        raise ValueError(f"bins={bins!r}; accepted: 1 or more")
    found = exposure(fit)[spec.response.exposure]
    low, middle, high = found.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "subject").values
    grid = xr.DataArray(np.geomspace(low.min() / 1.15, high.max() * 1.15, 101), dims="exposure")
    u = np.log(grid) - spec.response.centre
    curve = remission_probability(spec, Draws(group(fit, "posterior"), xr.Dataset()), u)
    band = curve.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "exposure").values
    outcome = observed_outcome(fit, spec, "remission")
    known = np.flatnonzero(~np.isnan(outcome))
    parts = [p for p in np.array_split(known[np.argsort(middle[known], kind="stable")], bins) if len(p)]
    rates = [binomtest(int(outcome[p].sum()), len(p)).proportion_ci(method="exact") for p in parts]
    result = xr.Dataset(
        {name: ("exposure", values) for name, values in zip(("lower", "median", "upper"), band, strict=True)}
        | {
            "first": ("bin", [middle[p].min() for p in parts]),
            "middle": ("bin", [float(np.median(middle[p])) for p in parts]),
            "last": ("bin", [middle[p].max() for p in parts]),
            "events": ("bin", [int(outcome[p].sum()) for p in parts]),
            "patients": ("bin", [len(p) for p in parts]),
            "rate": ("bin", [float(outcome[p].mean()) for p in parts]),
            "rate_lower": ("bin", [rate.low for rate in rates]),
            "rate_upper": ("bin", [rate.high for rate in rates]),
            "patient_lower": ("subject", low),
            "patient": ("subject", middle),
            "patient_upper": ("subject", high),
            "outcome": ("subject", outcome),
        },
        coords={"exposure": grid.values, "subject": found["subject"], "dose": ("subject", found["dose"].values)},
    )
    result.attrs = {"exposure": spec.response.exposure, "unit": found.attrs["units"]}
    return result


def dlt_by_dose(fit: xr.DataTree, *, limit: float = OVER) -> pd.DataFrame | None:
    """Return the probability of a DLT at each of the trial's doses, and that it lies over a limit.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    limit : float
        Probability of a DLT above which a dose counts as too toxic.

    Returns
    -------
    pandas.DataFrame or None
        One row a dose: ``dose``, ``median``, ``lower``, ``upper``, ``p_over``, ``limit``, ``events`` and ``observed``
        patients. It informs; the protocol's rules decide. None for a model without toxicity.
    """
    spec = spec_of(fit)
    if spec.toxicity is None:
        return None
    if not 0 < limit < 1:
        raise ValueError(f"limit={limit!r}; accepted: a probability between 0 and 1")
    happened = observed_outcome(fit, spec, "dlt")
    given = group(fit, "constant_data")["dose"].values
    reference = spec.dose.reference if spec.dose is not None else 1.0
    rows = []
    for dose in doses_of(fit).tolist():
        known = xr.Dataset({"log_dose": np.log(dose / reference)})
        risk = xp.expit(toxicity_logit(spec, Draws(group(fit, "posterior"), known)))
        seen = happened[given == dose]
        row = {"dose": dose, "median": float(risk.median()), **interval(risk), "p_over": float((risk > limit).mean())}
        observed = {"events": int(np.nansum(seen)), "observed": int((~np.isnan(seen)).sum())}
        rows.append(row | {"limit": limit} | observed)
    return pd.DataFrame(rows)
