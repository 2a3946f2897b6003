"""Which visit each sample belongs to, and which visits have no sample."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData

QUANTIFIED, BLQ, MISSED, UNSEEN = "quantified", "BLQ", "missed", "not reached"

PERIODS = (0, 3, 7, 14, 28, 60, 90, 180, 360)
"""Days between which samples are counted where there is no schedule; each period has its last day, not its first."""


def planned_days(trial: TrialData, schedule: Sequence[float] | None) -> np.ndarray:
    """Return the days of the schedule in order: as given, else the nominal days of the samples, else none.

    Raises
    ------
    ValueError
        If a day of the schedule is not after the infusion, or stands twice.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> planned_days(read_trial(example_path("cd7_ssc")), [7, 1]).tolist()
    [1.0, 7.0]
    """
    if schedule is None:
        nominal = trial.observations["nominal"].to_numpy(dtype=float)
        return np.unique(nominal[nominal > 0])
    days = np.sort(np.asarray(schedule, dtype=float))
    if not days.size or not (np.isfinite(days) & (days > 0)).all() or not (np.diff(days) > 0).all():
        raise ValueError(f"schedule={schedule!r}; accepted: one or more different days after the infusion, > 0")
    return days


def window_ends(days: np.ndarray) -> np.ndarray:
    """Return the last day of each visit's window: halfway to the next visit; of the last, as far after as before.

    Examples
    --------
    >>> window_ends(np.array([7.0, 14.0, 28.0])).tolist()
    [10.5, 21.0, 35.0]
    """
    between = (days[1:] + days[:-1]) / 2
    before = between[-1] if len(between) else 0.0
    return np.append(between, 2 * days[-1] - before)


def visit_of(time: np.ndarray, nominal: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return the place in ``days`` of the visit of each sample: its nominal day, else the window that it lies in.

    -1 for a sample after the last window.

    Examples
    --------
    >>> visit_of(np.array([10.5, 10.6, 99]), np.array([np.nan, 7, np.nan]), np.array([7.0, 14.0, 28.0])).tolist()
    [0, 0, -1]
    """
    ends = window_ends(days)
    place = np.searchsorted(ends, time, side="left")
    place = np.where(place < len(days), place, -1)
    named = np.searchsorted(days, nominal).clip(0, len(days) - 1)
    return np.where(days[named] == nominal, named, place)


def last_days(trial: TrialData) -> pd.Series:
    """Return the last day on which each patient is known to have been followed: ``follow_up``, or anything dated."""
    dated = [
        trial.observations.groupby("subject")["time"].max(),
        trial.assessments.groupby("subject")["time"].max(),
        trial.records.groupby("subject")["day"].max(),
        trial.events.groupby("subject")["day"].max(),
        trial.subjects["dlt_day"],
    ]
    seen = pd.concat([days.reindex(trial.subjects.index).astype(float) for days in dated], axis=1).max(axis=1)
    return trial.subjects["follow_up"].astype(float).fillna(seen)


def by_date(trial: TrialData, days: pd.Series) -> pd.Series:
    """Return days since the infusion as whole days counted by date, by subject.

    A visit on the morning of day 28 may lie 27.9 times 24 hours after the infusion. Where the clock time of the
    infusion is known, the day is the difference of the dates; else the nearest whole day, and of two equally near ones
    the earlier.

    Examples
    --------
    >>> import pandas as pd
    >>> from cartmodel.trial import example_path, read_trial
    >>> trial = read_trial(example_path("cd7_ssc"))
    >>> by_date(trial, pd.Series(27.93, index=trial.subjects.index)).unique().tolist()
    [28.0]
    """
    start = pd.to_datetime(trial.subjects["infusion"]).where(~trial.subjects["infusion_by_date"].astype(bool))
    clock = (start - start.dt.normalize()) / pd.Timedelta(days=1)
    # A second of tolerance: days that were computed from date-times must not fall short of midnight.
    dated = np.floor(days + clock + 1 / 86400)
    return dated.where(start.notna(), np.ceil(days - 0.5))


def samples_by_visit(trial: TrialData, days: np.ndarray) -> pd.DataFrame:
    """Return what became of every planned sample: one row a patient, assay and visit.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``dose``, ``assay``, ``visit`` (planned day), ``status``: quantified, BLQ, missed (no sample in the
        window although the patient was followed to its end or beyond), not reached (no sample, and not known to have
        been followed so far); ``time``, ``level``, ``lloq`` and ``row`` of the sample. Of two samples in one window the
        nearer to the planned day counts, and the earlier of two equally near.
    """
    grid = pd.MultiIndex.from_product([trial.subjects.index, trial.assays, days], names=["subject", "assay", "visit"])
    seen = trial.observations
    place = visit_of(seen["time"].to_numpy(float), seen["nominal"].to_numpy(float), days)
    own = seen[place >= 0].assign(visit=days[place[place >= 0]])
    own = own.assign(away=(own["time"] - own["visit"]).abs()).sort_values(["away", "time"], kind="stable")
    own = own.drop_duplicates(["subject", "assay", "visit"]).set_index(["subject", "assay", "visit"])
    table = own[["time", "level", "lloq", "blq", "row"]].reindex(grid).reset_index()
    ends = window_ends(days)[np.searchsorted(days, table["visit"].to_numpy())]
    followed = last_days(trial).reindex(table["subject"]).to_numpy() >= ends
    blank = table["time"].isna()
    status = np.where(table["blq"].eq(True), BLQ, QUANTIFIED)
    status = np.where(blank, np.where(followed, MISSED, UNSEEN), status)
    dose = trial.dose_group.reindex(table["subject"]).to_numpy()
    columns = ["subject", "dose", "assay", "visit", "status", "time", "level", "lloq", "row"]
    return table.assign(status=status, dose=dose)[columns]
