"""ADPPK: doses and levels as population PK analyses take them, in the names of CDISC ADaM."""

import numpy as np
import pandas as pd

from cartmodel.submission.adpc import codes_of
from cartmodel.submission.patients import LABELS, covariate_codes, dosed_rows, patients_of, sampled_rows
from cartmodel.trial import TrialData

ADPPK_LABELS = LABELS | {
    "PARAMCD": "Parameter Code",
    "ASSAY": "Assay",
    "AVISIT": "Analysis Visit",
    "AFRLT": "Act. Rel. Time from Analyte First Dose",
    "NFRLT": "Nom. Rel. Time from Analyte First Dose",
    "FRLTU": "Rel. Time from First Dose Unit",
    "EVID": "Event ID",
    "MDV": "Missing Dependent Variable",
    "CMT": "Compartment",
    "DVID": "Dependent Variable ID",
    "DV": "Dependent Variable",
    "DVL": "Natural Log of Dependent Variable",
    "DVU": "Dependent Variable Unit",
    "AMT": "Actual Amount of Dose Received",
    "ALQFL": "Above Upper Limit of Quant. Flag",
    "BLQFL": "Below Lower Limit of Quant. Flag",
    "BLQFN": "Below Lower Limit of Quant. Flag (N)",
    "ALLOQ": "Analysis Lower Limit of Quantitation",
    "AULOQ": "Analysis Upper Limit of Quantitation",
}


def to_adppk(trial: TrialData) -> pd.DataFrame:
    """Return a trial as an ADPPK: a dose row (EVID 1) for every patient, then a row a sample (EVID 0).

    Times are in days from the infusion. DV is missing where BLQ, with BLQFN = 1 and the limit in ALLOQ. A patient whose
    dose is not known has a row of another event (EVID 2). Samples before the infusion have MDV = 1. `read_trial` gives
    the same trial back, but for records, assessments and adverse events.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> to_adppk(read_trial(example_path("cd7_ssc")))[["EVID", "AFRLT", "AMT"]].iloc[0].tolist()
    [1.0, 0.0, 25000000.0]
    """
    table = events_of(trial).merge(patients_of(trial), on="USUBJID", how="left")
    number = {subject: float(place) for place, subject in enumerate(trial.subjects.index, start=1)}
    blq, codes = table["EVID"].eq(0) & table["blq"].eq(True), codes_of(trial)
    table = table.assign(
        USUBJIDN=table["USUBJID"].map(number),
        PARAMCD=[codes.get(assay, "") for assay in table["ASSAY"]],  # blank for a dose
        DVL=np.log(table["DV"].where(table["DV"] > 0)),
        FRLTU="DAYS",
        BLQFL=np.where(blq, "Y", np.where(table["EVID"].eq(0), "N", "")),
        BLQFN=np.where(table["EVID"].eq(0), blq.astype(float), np.nan),
    )
    if len(trial.above):
        table["ALQFL"] = np.where(table["EVID"].eq(0), np.where(table["alq"].eq(True), "Y", "N"), "")
    return table[[name for name in (*ADPPK_LABELS, *covariate_codes(trial).values()) if name in table]]


def events_of(trial: TrialData) -> pd.DataFrame:
    """Return dose rows and samples of a trial in the order of the patients: USUBJID, EVID, MDV, AFRLT, DV, AMT, ..."""
    samples, doses = sampled_rows(trial), dosed_rows(trial)
    dose = trial.subjects["dose"].to_numpy(dtype=float)
    infused = pd.DataFrame(
        {
            "USUBJID": doses["subject"],
            "place": doses["place"],
            "EVID": np.where(np.isnan(dose), 2.0, 1.0),
            "MDV": 1.0,
            "AFRLT": 0.0,
            "NFRLT": np.nan,
            "DV": np.nan,
            "AMT": dose,
            "ASSAY": "",
            "DVU": "",
            "AVISIT": "",
            "ALLOQ": np.nan,
            "AULOQ": np.nan,
            "DVID": np.nan,
            "CMT": 1.0,
            "blq": False,
            "alq": False,
            "later": False,
        }
    )
    numbers = {assay: float(number) for number, assay in enumerate(trial.assays, start=1)}
    measured = pd.DataFrame(
        {
            "USUBJID": samples["subject"],
            "place": samples["place"],
            "EVID": 0.0,
            "MDV": samples["predose"].astype(float),
            "AFRLT": samples["time"],
            "NFRLT": samples["nominal"],
            "DV": samples["level"].mask(samples["blq"]),
            "AMT": np.nan,
            "ASSAY": samples["assay"],
            "DVU": samples["unit"],
            "AVISIT": samples["visit"],
            "ALLOQ": samples["lloq"],
            "AULOQ": samples["uloq"],
            "DVID": samples["assay"].map(numbers),
            "CMT": 1.0,
            "blq": samples["blq"],
            "alq": samples["alq"],
            "later": True,
        }
    )
    rows = pd.concat([infused, measured] if len(measured) else [infused], ignore_index=True)
    return rows.sort_values(["place", "later"], kind="stable", ignore_index=True).drop(columns=["place", "later"])
