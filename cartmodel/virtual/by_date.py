"""Virtual trials under designs that decide from dates or from all records so far: one trial after the other."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from cartmodel.escalation.dated import DatedDesign, DatedPatient, DatedState
from cartmodel.escalation.state import Decision, State
from cartmodel.virtual.conduct import Conduct, end_of
from cartmodel.virtual.curves import EvaluablePatient, PotentialSamples
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.records import trial_table
from cartmodel.virtual.streams import Streams


@dataclass
class _Patient:
    """One enrolled patient; days of the trial, infinite for what does not happen."""

    level: int
    ready: float
    infusion: float
    onset: float
    leaves: float

    def gone(self, now: float, window: float) -> bool:
        """Whether it is known that this patient will not be evaluable."""
        if not np.isfinite(self.infusion):
            return now >= self.ready
        return now >= self.leaves and self.leaves < min(self.onset, self.infusion + window)

    def changes(self, window: float) -> tuple[float, ...]:
        """Days on which something about the patient becomes known."""
        if not np.isfinite(self.infusion):
            return (self.ready,)
        return self.infusion, self.onset, self.leaves, self.infusion + window


class TrialSoFar:
    """A virtual trial at the moment of a decision, for a design that looks at more than counts and dates.

    Parameters
    ----------
    potential : Potential
        The block's patients.
    trial : int
        The trial's place in the block.
    now : float
        The day of the trial.
    patients : list
        Everyone enrolled so far.
    current : int
        The level of the last group; before the first patient, the level at which the trial starts.
    curves : PotentialSamples, optional
        The block's, so that they are made once.

    Attributes
    ----------
    place : int
        The trial's place in the block.
    doses : tuple of float
        Cells.
    window : float
        Days of the DLT window.
    """

    def __init__(
        self,
        potential: Potential,
        trial: int,
        now: float,
        patients: list[_Patient],
        current: int,
        curves: PotentialSamples | None = None,
    ) -> None:
        self._curves = curves if curves is not None else PotentialSamples(potential)
        self._potential, self.place, self.now, self.current = potential, trial, now, current
        self._patients = tuple(patients)
        scenario = potential.scenario
        self.window, self.doses = scenario.toxicity.window, scenario.doses

    @cached_property
    def dated(self) -> DatedState:
        """Patients who are evaluable or may become so, with days followed and DLTs so far."""
        known: list[DatedPatient] = []
        for patient in self._patients:
            if patient.gone(self.now, self.window):
                continue
            hit = patient.onset <= self.now
            if hit:
                days = patient.onset - patient.infusion
            elif self.now >= patient.infusion + self.window:
                days = self.window  # exactly: the difference of two days of the trial is rounded
            else:
                days = max(0.0, self.now - patient.infusion)
            known.append(DatedPatient(patient.level, days, hit))
        return DatedState(tuple(known), len(self.doses), self.window, self.current)

    @cached_property
    def counts(self) -> State:
        """Patients who are evaluable by now, and their DLTs."""
        trial = self.dated
        done, levels = ~trial.pending, range(1, trial.doses + 1)
        n = tuple(int(np.sum(done & (trial.level == k))) for k in levels)
        return State(n, tuple(int(np.sum(trial.dlt & (trial.level == k))) for k in levels), self.current)

    @cached_property
    def evaluable(self) -> tuple[EvaluablePatient, ...]:
        """The patients that `counts` counts, with the cells infused and the samples so far."""
        found: list[EvaluablePatient] = []
        for place, patient in enumerate(self._patients):
            done = patient.infusion + self.window <= self.now or patient.onset <= self.now
            if not done or patient.gone(self.now, self.window):
                continue
            onset = patient.onset - patient.infusion
            dlt = onset <= self.window
            time, level = self._curves.of(self.place, place, patient.level)
            level = np.where(time <= self.now - patient.infusion, level, np.nan)
            infused = float(self._potential.infused[self.place, place, patient.level - 1])
            followed = min(self.now, patient.leaves) - patient.infusion
            found.append(EvaluablePatient(infused, onset if dlt else self.window, dlt, followed, time, level))
        return tuple(found)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The trial table so far, as `read_trial` takes it: samples, DLTs and outcomes known by now; SIMULATED."""
        streams = self._potential.streams
        alone = Potential(self._potential.scenario, Streams(streams.seed, streams.first + self.place, 1))
        alone.reach(len(self._patients))
        conduct = Conduct(1)
        conduct.reach(alone.patients)
        for place, patient in enumerate(self._patients):
            conduct.level[0, place] = patient.level
            conduct.infusion[0, place] = patient.infusion if patient.infusion <= self.now else np.nan
        return trial_table(conduct, alone, now=self.now)


