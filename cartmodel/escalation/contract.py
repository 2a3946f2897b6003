"""The contract of every dose-escalation design, as a check that anybody can run on a design of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, cast

from cartmodel.errors import Problem
from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.dated import DatedPatient, DatedState
from cartmodel.escalation.design import SlotDesign
from cartmodel.escalation.state import Decision, State

type AnyState = State | DatedState | BenefitState


class AnyDesign(Protocol):
    """A rule that maps counts, dated records, or counts of toxicity and efficacy to the next step."""

    @property
    def decide(self) -> Callable[..., Decision]:
        """Map one kind of state to a decision."""
        ...


@dataclass(frozen=True)
class DesignCheck:
    """What a check of a design found.

    Parameters
    ----------
    states : int
        How many states were asked about.
    problems : tuple of Problem
        Every breach of the contract: the state, what the design said, what would have been accepted.
    complete : bool
        Whether every state that the design can reach was among them.
    """

    states: int
    problems: tuple[Problem, ...]
    complete: bool

    @property
    def passed(self) -> bool:
        """Whether no breach was found."""
        return not self.problems


def check_design(
    design: AnyDesign,
    beginning: AnyState | None = None,
    *,
    monotone: bool = True,
    coherent_above: float | None = None,
    most_patients: int | None = None,
    most_states: int = 20_000,
) -> DesignCheck:
    """Return where a design breaks the contract of this package, in all states that it can reach.

    The contract: the same state gives the same decision, whatever was asked before. A next dose is one of the
    admissible ones, never skips an untried level, and is named by its direction. An MTD is a tried and admissible
    level. 'No safe dose' is an answer: when every patient has a DLT the trial stops without an MTD or is referred to
    people, and no state raises an error. Filters give the same decision in any order. Time-to-event designs do not
    depend on the order in which patients are listed, and name no MTD while one is pending. ``monotone``: one more DLT
    in the last group never raises the next dose. ``coherent_above``: no escalation straight after a group whose DLT
    rate is above this one.

    Parameters
    ----------
    design : Design, DatedDesign or BenefitDesign
        Anything with ``decide``.
    beginning : State, DatedState or BenefitState
        The trial before its first patient, of the kind that the design takes; default: counts at three doses.
    monotone : bool
        Whether the design claims it.
    coherent_above : float, optional
        A DLT rate, if the design claims coherence; for groups of one, 0.
    most_patients : int, optional
        Do not follow trials beyond; for designs with efficacy, whose states are many.
    most_states : int
        Do not look at more states.

    Examples
    --------
    >>> from cartmodel.escalation.boin import boin
    >>> check_design(boin(0.30)).passed
    True
    >>> class AlwaysUp:
    ...     def decide(self, state):
    ...         return Decision("escalate", state.doses, "up", (1, 2, 3), 3)
    >>> print(check_design(AlwaysUp(), most_patients=3).problems[0])
    before the first patient: 'escalate' to level 3; accepted: level 1, where the trial starts
    """
    first: AnyState = State.empty(3) if beginning is None else beginning
    waiting, seen = [first], dict[AnyState, Decision]()
    problems: list[Problem] = []
    complete = True
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        if len(seen) >= most_states:
            complete = False
            break
        decision = _asked(design, state, problems)
        if decision is None:
            continue
        seen[state] = decision
        problems += _of_one(state, decision)
        if isinstance(design, SlotDesign) and isinstance(state, State):
            problems += _of_filters(design, state, decision)
        if isinstance(state, DatedState):
            problems += _of_order(design, state, decision)
            problems += _of_waiting(design, state)
        if not decision.enrols:
            continue
        if most_patients is not None and _counts(state).patients + decision.cohort > most_patients:
            complete = False
            continue
        following = list(_following(state, decision))
        if isinstance(first, State):
            answers = [(s, _asked(design, s, [])) for s in following]
            problems += _of_group(state, decision, answers, monotone, coherent_above)
        waiting += following
    for state in reversed(seen):  # a design that remembers answers differently the second time
        if _asked(design, state, problems) != seen[state]:
            problems.append(Problem(_name(state), "another decision when asked again", "a pure function of the state"))
    problems += _of_the_worst(design, first)
    return DesignCheck(len(seen), tuple(dict.fromkeys(problems)), complete)


def _asked(design: AnyDesign, state: AnyState, problems: list[Problem]) -> Decision | None:
    try:
        decision = cast(object, design.decide(state))
    except Exception as error:  # whatever a user's design raises is its breach
        problems.append(Problem(_name(state), f"{type(error).__name__}: {error}", "a decision in every state"))
        return None
    if not isinstance(decision, Decision):
        problems.append(Problem(_name(state), f"answers with {type(decision).__name__}", "a Decision"))
        return None
    return decision


def _of_one(state: AnyState, decision: Decision) -> Iterator[Problem]:
    counts, where, said = _counts(state), _name(state), f"'{decision.action}' to level {decision.dose}"
    if not decision.reason:
        yield Problem(where, "no reason", "a reason in words")
    if not set(decision.admissible) <= set(range(1, counts.doses + 1)):
        yield Problem(where, f"admissible {decision.admissible}", f"levels 1 to {counts.doses}")
    if decision.enrols and decision.dose is not None:
        if not counts.patients and decision.dose != counts.current:
            yield Problem(where, said, f"level {counts.current}, where the trial starts")
        elif counts.patients and not 1 <= decision.dose <= min(counts.highest + 1, counts.doses):
            yield Problem(where, said, f"levels 1 to {min(counts.highest + 1, counts.doses)}, none skipped")
        if decision.dose not in decision.admissible:
            yield Problem(where, f"{said}, admissible are {decision.admissible}", "an admissible level")
        direction = (decision.dose > counts.current) - (decision.dose < counts.current)
        if decision.action != ("stay", "escalate", "de-escalate")[direction]:
            yield Problem(where, f"{said} from level {counts.current}", "the name of the direction")
    if decision.action == "stop" and decision.dose is not None:
        if decision.dose not in counts.tried:
            yield Problem(where, f"MTD level {decision.dose}, which nobody was given", "a tried level, or none")
        if decision.dose not in decision.admissible:
            yield Problem(
                where, f"MTD level {decision.dose}, admissible are {decision.admissible}", "an admissible one"
            )


def _of_filters(design: SlotDesign, state: State, decision: Decision) -> Iterator[Problem]:
    if len(design.limits) + len(design.safety) < 2:
        return
    turned = replace(design, limits=design.limits[::-1], safety=design.safety[::-1])
    if turned.decide(state) != decision:
        yield Problem(_name(state), "another decision with the filters in another order", "the same")


def _of_order(design: AnyDesign, state: DatedState, decision: Decision) -> Iterator[Problem]:
    turned = replace(state, patients=state.patients[::-1])
    if design.decide(turned) != decision:
        yield Problem(_name(state), "another decision with the patients listed in another order", "the same")


def _of_waiting(design: AnyDesign, state: DatedState) -> Iterator[Problem]:
    """Look at the same patients a week after the last group's infusions, those without a DLT still in their window."""
    week = tuple(
        replace(p, days=0.25 * state.window) if p.dose == state.current and not p.dlt else p for p in state.patients
    )
    waiting = replace(state, patients=week)
    problems: list[Problem] = []
    decision = _asked(design, waiting, problems)
    yield from problems
    if decision is not None:
        yield from _of_one(waiting, decision)
        yield from _of_order(design, waiting, decision)
        if decision.action == "stop" and decision.dose is not None and waiting.pending.any():
            yield Problem(_name(waiting), "an MTD while patients are pending", "none before the last window is over")


