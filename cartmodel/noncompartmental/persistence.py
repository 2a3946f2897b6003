"""Persistence: how long the cells stay quantifiable after the peak, per patient and by dose."""

import numpy as np
import pandas as pd

from cartmodel.noncompartmental.parameters import NOT_QUANTIFIED
from cartmodel.noncompartmental.profiles import profiles_of
from cartmodel.noncompartmental.survival import kaplan_meier, median_time
from cartmodel.trial import TrialData

_TIMES = ["subject", "dose", "assay", "day", "lost", "earliest", "again", "reason"]


def persistence_times(trial: TrialData) -> pd.DataFrame:
    """Return for every patient and assay the day on which the cells were first below the LLOQ after the peak.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``dose`` (of the dose group),
        ``assay``; ``day`` of the first BLQ sample after the peak, or of the last sample
        where there is none; ``lost``: 1 for the former, 0 for the latter, which is censored on the right;
        ``earliest``: the day of the last quantified sample before it. The loss itself lies between ``earliest`` and
        ``day`` and was not seen (it is censored in an interval). ``again``: 1 where a later sample was quantified once
        more, else 0. ``reason`` where the patient cannot be followed: without a quantified sample there is no peak.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> times = persistence_times(read_trial(example_path("cd7_ssc")))
    >>> bool((times["earliest"] <= times["day"]).all())
    True
    """
    tables = [_of_assay(trial, assay) for assay in trial.assays]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_TIMES)


def _of_assay(trial: TrialData, assay: str) -> pd.DataFrame:
    profiles = profiles_of(trial, assay)
    quantified, places = profiles.quantified, np.arange(profiles.time.shape[1])
    peak = np.argmax(np.where(quantified, profiles.level, -np.inf), axis=1)[:, None]
    gone = profiles.blq & (places > peak)
    lost = gone.any(axis=1)
    first = np.where(lost, np.argmax(gone, axis=1), places[-1] + 1)[:, None]
    earliest = np.where(quantified & (places < first), profiles.time, -np.inf).max(axis=1)
    day = np.where(gone, profiles.time, np.inf).min(axis=1)
    silent = ~quantified.any(axis=1)
    return pd.DataFrame(
        {
            "subject": trial.subjects.index.to_numpy(),
            "dose": trial.dose_group.to_numpy(),
            "assay": assay,
            "day": np.where(silent, np.nan, np.where(lost, day, earliest)),
            "lost": np.where(silent, np.nan, lost),
            "earliest": np.where(silent, np.nan, earliest),
            "again": np.where(silent, np.nan, (quantified & (places > first)).any(axis=1)),
            "reason": np.where(silent, NOT_QUANTIFIED, ""),
        }
    )


def persistence_by_dose(trial: TrialData) -> pd.DataFrame:
    """Return the Kaplan-Meier curve of persistence for each dose group and assay, with 95% limits.

    The event is the first BLQ sample after the peak, on the day of that sample: the curve falls late, by up to the gap
    between two visits (column ``earliest`` of `persistence_times`). A patient without such a sample is censored at
    the last sample. Patients without any quantified sample are not part of it.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.

    Returns
    -------
    pandas.DataFrame
        One row a dose, assay and day with a loss or a censoring, from day 0 on: ``dose``, ``assay`` and the columns of
        `kaplan_meier`. Patients without a dose form a group of their own, last.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> curves = persistence_by_dose(read_trial(example_path("cd7_ssc")))
    >>> curves.groupby("dose")["at_risk"].first().tolist()
    [6, 6, 6]
    """
    tables = [
        kaplan_meier(own["day"], own["lost"]).assign(dose=dose, assay=assay) for dose, assay, own in _groups(trial)
    ]
    columns = ["dose", "assay", *kaplan_meier([], []).columns]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def persistence_summary(trial: TrialData) -> pd.DataFrame:
    """Return the number of patients with a loss and the median persistence of each dose group and assay.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.

    Returns
    -------
    pandas.DataFrame
        ``dose``, ``assay``, ``patients`` followed, ``lost``, and the columns of `median_time`.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> summary = persistence_summary(read_trial(example_path("cd7_ssc")))
    >>> summary["patients"].tolist()
    [6, 6, 6]
    """
    rows = [
        {"dose": dose, "assay": assay, "patients": len(own), "lost": int(own["lost"].sum())}
        | median_time(kaplan_meier(own["day"], own["lost"]))
        for dose, assay, own in _groups(trial)
    ]
    return pd.DataFrame(rows, columns=["dose", "assay", "patients", "lost", "median", "lower", "upper", "reason"])


def _groups(trial: TrialData) -> list[tuple[float, str, pd.DataFrame]]:
    times = persistence_times(trial)
    seen = times[times["reason"] == ""]
    groups = seen.groupby(["assay", "dose"], dropna=False)
    return [(float(str(dose)), str(assay), own) for (assay, dose), own in groups]
