"""Backfill: further patients at lower doses while a design escalates, as a policy around it."""

from dataclasses import dataclass, replace

from cartmodel.escalation.boin import boin_boundaries
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State, move


@dataclass(frozen=True)
class Backfill:
    """A design with patients backfilled at lower doses.

    With each group that the design enrols, up to ``size`` more patients enter at the highest open level below it. A
    level is open while it has been tried, the design's safety leaves it open, its DLT rate is below the upper boundary
    and it has fewer than ``most_at_dose`` patients. All patients count for every decision. Where a level below the
    current one has a DLT rate at or above the upper boundary and the design would not go down, the levels from that one
    to the current one are pooled: a pooled rate up to the lower boundary lets the decision stand; between the
    boundaries the dose is not raised; from the upper boundary on the next dose is the highest level whose rate, pooled
    from that one up, is below it.

    Activity is not in the counts: at a dose without any, people close the backfill.

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
    Zhao Y., Yuan Y., Korn E.L., Freidlin B. (2024), Clinical Cancer Research 30:673-679 (BF-BOIN), whose closing rule
    and pooling these are, as the R package 'bfboin' reads them; there backfill follows the calendar, here the groups.

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
        return tuple(
            level
            for level in sorted(state.tried & frozenset(range(1, decision.dose)))
            if state.dlt[level - 1] < high * state.n[level - 1]
            and state.n[level - 1] < self.most_at_dose
            and self._is_safe(level, decision)
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
        toxic = [k for k in range(1, current) if state.n[k - 1] and state.dlt[k - 1] >= high * state.n[k - 1]]
        if not toxic or not decision.enrols or decision.dose is None or decision.dose < current:
            return decision
        worst = toxic[-1]
        dlt, n = self._pooled(state, worst, current)
        found = f"{decision.reason}; {dlt} DLTs in {n} at dose levels {worst} to {current} pooled"
        if dlt <= low * n:
            return replace(decision, reason=found)
        if dlt < high * n:
            wanted = current
        else:
            below = [k for k in range(worst, current + 1) if self._pooled_rate(state, worst, k) < high]
            wanted = below[-1] if below else max(worst - 1, 1)
        if wanted >= decision.dose:
            return replace(decision, reason=found)
        return move(state, wanted, decision.cohort, found, tuple(k for k in decision.admissible if k <= wanted))

    def _pooled(self, state: State, first: int, last: int) -> tuple[int, int]:
        return sum(state.dlt[first - 1 : last]), sum(state.n[first - 1 : last])

    def _pooled_rate(self, state: State, first: int, last: int) -> float:
        dlt, n = self._pooled(state, first, last)
        return dlt / n
