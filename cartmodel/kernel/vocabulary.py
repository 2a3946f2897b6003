"""The array vocabulary of recorded scalars: the same names as ``cartmodel.kinetics.vocabulary``."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cartmodel.kernel.expression import Loop, Node, Range, apply, constant, innermost, total

__all__ = [
    "abs", "exp", "expit", "expm1", "gammaln", "log", "log1p", "log_ndtr", "logaddexp", "logit", "maximum", "minimum",
    "quadrature", "softplus", "sqrt",
]  # fmt: skip

_HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66), start=1))


def _elementary(name: str) -> Callable[..., Node]:
    def function(*operands: Any) -> Node:
        return apply(name, *operands)

    return function


abs = _elementary("abs")  # noqa: A001
exp = _elementary("exp")
expit = _elementary("expit")
expm1 = _elementary("expm1")
log = _elementary("log")
log1p = _elementary("log1p")
log_ndtr = _elementary("log_ndtr")
maximum = _elementary("maximum")
minimum = _elementary("minimum")
sqrt = _elementary("sqrt")


def gammaln(x: Any) -> Node:
    """Return ln Gamma(x) for x > 0: Stirling's series (Abramowitz & Stegun 6.1.41) at x + 8, and the recurrence."""
    x = constant(x)
    product = x
    for k in range(1, 8):
        product = product * (x + float(k))
    y = x + 8.0
    inverse = 1.0 / y
    square = inverse * inverse
    series = constant(_STIRLING[-1])
    for coefficient in _STIRLING[-2::-1]:
        series = series * square + coefficient
    return (y - 0.5) * log(y) - y + _HALF_LOG_2PI + inverse * series - log(product)


def logaddexp(a: Any, b: Any) -> Node:
    """Return ln(exp(a) + exp(b)), without overflow."""
    return maximum(a, b) + log1p(exp(-abs(constant(a) - b)))


def logit(p: Any) -> Node:
    """Return ln(p / (1 - p))."""
    return log(p) - log1p(-constant(p))


def softplus(x: Any) -> Node:
    """Return ln(1 + exp(x)), without overflow."""
    return maximum(x, 0.0) + log1p(exp(-abs(x)))


def quadrature(integrand: Callable[[Any], Any], low: Any, high: Any, *, nodes: int) -> Node:
    """Return the Gauss-Legendre integral of ``integrand`` from ``low`` to ``high``.

    Where they meet it costs nothing, and has no slope: there both must be held by a maximum or minimum.
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    span = 0.5 * (constant(high) - low)
    somewhere = low + span * Node("table", (), None, ())  # never computed: it tells where the integrand changes
    around = innermost((span.loop, constant(integrand(somewhere)).loop))
    if around is None:  # a loop around everything would be that over the subjects
        return sum((integrand(low + span * (p + 1.0)) * v for p, v in zip(x, w, strict=True)), constant(0.0)) * span
    loop = Loop(around)
    apart = 1.0 - (span <= 0.0) * (span >= 0.0)
    point, weight = (Node("table", (), loop, tuple(values.tolist())) for values in (x, w))
    return total(integrand(low + span * (point + 1.0)) * weight, Range(loop, 0.0, nodes * apart)) * span
