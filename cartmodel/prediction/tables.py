"""The tables of a fit: parameters, exposures, remission and toxicity by dose, comparisons of doses."""

from collections.abc import Sequence
from itertools import combinations

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.population import block_of, population
from cartmodel.prediction.predictions import exposure, predict
from cartmodel.spec import ModelSpec
from cartmodel.spec.priors import HalfNormal, quantile, unbounded

INTERVAL = (0.025, 0.975)
"""Equal-tailed 95% intervals, everywhere."""

_GRID = (np.arange(4000) + 0.5) / 4000
_DRAWS = ("chain", "draw")
_BY_FORM = "the model lets the DLT risk only rise with the dose: the sign is assumed, not learned"


def parameter_table(fit: xr.DataTree) -> pd.DataFrame:
    """Return the parameter table of a fit.

    Returns
    -------
    pandas.DataFrame
        One row a population parameter, in blocks (typical values, between-patient SD, correlations, dose effects, residual, response,
        toxicity). ``median``, ``sd``, ``lower`` and ``upper`` (equal-tailed 95%), ``rhat``, ``ess_bulk``, ``ess_tail``; for an SD
        of a positive parameter ``cv_percent`` = 100 sqrt(exp(omega^2) - 1) and ``eta_shrinkage`` = 1 - Var_i(E[eta_i|y]) / E[omega^2];
        ``prior_median``, ``prior_lower``, ``prior_upper``; ``contraction`` = 1 - posterior variance / prior variance and ``shift`` = move of
        the mean in prior SDs, both on the scale (log, logit) on which the prior is nearest to normal; and ``moved`` in words: informed from a
        contraction of 0.8, prior-dominated below 0.3 where the mean moved by less than half a prior SD, else partly informed.
    """
    spec = spec_of(fit)
    posterior = fit["posterior"].to_dataset()
    draws = population(posterior)
    rhat, bulk, tail = arviz_stats.rhat(draws), arviz_stats.ess(draws), arviz_stats.ess(draws, method="tail")
    priors = dict(spec.priors())
    rows = []
    for name in [*(n for n in priors if n in draws), *(str(n) for n in draws.data_vars if n not in priors)]:
        values = draws[name]
        row: dict[str, object] = {"block": block_of(spec, name), "parameter": name}
        row |= {"median": float(values.median()), "sd": float(values.std()), **_interval(values)}
        row |= {"rhat": float(rhat[name]), "ess_bulk": float(bulk[name]), "ess_tail": float(tail[name])}
        effect = name.removeprefix("omega_")
        if name.startswith("omega_"):
            if spec.curve.parameters[effect].support == "positive":
                row["cv_percent"] = 100.0 * float(np.sqrt(np.expm1(values**2)).median())
            row["eta_shrinkage"] = _shrinkage(posterior[f"eta_{effect}"], values)
        rows.append(row | (_movement(priors[name], values) if name in priors else {}))
    blocks = list(
        dict.fromkeys(("typical value", "between-patient SD", "correlation", *(str(r["block"]) for r in rows)))
    )
    table = pd.DataFrame(rows)
    order = table["block"].map(blocks.index).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _interval(values: xr.DataArray) -> dict[str, float]:
    lower, upper = values.quantile(INTERVAL).values
    return {"lower": float(lower), "upper": float(upper)}


def _shrinkage(eta: xr.DataArray, omega: xr.DataArray) -> float:
    return float(1.0 - eta.mean(_DRAWS).var("subject") / (omega**2).mean())


def _movement(prior: object, values: xr.DataArray) -> dict[str, object]:
    """Return how far the data moved a parameter: the prior's range, contraction, shift, and the verdict in words."""
    natural = isinstance(
        prior, HalfNormal
    )  # the half of a normal: its log has a long tail towards 0 that means nothing
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
    lower, median, upper = (float(v) for v in quantile(prior, np.array([INTERVAL[0], 0.5, INTERVAL[1]])))
    return {
        "prior_median": median, "prior_lower": lower, "prior_upper": upper,
        "contraction": contraction, "shift": shift, "moved": moved,
    }  # fmt: skip


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
        One row a dose and exposure. ``patients``; ``median``, ``lower``, ``upper`` of the geometric mean (of Tmax too) over the trial's
        patients of that group, NaN for a dose that the trial does not have; ``new_median``, ``new_lower``, ``new_upper``: 95% predictive
        interval of one new patient.
    """
    known = exposure(fit)
    new = predict(fit) if new is None else new
    rows = []
    for value in new["dose"].values if "dose" in new.dims else [np.nan]:
        fresh = new.sel(dose=value) if "dose" in new.dims else new
        group = known.isel(subject=np.flatnonzero((known["dose"].values == value) | np.isnan(value)))
        for name in known.data_vars:
            row = {
                "dose": value,
                "exposure": str(name),
                "units": known[name].attrs.get("units", ""),
                "patients": group.sizes["subject"],
            }
            if group.sizes["subject"]:
                mean = np.exp(np.log(group[name]).mean("subject"))
                row |= {"median": float(mean.median()), **_interval(mean)}
            fresh_range = _interval(fresh[name])
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
        One row a dose and outcome: ``median``, ``lower``, ``upper`` of the probability; ``events`` of ``observed`` patients at that dose.
        Empty for a model without outcomes.
    """
    spec = spec_of(fit)
    new = predict(fit) if new is None else new
    rows = []
    for outcome in [name for name in ("remission", "dlt") if name in new]:
        happened = observed_outcome(fit, spec, outcome)
        for value in new["dose"].values if "dose" in new.dims else [np.nan]:
            probability = new[outcome].sel(dose=value) if "dose" in new[outcome].dims else new[outcome]
            probability = probability.mean("subject") if "subject" in probability.dims else probability
            group = happened[(fit["constant_data"]["dose"].values == value) | np.isnan(value)]
            row = {"dose": value, "outcome": outcome, "median": float(probability.median()), **_interval(probability)}
            rows.append(row | {"events": int(np.nansum(group)), "observed": int((~np.isnan(group)).sum())})
    return pd.DataFrame(rows, columns=["dose", "outcome", "median", "lower", "upper", "events", "observed"])


