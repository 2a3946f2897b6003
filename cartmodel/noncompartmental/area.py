"""Areas under sampled profiles by the trapezoidal rules."""

from dataclasses import dataclass

import numpy as np

from cartmodel.noncompartmental.profiles import Profiles
from cartmodel.noncompartmental.rules import BlqValue, NcaRules


@dataclass(frozen=True, eq=False)
class Knots:
    """What is joined: the samples that count, from the infusion on, and how each pair of neighbours is joined.

    Parameters
    ----------
    time, level : ndarray (patients, knots)
        The first knot is time 0; a row with fewer knots repeats its last one. NaN for a patient without any
        quantified sample.
    log : ndarray (patients, knots - 1)
        Whether a segment is log-linear.
    """

    time: np.ndarray
    level: np.ndarray
    log: np.ndarray

    def areas(self) -> np.ndarray:
        """Return the area (level x days) from 0 to each knot."""
        pieces = segment_area(np.diff(self.time, axis=1), self.level[:, :-1], self.level[:, 1:], self.log)
        return np.concatenate([np.zeros_like(self.time[:, :1]), np.cumsum(pieces, axis=1)], axis=1)


def knots_of(profiles: Profiles, rules: NcaRules, *, to_first_blq: bool) -> Knots:
    """Return the knots of each profile, up to Tlast or up to the first BLQ sample after it."""
    quantified, blq, places = profiles.quantified, profiles.blq, np.arange(profiles.time.shape[1])
    seen = np.cumsum(quantified, axis=1)
    left = seen[:, -1:] - seen
    value, keep = profiles.level.copy(), quantified.copy()
    regions: list[tuple[np.ndarray, BlqValue]] = [
        (blq & (seen == 0), rules.blq_before),
        (blq & (seen > 0) & (left > 0), rules.blq_between),
    ]
    if to_first_blq:
        last = np.where(quantified, places, -1).max(axis=1, initial=-1)
        regions.append((blq & (places == last[:, None] + 1), rules.blq_after))
    for region, rule in regions:
        keep |= region & (rule != "drop")
        value = np.where(region, _counts_for(rule, profiles), value)
    if (missing := keep & np.isnan(value)).any():
        row, sample = (int(place[0]) for place in np.nonzero(missing))
        raise ValueError(
            f"row {row}, day {profiles.time[row, sample]:g}: a BLQ sample without an LLOQ; accepted: its LLOQ, or the "
            "BLQ rule 'zero' or 'drop'"
        )
    keep &= seen[:, -1:] > 0
    return _joined(*_from_zero(np.where(keep, profiles.time, np.nan), value, keep, rules), rules)


def _counts_for(rule: BlqValue, profiles: Profiles) -> np.ndarray | float:
    match rule:
        case "zero" | "drop":
            return 0.0
        case "half lloq":
            return np.broadcast_to(0.5 * np.asarray(profiles.lloq), profiles.time.shape)
        case "lloq":
            return np.broadcast_to(np.asarray(profiles.lloq), profiles.time.shape)


def _from_zero(time: np.ndarray, level: np.ndarray, keep: np.ndarray, rules: NcaRules) -> tuple[np.ndarray, np.ndarray]:
    """Return the knots, left-aligned after a knot at time 0, with the last one repeated."""
    order = np.argsort(~keep, axis=1, kind="stable")
    time, level = np.take_along_axis(time, order, axis=1), np.take_along_axis(level, order, axis=1)
    count = keep.sum(axis=1)
    some = count > 0
    beyond = np.arange(time.shape[1]) >= count[:, None]
    final = np.maximum(count - 1, 0)[:, None]
    time = np.where(beyond, np.take_along_axis(time, final, axis=1), time)
    level = np.where(beyond, np.take_along_axis(level, final, axis=1), level)
    at_zero = time[:, 0] == 0
    starts_at_first = at_zero | (rules.start == "first sample")
    start = np.where(some, np.where(starts_at_first, level[:, 0], 0.0), np.nan)
    zero = np.where(some, 0.0, np.nan)
    return np.column_stack([zero, time]), np.column_stack([start, np.where(some[:, None], level, np.nan)])


def _joined(time: np.ndarray, level: np.ndarray, rules: NcaRules) -> Knots:
    after_peak = np.arange(level.shape[1] - 1) >= np.argmax(level, axis=1)[:, None]
    return Knots(time, level, _log_linear(level[:, :-1], level[:, 1:], after_peak, rules))


def _log_linear(before: np.ndarray, after: np.ndarray, after_peak: np.ndarray, rules: NcaRules) -> np.ndarray:
    able = (before > 0) & (after > 0) & (before != after)
    match rules.trapezoid:
        case "linear-up/log-down":
            return able & (after < before)
        case "linear":
            return np.zeros_like(able)
        case "linear-log":
            return able & after_peak


def segment_area(days: np.ndarray, before: np.ndarray, after: np.ndarray, log: np.ndarray) -> np.ndarray:
    r"""Return the areas of segments: :math:`\Delta t (C_1+C_2)/2`, or :math:`\Delta t (C_2-C_1)/\ln(C_2/C_1)`.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(2)
    >>> segment_area(one, 2 * one, one, np.array([False, True])).round(9).tolist()
    [1.5, 1.442695041]
    """
    straight = 0.5 * days * (before + after)
    # log1p keeps all digits where the two levels are nearly the same.
    change = np.where(log, (after - before) / np.where(log, before, 1.0), 1.0)
    return np.where(log, days * before * change / np.log1p(change), straight)


def area_until(knots: Knots, day: np.ndarray | float, rules: NcaRules) -> np.ndarray:
    """Return the area (level x days) from 0 to a day, per patient; up to the last knot where the day lies after it."""
    day = np.minimum(np.broadcast_to(np.asarray(day, dtype=float), knots.time.shape[:1]), knots.time[:, -1])
    place = np.clip((knots.time <= day[:, None]).sum(axis=1) - 1, 0, knots.log.shape[1] - 1)[:, None]

    def at(values: np.ndarray, shift: int = 0) -> np.ndarray:
        return np.take_along_axis(values, place + shift, axis=1)[:, 0]

    days, whole = day - at(knots.time), at(knots.time, 1) - at(knots.time)
    before, after, log = at(knots.level), at(knots.level, 1), at(knots.log)
    share = days / np.where(whole > 0, whole, 1.0)
    ratio = np.where(log, after, 1.0) / np.where(log, before, 1.0)
    level = np.where(log, before * ratio**share, before + (after - before) * share)
    if rules.at_cut == "point":
        log = _log_linear(before, level, place[:, 0] >= np.argmax(knots.level, axis=1), rules)
    # On its first knot a log segment has no length, and no ratio to take the log of.
    return at(knots.areas()) + segment_area(days, before, level, log & (level != before))
