"""A trial described: who and what is in it, what is missing, and what looks odd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cartmodel.description.counts import patients_by_dose, records_by_kind, samples_by_dose
from cartmodel.description.covariates import covariates_by_dose
from cartmodel.description.levels import levels_by_visit
from cartmodel.description.schedule import MISSED, planned_days, samples_by_visit, window_ends
from cartmodel.description.suspicious import suspicious_values
from cartmodel.description.words import dose_group_note, section
from cartmodel.trial import TrialData


@dataclass(frozen=True, eq=False)
class TrialDescription:
    """What a trial holds, as tables.

    Parameters
    ----------
    name : str
        Of the trial.
    simulated : bool
        Whether its data are simulated.
    patients : pandas.DataFrame
        By dose: sampled, with a DLT, with a response, with comedication, days followed.
    covariates : pandas.DataFrame
        Baseline covariates by dose: n, missing, median and range, or counts.
    samples : pandas.DataFrame
        By dose and assay: patients, samples, BLQ, predose samples, LLOQs.
    visits : pandas.DataFrame
        By assay, dose and visit: samples, BLQ share, missed and not reached, geometric mean. Without a schedule, by
        period.
    missed : pandas.DataFrame
        Planned samples that were not taken: ``subject``, ``dose``, ``assay``, ``visit``. Empty without a schedule.
    records : pandas.DataFrame
        Other records by kind.
    warnings : pandas.DataFrame
        Values that deserve a second look, with their rows; none is removed.
    schedule : tuple of float
        The planned days; empty where neither the call nor the table gives them.
    notes : tuple of str
        What reading the table recognised, and what these tables rest on.
    """

    name: str
    simulated: bool
    patients: pd.DataFrame
    covariates: pd.DataFrame
    samples: pd.DataFrame
    visits: pd.DataFrame
    missed: pd.DataFrame
    records: pd.DataFrame
    warnings: pd.DataFrame
    schedule: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return the tables by name."""
        names = ("patients", "covariates", "samples", "visits", "missed", "records", "warnings")
        return {name: getattr(self, name) for name in names}

    def text(self) -> str:
        """Return the description as plain text."""
        head = "SIMULATED DATA - not a real trial\n" if self.simulated else ""
        by = "planned day" if self.schedule else "last day of the period"
        total = f"{int(self.patients['patients'].sum())} patients, {int(self.samples['samples'].sum())} samples"
        rows = f"Suspicious values: {len(self.warnings)}, none removed (row of the table)"
        lines = [f"{head}{self.name}: {total}", ""]
        lines += section("Patients by dose group (cells)", self.patients)
        lines += section("Baseline covariates", self.covariates)
        lines += section("Samples by dose and assay", self.samples, "no samples")
        lines += section(f"Levels and BLQ by visit ({by})", self.visits)
        if self.schedule:
            lines += section("Missed visits, though followed to the end of their window", self.missed, "none")
        lines += section("Other records", self.records[self.records["records"] > 0])
        lines += section(rows, self.warnings, "none found")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def describe_trial(
    trial: TrialData, schedule: Sequence[float] | None = None, *, vcn: float | None = None
) -> TrialDescription:
    """Return a description of a trial: counts by dose and assay, covariates, BLQ by visit, missed visits, odd values.

    A sample belongs to its nominal day, if the table gives one, else to the visit in whose window it lies: windows end
    halfway between two visits. A visit without a sample is missed where the patient is known to have been followed to
    the end of its window, else not reached.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    schedule : sequence of float, optional
        Planned days of the samples, after the infusion. Default: the nominal days of the table; where it has none,
        samples are counted by period, and missed visits cannot be told.
    vcn : float, optional
        Vector copies per CAR-T cell as measured, for the ceiling of copies/ug.

    Returns
    -------
    TrialDescription
        Tables, warnings with their rows, notes; ``print(description.text())`` shows them.

    Raises
    ------
    ValueError
        If the schedule or the vector copy number cannot be used.

    Examples
    --------
    >>> import cartmodel as cm
    >>> trial = cm.read_trial(cm.example_path("cd7_ssc"))
    >>> found = describe_trial(trial, [1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360])
    >>> found.patients["patients"].tolist(), found.samples["assay"].tolist()
    ([6, 6, 6], ['qpcr', 'qpcr', 'qpcr'])
    """
    days = planned_days(trial, schedule)
    planned = samples_by_visit(trial, days) if len(days) else None
    missed = ["subject", "dose", "assay", "visit"]
    return TrialDescription(
        name=trial.name,
        simulated=trial.simulated,
        patients=patients_by_dose(trial),
        covariates=covariates_by_dose(trial),
        samples=samples_by_dose(trial),
        visits=levels_by_visit(trial, days),
        missed=pd.DataFrame(columns=missed)
        if planned is None
        else planned.loc[planned["status"] == MISSED, missed].reset_index(drop=True),
        records=records_by_kind(trial),
        warnings=suspicious_values(trial, days.tolist(), vcn=vcn),
        schedule=tuple(days.tolist()),
        notes=(*trial.notes, *dose_group_note(trial), *_notes(trial, schedule, days, planned)),
    )


def _notes(
    trial: TrialData, schedule: Sequence[float] | None, days: np.ndarray, planned: pd.DataFrame | None
) -> list[str]:
    notes = ["Geometric means: a BLQ sample counts for half its LLOQ; none where more than half are BLQ."]
    if not len(days):
        notes.append("No schedule given and no nominal days in the table: missed visits cannot be told.")
        return notes
    listed = ", ".join(f"{day:g}" for day in days)
    if schedule is None:
        notes.append(f"Schedule as the nominal days of the table have it: {listed}.")
    second = len(trial.observations) - int(planned["time"].notna().sum()) if planned is not None else 0
    end = window_ends(days)[-1]
    late = int((trial.observations["time"] > end).sum())
    if late:
        notes.append(f"{late} samples lie after the window of the last visit (day {end:g}) and belong to none.")
    if second - late > 0:
        notes.append(f"{second - late} samples are further ones of a visit, of which the nearest to its day counts.")
    return notes
