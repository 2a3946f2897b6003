"""The array vocabulary of NumPy: the functions of which every equation is made.

PyTensor's twin, with the same names, is ``cartmodel.symbolic.vocabulary``; a test holds the two to the same names and
values. All functions here are NumPy or SciPy ufuncs (or made of them), so they take floats, arrays and xarray objects,
and the last broadcast by dimension name. There is no ``where``: it hides NaN gradients in PyTensor, and curves on the
log scale do not need it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy import abs, exp, expm1, log, log1p, logaddexp, maximum, minimum, sqrt  # noqa: A004
from scipy.special import expit, gammaln, log_ndtr, logit  # pyright: ignore[reportMissingTypeStubs]

__all__ = [
    "abs", "exp", "expit", "expm1", "gammaln", "log", "log1p", "log_ndtr", "logaddexp", "logit", "maximum", "minimum",
    "quadrature", "softplus", "sqrt",
]  # fmt: skip


def softplus(x: Any) -> Any:
    """Return ln(1 + exp(x)), without overflow."""
    return np.logaddexp(0.0, x)


def quadrature(integrand: Callable[[Any], Any], low: Any, high: Any, *, nodes: int) -> Any:
    """Return the Gauss-Legendre integral of ``integrand`` from ``low`` to ``high``, element by element.

    The nodes lie on a new leading axis (dimension ``node`` for xarray), so what the integrand closes over broadcasts as
    it is.

    Examples
    --------
    >>> round(float(quadrature(np.cos, 0.0, np.pi / 2, nodes=8)), 12)
    1.0
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    span = 0.5 * (high - low)
    if isinstance(span, xr.DataArray):
        points, weights = xr.DataArray(x, dims="node"), xr.DataArray(w, dims="node")
        return (integrand(low + span * (points + 1.0)) * weights).sum("node") * span
    if np.ndim(span) == 0:  # an axis of nodes would be taken for one of the integrand's own
        return sum(integrand(low + span * (point + 1.0)) * weight for point, weight in zip(x, w, strict=True)) * span
    shape = (nodes, *(1 for _ in np.shape(span)))
    return (integrand(low + span * (x.reshape(shape) + 1.0)) * w.reshape(shape)).sum(axis=0) * span
