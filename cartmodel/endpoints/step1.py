"""Step 1 of ACR-CRISS: the events that make the score 0 whatever the core items say.

Khanna et al. 2016, Arthritis Rheumatol 68:299, Table 4 of the companion paper. Whether an event is due to systemic
sclerosis is the investigator's to say; nothing here infers it.
"""

from typing import Any

import numpy as np

from cartmodel.endpoints.three_valued import all_of, any_of, holds


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
