"""The course of each patient in one row: expansion, persistence, DLT, response, follow-up."""

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData

REMISSION = 0.6
"""Predicted probability of improvement from which ACR-CRISS calls a patient improved."""


def clinical_courses(trial: TrialData) -> pd.DataFrame:
    """Return what happened to each patient and when, as the table records it.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.

    Returns
    -------
    pandas.DataFrame
        One row a patient, in the trial's order: ``subject``, ``dose`` (cells); days since the infusion ``first_seen``
        (first quantified sample of any assay), ``peak_day`` (highest level of the first assay that has one),
        ``last_seen``, ``last_sample``; ``lost``, whether a later sample is below the LLOQ; ``dlt`` (1, 0, NaN while
        pending) and ``dlt_day`` (NaN if not recorded); ``response`` (1 remission, 0 none, NaN pending: from
        ``remission``, else ACR-CRISS), ``criss_lp`` (log odds), ``criss_probability`` and ``criss_step1``;
        ``follow_up``, the recorded last day, else that of the last sample, and ``follow_up_recorded``.
    """
    subjects, seen = trial.subjects, trial.observations
    own = pd.DataFrame({"dose": trial.dose_group}, index=subjects.index)
    quantified = seen[~seen["blq"].astype(bool)]
    own["first_seen"] = quantified.groupby("subject")["time"].min()
    main = quantified[quantified["assay"] == quantified.groupby("subject")["assay"].transform("first")]
    peak = main.loc[main.groupby("subject")["level"].idxmax()] if len(main) else main
    own["peak_day"] = peak.set_index("subject")["time"] if len(peak) else np.nan
    own["last_seen"] = quantified.groupby("subject")["time"].max()
    own["last_sample"] = seen.groupby("subject")["time"].max()
    own["lost"] = own["last_sample"] > own["last_seen"]
    for name in ("dlt", "dlt_day", "criss_lp", "criss_step1", "follow_up"):
        own[name] = subjects[name].astype(float) if name in subjects else np.nan
    score = own["criss_lp"].map(lambda lp: 1.0 / (1.0 + np.exp(-lp)))
    own["criss_probability"] = score.mask(own["criss_step1"] == 1, 0.0)
    by_score = (own["criss_probability"] >= REMISSION).astype(float).where(own["criss_probability"].notna())
    given = subjects["remission"].astype(float) if "remission" in subjects else pd.Series(np.nan, index=subjects.index)
    own["response"] = given.fillna(by_score)
    own["follow_up_recorded"] = own["follow_up"].notna()
    own["follow_up"] = own["follow_up"].fillna(own["last_sample"])
    columns = [
        "dose", "first_seen", "peak_day", "last_seen", "last_sample", "lost", "dlt", "dlt_day", "response", "criss_lp",
        "criss_probability", "criss_step1", "follow_up", "follow_up_recorded",
    ]  # fmt: skip
    return own[columns].rename_axis("subject").reset_index()
