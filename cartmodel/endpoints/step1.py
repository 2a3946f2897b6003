"""Step 1 of ACR-CRISS: the events that make the score 0 whatever the core items say.

Khanna et al. 2016, Arthritis Rheumatol 68:299, Table 4 of the companion paper. Whether an event is due to systemic
sclerosis is the investigator's to say; nothing here infers it.
"""

from typing import Any

import numpy as np
import pandas as pd

from cartmodel.endpoints.three_valued import all_of, any_of, holds
from cartmodel.endpoints.visits import Visit

STEP1_EVENTS = ("renal_crisis", "ild", "lv_failure", "pah")
"""The events by the name of their column."""


def ild_worsened(fvc_baseline: Any, fvc: Any, *, confirmed: Any, ild_on_hrct: Any) -> np.ndarray:
    """Return 1 where interstitial lung disease is new or worse, 0 where not, NaN where not known.

    Parameters
    ----------
    fvc_baseline, fvc : array
        FVC at baseline and now, percent predicted. The decline must be 15% or more of the baseline, to below 80%.
    confirmed : array of 0, 1 or NaN
        Whether another FVC within a month confirms the decline.
    ild_on_hrct : array of 0, 1 or NaN
        Whether an HRCT, now or earlier, shows interstitial lung disease.

    Examples
    --------
    >>> ild_worsened(80, [68, 69, 67], confirmed=1, ild_on_hrct=1).tolist()  # 15.0%, 13.8%, 16.3%
    [1.0, 0.0, 1.0]
    """
    before, now = np.asarray(fvc_baseline, dtype=float), np.asarray(fvc, dtype=float)
    # Rounded, because 15% of a decimal number is rarely 15 in binary.
    before = np.where(before > 0, before, np.nan)
    decline = np.round(100.0 * (before - now) / before, 9)
    return all_of(holds((decline >= 15.0) & (now < 80.0), before, now), confirmed, ild_on_hrct)


def lv_failed(lvef: Any, *, new: Any, treated: Any) -> np.ndarray:
    """Return 1 where there is new left ventricular failure (LVEF 45% or less) that needs treatment.

    Examples
    --------
    >>> lv_failed([45, 46], new=1, treated=1).tolist()
    [1.0, 0.0]
    """
    return all_of(holds(np.asarray(lvef, dtype=float) <= 45.0, lvef), new, treated)


def pah_found(mpap: Any, pawp: Any, pvr: Any, *, new: Any, treated: Any) -> np.ndarray:
    """Return 1 where right-heart catheterisation shows new pulmonary arterial hypertension that needs treatment.

    Parameters
    ----------
    mpap : array
        Mean pulmonary artery pressure at rest (mmHg), 25 or more.
    pawp : array
        Pulmonary artery wedge pressure (mmHg), 15 or less.
    pvr : array
        Pulmonary vascular resistance (Wood units), above 3.
    new, treated : array of 0, 1 or NaN
        Whether it is new, and needs treatment.

    Examples
    --------
    >>> pah_found([25, 25, 24], 15, [3.1, 3.0, 5.0], new=1, treated=1).tolist()
    [1.0, 0.0, 0.0]
    """
    pressure, wedge, resistance = (np.asarray(value, dtype=float) for value in (mpap, pawp, pvr))
    found = (
        holds(pressure >= 25.0, pressure),
        holds(wedge <= 15.0, wedge),
        holds(resistance > 3.0, resistance),
    )
    return all_of(*found, new, treated)


def criss_step1(*, renal_crisis: Any, ild: Any, lv_failure: Any, pah: Any) -> np.ndarray:
    """Return 1 where any of the four step-1 events has happened, 0 where none has, NaN where not known.

    Parameters
    ----------
    renal_crisis, ild, lv_failure, pah : array of 0, 1 or NaN
        New scleroderma renal crisis; and what `ild_worsened`, `lv_failed` and `pah_found` return.

    Examples
    --------
    >>> import numpy as np
    >>> criss_step1(renal_crisis=[0, 0, 1], ild=0, lv_failure=0, pah=[0, np.nan, np.nan]).tolist()
    [0.0, nan, 1.0]
    """
    return any_of(renal_crisis, ild, lv_failure, pah)


def step1_at(assessments: pd.DataFrame, visit: Visit) -> pd.Series:
    """Return each patient's step-1 status at a visit: 1 after an event, 0 where there was none, NaN where not known.

    A record says whether the event had happened by its day. An event counts where a record after the infusion, up to
    the last day of the visit's window, has it: also one that was found in the window after the items. There was none
    where for each of the four a record in the window, or a later one, says so. A record from before the window that
    says no, or one from after it that says yes, leaves the status at the visit open.

    Parameters
    ----------
    assessments : pandas.DataFrame
        ``subject``, ``time`` and the columns of ``STEP1_EVENTS`` (1, 0, or NaN where not recorded); one that is not
        there was not recorded.
    visit : Visit
        The visit and its window.

    Raises
    ------
    ValueError
        If a record is none of 0, 1 and NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> clear = dict(renal_crisis=0, ild=0, lv_failure=0, pah=0)
    >>> rows = [dict(subject="P1", time=90, **clear), dict(subject="P2", time=28, **clear),
    ...         dict(subject="P3", time=28, pah=1), dict(subject="P4", time=200, **clear | {"pah": 1})]
    >>> step1_at(pd.DataFrame(rows), Visit("day 90", 90, earliest=76, latest=104)).tolist()
    [0.0, nan, 1.0, nan]
    """
    after = assessments[assessments["time"] > 0]
    records = after.reindex(columns=list(STEP1_EVENTS)).astype(float)
    any_of(records)  # which refuses what is neither 0 nor 1
    by_then, since = after["time"] <= visit.latest, after["time"] >= visit.earliest
    happened = (records == 1).mul(by_then, axis=0).groupby(after["subject"]).any()
    none = (records == 0).mul(since, axis=0).groupby(after["subject"]).any()
    status = any_of(*(np.where(happened[name], 1.0, np.where(none[name], 0.0, np.nan)) for name in STEP1_EVENTS))
    order = pd.Index(assessments["subject"].unique(), name="subject")
    return pd.Series(status, index=happened.index, name="step1").reindex(order)
