"""Groups of a 3+3 in virtual trials, followed as a live trial is: who is infused, and when a step is settled."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.escalation.under_way import under_way
from cartmodel.virtual.conduct import Conduct
from cartmodel.virtual.potential import Potential

type _Asked = tuple[State, int, int]


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the trial on which something about a patient happens; infinite: never.

    Parameters
    ----------
    infusion, dlt, done, gone : float
        Of the infusion; of a DLT within the window; of the end of a window without one; of leaving before it.
    """

    infusion: float
    dlt: float
    done: float
    gone: float


def days_of(infusion: float, onset: float, leaves: float, window: float) -> Days:
    """Return what happens to a patient, from the day of infusion and the days after it of a DLT and of leaving.

    Examples
    --------
    >>> days_of(10.0, 5.0, 7.0, 28.0)
    Days(infusion=10.0, dlt=15.0, done=inf, gone=inf)
    """
    if onset <= window and onset <= leaves:
        return Days(infusion, infusion + onset, inf, inf)
    if leaves >= window:
        return Days(infusion, inf, infusion + window, inf)
    return Days(infusion, inf, inf, infusion + leaves)


def counts_on(day: float, patients: Iterable[Days]) -> tuple[int, int, int]:
    """Return how many patients are known on a day to be without a DLT, to have one, or are pending."""
    free = dlt = pending = 0
    for patient in patients:
        if patient.dlt <= day:
            dlt += 1
        elif patient.done <= day:
            free += 1
        elif patient.gone > day:
            pending += 1
    return free, dlt, pending


class Groups:
    """The groups of a 3+3 in a block of virtual trials.

    Parameters
    ----------
    design : ThreePlusThree
        The rule.
    conduct : Conduct
        What it has done so far: who was infused, and when.
    potential : Potential
        The patients.
    """

    def __init__(self, design: ThreePlusThree, conduct: Conduct, potential: Potential) -> None:
        self._design, self._conduct, self._potential = design, conduct, potential
        self._asked: dict[int, tuple[int, _Asked]] = {}
        self._steps: dict[tuple[_Asked, tuple[int, int, int]], Decision] = {}

    def open(self, trial: int, first: int, before: State, level: int, size: int) -> None:
        """Note a trial's new group: the place of its first patient, the counts before it, its level and size."""
        self._asked[trial] = first, (before, level, size)

    def halt(self, trial: int, patients: int) -> bool:
        """Give up the infusions of a trial's group that the rule no longer asks for, and return whether there are any.

        Parameters
        ----------
        trial : int
            Its place in the block.
        patients : int
            How many patients the trial has enrolled.
        """
        first, asked = self._asked[trial]
        ordered = sorted(enumerate(self._days(trial, patients), start=first), key=lambda pair: pair[1].infusion)
        infused = [(place, days) for place, days in ordered if days.infusion < inf]
        for k, (_, days) in enumerate(infused):
            if not self._goes_on(asked, counts_on(days.infusion, (before for _, before in infused[:k]))):
                self._conduct.infusion[trial, [place for place, _ in infused[k:]]] = np.nan
                return True
        return False

    def turn_away(self, trial: int, patients: int, day: float) -> None:
        """Take back the enrolment of a group's patients who came after the day on which its step was settled."""
        group = slice(self._asked[trial][0], patients)
        enrolled = self._conduct.enrolled[trial, group]
        enrolled[np.isnan(self._conduct.infusion[trial, group]) & (enrolled > day)] = np.nan

    def counted(self, trial: int, patients: int) -> tuple[int, int, float]:
        """Return the patients without and with a DLT in a trial's group, and the day when all its windows are over."""
        days = [patient for patient in self._days(trial, patients) if patient.infusion < inf]
        window = self._potential.scenario.toxicity.window
        over = [patient.gone if patient.gone < inf else patient.infusion + window for patient in days]
        return sum(p.done < inf for p in days), sum(p.dlt < inf for p in days), max(over, default=-inf)

    def settled(self, trial: int, patients: int) -> tuple[float, Decision] | None:
        """Return the day on which the step of a trial's group is settled, and the step; None if it is not.

        Parameters
        ----------
        trial : int
            Its place in the block.
        patients : int
            How many patients the trial has enrolled.
        """
        _, asked = self._asked[trial]
        days = self._days(trial, patients)
        events = {day for patient in days for day in (patient.dlt, patient.done, patient.gone) if day < inf}
        for day in sorted(events):
            counts = counts_on(day, (patient for patient in days if patient.infusion <= day))
            if not self._goes_on(asked, counts) and self._step(asked, counts).action != "suspend":
                return day, self._step(asked, counts)
        return None

    def _goes_on(self, asked: _Asked, counts: tuple[int, int, int]) -> bool:
        """Whether the rule asks for another patient of this group."""
        _, level, size = asked
        decision = self._step(asked, counts)
        return sum(counts) < size and decision.enrols and decision.dose == level

    def _step(self, asked: _Asked, counts: tuple[int, int, int]) -> Decision:
        key = asked, counts
        if key not in self._steps:
            self._steps[key] = under_way(self._design, *asked, *counts)
        return self._steps[key]

    def _days(self, trial: int, stop: int) -> list[Days]:
        first, (_, level, _) = self._asked[trial]
        infusion = self._conduct.infusion[trial, first:stop]
        given = np.where(np.isnan(infusion), inf, infusion).tolist()
        onset = self._potential.onset[trial, first:stop, level - 1].tolist()
        leaves = self._potential.leaves[trial, first:stop].tolist()
        window = self._potential.scenario.toxicity.window
        return [days_of(*patient, window) for patient in zip(given, onset, leaves, strict=True)]
