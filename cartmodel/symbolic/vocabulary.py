"""The array vocabulary of PyTensor: the same names as ``cartmodel.kinetics.vocabulary``."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor import tensor
from pytensor.tensor import (
    abs,  # noqa: A004
    exp,
    expit,
    expm1,
    gammaln,
    log,
    log1p,
    maximum,
    minimum,
    sqrt,
)

__all__ = [
    "abs", "exp", "expit", "expm1", "gammaln", "log", "log1p", "log_ndtr", "logaddexp", "logit", "maximum", "minimum",
    "quadrature", "softplus", "sqrt",
]  # fmt: skip

pt: Any = tensor  # by its annotations most functions return something without operators


def logit(p: Any) -> Any:
    """Return ln(p / (1 - p))."""
    return pt.log(p) - pt.log1p(-p)


_FAR = 700.0  # exp(-x) is nearly 0 there, and exp(x), a branch that PyTensor adds and JAX differentiates, is finite


def softplus(x: Any) -> Any:
    """Return ln(1 + exp(x))."""
    return pt.maximum(x, 0.0) + pt.log1p(pt.exp(-pt.minimum(pt.abs(x), _FAR)))


def logaddexp(a: Any, b: Any) -> Any:
    """Return ln(exp(a) + exp(b))."""
    return pt.maximum(a, b) + pt.log1p(pt.exp(-pt.minimum(pt.abs(a - b), _FAR)))


def log_ndtr(x: Any) -> Any:
    """Return the log of the standard normal distribution function.

    Each branch sees only arguments that it can stand, so that neither it nor its gradient overflows where the other one
    is taken.
    """
    low, high = pt.minimum(x, -1.0), pt.maximum(x, -1.0)
    tail = pt.log(0.5 * pt.erfcx(-low / np.sqrt(2.0))) - 0.5 * pt.sqr(low)
    return pt.switch(x < -1.0, tail, pt.log1p(-0.5 * pt.erfc(high / np.sqrt(2.0))))


def quadrature(integrand: Callable[[Any], Any], low: Any, high: Any, *, nodes: int) -> Any:
    """Return the Gauss-Legendre integral of ``integrand`` from ``low`` to ``high``, element by element."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    span = 0.5 * (high - low)
    if not getattr(span, "ndim", 0):  # an axis of nodes would be taken for one of the integrand's own
        return sum(integrand(low + span * (point + 1.0)) * weight for point, weight in zip(x, w, strict=True)) * span
    shape = (nodes, *(1 for _ in range(span.ndim)))
    return pt.sum(integrand(low + span * (x.reshape(shape) + 1.0)) * w.reshape(shape), axis=0) * span
