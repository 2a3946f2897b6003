"""The parameter table of a fit: what is known of each population parameter, and how far the data moved it."""

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES, interval
from cartmodel.prediction.population import block_of, population
from cartmodel.spec.priors import Beta, HalfNormal, quantile, unbounded

_GRID = (np.arange(4000) + 0.5) / 4000
_DRAWS = ("chain", "draw")


def parameter_table(fit: xr.DataTree) -> pd.DataFrame:
    """Return the parameter table of a fit.

    Returns
    -------
    pandas.DataFrame
        One row a population parameter, in blocks (typical values, between-patient SD, correlations, dose effects,
        residual, response, toxicity). ``median``, ``sd``, ``lower`` and ``upper`` (equal-tailed 95%), ``rhat``,
        ``ess_bulk``, ``ess_tail``; for an SD of a positive parameter ``cv_percent`` = 100 sqrt(exp(omega^2) - 1) and
        ``eta_shrinkage`` = 1 - Var_i(E[eta_i|y]) / E[omega^2]; ``prior_median``, ``prior_lower``, ``prior_upper``;
        ``contraction`` = 1 - posterior variance / prior variance and ``shift`` = move of the mean in prior SDs, both of
        the log for log-normal priors, of the logit for logit-normal ones, and of the value itself for all others; and
        ``moved`` in words: informed from a contraction of 0.8, prior-dominated below 0.3 where the mean moved by less
        than half a prior SD, else partly informed.
    """
    spec = spec_of(fit)
    posterior = group(fit, "posterior")
    draws = population(posterior)
    rhat, bulk, tail = arviz_stats.rhat(draws), arviz_stats.ess(draws), arviz_stats.ess(draws, method="tail")
    priors = dict(spec.priors())
    rows = []
    for name in [*(n for n in priors if n in draws), *(str(n) for n in draws.data_vars if n not in priors)]:
        values = draws[name]
        row: dict[str, object] = {"block": block_of(spec, name), "parameter": name}
        row |= {"median": float(values.median()), "sd": float(values.std()), **interval(values)}
        row |= {"rhat": float(rhat[name]), "ess_bulk": float(bulk[name]), "ess_tail": float(tail[name])}
        effect = name.removeprefix("omega_")
        if name.startswith("omega_"):
            if spec.curve.parameters[effect].support == "positive":
                row["cv_percent"] = 100.0 * float(np.median(np.sqrt(np.expm1(values.to_numpy() ** 2))))
            row["eta_shrinkage"] = _shrinkage(posterior[f"eta_{effect}"], values)
        rows.append(row | (_movement(priors[name], values) if name in priors else {}))
    blocks = list(
        dict.fromkeys(("typical value", "between-patient SD", "correlation", *(str(r["block"]) for r in rows)))
    )
    table = pd.DataFrame(rows)
    order = table["block"].map(blocks.index).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _shrinkage(eta: xr.DataArray, omega: xr.DataArray) -> float:
    if eta.sizes["subject"] < 2:
        return float("nan")  # one patient has no spread
    return float(1.0 - eta.mean(_DRAWS).var("subject", ddof=1) / (omega**2).mean())


def _movement(prior: object, values: xr.DataArray) -> dict[str, object]:
    """Return how far the data moved a parameter: the prior's range, contraction, shift, and the verdict in words."""
    natural = isinstance(prior, HalfNormal | Beta)  # their log and logit have long tails towards 0 that mean nothing
    before = quantile(prior, _GRID) if natural else unbounded(prior, quantile(prior, _GRID))
    after = values.values if natural else unbounded(prior, values.values)
    contraction = 1.0 - float(np.var(after)) / float(np.var(before))
    shift = float(np.mean(after) - np.mean(before)) / float(np.std(before))
    if contraction >= 0.8:
        moved = "informed by the data"
    elif contraction >= 0.3 or abs(shift) >= 0.5:
        moved = "partly informed"
    else:
        moved = "prior-dominated"
    lower, median, upper = (float(v) for v in quantile(prior, np.array(QUANTILES)))
    return {
        "prior_median": median, "prior_lower": lower, "prior_upper": upper,
        "contraction": contraction, "shift": shift, "moved": moved,
    }  # fmt: skip