class RecordsDesign(Protocol):
    """A rule that maps all records of a trial so far to its next step."""

    def decide(self, trial: TrialSoFar, /) -> Decision:
        """Return the next step of a trial."""
        ...


def conduct_by_date(design: DatedDesign | RecordsDesign, potential: Potential, *, records: bool = False) -> Conduct:
    """Return what a design that decides from dates, or from all records so far, did with the patients of a block.

    The design is asked when the first patient of a group is there, not before the last of the group before has been
    enrolled; while it waits for pending patients, whenever something about one becomes known. A patient who was not
    infused, or has left within the window without a DLT, counts no more from that day on.

    Parameters
    ----------
    design : DatedDesign or RecordsDesign
        The rule.
    potential : Potential
        The patients.
    records : bool
        Whether the design is given a `TrialSoFar`; else a `DatedState`.

    Raises
    ------
    ValueError
        If the design waits with nobody pending.
    """
    conduct = Conduct(potential.streams.trials)
    count = np.zeros(conduct.trials, dtype=np.int64)
    curves = PotentialSamples(potential)
    for trial in range(conduct.trials):
        _run(design, potential, conduct, count, trial, curves if records else None)
    return conduct


def _run(
    design: object,
    potential: Potential,
    conduct: Conduct,
    count: np.ndarray,
    trial: int,
    curves: PotentialSamples | None,
) -> None:
    scenario = potential.scenario
    window = scenario.toxicity.window
    patients: list[_Patient] = []
    current, now, group = scenario.start, 0.0, 0
    row = np.array([trial])

    def reach() -> None:
        potential.reach(len(patients) + 1)
        conduct.reach(potential.patients)

    reach()
    arrival = float(potential.gap[trial, 0])
    while True:
        so_far = TrialSoFar(potential, trial, now, patients, current, curves)
        decision: Decision = design.decide(so_far if curves is not None else so_far.dated)  # type: ignore[attr-defined]
        if decision.action == "suspend":
            days = [day for patient in patients for day in patient.changes(window) if now < day < np.inf]
            if not days:
                raise ValueError(f"the design waits with nobody pending ({decision.reason}); accepted: another step")
            now = min(days)
            arrival = now + float(potential.gap[trial, len(patients)])  # nobody is enrolled while the design waits
            continue
        if decision.enrols and now < arrival:
            now = arrival
            continue
        conduct.decided(row, np.array([now]), decision, count)
        if not decision.enrols or decision.dose is None:
            conduct.mtd[trial] = end_of(decision)
            return
        group, current = group + 1, decision.dose
        before, day = -np.inf, now
        for place in range(decision.cohort):
            reach()
            j = len(patients)
            day = day if place == 0 else day + float(potential.gap[trial, j])
            ready = day + float(potential.making[trial, j])
            has_product = bool(np.isfinite(potential.infused[trial, j, current - 1]))
            infusion = max(ready, before + scenario.stagger) if has_product else np.inf
            before = infusion if has_product else before
            onset, leaves = float(potential.onset[trial, j, current - 1]), float(potential.leaves[trial, j])
            patients.append(_Patient(current, ready, infusion, infusion + onset, infusion + leaves))
            conduct.level[trial, j], conduct.group[trial, j] = current, group
            conduct.enrolled[trial, j] = day
            conduct.infusion[trial, j] = infusion if has_product else np.nan
        now = day
        reach()
        arrival = now + float(potential.gap[trial, len(patients)])
