"""What of a patient stands on every row of the tables that we write, under names of eight letters."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData
from cartmodel.trial.covariates import DEMOGRAPHICS

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
    for name, code in covariate_codes(trial).items():
        frame[code] = trial.covariates[name].to_numpy()
    return frame


def covariate_codes(trial: TrialData) -> dict[str, str]:
    """Return a name of eight letters or fewer for each covariate: as ADaM has it, with BL for baseline at its end."""
    codes: dict[str, str] = {}
    for number, name in enumerate(map(str, trial.covariates), start=1):
        plain = re.sub(r"[^A-Z0-9]", "", name.upper()) or "COV"
        code = plain if name in DEMOGRAPHICS else f"{plain[:6]}BL"
        taken = code in codes.values() or code in LABELS or not code[0].isalpha()
        codes[name] = f"C{plain[:3]}{number:02}BL" if taken else code
    return codes


def covariates_renamed(trial: TrialData) -> TrialData:
    """Return the trial with the names that its covariates have when they are read back from `covariate_codes`."""
    again = {name: code.lower().removesuffix("bl") for name, code in covariate_codes(trial).items()}
    return replace(trial, covariates=trial.covariates.rename(columns=again))


def categories(trial: TrialData) -> list[str]:
    """Return the covariates whose texts are all numbers, which are read as numbers unless told otherwise."""
    found: list[str] = []
    for name in trial.covariates:
        texts = trial.covariates[name]
        if texts.dtype == object and pd.to_numeric(texts[texts != ""], errors="coerce").notna().any():
            found.append(str(name))
    return found


def sampled_rows(trial: TrialData) -> pd.DataFrame:
    """Return the samples of a trial in the order of the patients.

    With those before the infusion whose time is known, and those above their ULOQ. The columns of
    ``trial.observations``, and ``unit``, ``predose`` and ``alq``.
    """
    before = trial.predose[trial.predose["time"].notna() & trial.predose["assay"].isin(trial.assays)]
    parts = [
        trial.observations.assign(predose=False, alq=False),
        before.assign(predose=True, alq=False),
        trial.above.assign(predose=False, alq=True),
    ]
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
    again = covariates_renamed(trial).covariates
    for name, read, code in zip(trial.covariates, again, covariate_codes(trial).values(), strict=True):
        if name != read:
            sentences.append(f"Covariate '{name}' is called {code}, and '{read}' when it is read back.")
    if count := int(trial.observations["by_date"].sum()):
        sentences.append(f"It does not say that {count} times rest on dates alone.")
    unplaced = len(trial.predose) - int(sampled_rows(trial)["predose"].sum())
    if unplaced:
        sentences.append(f"{unplaced} predose samples without a time or an assay are not in it.")
    return sentences
