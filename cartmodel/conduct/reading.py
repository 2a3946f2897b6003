"""From a CSV file or a DataFrame to the dated records of a trial under way."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from cartmodel.conduct.columns import COLUMNS, ROLES, STATUSES
from cartmodel.conduct.records import ConductRecords, Record, in_order
from cartmodel.errors import ConductTableError, ProblemsError
from cartmodel.prediction.words import dose_number
from cartmodel.registry import nearest
from cartmodel.trial.findings import Findings
from cartmodel.trial.sheet import Sheet, open_file, open_frame

NCT06871644_DOSES = (0.25e8, 1e8, 2e8)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]00:00:00)?", re.ASCII)
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_HEADER = f"a header among {', '.join(COLUMNS)}, and one row a patient"
_BY_DATE = "a date such as 2026-03-31"


def read_conduct(
    source: str | Path | pd.DataFrame, *, doses: Sequence[float] = NCT06871644_DOSES, on: date | None = None
) -> ConductRecords:
    """Return the dated records of a trial under way, after every check of the table by itself.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A CSV file in UTF-8 or the same columns in a DataFrame, one row a patient; the columns are those of
        ``cartmodel.conduct.columns``. A header without rows is a trial before its first patient.
    doses : sequence of float
        Planned cells of each dose level, rising; default: those of NCT06871644.
    on : date, optional
        The day of the decision: no date of the table may lie after it.

    Raises
    ------
    ConductTableError
        If anything is wrong: every problem at once, with row, column, value and what would be accepted.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["S01"], "dose_level": [1], "infusion_date": ["2026-01-05"]})
    >>> read_conduct(table).records[0].infusion
    datetime.date(2026, 1, 5)
    """
    planned = tuple(float(dose) for dose in doses)
    if not planned or not all(a < b for a, b in zip((0.0, *planned), (*planned, np.inf), strict=True)):
        raise ValueError(f"doses {planned}; accepted: cells above 0, rising")
    try:
        if isinstance(source, pd.DataFrame):
            if not len(source):  # a trial before its first patient
                return ConductRecords((), planned)
            sheet = open_frame(source)
        else:
            sheet = open_file(Path(source), rows_needed=False)
    except ProblemsError as error:
        problems = [replace(p, accepted=_HEADER) if "the file is empty" in p.what else p for p in error.problems]
        raise ConductTableError(error.title.replace("trial table", "conduct table"), problems) from error
    findings = sheet.findings
    cells = _named(sheet, findings)
    records, notes = _Reader(cells, planned, on, findings).records()
    if findings.found:
        title = sheet.title.replace("trial table", "conduct table")
        raise ConductTableError(title, findings.problems(cells["subject"].to_dict()))
    study = next((name for name in cells["study"] if name), "")
    return ConductRecords(in_order(records), planned, study or sheet.stem, study.startswith("SIMULATED"), tuple(notes))


def example_conduct() -> Path:
    """Return the path of the bundled table of a SIMULATED trial under way, whose patients are those of ``cd7_ssc``.

    Examples
    --------
    >>> read_conduct(example_conduct()).simulated
    True
    """
    return Path(str(files("cartmodel").joinpath("data", "conduct_example", "dated.csv")))


def _named(sheet: Sheet, findings: Findings) -> pd.DataFrame:
    found: dict[str, pd.Series] = {}
    for place, name in enumerate(sheet.header):
        cells = sheet.cells[place].map(str.strip).astype(object)
        if not name and not cells.any():
            continue
        if name not in COLUMNS:
            findings.add(1, name, "unknown column", nearest(name, COLUMNS))
        elif name in found:
            findings.add(1, name, "the column stands twice", "each column once")
        else:
            found[name] = cells
    for needed in ("subject", "infusion_date"):
        if needed not in found:
            findings.add(1, needed, "missing column", f"a column '{needed}': {COLUMNS[needed]}")
    if "dose_level" not in found and "dose" not in found:
        findings.add(1, "dose_level", "missing column", "a column 'dose_level', or 'dose' with the planned cells")
    return pd.DataFrame({name: found.get(name, "") for name in COLUMNS}, index=sheet.cells.index, dtype=object)


class _Reader:
    def __init__(self, cells: pd.DataFrame, doses: tuple[float, ...], on: date | None, findings: Findings) -> None:
        self.cells, self.doses, self.on, self.findings = cells, doses, on, findings
        self.notes: list[str] = []

    def records(self) -> tuple[list[Record], list[str]]:
        """Return the rows that can be read; findings and notes are kept."""
        self._one_row_a_patient()
        self._one_study()
        found = [record for row in self.cells.index if (record := self._record(int(str(row)))) is not None]
        self._replacements(found)
        return found, self.notes

    def _record(self, row: int) -> Record | None:
        text = {str(name): str(value) for name, value in self.cells.loc[row].items()}
        if not text["subject"]:
            self.findings.add(row, "subject", "a row without a patient", "the patient's identifier, any text")
        days = {name: self._date(row, name, text[name]) for name in ("infusion_date", "dlt_date", "last_followup_date")}
        infusion, dlt, last = days.values()
        if not text["infusion_date"]:
            self.findings.add(row, "infusion_date", "no day of infusion", f"{_BY_DATE}; list infused patients only")
        status = self._one_of(row, "status", text["status"], STATUSES)
        role = self._one_of(row, "role", text["role"], ROLES)
        dose, level = self._dose_and_level(row, text["dose"], text["dose_level"])
        if infusion is None or level is None:
            return None
        for what in self._order(row, infusion, dlt, last, status):
            self.findings.add(row, *what)
        return Record(
            text["subject"], level, infusion, dose, dlt, last, status, role, text["replaces"], text["deviation"], row
        )

    def _order(
        self, row: int, infusion: date, dlt: date | None, last: date | None, status: str
    ) -> Iterator[tuple[str, str, str]]:
        if dlt is not None and dlt < infusion:
            yield "dlt_date", f"DLT on {dlt}, before the infusion on {infusion}", "a day from the infusion on"
        if last is not None and last < infusion:
            yield "last_followup_date", f"{last} is before the infusion on {infusion}", "a day from the infusion on"
        if status == "completed" and last is None:
            yield "last_followup_date", "status 'completed' without a last follow-up", _BY_DATE
        if status in ("withdrawn", "not evaluable") and last is None and dlt is None:
            yield "last_followup_date", f"status '{status}' without a last follow-up", f"{_BY_DATE}: when it was known"
        future = {"infusion_date": infusion, "dlt_date": dlt, "last_followup_date": last}
        for name, day in future.items():
            if self.on is not None and day is not None and day > self.on:
                yield name, f"{day} lies in the future of the decision on {self.on}", f"a day up to {self.on}"

    def _date(self, row: int, column: str, text: str) -> date | None:
        if not text:
            return None
        try:
            if not _DATE.fullmatch(text):
                raise ValueError(text)
            day = date.fromisoformat(text[:10])
            if not 1900 <= day.year < 2200:  # no such trial, and days cannot be added to all dates
                raise ValueError(text)
            return day
        except ValueError:
            self.findings.add(row, column, f"'{text}' is not a date", f"{_BY_DATE}, or blank")
            return None

    def _one_of(self, row: int, column: str, text: str, known: tuple[str, ...]) -> str:
        if text and text.lower() not in known:
            self.findings.add(row, column, f"'{text}' is not known", f"{nearest(text, known)}; blank is {known[0]}")
        return text.lower() if text.lower() in known else known[0]

    def _dose_and_level(self, row: int, dose_text: str, level_text: str) -> tuple[float | None, int | None]:
        planned = ", ".join(dose_number(dose) for dose in self.doses)
        dose = float(dose_text) if _NUMBER.fullmatch(dose_text) else None
        if dose_text and (dose is None or not 0 < dose < np.inf):
            self.findings.add(row, "dose", f"'{dose_text}' is not a dose", "cells infused, a number > 0, or blank")
            dose = None
        if level_text:
            if level_text.isascii() and level_text.isdigit() and 1 <= int(level_text) <= len(self.doses):
                return dose, int(level_text)
            accepted = f"1 to {len(self.doses)} (planned: {planned} cells)"
            self.findings.add(row, "dose_level", f"'{level_text}' is not a dose level", accepted)
            return dose, None
        same = [k for k, cells in enumerate(self.doses, start=1) if dose is not None and abs(dose / cells - 1) < 1e-6]
        if not same and (dose is not None or not dose_text):
            what = (
                f"{dose_number(dose)} cells is no planned dose" if dose is not None else "neither dose level nor dose"
            )
            self.findings.add(row, "dose_level", what, f"the assigned level, 1 to {len(self.doses)} ({planned} cells)")
        return dose, same[0] if same else None

    def _one_row_a_patient(self) -> None:
        for subject, rows in self.cells[self.cells["subject"] != ""].groupby("subject", sort=False):
            for row in rows.index[1:]:
                dlts = int((rows["dlt_date"] != "").sum())
                extra = f", with {dlts} DLTs: more DLTs than patients" if dlts > 1 else ""
                what = f"'{subject}' stands in row {rows.index[0]} already{extra}"
                self.findings.add(row, "subject", what, "one row a patient, with the first DLT only")

    def _one_study(self) -> None:
        named = self.cells.loc[self.cells["study"] != "", "study"]
        for row, study in named[named != named.iloc[0]].items() if len(named) else ():
            self.findings.add(row, "study", f"'{study}', but '{named.iloc[0]}' before", "one study per table")

    def _replacements(self, records: Sequence[Record]) -> None:
        by_name = {record.subject: record for record in records}
        taken: dict[str, str] = {}
        for record in (r for r in records if r.replaces):
            gone = by_name.get(record.replaces)
            if gone is None or gone is record:
                what = f"'{record.replaces}' is not another patient of this table"
                self.findings.add(record.row, "replaces", what, "the subject of the patient replaced, or blank")
            elif gone.status not in ("withdrawn", "not evaluable"):
                what = f"'{record.replaces}' is '{gone.status}' in row {gone.row}"
                self.findings.add(record.row, "replaces", what, "a patient who is withdrawn or not evaluable")
            elif gone.level != record.level:
                what = f"'{record.replaces}' was at dose level {gone.level}, this patient is at {record.level}"
                self.findings.add(record.row, "replaces", what, "a patient of the same dose level")
            elif record.infusion < gone.infusion:
                what = f"'{gone.subject}' was infused later, on {gone.infusion}"
                self.findings.add(record.row, "replaces", what, "a patient infused before this one")
            elif gone.subject in taken:
                what = f"'{gone.subject}' is replaced by '{taken[gone.subject]}' already"
                self.findings.add(record.row, "replaces", what, f"blank, or '{taken[gone.subject]}'")
            else:
                taken[gone.subject] = record.subject
        for record in records:
            if record.dlt is None and record.followed_to is None:
                self.notes.append(f"{record.subject}: no follow-up recorded yet; counted as 0 days.")
