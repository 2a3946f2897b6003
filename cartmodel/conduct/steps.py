"""The protocol's rule on a day of a trial with pending patients: the next step, and when it may be taken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cartmodel.conduct.course import Course, Group, course
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import Known, Record
from cartmodel.escalation.state import Decision, State


@dataclass(frozen=True)
class Step:
    """What the protocol says on a day.

    Parameters
    ----------
    decision : Decision
        The next step; ``"suspend"`` where the outcome of pending patients must be awaited. Its ``cohort`` is the number
        of patients who may still be infused in this group.
    state : State
        Patients in the rule's groups whose outcome was known, by level.
    pending : tuple of Record
        Patients of the last groups whose outcome was not.
    earliest : date or None
        The first day on which the next patient may be infused; None where none may be.
    why : str
        What sets that day.
    groups : tuple of Group
        The last groups that have pending or missing patients; at most two.
    counted : frozenset of str
        The subjects in the rule's groups; all others are outside of it.
    """

    decision: Decision
    state: State
    pending: tuple[Record, ...]
    earliest: date | None
    why: str = ""
    groups: tuple[Group, ...] = ()
    counted: frozenset[str] = frozenset()


def next_step(trial: Trial, records: Sequence[Record], day: date) -> Step:
    """Return what the protocol says on a day, given the patients infused so far.

    See `course` for how the rule is followed group by group, and `under_way` for a group with pending patients. A new
    group opens when the window of every patient before it is over, those with a DLT included.

    Parameters
    ----------
    trial : Trial
        The protocol.
    records : sequence of Record
        Every patient infused, in order.
    day : date
        The day of the decision; nothing dated later is used.
    """
    known: list[tuple[Record, Known]] = [(record, trial.known(record, day)) for record in records]
    own = [pair for pair in known if pair[0].role == "escalation"]
    where = course(trial, own)
    last = where.groups[-max(where.under_way, 1) :]
    last = last if where.under_way or any(group.pending for group in last) else ()
    names = dict(known)
    pending = tuple(record for group in last for record in group.members if names[record] == "pending")
    step = Step(where.decision, where.state, pending, None, groups=last, counted=where.counted)
    asked = _reopened(trial, own, where) or outside_dlts(trial, known, where)
    if asked is not None:
        return replace(step, decision=asked)
    if where.decision.action == "suspend":
        ends = gate(trial, own)
        if ends is None or ends <= day:
            return replace(step, why=f"day {trial.window} of pending patients is not recorded")
        return replace(step, earliest=ends, why="the windows of the pending patients end")
    if not where.decision.enrols:
        return step
    earliest, why = _earliest(trial, own, where, day)
    return replace(step, earliest=earliest, why=why)


def gate(trial: Trial, known: Sequence[tuple[Record, Known]]) -> date | None:
    """Return the day on which the last window is over; windows of patients who are not evaluable are not awaited."""
    ends = [r.infusion + timedelta(days=trial.window) for r, what in known if what != "not evaluable"]
    return max(ends, default=None)


def _earliest(trial: Trial, own: Sequence[tuple[Record, Known]], where: Course, day: date) -> tuple[date, str]:
    if not own:
        return day, "no patient before"
    open_groups = where.groups[len(where.groups) - where.under_way :]
    if open_groups:  # the group goes on: only the windows of the groups before it are awaited
        before = {r.subject for group in where.groups[: -len(open_groups)] for r in group.members}
        ends = gate(trial, [(r, what) for r, what in own if r.subject in before])
    else:
        ends = gate(trial, own)
    if ends is not None and ends > day:
        return ends, f"{trial.window}-day gate: the last patient of the group completes the window"
    last = own[-1][0]
    stagger = last.infusion + timedelta(days=trial.policies.stagger)
    if open_groups and stagger > day:
        return stagger, f"stagger: {trial.policies.stagger:g} days after {last.subject}"
    return day, "no window or stagger to wait for"


def _reopened(trial: Trial, own: Sequence[tuple[Record, Known]], where: Course) -> Decision | None:
    """Return "refer" if a DLT that was not known then would have kept the rule from groups that were infused.

    It is one after the window that counts (G9), or one of the day on which such a group began.
    """
    begun = {record.infusion for record, _ in own if record.subject not in where.counted}
    hit = [(r, r.dlt_day() or 0) for r, what in own if what == "DLT"]
    late = [(r, day) for r, day in hit if day > trial.window or r.dlt in begun]
    if not late or not where.groups:
        return None
    names = {record.subject for record, _ in late}
    without: list[tuple[Record, Known]] = [(r, "no DLT" if r.subject in names else what) for r, what in own]
    if course(trial, without).counted <= where.counted:
        return None
    level = where.groups[-1].level
    record, day = next(((r, on) for r, on in late if r.level == level), late[0])
    when = "after the window; counted (G9), it" if day > trial.window else "known when the next group had begun: it"
    said = f"{record.subject} had a DLT on day {day}, {when} re-opens dose level {level}"
    reason = f"{said}: {where.decision.reason}; the text does not say how to go on"
    return Decision("refer", None, reason, (), 0, tuple(dict.fromkeys(("G9", *where.decision.questions))))


def outside_dlts(trial: Trial, known: Sequence[tuple[Record, Known]], where: Course) -> Decision | None:
    """Return "refer" if DLTs outside the rule's groups speak against the dose that the rule goes on with (G7).

    Expansion and backfill patients, and patients infused against the rule, are outside of it. People decide once a dose
    at or below the rule's has, with them, 2 or more DLTs that are a third or more of at least 6 patients: what the rule
    does not accept of its own.
    """
    decision = where.decision
    goes_on = where.state.current if decision.action == "suspend" else decision.dose
    if trial.policies.outside_dlts == "ignore" or goes_on is None:
        return None
    for level in range(1, goes_on + 1):
        outside = outside_at(known, where.counted, level)
        hit = [record for record, what in outside if what == "DLT"]
        n, dlt = (a + b for a, b in zip(where.state.at(level), (len(outside), len(hit)), strict=True))
        if hit and dlt >= 2 and 3 * dlt >= max(n, 6):
            names = ", ".join(f"{record.subject} ({described(record)})" for record in hit)
            reason = (
                f"{dlt} DLTs in {n} at dose level {level}, with {names}, whom the rule does not count; without them: "
                f"{decision.reason}"
            )
            return Decision("refer", None, reason, (), 0, ("G7",))
    return None


def outside_at(
    known: Sequence[tuple[Record, Known]], counted: frozenset[str], level: int
) -> list[tuple[Record, Known]]:
    """Return the patients at a level whose outcome is known and whom the rule does not count."""
    return [
        (record, what)
        for record, what in known
        if record.level == level and record.subject not in counted and what in ("DLT", "no DLT")
    ]


def described(record: Record) -> str:
    """Return in words why a patient is outside the rule."""
    return record.role if record.role != "escalation" else "infused against the rule"
