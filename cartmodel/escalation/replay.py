"""A trial's history held against its design."""

from collections.abc import Iterable

from cartmodel.escalation.design import Design
from cartmodel.escalation.outcomes import Cohort, parse_outcomes, state_of
from cartmodel.escalation.state import Decision, State


def replay(
    design: Design, outcomes: str | Iterable[Cohort], doses: int, *, start: int = 1
) -> tuple[tuple[Cohort, Decision], ...]:
    """Return each group of a trial with the decision that led to it, if the design could have led to all of them.

    A group may have fewer patients than the design asked for: the design then says how to go on. After ``"refer"``,
    where the design has no rule, any dose is accepted.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    outcomes : str or cohorts
        See `parse_outcomes`.
    doses : int
        How many dose levels the trial has.
    start : int
        The level of the first group.

    Raises
    ------
    ValueError
        If a group was treated after a stop, at another dose, or is larger than the design asked for; the message names
        the first such group and what the design had said.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> [decision.action for _, decision in replay(nct06871644(), "1NNN 2NNT 2NNN", doses=3)]
    ['stay', 'escalate', 'stay']
    >>> replay(nct06871644(), "1NNN 3NNN", doses=3)
    Traceback (most recent call last):
    ...
    ValueError: cohort 2: '3NNN' at dose level 3; accepted: dose level 2 (0 DLTs in 3 at dose level 1: escalate)
    """
    cohorts = parse_outcomes(outcomes) if isinstance(outcomes, str) else tuple(outcomes)
    state_of(cohorts, doses)  # refuses levels that do not exist
    state = State.empty(doses, start)
    steps: list[tuple[Cohort, Decision]] = []
    for place, cohort in enumerate(cohorts, start=1):
        decision = design.decide(state)
        where = f"cohort {place}: '{cohort}'"
        if decision.action in ("stop", "suspend"):
            raise ValueError(f"{where} after the trial had stopped; accepted: no more patients ({decision.reason})")
        if decision.enrols:
            if cohort.dose != decision.dose:
                accepted = f"dose level {decision.dose} ({decision.reason})"
                raise ValueError(f"{where} at dose level {cohort.dose}; accepted: {accepted}")
            if len(cohort.dlt) > decision.cohort:
                accepted = f"{decision.cohort} ({decision.reason})"
                raise ValueError(f"{where} has {len(cohort.dlt)} patients; accepted: up to {accepted}")
        steps.append((cohort, decision))
        state = state.add(cohort.dose, len(cohort.dlt), sum(cohort.dlt))
    return tuple(steps)
