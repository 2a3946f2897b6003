"""What a trial cannot tell, in plain words beside the numbers."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import spec_of
from cartmodel.report.words import amount, dose_words, listed
from cartmodel.spec import exposure_name


def limits(fit: xr.DataTree, parameters: pd.DataFrame, outcomes: pd.DataFrame, comparison: pd.DataFrame) -> list[str]:
    """Return, sentence by sentence, what this trial cannot tell.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    parameters, outcomes, comparison : pandas.DataFrame
        From `parameter_table`, `outcome_table` and `compare_doses`.
    """
    spec = spec_of(fit)
    doses = fit["constant_data"]["dose"].values
    said: list[str] = []
    said += _dose_and_exposure(comparison, exposure_name(*spec.windows[0]))
    if spec.uses_dose and len(np.unique(doses)) == 1:
        said.append(
            f"All patients had one dose ({dose_words(doses[0])}): every effect of the dose is the prior's, not this trial's."
        )
    prior_bound = (
        parameters.loc[parameters["moved"] == "prior-dominated", "parameter"].tolist() if "moved" in parameters else []
    )
    if prior_bound:
        said.append(
            f"The data said next to nothing about {listed(prior_bound)}: these are reported as prior-dominated, and their intervals are the prior's."
        )
    said += _outcomes(outcomes, comparison)
    said += _response(fit)
    pending = _pending(fit)
    if pending:
        said.append(pending)
    unsampled = int((_samples(fit) == 0).sum())
    if unsampled:
        said.append(
            f"{unsampled} of {len(doses)} patients have no sample: their exposures are those of any new patient at their dose."
        )
    said.append(
        f"There is no control group, and {len(doses)} patients are few: an effect that is not seen here is not thereby absent."
    )
    return said


def _dose_and_exposure(comparison: pd.DataFrame, window: str) -> list[str]:
    rows = comparison[comparison["measure"] == window]
    if rows.empty:
        return []
    row = rows.loc[(rows["high"] / rows["low"]).idxmax()]
    factor = row["upper"] / row["lower"]
    name = _area_words(window)
    sign = (
        f"whether the higher dose gives more at all is open (probability {row['p_higher']:.2f})"
        if 0.05 < row["p_higher"] < 0.95
        else f"the direction is fairly sure (probability of more: {row['p_higher']:.2f})"
    )
    return [
        f"Dose and exposure: the {name} ratio of {dose_words(row['high'])} to {dose_words(row['low'])} is {amount(row['median'])} with a 95% "
        f"interval from {amount(row['lower'])} to {amount(row['upper'])}, uncertain by a factor of {amount(factor)}; {sign}. "
        f"Proportional would be {amount(row['high'] / row['low'])}."
    ]


def _area_words(window: str) -> str:
    start, end = window.removeprefix("auc_").replace("p", ".").split("_")
    return f"AUC{start}-{end}d"


def _outcomes(outcomes: pd.DataFrame, comparison: pd.DataFrame) -> list[str]:
    said = []
    for outcome, word in (("remission", "remission"), ("dlt", "DLT")):
        rows = outcomes[outcomes["outcome"] == outcome]
        if rows.empty:
            continue
        widest = rows.loc[(rows["upper"] - rows["lower"]).idxmax()]
        at = f" at {dose_words(widest['dose'])}" if np.isfinite(widest["dose"]) else ""
        text = f"The probability of {word}{at} could be {widest['lower']:.0%} or {widest['upper']:.0%}."
        pairs = comparison[comparison["measure"] == outcome]
        if outcome == "remission" and len(pairs):
            row = pairs.loc[(pairs["high"] / pairs["low"]).idxmax()]
            text += f" The highest against the lowest dose changes it by {row['lower']:+.0%} to {row['upper']:+.0%} (through exposure alone; the dose acts in no other way here)."
        if outcome == "dlt" and len(pairs):
            text += " That it does not fall with the dose is assumed, not learned."
        said.append(text)
    return said


def _response(fit: xr.DataTree) -> list[str]:
    spec, posterior = spec_of(fit), fit["posterior"]
    if spec.response is None:
        return []
    slope = posterior["k1" if spec.response.kind == "criss" else "a1"]
    said = [
        f"Exposure and response: the slope is positive with probability {float((slope > 0).mean()):.2f}. Exposure was not randomised: disease "
        "burden and comedication drive both, so a slope is no proof that more cells cure more patients."
    ]
    if spec.response.kind == "criss":
        said.append("ACR-CRISS was derived for changes over one year; reading it at day 90 is an extrapolation.")
    return said


def _pending(fit: xr.DataTree) -> str:
    counts = {
        str(name).replace("criss_lp", "ACR-CRISS").replace("dlt", "DLT"): int(np.isnan(values.values).sum())
        for name, values in fit["observed_data"].data_vars.items()
        if values.dims == ("subject",) and name != "criss_step1"
    }
    if "ACR-CRISS" in counts:  # a step-1 event needs no linear predictor
        step1 = fit["observed_data"]["criss_step1"].values
        counts["ACR-CRISS"] = int((np.isnan(fit["observed_data"]["criss_lp"].values) & (step1 != 1.0)).sum())
    open_ones = [f"{name} of {count} patients" for name, count in counts.items() if count]
    return (
        f"Still pending, or not recorded: {listed(open_ones)}. They count as unknown, not as no." if open_ones else ""
    )


def _samples(fit: xr.DataTree) -> np.ndarray:
    known = fit["constant_data"]
    return sum(known[name].values.sum(axis=1) for name in known.data_vars if str(name).startswith("seen_level_"))  # pyright: ignore
