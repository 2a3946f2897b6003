"""A slow and obvious non-compartmental analysis of one profile: plain loops, quadrature, every regression."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, inf, log

import numpy as np
from scipy.integrate import quad
from scipy.stats import linregress

type Sample = tuple[float, float]


def counted(times: Sequence[float], levels: Sequence[float], lloq: float, before: str, between: str) -> list[Sample]:
    """The samples up to Tlast that count, after (0, 0); levels of 0 are BLQ."""
    worth = {"zero": 0.0, "half lloq": lloq / 2, "lloq": lloq}
    seen = [i for i, level in enumerate(levels) if level > 0]
    kept: list[Sample] = []
    for i in range(seen[-1] + 1):
        rule = before if i < seen[0] else between
        if levels[i] > 0:
            kept.append((times[i], levels[i]))
        elif rule != "drop":
            kept.append((times[i], worth[rule]))
    return kept if kept[0][0] == 0 else [(0.0, 0.0), *kept]


def curve(start: Sample, end: Sample, peak: float, trapezoid: str) -> Callable[[float], float]:
    (t0, c0), (t1, c1) = start, end
    falls = c1 < c0 if trapezoid == "linear-up/log-down" else t0 >= peak
    if trapezoid != "linear" and falls and c0 > 0 and c1 > 0:
        return lambda t: exp(log(c0) + (log(c1) - log(c0)) * (t - t0) / (t1 - t0))
    return lambda t: c0 + (c1 - c0) * (t - t0) / (t1 - t0)


def area(samples: Sequence[Sample], until: float, trapezoid: str) -> float:
    highest = max(level for _, level in samples)
    peak = next(time for time, level in samples if level == highest)
    total = 0.0
    for start, end in pairwise(samples):
        if start[0] < until:
            joined = curve(start, end, peak, trapezoid)
            total += quad(joined, start[0], min(end[0], until), epsabs=0.0, epsrel=1e-12)[0]
    return total


def lambda_z(times: Sequence[float], levels: Sequence[float]) -> tuple[float, int, float]:
    """Rate, number of samples and adjusted R2; the rate is NaN where there is none."""
    peak = levels.index(max(levels))
    usable = [(t, c) for t, c in zip(times[peak + 1 :], levels[peak + 1 :], strict=True) if c > 0]
    fits = []
    for n in range(3, len(usable) + 1):
        t, c = np.array(usable[-n:]).T
        fit = linregress(t, np.log(c))
        fits.append((-fit.slope, n, 1 - (1 - fit.rvalue**2) * (n - 1) / (n - 2)))
    best = max((r2 for _, _, r2 in fits), default=-inf)
    good = [fit for fit in fits if fit[0] > 0 and fit[2] > best - 1e-4]
    return good[-1] if good else (float("nan"), 0, float("nan"))
