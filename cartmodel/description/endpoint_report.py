"""The clinical endpoints of a trial: response by visit, DLT, CRS and ICANS, adverse events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cartmodel.description.recorded import RECORDED, recorded_responses
from cartmodel.description.response import response_rates, responses
from cartmodel.description.safety import (
    TOXICITIES,
    courses_by_dose,
    courses_of,
    dlt_by_dose,
    dlt_of,
    graded_in_order,
)
from cartmodel.description.words import dose_group_note, section
from cartmodel.endpoints import STEP1_EVENTS, VISITS, Visit, adverse_event_table
from cartmodel.errors import UnknownNameError
from cartmodel.registry import nearest
from cartmodel.trial import TrialData
from cartmodel.trial.contradictions import contradiction_note

UNCODED = "not coded"


@dataclass(frozen=True, eq=False)
class TrialEndpoints:
    """The clinical endpoints of a trial, as tables; one without data for it is empty.

    Parameters
    ----------
    name : str
        Of the trial.
    simulated : bool
        Whether its data are simulated.
    response : pandas.DataFrame
        One row a patient and visit: ACR-CRISS and revised CRISS, as `response_by_visit`; and what the table itself
        records, if it does, as a visit of its own.
    response_rates : pandas.DataFrame
        Responders by visit and dose: share of the evaluable, with exact 95% limits, and what is possible of all.
    dlt : pandas.DataFrame
        One row a patient: evaluable or not, and why.
    dlt_by_dose : pandas.DataFrame
        Evaluable patients and DLTs by dose.
    courses : pandas.DataFrame
        One row a patient and toxicity (CRS, ICANS): worst grade, onset, duration.
    courses_by_dose : pandas.DataFrame
        The same by dose.
    adverse_events : pandas.DataFrame
        Participants with treatment-related adverse events by dose, system organ class, term and worst grade.
    visits : tuple of Visit
        The visits, each with its window.
    notes : tuple of str
        What these tables rest on.
    """

    name: str
    simulated: bool
    response: pd.DataFrame
    response_rates: pd.DataFrame
    dlt: pd.DataFrame
    dlt_by_dose: pd.DataFrame
    courses: pd.DataFrame
    courses_by_dose: pd.DataFrame
    adverse_events: pd.DataFrame
    visits: tuple[Visit, ...]
    notes: tuple[str, ...]

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Return the tables by name."""
        names = (
            "response", "response_rates", "dlt", "dlt_by_dose", "courses", "courses_by_dose", "adverse_events",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def text(self) -> str:
        """Return the endpoints as plain text."""
        lines = ["SIMULATED DATA - not a real trial"] if self.simulated else []
        lines += [f"{self.name}: clinical endpoints", ""]
        lines += section("Responders by visit and dose (exact 95% limits)", self.response_rates, "no response recorded")
        lines += section("Response by patient", self.response if self.visits else self.response.iloc[:0])
        lines += section("DLT by dose", self.dlt_by_dose)
        lines += section("DLT by patient", self.dlt)
        lines += section("CRS and ICANS by dose (worst grade)", self.courses_by_dose, "no dated grade of CRS or ICANS")
        lines += section("CRS and ICANS by patient", self.courses)
        title = "Participants with treatment-related adverse events"
        lines += section(title, self.adverse_events, "no adverse events recorded")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def endpoints_of(
    trial: TrialData,
    visits: Sequence[Visit] | None = None,
    *,
    window: float = 28.0,
    ongoing: Collection[str] = (),
) -> TrialEndpoints:
    """Return the clinical endpoints of a trial, from its assessments, dated grades, adverse events and outcomes.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    visits : sequence of Visit, optional
        Visits of the response, each with its window. Default: days 28 (21 to 35), 90 (76 to 104), 180 (150 to 210) and
        360 (320 to 400), those of them in whose window somebody was assessed.
    window : float
        Days of the DLT assessment, the last one included.
    ongoing : collection of str
        Patients who are still followed: without a DLT, and followed for less than the window, they are pending; all
        others are taken to have left, and do not count.

    Returns
    -------
    TrialEndpoints
        Tables and notes; ``print(endpoints.text())`` shows them.

    Raises
    ------
    UnknownNameError
        If a patient who is said to be followed is not one of the trial.
    TrialTableError
        With all problems of the assessments, follow-up or adverse events.
    ValueError
        If the window is not positive, or visits have the same name.

    Examples
    --------
    >>> import cartmodel as cm
    >>> found = endpoints_of(cm.read_trial(cm.example_path("cd7_ssc")))
    >>> found.dlt_by_dose["evaluable"].tolist()
    [6, 6, 6]
    """
    if not window > 0:
        raise ValueError(f"window={window!r}; accepted: days, > 0")
    for subject in ongoing:
        if subject not in trial.subjects.index:
            raise UnknownNameError(f"the trial has no patient '{subject}': {nearest(subject, trial.subjects.index)}")
    chosen = _visits(trial, visits)
    assessed, recorded = responses(trial, chosen) if chosen else None, recorded_responses(trial)
    rated = [assessed] if assessed is not None else []
    rated += [recorded] if recorded["improved"].notna().any() else []
    response = pd.concat(rated or [recorded], ignore_index=True)
    dlt, courses = dlt_of(trial, window, ongoing), courses_of(trial)
    events = trial.events.assign(soc=trial.events["soc"].where(trial.events["soc"] != "", UNCODED))
    counted = adverse_event_table(events, trial.dose_group.rename("dose").reset_index())
    return TrialEndpoints(
        name=trial.name,
        simulated=trial.simulated,
        response=response,
        response_rates=response_rates(response if rated else response.iloc[:0]),
        dlt=dlt,
        dlt_by_dose=dlt_by_dose(dlt),
        courses=courses,
        courses_by_dose=courses_by_dose(courses, trial),
        adverse_events=counted if len(events) else counted.iloc[:0],
        visits=chosen,
        notes=(*dose_group_note(trial), *_notes(trial, chosen, assessed, events, window)),
    )


def _visits(trial: TrialData, visits: Sequence[Visit] | None) -> tuple[Visit, ...]:
    if visits is None:
        times = trial.assessments["time"]
        return tuple(visit for visit in VISITS if times.between(visit.earliest, visit.latest).any())
    if not visits or len({visit.name for visit in visits}) < len(visits):
        named = ", ".join(visit.name for visit in visits) or "none"
        raise ValueError(f"visits: {named}; accepted: one or more, with different names")
    return tuple(visits)


def _notes(
    trial: TrialData, visits: Sequence[Visit], assessed: pd.DataFrame | None, events: pd.DataFrame, window: float
) -> list[str]:
    notes: list[str] = []
    if assessed is not None:
        told = ", ".join(f"{v.name} (day {v.earliest:g} to {v.latest:g})" for v in visits)
        notes.append(f"Visits and their windows: {told}. The baseline is the last value at or before the infusion.")
        notes.append(
            "Evaluable at a visit: all items and the step-1 status are recorded, or a step-1 event. Others may be "
            "known not to have improved; in the shares they count among the possible ones only."
        )
        flags = trial.assessments[list(STEP1_EVENTS)]
        undated = trial.subjects["criss_step1"] == 0
        if not flags.notna().any().any() and trial.subjects["criss_step1"].isna().all():
            notes.append("No step-1 status is recorded, neither 1 nor 0: nobody can be called improved.")
        if undated.any():
            notes.append(
                f"criss_step1 is 0 for {undated.sum()} patients, without a day: where no assessment says otherwise, it "
                "is taken for every visit."
            )
        early = trial.assessments[(trial.assessments["time"] <= 0) & (flags == 1).any(axis=1)]
        if len(early):
            who = ", ".join(early["subject"].unique())
            notes.append(f"Step-1 events at or before the infusion are not new, and do not count: {who}.")
        notes += contradiction_note(trial.subjects, trial.assessments, visits)
    elif trial.subjects[["remission", "criss_lp", "criss_step1"]].notna().any().any():
        none = "No assessment lies in the window of a visit" if len(trial.assessments) else "No dated assessments"
        notes.append(f"{none}: responses are those of the table ('{RECORDED}'), at the visit that it means.")
    if visits or trial.subjects["criss_lp"].notna().any():
        notes.append("ACR-CRISS was developed on changes over one year; at an earlier visit it is an extrapolation.")
    notes.append(
        f"DLT: declared by the investigators, never derived here; window {window:g} days. A patient followed for less "
        "without a DLT does not count."
    )
    blank = int((events["soc"] == UNCODED).sum())
    if blank:
        notes.append(f"{blank} adverse events without a system organ class are listed as '{UNCODED}'.")
    undeclared = events.loc[events["dlt"] == 1, "subject"].unique()
    odd = [name for name in undeclared if trial.subjects["dlt"].get(name) != 1]
    if odd:
        notes.append(f"Adverse events marked as DLT, but no DLT declared for: {', '.join(odd)}.")
    undated = int(trial.records[trial.records["kind"].isin(("crs", "icans"))]["day"].isna().sum())
    if undated:
        notes.append(f"{undated} grades of CRS or ICANS without a day are left out.")
    grades = pd.concat([graded_in_order(trial, kind).assign(kind=kind.upper()) for kind in TOXICITIES])
    if len(tied := grades[grades["unordered"]].drop_duplicates(["kind", "subject", "time"])):
        where = ", ".join(f"{row.kind} of {row.subject} on day {row.time:g}" for row in tied.itertuples())
        notes.append(
            f"A grade 0 and a grade of 1 or more on one date, whose order is not recorded: {where}. The 0 is taken as "
            "the end of it."
        )
    return notes
