"""The protocol's rule on a day of a trial with pending patients: the next step, and when it may be taken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cartmodel.conduct.records import Known, Record
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree


@dataclass(frozen=True)
class Trial:
    """What the protocol fixes: the rule, the dose levels, the window.

    Parameters
    ----------
    design : ThreePlusThree
        The rule with its policies.
    doses : int
        How many dose levels there are.
    window : int
        Days of the DLT window, which is also the gate between groups.
    start : int
        The level of the first group.
    """

    design: ThreePlusThree
    doses: int
    window: int = 28
    start: int = 1


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
    policies, window = trial.design.policies, trial.window
    own = [record for record in records if record.role == "escalation"]
    known: list[tuple[Record, Known]] = [
        (r, r.known_on(day, window, late_counts=policies.late_dlt_counts)) for r in own
    ]
    current = own[-1].level if own else trial.start
    state = _counts(known, trial.doses, current)
    pending = tuple(r for r, what in known if what == "pending" and r.level == current)
    if reopened := _reopened(trial, known, state):
        return Step(reopened, state, pending, None)
    futures = [trial.design.decide(state.add(current, len(pending), dlt)) for dlt in range(len(pending) + 1)]
    first = futures[0]  # no pending patient has a DLT
    group = state.at(current)[0] + len(pending)
    may_be_early = policies.first_three_early if group <= 3 else policies.second_three_early
    alike = len({(decision.action, decision.dose) for decision in futures}) == 1
    settled = alike and (may_be_early or not pending or first.enrols)
    opens_another = group > 0 and group % 3 == 0  # 3, 6 or 9: the group is complete
    stays = first.enrols and first.dose == current
    early = policies.second_trio == "at_dlt" and stays and group == 3
    if not settled and not early and not (stays and not opens_another):
        return _waiting(trial, state, pending, first, known, day)
    if pending and not stays:
        alike_words = f"{first.reason} ({len(pending)} pending, whose outcome does not change this)"
        first = replace(first, reason=alike_words)
    if not first.enrols:
        return Step(first, state, pending, None)
    gated = (first.dose != current or opens_another) and not early
    earliest, why = _earliest(trial, own, known, day, gated)
    return Step(first, state, pending, earliest, why)


def _counts(known: Sequence[tuple[Record, Known]], doses: int, current: int) -> State:
    levels = range(1, doses + 1)
    told = [(record.level, what) for record, what in known if what in ("DLT", "no DLT")]
    n = tuple(sum(at == level for at, _ in told) for level in levels)
    dlt = tuple(sum(at == level and what == "DLT" for at, what in told) for level in levels)
    return State(n, dlt, current)


def _waiting(
    trial: Trial,
    state: State,
    pending: tuple[Record, ...],
    first: Decision,
    known: Sequence[tuple[Record, Known]],
    day: date,
) -> Step:
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


def _earliest(
    trial: Trial, own: Sequence[Record], known: Sequence[tuple[Record, Known]], day: date, gated: bool
) -> tuple[date, str]:
    if not own:
        return day, "no patient before"
    ends = gate(trial, known)
    if gated and ends is not None and ends > day:
        return ends, f"{trial.window}-day gate: the last patient of the group completes the window"
    stagger = own[-1].infusion + timedelta(days=trial.design.policies.stagger)
    if not gated and stagger > day:
        return stagger, f"stagger: {trial.design.policies.stagger:g} days after {own[-1].subject}"
    return day, "no window or stagger to wait for"


def _reopened(trial: Trial, known: Sequence[tuple[Record, Known]], state: State) -> Decision | None:
    """Return "refer" if a late DLT that counts (G9), at a level below, would have kept the rule from escalating."""
    for record, what in known:
        day, level = record.dlt_day(), record.level
        if what != "DLT" or day is None or day <= trial.window or level >= state.current:
            continue
        below = State(
            tuple(n if k <= level else 0 for k, n in enumerate(state.n, start=1)),
            tuple(y if k <= level else 0 for k, y in enumerate(state.dlt, start=1)),
            level,
        )
        then = trial.design.decide(below)
        if then.action != "escalate":
            said = f"{record.subject} had a DLT on day {day}, after the window; counted (G9), it re-opens dose level "
            reason = f"{said}{level}: {then.reason}; the text does not say how to go on"
            return Decision("refer", None, reason, (), 0, tuple(dict.fromkeys(("G9", *then.questions))))
    return None


def with_policy(trial: Trial, **changes: object) -> Trial:
    """Return the same protocol under other policies."""
    return replace(trial, design=replace(trial.design, policies=replace(trial.design.policies, **changes)))
