"""Keyboard: the design that follows the strongest key."""

from typing import Any

from cartmodel.escalation.design import SlotDesign, designs
from cartmodel.escalation.interval import Letters, interval_design
from cartmodel.escalation.mtpi import by_unit_probability_mass, target_interval, tiles


def keyboard_letters(target: float, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95) -> Letters:
    """Return Keyboard's rule: keys of equal width from the target key outwards, the short rests at 0 and 1 dropped.

    Parameters
    ----------
    target : float
        The DLT probability that is aimed at.
    below, above : float
        Half widths of the target key.
    cutoff : float
        A dose is eliminated when Pr(p > target) is above, from the first patient on.

    References
    ----------
    Yan F., Mandrekar S.J., Yuan Y. (2017), Clinical Cancer Research 23:3994-4003.

    Examples
    --------
    >>> rule = keyboard_letters(0.30)
    >>> [rule(2, dlt) for dlt in range(3)]
    ['E', 'D', 'DU']
    """
    edges, place = tiles(*target_interval(target, below, above), short=False)
    return by_unit_probability_mass(edges, place, target=target, cutoff=cutoff)


def keyboard(
    target: float = 0.30, *, below: float = 0.05, above: float = 0.05, cutoff: float = 0.95, **conduct: Any
) -> SlotDesign:
    """Return the Keyboard design.

    Parameters
    ----------
    target, below, above, cutoff
        See `keyboard_letters`.
    **conduct
        ``cohort``, ``max_patients`` and ``weights``, see `interval_design`.

    Examples
    --------
    >>> from cartmodel.escalation.state import State
    >>> keyboard(0.30).decide(State((3, 0), (0, 0))).action
    'escalate'
    """
    return interval_design(keyboard_letters(target, below=below, above=above, cutoff=cutoff), target=target, **conduct)


designs.add("keyboard", keyboard)
