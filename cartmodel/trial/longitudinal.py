"""What changes in time beside the levels: records, CRISS assessments and adverse events."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cartmodel.trial.columns import COMEDICATION, CRISS_COLUMNS, STEP1_EVENTS
from cartmodel.trial.data import ASSESSMENT_COLUMNS, EVENT_COLUMNS, RECORD_COLUMNS, empty_frame
from cartmodel.trial.dates import days_between, note_far
from cartmodel.trial.patients import place_of
from cartmodel.trial.samples import SLUG
from cartmodel.trial.table import Table, matching
from cartmodel.trial.units import in_fixed_unit

_GRADED = ("crs", "icans")
_STUDY_DAYS = {"ADY", "ASTDY", "AESTDY", "AENDY", "AEENDY"}
_IN_DAYS = {"DAY", "END_DAY"} | _STUDY_DAYS


def read_records(tables: Sequence[Table], patients: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """Return the time-varying records of tables, sorted by patient and day."""
    parts: list[pd.DataFrame] = []
    for table in tables:
        cells, findings = table.cells, table.findings
        everywhere = pd.Series(True, index=cells.index)
        _required(table, ("subject", "kind"))
        kind = cells["kind"].str.lower()
        value = table.numbers("value", everywhere)
        bad = (kind != "") & ~matching(kind, SLUG)
        findings.add_each(cells.loc[bad, "kind"], "{value} cannot name a kind", "a letter, then letters, digits or _")
        findings.add_each(cells.loc[value < 0, "value"], "{value} is below 0", "a number, 0 or more")
        graded = kind.isin(_GRADED)
        no_grade = graded & value.notna() & ~value.isin(range(6))
        findings.add_each(cells.loc[no_grade, "value"], "{value} is no grade", "0 to 5")
        bare = graded & (cells["value"] == "")
        findings.add_each(cells.loc[bare, "value"], "a grade is missing", "0 to 5")
        frame = _days(table, "day", "at", patients, units).assign(subject=cells["subject"])
        frame = frame.assign(kind=kind, value=value, unit=cells["unit"], row=cells.index)
        _known_patients(table, patients)
        told = frame.assign(value=frame["value"].fillna(-1.0), at=frame["at"].map(str))
        _once(table, told, ["subject", "day", "kind", "value", "at"], "day", "each record once")
        parts.append(frame)
    return _sorted(parts, patients, ["day", "kind"], RECORD_COLUMNS)


def read_assessments(tables: Sequence[Table], patients: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """Return the CRISS assessments of tables, one row a patient and day, with the step-1 events."""
    parts: list[pd.DataFrame] = []
    names = [*CRISS_COLUMNS, *STEP1_EVENTS]
    for table in tables:
        cells, findings = table.cells, table.findings
        everywhere = pd.Series(True, index=cells.index)
        _required(table, ("subject",))
        frame = _days(table, "time", "at", patients, units).assign(subject=cells["subject"])
        frame = frame.assign(visit=cells["visit"], row=cells.index)
        for name, (lowest, highest, step, accepted) in CRISS_COLUMNS.items():
            values = table.numbers(name, everywhere)
            wrong = (values < lowest) | (values > highest)
            if step:
                wrong |= values.notna() & (np.mod(values, step) != 0)
            findings.add_each(cells.loc[wrong, name], "{value} is outside the range of the item", accepted)
            frame[name] = values
        for name in STEP1_EVENTS:
            frame[name] = table.flags(name, everywhere, blank="when not recorded")
        _known_patients(table, patients)
        for name in names:
            given = frame[frame[name].notna() & frame["time"].notna()]
            _once(table, given, ["subject", "time"], name, "one value per patient and day")
        parts.append(frame)
    if not parts:
        return empty_frame(ASSESSMENT_COLUMNS)
    together = pd.concat(parts, ignore_index=True)
    together = together[together["time"].notna()]
    visits = together["visit"].where(together["visit"] != "")
    together["by_date"] = together.groupby(["subject", "time"])["by_date"].transform("all")
    merged = together.assign(visit=visits).groupby(["subject", "time"], as_index=False, sort=False).first()
    merged["visit"] = merged["visit"].astype(object).where(merged["visit"].notna(), "")
    return _sorted([merged], patients, ["time"], ASSESSMENT_COLUMNS)


def read_events(tables: Sequence[Table], patients: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """Return the adverse events of tables, sorted by patient and day."""
    parts: list[pd.DataFrame] = []
    for table in tables:
        cells, findings = table.cells, table.findings
        everywhere = pd.Series(True, index=cells.index)
        _required(table, ("subject", "term", "soc", "grade", "related"))
        grade = table.numbers("grade", everywhere)
        wrong = grade.notna() & ~grade.isin(range(1, 6))
        findings.add_each(cells.loc[wrong, "grade"], "{value} is no CTCAE grade", "1 to 5")
        for name in ("term", "soc"):
            named_any = cells[name].str.lower() == "any"
            findings.add_each(cells.loc[named_any, name], "{value} stands for totals", "the name of the term or class")
        onset = _days(table, "day", "at", patients, units)
        day, end = onset["day"], _days(table, "end_day", "until", patients, units, needed=False)["end_day"]
        for row in day.index[end < day - np.where(_by_day(end) | _by_day(day), 1 - 1e-9, 0.0)]:
            what = f"{end[row]:g} is before the onset, day {day[row]:g}"
            findings.add(row, "end_day", what, "an end on or after it")
        frame = onset.assign(subject=cells["subject"], end_day=end)
        frame = frame.assign(term=cells["term"], soc=cells["soc"], grade=grade)
        frame["related"] = table.flags("related", everywhere, blank="")
        frame["dlt"] = table.flags("dlt", everywhere, blank="when not said")
        _known_patients(table, patients)
        parts.append(frame.assign(row=cells.index))
    return _sorted(parts, patients, ["day", "soc", "term", "grade"], EVENT_COLUMNS)


def comedication_days(
    records: pd.DataFrame, patients: pd.DataFrame, tables: Sequence[Table]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the patients with the first day of tocilizumab and steroid from the records, and what was derived."""
    patients, notes = patients.copy(), list[str]()
    for column in COMEDICATION:
        kind = column.removesuffix("_day")
        own = records[(records["kind"] == kind) & (records["value"] != 0)]
        first = own[own["subject"].isin(patients.index)].groupby("subject")["day"].min().dropna()
        given_days = patients[column].dropna().to_dict()
        for subject, day in first.items():
            given = given_days.get(subject, day)
            if given != day:
                table, row = place_of(tables, column, str(subject))
                what = f"{given:g}, but the first record of {kind} is of day {day:g}"
                table.findings.add(row, column, what, "the same day, or no such column beside records")
        derived = first[patients[column].reindex(first.index).isna()]
        patients.loc[derived.index, column] = derived
        if len(derived):
            notes.append(f"{column} of {len(derived)} patients is the day of their first record of {kind}.")
    return patients, notes


