"""The protocol's rule on a day of a trial with pending patients: the next step, and when it may be taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from cartmodel.conduct.records import Known, Record
from cartmodel.escalation.design import Design
from cartmodel.escalation.policies import Policies
from cartmodel.escalation.state import Decision, State, move
from cartmodel.escalation.three_plus_three import ThreePlusThree


@dataclass(frozen=True)
class Trial:
    """What the protocol fixes: the rule, the dose levels, the window.

    Parameters
    ----------
    design : Design
        The rule: any design that decides from counts; a 3+3 has its policies.
    doses : int
        How many dose levels there are.
    window : int
        Days of the DLT window, which is also the gate between groups.
    start : int
        The level of the first group.
    calendar : Policies
        Stagger, late DLTs and early completion where the design is no 3+3.
    """

    design: Design
    doses: int
    window: int = 28
    start: int = 1
    calendar: Policies = field(default_factory=Policies)

    @property
    def policies(self) -> Policies:
        """The readings that hold: those of the 3+3, or of the calendar."""
        return self.design.policies if isinstance(self.design, ThreePlusThree) else self.calendar

    @property
    def open_gaps(self) -> frozenset[str]:
        """The gaps that the protocol's text leaves open; none of a design that is no 3+3."""
        return self.design.open_gaps if isinstance(self.design, ThreePlusThree) else frozenset()

    def known(self, record: Record, day: date) -> Known:
        """Return what is known of a patient's DLT on a day, under these policies."""
        late, early = self.policies.late_dlt_counts, self.policies.completed_early == "replaced"
        return record.known_on(day, self.window, late_counts=late, early_replaced=early)


@dataclass(frozen=True)
class Step:
    """What the protocol says on a day.

    Parameters
    ----------
    decision : Decision
        The next step; ``"suspend"`` where the outcome of pending patients must be awaited. Its ``cohort`` is the number
        of patients who may still be infused in this group.
    state : State
        Escalation patients whose outcome was known, by level.
    pending : tuple of Record
        Escalation patients at the current level whose outcome was not.
    earliest : date or None
        The first day on which the next patient may be infused; None where none may be.
    why : str
        What sets that day.
    """

    decision: Decision
    state: State
    pending: tuple[Record, ...]
    earliest: date | None
    why: str = ""


def next_step(trial: Trial, records: Sequence[Record], day: date) -> Step:
    """Return what the protocol says on a day, given the patients infused so far.

    Known outcomes decide. Where patients of the current group are pending, the step is taken only if it is the same
    however they turn out; a group that is not complete is completed meanwhile. A new group opens when the window of
    every patient before it is over, those with a DLT included.

    Parameters
    ----------
    trial : Trial
        The protocol.
    records : sequence of Record
        Every patient infused, in order.
    day : date
        The day of the decision; nothing dated later is used.
    """
    own = [record for record in records if record.role == "escalation"]
    known: list[tuple[Record, Known]] = [(r, trial.known(r, day)) for r in own]
    if isinstance(trial.design, ThreePlusThree):
        return _of_threes(trial, trial.design, known, day)
    return group_step(trial, known, day)


def _of_threes(trial: Trial, design: ThreePlusThree, known: Sequence[tuple[Record, Known]], day: date) -> Step:
    policies = design.policies
    current = known[-1][0].level if known else trial.start
    counted = _first_three_failed(known, current) or known
    state = counts_at(counted, trial.doses, current)
    pending = tuple(r for r, what in counted if what == "pending" and r.level == current)
    if reopened := _reopened(trial, known, state):
        return Step(reopened, state, pending, None)
    futures = [design.decide(state.add(current, len(pending), dlt)) for dlt in range(len(pending) + 1)]
    first = futures[0]  # no pending patient has a DLT
    group = state.at(current)[0] + len(pending)
    may_be_early = policies.first_three_early if group <= 3 else policies.second_three_early
    alike = len({(decision.action, decision.dose) for decision in futures}) == 1
    settled = alike and (may_be_early or not pending or first.enrols)
    opens_another = group > 0 and group % 3 == 0  # 3, 6 or 9: the group is complete
    stays = first.enrols and first.dose == current
    early = policies.second_trio == "at_dlt" and stays and group == 3
    if not settled and not early and not (stays and not opens_another):
        return waiting(trial, state, pending, first, known, day)
    if pending and not stays:
        alike_words = f"{first.reason} ({len(pending)} pending, whose outcome does not change this)"
        first = replace(first, reason=alike_words)
    if not first.enrols:
        return Step(first, state, pending, None)
    gated = (first.dose != current or opens_another) and not early
    earliest, why = earliest_day(trial, known, day, gated)
    return Step(first, state, pending, earliest, why)


def _first_three_failed(known: Sequence[tuple[Record, Known]], current: int) -> list[tuple[Record, Known]] | None:
    """Return the records without those after the first 3 at the highest dose, where 2 of the 3 have a DLT.

    Counts alone cannot tell 2 of the first 3 from 1 of 3 and 1 of 3 more, once the fourth patient is treated (G8).
    """
    if any(r.level > current for r, _ in known):
        return None
    here = [(r, what) for r, what in known if r.level == current and what != "not evaluable"]
    if len(here) <= 3 or sum(what == "DLT" for _, what in here[:3]) < 2:
        return None
    return [pair for pair in known if pair[0].level != current or pair in here[:3]]


