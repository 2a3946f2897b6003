r"""Effector and memory cells with comedication: a differential equation, solved by Stein's curve without any.

Cells expand until Tmax, faster or slower by a factor from the first dose of tocilizumab and of a systemic steroid on;
then effector cells die or become memory cells, and memory cells are lost slowly (Stein et al. 2019, CPT Pharmacometrics
Syst Pharmacol 8:285):

.. math::

    C = E + M, \qquad
    E' = (1 - g) \rho(t) E - g \alpha E, \qquad
    M' = (1 - g) \rho(t) M + g (k E - \beta M), \qquad
    \rho(t) = \rho F_{toci}^{[t - d > t_{toci}]} F_{ster}^{[t - d > t_{ster}]}, \qquad
    \rho = \ln(1 + C_{max}/C_0) / T_{max}, \qquad
    g = 1 / (1 + e^{-(t - T_{max})/w}), \qquad
    d = w \ln(1 + e^{(t - T_{max})/w}), \qquad
    w = 0.05 \, \mathrm{days}, \qquad
    k = F_B (\alpha - \beta), \qquad
    E(0) = C_0 C_{max} / (C_0 + C_{max}), \qquad
    M(0) = 0

with g(t) rising from 0 to 1 around Tmax; comedication acts by the time spent expanding, t - d, which is t until then,
and a bracket is 1 where it holds, else 0. With a sharp g and no comedication this
is `stein`; with the g of `stein_smooth` it is that curve. The decline starts from the level that the expansion reached,
so Cmax and Tmax are those of a patient without comedication.
"""

from itertools import pairwise
from typing import Any

from cartmodel.kinetics.linear import log_total
from cartmodel.kinetics.stein_smooth import WIDTH, growth_rate
from cartmodel.kinetics.structure import fraction, positive, structure

_NODES = 10
_NEAR = (-36.0, -15.0, -5.0, 0.0, 5.0, 15.0, 36.0)  # widths from Tmax, between which the curve bends
_FALL = (3.0, 12.0)  # contractions later, until when it bends again


def expansion(xp: Any, t: Any, rho: Any, *, f_toci: Any, f_ster: Any, tocilizumab_day: Any, steroid_day: Any) -> Any:
    """Return the growth rate at time t (1/day)."""
    with_toci, with_ster = 1.0 * (t > tocilizumab_day), 1.0 * (t > steroid_day)
    return rho * (1.0 + (f_toci - 1.0) * with_toci) * (1.0 + (f_ster - 1.0) * with_ster)


def grown(xp: Any, t: Any, rho: Any, *, f_toci: Any, f_ster: Any, tocilizumab_day: Any, steroid_day: Any) -> Any:
    """Return the integral of `expansion` from time 0 to t; a drug given before the infusion acts from 0 on."""
    toci, ster = (xp.maximum(t - xp.maximum(day, 0.0), 0.0) for day in (tocilizumab_day, steroid_day))
    both = xp.minimum(toci, ster)
    return rho * (t + (f_toci - 1.0) * toci + (f_ster - 1.0) * ster + (f_toci - 1.0) * (f_ster - 1.0) * both)


def decline(effector: Any, memory: Any, *, alpha: Any, fb: Any, beta: Any) -> tuple[Any, Any]:
    """Return the derivatives of effector and memory cells after the expansion."""
    return -alpha * effector, fb * (alpha - beta) * effector - beta * memory


