"""Area and peak of a curve that brings none of its own: by quadrature, and by search."""

from collections.abc import Callable
from itertools import pairwise
from math import inf
from typing import Any

_EDGES = (0.0, 7.0, 14.0, 21.0, 28.0, *(56.0 * 2.0**k for k in range(8)))  # weeks, then doubling: to twenty years
_NODES = 24
_SEARCHED = (*range(15), *range(16, 29, 2), *range(32, 61, 4), *range(70, 121, 10), *range(150, 361, 30))
_GOLDEN = (5.0**0.5 - 1.0) / 2.0
_STEPS = 22  # a bracket of two days shrinks to five seconds
_APART = 1e6  # days: more than any two of them


def numerical_integral(log_level: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function ``(xp, start, end, **parameters)`` for the area under a curve (level x days).

    Gauss-Legendre rules of 24 nodes in panels of a week up to day 28, then of doubling length, and one for what comes
    after twenty years: exact to 1e-8 or better where the curve is smooth over some days. A sharp corner (a switch at a
    peak) costs 0.05% of the area, hardly ever more than 0.5%.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> area = numerical_integral(lambda xp, t, *, rate: -rate * t)
    >>> float(np.round(area(xp, 0.0, 90.0, rate=0.5), 9))
    2.0
    """

    def integral(xp: Any, start: Any, end: Any, **parameters: Any) -> Any:
        def level(t: Any) -> Any:
            return xp.exp(log_level(xp, t, **parameters))

        fixed = isinstance(start, int | float) and isinstance(end, int | float)
        panels: list[Any] = []
        for low, high in pairwise((*_EDGES, inf)):
            last = end if high == inf else high
            if not fixed:
                inside = (xp.minimum(xp.maximum(edge, start), end) for edge in (low, last))
            elif last > start and low < end:
                inside = (max(low, start), min(last, end))
            else:
                continue
            panels.append(xp.quadrature(level, *inside, nodes=_NODES))
        return sum(panels[1:], panels[0]) if panels else 0.0 * level(start)

    return integral


def numerical_peak(log_level: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Return a function ``(xp, **parameters)`` for time and ln level of the highest point of a curve.

    The highest of the days 0 to 14, every second to 28, every fourth to 60, every tenth to 120, every thirtieth to 360,
    then golden-section search between its neighbours. Days after 360 are not looked at: of a curve that still rises
    then, day 360 is told.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> time, level = numerical_peak(lambda xp, t, *, top: -((t - top) ** 2))(xp, top=np.array([0.0, 9.3]))
    >>> time.round(4).tolist()
    [0.0, 9.3]
    """

    def peak(xp: Any, **parameters: Any) -> tuple[Any, Any]:
        def height(t: Any) -> Any:
            return log_level(xp, t, **parameters)

        # Choices are made by maximum and minimum: sums of products nested so deep stop PyTensor's simplifications
        best = height(0.0)
        time, low, high = 0.0 * best, 0.0 * best, 0.0 * best + _SEARCHED[1]
        for before, day, after in zip(_SEARCHED, _SEARCHED[1:], (*_SEARCHED[2:], _SEARCHED[-1]), strict=False):
            here = height(float(day))
            better = 1.0 * (here > best)
            time, low, high = (
                xp.maximum(old, new * better) for old, new in ((time, day), (low, before), (high, after))
            )
            best = xp.maximum(best, here)
        for _ in range(_STEPS):
            left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
            falls = 1.0 * (height(left) > height(right))  # then the peak lies before the right one of the two
            low, high = xp.maximum(low, left - _APART * falls), xp.minimum(high, right + _APART * (1.0 - falls))
        found = 0.5 * (low + high)
        better = 1.0 * (height(found) > best)
        time = time + better * (found - time)
        return time, height(time)

    return peak
