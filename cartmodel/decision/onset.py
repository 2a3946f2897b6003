"""When within the DLT window a DLT occurs, if one does."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import lognorm

type Onset = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""The distribution function of the day of onset; only its shape within the window is used."""

EARLY_SHARE, EARLY_MEDIAN, EARLY_SD = 0.7, 5.0, 0.6
ONSET_WORDS = (
    "of DLTs within the window, 70% start early (median day 5, 95% within days 1.5 to 16, as the cytokine release "
    "syndrome) and 30% at any day (late haematological toxicity, IEC-HS): a judgement, not an estimate"
)


def early_and_late(days: ArrayLike) -> NDArray[np.float64]:
    """Return the share of DLTs that have started by a day: an early log-normal part and an even one over 28 days.

    A judgement in numbers: the cytokine release syndrome starts within the first week, haematological toxicity and
    the haemophagocytic syndrome come late.

    Examples
    --------
    >>> early_and_late([0.0, 5.0, 28.0]).round(2).tolist()
    [0.0, 0.4, 1.0]
    """
    day = np.asarray(days, dtype=float)
    early = lognorm.cdf(day, EARLY_SD, scale=EARLY_MEDIAN)
    return EARLY_SHARE * early + (1 - EARLY_SHARE) * np.clip(day / 28.0, 0.0, 1.0)


def uniform(days: ArrayLike) -> NDArray[np.float64]:
    """Return the share of DLTs that have started by a day if every day is alike: the linear weights of TITE designs.

    Examples
    --------
    >>> uniform([7.0, 28.0]).tolist()
    [7.0, 28.0]
    """
    return np.asarray(days, dtype=float)


def day_shares(onset: Onset, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the window's DLTs that starts between successive edges; the last edge ends the window.

    Parameters
    ----------
    onset : callable ``(days) -> share``
        A rising function; what it says at the last edge is taken for the whole.
    edges : ndarray (bins,)
        Rising days above 0; the first bin starts at 0.

    Raises
    ------
    ValueError
        If the function falls, or has nothing within the window.

    Examples
    --------
    >>> day_shares(uniform, np.array([7.0, 28.0])).tolist()
    [0.25, 0.75]
    """
    share = np.asarray(onset(np.concatenate([[0.0], edges])), dtype=float)
    steps = np.diff(share)
    if not (np.isfinite(share).all() and (steps >= 0).all() and share[-1] > share[0] >= 0):
        raise ValueError(
            f"onset: {share.tolist()} at days 0 and {edges.tolist()}; accepted: rising, above 0 at the end"
        )
    return steps / (share[-1] - share[0])
