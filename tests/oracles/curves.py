"""Stein's curve, sharp and smooth, of one patient at one time, in plain Python; areas by adaptive quadrature."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

from scipy.integrate import quad
from scipy.optimize import minimize_scalar

type Curve = Callable[[float], float]


def sharp(*, cmax: float, tmax: float, c0: float, alpha: float, fb: float, beta: float) -> Curve:
    """Section 1.1 of the domain file: exponential growth from C0, then the biexponential decline from Cmax."""

    def level(t: float) -> float:
        if t < tmax:
            return c0 * (cmax / c0) ** (t / tmax)
        return (1 - fb) * cmax * math.exp(-alpha * (t - tmax)) + fb * cmax * math.exp(-beta * (t - tmax))

    return level


def smooth(*, cmax: float, tmax: float, c0: float, alpha: float, fb: float, beta: float, width: float) -> Curve:
    """Both clocks, that of the growth and that of the decline, switch over ``width`` days around Tmax."""
    rho = math.log(1 + cmax / c0) / tmax

    def level(t: float) -> float:
        late = (t - tmax) / width
        declined = width * (math.log1p(math.exp(-abs(late))) + max(late, 0.0))
        grown = t - declined  # at most Tmax, however late
        rise = math.exp(rho * (grown - tmax))
        return cmax * rise * ((1 - fb) * math.exp(-alpha * declined) + fb * math.exp(-beta * declined))

    return level


def area(level: Curve, start: float, end: float, edges: Iterable[float] = ()) -> float:
    """The area under a curve, integrated piece by piece between edges where it bends."""
    cuts = [start, *sorted(edge for edge in edges if start < edge < end), end]
    return math.fsum(quad(level, a, b, epsabs=0.0, epsrel=1e-12, limit=400)[0] for a, b in pairwise(cuts) if a < b)


def bends(tmax: float, width: float) -> list[float]:
    """Edges on both sides of a rounded peak."""
    return [tmax + step * width for step in (-400, -100, -40, -20, -8, -3, 0, 3, 8, 20, 40, 100, 400)]


def highest(level: Curve, low: float, high: float) -> tuple[float, float]:
    """Time and level of the one maximum between two times."""
    found = minimize_scalar(
        lambda t: -math.log(level(t)), bounds=(low, high), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x), level(float(found.x))
