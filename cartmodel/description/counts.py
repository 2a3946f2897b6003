"""Patients, samples and other records of a trial, counted by dose."""

import numpy as np
import pandas as pd

from cartmodel.description.schedule import last_days
from cartmodel.trial import TrialData

_PATIENTS = [
    "dose", "patients", "sampled", "quantified", "dlt", "dlt_pending", "response", "response_pending", "tocilizumab",
    "steroid", "weight_median", "followed_median", "followed_lowest", "followed_highest",
]  # fmt: skip
_SAMPLES = [
    "dose", "assay", "unit", "patients", "samples", "blq", "blq_percent", "predose", "lloq", "per_patient_median",
    "per_patient_lowest", "per_patient_highest", "first_day", "last_day",
]  # fmt: skip


def patients_by_dose(trial: TrialData) -> pd.DataFrame:
    """Return the patients of each dose group: how many were sampled, had a DLT, a response, comedication.

    Returns
    -------
    pandas.DataFrame
        ``dose`` (cells; patients without one form the last group), ``patients``, ``sampled``, ``quantified`` (with a
        quantified sample), ``dlt`` and ``dlt_pending``, ``response`` (a remission, or an ACR-CRISS, is recorded) and
        ``response_pending``, ``tocilizumab``, ``steroid``, ``weight_median`` (kg), and the days on which the patients
        are known to have been followed: ``followed_median``, ``followed_lowest``, ``followed_highest``.
    """
    subjects, seen = trial.subjects, trial.observations
    judged = subjects["remission"].notna() | (subjects["criss_step1"] == 1) | subjects["criss_lp"].notna()
    facts = pd.DataFrame(
        {
            "dose": trial.dose_group,
            "sampled": subjects.index.isin(seen["subject"]),
            "quantified": subjects.index.isin(seen.loc[~seen["blq"], "subject"]),
            "dlt": subjects["dlt"] == 1,
            "dlt_pending": subjects["dlt"].isna(),
            "response": judged,
            "response_pending": ~judged,
            "tocilizumab": subjects["tocilizumab_day"].notna(),
            "steroid": subjects["steroid_day"].notna(),
        }
    )
    followed, weight = last_days(trial), subjects["weight"].astype(float)
    rows = []
    for dose, own in facts.groupby("dose", dropna=False):
        days = followed[own.index].dropna()
        rows.append(
            {"dose": dose, "patients": len(own)}
            | {name: int(own[name].sum()) for name in facts.columns if name != "dose"}
            | {"weight_median": weight[own.index].median(), "followed_median": days.median()}
            | {"followed_lowest": days.min(), "followed_highest": days.max()}
        )
    return pd.DataFrame(rows, columns=_PATIENTS)


def samples_by_dose(trial: TrialData) -> pd.DataFrame:
    """Return the samples of each dose group and assay.

    Returns
    -------
    pandas.DataFrame
        ``dose``, ``assay``, ``unit``; ``patients`` with a sample, ``samples``, ``blq``, ``blq_percent``, ``predose``
        samples (not among the others); ``lloq``, the different ones; samples a patient; ``first_day``, ``last_day``.
    """
    seen = trial.observations.assign(dose=_doses(trial, trial.observations))
    predose = trial.predose.assign(dose=_doses(trial, trial.predose))
    rows = []
    for (dose, assay), own in seen.groupby(["dose", "assay"], dropna=False):
        each = own.groupby("subject").size()
        same = (predose["dose"] == dose) | (predose["dose"].isna() & np.isnan(float(str(dose))))
        limits = np.unique(own["lloq"].dropna())
        rows.append(
            {
                "dose": dose,
                "assay": assay,
                "unit": trial.units[str(assay)],
                "patients": len(each),
                "samples": len(own),
                "blq": int(own["blq"].sum()),
                "blq_percent": 100.0 * own["blq"].mean(),
                "predose": int((same & (predose["assay"] == assay)).sum()),
                "lloq": ", ".join(f"{limit:g}" for limit in limits) or "not given",
                "per_patient_median": each.median(),
                "per_patient_lowest": int(each.min()),
                "per_patient_highest": int(each.max()),
                "first_day": own["time"].min(),
                "last_day": own["time"].max(),
            }
        )
    return pd.DataFrame(rows, columns=_SAMPLES)


def records_by_kind(trial: TrialData) -> pd.DataFrame:
    """Return how many records there are beside the samples: ``kind``, ``patients``, ``records``."""
    kinds = [(str(kind), own) for kind, own in trial.records.groupby("kind")]
    kinds += [("assessments (CRISS)", trial.assessments), ("adverse events", trial.events)]
    rows = [{"kind": kind, "patients": own["subject"].nunique(), "records": len(own)} for kind, own in kinds]
    return pd.DataFrame(rows, columns=["kind", "patients", "records"])


def _doses(trial: TrialData, samples: pd.DataFrame) -> np.ndarray:
    return trial.dose_group.reindex(samples["subject"]).to_numpy()
