r"""The Kaplan-Meier estimator with Greenwood's variance and limits on the log-log scale.

.. math::

    \hat S(t) = \prod_{t_i \le t} \Bigl(1 - \frac{d_i}{n_i}\Bigr), \qquad
    \hat V(t) = \hat S(t)^2 \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

with :math:`d_i` events among :math:`n_i` at risk (Kaplan and Meier 1958, Greenwood 1926). The limits are
:math:`\hat S^{\exp(\pm z \sqrt{\hat V} / (\hat S \ln \hat S))}` (Kalbfleisch and Prentice 1980), which stay in (0, 1).
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

_Z = float(ndtri(0.975))


def kaplan_meier(day: Any, event: Any) -> pd.DataFrame:
    """Return the share that is still free of the event after each day, with 95% limits.

    Parameters
    ----------
    day : array
        Day of the event, or of the end of the follow-up; 0 or more.
    event : array of 0 and 1
        Whether it is the event (1) or censoring (0). On one day, events come before censorings.

    Returns
    -------
    pandas.DataFrame
        One row a day, from day 0 on: ``day``; ``at_risk`` just before it, ``events`` and ``censored`` on it; ``share``
        free of the event after it; ``standard_error`` (Greenwood); ``lower``, ``upper``. Where the share is 1 or 0 the
        limits do not exist and are NaN; so is the standard error of a share of 0.

    Raises
    ------
    ValueError
        If a day is negative or missing, or an event is neither 0 nor 1.

    Examples
    --------
    >>> kaplan_meier([5, 8, 8, 12], [1, 1, 0, 0])[["day", "at_risk", "share"]].to_numpy().tolist()
    [[0.0, 4.0, 1.0], [5.0, 4.0, 0.75], [8.0, 3.0, 0.5], [12.0, 1.0, 0.5]]
    """
    days, events = np.asarray(day, dtype=float), np.asarray(event, dtype=float)
    if days.shape != events.shape or days.ndim != 1:
        raise ValueError(f"day has shape {days.shape}, event {events.shape}; accepted: one of each per patient")
    if not (np.isfinite(days) & (days >= 0)).all() or not np.isin(events, (0.0, 1.0)).all():
        raise ValueError("a day that is missing or negative, or an event that is neither; accepted: days >= 0, 0 or 1")
    grid = np.union1d([0.0], days)
    at_risk = (days[None] >= grid[:, None]).sum(axis=1)
    lost = ((days[None] == grid[:, None]) & (events[None] == 1)).sum(axis=1)
    left = ((days[None] == grid[:, None]) & (events[None] == 0)).sum(axis=1)
    share = np.cumprod(1.0 - lost / np.maximum(at_risk, 1))
    some = (share > 0) & (share < 1)
    remaining = at_risk - lost
    spread = np.cumsum(np.where(remaining > 0, lost / np.maximum(at_risk * remaining, 1), 0.0))
    error = np.where(share > 0, share * np.sqrt(spread), np.nan)
    inside = np.where(some, share, 0.5)
    width = _Z * np.sqrt(spread) / np.abs(np.log(inside))
    limits = {"lower": inside ** np.exp(width), "upper": inside ** np.exp(-width)}
    return pd.DataFrame(
        {"day": grid, "at_risk": at_risk, "events": lost, "censored": left, "share": share, "standard_error": error}
        | {name: np.where(some, limit, np.nan) for name, limit in limits.items()}
    )


def median_time(curve: pd.DataFrame) -> dict[str, Any]:
    """Return the median of a curve with 95% limits: the first day on which the curve, or its limit, is 0.5 or less.

    The limits are those of Brookmeyer and Crowley 1982 on the log-log scale.

    Parameters
    ----------
    curve : pandas.DataFrame
        From `kaplan_meier`.

    Returns
    -------
    dict
        ``median``, ``lower``, ``upper`` (days, NaN where not reached) and ``reason`` where the median is NaN.

    Examples
    --------
    >>> median_time(kaplan_meier([5, 8, 8, 12], [1, 1, 0, 0]))["median"]
    8.0
    """

    def first(values: pd.Series) -> float:
        # A share such as 1 - 1/2 may come out a rounding error above a half.
        reached = curve["day"][values <= 0.5 * (1 + 1e-12)]
        return float(reached.iloc[0]) if len(reached) else np.nan

    found = {"median": first(curve["share"]), "lower": first(curve["lower"]), "upper": first(curve["upper"])}
    if not np.isnan(found["median"]):
        return found | {"reason": ""}
    share, last = float(curve["share"].iloc[-1]), float(curve["day"].iloc[-1])
    told = "no patient followed" if not curve["at_risk"].iloc[0] else f"still {share:.0%} on day {last:g}, the last"
    return found | {"reason": told}
