"""How a trial may go on under a design: every outcome of the next group, or one history sampled to its end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from random import Random

from cartmodel.errors import Problem
from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.dated import DatedPatient, DatedState
from cartmodel.escalation.state import Decision, State

type AnyState = State | DatedState | BenefitState
type Ask = Callable[[AnyState], Decision | None]

_MOST_STEPS = 300  # of a history: a trial that is longer does not end


def counts_of(state: AnyState) -> State:
    """Return patients and DLTs alone."""
    return state if isinstance(state, State) else state.toxicity if isinstance(state, BenefitState) else state.counts


def following(state: AnyState, decision: Decision) -> Iterator[AnyState]:
    """Yield the state after every outcome of the next group, the last after a DLT of everybody.

    Groups backfilled beside it have DLTs in proportion; patients of a `DatedState` have completed the window.

    Examples
    --------
    >>> up = Decision("escalate", 2, "0 of 2", (1, 2), 2)
    >>> [after.dlt for after in following(State((2, 0), (0, 0)), up)]
    [(0, 0), (0, 1), (0, 2)]
    """
    level, size = decision.dose or 1, decision.cohort
    if isinstance(state, BenefitState):
        for both in range(size + 1):
            for toxicity in range(size + 1 - both):
                for efficacy in range(size + 1 - both - toxicity):
                    yield state.add(level, size - both - toxicity - efficacy, efficacy, toxicity, both)
    elif isinstance(state, DatedState):
        for dlt in range(size + 1):
            known = [DatedPatient(level, 5.0, dlt=True)] * dlt + [DatedPatient(level, state.window)] * (size - dlt)
            yield _dated(state, [*state.patients, *known], level)
    else:
        for dlt in range(size + 1):
            after = state.add(level, size, dlt)
            for lower, patients in decision.backfill:
                after = after.fill(lower, patients, round(patients * dlt / size))
            yield after


def sampled_history(first: AnyState, ask: Ask, rng: Random) -> Problem | None:
    """Return what is wrong with the end of one sampled history; every state on its way has been asked about.

    The truth is sampled too: DLT probabilities that rise with the dose, probabilities of efficacy in any order. Groups
    of a time-to-event trial follow after days that are sampled, so that decisions meet pending patients.

    Parameters
    ----------
    first : State, DatedState or BenefitState
        The trial before its first patient.
    ask : callable ``(state) -> Decision or None``
        The design; the history ends where it has no answer.
    rng : Random
        The same one gives the same history.

    Examples
    --------
    >>> from cartmodel.escalation.boin import boin
    >>> sampled_history(State.empty(3), boin(0.30).decide, Random(1)) is None
    True
    """
    toxicity = sorted(rng.random() for _ in range(counts_of(first).doses))
    efficacy = [rng.random() for _ in toxicity]
    patients: list[tuple[int, float, float]] = []  # level, day of infusion, day of the DLT
    state, day = first, 0.0
    for _ in range(_MOST_STEPS):
        decision = ask(state)
        if decision is None or decision.action in ("stop", "refer"):
            return None
        if isinstance(state, DatedState):
            if decision.enrols and decision.dose is not None:
                p = toxicity[decision.dose - 1]
                onset = (rng.random() * state.window if rng.random() < p else inf for _ in range(decision.cohort))
                patients += [(decision.dose, day, day + days) for days in onset]
            day += rng.choice((0.1, 0.35, 1.0)) * state.window
            known = [DatedPatient(level, min(day, dlt) - begun, dlt <= day) for level, begun, dlt in patients]
            state = _dated(state, known, decision.dose or state.current)
        elif not decision.enrols or decision.dose is None:
            return None
        else:
            state = _sampled(state, decision, toxicity, efficacy, rng)
    return Problem("a sampled history", f"goes on after {_MOST_STEPS} steps", "a trial that ends")


def _sampled(
    state: State | BenefitState, decision: Decision, toxicity: list[float], efficacy: list[float], rng: Random
) -> State | BenefitState:
    level = decision.dose or 1
    if isinstance(state, BenefitState):
        kinds = [0, 0, 0, 0]  # neither, efficacy, toxicity, both
        for _ in range(decision.cohort):
            kinds[2 * (rng.random() < toxicity[level - 1]) + (rng.random() < efficacy[level - 1])] += 1
        return state.add(level, *kinds)
    after = state.add(level, decision.cohort, sum(rng.random() < toxicity[level - 1] for _ in range(decision.cohort)))
    for lower, patients in decision.backfill:
        after = after.fill(lower, patients, sum(rng.random() < toxicity[lower - 1] for _ in range(patients)))
    return after


def _dated(state: DatedState, patients: list[DatedPatient], current: int) -> DatedState:
    ordered = sorted(patients, key=lambda p: (p.dose, p.dlt, p.days))
    return replace(state, patients=tuple(ordered), current=current)
