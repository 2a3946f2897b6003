r"""The terminal rate lambda_z: the slope of ln level against time over the last quantified samples.

Least squares over the last n samples after Tmax, for every n from 3 on; of the fits that fall, the one with the most
samples whose adjusted R2 lies within a tolerance of the best of all fits. Where a fit that rises is the best, there is
none. This is the rule of the R package PKNCA (``pk.calc.half.life``).
"""

from dataclasses import dataclass
from math import log

import numpy as np

from cartmodel.noncompartmental.profiles import Profiles
from cartmodel.noncompartmental.rules import NcaRules


@dataclass(frozen=True, eq=False)
class Terminal:
    """lambda_z of each patient with its diagnostics; NaN where no fit is possible.

    Parameters
    ----------
    rate : ndarray (patients,)
        lambda_z (1/day).
    level_at_last : ndarray (patients,)
        Fitted level at Tlast.
    points : ndarray (patients,)
        Number of samples of the fit.
    adjusted_r2 : ndarray (patients,)
        R2 adjusted for the number of samples.
    span_ratio : ndarray (patients,)
        Days between the first and the last sample of the fit, in half-lives.
    reason : ndarray of str (patients,)
        Why the rate must not be used; empty where it may.
    """

    rate: np.ndarray
    level_at_last: np.ndarray
    points: np.ndarray
    adjusted_r2: np.ndarray
    span_ratio: np.ndarray
    reason: np.ndarray

    @property
    def half_life(self) -> np.ndarray:
        """The terminal half-life: ln 2 / lambda_z (days)."""
        return log(2.0) / self.rate


def terminal(profiles: Profiles, rules: NcaRules) -> Terminal:
    """Return lambda_z of each profile.

    Examples
    --------
    >>> import numpy as np
    >>> levels = np.array([[4.0, 8.0, 4.0, 2.0, 1.0]])
    >>> found = terminal(Profiles(np.arange(5.0)[None], levels), NcaRules(min_span_ratio=1.9))
    >>> found.half_life.round(12).tolist(), found.points.tolist(), found.reason.tolist()
    ([1.0], [3.0], [''])
    """
    from_last, usable = _candidates(profiles, rules)
    available = usable.sum(axis=1)
    fits = [_fit(profiles, usable & (from_last <= n), available >= n) for n in range(3, profiles.time.shape[1] + 1)]
    shape = (len(fits), len(available))
    rate, at_last, r2, days = (np.reshape([fit[i] for fit in fits], shape) for i in range(4))
    points = np.arange(3, len(fits) + 3)[:, None]
    allowed = ~np.isnan(r2) & (points >= rules.min_points)
    best = np.where(allowed, r2, -np.inf).max(axis=0, initial=-np.inf)
    good = allowed & (rate > 0) & (r2 >= best - rules.r2_tolerance)
    chosen = np.where(good, points, 0).max(axis=0, initial=0)
    row = np.maximum(chosen - 3, 0)[None]

    def of_chosen(values: np.ndarray) -> np.ndarray:
        if not len(values):
            return np.full(len(available), np.nan)
        return np.where(chosen > 0, np.take_along_axis(values, row, axis=0)[0], np.nan)

    rate, at_last, r2, days = (of_chosen(values) for values in (rate, at_last, r2, days))
    span = days * rate / log(2.0)
    reason = _reasons(available, chosen, r2, span, rules)
    return Terminal(rate, at_last, np.where(chosen > 0, chosen, np.nan), r2, span, reason)


def _candidates(profiles: Profiles, rules: NcaRules) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each usable sample counted from the last one, and which samples are usable."""
    level = np.where(profiles.quantified, profiles.level, -np.inf)
    place = np.arange(level.shape[1])
    peak = np.argmax(level, axis=1)[:, None]
    usable = profiles.quantified & ((place >= peak) if rules.include_tmax else (place > peak))
    return np.cumsum(usable[:, ::-1], axis=1)[:, ::-1], usable


def _fit(
    profiles: Profiles, used: np.ndarray, enough: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rate, fitted level at the last sample, adjusted R2 and days covered, over the samples used."""
    n = np.where(enough, used.sum(axis=1), 3)
    time = np.where(used, profiles.time, 0.0)
    logs = np.log(np.where(used, profiles.level, 1.0))
    mean_time, mean_log = time.sum(axis=1) / n, logs.sum(axis=1) / n
    x, y = np.where(used, time - mean_time[:, None], 0.0), np.where(used, logs - mean_log[:, None], 0.0)
    sxx, sxy, syy = (x * x).sum(axis=1), (x * y).sum(axis=1), (y * y).sum(axis=1)
    fitted = enough & (syy > 0)
    slope = np.where(fitted, sxy, np.nan) / np.where(fitted, sxx, 1.0)
    left = (np.where(used, y - slope[:, None] * x, 0.0) ** 2).sum(axis=1)
    r2 = 1.0 - left / np.where(fitted, syy, 1.0)
    adjusted = 1.0 - (1.0 - r2) * (n - 1) / (n - 2)
    last = time.max(axis=1)
    first = np.where(used, time, np.inf).min(axis=1)
    at_last = np.exp(mean_log + slope * (last - mean_time))
    return -slope, at_last, adjusted, last - np.where(enough, first, 0.0)


def _reasons(
    available: np.ndarray, chosen: np.ndarray, r2: np.ndarray, span: np.ndarray, rules: NcaRules
) -> np.ndarray:
    reason = np.full(len(available), "", dtype=object)
    bad_r2, bad_span = r2 < rules.min_adjusted_r2, span < rules.min_span_ratio
    for i in np.flatnonzero((chosen == 0) | bad_r2 | bad_span):
        if available[i] < rules.min_points:
            after = "from Tmax on" if rules.include_tmax else "after Tmax"
            reason[i] = f"quantified samples {after}: {available[i]} < {rules.min_points}"
        elif not chosen[i]:
            reason[i] = "no fall of ln level over the last samples"
        else:
            parts = [f"adjusted R2 {_cut(r2[i])} < {rules.min_adjusted_r2:g}"] if bad_r2[i] else []
            parts += [f"span ratio {_cut(span[i])} < {rules.min_span_ratio:g}"] if bad_span[i] else []
            reason[i] = "; ".join(parts)
    return reason


def _cut(value: float) -> str:
    """Return a number with digits cut off, not rounded: 1.996 must not be said to be 2 < 2."""
    return f"{np.floor(100.0 * value) / 100.0:g}"
