"""Responses of a trial's patients by visit, from its dated assessments and step-1 events."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from cartmodel.endpoints import Visit, response_by_visit
from cartmodel.endpoints.revised_criss import PERCENTS
from cartmodel.endpoints.three_valued import any_of
from cartmodel.trial import TrialData

VISITS = (
    Visit("day 28", 28, earliest=21, latest=35),
    Visit("day 90", 90, earliest=76, latest=104),
    Visit("day 180", 180, earliest=150, latest=210),
    Visit("day 360", 360, earliest=320, latest=400),
)
"""The visits of `endpoints_of` where none are given; the windows are this package's choice, not the protocol's."""

RECORDED = "as recorded"
STEP1 = ("renal_crisis", "ild", "lv_failure", "pah")
_THRESHOLD = float(np.log(1.5))


def responses(trial: TrialData, visits: Sequence[Visit]) -> pd.DataFrame:
    """Return ACR-CRISS and revised CRISS of every patient at every visit, as `response_by_visit`, with ``dose``.

    A step-1 event counts from the first assessment after the infusion that has it. There was none by a visit if an
    assessment in its window, or later, has all four of them as 0; or if the patient's ``criss_step1`` is 0. Otherwise
    the status is not known. Patients who were never assessed have a row at every visit too.
    """
    never = trial.subjects.index.difference(pd.Index(trial.assessments["subject"]), sort=False)
    blank = pd.DataFrame({"subject": never, "time": 0.0, "visit": ""}).reindex(columns=trial.assessments.columns)
    assessed = pd.concat([trial.assessments, blank], ignore_index=True) if len(never) else trial.assessments
    tables = [response_by_visit(assessed, _step1_day(trial, visit), [visit], percents=PERCENTS) for visit in visits]
    table = pd.concat(tables, ignore_index=True)
    table["reason"] = table["reason"].mask(table["subject"].isin(never), "never assessed")
    table.insert(1, "dose", trial.subjects["dose"].astype(float).reindex(table["subject"]).to_numpy())
    place = trial.subjects.index.get_indexer(pd.Index(table["subject"]))
    return table.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def _step1_day(trial: TrialData, visit: Visit) -> pd.Series:
    """Return the day of each patient's first step-1 event; infinite where there was none by the visit; else NaN."""
    assessed = trial.assessments[trial.assessments["time"] > 0]
    status = any_of(*(assessed[name].to_numpy(float) for name in STEP1))
    first = assessed[status == 1].groupby("subject")["time"].min()
    clear = assessed[status == 0].groupby("subject")["time"].max() >= visit.earliest
    never = set(clear[clear].index) | set(trial.subjects.index[trial.subjects["criss_step1"] == 0])
    days = pd.Series(np.nan, index=trial.subjects.index, dtype=float)
    days[days.index.isin(never)] = np.inf
    days.update(first)
    return days


def recorded_responses(trial: TrialData) -> pd.DataFrame:
    """Return the response that the table itself gives each patient: ``subject``, ``dose``, ``visit``, ``improved``.

    ``remission`` where it is given; else ACR-CRISS: 0 after a step-1 event, else whether its linear predictor reaches
    ln 1.5, which is a score of 0.6.
    """
    subjects = trial.subjects
    step1, lp = subjects["criss_step1"].to_numpy(float), subjects["criss_lp"].to_numpy(float)
    by_lp = np.where(np.isnan(lp) | np.isnan(step1), np.nan, lp >= _THRESHOLD)
    criss = np.where(step1 == 1, 0.0, by_lp)
    given = subjects["remission"].to_numpy(float)
    return pd.DataFrame(
        {
            "subject": subjects.index.to_numpy(),
            "dose": subjects["dose"].to_numpy(float),
            "visit": RECORDED,
            "improved": np.where(np.isnan(given), criss, given),
        }
    )


def response_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of responders of each visit and dose group, with exact (Clopper-Pearson) 95% limits.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a patient and visit: ``dose``, ``visit`` and responses as 1, 0 or NaN: ``improved`` (ACR-CRISS of 0.6 or
        more, or a recorded remission), ``rcriss_<percent>``.

    Returns
    -------
    pandas.DataFrame
        ``visit``, ``dose``, ``response``, ``patients``, ``evaluable``, ``responders``, ``percent`` of the evaluable,
        ``lower`` and ``upper``.
    """
    names = [name for name in table.columns if name == "improved" or name.startswith("rcriss_")]
    rows = []
    for (visit, dose), own in table.groupby(["visit", "dose"], dropna=False, sort=False):
        for name in names:
            known = own[name].dropna()
            if not len(known):
                rows.append({"visit": visit, "dose": dose, "response": name, "patients": len(own), "evaluable": 0})
                continue
            lower, upper = exact_limits(int(known.sum()), len(known))
            rows.append(
                {"visit": visit, "dose": dose, "response": name, "patients": len(own), "evaluable": len(known)}
                | {"responders": int(known.sum()), "percent": 100.0 * known.mean()}
                | {"lower": 100.0 * lower, "upper": 100.0 * upper}
            )
    columns = [
        "visit", "dose", "response", "patients", "evaluable", "responders", "percent", "lower", "upper",
    ]  # fmt: skip
    rates = pd.DataFrame(rows, columns=columns)
    order = {visit: place for place, visit in enumerate(table["visit"].unique())}
    rates = rates.assign(place=rates["visit"].map(order)).sort_values(["place", "dose"], kind="stable")
    return rates.drop(columns="place").fillna({"responders": 0}).astype({"responders": int}).reset_index(drop=True)


def exact_limits(count: int, total: int) -> tuple[float, float]:
    """Return the exact 95% limits of a share (Clopper and Pearson 1934).

    Examples
    --------
    >>> [round(limit, 4) for limit in exact_limits(0, 6)]
    [0.0, 0.4593]
    """
    lower = float(betaincinv(count, total - count + 1, 0.025)) if count else 0.0
    upper = float(betaincinv(count + 1, total - count, 0.975)) if count < total else 1.0
    return lower, upper
