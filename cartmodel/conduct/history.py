"""A trial's history held against its protocol, patient by patient: what the rule had said when each was infused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import ConductRecords, Record
from cartmodel.conduct.steps import Step, next_step
from cartmodel.errors import ConductTableError, Problem


@dataclass(frozen=True)
class Infusion:
    """One infusion with what the protocol had said.

    Parameters
    ----------
    record : Record
        The patient.
    step : Step or None
        The rule on the day of the infusion; None for patients who do not drive it.
    departures : tuple of Problem
        Where the infusion departs from it.
    """

    record: Record
    step: Step | None
    departures: tuple[Problem, ...] = ()


def history(trial: Trial, records: Sequence[Record]) -> tuple[Infusion, ...]:
    """Return every infusion with what the protocol had said on that day."""
    found: list[Infusion] = []
    for place, record in enumerate(records):
        before = records[:place]
        if record.role != "escalation":
            found.append(Infusion(record, None, tuple(_not_tried(record, before))))
            continue
        # What became known on the day itself may have been known before the infusion, or not.
        day = record.infusion
        readings = [
            next_step(trial, before, day),
            next_step(trial, _that_morning(before, day), day),
            next_step(trial, before, day - timedelta(days=1)),
        ]
        departures = [tuple(_departures(trial, record, before, step)) for step in readings]
        use = next((k for k, found_here in enumerate(departures) if not found_here), 0)
        found.append(Infusion(record, readings[use], departures[use]))
    return tuple(found)


def check_history(trial: Trial, records: ConductRecords) -> tuple[Infusion, ...]:
    """Return the history of a trial if its protocol could have led to it; a departure with a written reason stays.

    Raises
    ------
    ConductTableError
        With every infusion that the protocol could not have led to: skipped doses, patients after a stop, overlapping
        windows, another dose, and what the rule had said.
    """
    found = history(trial, records.records)
    problems = [problem for infusion in found if not infusion.record.deviation for problem in infusion.departures]
    if problems:
        raise ConductTableError(f"conduct of {records.name}", problems)
    return found


def _that_morning(records: Sequence[Record], day: date) -> list[Record]:
    """Return the records without the DLTs of that day, on which windows end: they may follow an infusion."""
    return [replace(r, dlt=None, followed_to=day) if r.dlt == day else r for r in records]


def _departures(trial: Trial, record: Record, before: Sequence[Record], step: Step) -> Iterator[Problem]:
    where, rule = _where(record), step.decision
    allowed = "; or the reason of the departure in column 'deviation'"
    treated = max((r.level for r in before if r.role == "escalation"), default=trial.start - 1)
    if rule.action == "refer":
        return
    if record.level > treated + 1:
        what = f"dose level {record.level} after level {treated}: skipped dose" if treated else "skipped dose"
        yield Problem(where, what, f"dose level {rule.dose or treated + 1} ({rule.reason}){allowed}")
    elif rule.action == "stop":
        yield Problem(where, "a patient after the stop of the trial", f"no more patients ({rule.reason}){allowed}")
    elif rule.action == "suspend":
        waiting = ", ".join(r.subject for r in step.pending)
        what = (
            f"infused on {record.infusion} while {waiting} had not completed the {trial.window}-day window: overlapping"
        )
        until = f"a day from {step.earliest} on" if step.earliest is not None else "their follow-up in the table"
        yield Problem(where, f"{what} windows", f"{until} ({rule.reason}){allowed}")
    elif record.level != rule.dose:
        yield Problem(where, f"dose level {record.level}", f"dose level {rule.dose} ({rule.reason}){allowed}")
    elif step.earliest is not None and record.infusion < step.earliest:
        kind = "overlapping windows, " if "gate" in step.why else ""
        what = f"infused on {record.infusion}: {kind}{step.why}"
        yield Problem(where, what, f"a day from {step.earliest} on{allowed}")


def _not_tried(record: Record, before: Sequence[Record]) -> Iterator[Problem]:
    treated = max((r.level for r in before if r.role == "escalation"), default=0)
    if record.level > treated:
        what = f"{record.role} at dose level {record.level}, which no escalation patient had been given: skipped dose"
        yield Problem(
            _where(record), what, f"levels 1 to {treated}" if treated else "after the first escalation patient"
        )


def _where(record: Record) -> str:
    return f"row {record.row}, subject '{record.subject}'" if record.row else f"subject '{record.subject}'"
