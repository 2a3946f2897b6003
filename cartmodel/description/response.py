"""Responses of a trial's patients by visit, from its dated assessments and step-1 events."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from cartmodel.description.recorded import RECORDED
from cartmodel.endpoints import Visit, response_by_visit, step1_at
from cartmodel.endpoints.revised_criss import PERCENTS
from cartmodel.trial import TrialData


def responses(trial: TrialData, visits: Sequence[Visit]) -> pd.DataFrame:
    """Return ACR-CRISS and revised CRISS of every patient at every visit, as `response_by_visit`, with ``dose``.

    Step 1 is that of `step1_at`; where it is not known and the patient's ``criss_step1``, which has no day, is 0, there
    was none. Patients who were never assessed have a row at every visit too.
    """
    never = trial.subjects.index.difference(pd.Index(trial.assessments["subject"]), sort=False)
    blank = pd.DataFrame({"subject": never, "time": 0.0, "visit": ""}).reindex(columns=trial.assessments.columns)
    assessed = pd.concat([trial.assessments, blank], ignore_index=True) if len(never) else trial.assessments
    undated = trial.subjects["criss_step1"].where(trial.subjects["criss_step1"] == 0).astype(float)
    step1 = pd.DataFrame({v.name: step1_at(assessed, v).reindex(undated.index).fillna(undated) for v in visits})
    table = response_by_visit(assessed, visits, step1=step1, percents=PERCENTS)
    table["reason"] = table["reason"].mask(table["subject"].isin(never), "never assessed")
    table.insert(1, "dose", trial.dose_group.reindex(table["subject"]).to_numpy())
    place = trial.subjects.index.get_indexer(pd.Index(table["subject"]))
    return table.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def response_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of responders of each visit and dose group, with exact (Clopper-Pearson) 95% limits.

    The share is of the evaluable, who are the same for every response and do not depend on it. Who is not evaluable may
    still be known to be a responder or not; what all patients together allow is said beside it.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a patient and visit: ``dose``, ``visit``, ``evaluable`` (1 or 0) and responses as 1, 0 or NaN:
        ``improved`` (ACR-CRISS of 0.6 or more, or a recorded remission), ``rcriss_<percent>``.

    Returns
    -------
    pandas.DataFrame
        ``visit``, ``dose``, ``response``, ``patients``, ``evaluable``, ``responders`` among them, ``percent`` of the
        evaluable, ``lower`` and ``upper``; ``possible_lowest`` and ``possible_highest``: percent of all patients, with
        every undecided one as no responder, and as one.
    """
    names = [name for name in table.columns if name == "improved" or name.startswith("rcriss_")]
    rows = []
    for (visit, dose), own in table.groupby(["visit", "dose"], dropna=False, sort=False):
        for name in names if visit != RECORDED else ["improved"]:
            known = own.loc[own["evaluable"] == 1, name]
            count, total = int((known == 1).sum()), len(known)
            lower, upper = exact_limits(count, total) if total else (np.nan, np.nan)
            rows.append(
                {"visit": visit, "dose": dose, "response": name, "patients": len(own), "evaluable": total}
                | {"responders": count, "percent": 100.0 * count / total if total else np.nan}
                | {"lower": 100.0 * lower, "upper": 100.0 * upper}
                | {
                    "possible_lowest": 100.0 * (own[name] == 1).mean(),
                    "possible_highest": 100.0 * (own[name] != 0).mean(),
                }
            )
    columns = [
        "visit", "dose", "response", "patients", "evaluable", "responders", "percent", "lower", "upper",
        "possible_lowest", "possible_highest",
    ]  # fmt: skip
    rates = pd.DataFrame(rows, columns=columns)
    order = {visit: place for place, visit in enumerate(table["visit"].unique())}
    rates = rates.assign(place=rates["visit"].map(order)).sort_values(["place", "dose"], kind="stable")
    return rates.drop(columns="place").reset_index(drop=True)


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