def dlts_of_events(
    events: pd.DataFrame, patients: pd.DataFrame, tables: Sequence[Table]
) -> tuple[pd.DataFrame, list[str]]:
    """Return the patients with the DLTs that were declared in events; an event not so declared says nothing."""
    patients, notes = patients.copy(), list[str]()
    declared = events[(events["dlt"] == 1) & events["subject"].isin(patients.index)]
    first = declared.groupby("subject")["day"].min()
    dlts, onsets = (patients[name].dropna().to_dict() for name in ("dlt", "dlt_day"))
    for subject, day in first.items():
        onset = onsets.get(subject, day)
        if dlts.get(subject) == 0:
            table, row = place_of(tables, "dlt", str(subject))
            what = "0, but an adverse event is declared a DLT"
            table.findings.add(row, "dlt", what, "dlt 1, or no event so declared")
        tolerance = 1 - 1e-9 if onset % 1 == 0 or day % 1 == 0 else 0.0  # of days known to the date alone
        if day == day and abs(onset - day) > tolerance:  # a day that cannot be read is a finding of its own
            table, row = place_of(tables, "dlt_day", str(subject))
            what = f"{onset:g}, but the first event declared a DLT is of day {day:g}"
            table.findings.add(row, "dlt_day", what, "the same day, or no such column beside events")
    new = first[patients["dlt"].reindex(first.index).isna()]
    dated = first[patients["dlt_day"].reindex(first.index).isna()]
    patients.loc[first.index, "dlt"] = 1.0
    patients.loc[dated.index, "dlt_day"] = dated
    if len(new) or len(dated):
        notes.append(
            f"From adverse events declared a DLT: dlt of {len(new)} patients, dlt_day of {len(dated)}. Other events "
            "say nothing about DLT."
        )
    return patients, notes