def right_hand_side(
    xp: Any, t: Any, effector: Any, memory: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any,
    width: float = WIDTH, **comedication: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Return the derivatives of effector and memory cells at time t."""
    late = xp.expit((t - tmax) / width)
    expanding = t - width * xp.softplus((t - tmax) / width)
    rate = (1.0 - late) * expansion(xp, expanding, growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0), **comedication)
    falling = decline(effector, memory, alpha=alpha, fb=fb, beta=beta)
    return rate * effector + late * falling[0], rate * memory + late * falling[1]


def effector_memory_integral(
    xp: Any, start: Any, end: Any, *, tmax: Any, tocilizumab_day: Any, steroid_day: Any, **rest: Any
) -> Any:
    """Return the area under `effector_memory` between two times (level x days), by Gauss-Legendre quadrature.

    The panels end where the curve bends: at the comedication, and a few widths around Tmax.
    """
    days = {"tocilizumab_day": tocilizumab_day, "steroid_day": steroid_day}

    def level(t: Any) -> Any:
        return xp.exp(effector_memory(xp, t, tmax=tmax, **days, **rest))

    fastest = xp.maximum(rest["alpha"], rest["beta"])
    edges = [*(tmax + n * WIDTH for n in _NEAR), *(tmax + _NEAR[-1] * WIDTH + n / fastest for n in _FALL)]
    for day in days.values():  # and when that much time was spent expanding
        left = xp.maximum((tmax - day) / WIDTH, 1e-12)
        edges = _inserted(xp, edges, tmax - WIDTH * (left + xp.log(-xp.expm1(-left))))
    edges = [start, *(xp.minimum(xp.maximum(edge, start), end) for edge in edges), end]
    panels = [xp.quadrature(level, low, high, nodes=_NODES) for low, high in pairwise(edges)]
    return sum(panels[1:], panels[0])


def _inserted(xp: Any, edges: list[Any], day: Any) -> list[Any]:
    """Return rising edges with one more among them."""
    between = [xp.maximum(low, xp.minimum(high, day)) for low, high in pairwise(edges)]
    return [xp.minimum(edges[0], day), *between, xp.maximum(edges[-1], day)]


def effector_memory_peak(
    xp: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any, **comedication: Any
) -> tuple[Any, Any]:
    """Return time and ln level of the highest point of `effector_memory` from time 0 on, as for `stein_smooth`."""
    rho = expansion(xp, tmax, growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0), **comedication)
    rate = (1.0 - fb) * alpha + fb * beta
    for _ in range(3):
        since = WIDTH * xp.log1p(rho / rate)
        slow = xp.expit(xp.logit(fb) + (alpha - beta) * since)
        rate = (1.0 - slow) * alpha + slow * beta
    time = xp.maximum(tmax + WIDTH * (xp.log(rho) - xp.log(rate)), 0.0)
    level = effector_memory(xp, time, cmax=cmax, tmax=tmax, c0=c0, alpha=alpha, fb=fb, beta=beta, **comedication)
    return time, level


@structure(
    "effector_memory",
    integral=effector_memory_integral,
    peak=effector_memory_peak,
    inputs=("tocilizumab_day", "steroid_day"),
    cmax=positive("level"),
    tmax=positive("time"),
    c0=positive("level"),
    alpha=positive("1/time"),
    fb=fraction(),
    beta=positive("1/time"),
    f_toci=positive("1", varies=False),
    f_ster=positive("1", varies=False),
)
def effector_memory(
    xp: Any, t: Any, *, cmax: Any, tmax: Any, c0: Any, alpha: Any, fb: Any, beta: Any, f_toci: Any, f_ster: Any,
    tocilizumab_day: Any, steroid_day: Any,
) -> Any:  # fmt: skip
    """Effector and memory cells, whose expansion changes with the first tocilizumab and steroid.

    Parameters
    ----------
    xp, t, cmax, tmax, c0, alpha, fb, beta
        As in `stein_smooth`, of a patient without comedication; ``fb`` is the share of the peak that becomes memory
        cells.
    f_toci, f_ster : array
        Factor of the growth rate from the first dose on.
    tocilizumab_day, steroid_day : array
        Day of the first dose, infinite without one.

    Returns
    -------
    array
        ln of the level: the solution of `right_hand_side` from ln C(0) without comedication.

    Notes
    -----
    While cells expand or decline the equation is linear with constant coefficients, and the two act one after the other
    on both kinds of cells. So its solution is an integral of the growth rate over the time spent expanding, and the
    exponential of the decline over the time spent declining: no steps, no error, no stiffness.

    Examples
    --------
    >>> import numpy as np
    >>> from cartmodel.kinetics import vocabulary as xp
    >>> typical = dict(cmax=24000, tmax=9.3, c0=24000 / 3900, alpha=0.16, fb=0.0079, beta=0.0032)
    >>> toci = dict(f_toci=1.2, f_ster=1.0, tocilizumab_day=5.7, steroid_day=np.inf)
    >>> np.exp(effector_memory(xp, np.array([5.0, 28.0]), **typical, **toci)).round(1).tolist()
    [524.5, 2605.4]
    """
    comedication = {"f_toci": f_toci, "f_ster": f_ster, "tocilizumab_day": tocilizumab_day, "steroid_day": steroid_day}
    rho = growth_rate(xp, cmax=cmax, tmax=tmax, c0=c0)
    declining = WIDTH * xp.softplus((t - tmax) / WIDTH)
    expanding = t - declining
    rise = grown(xp, expanding, rho, **comedication) - rho * tmax
    fall = log_total(xp, lambda e, m: decline(e, m, alpha=alpha, fb=fb, beta=beta), declining)
    return xp.log(cmax) + rise + fall