def _of_group(
    state: AnyState,
    decision: Decision,
    following: list[tuple[AnyState, Decision | None]],
    monotone: bool,
    coherent_above: float | None,
) -> Iterator[Problem]:
    given, last = decision.dose or 0, None
    for dlt, (_, answer) in enumerate(following):
        if answer is None or (answer.action in ("refer", "suspend")):
            continue
        found = answer.action == "stop" and answer.dose is not None  # an MTD is no next dose
        where = f"{_name(state)}, then {dlt} DLTs in {decision.cohort} at level {given}"
        dose = answer.dose or 0
        if monotone and not found and last is not None and dose > last:
            yield Problem(where, f"level {dose}, after one DLT fewer level {last}", "no higher dose after one more DLT")
        if not found:
            last = dose if last is None else min(last, dose)
        rate = dlt / decision.cohort
        if coherent_above is not None and rate > coherent_above and answer.enrols and dose > given:
            yield Problem(where, f"level {dose}", f"no escalation straight after a DLT rate above {coherent_above:g}")


def _of_the_worst(design: AnyDesign, state: AnyState) -> Iterator[Problem]:
    """Every patient has a DLT: the trial must end, without an MTD."""
    for _ in range(1_000):
        decision = _asked(design, state, [])
        if decision is None:
            return
        if not decision.enrols:
            if decision.action == "stop" and decision.dose is not None:
                said = f"level {decision.dose} is the MTD although every patient had a DLT"
                yield Problem(_name(state), said, "no MTD")
            return
        *_, state = _following(state, decision)
    yield Problem("every patient has a DLT", "1000 groups", "a trial that stops")


def _following(state: AnyState, decision: Decision) -> Iterator[AnyState]:
    level, size = decision.dose or 1, decision.cohort
    if isinstance(state, BenefitState):
        for both in range(size + 1):
            for toxicity in range(size + 1 - both):
                for efficacy in range(size + 1 - both - toxicity):
                    yield state.add(level, size - both - toxicity - efficacy, efficacy, toxicity, both)
    elif isinstance(state, DatedState):
        for dlt in range(size + 1):
            known = [DatedPatient(level, 5.0, dlt=True)] * dlt + [DatedPatient(level, state.window)] * (size - dlt)
            everybody = sorted([*state.patients, *known], key=lambda p: (p.dose, p.dlt))
            yield replace(state, patients=tuple(everybody), current=level)
    else:
        for dlt in range(size + 1):
            after = state.add(level, size, dlt)
            for lower, patients in decision.backfill:
                after = after.fill(lower, patients, round(patients * dlt / size))
            yield after


def _counts(state: AnyState) -> State:
    return state if isinstance(state, State) else state.toxicity if isinstance(state, BenefitState) else state.counts


def _name(state: AnyState) -> str:
    counts = _counts(state)
    if not counts.patients:
        return "before the first patient"
    levels = [f"{y}/{n} at level {k}" for k, (n, y) in enumerate(zip(counts.n, counts.dlt, strict=True), start=1) if n]
    more = ""
    if isinstance(state, BenefitState):
        more = f", responses {state.responses}"
    if isinstance(state, DatedState) and state.pending.any():
        more = f", {int(state.pending.sum())} pending"
    return f"{', '.join(islice(levels, 8))}, last at level {counts.current}{more}"
