"""The revised ACR-CRISS: improvement of three or more of the five core items by a share of the baseline.

Khanna et al. 2021, Ann Rheum Dis 80:641: 20% or more, of FVC 5% or more whatever the share. A step-1 event makes a
patient a non-responder. The wording of step 1 of the revised index and the family of 25, 30, 40, 50 and 75% are as
meeting abstracts have them (ACR 2021 #0398, 2023 #1515), NOT verified against a full paper.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.endpoints.acr_criss import missing_items
from cartmodel.endpoints.items import CRISS_ITEMS, check_values
from cartmodel.endpoints.three_valued import any_of

PERCENTS = (20, 25, 30, 40, 50, 75)
FVC_PERCENT = 5.0
NEEDED = 3


def improvement(baseline: pd.DataFrame, follow_up: pd.DataFrame) -> pd.DataFrame:
    """Return the improvement of each item in percent of its baseline, positive for better.

    An item whose baseline is 0 cannot improve: its improvement is 0, also where its follow-up is missing.

    Parameters
    ----------
    baseline, follow_up : pandas.DataFrame
        The columns of ``CRISS_ITEMS``, on the same index.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame([dict(mrss=20, fvc=60, patient_global=0, physician_global=5.5, haq=1.0)])
    >>> after = pd.DataFrame([dict(mrss=14, fvc=63, patient_global=1, physician_global=4.4, haq=1.25)])
    >>> improvement(before, after).iloc[0].tolist()
    [30.0, 5.0, 0.0, 20.0, -25.0]
    """
    found = {}
    for name, item in CRISS_ITEMS.items():
        before, after = baseline[name].to_numpy(dtype=float), follow_up[name].to_numpy(dtype=float)
        gain = np.sign(item.coefficient) * (after - before)
        percent = np.where(before == 0, 0.0, 100.0 * gain / np.where(before, before, 1))
        # Rounded, because 20% of a decimal number is rarely 20 in binary: 5.5 to 4.4 gives 19.999999999999993.
        found[name] = np.round(percent, 9)
    return pd.DataFrame(found, index=baseline.index)


def rcriss(
    baseline: pd.DataFrame, follow_up: pd.DataFrame, step1: Any, *, percents: Sequence[float] = PERCENTS
) -> pd.DataFrame:
    """Return the revised CRISS responses: 1 where three or more items improved enough, and there was no step-1 event.

    Parameters
    ----------
    baseline, follow_up : pandas.DataFrame
        The columns of ``CRISS_ITEMS``, on the same index; NaN where an item is missing.
    step1 : array of 0, 1 or NaN
        Whether there was a step-1 event by then.
    percents : sequence of float
        The shares asked for.

    Returns
    -------
    pandas.DataFrame
        ``rcriss_<percent>``: 1, 0, or NaN where the missing items decide; ``reason`` where any is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns, and all values outside their range or between its steps.
    ValueError
        If a step-1 status is none of 0, 1 and NaN, a share is not positive, or the two tables have not the same rows.

    Examples
    --------
    >>> import pandas as pd
    >>> before = pd.DataFrame([dict(mrss=20, fvc=60, patient_global=4, physician_global=5, haq=1.0)])
    >>> after = pd.DataFrame([dict(mrss=14, fvc=63, patient_global=4, physician_global=4, haq=1.25)])
    >>> rcriss(before, after, step1=0, percents=(20, 25))[["rcriss_20", "rcriss_25"]].to_numpy().tolist()
    [[1.0, 0.0]]
    """
    check_values(baseline, "baseline of the CRISS items")
    check_values(follow_up, "follow-up of the CRISS items")
    if not baseline.index.equals(follow_up.index) or not all(percent > 0 for percent in percents):
        raise ValueError(f"percents={percents!r}; accepted: shares > 0, and two tables with the same rows")
    gained = improvement(baseline, follow_up)
    event = np.broadcast_to(any_of(step1), len(gained))
    missing = gained.isna().to_numpy().sum(axis=1)
    found: dict[str, Any] = {}
    for percent in percents:
        asked = pd.Series({name: FVC_PERCENT if name == "fvc" else float(percent) for name in CRISS_ITEMS})
        count = (gained >= asked).to_numpy().sum(axis=1)
        items = np.where(count >= NEEDED, 1.0, np.where(count + missing < NEEDED, 0.0, np.nan))
        unknown = np.isnan(event) & (items != 0)
        found[f"rcriss_{percent:g}"] = np.where(event == 1, 0.0, np.where(unknown, np.nan, items))
    responses = pd.DataFrame(found, index=gained.index)
    open_ones = responses.isna().to_numpy().any(axis=1)
    return responses.assign(reason=np.where(open_ones, missing_items(gained, event), ""))
