r"""The exact piecewise curve of Stein et al. 2019 (CPT Pharmacometrics Syst Pharmacol 8:285).

.. math::

    C(t) = C_0 e^{\rho t}, \quad \rho = \ln(C_{max}/C_0) / T_{max} \quad (t < T_{max})

    C(t) = C_{max} [(1 - F_B) e^{-\alpha (t - T_{max})} + F_B e^{-\beta (t - T_{max})}] \quad (t \ge T_{max})
"""

from typing import Any

from cartmodel.kinetics.structure import fraction, positive, structure


def growth_rate(xp: Any, *, cmax: Any, tmax: Any, c0: Any) -> Any:
    """Return the net growth rate rho (1/day): the slope of ln C before the peak."""
    return (xp.log(cmax) - xp.log(c0)) / tmax


def log_decline(xp: Any, since_peak: Any, *, alpha: Any, fb: Any, beta: Any) -> Any:
    """Return ln of the biexponential decline, relative to its value at the peak."""
    return xp.logaddexp(xp.log1p(-fb) - alpha * since_peak, xp.log(fb) - beta * since_peak)


def exposed_days(xp: Any, rate: Any, span: Any) -> Any:
    """Return (1 - exp(-rate * span)) / rate, the integral of a decay over ``span`` days, also where the rate is 0."""
    safe = rate + 1e-12 * (xp.abs(rate) < 1e-12)
    return -xp.expm1(-safe * span) / safe


def area(xp: Any, start: Any, end: Any, *, cmax: Any, tmax: Any, rho: Any, alpha: Any, fb: Any, beta: Any) -> Any:
    """Return the area under the piecewise curve with growth rate ``rho`` between any two times."""
    grown, declined = xp.minimum(end, tmax), xp.maximum(end - tmax, 0.0)
    before, after = xp.minimum(start, tmax), xp.maximum(start - tmax, 0.0)
    rise = xp.exp(rho * (grown - tmax)) * exposed_days(xp, rho, grown - before)
    fast = (1.0 - fb) * xp.exp(-alpha * after) * exposed_days(xp, alpha, declined - after)
    slow = fb * xp.exp(-beta * after) * exposed_days(xp, beta, declined - after)
    return cmax * (rise + fast + slow)


def stein_integral(
    xp: Any, start: Any, end: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any
) -> Any:
    """Return the closed-form area under `stein` between two times (level x days)."""
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    return area(xp, start, end, cmax=cmax, tmax=tmax, rho=rho, alpha=alpha, fb=fb, beta=beta)


def stein_peak(xp: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any) -> tuple[Any, Any]:
    """Return time and ln level of the peak of `stein`: Tmax and Cmax, or time 0 and C0 of a curve that only falls."""
    rising = 1.0 * (c0 <= cmax)
    return rising * tmax, xp.log(xp.maximum(cmax, c0))


@structure(
    "stein",
    integral=stein_integral,
    peak=stein_peak,
    cmax=positive("level"),
    tmax=positive("time"),
    c0=positive("level"),
    alpha=positive("1/time"),
    fb=fraction(),
    beta=positive("1/time"),
)
def stein(xp: Any, t: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any) -> Any:
    """Stein's exact piecewise curve: exponential growth to a sharp peak, then a biexponential decline.

    Parameters
    ----------
    xp : module
        The array vocabulary.
    t : array
        Days after the infusion.
    cmax, tmax : array
        Level and time of the peak.
    c0 : array
        Level at time 0, after distribution.
    alpha, beta : array
        Rates of the contraction and of the persistence phase (1/day).
    fb : array
        Share of the peak that the persistence phase carries.

    Returns
    -------
    array
        ln of the level.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> typical = dict(cmax=24000, tmax=9.3, c0=24000 / 3900, alpha=0.16, fb=0.0079, beta=0.0032)
    >>> np.exp(stein(xp, np.array([9.3, 28.0]), **typical)).round(6).tolist()
    [24000.0, 1373.558776]
    """
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    rise = rho * xp.minimum(t - tmax, 0.0)
    decline = log_decline(xp, xp.maximum(t - tmax, 0.0), alpha=alpha, fb=fb, beta=beta)
    return xp.log(cmax) + rise + decline
