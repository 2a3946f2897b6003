"""The course of a trial as its rule asked for it: group after group, and where the rule stands on a day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import Known, Record
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.escalation.under_way import awaited, under_way


@dataclass(frozen=True)
class Group:
    """Patients whom the rule asked for at once.

    Parameters
    ----------
    before : State
        The counts when the group was opened.
    level, size : int
        The dose level, and how many patients the rule asked for.
    members : tuple of Record
        Those who are evaluable, or pending.
    free, dlt, pending : int
        How many of them had no DLT, had one, are not known.
    """

    before: State
    level: int
    size: int
    members: tuple[Record, ...]
    free: int
    dlt: int
    pending: int

    @property
    def missing(self) -> int:
        """How many patients the group lacks."""
        return self.size - len(self.members)


@dataclass(frozen=True)
class Course:
    """Where the rule stands.

    Parameters
    ----------
    decision : Decision
        The next step.
    groups : tuple of Group
        Every group with a patient.
    state : State
        The counts of the patients in groups whose outcome is known.
    under_way : int
        How many groups, from the last one back, are not complete or await their patients' outcome.
    """

    decision: Decision
    groups: tuple[Group, ...]
    state: State
    under_way: int = 0

    @property
    def counted(self) -> frozenset[str]:
        """The subjects in groups."""
        return frozenset(record.subject for group in self.groups for record in group.members)


def course(trial: Trial, known: Sequence[tuple[Record, Known]]) -> Course:
    """Return where the rule stands, by walking through the groups that it asked for.

    Only the rule's own decisions lead from one group to the next. A group consists of the patients infused at its dose,
    in the order of the infusions, a replacement in the place of the patient whom it replaces; patients who are not
    evaluable have none. So a patient infused at another dose than the rule asked for, or after its stop, is in no group
    and moves nothing, unless the rule comes to that dose by itself.

    Parameters
    ----------
    trial : Trial
        The protocol.
    known : sequence of (Record, Known)
        The escalation patients in the order of their infusions, with what is known of each.
    """
    waiting = _by_level(trial, known)
    groups: list[Group] = []
    state, left = State.empty(trial.doses, trial.start), 0
    decision = trial.design.decide(state)
    while decision.enrols:
        group = _next_group(state, decision, waiting)
        if not group.members:
            break
        groups.append(group)
        decision = _step(trial, group)
        state = state.add(group.level, group.free + group.dlt, group.dlt)
        if _is_under_way(group, decision):
            left = 1
            second = _second_trio(trial, group, decision)
            if second is not None:
                beside = _next_group(state_with_pending(group), second, waiting)
                decision = second if not beside.members else _of_both(trial, group, beside)
                if beside.members:
                    groups.append(beside)
                    state, left = state.add(group.level, beside.free + beside.dlt, beside.dlt), 2
            break
    return Course(decision, tuple(groups), state, left)


def state_with_pending(group: Group) -> State:
    """Return the counts with a group in which no pending patient has a DLT."""
    return group.before.add(group.level, len(group.members), group.dlt)


def _by_level(trial: Trial, known: Sequence[tuple[Record, Known]]) -> dict[int, list[tuple[Record, Known]]]:
    place = {record.subject: k for k, (record, _) in enumerate(known)}
    for record, _ in known:  # in order, so that a replacement's replacement has the first one's place
        if record.replaces in place:
            place[record.subject] = place[record.replaces]
    found: dict[int, list[tuple[Record, Known]]] = {level: [] for level in range(1, trial.doses + 1)}
    for record, what in sorted(known, key=lambda pair: place[pair[0].subject]):
        if what != "not evaluable":
            found[record.level].append((record, what))
    return found


def _next_group(state: State, decision: Decision, waiting: dict[int, list[tuple[Record, Known]]]) -> Group:
    level, size = decision.dose or 0, decision.cohort
    here, waiting[level] = waiting[level][:size], waiting[level][size:]
    told = [what for _, what in here]
    members = tuple(record for record, _ in here)
    return Group(state, level, size, members, told.count("no DLT"), told.count("DLT"), told.count("pending"))


def _step(trial: Trial, group: Group) -> Decision:
    return under_way(trial.design, group.before, group.level, group.size, group.free, group.dlt, group.pending)


def _is_under_way(group: Group, decision: Decision) -> bool:
    return decision.action == "suspend" or (bool(group.missing) and decision.enrols and decision.dose == group.level)


def _second_trio(trial: Trial, first: Group, decision: Decision) -> Decision | None:
    """Return the decision to enrol 3 more once the one DLT of the first 3 is known (G8), if the policy says so."""
    design = trial.design
    if not isinstance(design, ThreePlusThree) or design.policies.second_trio != "at_dlt":
        return None
    if decision.action != "suspend" or first.before.at(first.level)[0] or first.dlt != 1:
        return None
    then = design.decide(state_with_pending(first))
    return then if then.enrols and then.dose == first.level else None


def _of_both(trial: Trial, first: Group, second: Group) -> Decision:
    """Return the step while patients of the first and of the second trio at a dose are pending."""
    decision = _step(trial, second)
    if _is_under_way(second, decision) and second.missing:
        return decision
    others = [
        trial.design.decide(first.before.add(first.level, first.size, first.dlt + more))
        for more in range(1, first.pending + 1)
    ]
    if decision.action != "suspend" and {(d.action, d.dose) for d in others} == {(decision.action, decision.dose)}:
        words = f"{decision.reason} ({first.pending} of the first 3 pending, whose outcome does not change this)"
        return replace(decision, reason=words)
    if decision.action == "suspend":
        decision = trial.design.decide(second.before.add(second.level, len(second.members), second.dlt))
    pending = first.pending + second.pending
    return awaited(second.before.add(second.level, len(second.members), second.dlt), pending, decision)
