"""A group under way: what a design that decides from counts says while patients of the group are pending."""

from dataclasses import replace

from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State, move
from cartmodel.escalation.three_plus_three import ThreePlusThree


def under_way(design: Design, before: State, level: int, size: int, free: int, dlt: int, pending: int) -> Decision:
    """Return the next step of a trial whose last group is under way.

    Patients who are not evaluable are not counted: they are replaced. In this order:

    - The group ends at once when its DLTs settle that the next dose is lower, or none, however the pending and the
      missing patients turn out; of a 3+3 if its policies say so (G7, G9).
    - While patients are missing, the group is completed.
    - While patients are pending, they are awaited (``"suspend"``).
    - The design decides.

    A live trial and virtual trials both ask this function.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    before : State
        The counts when the group was opened.
    level, size : int
        The group's dose level, and how many patients the design asked for.
    free, dlt, pending : int
        Patients of the group without a DLT at the end of their window, with one, and within the window.

    Returns
    -------
    Decision
        A decision to enrol at ``level`` completes the group if patients are missing, and else opens another.

    Raises
    ------
    ValueError
        If the group has more patients than the design asked for.

    Examples
    --------
    >>> protocol, first = ThreePlusThree(), State.empty(3)
    >>> under_way(protocol, first, 1, 3, free=0, dlt=1, pending=1).reason
    '1 DLT in 2 at dose level 1: complete the first 3'
    >>> under_way(protocol, first, 1, 3, free=0, dlt=2, pending=0).reason
    '2 DLTs in 2 at dose level 1: no dose is safe'
    >>> under_way(protocol, first, 1, 3, free=0, dlt=1, pending=2).action
    'suspend'
    """
    known = free + dlt
    enrolled = known + pending
    missing = size - enrolled
    if missing < 0:
        raise ValueError(f"{enrolled} patients in a group of {size}; accepted: up to {size}")
    if not missing and not pending:
        return design.decide(before.add(level, size, dlt))
    futures = [design.decide(before.add(level, size, dlt + more)) for more in range(size - known + 1)]
    alike = len({_step(decision) for decision in futures}) == 1
    settled = known > 0 and alike and (futures[0].dose or 0) < level
    words = f" ({pending} pending, whose outcome does not change this)" if pending else ""
    if isinstance(design, ThreePlusThree):  # which knows groups that are not complete; other designs need not
        now = design.decide(before.add(level, known, dlt))
        if settled and design.ends_early(before, level) and _step(now) == _step(futures[0]):
            return replace(now, reason=now.reason + words)
        if missing and enrolled:
            return design.decide(before.add(level, enrolled, dlt))
    elif settled:
        return replace(futures[0], reason=f"{futures[0].reason}, settled by the {known} who are known{words}")
    if missing:
        at = replace(before.add(level, known, dlt), current=level)
        return move(at, level, missing, f"{enrolled} of a group of {size} at dose level {level}: complete it", (level,))
    return awaited(before.add(level, enrolled, dlt), pending, futures[0])


def _step(decision: Decision) -> tuple[str, int | None]:
    return decision.action, decision.dose


def awaited(state: State, pending: int, then: Decision) -> Decision:
    """Return the decision to wait for pending patients of the current level, and what follows without another DLT.

    Parameters
    ----------
    state : State
        The counts, the pending patients included as patients without a DLT.
    pending : int
        How many they are.
    then : Decision
        The step if none of them has a DLT.
    """
    n, dlt = state.at(state.current)
    reason = f"{pending} of {n} patients at dose level {state.current} are pending, {dlt} DLT so far"
    gaps = (*then.questions, "G8") if then.enrols and then.dose == state.current else then.questions
    return Decision("suspend", None, f"{reason}; without a further DLT: {then.reason}", then.admissible, 0, gaps)
