"""Responses as a trial's table records them, and where they disagree with its assessments."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.endpoints import Visit, step1_at
from cartmodel.trial import TrialData

RECORDED = "as recorded"
ROUNDED = 0.05
"""How far a recorded linear predictor may lie from the assessed one: one decimal, rounded."""

_ASSESSED = {"criss_step1": ("step1", 0.0), "criss_lp": ("lp", ROUNDED), "remission": ("improved", 0.0)}
_THRESHOLD = float(np.log(1.5))


def recorded_responses(trial: TrialData) -> pd.DataFrame:
    """Return the response that the table itself gives each patient, at the visit that it means.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``dose``, ``visit``, ``step1``, ``lp`` and ``improved``: ``remission`` where it is given; else
        ACR-CRISS: 0 after a step-1 event, else whether its linear predictor reaches ln 1.5, which is a score of 0.6.
        ``evaluable`` is 1 where that is known, else 0.
    """
    subjects = trial.subjects
    step1, lp = subjects["criss_step1"].to_numpy(float), subjects["criss_lp"].to_numpy(float)
    by_lp = np.where(np.isnan(lp) | np.isnan(step1), np.nan, lp >= _THRESHOLD)
    criss = np.where(step1 == 1, 0.0, by_lp)
    given = subjects["remission"].to_numpy(float)
    improved = np.where(np.isnan(given), criss, given)
    return pd.DataFrame(
        {
            "subject": subjects.index.to_numpy(),
            "dose": trial.dose_group.to_numpy(),
            "visit": RECORDED,
            "evaluable": (~np.isnan(improved)).astype(float),
            "step1": step1,
            "lp": lp,
            "improved": improved,
            "reason": np.where(np.isnan(improved), "no response recorded", ""),
        }
    )


def disagreements(trial: TrialData, response: pd.DataFrame, visits: Sequence[Visit]) -> list[str]:
    """Return, patient by patient, what is recorded and agrees with no visit's assessments, in words.

    The table does not say which visit its outcomes are of, so one that agrees with any visit is no contradiction.

    Parameters
    ----------
    trial : TrialData
        Its outcomes are held against
    response : pandas.DataFrame
        those of its assessments, a row a patient and visit, at
    visits : sequence of Visit
        these visits.
    """
    assessed = response.set_index(["subject", "visit"])[["lp", "improved"]]
    found: list[str] = []
    # Not the response's own step-1 status, which the recorded one may have filled.
    step1 = pd.concat({visit.name: step1_at(trial.assessments, visit) for visit in visits}, axis=1)
    for subject, outcomes in trial.subjects.iterrows():
        own = assessed.xs(subject, level="subject").assign(step1=step1.reindex([subject]).iloc[0])
        parts: list[str] = []
        for column, (name, away) in _ASSESSED.items():
            recorded, values = outcomes[column], own[name].dropna()
            if not np.isnan(recorded) and len(values) and not (values - recorded).abs().le(away).any():
                told = ", ".join(f"{value:.4g} ({visit})" for visit, value in values.items())
                parts.append(f"{column} {recorded:.4g}, assessed {told}")
        if parts:
            found.append(f"{subject}: {'; '.join(parts)}")
    return found
