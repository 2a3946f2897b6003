"""A trial with dates: patients whose DLT window is not over yet, for time-to-event designs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.state import Decision, State
from cartmodel.registry import Registry


@dataclass(frozen=True, slots=True)
class DatedPatient:
    """One patient of a trial at the moment of a decision.

    Parameters
    ----------
    dose : int
        The dose level.
    days : float
        Days from the infusion to the DLT or, without one, followed so far.
    dlt : bool
        Whether a DLT has occurred.
    """

    dose: int
    days: float
    dlt: bool = False


@dataclass(frozen=True, slots=True)
class DatedState:
    """What is known at the moment of a decision.

    Parameters
    ----------
    patients : tuple of DatedPatient
        In any order.
    doses : int
        How many dose levels the trial has.
    window : float
        Length of the DLT window in days; a DLT after it does not count.
    current : int
        The level of the last group; before the first patient, the level at which the trial starts.

    Raises
    ------
    ValueError
        If a patient's dose or days, the window or the current level are impossible.

    Examples
    --------
    >>> trial = DatedState((DatedPatient(1, 28), DatedPatient(1, 9, dlt=True), DatedPatient(1, 14)), doses=3)
    >>> trial.counts, trial.pending.tolist()
    (State(n=(3, 0, 0), dlt=(1, 0, 0), current=1), [False, False, True])
    """

    patients: tuple[DatedPatient, ...]
    doses: int
    window: float = 28.0
    current: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.window < np.inf:
            raise ValueError(f"window {self.window}; accepted: days above 0")
        if not 1 <= self.current <= self.doses:
            raise ValueError(f"current dose level {self.current}; accepted: 1 to {self.doses}")
        wrong: list[str] = []
        for place, patient in enumerate(self.patients, start=1):
            if not 1 <= patient.dose <= self.doses:
                wrong.append(f"patient {place}: dose level {patient.dose}; accepted: 1 to {self.doses}")
            if not 0 <= patient.days < np.inf:
                wrong.append(f"patient {place}: {patient.days} days; accepted: 0 or more")
        if wrong:
            raise ValueError("\n".join(wrong))

    @property
    def level(self) -> NDArray[np.int64]:
        """Dose level of each patient."""
        return np.array([patient.dose for patient in self.patients], dtype=np.int64)

    @property
    def days(self) -> NDArray[np.float64]:
        """Days followed within the window, of each patient."""
        return np.array([min(patient.days, self.window) for patient in self.patients], dtype=float)

    @property
    def dlt(self) -> NDArray[np.bool_]:
        """Whether each patient had a DLT within the window."""
        return np.array([patient.dlt and patient.days <= self.window for patient in self.patients], dtype=bool)

    @property
    def pending(self) -> NDArray[np.bool_]:
        """Whether each patient is still within the window, without a DLT."""
        return ~self.dlt & (self.days < self.window)

    @property
    def counts(self) -> State:
        """All patients, pending ones included, and DLTs so far at each level."""
        levels = range(1, self.doses + 1)
        n = tuple(int(np.sum(self.level == k)) for k in levels)
        dlt = tuple(int(np.sum(self.dlt[self.level == k])) for k in levels)
        return State(n, dlt, self.current)


class DatedDesign(Protocol):
    """A rule that maps a dated trial to its next step: a pure function, as `Design` is one of counts."""

    def decide(self, trial: DatedState, /) -> Decision:
        """Return the next step of a trial."""
        ...


dated_designs = Registry[Callable[..., DatedDesign]]("time-to-event design")
