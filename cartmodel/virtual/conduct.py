"""What a design did in a block of virtual trials: who was treated when and at which dose, and what was decided."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.state import Decision
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.truth import Array

NO_RULE = -1
"""The MTD of a trial that ended where its design has no rule; 0 is a trial without a safe dose."""


@dataclass(eq=False)
class Conduct:
    """The arrays that a design fills in while it runs a block of trials.

    Parameters
    ----------
    level, group : ndarray of int (trials, patients)
        Dose level (0: nobody) and number of the group that each patient was meant for.
    enrolled, infusion : ndarray (trials, patients)
        Day of the trial; NaN: not enrolled (the group's step was settled before the patient came), not infused.
    step, day : ndarray (trials, steps)
        Which of ``decisions`` was taken, and on which day of the trial; -1 and NaN after the last.
    mtd : ndarray of int (trials,)
        At the end; see `NO_RULE`.
    decisions : list of Decision
        Each different one once.
    """

    trials: int
    level: NDArray[np.int64] = field(init=False)
    group: NDArray[np.int64] = field(init=False)
    enrolled: Array = field(init=False)
    infusion: Array = field(init=False)
    step: NDArray[np.int64] = field(init=False)
    day: Array = field(init=False)
    mtd: NDArray[np.int64] = field(init=False)
    decisions: list[Decision] = field(default_factory=list)
    _places: dict[Decision, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole, real = np.zeros((self.trials, 0), dtype=np.int64), np.zeros((self.trials, 0))
        self.level, self.group, self.step = whole, whole, whole
        self.enrolled, self.infusion, self.day = real, real, real
        self.mtd = np.zeros(self.trials, dtype=np.int64)

    def reach(self, patients: int) -> None:
        """Make room for so many patients."""
        more = patients - self.level.shape[1]
        if more > 0:
            pad = (0, 0), (0, more)
            self.level, self.group = np.pad(self.level, pad), np.pad(self.group, pad)
            self.enrolled = np.pad(self.enrolled, pad, constant_values=np.nan)
            self.infusion = np.pad(self.infusion, pad, constant_values=np.nan)

    def decided(self, rows: NDArray[np.int64], day: Array, decision: Decision, count: NDArray[np.int64]) -> None:
        """Note a decision of some trials on some days, each the trial's next step (from ``count``)."""
        if decision not in self._places:
            self._places[decision] = len(self.decisions)
            self.decisions.append(decision)
        more = int(count[rows].max()) + 1 - self.step.shape[1]
        if more > 0:
            pad = (0, 0), (0, more)
            self.step = np.pad(self.step, pad, constant_values=-1)
            self.day = np.pad(self.day, pad, constant_values=np.nan)
        self.step[rows, count[rows]] = self._places[decision]
        self.day[rows, count[rows]] = day
        count[rows] += 1


def end_of(decision: Decision) -> int:
    """Return the MTD that a trial ends with.

    Examples
    --------
    >>> end_of(Decision("stop", None, "dose level 1 is too toxic")), end_of(Decision("refer", None, "no rule"))
    (0, -1)
    """
    return NO_RULE if decision.action == "refer" else decision.dose or 0


@dataclass(frozen=True, eq=False)
class Followed:
    """What became of the patients, as arrays (trials, patients).

    Parameters
    ----------
    infused : ndarray
        Cells; NaN: none.
    onset : ndarray
        Day of the DLT after the infusion, if it was seen; NaN: none seen.
    dlt : ndarray
        1.0 for a DLT within the window, 0.0 for a whole window without, NaN for a patient who left before.
    leaves : ndarray
        Day after the infusion on which the patient left; infinite: never.
    short : ndarray of int8
        1 for a patient enrolled whose product was too small to be infused.
    """

    infused: Array
    onset: Array
    dlt: Array
    leaves: Array
    short: NDArray[np.int8]


def followed(conduct: Conduct, potential: Potential) -> Followed:
    """Return what became of the patients whom a design treated."""
    patients = conduct.level.shape[1]
    treated = np.isfinite(conduct.infusion)
    rows, columns = np.indices(conduct.level.shape)
    at = np.maximum(conduct.level - 1, 0)
    onset, leaves = potential.onset[rows, columns, at], potential.leaves[:, :patients]
    seen = treated & (onset <= leaves) & np.isfinite(onset)
    window = potential.scenario.toxicity.window
    dlt = np.where(seen & (onset <= window), 1.0, np.where(leaves >= window, 0.0, np.nan))
    return Followed(
        infused=np.where(treated, potential.infused[rows, columns, at], np.nan),
        onset=np.where(seen, onset, np.nan),
        dlt=np.where(treated, dlt, np.nan),
        leaves=np.where(treated, leaves, np.nan),
        short=(np.isfinite(conduct.enrolled) & ~np.isfinite(potential.infused[rows, columns, at])).astype(np.int8),
    )
