"""The data set of NONMEM, nlmixr2 and Monolix: numbers first, the texts that a control stream drops at the end."""

import pandas as pd

from cartmodel.submission.adppk import events_of
from cartmodel.submission.patients import covariate_codes, patients_of
from cartmodel.trial import TrialData

_NUMBERS = ("ID", "TIME", "DV", "AMT", "EVID", "MDV", "CMT", "DVID", "CENS", "BLQ", "LLOQ", "ULOQ", "NTIME")
TEXTS = ("USUBJID", "ASSAY", "DVU", "TIMEU", "DOSEU", "VISIT", "TRTSDTM", "STUDYID")
"""Columns of text, last in the table: name them DROP in the $INPUT of a control stream."""


def to_nonmem(trial: TrialData) -> pd.DataFrame:
    """Return a trial as a NONMEM data set: a dose row for every patient, then a row a sample.

    A BLQ sample has CENS = 1 and its limit in DV, as Monolix and nlmixr2 take it, and BLQ = 1 with LLOQ for a NONMEM
    control stream (M3). One above its ULOQ has CENS = -1 and that limit in DV. A patient whose dose is not known has a
    row of another event (EVID 2). Samples before the infusion have MDV = 1. Times are in days from the infusion.
    Missing numbers are NaN, written as ``.``. The texts of ``TEXTS``, and covariates that are texts, stand last.
    `read_trial` gives the same trial back, but for records, assessments and adverse events.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> to_nonmem(read_trial(example_path("cd7_ssc"))).columns[:6].tolist()
    ['ID', 'TIME', 'DV', 'AMT', 'EVID', 'MDV']
    """
    rows = events_of(trial)
    blq, alq = (rows["EVID"].eq(0) & rows[name].astype(bool) for name in ("blq", "alq"))
    numbers = {subject: float(place) for place, subject in enumerate(trial.subjects.index, start=1)}
    table = rows.assign(
        ID=rows["USUBJID"].map(numbers),
        TIME=rows["AFRLT"],
        DV=rows["DV"].mask(blq, rows["ALLOQ"]).mask(alq, rows["AULOQ"]),
        CENS=blq.astype(float) - alq.astype(float),
        BLQ=blq.astype(float),
        LLOQ=rows["ALLOQ"],
        ULOQ=rows["AULOQ"],
        NTIME=rows["NFRLT"],
        VISIT=rows["AVISIT"],
        TIMEU="day",
    ).merge(patients_of(trial), on="USUBJID", how="left")
    words = [code for name, code in covariate_codes(trial).items() if trial.covariates[name].dtype == object]
    patient = [name for name in patients_of(trial) if name not in (*TEXTS, *words, "DOSEA")]
    optional = {"ULOQ", "NTIME", "VISIT"}
    kept = [
        name
        for name in (*_NUMBERS, *patient, *TEXTS, *words)
        if name in table and not (name in optional and (table[name].isna() | (table[name] == "")).all())
    ]
    return pd.DataFrame(table[kept])
