r"""The smooth-peak twin of `stein`, for sampling.

Two kinks of the exact curve stop a gradient-based sampler: the switch at Tmax, and a growth rate that may reach 0. Here

.. math::

    \rho = \ln(1 + C_{max}/C_0) / T_{max}, \qquad
    d = w \ln(1 + e^{(t - T_{max})/w}), \qquad
    \ln C(t) = \ln C_{max} + \rho (t - T_{max} - d) + \ln[(1 - F_B) e^{-\alpha d} + F_B e^{-\beta d}]

that is, the clock of the decline starts softly within a width w around Tmax. As w goes to 0 this is `stein` with the
starting level C0 Cmax / (C0 + Cmax). The width is measured, not guessed: see ``docs/smoothing.md``.
"""

from typing import Any

from cartmodel.kinetics.stein import area, log_decline
from cartmodel.kinetics.structure import fraction, positive, structure

WIDTH = 0.05
"""Width w in days: 2.2% below Cmax and 0.06% below AUC0-28 of the typical patient."""

_NODES = 6
_POWER = 3  # of q = v**3: the weak singularity q**(alpha w) at 0 costs plain q two digits
_FAR = 36.0  # widths: beyond, the two curves agree to double precision


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
    """Return the area under `stein_smooth` between two times (level x days).

    The closed form of the piecewise curve, plus the integral of the difference of the two curves. On either side of
    Tmax the difference falls like q = exp(-abs(t - Tmax) / w), and in the cube root of q it is a nearly polynomial
    function on (0, 1), for which a few Gauss-Legendre nodes suffice: the relative error is below 1e-6 (held against
    adaptive quadrature by the tests).
    """
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    decline = {"alpha": alpha, "fb": fb, "beta": beta}

    def falling(v: Any) -> Any:
        q = v**_POWER
        since = -width * xp.log(q)
        late = width * xp.log1p(q)
        exact = log_decline(xp, since, **decline)
        shift = log_decline(xp, since + late, **decline) - exact - rho * late
        return _POWER * xp.exp(exact) * xp.expm1(shift) / v

    def rising(v: Any) -> Any:
        q = v**_POWER
        late = width * xp.log1p(q)
        shift = log_decline(xp, late, **decline) - rho * late
        return _POWER * xp.exp(rho * width * xp.log(q)) * xp.expm1(shift) / v

    def nearness(days: Any) -> Any:
        return xp.exp(-xp.minimum(xp.maximum(days / width, 0.0), _FAR) / _POWER)

    after = xp.quadrature(falling, nearness(end - tmax), nearness(start - tmax), nodes=_NODES)
    before = xp.quadrature(rising, nearness(tmax - start), nearness(tmax - end), nodes=_NODES)
    sharp = area(xp, start, end, cmax=cmax, tmax=tmax, rho=rho, **decline)
    return sharp + cmax * width * (after + before)


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
    before = -width * xp.softplus((tmax - t) / width)
    return xp.log(cmax) + rho * before + log_decline(xp, since, alpha=alpha, fb=fb, beta=beta)
