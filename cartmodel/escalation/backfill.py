"""Backfill: further patients at lower doses while a design escalates, as a policy around it."""

from dataclasses import dataclass, replace

from cartmodel.escalation.boin import boin_boundaries
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State, move


@dataclass(frozen=True)
class Backfill:
    """A design with patients backfilled at lower doses.

    With each group that the design enrols, up to ``size`` more patients enter at the highest open level below it. A
    level is open while it has been tried, the design's safety leaves it open and it has fewer than ``most_at_dose``
    patients. A level whose DLT rate is at or above the upper boundary, alone and pooled with the next one, is closed
    with all levels above it.

    All patients count for every decision. Levels below contradict the current one where its rate would escalate and
    theirs would not, or where theirs would de-escalate and its rate would too or stay: then the levels from the highest
    such one to the current one are pooled. A pooled rate up to the lower boundary lets the design's decision stand;
    between the boundaries the dose is not raised; from the upper boundary on the next dose is the highest level whose
    rate, pooled from the contradicting one up, is below it, else the level under that one. Never is the next dose above
    the design's own.

    Activity is not in the counts: at a dose without any, people close the backfill. Groups are counted, not days: a
    backfill group is taken as known when the design decides next; virtual trials, which go by days, refuse backfill.

    Parameters
    ----------
    design : Design
        A design that decides from counts. Its ``max_patients`` counts the backfilled patients too.
    target : float
        The DLT probability that is aimed at; the boundaries are those of BOIN.
    size : int
        Patients backfilled beside a group.
    most_at_dose : int
        Patients at a dose from which on it is not backfilled.

    Raises
    ------
    ValueError
        If a number is not positive or the target no probability.

    References
    ----------
    Zhao Y., Yuan Y., Korn E.L., Freidlin B. (2024), Clinical Cancer Research 30:673-679 (BF-BOIN). Closing and pooling
    are those of the R package 'bfboin' (0.1.1), except that a low pooled rate there escalates even where the current
    level alone would not, and that a dose is open there only after a response.

    Examples
    --------
    >>> from cartmodel.escalation.boin import boin
    >>> decision = Backfill(boin(0.30, max_patients=30)).decide(State((3, 0, 0), (0, 0, 0)))
    >>> decision.dose, decision.backfill
    (2, ((1, 3),))
    """

    design: Design
    target: float = 0.30
    size: int = 3
    most_at_dose: int = 12

    def __post_init__(self) -> None:
        boin_boundaries(self.target)
        if self.size < 1 or self.most_at_dose < 1:
            raise ValueError(f"size {self.size}, most_at_dose {self.most_at_dose}; accepted: 1 or more")

    def decide(self, state: State, /) -> Decision:
        """Return the next step of a trial, with the groups to backfill; see the class."""
        decision = self._reconciled(state, self.design.decide(state))
        if not decision.enrols or decision.dose is None:
            return decision
        level = next(reversed(self.open(state, decision)), None)
        room = self._room(state) - decision.cohort
        if level is None or room < 1:
            return decision
        patients = min(self.size, self.most_at_dose - state.n[level - 1], room)
        return replace(decision, backfill=((level, patients),))

    def open(self, state: State, decision: Decision) -> tuple[int, ...]:
        """Return the levels that may be backfilled beside the group of a decision, lowest first."""
        if not decision.enrols or decision.dose is None:
            return ()
        _, high = boin_boundaries(self.target)
        rate = self._pooled_rate
        toxic = [
            level
            for level in range(1, decision.dose)
            if state.n[level - 1] and rate(state, level, level) >= high and rate(state, level, level + 1) >= high
        ]
        return tuple(
            level
            for level in sorted(state.tried & frozenset(range(1, min([decision.dose, *toxic]))))
            if state.n[level - 1] < self.most_at_dose and self._is_safe(level, decision)
        )

    def _is_safe(self, level: int, decision: Decision) -> bool:
        # A 3+3 names the level of the next group alone: those below it have passed.
        return level in decision.admissible or decision.admissible == (decision.dose,)

    def _room(self, state: State) -> int:
        most = getattr(self.design, "max_patients", None)
        return 10**9 if most is None else most - state.patients

    def _reconciled(self, state: State, decision: Decision) -> Decision:
        low, high = boin_boundaries(self.target)
        current = state.current
        if not decision.enrols or decision.dose is None or not state.n[current - 1]:
            return decision
        bound = low if self._pooled_rate(state, current, current) <= low else None
        against = [
            level
            for level in range(1, current)
            if state.n[level - 1]
            and (
                self._pooled_rate(state, level, level) > bound
                if bound is not None
                else self._pooled_rate(state, level, level) >= high
            )
        ]
        if not against:
            return decision
        worst = against[-1]
        dlt, n = self._pooled(state, worst, current)
        found = f"{decision.reason}; {dlt} DLTs in {n} at dose levels {worst} to {current} pooled"
        wanted = current
        if dlt <= low * n:
            wanted = decision.dose
        elif dlt >= high * n:
            below = [k for k in range(worst, current + 1) if self._pooled_rate(state, worst, k) < high]
            wanted = below[-1] if below else max(worst - 1, 1)
        if wanted >= decision.dose:
            return replace(decision, reason=found)
        return move(state, wanted, decision.cohort, found, self._up_to(wanted, decision))

    def _up_to(self, level: int, decision: Decision) -> tuple[int, ...]:
        return tuple(sorted({k for k in decision.admissible if k < level} | {level}))

    def _pooled(self, state: State, first: int, last: int) -> tuple[int, int]:
        return sum(state.dlt[first - 1 : last]), sum(state.n[first - 1 : last])

    def _pooled_rate(self, state: State, first: int, last: int) -> float:
        dlt, n = self._pooled(state, first, last)
        return dlt / n
