"""mTPI and mTPI-2: the modified toxicity probability interval designs."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import betainc

from cartmodel.escalation.design import SlotDesign, designs
from cartmodel.escalation.interval import Letter, Letters, check_target, exceeds, interval_design


def tiles(low: float, high: float, *, short: bool = True) -> tuple[list[float], int]:
    """Return the edges of tiles as wide as the target interval, laid outwards from it over 0 to 1, and its place.

    Parameters
    ----------
    low, high : float
        The target interval.
    short : bool
        Keep the shorter tiles that are left at 0 and 1.

    Examples
    --------
    >>> edges, place = tiles(0.25, 0.35)
    >>> [round(edge, 2) for edge in edges][:5], place
    ([0.0, 0.05, 0.15, 0.25, 0.35], 3)
    """
    width = high - low
    # Edges that should fall on 0 or 1 may miss them by rounding: no tile is narrower than a millionth.
    below = [max(low - k * width, 0.0) for k in range(1, int(low / width + 1e-6) + 1)]
    above = [min(high + k * width, 1.0) for k in range(1, int((1 - high) / width + 1e-6) + 1)]
    edges = [*reversed(below), low, high, *above]
    if short and edges[0] > 1e-6:
        edges.insert(0, 0.0)
    if short and edges[-1] < 1 - 1e-6:
        edges.append(1.0)
    return edges, edges.index(low)


def by_unit_probability_mass(
    edges: Sequence[float], place: int, *, target: float, cutoff: float = 0.95, eliminate_from: int = 1
) -> Letters:
    """Return the rule that acts on the side of the interval with the largest posterior probability per width.

    Parameters
    ----------
    edges : sequence of float
        Of the intervals, from low to high.
    place : int
        Which of them is the target interval, from 0.
    target : float
        The DLT probability that is aimed at.
    cutoff : float
        A dose is eliminated when Pr(p > target), Beta(1, 1) prior, is above.
    eliminate_from : int
        Patients at a dose needed to eliminate it.

    Examples
    --------
    >>> rule = by_unit_probability_mass([0, 0.25, 0.35, 1], 1, target=0.30)
    >>> [rule(6, dlt) for dlt in range(7)]
    ['E', 'E', 'S', 'S', 'DU', 'DU', 'DU']
    """
    widths = np.diff(edges)
    if np.any(widths <= 0) or not 0 <= place < len(widths):
        raise ValueError(
            f"intervals {list(pairwise(edges))}, target {place}; accepted: rising edges, one of their places"
        )
    bounds = np.asarray(edges, dtype=float)

    def letters(n: int, dlt: int) -> Letter:
        if n >= eliminate_from and exceeds(target, n, dlt) > cutoff:
            return "DU"
        mass = np.diff(betainc(1 + dlt, 1 + n - dlt, bounds)) / widths
        best = int(np.argmax(mass))
        return "E" if best < place else "D" if best > place else "S"

    return letters


def target_interval(target: float, below: float, above: float) -> tuple[float, float]:
    """Return the interval of DLT probabilities around the target in which a trial stays.

    Raises
    ------
    ValueError
        If it does not lie within 0 and 1, or a width is not positive.

    Examples
    --------
    >>> target_interval(0.30, 0.05, 0.05)
    (0.25, 0.35)
    """
    check_target(target)
    low, high = target - below, target + above
    if not (below > 0 and above > 0 and low > 0 and high < 1):
        raise ValueError(f"target {target} less {below} and plus {above}; accepted: positive widths, within 0 and 1")
    return low, high


def mtpi_letters(target: float, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95) -> Letters:
    """Return mTPI's rule: three intervals, below, around and above the target.

    Parameters
    ----------
    target : float
        The DLT probability that is aimed at.
    below, above : float
        Half widths of the target interval.
    cutoff : float
        A dose is eliminated when Pr(p > target) is above.

    References
    ----------
    Ji Y., Liu P., Li Y., Bekele B.N. (2010), Clinical Trials 7:653-663.

    Examples
    --------
    >>> mtpi_letters(0.30)(3, 1)
    'S'
    """
    low, high = target_interval(target, below, above)
    return by_unit_probability_mass([0.0, low, high, 1.0], 1, target=target, cutoff=cutoff)


def mtpi2_letters(target: float, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95) -> Letters:
    """Return mTPI-2's rule: tiles as wide as the target interval over 0 to 1, those at the ends shorter.

    Parameters
    ----------
    target, below, above, cutoff
        See `mtpi_letters`.

    References
    ----------
    Guo W., Wang S.-J., Yang S., Lynn H., Ji Y. (2017), Contemporary Clinical Trials 58:23-33.

    Examples
    --------
    >>> rule = mtpi2_letters(0.30)
    >>> [rule(6, dlt) for dlt in range(7)]
    ['E', 'E', 'S', 'D', 'DU', 'DU', 'DU']
    """
    edges, place = tiles(*target_interval(target, below, above))
    return by_unit_probability_mass(edges, place, target=target, cutoff=cutoff)


def mtpi(
    target: float = 0.30, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95, **conduct: Any
) -> SlotDesign:
    """Return the mTPI design.

    Parameters
    ----------
    target, below, above, cutoff
        See `mtpi_letters`.
    **conduct
        ``cohort``, ``max_patients`` and ``weights``, see `interval_design`.

    Examples
    --------
    >>> from cartmodel.escalation.state import State
    >>> mtpi(0.30).decide(State((6, 0), (3, 0))).action
    'stay'
    """
    return interval_design(mtpi_letters(target, below=below, above=above, cutoff=cutoff), target=target, **conduct)


def mtpi2(
    target: float = 0.30, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95, **conduct: Any
) -> SlotDesign:
    """Return the mTPI-2 design.

    Parameters
    ----------
    target, below, above, cutoff
        See `mtpi2_letters`.
    **conduct
        ``cohort``, ``max_patients`` and ``weights``, see `interval_design`.

    Examples
    --------
    >>> from cartmodel.escalation.state import State
    >>> mtpi2(0.30).decide(State((6, 6), (0, 3), current=2)).action
    'de-escalate'
    """
    return interval_design(mtpi2_letters(target, below=below, above=above, cutoff=cutoff), target=target, **conduct)


designs.add("mtpi", mtpi)
designs.add("mtpi-2", mtpi2)
