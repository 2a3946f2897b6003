"""Skeletons of a CRM: prior guesses of the DLT probabilities."""

from math import exp, log

from scipy.special import expit, logit

from cartmodel.escalation.crm import Curve
from cartmodel.escalation.interval import check_target


def indifference_skeleton(
    halfwidth: float, target: float, mtd: int, doses: int, *, curve: Curve = "empiric", intercept: float = 3.0
) -> tuple[float, ...]:
    """Return the skeleton whose indifference intervals around the target have a given halfwidth.

    Parameters
    ----------
    halfwidth : float
        If the true DLT probability of the chosen dose differs from the target by less, the CRM is content with it.
    target : float
        The DLT probability that is aimed at.
    mtd : int
        The level that is guessed to be the MTD.
    doses : int
        How many levels there are.
    curve : {"empiric", "logistic"}
        The model.
    intercept : float
        Of the logistic model.

    Raises
    ------
    ValueError
        If the interval leaves 0 to 1, or the guessed level does not exist.

    References
    ----------
    Lee S.M., Cheung Y.K. (2009), Clinical Trials 6:227-238; function ``getprior`` of the R package 'dfcrm'.

    Examples
    --------
    >>> [round(p, 4) for p in indifference_skeleton(0.07, 0.30, mtd=2, doses=3)]
    [0.1687, 0.3, 0.4429]
    """
    check_target(target)
    if not 0 < target - halfwidth < target < target + halfwidth < 1:
        raise ValueError(f"halfwidth {halfwidth} around {target}; accepted: an interval within 0 and 1")
    if not 1 <= mtd <= doses:
        raise ValueError(f"mtd {mtd}; accepted: 1 to {doses}")

    def scale(p: float) -> float:
        return log(p) if curve == "empiric" else float(logit(p)) - intercept

    # On this scale both models are proportional to exp(b), so neighbours differ by a constant factor.
    factor = scale(target + halfwidth) / scale(target - halfwidth)
    scaled = [scale(target) * factor ** (level - mtd) for level in range(1, doses + 1)]
    return tuple(exp(s) if curve == "empiric" else float(expit(intercept + s)) for s in scaled)
