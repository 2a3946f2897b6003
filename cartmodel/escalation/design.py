"""The one contract of every dose-escalation design, the registry of designs, and designs assembled from slots."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from cartmodel.escalation.state import Decision, State, first_group, move
from cartmodel.registry import Registry


@runtime_checkable
class Design(Protocol):
    """A rule that maps the counts of a trial to its next step.

    Any object with this method is a design. ``decide`` is a pure function: the same state gives the same decision, and
    nothing is remembered between calls. A trial without a safe dose is an answer, not an error.
    """

    def decide(self, state: State, /) -> Decision:
        """Return the next step of a trial."""
        ...


designs = Registry[Callable[..., Design]]("design")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The dose levels in the order in which a rule prefers them for the next group.

    Parameters
    ----------
    order : tuple of int
        Levels, best first; a level that is left out is never given.
    reason : str
        Why the first is the first.
    """

    order: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A named restriction of the dose levels.

    Parameters
    ----------
    name : str
        What it is, for the reason of a decision.
    allowed : callable ``(state) -> frozenset of int``
        The levels that it leaves open.
    """

    name: str
    allowed: Callable[[State], frozenset[int]]


type Recommend = Callable[[State], Recommendation]
type Stop = Callable[[State], str | None]
type Select = Callable[[State, frozenset[int]], int | None]


def no_skipping(state: State) -> frozenset[int]:
    """Return the levels up to one above the highest tried.

    Examples
    --------
    >>> sorted(no_skipping(State((3, 0, 0), (0, 0, 0))))
    [1, 2]
    """
    return frozenset(range(1, min(state.highest + 1, state.doses) + 1))


def stop_at(patients: int) -> Stop:
    """Return the stopping rule of a maximum number of evaluable patients.

    Examples
    --------
    >>> stop_at(18)(State((9, 9), (1, 3)))
    'all 18 patients'
    """

    def rule(state: State) -> str | None:
        return f"all {patients} patients" if state.patients >= patients else None

    return rule


@dataclass(frozen=True)
class SlotDesign:
    """A design assembled from slots, which are always evaluated in the same order.

    1. ``recommend`` ranks the levels. 2. ``limits`` strike levels out. 3. ``safety`` strikes levels out, last. What is
    left is an intersection, so no order within or between these slots changes it; the next group gets the best ranked
    level that is left. 4. If safety leaves no level the trial stops without an MTD. 5. If a rule of ``stopping`` holds,
    the trial stops and ``select`` names the MTD among the levels that were tried and are safe.

    Parameters
    ----------
    recommend : callable ``(state) -> Recommendation``
        The dose-finding rule. It is not asked before the first patient: the trial starts at the state's current level.
    select : callable ``(state, levels) -> int or None``
        The MTD among the tried and safe levels.
    limits, safety : tuple of Filter
        Restrictions; safety alone can end the trial.
    stopping : tuple of callable ``(state) -> str or None``
        Each returns the reason to stop, or None.
    cohort : int
        Patients in a group.
    max_patients : int
        Evaluable patients at which the trial ends; the last group is smaller where it has to be.

    Raises
    ------
    ValueError
        If ``cohort`` or ``max_patients`` is not positive.

    Examples
    --------
    >>> climb = SlotDesign(
    ...     recommend=lambda state: Recommendation(tuple(range(state.doses, 0, -1)), "as high as allowed"),
    ...     select=lambda state, levels: max(levels),
    ...     safety=(Filter("no dose after 2 DLTs", lambda s: frozenset(d for d in (1, 2) if s.dlt[d - 1] < 2)),),
    ...     max_patients=12,
    ... )
    >>> climb.decide(State((3, 3), (0, 2), current=2))
    Decision(action='de-escalate', dose=1, reason='as high as allowed; no dose after 2 DLTs: not level 2', \
admissible=(1,), cohort=3, questions=())
    """

    recommend: Recommend
    select: Select
    limits: tuple[Filter, ...] = (Filter("no skipping", no_skipping),)
    safety: tuple[Filter, ...] = ()
    stopping: tuple[Stop, ...] = ()
    cohort: int = 3
    max_patients: int = 18

    def __post_init__(self) -> None:
        sizes = self.cohort, self.max_patients
        if any(type(size) is not int or size < 1 for size in sizes):
            raise ValueError(f"cohort {self.cohort!r}, max_patients {self.max_patients!r}; accepted: 1 or more")

    def decide(self, state: State, /) -> Decision:
        """Return the next step of a trial; see the class."""
        if not state.patients:
            return first_group(state, min(self.cohort, self.max_patients))
        levels = frozenset(range(1, state.doses + 1))
        safe = levels.intersection(*(f.allowed(state) for f in self.safety))
        if not safe:
            return Decision("stop", None, "; ".join(["no dose is safe", *self._struck(self.safety, state, levels)]))
        reasons = [reason for rule in (stop_at(self.max_patients), *self.stopping) if (reason := rule(state))]
        if reasons:
            mtd = self.select(state, safe & state.tried) if safe & state.tried else None
            return Decision("stop", mtd, "; ".join(sorted(reasons)), tuple(sorted(safe & state.tried)))
        left = safe.intersection(*(f.allowed(state) for f in self.limits))
        ranked = self.recommend(state)
        dose = next((level for level in ranked.order if level in left), None)
        if dose is None:
            return Decision("refer", None, f"{ranked.reason}, but no such level is open", tuple(sorted(left)))
        passed_over = frozenset(ranked.order[: ranked.order.index(dose)])
        reason = "; ".join([ranked.reason, *self._struck((*self.limits, *self.safety), state, passed_over)])
        size = min(self.cohort, self.max_patients - state.patients)
        return move(state, dose, size, reason, tuple(sorted(left)))

    @staticmethod
    def _struck(filters: tuple[Filter, ...], state: State, levels: frozenset[int]) -> list[str]:
        """Which filter strikes which of these levels out, in words that do not depend on the order of the filters."""
        words: list[str] = []
        for f in sorted(filters, key=lambda f: f.name):
            struck = sorted(levels - f.allowed(state))
            if struck:
                words.append(f"{f.name}: not level {', '.join(map(str, struck))}")
        return words
