"""Linear systems of two differential equations, solved by their exponential instead of in steps."""

from collections.abc import Callable
from typing import Any


def log_total(xp: Any, derivative: Callable[[Any, Any], tuple[Any, Any]], days: Any) -> Any:
    r"""Return ln of the sum of both states after ``days``, from 1 in the first and 0 in the second.

    The system y' = A y is given by its right-hand side, whose values at (1, 0) and (0, 1) are the columns of A. With m
    half its trace and :math:`\delta^2 = m^2 - \det A \ge 0` (cells that pass from state to state never oscillate),

    .. math::

        e^{A t} = e^{(m + \delta) t} \left[ \tfrac{1 + e^{-2 \delta t}}{2} I
                  + \tfrac{1 - e^{-2 \delta t}}{2 \delta} (A - m I) \right]

    (Moler & Van Loan, SIAM Review 2003;45:3), of which the logarithm neither under- nor overflows. It is exact at any
    stiffness and over any number of days.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> chain = lambda first, second: (-0.5 * first, 0.5 * first - 0.1 * second)
    >>> float(np.exp(log_total(xp, chain, 4.0)).round(12))
    0.804066278049
    """
    (a11, a21), (a12, a22) = derivative(1.0, 0.0), derivative(0.0, 1.0)
    middle = 0.5 * (a11 + a22)
    half = 0.5 * (a11 - a22)
    spread = xp.sqrt(half * half + a12 * a21 + 1e-24)
    gone = -xp.expm1(-2.0 * spread * days)
    total = 1.0 - 0.5 * gone + 0.5 * gone / spread * (a11 - middle + a21)
    return (middle + spread) * days + xp.log(total)
