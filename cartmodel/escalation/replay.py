"""A trial's history held against its design."""

from collections.abc import Iterable, Iterator

from cartmodel.errors import HistoryError, Problem
from cartmodel.escalation.design import Design
from cartmodel.escalation.outcomes import Cohort, format_outcomes, parse_outcomes, state_of
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
    HistoryError
        With every group that was treated after a stop, at another dose, or is larger than the design asked for, and
        what the design had said. Behind the first of them the design is asked about the trial as it went on.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> [decision.action for _, decision in replay(nct06871644(), "1NNN 2NNT 2NNN", doses=3)]
    ['stay', 'escalate', 'stay']
    >>> replay(nct06871644(), "1NNN 3NNN", doses=3)
    Traceback (most recent call last):
    ...
    cartmodel.errors.HistoryError: history '1NNN 3NNN': 1 problem
      cohort 2: '3NNN' at dose level 3; accepted: dose level 2 (0 DLTs in 3 at dose level 1: escalate)
    """
    cohorts = parse_outcomes(outcomes) if isinstance(outcomes, str) else tuple(outcomes)
    state_of(cohorts, doses)  # refuses levels that do not exist
    state = State.empty(doses, start)
    steps: list[tuple[Cohort, Decision]] = []
    problems: list[Problem] = []
    for place, cohort in enumerate(cohorts, start=1):
        decision = design.decide(state)
        problems += [Problem(f"cohort {place}", *wrong) for wrong in _wrong(cohort, decision)]
        steps.append((cohort, decision))
        state = state.add(cohort.dose, len(cohort.dlt), sum(cohort.dlt))
    if problems:
        raise HistoryError(f"history '{format_outcomes(cohorts)}'", problems)
    return tuple(steps)


def _wrong(cohort: Cohort, decision: Decision) -> Iterator[tuple[str, str]]:
    if decision.action in ("stop", "suspend"):
        yield f"'{cohort}' after the trial had stopped", f"no more patients ({decision.reason})"
    if decision.enrols and cohort.dose != decision.dose:
        yield f"'{cohort}' at dose level {cohort.dose}", f"dose level {decision.dose} ({decision.reason})"
    elif decision.enrols and len(cohort.dlt) > decision.cohort:
        yield f"'{cohort}' has {len(cohort.dlt)} patients", f"up to {decision.cohort} ({decision.reason})"
