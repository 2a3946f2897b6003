"""What of a patient stands on every row of the tables that we write, under names of eight letters."""

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData

_FROM = {
    "DOSEA": "dose",
    "DOSEP": "dose_assigned",
    "WTBL": "weight",
    "DLT": "dlt",
    "DLTDY": "dlt_day",
    "REMISS": "remission",
    "CRISSTP1": "criss_step1",
    "CRISSLP": "criss_lp",
    "TOCIDY": "tocilizumab_day",
    "STERDY": "steroid_day",
    "FUPDY": "follow_up",
}
LABELS = {
    "STUDYID": "Study Identifier",
    "USUBJID": "Unique Subject Identifier",
    "USUBJIDN": "Unique Subject Identifier (N)",
    "DOSEA": "Actual Treatment Dose",
    "DOSEP": "Planned Treatment Dose",
    "DOSEU": "Treatment Dose Units",
    "WTBL": "Weight at Baseline (kg)",
    "DLT": "Dose-Limiting Toxicity (1/0)",
    "DLTDY": "Days from Infusion to DLT",
    "REMISS": "Remission (1/0)",
    "CRISSTP1": "ACR-CRISS Step 1 Event (1/0)",
    "CRISSLP": "ACR-CRISS Linear Predictor",
    "TOCIDY": "Days to First Tocilizumab",
    "STERDY": "Days to First Systemic Steroid",
    "FUPDY": "Days from Infusion to Last Day Known",
    "TRTSDTM": "Datetime of Infusion",
}


def patients_of(trial: TrialData) -> pd.DataFrame:
    """Return one row a patient, in the order of the trial: identifiers, doses, baseline and outcomes.

    Columns that hold nothing are left out, except the actual dose.
    """
    subjects = trial.subjects
    frame = pd.DataFrame({"STUDYID": trial.name, "USUBJID": subjects.index.to_numpy()})
    for name, ours in _FROM.items():
        if ours == "dose" or subjects[ours].notna().any():
            frame[name] = subjects[ours].to_numpy(dtype=float)
    frame["DOSEU"] = "cells"
    if subjects["infusion"].notna().any():
        dates = subjects["infusion"].dt.strftime("%Y-%m-%d")
        exact = subjects["infusion"].map(lambda when: "" if pd.isna(when) else when.isoformat())
        frame["TRTSDTM"] = np.where(subjects["infusion_by_date"], dates, exact)
    return frame


def sampled_rows(trial: TrialData) -> pd.DataFrame:
    """Return the samples of a trial, those before the infusion whose time is known too, in the order of the patients.

    The columns of ``trial.observations``, and ``unit`` and ``predose``.
    """
    before = trial.predose[trial.predose["time"].notna() & trial.predose["assay"].isin(trial.assays)]
    parts = [trial.observations.assign(predose=False), before.assign(predose=True)]
    samples = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    order = {subject: place for place, subject in enumerate(trial.subjects.index)}
    samples = samples.assign(unit=samples["assay"].map(trial.units), place=samples["subject"].map(order))
    return samples.sort_values(["place", "assay", "time"], kind="stable", ignore_index=True)


def dosed_rows(trial: TrialData) -> pd.DataFrame:
    """Return one row a patient for the infusion, sorted like `sampled_rows`."""
    return pd.DataFrame({"subject": trial.subjects.index.to_numpy(), "place": range(len(trial.subjects))})


def lost(trial: TrialData) -> list[str]:
    """Return what a table of samples cannot hold of a trial, one sentence each."""
    sentences: list[str] = []
    for name, words in (
        ("records", "time-varying records"),
        ("assessments", "CRISS assessments"),
        ("events", "adverse events"),
    ):
        if count := len(getattr(trial, name)):
            sentences.append(f"{count} {words} are not in it.")
    if count := int(trial.observations["by_date"].sum()):
        sentences.append(f"It does not say that {count} times rest on dates alone.")
    unplaced = len(trial.predose) - (len(sampled_rows(trial)) - len(trial.observations))
    if unplaced:
        sentences.append(f"{unplaced} predose samples without a time or an assay are not in it.")
    return sentences
