"""Responses as a trial's table records them."""

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData

RECORDED = "as recorded"
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
