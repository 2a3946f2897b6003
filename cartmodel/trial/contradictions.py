"""Where the outcomes recorded for a patient disagree with the patient's assessments."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.endpoints import Visit, response_by_visit, step1_at

ROUNDED = 0.05
"""How far a recorded linear predictor may lie from the assessed one: one decimal, rounded."""

_ASSESSED = {"criss_step1": ("step1", 0.0), "criss_lp": ("lp", ROUNDED), "remission": ("improved", 0.0)}


def contradiction_note(subjects: pd.DataFrame, assessments: pd.DataFrame, visits: Sequence[Visit]) -> list[str]:
    """Return the sentence that names, patient by patient, what is recorded and agrees with no visit's assessments.

    The table does not say which visit its outcomes are of, so one that agrees with any visit is no contradiction.

    Parameters
    ----------
    subjects : pandas.DataFrame
        As in `TrialData`: their criss_step1, criss_lp and remission are held against
    assessments : pandas.DataFrame
        those of the assessments at
    visits : sequence of Visit
        those of these visits in whose window somebody was assessed.
    """
    recorded = subjects[list(_ASSESSED)].astype(float)
    own = assessments[assessments["subject"].isin(recorded.index[recorded.notna().any(axis=1)])]
    times = assessments["time"]
    visits = [visit for visit in visits if times.between(visit.earliest, visit.latest).any()]
    if not len(own) or not visits:
        return []
    statuses = {visit.name: step1_at(own, visit) for visit in visits}
    undated = recorded["criss_step1"].where(recorded["criss_step1"] == 0)
    filled = {name: status.fillna(undated.reindex(status.index)) for name, status in statuses.items()}
    found = response_by_visit(own, visits, step1=pd.DataFrame(filled)).set_index(["subject", "visit"])
    # Not the response's own step-1 status, which the recorded one has filled.
    found["step1"] = pd.concat(statuses).swaplevel().reindex(found.index).astype(float)
    apart: dict[str, list[str]] = {}
    for column, (name, away) in _ASSESSED.items():
        values = found[name].dropna()
        told = recorded[column].reindex(values.index.get_level_values("subject")).to_numpy()
        differs = pd.Series(np.abs(values.to_numpy() - told) > away, values.index)[~np.isnan(told)]
        everywhere = differs.groupby(level="subject").all()
        for subject in everywhere.index[everywhere]:
            assessed = ", ".join(f"{value:.4g} ({visit})" for visit, value in values.loc[subject].items())
            apart.setdefault(subject, []).append(f"{column} {recorded.loc[subject, column]:.4g}, assessed {assessed}")
    if not apart:
        return []
    named = " | ".join(f"{subject}: {'; '.join(apart[subject])}" for subject in subjects.index if subject in apart)
    return [
        f"Recorded outcomes that agree with no visit's assessments ({len(apart)} patients): {named}. A fit takes the "
        "outcomes as recorded."
    ]
