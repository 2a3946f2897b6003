"""The contract of every dose-escalation design, as a check that anybody can run on a design of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Protocol, cast

from cartmodel.errors import Problem
from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.dated import DatedState
from cartmodel.escalation.design import SlotDesign
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.unfolding import AnyState, counts_of, following, sampled_history


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
    histories: int = 100,
) -> DesignCheck:
    """Return where a design breaks the contract of this package.

    All states that the design can reach are looked at; where they are too many, the first of them, and sampled
    histories to the end of the trial, under truths from harmless to toxic. Time-to-event designs are asked while
    patients are pending, on days that are sampled too.

    The contract: the same state gives the same decision, whatever was asked before. A next dose is one of the
    admissible ones, never skips an untried level, and is named by its direction. An MTD is a tried and admissible
    level, and none is named while a patient is pending. Only then is there something to wait for. 'No safe dose' is an
    answer: when every patient has a DLT the trial stops without an MTD or is referred to people, and no state raises an
    error. Every trial ends. Filters give the same decision in any order, and so does the list of patients of a
    time-to-event design. ``monotone``: one more DLT in the last group never raises the next dose. ``coherent_above``:
    no escalation straight after a group whose DLT rate is above this one.

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
    most_patients, most_states : int
        Look at all states up to so many patients, and at no more than so many states; histories go on to the end.
    histories : int
        How many are sampled, where not all states were looked at.

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
    found = _Look(design, monotone, coherent_above)
    waiting, complete = [first], not isinstance(first, DatedState)
    while waiting:
        state = waiting.pop()
        if state in found.seen:
            continue
        if len(found.seen) >= most_states:
            complete = False
            break
        decision = found.at(state)
        if decision is None or not decision.enrols:
            continue
        if most_patients is not None and counts_of(state).patients + decision.cohort > most_patients:
            complete = False
            continue
        waiting += following(state, decision)
    for seed in range(0 if complete else histories):
        problem = sampled_history(first, found.at, Random(seed))  # noqa: S311, no secrets here
        if problem is not None:
            found.problems.append(problem)
            break
    for state, before in reversed(found.seen.items()):  # a design that remembers answers differently the second time
        if _asked(design, state, found.problems) != before:
            what = "another decision when asked again"
            found.problems.append(Problem(_name(state), what, "a pure function of the state"))
    found.problems += _of_the_worst(design, first)
    return DesignCheck(len(found.seen), tuple(dict.fromkeys(found.problems)), complete)


class _Look:
    """What was seen of a design so far: each state once, with the decision, and every breach."""

    def __init__(self, design: AnyDesign, monotone: bool, coherent_above: float | None) -> None:
        self.design, self.monotone, self.coherent_above = design, monotone, coherent_above
        self.seen: dict[AnyState, Decision] = {}
        self.problems: list[Problem] = []

    def at(self, state: AnyState) -> Decision | None:
        """Return the decision at a state, after a look at it; None where there is none."""
        if state in self.seen:
            return self.seen[state]
        decision = _asked(self.design, state, self.problems)
        if decision is None:
            return None
        self.seen[state] = decision
        self.problems += _of_one(state, decision)
        if isinstance(self.design, SlotDesign) and isinstance(state, State):
            self.problems += _of_filters(self.design, state, decision)
        if isinstance(state, DatedState):
            self.problems += _of_order(self.design, state, decision)
        if isinstance(state, State) and decision.enrols:
            answers = [(s, _asked(self.design, s, [])) for s in following(state, decision)]
            self.problems += _of_group(state, decision, answers, self.monotone, self.coherent_above)
        return decision


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
    counts, where, said = counts_of(state), _name(state), f"'{decision.action}' to level {decision.dose}"
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
    pending = isinstance(state, DatedState) and bool(state.pending.any())
    if decision.action == "suspend" and not pending:
        yield Problem(where, "'suspend' with nobody pending", "another step: there is nothing to wait for")
    if decision.action == "stop" and decision.dose is not None:
        if pending:
            yield Problem(where, "an MTD while patients are pending", "none before the last window is over")
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


def _of_group(
    state: AnyState,
    decision: Decision,
    answers: list[tuple[AnyState, Decision | None]],
    monotone: bool,
    coherent_above: float | None,
) -> Iterator[Problem]:
    given, last = decision.dose or 0, None
    for dlt, (_, answer) in enumerate(answers):
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
        *_, state = following(state, decision)
    yield Problem("every patient has a DLT", "1000 groups", "a trial that stops")


def _name(state: AnyState) -> str:
    counts = counts_of(state)
    if not counts.patients:
        return "before the first patient"
    levels = [f"{y}/{n} at level {k}" for k, (n, y) in enumerate(zip(counts.n, counts.dlt, strict=True), start=1) if n]
    more = ""
    if isinstance(state, BenefitState):
        more = f", responses {state.responses}"
    if isinstance(state, DatedState) and state.pending.any():
        more = f", {int(state.pending.sum())} pending"
    return f"{', '.join(islice(levels, 8))}, last at level {counts.current}{more}"
