"""What a trial cannot tell, in plain words beside the numbers."""

from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.words import dose_words, exposure_words
from cartmodel.reporting.tables import last_samples
from cartmodel.reporting.words import amount, listed, share
from cartmodel.spec import ModelSpec, exposure_name


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
    doses = group(fit, "constant_data")["dose"].values
    said: list[str] = []
    said += _dose_and_exposure(comparison, exposure_name(*spec.windows[0]))
    if spec.uses_dose and len(np.unique(doses)) == 1:
        said.append(
            f"All patients had one dose ({dose_words(doses[0])}): every effect of the dose is the prior's, "
            "not this trial's."
        )
    said += _not_modelled(spec)
    prior_bound = [str(r["parameter"]) for r in parameters.to_dict("records") if r.get("moved") == "prior-dominated"]
    if prior_bound:
        said.append(
            f"The data said little about {listed(prior_bound)}: reported as prior-dominated, with "
            "intervals that come mostly from the prior."
        )
    said += _outcomes(outcomes, comparison)
    said += _response(fit)
    pending = _pending(fit)
    if pending:
        said.append(pending)
    said += _beyond_the_last_sample(fit, spec)
    unsampled = int((_samples(fit) == 0).sum())
    if unsampled:
        said.append(
            f"{unsampled} of {len(doses)} patients have no sample: their exposures are those of a new patient "
            "at their dose, but for what their outcome tells."
        )
    said.append(
        f"There is no control group, and {len(doses)} patients are few: an effect that is not seen here is not "
        "thereby absent."
    )
    return said


def _beyond_the_last_sample(fit: xr.DataTree, spec: ModelSpec) -> list[str]:
    last = last_samples(fit)
    said: list[str] = []
    for start, end in spec.windows:
        near = 0.9 * end  # a visit a little before the nominal day leaves no gap
        short = int((last < near).sum())
        if short:
            area = exposure_words(exposure_name(start, end))
            said.append(
                f"{short} of {len(last)} patients have their last sample before day {near:.0f}: the rest of their "
                f"{area} is the population's curve, extrapolated."
            )
    return said


def _not_modelled(spec: ModelSpec) -> list[str]:
    said: list[str] = []
    if not spec.uses_dose:
        said.append("The model uses no dose: how exposure changes with it was not asked of these data.")
    absent = [word for word, part in (("remission", spec.response), ("DLT", spec.toxicity)) if part is None]
    if absent:
        said.append(f"The model has no part for {listed(absent)}: of that, this fit says nothing.")
    return said


def _dose_and_exposure(comparison: pd.DataFrame, window: str) -> list[str]:
    row = _widest_apart(comparison, window)
    if row is None:
        return []
    factor = row["upper"] / row["lower"]
    pair = f"{dose_words(row['high'])} to {dose_words(row['low'])}"
    chance = f"{row['p_higher']:.2f}; {row['prior_p_higher']:.2f} before the trial"
    sign = (
        f"whether the higher dose gives more at all is open (probability {chance})"
        if 0.05 < row["p_higher"] < 0.95
        else f"the direction is fairly sure (probability of more: {chance})"
    )
    proportional = row["high"] / row["low"]
    excluded = (
        ""
        if row["prior_lower"] <= proportional <= row["prior_upper"]
        else " That was held unlikely before the trial: the priors alone gave the ratio a 95% interval from "
        f"{amount(row['prior_lower'])} to {amount(row['prior_upper'])}, so it is not these patients alone who "
        "speak against it."
    )
    return [
        f"Dose and exposure: the {exposure_words(window)} ratio of {pair} is {amount(row['median'])} "
        f"with a 95% interval from {amount(row['lower'])} to {amount(row['upper'])}, "
        f"uncertain by a factor of {amount(factor)}; {sign}. Proportional would be {amount(proportional)}.{excluded}"
    ]


def _widest_apart(comparison: pd.DataFrame, measure: str) -> dict[str, Any] | None:
    """Return the row of the highest against the lowest dose; none if there are not two doses."""
    rows = _records(comparison[comparison["measure"] == measure])
    return max(rows, key=lambda row: row["high"] / row["low"], default=None)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _outcomes(outcomes: pd.DataFrame, comparison: pd.DataFrame) -> list[str]:
    said: list[str] = []
    for outcome, word in (("remission", "remission"), ("dlt", "DLT")):
        rows = _records(outcomes[outcomes["outcome"] == outcome])
        if not rows:
            continue
        widest = max(rows, key=lambda row: row["upper"] - row["lower"])
        at = f" at {dose_words(widest['dose'])}" if np.isfinite(widest["dose"]) else ""
        low, high = share(widest["lower"]), share(widest["upper"])
        text = f"The probability of {word}{at} could be anything from {low} to {high}."
        pair = _widest_apart(comparison, outcome)
        if outcome == "remission" and pair is not None:
            text += (
                f" The highest against the lowest dose changes it by {100 * pair['lower']:+.0f} to "
                f"{100 * pair['upper']:+.0f} percentage points (through exposure alone; the dose acts in no other way "
                "here)."
            )
        if outcome == "dlt" and pair is not None:
            text += " That it does not fall with the dose is assumed, not learned."
        said.append(text)
    return said


def _response(fit: xr.DataTree) -> list[str]:
    spec, posterior = spec_of(fit), group(fit, "posterior")
    if spec.response is None:
        return []
    name = "k1" if spec.response.kind == "criss" else "a1"
    after, before = (float((values[name] > 0).mean()) for values in (posterior, group(fit, "prior")))
    said = [
        f"Exposure and response: the slope is positive with probability {after:.2f}; {before:.2f} before the trial. "
        "Exposure was not randomised: disease burden and comedication drive both, "
        "so a slope is no proof that more cells cure more patients."
    ]
    if spec.response.kind == "criss":
        said.append("ACR-CRISS was derived for changes over one year; reading it at day 90 is an extrapolation.")
    return said


def _pending(fit: xr.DataTree) -> str:
    observed = group(fit, "observed_data")
    counts = {
        str(name).replace("criss_lp", "ACR-CRISS").replace("dlt", "DLT"): int(np.isnan(values.values).sum())
        for name, values in observed.data_vars.items()
        if values.dims == ("subject",) and name != "criss_step1"
    }
    if "ACR-CRISS" in counts:  # a step-1 event needs no linear predictor
        step1 = observed["criss_step1"].values
        counts["ACR-CRISS"] = int((np.isnan(observed["criss_lp"].values) & (step1 != 1.0)).sum())
    open_ones = [f"{name} of {count} patient{'s' * (count > 1)}" for name, count in counts.items() if count]
    return (
        f"Still pending, or not recorded: {listed(open_ones)}. They count as unknown, not as no." if open_ones else ""
    )


def _samples(fit: xr.DataTree) -> np.ndarray:
    """Return the number of samples of each patient."""
    known = group(fit, "constant_data")
    counts = [known[name].values.sum(axis=1) for name in known.data_vars if str(name).startswith("seen_level_")]
    return np.sum(counts, axis=0)
