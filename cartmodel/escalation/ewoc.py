"""Classical EWOC: escalation with overdose control on a continuous dose."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root_scalar
from scipy.special import logit

from cartmodel.escalation.interval import check_target

_RULE, _WEIGHT = np.polynomial.legendre.leggauss(24)
_PANELS = 12  # between two neighbouring doses


def ewoc_dose(
    doses: Sequence[float],
    dlt: Sequence[bool],
    *,
    target: float,
    feasibility: float,
    lowest: float,
    highest: float,
) -> float:
    """Return the next dose of EWOC: the dose that exceeds the MTD with posterior probability ``feasibility``.

    ``logit p(x) = b0 + b1 x`` in terms of the DLT probability at the lowest dose, uniform on 0 to the target, and of
    the MTD, uniform on the lowest to the highest dose; the next dose is the ``feasibility`` quantile of the MTD. It has
    no stopping rule: the MTD is taken to lie within the range, so that DLTs at the lowest dose alone say nothing of it
    (the answer after 20 DLTs in 20 is that after none). Whether the lowest dose is safe must be asked otherwise.

    Parameters
    ----------
    doses : sequence of float
        Dose of each patient, in one unit throughout.
    dlt : sequence of bool
        Whether each patient had a DLT.
    target : float
        The DLT probability at the MTD.
    feasibility : float
        The probability of exceeding the MTD that is put up with.
    lowest, highest : float
        The range of doses.

    Raises
    ------
    ValueError
        If the range is empty, a dose lies outside it, or there is not one outcome for each dose.

    References
    ----------
    Babb J., Rogatko A., Zacks S. (1998), Statistics in Medicine 17:1103-1120.

    Examples
    --------
    >>> round(ewoc_dose([20] * 3, [False] * 3, target=0.33, feasibility=0.25, lowest=20, highest=100), 2)
    40.0
    """
    check_target(target)
    x, y = np.asarray(doses, dtype=float), np.asarray(dlt, dtype=bool)
    if not lowest < highest or not 0 < feasibility < 1:
        raise ValueError(f"doses {lowest} to {highest}, feasibility {feasibility}; accepted: a range, within 0 and 1")
    if x.shape != y.shape or np.any((x < lowest) | (x > highest)):
        raise ValueError(f"doses {list(doses)}; accepted: one for each outcome, from {lowest} to {highest}")
    # The density of the MTD bends at the doses given, and falls steeply towards the lowest: panels end there.
    knots = np.unique([lowest, *doses, highest])
    edges = np.concatenate([a + (b - a) * np.linspace(0, 1, _PANELS + 1)[:-1] ** 2 for a, b in pairwise(knots)])
    edges = np.append(edges, highest)

    def mass(start: float, end: float) -> float:
        at = start + (end - start) * (_RULE + 1) / 2
        return float(_density(at, x, y, target, lowest) @ _WEIGHT * (end - start) / 2)

    masses = np.array([mass(a, b) for a, b in pairwise(edges)])
    wanted = feasibility * masses.sum()
    panel = int(np.searchsorted(np.cumsum(masses), wanted))
    short = wanted - masses[:panel].sum()
    bracket = (float(edges[panel]), float(edges[panel + 1]))
    return float(root_scalar(lambda end: mass(bracket[0], end) - short, bracket=bracket, xtol=1e-12).root)


def _density(
    mtd: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.bool_], target: float, lowest: float
) -> NDArray[np.float64]:
    """Return the density of the MTD up to a constant: the likelihood averaged over the risk at the lowest dose."""
    panels = np.linspace(0, 1, _PANELS + 1) ** 2 * target
    width = np.diff(panels)[:, None]
    risk = (panels[:-1, None] + width * (_RULE + 1) / 2).ravel()
    weight = (width * _WEIGHT / 2).ravel()
    slope = (logit(target) - logit(risk)) / (mtd[:, None] - lowest)
    log_likelihood = np.zeros((len(mtd), len(risk)))
    for dose, toxic in zip(x, y, strict=True):
        eta = logit(risk) + slope * (dose - lowest)
        log_likelihood -= np.logaddexp(0, -eta if toxic else eta)
    return np.exp(log_likelihood) @ weight
