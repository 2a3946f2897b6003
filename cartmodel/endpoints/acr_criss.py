r"""ACR-CRISS, the composite response index in systemic sclerosis of Khanna et al. 2016 (Arthritis Rheumatol 68:299).

.. math::

    LP = -5.54 - 0.81 \Delta mRSS + 0.21 \Delta FVC\% - 0.40 \Delta PtGlob - 0.44 \Delta MDGlob - 3.41 \Delta HAQ,
    \qquad CRISS = \frac{1}{1 + e^{-LP}}

with absolute changes, follow-up minus baseline, FVC in percentage points of the predicted value. A step-1 event makes
the score 0. The index was developed on changes over one year; its use at day 90 is an extrapolation.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from cartmodel.endpoints.items import CRISS_ITEMS, check_changes
from cartmodel.endpoints.three_valued import any_of

INTERCEPT = -5.54
IMPROVED = 0.6
"""A patient with a score of 0.6 or more is improved."""


def criss_lp(changes: pd.DataFrame) -> pd.Series:
    """Return the linear predictor (log odds) of each row of changes, NaN where an item is missing.

    Parameters
    ----------
    changes : pandas.DataFrame
        Follow-up minus baseline of each of ``CRISS_ITEMS``.

    Examples
    --------
    >>> import pandas as pd
    >>> a = dict(mrss=-8, fvc=3, patient_global=-2, physician_global=-2.5, haq=-0.375)
    >>> criss_lp(pd.DataFrame([a])).round(6).tolist()
    [4.74875]
    """
    total = pd.Series(INTERCEPT, index=changes.index)
    for name, item in CRISS_ITEMS.items():
        total = total + item.coefficient * changes[name]
    return total


def criss(changes: pd.DataFrame, step1: Any) -> pd.DataFrame:
    """Return the ACR-CRISS of each row of changes.

    Parameters
    ----------
    changes : pandas.DataFrame
        Follow-up minus baseline of each of ``CRISS_ITEMS``; NaN where an item is missing.
    step1 : array of 0, 1 or NaN
        Whether there was a step-1 event by then; see `criss_step1`.

    Returns
    -------
    pandas.DataFrame
        With the index of ``changes``: ``lp``, of the items alone; ``score``, from 0 to 1, exactly 0 after a step-1
        event; ``improved``, 1 where the score is 0.6 or more, else 0, also where it would be 0 with or without a step-1
        event; ``reason`` where the score is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns and all changes that no item can have.
    ValueError
        If a step-1 status is none of 0, 1 and NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [dict(mrss=m, fvc=0, patient_global=0, physician_global=0, haq=0) for m in (-8, -7, -8)]
    >>> criss(pd.DataFrame(rows), step1=[0, 0, 1])[["score", "improved"]].round(4).to_numpy().tolist()
    [[0.7191, 1.0], [0.5325, 0.0], [0.0, 0.0]]
    """
    check_changes(changes)
    lp = criss_lp(changes)
    event = np.broadcast_to(any_of(step1), lp.shape)
    by_items = expit(lp.to_numpy())
    score = np.where(event == 1, 0.0, np.where(np.isnan(event), np.nan, by_items))
    never = (event == 1) | (by_items < IMPROVED)
    improved = np.where(never, 0.0, np.where(np.isnan(score), np.nan, 1.0))
    reason = np.where(np.isnan(score), missing_items(changes, event), "")
    return pd.DataFrame({"lp": lp, "score": score, "improved": improved, "reason": reason}, index=changes.index)


def missing_items(changes: pd.DataFrame, event: np.ndarray) -> np.ndarray:
    """Return, per row, which items are missing and whether the step-1 status is, in words; empty where none is."""
    absent = changes[list(CRISS_ITEMS)].isna().to_numpy()
    words = np.full(len(changes), "", dtype=object)
    for i in np.flatnonzero(absent.any(axis=1) | np.isnan(event)):
        names = [name for name, gone in zip(CRISS_ITEMS, absent[i], strict=True) if gone]
        parts = [f"no change of {', '.join(names)}"] if names else []
        parts += ["step-1 status not known"] if np.isnan(event[i]) else []
        words[i] = "; ".join(parts)
    return words
