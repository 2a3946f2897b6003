"""What a dose-escalation trial knows from counts, and what a design answers."""

from dataclasses import dataclass, field, replace
from typing import Literal

type Action = Literal["escalate", "stay", "de-escalate", "suspend", "stop", "refer"]


@dataclass(frozen=True, slots=True)
class State:
    """The counts of a trial: patients evaluable for DLT and DLTs at each dose level, and where the trial stands.

    Dose levels are numbered 1, 2, ... from the lowest.

    Parameters
    ----------
    n : tuple of int
        Evaluable patients at each dose level.
    dlt : tuple of int
        How many of them had a DLT.
    current : int
        The dose level of the last group; before the first patient, the level at which the trial starts.

    Raises
    ------
    ValueError
        If the counts are impossible or the current level does not exist.

    Examples
    --------
    >>> state = State(n=(3, 3, 0), dlt=(0, 1, 0), current=2)
    >>> state.highest, state.patients
    (2, 6)
    >>> State(n=(3, 0), dlt=(4, 0))
    Traceback (most recent call last):
    ...
    ValueError: dose level 1: 4 DLTs in 3 patients; accepted: 0 to 3
    """

    n: tuple[int, ...]
    dlt: tuple[int, ...]
    current: int = 1

    def __post_init__(self) -> None:
        if not self.n or len(self.n) != len(self.dlt):
            raise ValueError(f"n has {len(self.n)} dose levels and dlt {len(self.dlt)}; accepted: as many, one or more")
        wrong: list[str] = []
        for level, (n, dlt) in enumerate(zip(self.n, self.dlt, strict=True), start=1):
            if n < 0:
                wrong.append(f"dose level {level}: {n} patients; accepted: 0 or more")
            elif not 0 <= dlt <= n:
                wrong.append(f"dose level {level}: {dlt} DLTs in {n} patients; accepted: 0 to {n}")
        if not 1 <= self.current <= len(self.n):
            wrong.append(f"current dose level {self.current}; accepted: 1 to {len(self.n)}")
        if wrong:
            raise ValueError("\n".join(wrong))

    @classmethod
    def empty(cls, doses: int, start: int = 1) -> "State":
        """Return the state before the first patient, of a trial with so many dose levels.

        Examples
        --------
        >>> State.empty(3)
        State(n=(0, 0, 0), dlt=(0, 0, 0), current=1)
        """
        return cls((0,) * doses, (0,) * doses, start)

    @property
    def doses(self) -> int:
        """How many dose levels the trial has."""
        return len(self.n)

    @property
    def patients(self) -> int:
        """Evaluable patients at all levels together."""
        return sum(self.n)

    @property
    def highest(self) -> int:
        """The highest level with a patient; 0 before the first."""
        return max((level for level, n in enumerate(self.n, start=1) if n), default=0)

    @property
    def tried(self) -> frozenset[int]:
        """The levels with a patient."""
        return frozenset(level for level, n in enumerate(self.n, start=1) if n)

    def at(self, level: int) -> tuple[int, int]:
        """Return patients and DLTs at a dose level."""
        return self.n[level - 1], self.dlt[level - 1]

    def add(self, level: int, patients: int, dlt: int) -> "State":
        """Return the state after so many more patients at a dose level, of whom so many had a DLT.

        Examples
        --------
        >>> State.empty(2).add(1, 3, 1)
        State(n=(3, 0), dlt=(1, 0), current=1)
        """
        if not 1 <= level <= self.doses:
            raise ValueError(f"dose level {level}; accepted: 1 to {self.doses}")
        if not 0 <= dlt <= patients:
            raise ValueError(f"{dlt} DLTs in {patients} more patients; accepted: 0 to {patients}")
        n, total = list(self.n), list(self.dlt)
        n[level - 1] += patients
        total[level - 1] += dlt
        return State(tuple(n), tuple(total), level)

    def fill(self, level: int, patients: int, dlt: int) -> "State":
        """Return the state after so many more patients at a dose level that is backfilled: the current one stays.

        Examples
        --------
        >>> State((3, 3), (0, 0), current=2).fill(1, 2, 1)
        State(n=(5, 3), dlt=(1, 0), current=2)
        """
        return replace(self.add(level, patients, dlt), current=self.current)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a design says next.

    Parameters
    ----------
    action : {"escalate", "stay", "de-escalate", "suspend", "stop", "refer"}
        The first three enrol. ``"suspend"`` waits for pending patients. ``"stop"`` ends the trial. ``"refer"``: the
        design has no rule here, people decide.
    dose : int or None
        The level of the next group or, at a stop, the MTD; None at a stop: no dose is safe.
    reason : str
        Why, in words.
    admissible : tuple of int
        The levels that the design's limits and safety filters leave open.
    cohort : int
        How many patients to enrol before the next decision; 0 unless the action enrols.
    questions : tuple of str
        The gaps of the protocol's text on which this step depends, such as ``"G2"``.
    backfill : tuple of (int, int)
        Level and number of patients of groups that are enrolled beside this one, at lower doses; see `Backfill`.

    Raises
    ------
    ValueError
        If the action and the other fields contradict each other.

    Examples
    --------
    >>> Decision("stop", None, "dose level 1 is too toxic").enrols
    False
    """

    action: Action
    dose: int | None
    reason: str
    admissible: tuple[int, ...] = ()
    cohort: int = 0
    questions: tuple[str, ...] = ()
    backfill: tuple[tuple[int, int], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.enrols and (self.dose is None or self.cohort < 1):
            raise ValueError(
                f"'{self.action}' with dose {self.dose} and cohort {self.cohort}; accepted: a level, 1 or more"
            )
        if not self.enrols and self.cohort:
            raise ValueError(f"'{self.action}' with a cohort of {self.cohort}; accepted: 0")
        if self.action in ("suspend", "refer") and self.dose is not None:
            raise ValueError(f"'{self.action}' with dose {self.dose}; accepted: None")
        if self.backfill and not self.enrols:
            raise ValueError(f"'{self.action}' with backfill {self.backfill}; accepted: none")

    @property
    def enrols(self) -> bool:
        """Whether patients are enrolled now."""
        return self.action in ("escalate", "stay", "de-escalate")


def move(state: State, dose: int, cohort: int, reason: str, admissible: tuple[int, ...] = ()) -> Decision:
    """Return the decision to enrol at a dose level, named by its direction from the current one.

    Examples
    --------
    >>> move(State((3, 0), (0, 0)), 2, 3, "0 of 3").action
    'escalate'
    """
    action: Action = "escalate" if dose > state.current else "stay" if dose == state.current else "de-escalate"
    return Decision(action, dose, reason, admissible, cohort)


def first_group(state: State, cohort: int) -> Decision:
    """Return the decision to enrol the first group, at the level at which the trial starts.

    Examples
    --------
    >>> first_group(State.empty(3), 3).dose
    1
    """
    return move(state, state.current, cohort, "the first group", (state.current,))
