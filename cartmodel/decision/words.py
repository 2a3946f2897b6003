"""Advice in plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.decision.onset import ONSET_WORDS
from cartmodel.prediction.words import dose_number


def advice_text(
    table: pd.DataFrame,
    pending: pd.DataFrame,
    recommended: float | None,
    criteria: Any,
    verdict: str,
    notes: Sequence[str],
    simulated: bool,
    trial: str,
) -> str:
    """Return an advice in plain words: the numbers of each dose, then what they rest on."""
    lines = ["SIMULATED DATA - not a real trial"] if simulated else []
    lines += [f"Advice from the fit of {trial}. The protocol's rule decides; this stands beside it.", verdict, ""]
    for row in table.to_dict("records"):
        lines += _dose_lines({str(name): value for name, value in row.items()}, criteria)
    if table["p_over"].notna().any():
        allowed = f"P(DLT rate > {criteria.limit:.0%}) < {criteria.overdose:.0%}"
        lines.append(
            f"Within overdose control ({allowed}) no dose is left."
            if recommended is None
            else f"The highest dose within overdose control ({allowed}), at most one above those treated: "
            f"{dose_number(recommended)} cells."
        )
        lines += _unsettled(table, criteria)
    for row in pending.to_dict("records"):
        source = "own levels so far" if row["kinetics"] else "no levels yet: exposure of a new patient"
        lines.append(
            f"Pending: {row['subject']} at {dose_number(row['dose'])} cells, {row['days']:g} days without a DLT: "
            f"{row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}) of one in the rest of the window "
            f"({source})."
        )
    lines += ["", "What this rests on:"]
    lines += [f"- {note}" for note in [*_extrapolated(table), *notes]]
    if table["p_over"].notna().any():
        lines.append(f"- When DLTs start, unless another onset was given: {ONSET_WORDS}.")
        lines.append("- Only exposure before the onset of a DLT counts. 'Cut': the DLTs do not inform the kinetics.")
        gap = (table["p_over"] - table["p_over_dose_only"]).abs().max()
        alike = "changes little" if gap < 0.05 else f"moves P(over the limit) by up to {gap:.2f}"
        lines.append(f"- Against the same patients by dose alone, exposure {alike}.")
    lines.append("- Intervals are equal-tailed 95%. Rates are those of new patients.")
    return "\n".join(lines)


def near_threshold(table: pd.DataFrame, overdose: float) -> tuple[float, ...]:
    """Return the doses whose P(over the limit) lies within two Monte Carlo errors of a threshold."""
    near = (table["p_over"] - overdose).abs() <= 2 * table["p_over_mcse"]
    return tuple(float(dose) for dose in table.loc[near, "dose"])


def _unsettled(table: pd.DataFrame, criteria: Any) -> list[str]:
    near = [dose_number(dose) for dose in near_threshold(table, criteria.overdose)]
    return [
        f"NOT SETTLED BY THESE DRAWS: at {' and '.join(near)} cells P(over the limit) lies within two Monte Carlo "
        f"errors of {criteria.overdose:.0%}; other random numbers may decide otherwise. Use more draws, or read it as "
        "undecided."
    ] * bool(near)


def probability_words(row: Mapping[Any, Any], name: str) -> str:
    """Return a probability with its Monte Carlo error.

    Examples
    --------
    >>> probability_words({"p_gain": 0.631, "p_gain_mcse": 0.0123}, "p_gain")
    '0.63 (Monte Carlo error 0.012)'
    >>> probability_words({"p_gain": 1.0, "p_gain_mcse": float("nan")}, "p_gain")
    '1.00 (no Monte Carlo error known)'
    """
    error = row[f"{name}_mcse"]
    told = "no Monte Carlo error known" if np.isnan(error) else f"Monte Carlo error {error:.2g}"
    return f"{row[name]:.2f} ({told})"


def _dose_lines(row: dict[str, Any], criteria: Any) -> list[str]:
    place = ", EXTRAPOLATED: outside the trial's doses" if row["extrapolated"] else ""
    head = f"{dose_number(row['dose'])} cells ({row['dlts']} DLTs in {row['patients']} patients{place})"
    parts: list[str] = []
    if not np.isnan(row["p_over"]):
        parts.append(
            f"DLT rate {_rate(row, 'dlt')}; P(over {criteria.limit:.0%}) {probability_words(row, 'p_over')}, "
            f"cut {probability_words(row, 'p_over_cut')}, by dose alone {row['p_over_dose_only']:.2f}"
        )
    if not np.isnan(row["p_remission"]):
        parts.append(
            f"remission rate {_rate(row, 'remission')}; P(above {criteria.target:.0%}) "
            f"{probability_words(row, 'p_remission')}"
        )
    if not np.isnan(row["p_gain"]):
        parts.append(
            f"next dose: AUC0-28d x {row['gain_median']:.2f} ({row['gain_lower']:.2f} to {row['gain_upper']:.2f}); "
            f"P(at least x {criteria.gain:g}) {probability_words(row, 'p_gain')}"
        )
    if not np.isnan(row["p_best"]):
        parts.append(
            f"utility {row['utility_median']:.0f} ({row['utility_lower']:.0f} to {row['utility_upper']:.0f}); "
            f"P(best of these) {probability_words(row, 'p_best')}"
        )
    return [head, *(f"  {part}" for part in parts), *([f"  Not told: {row['note']}"] if row["note"] else [])]


def _rate(row: dict[str, Any], name: str) -> str:
    return f"{row[f'{name}_median']:.2f} ({row[f'{name}_lower']:.2f} to {row[f'{name}_upper']:.2f})"


def _extrapolated(table: pd.DataFrame) -> list[str]:
    beyond = [dose_number(dose) for dose in table.loc[table["extrapolated"], "dose"]]
    return [f"Extrapolated beyond the trial's doses, by the power terms and their priors: {', '.join(beyond)}."] * bool(
        beyond
    )
