"""Isotonic estimates of DLT probabilities, and the MTD chosen from them."""

from collections.abc import Set
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartmodel.escalation.state import State

type Weights = Literal["inverse-variance", "patients"]


def pool_adjacent_violators(value: ArrayLike, weight: ArrayLike) -> NDArray[np.float64]:
    """Return the non-decreasing sequence nearest to ``value`` in weighted least squares.

    Parameters
    ----------
    value : array_like (doses,)
        In the order of the doses.
    weight : array_like (doses,)
        Positive.

    References
    ----------
    Barlow R.E. et al. (1972), Statistical Inference under Order Restrictions, Wiley.

    Examples
    --------
    >>> pool_adjacent_violators([0.1, 0.4, 0.2], [1, 1, 1]).round(9).tolist()
    [0.1, 0.3, 0.3]
    """
    blocks: list[tuple[float, float, int]] = []
    for v, w in zip(np.asarray(value, dtype=float), np.asarray(weight, dtype=float), strict=True):
        blocks.append((float(v), float(w), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (v1, w1, k1), (v2, w2, k2) = blocks[-2:]
            blocks[-2:] = [((v1 * w1 + v2 * w2) / (w1 + w2), w1 + w2, k1 + k2)]
    return np.repeat([v for v, _, _ in blocks], [k for _, _, k in blocks])


def isotonic_dlt(state: State, *, weights: Weights = "inverse-variance") -> NDArray[np.float64]:
    """Return isotonic estimates of the DLT probability of each dose level, NaN where no patient was treated.

    The posterior means (y + 0.05) / (n + 0.1) are pooled over tried levels; the weights are the inverse posterior
    variances, or the numbers of patients.

    Parameters
    ----------
    state : State
        The counts.
    weights : {"inverse-variance", "patients"}
        The first is that of the R package 'BOIN'; it lets a 0 of 3 outweigh a 1 of 3 by far.

    Raises
    ------
    ValueError
        If the weights are unknown.

    References
    ----------
    Liu S., Yuan Y. (2015), JRSS C 64:507-523; function ``select.mtd`` of the R package 'BOIN'.

    Examples
    --------
    >>> isotonic_dlt(State((3, 6, 9, 0), (0, 2, 4, 0))).round(2).tolist()
    [0.02, 0.34, 0.45, nan]
    """
    if weights not in ("inverse-variance", "patients"):
        raise ValueError(f"weights '{weights}'; accepted: 'inverse-variance', 'patients'")
    n, y = np.array(state.n, dtype=float), np.array(state.dlt, dtype=float)
    tried = n > 0
    n, y = n[tried], y[tried]
    mean = (y + 0.05) / (n + 0.1)
    variance = (y + 0.05) * (n - y + 0.05) / ((n + 0.1) ** 2 * (n + 1.1))
    estimate = np.full(state.doses, np.nan)
    estimate[tried] = pool_adjacent_violators(mean, n if weights == "patients" else 1 / variance)
    return estimate


def isotonic_mtd(state: State, levels: Set[int], target: float, *, weights: Weights = "inverse-variance") -> int | None:
    """Return the level whose isotonic estimate is nearest to the target, None if there is no level to choose from.

    Only the levels to choose from enter the estimate. Of levels with the same estimate the highest is taken when they
    are below the target, the lowest when they are above.

    Parameters
    ----------
    state : State
        The counts.
    levels : set of int
        The levels to choose from: tried and not eliminated.
    target : float
        The DLT probability that is aimed at.
    weights : {"inverse-variance", "patients"}
        See `isotonic_dlt`.

    References
    ----------
    Liu S., Yuan Y. (2015), JRSS C 64:507-523; function ``select.mtd`` of the R package 'BOIN'.

    Examples
    --------
    >>> isotonic_mtd(State((3, 3, 15, 9, 0), (0, 0, 4, 4, 0)), {1, 2, 3, 4}, 0.30)
    3
    """
    kept = tuple(n if level in levels else 0 for level, n in enumerate(state.n, start=1))
    dlt = tuple(y if level in levels else 0 for level, y in enumerate(state.dlt, start=1))
    estimate = isotonic_dlt(State(kept, dlt), weights=weights)
    if np.all(np.isnan(estimate)):
        return None
    ranked = estimate + 1e-10 * np.arange(1, state.doses + 1)
    return int(np.nanargmin(np.abs(ranked - target))) + 1
