"""What differs between a trial and what was read back from its tables."""

from typing import Any

import pandas as pd

from cartmodel.trial import TrialData
from cartmodel.trial.data import NOT_DATA

_SHOWN = 3
_PLACES = ("subject", "assay", "time", "day", "kind", "term")


def differences(trial: TrialData, again: TrialData) -> list[str]:
    """Return what differs, one phrase a column: the table, and the first values with their places.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from cartmodel.trial import example_path, read_trial
    >>> trial = read_trial(example_path("cd7_ssc"))
    >>> seen = trial.observations.assign(visit=["V1"] + [""] * (len(trial.observations) - 1))
    >>> differences(trial, replace(trial, observations=seen))
    ["observations, visit: blank is read back as 'V1' (subject S01, assay qpcr, time 1.01)"]
    """
    found: list[str] = []
    for part in ("subjects", "covariates", "observations", "above", "records", "assessments", "events"):
        before, after = (getattr(each, part) for each in (trial, again))
        if part in ("subjects", "covariates"):
            before, after = (frame.rename_axis("subject").reset_index() for frame in (before, after))
        found += [f"{part}, {phrase}" for phrase in _of(before, after)]
    if dict(trial.units) != dict(again.units):
        found.append(f"units: {dict(trial.units)} read back as {dict(again.units)}")
    return found


def _of(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    if len(before) != len(after):
        return [f"{len(before)} rows, {len(after)} read back"]
    if unlike := sorted(set(map(str, before)) ^ set(map(str, after))):
        return [f"column {', '.join(unlike)} only on one side"]
    phrases: list[str] = []
    for name in [name for name in before if name not in NOT_DATA]:
        one, other = (frame[name].reset_index(drop=True) for frame in (before, after))
        apart = (one != other) & ~(one.isna() & other.isna())
        if apart.any():
            rows = apart.index[apart]
            pairs = [(_text(one[row]), _text(other[row]), _place(before, row)) for row in rows[:_SHOWN]]
            first = [f"{told} is read back as {read} ({place})" for told, read, place in pairs]
            more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
            phrases.append(f"{name}: {', '.join(first)}{more}")
    return phrases


def _place(frame: pd.DataFrame, row: int) -> str:
    own = frame.iloc[row]
    return ", ".join(
        f"{name} {own[name]:g}" if isinstance(own[name], float) else f"{name} {own[name]}"
        for name in _PLACES
        if name in frame
    )


def _text(value: Any) -> str:
    return "blank" if pd.isna(value) or value == "" else repr(value) if isinstance(value, str) else str(value)