def _by_day(days: pd.Series) -> pd.Series:
    """Return which days are whole, as those from dates alone are."""
    return days % 1 == 0


def _required(table: Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.header:
            table.findings.add(1, name, "missing column", f"a column '{name}' in every table of {table.kind}")
        else:
            blank = table.cells.loc[table.cells[name] == "", name]
            table.findings.add_each(blank, f"a row without its {name}", f"the {name}, in every row")


def _known_patients(table: Table, patients: pd.DataFrame) -> None:
    subject = table.cells["subject"]
    unknown = subject[(subject != "") & ~subject.isin(patients.index)]
    accepted = "a patient of the tables of patients or levels"
    table.findings.add_each(unknown, "{value} is no patient of the trial", accepted)


def _days(
    table: Table, column: str, when: str, patients: pd.DataFrame, units: Mapping[str, str], *, needed: bool = True
) -> pd.DataFrame:
    """Return days since infusion: as given, or the difference of the date-times where blank.

    Under ``column``, with ``at`` (NaT where no date-time is given) and ``by_date``, whether only the date is known.
    """
    cells, findings = table.cells, table.findings
    everywhere = pd.Series(True, index=cells.index)
    day = table.numbers(column, everywhere)
    # Study days, and columns that are called a day, are in days whatever is said of times.
    name = findings.names.get(column, findings.names.get("day", column)).upper()
    if name not in _IN_DAYS:
        implied, asked = table.implied, units.get("time")
        day, _ = in_fixed_unit(day, cells["time_unit"], "time", asked, implied=implied, findings=findings)
    note_far(day, column, findings)
    dated = table.when(when, everywhere)
    if dated["when"].notna().any():
        infusion = patients[["infusion", "infusion_clock"]].set_axis(["when", "clock"], axis=1)
        start = infusion.reindex(cells["subject"]).set_axis(cells.index)
        start["clock"] = start["clock"].eq(True)
        day = day.where(day.notna() | (cells[column] != ""), days_between(start, dated)["days"])
        lost = dated["when"].notna() & start["when"].isna() & day.isna() & (cells[column] == "")
        what = "{value} of a patient without an infusion date"
        findings.add_each(cells.loc[lost, when], what, f"`infusion` or {column}")
        cells = cells.assign(**{column: cells[column].where(~lost, "told")})
    if needed:
        bare = cells.loc[(cells[column] == "") & day.isna(), column]
        findings.add_each(bare, f"a row without its {column}", "days since infusion")
    by_date = (dated["when"].notna() & ~dated["clock"]) | (dated["when"].isna() & day.notna() & (name in _STUDY_DAYS))
    return pd.DataFrame({column: day, "at": dated["when"], "by_date": by_date})


def _once(table: Table, frame: pd.DataFrame, keys: list[str], column: str, accepted: str) -> None:
    timed = frame[frame[keys].notna().all(axis=1) & (frame["subject"] != "")]
    first = timed.groupby(keys)["row"].transform("first")
    for row in timed.index[first != timed["row"]]:
        table.findings.add(row, column, f"stands in row {first[row]} too, for the same patient and day", accepted)


def _sorted(
    parts: Sequence[pd.DataFrame], patients: pd.DataFrame, keys: list[str], columns: Sequence[str]
) -> pd.DataFrame:
    if not parts:
        return empty_frame(columns)
    together = pd.concat(parts, ignore_index=True)
    order = {subject: place for place, subject in enumerate(patients.index)}
    placed = together.assign(place=together["subject"].map(order)).sort_values(["place", *keys], kind="stable")
    return placed[list(columns)].reset_index(drop=True)
