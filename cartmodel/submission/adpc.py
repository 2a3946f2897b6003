"""ADPC: the levels as CDISC ADaM has them."""

import numpy as np
import pandas as pd

from cartmodel.submission.patients import LABELS, covariate_codes, dosed_rows, patients_of, sampled_rows
from cartmodel.trial import TrialData

ADPC_LABELS = LABELS | {
    "PARAM": "Parameter",
    "PARAMCD": "Parameter Code",
    "ASSAY": "Assay",
    "AVISIT": "Analysis Visit",
    "NFRLT": "Nom. Rel. Time from Analyte First Dose",
    "AFRLT": "Act. Rel. Time from Analyte First Dose",
    "FRLTU": "Rel. Time from First Dose Unit",
    "AVAL": "Analysis Value",
    "AVALC": "Analysis Value (C)",
    "AVALU": "Analysis Value Unit",
    "ALLOQ": "Analysis Lower Limit of Quantitation",
    "AULOQ": "Analysis Upper Limit of Quantitation",
    "ALQFL": "Above Upper Limit of Quant. Flag",
    "BLQFL": "Below Lower Limit of Quant. Flag",
    "ABLFL": "Baseline Record Flag",
    "EVID": "Event ID",
}


def to_adpc(trial: TrialData) -> pd.DataFrame:
    """Return the levels of a trial as an ADPC: one row a sample, and a dosing record for every patient.

    Times are in days from the infusion; AVAL is missing where BLQ, with BLQFL and the limit in AVALC and ALLOQ. What
    belongs to a patient stands on each of the patient's rows. `read_trial` gives the same trial back, but for records,
    assessments and adverse events, which an ADPC does not hold.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> trial = read_trial(example_path("cd7_ssc"))
    >>> table = to_adpc(trial)
    >>> len(table) == len(trial.subjects) + len(trial.observations) + len(trial.predose)
    True
    """
    samples, doses = sampled_rows(trial), dosed_rows(trial)
    dose = trial.subjects["dose"].to_numpy(dtype=float)
    infused = pd.DataFrame(
        {
            "USUBJID": doses["subject"],
            "place": doses["place"],
            "PARAM": "CAR-T cell infusion",
            "PARAMCD": "DOSE",
            "ASSAY": "",
            "AVISIT": "",
            "NFRLT": np.nan,
            "AFRLT": 0.0,
            "AVAL": dose,
            "AVALC": "",
            "AVALU": "cells",
            "ALLOQ": np.nan,
            "AULOQ": np.nan,
            "BLQFL": "",
            "ABLFL": "",
            "EVID": 1.0,
        }
    )
    codes, limits = codes_of(trial), samples["lloq"].where(samples["blq"]).tolist()
    measured = pd.DataFrame(
        {
            "USUBJID": samples["subject"],
            "place": samples["place"],
            "PARAM": [f"CAR-T level by {row.assay} ({row.unit})" for row in samples.itertuples()],
            "PARAMCD": samples["assay"].map(codes),
            "ASSAY": samples["assay"],
            "AVISIT": samples["visit"],
            "NFRLT": samples["nominal"],
            "AFRLT": samples["time"],
            "AVAL": samples["level"].mask(samples["blq"]),
            "AVALC": ["" if limit != limit else f"<{limit!r}" for limit in limits],
            "AVALU": samples["unit"],
            "ALLOQ": samples["lloq"],
            "AULOQ": samples["uloq"],
            "BLQFL": np.where(samples["blq"], "Y", "N"),
            "ABLFL": np.where(samples["predose"], "Y", ""),
            "EVID": 0.0,
        }
    )
    if len(trial.above):
        infused["ALQFL"], measured["ALQFL"] = "", np.where(samples["alq"], "Y", "N")
    rows = pd.concat([infused, measured] if len(measured) else [infused], ignore_index=True)
    rows = rows.sort_values(["place", "EVID"], ascending=[True, False], kind="stable")
    table = patients_of(trial).merge(rows.drop(columns="place"), on="USUBJID", how="right")
    return table.assign(FRLTU="DAYS")[
        [name for name in (*ADPC_LABELS, *covariate_codes(trial).values()) if name in table or name == "FRLTU"]
    ]


def codes_of(trial: TrialData) -> dict[str, str]:
    """Return a PARAMCD of eight letters or fewer for each assay."""
    codes: dict[str, str] = {}
    for number, assay in enumerate(trial.assays, start=1):
        code = assay.replace("_", "").upper()[:8]
        codes[assay] = code if code not in codes.values() and code != "DOSE" else f"{code[:6]}{number:02}"
    return codes
