"""BOIN: the Bayesian optimal interval design."""

from math import log

from cartmodel.escalation.design import Filter, SlotDesign, designs
from cartmodel.escalation.interval import Letter, Letters, check_target, exceeds, interval_design
from cartmodel.escalation.isotonic import Weights
from cartmodel.escalation.state import State


def boin_boundaries(target: float, *, under: float | None = None, over: float | None = None) -> tuple[float, float]:
    """Return BOIN's two boundaries: escalate at or below the first DLT rate, de-escalate at or above the second.

    ``lambda_e = log[(1 - phi1) / (1 - phi)] / log[phi (1 - phi1) / (phi1 (1 - phi))]`` and
    ``lambda_d = log[(1 - phi) / (1 - phi2)] / log[phi2 (1 - phi) / (phi (1 - phi2))]``.

    Parameters
    ----------
    target : float
        The DLT probability phi that is aimed at.
    under : float, optional
        The highest DLT probability phi1 that is deemed too low; default 0.6 phi.
    over : float, optional
        The lowest DLT probability phi2 that is deemed too high; default 1.4 phi.

    Raises
    ------
    ValueError
        Unless 0 < under < target < over < 1.

    References
    ----------
    Liu S., Yuan Y. (2015), JRSS C 64:507-523; erratum JRSS C 71:491 (2022).

    Examples
    --------
    >>> [round(b, 7) for b in boin_boundaries(0.30)]
    [0.2364907, 0.3585195]
    """
    check_target(target)
    phi1 = 0.6 * target if under is None else under
    phi2 = 1.4 * target if over is None else over
    if not 0 < phi1 < target < phi2 < 1:
        raise ValueError(f"under {phi1}, target {target}, over {phi2}; accepted: 0 < under < target < over < 1")
    escalate = log((1 - phi1) / (1 - target)) / log(target * (1 - phi1) / (phi1 * (1 - target)))
    de_escalate = log((1 - target) / (1 - phi2)) / log(phi2 * (1 - target) / (target * (1 - phi2)))
    return escalate, de_escalate


def boin_letters(
    target: float,
    *,
    under: float | None = None,
    over: float | None = None,
    cutoff: float = 0.95,
    stay_at_one_of_three: bool = False,
) -> Letters:
    """Return BOIN's rule ``(n, dlt) -> "E", "S", "D" or "DU"``.

    Parameters
    ----------
    target, under, over : float
        See `boin_boundaries`.
    cutoff : float
        A dose is eliminated when at least 3 patients were treated and Pr(p > target), Beta(1, 1) prior, is above.
    stay_at_one_of_three : bool
        At targets below 0.28 a DLT in 1 of 3 de-escalates; True stays instead.

    Examples
    --------
    >>> rule = boin_letters(0.30)
    >>> [rule(6, dlt) for dlt in range(7)]
    ['E', 'E', 'S', 'D', 'DU', 'DU', 'DU']
    """
    low, high = boin_boundaries(target, under=under, over=over)

    def letters(n: int, dlt: int) -> Letter:
        if n >= 3 and exceeds(target, n, dlt) > cutoff:
            return "DU"
        if stay_at_one_of_three and (n, dlt) == (3, 1):
            return "S"
        # dlt and n * boundary instead of dlt / n: no rounding of the quotient can move a count over a boundary.
        return "E" if dlt <= n * low else "D" if dlt >= n * high else "S"

    return letters


def boin(
    target: float = 0.30,
    *,
    under: float | None = None,
    over: float | None = None,
    cutoff: float = 0.95,
    extra_safe: float | None = None,
    stay_at_one_of_three: bool = False,
    cohort: int = 3,
    max_patients: int = 18,
    weights: Weights = "inverse-variance",
) -> SlotDesign:
    """Return the BOIN design.

    Parameters
    ----------
    target, under, over, cutoff, stay_at_one_of_three
        See `boin_letters`.
    extra_safe : float, optional
        Also stop the trial when Pr(p > target) at the lowest dose, with 3 or more patients, is above ``cutoff`` minus
        this offset ('BOIN' proposes 0.05).
    cohort, max_patients : int
        Patients in a group, and in the trial.
    weights : {"inverse-variance", "patients"}
        Of the isotonic estimate that selects the MTD.

    References
    ----------
    Liu S., Yuan Y. (2015), JRSS C 64:507-523; erratum JRSS C 71:491 (2022).

    Examples
    --------
    >>> boin(0.30).decide(State((3, 3, 0), (0, 2, 0), current=2)).action
    'de-escalate'
    """
    letters = boin_letters(target, under=under, over=over, cutoff=cutoff, stay_at_one_of_three=stay_at_one_of_three)

    def lowest_is_safe(state: State) -> frozenset[int]:
        n, dlt = state.at(1)
        stop = extra_safe is not None and n >= 3 and exceeds(target, n, dlt) > cutoff - extra_safe
        return frozenset() if stop else frozenset(range(1, state.doses + 1))

    extra = () if extra_safe is None else (Filter("the lowest dose is too toxic", lowest_is_safe),)
    return interval_design(
        letters, target=target, cohort=cohort, max_patients=max_patients, weights=weights, safety=extra
    )


designs.add("boin", boin)
