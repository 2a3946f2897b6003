"""The yardstick: what someone who knows numba would write by hand for this one model.

One pass over a padded subject-by-sample grid gives the M3 log-likelihood of `stein_smooth`'s levels, each patient's ln
AUC0-28, and the gradients of both, for parameters (ln Cmax, ln Tmax, ln C0, ln alpha, logit FB, ln beta). Every
derivative is worked out on paper. The area is the closed form of the *piecewise* curve, as one would write it by hand:
0.06% above the smooth curve's, and cheaper than what the package computes, so the yardstick is the stricter for it.

No fastmath, as in the package. Nothing to run here: ``gradient.py`` times it, ``tests/benchmarks`` holds it to NumPy.
"""

from math import erfc, exp, log, log1p, pi, sqrt
from typing import NamedTuple

import numba as nb
import numpy as np
import xarray as xr

from cartmodel.kinetics.stein_smooth import WIDTH

PARAMETERS = ("cmax", "tmax", "c0", "alpha", "fb", "beta")
END = 28.0
_HALF_LOG_2PI = 0.5 * log(2.0 * pi)
_FAR = 30.0  # widths from the peak: beyond, the softened clock is exact in double precision


class Grid(NamedTuple):
    """Samples of a trial: each over (subject, sample), the first ``count`` of a row being real ones."""

    time: np.ndarray
    level: np.ndarray
    blq: np.ndarray
    count: np.ndarray


class Slopes(NamedTuple):
    """What the kernel fills: ln AUC0-28, the gradients of log-likelihood and ln AUC0-28, both (6, subjects)."""

    log_area: np.ndarray
    of_likelihood: np.ndarray
    of_log_area: np.ndarray


def grid_of(data: xr.Dataset, assay: str = "qpcr") -> Grid:
    """Return the grid of a trial from ``cartmodel.equations.design``."""
    seen = data[f"seen_level_{assay}"].values
    names = (f"time_{assay}", f"level_{assay}", f"blq_{assay}")
    return Grid(*(np.ascontiguousarray(data[name].values) for name in names), seen.sum(axis=1).astype(np.int64))


def empty_slopes(subjects: int) -> Slopes:
    """Return room for the kernel's answers."""
    return Slopes(np.zeros(subjects), np.zeros((6, subjects)), np.zeros((6, subjects)))


@nb.njit
def fused(theta: np.ndarray, sigma: float, grid: Grid, out: Slopes, with_area: bool) -> tuple[float, float]:
    """Fill ``out`` and return the log-likelihood with its derivative in ``sigma``."""
    total, slope_sigma = 0.0, 0.0
    inverse, log_sigma = 1.0 / sigma, log(sigma)
    for k in range(theta.shape[1]):
        top, peak, fast, slow = theta[0, k], exp(theta[1, k]), exp(theta[3, k]), exp(theta[5, k])
        share = 1.0 / (1.0 + exp(-theta[4, k]))
        fold = top - theta[2, k]
        tail = exp(-abs(fold))
        growth = (max(fold, 0.0) + log1p(tail)) / peak
        growth_slope = (1.0 / (1.0 + tail) if fold >= 0.0 else tail / (1.0 + tail)) / peak  # in ln Cmax
        g0, g1, g2, g3, g4, g5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(grid.count[k]):
            days = grid.time[k, i] - peak
            z = days / WIDTH
            if z > _FAR:
                since, on = days, 1.0
            elif z < -_FAR:
                since, on = 0.0, 0.0
            else:
                tail = exp(-abs(z))
                since = WIDTH * (max(z, 0.0) + log1p(tail))
                on = 1.0 / (1.0 + tail) if z >= 0.0 else tail / (1.0 + tail)
            before = days - since
            first, second = (1.0 - share) * exp(-fast * since), share * exp(-slow * since)
            both = first + second
            of_fast = first / both
            of_slow = 1.0 - of_fast
            r = (grid.level[k, i] - top - growth * before - log(both)) * inverse
            if grid.blq[k, i] > 0.0:
                below = 0.5 * erfc(-r * sqrt(0.5))
                if below > 1e-280:
                    total += log(below)
                    hazard = exp(-0.5 * r * r - _HALF_LOG_2PI) / below
                else:  # Mills' ratio, 37 SDs out
                    total += -0.5 * r * r - log(-r) - _HALF_LOG_2PI
                    hazard = -r
                w = -hazard * inverse
                slope_sigma -= hazard * r * inverse
            else:
                total -= 0.5 * r * r + log_sigma + _HALF_LOG_2PI
                w = r * inverse
                slope_sigma += (r * r - 1.0) * inverse
            g0 += w * (1.0 + before * growth_slope)
            g1 += w * peak * ((of_fast * fast + of_slow * slow) * on - growth * (1.0 - on) - growth * before / peak)
            g2 -= w * before * growth_slope
            g3 -= w * of_fast * fast * since
            g4 += w * (of_slow * (1.0 - share) - of_fast * share)
            g5 -= w * of_slow * slow * since
        of = out.of_likelihood
        of[0, k], of[1, k], of[2, k], of[3, k], of[4, k], of[5, k] = g0, g1, g2, g3, g4, g5
        if with_area:
            _area(k, top, peak, growth, growth_slope, fast, share, slow, out)
    return total, slope_sigma


@nb.njit
def _area(k, top, peak, growth, growth_slope, fast, share, slow, out):
    falling, rising = max(END - peak, 0.0), min(END - peak, 0.0)
    upper, lower = exp(growth * rising), exp(-growth * peak)
    left_fast, left_slow = exp(-fast * falling), exp(-slow * falling)
    rise = (upper - lower) / growth
    first, second = (1.0 - share) * (1.0 - left_fast) / fast, share * (1.0 - left_slow) / slow
    total = rise + first + second
    in_growth = (rising * upper + peak * lower - rise) / growth
    in_peak = lower - (upper if rising < 0.0 else (1.0 - share) * left_fast + share * left_slow)
    out.log_area[k] = top + log(total)
    of = out.of_log_area
    of[0, k] = 1.0 + in_growth * growth_slope / total
    of[1, k] = (in_peak * peak - in_growth * growth) / total
    of[2, k] = -in_growth * growth_slope / total
    of[3, k] = ((1.0 - share) * falling * left_fast - first) / total
    of[4, k] = ((1.0 - left_slow) / slow - (1.0 - left_fast) / fast) * share * (1.0 - share) / total
    of[5, k] = (share * falling * left_slow - second) / total