def observed_outcome(fit: xr.DataTree, spec: ModelSpec, outcome: str) -> np.ndarray:
    """Return the observed outcome of each patient as 0, 1, or NaN while it is pending."""
    observed = fit["observed_data"]
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
        One row a pair and measure: ``high`` and ``low`` dose; ``median``, ``lower``, ``upper`` of the ratio of the geometric means
        (exposures) or of the difference of the probabilities (remission, DLT), high against low; ``p_higher``, the probability that the
        high dose has the larger value; ``p_better``, the same with the sign of benefit: more exposure or remission, fewer DLTs (none for
        Tmax); ``note`` where the answer is the model's form, not evidence.
    """
    new = predict(fit, dose=dose, n=n, random_seed=random_seed) if new is None else new
    rows = []
    doses = [float(d) for d in new["dose"].values] if "dose" in new.dims else []
    for low, high in combinations(doses, 2):
        for name in map(str, new.data_vars):
            first, second = new[name].sel(dose=high), new[name].sel(dose=low)
            if name in ("remission", "dlt"):
                scale = "difference"
                change = first - second if "subject" not in first.dims else (first - second).mean("subject")
                above = change > 0
            else:
                scale = "ratio"
                change = np.exp((np.log(first) - np.log(second)).mean("subject"))
                above = change > 1
            p = float(above.mean())
            better = np.nan if name == "peak_time" else 1.0 - p if name == "dlt" else p
            row = {
                "high": high,
                "low": low,
                "measure": name,
                "scale": scale,
                "median": float(change.median()),
                **_interval(change),
            }
            rows.append(row | {"p_higher": p, "p_better": better, "note": _BY_FORM if name == "dlt" else ""})
    return pd.DataFrame(
        rows, columns=["high", "low", "measure", "scale", "median", "lower", "upper", "p_higher", "p_better", "note"]
    )


def compare_fits(joint: xr.DataTree, cut: xr.DataTree) -> pd.DataFrame:
    """Return the response parameters and the probability of remission by dose of two fits of one model, side by side.

    Parameters
    ----------
    joint, cut : xarray.DataTree
        Fits of the same model and trial, such as a joint and a two-stage ('cut') one.

    Returns
    -------
    pandas.DataFrame
        One row a quantity: ``joint_median``, ``joint_lower``, ``joint_upper``, the same for ``cut``, ``difference`` of the medians (cut
        minus joint), and ``difference_in_sd`` in SDs of the joint posterior.

    Raises
    ------
    ValueError
        If the fits are not of the same model and trial, or the model has no response.
    """
    for key in ("model_digest", "trial_digest"):
        if joint.attrs[key] != cut.attrs[key]:
            raise ValueError(f"the fits differ in their {key}; accepted: two fits of the same model and trial")
    spec = spec_of(joint)
    if spec.response is None:
        raise ValueError(f"model '{spec.name}' has no response; accepted: a model with one")
    rows = [
        _side_by_side(name, joint["posterior"][name], cut["posterior"][name])
        for name, prior in spec.response
        if hasattr(prior, "dist")
    ]
    one, other = predict(joint)["remission"].mean("subject"), predict(cut)["remission"].mean("subject")
    for value in one["dose"].values if "dose" in one.dims else [None]:
        at = {} if value is None else {"dose": value}
        name = "P(remission)" if value is None else f"P(remission) at {value:g} cells"
        rows.append(_side_by_side(name, one.sel(at), other.sel(at)))
    return pd.DataFrame(rows)


def _side_by_side(name: str, joint: xr.DataArray, cut: xr.DataArray) -> dict[str, object]:
    row: dict[str, object] = {"quantity": name}
    for which, values in (("joint", joint), ("cut", cut)):
        row |= {f"{which}_median": float(values.median())} | {f"{which}_{k}": v for k, v in _interval(values).items()}
    difference = float(cut.median() - joint.median())
    return row | {"difference": difference, "difference_in_sd": difference / float(joint.std())}