def group_step(trial: Trial, known: Sequence[tuple[Record, Known]], day: date) -> Step:
    """Return what a design that is no 3+3 says on a day: groups as large as it asked for, decided when complete.

    A group is completed unless its known outcomes settle that the next step is not up; a patient who is not evaluable
    is replaced in it.
    """
    state, members = State.empty(trial.doses, trial.start), list[tuple[Record, Known]]()
    asked = trial.design.decide(state)
    for record, what in known:
        if what == "not evaluable":
            continue
        if members and len(members) >= asked.cohort:
            state = _joined(state, members)
            asked, members = trial.design.decide(state), []
        members.append((record, what))
    if not members:
        return (
            Step(asked, state, (), *earliest_day(trial, known, day, gated=True))
            if asked.enrols
            else Step(asked, state, (), None)
        )
    level, size = members[-1][0].level, max(asked.cohort, len(members))
    now = _joined(state, members)
    pending = tuple(r for r, what in members if what == "pending")
    unknown = size - sum(what != "pending" for _, what in members)
    futures = [trial.design.decide(now.add(level, unknown, dlt)) for dlt in range(unknown + 1)]
    first = futures[0]
    settled = len({(decision.action, decision.dose) for decision in futures}) == 1
    left = size - len(members)
    if left and not (settled and (first.dose or 0) < level):
        decision = replace(
            move(now, level, left, f"{len(members)} of a group of {size} at dose level {level} enrolled", (level,)),
        )
        return Step(decision, now, pending, *earliest_day(trial, known, day, gated=False))
    if not settled:
        return waiting(trial, now, pending, first, known, day)
    if unknown:
        first = replace(first, reason=f"{first.reason} (whatever follows in the {unknown} who are not known)")
    if not first.enrols:
        return Step(first, now, pending, None)
    return Step(first, now, pending, *earliest_day(trial, known, day, gated=True))


def _joined(state: State, members: Sequence[tuple[Record, Known]]) -> State:
    for record, what in members:
        state = state.add(record.level, int(what != "pending"), int(what == "DLT"))
    return state


def counts_at(known: Sequence[tuple[Record, Known]], doses: int, current: int) -> State:
    """Return the counts of those whose outcome is known."""
    levels = range(1, doses + 1)
    told = [(record.level, what) for record, what in known if what in ("DLT", "no DLT")]
    n = tuple(sum(at == level for at, _ in told) for level in levels)
    dlt = tuple(sum(at == level and what == "DLT" for at, what in told) for level in levels)
    return State(n, dlt, current)


def waiting(
    trial: Trial,
    state: State,
    pending: tuple[Record, ...],
    first: Decision,
    known: Sequence[tuple[Record, Known]],
    day: date,
) -> Step:
    """Return that the pending patients must be awaited, and until when."""
    ends = gate(trial, known)
    over = ends is None or ends <= day
    why = (
        f"day {trial.window} of pending patients is not recorded" if over else "the windows of the pending patients end"
    )
    n, dlt = state.at(state.current)
    waited = (
        f"{len(pending)} of {n + len(pending)} patients at dose level {state.current} are pending, {dlt} DLT so far"
    )
    next_if = f"without a further DLT: {first.reason}"
    gaps = (*first.questions, "G8") if first.enrols and first.dose == state.current else first.questions
    decision = Decision("suspend", None, f"{waited}; {next_if}", first.admissible, 0, gaps)
    return Step(decision, state, pending, None if over else ends, why)


def gate(trial: Trial, known: Sequence[tuple[Record, Known]]) -> date | None:
    """Return the day on which the last window is over; windows of patients who are not evaluable are not awaited."""
    ends = [r.infusion + timedelta(days=trial.window) for r, what in known if what != "not evaluable"]
    return max(ends, default=None)


def earliest_day(trial: Trial, known: Sequence[tuple[Record, Known]], day: date, gated: bool) -> tuple[date, str]:
    """Return the first day on which the next patient may be infused, and what sets it."""
    if not known:
        return day, "no patient before"
    ends, last = gate(trial, known), known[-1][0]
    if gated and ends is not None and ends > day:
        return ends, f"{trial.window}-day gate: the last patient of the group completes the window"
    stagger = last.infusion + timedelta(days=trial.policies.stagger)
    if not gated and stagger > day:
        return stagger, f"stagger: {trial.policies.stagger:g} days after {last.subject}"
    return day, "no window or stagger to wait for"


def _reopened(trial: Trial, known: Sequence[tuple[Record, Known]], state: State) -> Decision | None:
    """Return "refer" if a DLT at a level below, known after the trial went on, would have kept it from escalating.

    It is one after the window that counts (G9), or one of the day on which the next group began.
    """
    for level in sorted({r.level for r, what in known if what == "DLT" and r.level < state.current}):
        below = State(
            tuple(n if k <= level else 0 for k, n in enumerate(state.n, start=1)),
            tuple(y if k <= level else 0 for k, y in enumerate(state.dlt, start=1)),
            level,
        )
        then = trial.design.decide(below)
        if then.action != "escalate":
            last = max(
                (r for r, what in known if what == "DLT" and r.level == level), key=lambda r: r.dlt or r.infusion
            )
            day = last.dlt_day() or 0
            late = (
                ", after the window; counted (G9), it"
                if day > trial.window
                else ", known when the next group began: it"
            )
            said = f"{last.subject} had a DLT on day {day}{late} re-opens dose level {level}"
            reason = f"{said}: {then.reason}; the text does not say how to go on"
            return Decision("refer", None, reason, (), 0, tuple(dict.fromkeys(("G9", *then.questions))))
    return None


def with_policy(trial: Trial, **changes: object) -> Trial:
    """Return the same protocol under other policies."""
    changed = replace(trial.policies, **changes)
    if isinstance(trial.design, ThreePlusThree):
        return replace(trial, design=replace(trial.design, policies=changed))
    return replace(trial, calendar=changed)
