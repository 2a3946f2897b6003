"""Which samples belong together in time: the visits of a schedule, or bins that a user states."""

import heapq
from collections.abc import Sequence

import numpy as np

_DAY, _SHARE = 1.0, 0.22  # widest visit: a day, or this share of its last day; days 10 and 14 stay two visits
_FULL = 0.5  # share of the patients in a visit, on average, below which there is no schedule


def visits(time: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Return the visit of each sample, numbered from 0 in order of time.

    Actual times scatter about nominal ones that a table need not hold. The two neighbouring visits that lie nearest
    each other (on the scale ln(1 + day)) are made one, again and again, but never two that would hold a patient twice,
    or that span more than a day and more than 22% of the last day. What is left between two visits, less than a quarter
    of either, joins them sample by sample under the same rule. If the visits found hold less than half of the patients
    on average, there was no common schedule, and a patient may be in a bin more than once.

    Parameters
    ----------
    time : ndarray (samples,)
        Days since the infusion.
    subject : ndarray (samples,)
        Number of the patient.

    Examples
    --------
    >>> visits(np.array([7.0, 14.1, 7.2, 13.8, 28.0]), np.array([0, 0, 1, 1, 1])).tolist()
    [0, 1, 0, 1, 2]
    """
    if not len(time):
        return np.array([], dtype=int)
    found = _without_scraps(time, subject, _merged(time, subject))
    full = len(time) / ((found.max() + 1) * len(np.unique(subject)))
    return found if full >= _FULL else _merged(time, np.arange(len(time)))


def _merged(time: np.ndarray, subject: np.ndarray) -> np.ndarray:
    days, which = np.unique(time, return_inverse=True)
    held: list[set[int]] = [set() for _ in days]
    for i, person in zip(which.tolist(), subject.tolist(), strict=True):
        held[i].add(person)
    last = list(range(len(days)))  # last day of the visit that begins at a day
    first = list(range(len(days)))  # first day of the visit that ends at a day
    begins = np.ones(len(days), dtype=bool)
    queue = [(float(gap), i) for i, gap in enumerate(np.diff(np.log1p(days)))]
    heapq.heapify(queue)
    while queue:  # a pair refused once stays refused: visits only grow
        _, i = heapq.heappop(queue)
        low, high = first[i], i + 1
        end = last[high]
        if days[end] - days[low] > max(_DAY, _SHARE * days[end]) or not held[low].isdisjoint(held[high]):
            continue
        held[low] |= held[high]
        begins[high] = False
        last[low], first[end] = end, low
    return (np.cumsum(begins) - 1)[which]


def _without_scraps(time: np.ndarray, subject: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the visits without those of a few samples between two large ones, where their samples can go elsewhere."""
    place = place.copy()
    sizes = np.bincount(place)
    for scrap in range(1, len(sizes) - 1):
        if 4 * sizes[scrap] >= min(sizes[scrap - 1], sizes[scrap + 1]):
            continue
        for i in np.flatnonzero(place == scrap).tolist():
            options = [v for v in (scrap - 1, scrap + 1) if _fits(time, subject, place == v, i)]
            if options:
                place[i] = min(options, key=lambda v, i=i: float(np.abs(np.median(time[place == v]) - time[i])))
    return np.unique(place, return_inverse=True)[1]


def _fits(time: np.ndarray, subject: np.ndarray, visit: np.ndarray, i: int) -> bool:
    days = np.append(time[visit], time[i])
    return subject[i] not in subject[visit] and float(np.ptp(days)) <= max(_DAY, _SHARE * float(days.max()))


def stated_bins(time: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Return the bin of each sample: ``edges[i] < time <= edges[i + 1]``; -1 outside.

    Raises
    ------
    ValueError
        If the edges do not increase, or are fewer than two.

    Examples
    --------
    >>> stated_bins(np.array([1.0, 7.0, 9.0]), [0, 7, 8]).tolist()
    [0, 0, -1]
    """
    given = np.asarray(edges, dtype=float)
    if given.ndim != 1 or len(given) < 2 or not (np.diff(given) > 0).all():
        raise ValueError(f"bins={edges!r}; accepted: two or more increasing days")
    place = np.searchsorted(given, time, side="left") - 1
    return np.where((place >= 0) & (place < len(given) - 1), place, -1)
