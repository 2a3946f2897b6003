"""The parameters of a non-compartmental analysis, each with the reason where it is undefined."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cartmodel.noncompartmental.above_limit import above_words, undefined_above
from cartmodel.noncompartmental.area import Knots, area_until, knots_of
from cartmodel.noncompartmental.profiles import Profiles
from cartmodel.noncompartmental.rules import NcaRules
from cartmodel.noncompartmental.terminal import Terminal, terminal
from cartmodel.spec import exposure_name

NOT_QUANTIFIED = "no quantified sample"


@dataclass(frozen=True, eq=False)
class NcaParameter:
    """One parameter of all patients.

    Parameters
    ----------
    name : str
        ``cmax``, ``auc_0_28``, ...
    unit : str
        With ``level`` for the unit of the assay.
    value : ndarray (patients,)
        NaN where undefined.
    reason : ndarray of str (patients,)
        Why a value is NaN; empty where there is one.
    """

    name: str
    unit: str
    value: np.ndarray
    reason: np.ndarray


def nca_parameters(
    profiles: Profiles,
    *,
    windows: Sequence[tuple[float, float]] = ((0, 28), (0, 90)),
    persistence: Sequence[float] = (28, 90, 180),
    rules: NcaRules | None = None,
) -> tuple[NcaParameter, ...]:
    """Return the NCA parameters of profiles, as `nca` describes them.

    Raises
    ------
    ValueError
        If a window does not run forwards from day 0 on, a day of persistence is not after the infusion, or either
        stands twice.

    Examples
    --------
    >>> import numpy as np
    >>> halving = Profiles(np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[8.0, 4.0, 2.0, 1.0]]))
    >>> found = {p.name: float(p.value[0]) for p in nca_parameters(halving, windows=[(0, 3)])}
    >>> round(found["auc_0_3"], 9)  # 7 / ln 2
    10.098865286
    """
    rules = NcaRules() if rules is None else rules
    for start, end in windows:
        if not 0 <= float(start) < float(end) < np.inf:
            raise ValueError(f"window ({start!r}, {end!r}); accepted: days with 0 <= start < end")
    for day in persistence:
        if not 0 < float(day) < np.inf:
            raise ValueError(f"persistence on day {day!r}; accepted: days after the infusion, > 0")
    if len({(start, end) for start, end in windows}) < len(windows) or len(set(persistence)) < len(persistence):
        raise ValueError(f"windows {windows!r}, persistence {persistence!r}; accepted: each of them once")
    found = [*_peak_and_last(profiles, rules), *_areas(profiles, windows, rules), *_terminal(terminal(profiles, rules))]
    found += [_time_to_blq(profiles), *(_persistence(profiles, day, rules) for day in persistence)]
    areas = {exposure_name(start, end): (float(start), float(end)) for start, end in windows}
    for parameter in found if profiles.high.any() else ():
        undefined = undefined_above(profiles, parameter.name, rules, areas.get(parameter.name))
        parameter.value[undefined] = np.nan
        for row in np.flatnonzero(undefined):
            parameter.reason[row] = above_words(profiles, int(row))
    silent = ~profiles.quantified.any(axis=1)
    for parameter in found:
        parameter.value[silent] = np.nan
        parameter.reason[silent] = NOT_QUANTIFIED
    return tuple(found)


def _parameter(name: str, unit: str, value: np.ndarray, why: Callable[[int], str] | None = None) -> NcaParameter:
    value = np.array(value, dtype=float)
    reason = np.full(len(value), "", dtype=object)
    if why is not None:
        for i in np.flatnonzero(np.isnan(value)):
            reason[i] = why(int(i))
    return NcaParameter(name, unit, value, reason)


def _peak_and_last(profiles: Profiles, rules: NcaRules) -> Iterator[NcaParameter]:
    late, first = _late(profiles, rules), profiles.time[:, 0]
    level = np.where(profiles.quantified, profiles.level, -np.inf)
    peak = np.argmax(level, axis=1)[:, None]
    last = _last(profiles)[:, None]

    def why(i: int) -> str:
        return _unseen(first[i], rules)

    for name, unit, values in (("cmax", "level", profiles.level), ("tmax", "day", profiles.time)):
        yield _parameter(name, unit, np.where(late, np.nan, np.take_along_axis(values, peak, axis=1)[:, 0]), why)
    yield _parameter("clast", "level", np.take_along_axis(profiles.level, last, axis=1)[:, 0])
    yield _parameter("tlast", "day", np.take_along_axis(profiles.time, last, axis=1)[:, 0])


def _late(profiles: Profiles, rules: NcaRules) -> np.ndarray:
    """Return whether the first sample comes too late to have seen the expansion."""
    return profiles.time[:, 0] > rules.first_sample


def _unseen(first: float, rules: NcaRules) -> str:
    return f"expansion not seen: first sample on day {first:g}, after day {rules.first_sample:g}"


def _widest_gap(profiles: Profiles, start: float, end: float) -> np.ndarray:
    """Return the longest stretch without a sample within a window (days), the infusion counting as a sample."""
    times = np.column_stack([np.zeros(len(profiles.time)), profiles.time])
    inside = np.nan_to_num(times.clip(start, end), nan=end)
    return np.diff(inside, axis=1, append=end).max(axis=1)


def _last(profiles: Profiles) -> np.ndarray:
    """Return the place of the last quantified sample; 0 where there is none."""
    return np.where(profiles.quantified, np.arange(profiles.time.shape[1]), 0).max(axis=1)


def _areas(profiles: Profiles, windows: Sequence[tuple[float, float]], rules: NcaRules) -> Iterator[NcaParameter]:
    to_last, to_blq = (knots_of(profiles, rules, to_first_blq=further) for further in (False, True))
    late, first = _late(profiles, rules), profiles.time[:, 0]
    for name, joined in (("auc_last", to_last), ("auc_all", to_blq)):
        area = np.where(late, np.nan, joined.areas()[:, -1])
        yield _parameter(name, "level x day", area, lambda i: _unseen(first[i], rules))
    slope = terminal(profiles, rules) if rules.after_last in ("observed", "predicted") else None
    knots = to_blq if rules.after_last == "triangle" else to_last
    final = np.where(profiles.taken, profiles.time, -np.inf).max(axis=1)
    for start, end in windows:
        value = _until(knots, end, slope, rules) - _until(knots, start, slope, rules)
        needed = rules.completeness * end
        empty = ~((profiles.time >= start) & (profiles.time <= end)).any(axis=1) & (rules.completeness > 0)
        unseen, gap = late & (start < first), _widest_gap(profiles, float(start), float(end))
        value[(final < needed) | empty | unseen | (gap > rules.largest_gap * end)] = np.nan

        def why(
            i: int,
            needed: float = needed,
            empty: np.ndarray = empty,
            unseen: np.ndarray = unseen,
            gap: np.ndarray = gap,
            window: tuple[float, float] = (start, end),
        ) -> str:
            days = f"{window[0]:g} to {window[1]:g}"
            if final[i] < needed:
                return f"no sample from day {np.ceil(10 * needed) / 10:g} on"
            if empty[i]:
                return f"no sample from day {days}"
            if unseen[i]:
                return _unseen(first[i], rules)
            if gap[i] > rules.largest_gap * window[1]:
                return f"{gap[i]:.3g} days without a sample from day {days}"
            return "" if slope is None else f"no lambda_z to go on with after Tlast: {slope.reason[i]}"

        yield _parameter(exposure_name(start, end), "level x day", value, why)


def _until(knots: Knots, day: float, slope: Terminal | None, rules: NcaRules) -> np.ndarray:
    area = area_until(knots, day, rules)
    if slope is None:
        return area
    beyond = day - knots.time[:, -1]
    tail = knots.level[:, -1] if rules.after_last == "observed" else slope.level_at_last
    rate = np.where(slope.reason == "", slope.rate, np.nan)
    return area + np.where(beyond > 0, -tail * np.expm1(-rate * np.maximum(beyond, 0.0)) / rate, 0.0)


def _terminal(found: Terminal) -> Iterator[NcaParameter]:
    refused = found.reason != ""

    def why(i: int) -> str:
        return found.reason[i]

    yield _parameter("lambda_z", "1/day", np.where(refused, np.nan, found.rate), why)
    yield _parameter("half_life", "day", np.where(refused, np.nan, found.half_life), why)
    yield _parameter("lambda_z_points", "samples", found.points, why)
    yield _parameter("lambda_z_adjusted_r2", "1", found.adjusted_r2, why)
    yield _parameter("lambda_z_span_ratio", "1", found.span_ratio, why)


def _time_to_blq(profiles: Profiles) -> NcaParameter:
    peak = np.argmax(np.where(profiles.quantified, profiles.level, -np.inf), axis=1)[:, None]
    later = profiles.blq & (np.arange(profiles.time.shape[1]) > peak)
    first = np.where(later, profiles.time, np.inf).min(axis=1)
    final = np.where(profiles.taken, profiles.time, 0.0).max(axis=1)
    value = np.where(np.isinf(first), np.nan, first)
    return _parameter("time_to_blq", "day", value, lambda i: f"no BLQ sample after the peak up to day {final[i]:g}")


def _persistence(profiles: Profiles, day: float, rules: NcaRules) -> NcaParameter:
    tlast = np.take_along_axis(profiles.time, _last(profiles)[:, None], axis=1)[:, 0]
    gone = np.where(profiles.blq & (profiles.time > tlast[:, None]), profiles.time, np.inf).min(axis=1)
    near = (tlast >= rules.completeness * day) & (rules.completeness > 0)
    value = np.where((tlast >= day) | (near & (gone > day)), 1.0, np.where(gone <= day, 0.0, np.nan))

    def why(i: int) -> str:
        if np.isinf(gone[i]):
            return f"no sample after day {tlast[i]:g}"
        return f"lost between day {tlast[i]:g} and day {gone[i]:g}"

    return _parameter(f"persistence_{day:g}".replace(".", "p"), "0/1", value, why)
