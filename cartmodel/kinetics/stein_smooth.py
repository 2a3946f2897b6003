r"""The smooth-peak twin of `stein`, for sampling.

Two kinks of the exact curve stop a gradient-based sampler: the switch at Tmax, and a growth rate that may reach 0. Here

.. math::

    \rho = \ln(1 + C_{max}/C_0) / T_{max}, \qquad
    d = w \ln(1 + e^{(t - T_{max})/w}), \qquad
    w = 0.05 \, \mathrm{days}, \qquad
    \ln C(t) = \ln C_{max} + \rho (t - T_{max} - d) + \ln[(1 - F_B) e^{-\alpha d} + F_B e^{-\beta d}], \qquad
    C(0) = C_0 C_{max} / (C_0 + C_{max})

that is, the clock of the decline starts softly within a width w around Tmax. As w goes to 0 this is `stein` with the
starting level C0 Cmax / (C0 + Cmax). The width is measured, not guessed: see ``docs/smoothing.md``.
"""

from typing import Any

import numpy as np

from cartmodel.kinetics.stein import area, log_decline
from cartmodel.kinetics.structure import fraction, positive, structure

WIDTH = 0.05
"""Width w in days: 2.2% below Cmax and 0.06% below AUC0-28 of the typical patient."""

_NODES = 6
_POWER = 3  # of u = v**3: the weak singularity u**(rho w) at 0 costs plain u two digits
_FAR = 36.0  # widths: beyond, the two curves agree to double precision
_FLAT = 1e-8  # added to rate times width, so that 0/0 is no question; moves the area by less than 1e-9 of itself


def growth_rate(xp: Any, *, cmax: Any, tmax: Any, c0: Any) -> Any:
    """Return the growth rate rho (1/day), above 0 whatever the parameters."""
    return xp.softplus(xp.log(cmax) - xp.log(c0)) / tmax


def stein_smooth_integral(
    xp: Any,
    start: Any,
    end: Any,
    *,
    cmax: Any,
    tmax: Any,
    c0: Any,
    alpha: Any,
    fb: Any,
    beta: Any,
    width: float = WIDTH,
) -> Any:
    r"""Return the area under `stein_smooth` between two times (level x days).

    The closed form of the piecewise curve, plus the integral of what smoothing adds to it. With
    :math:`z = 1/(1 + e^{-(t - T_{max})/w})`, :math:`p = \rho w` and :math:`r = \alpha w` (or :math:`\beta w`) each
    phase of the curve is :math:`C_{max} z^p (1 - z)^r`, so its integral over all times is :math:`w B(p, r)`, where that
    of the piecewise curve is :math:`w (1/p + 1/r)`. Where a window ends within a few widths of the peak, the rest
    beyond it is an incomplete beta function, integrated in u, the distance from the peak on the scale on which both
    curves are powers; elsewhere that rest is 0. The relative error is below 1e-6 (held against adaptive quadrature by
    the tests).
    """
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    rise, fast, slow = (rate * width + _FLAT for rate in (rho, alpha, beta))

    def bend(fall: Any) -> Any:
        both = xp.gammaln(1.0 + rise) + xp.gammaln(1.0 + fall) - xp.gammaln(1.0 + rise + fall)
        return (1.0 / rise + 1.0 / fall) * xp.expm1(both)

    def beyond(days: Any) -> Any:
        rising = 1.0 * (days <= 0.0)

        def missing(v: Any) -> Any:
            log_v, late = xp.log(v), xp.log1p(v**_POWER)

            def phase(fall: Any) -> Any:
                power = rising * rise + (1.0 - rising) * fall
                return xp.exp((_POWER * power - 1.0) * log_v) * xp.expm1(-(rise + fall) * late)

            return _POWER * ((1.0 - fb) * phase(fast) + fb * phase(slow))

        near = xp.exp(-xp.minimum(xp.abs(days) / width, _FAR) / _POWER)
        rest = xp.quadrature(missing, np.exp(-_FAR / _POWER), near, nodes=_NODES)
        return rising * rest + (1.0 - rising) * (whole - rest)

    whole = (1.0 - fb) * bend(fast) + fb * bend(slow)
    sharp = area(xp, start, end, cmax=cmax, tmax=tmax, rho=rho, alpha=alpha, fb=fb, beta=beta)
    return sharp + cmax * width * (beyond(end - tmax) - beyond(start - tmax))


def stein_smooth_peak(
    xp: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any, width: float = WIDTH
) -> tuple[Any, Any]:
    """Return time and ln level of the highest point of `stein_smooth` from time 0 on.

    The slope is 0 where exp((t - Tmax)/w) = rho / a, a being the rate of decline at d. As a hardly changes over d < w,
    iterating this converges by a factor below 1e-3 a step; three steps from a(0) reach double precision.
    """
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    rate = (1.0 - fb) * alpha + fb * beta
    for _ in range(3):
        since = width * xp.log1p(rho / rate)
        slow = xp.expit(xp.logit(fb) + (alpha - beta) * since)
        rate = (1.0 - slow) * alpha + slow * beta
    time = xp.maximum(tmax + width * (xp.log(rho) - xp.log(rate)), 0.0)
    level = stein_smooth(xp, time, cmax=cmax, tmax=tmax, c0=c0, alpha=alpha, fb=fb, beta=beta, width=width)
    return time, level


@structure(
    "stein_smooth",
    integral=stein_smooth_integral,
    peak=stein_smooth_peak,
    cmax=positive("level"),
    tmax=positive("time"),
    c0=positive("level"),
    alpha=positive("1/time"),
    fb=fraction(),
    beta=positive("1/time"),
)
def stein_smooth(
    xp: Any, t: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any, width: float = WIDTH
) -> Any:
    """Stein's curve with a peak rounded over about a tenth of a day, for sampling.

    Parameters
    ----------
    xp, t, cmax, tmax, c0, alpha, fb, beta
        As in `stein`; ``cmax`` and ``tmax`` are those of the sharp peak, ``c0`` is approached from below.
    width : float
        Days over which the switch is spread.

    Returns
    -------
    array
        ln of the level.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> typical = dict(cmax=40000, tmax=11.0, c0=8, alpha=0.17, fb=0.00995, beta=0.0116)
    >>> np.exp(stein_smooth(xp, np.array([11.0, 28.0]), **typical)).round(1).tolist()
    [38711.3, 2527.1]
    """
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    since = width * xp.softplus((t - tmax) / width)
    before = t - tmax - since
    return xp.log(cmax) + rho * before + log_decline(xp, since, alpha=alpha, fb=fb, beta=beta)
