"""Opens a CSV file or a DataFrame as cells of text, with the row numbers a spreadsheet shows."""

import codecs
import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError
from cartmodel.trial.columns import COLUMNS
from cartmodel.trial.findings import Findings

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
CSV_UTF8 = "a CSV file in UTF-8 (in Excel: Save as, 'CSV UTF-8')"

# How files that are often handed over in place of a UTF-8 CSV begin; UTF-32 before UTF-16, whose mark it contains.
FOREIGN = {
    codecs.BOM_UTF32_LE: "UTF-32 text",
    codecs.BOM_UTF32_BE: "UTF-32 text",
    codecs.BOM_UTF16_LE: "UTF-16 text",
    codecs.BOM_UTF16_BE: "UTF-16 text",
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
}


@dataclass(frozen=True)
class Sheet:
    """A table as text, nothing judged yet but its outer form.

    Parameters
    ----------
    title : str
        Heads the error message.
    stem : str
        Name of the trial when the table has no `study`.
    header : tuple of str
        Column names, trimmed, as they stand (perhaps twice, perhaps unknown).
    cells : pandas.DataFrame
        Text as it stands, indexed by spreadsheet row, columns 0, 1, ... as in ``header``; whole rows only.
    separator : str
        What separates the fields.
    recognised : tuple of str
        Peculiarities of the format.
    notes : tuple of str
        What was passed over.
    """

    title: str
    stem: str
    header: tuple[str, ...]
    cells: pd.DataFrame
    separator: str = ","
    recognised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def open_file(path: Path, findings: Findings) -> Sheet:
    """Return the cells of a CSV file: UTF-8 with or without byte order mark; comma, semicolon or tab separated.

    Raises
    ------
    TrialTableError
        If there is no such file, or it is not UTF-8 text with a header and at least one row.
    """
    title = f"trial table {path}"
    text = _decoded(title, _content(title, path))
    marked = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    separator = _separator(text)
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        what = f"broken quoting ({error}); nothing from here on was read"
        findings.add(len(rows) + 1, "", what, "quotation marks in pairs around a whole cell")
    recognised = ["UTF-8 byte order mark"] if marked else []
    recognised += [f"fields separated by {SEPARATORS[separator]}"] if separator != "," else []
    written = {number: row for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)}
    if not written:
        empty = [Problem("table", "the file is empty", f"a header among {', '.join(COLUMNS)}")]
        raise TrialTableError(title, findings.problems({}) or empty)
    return _sheet(title, path.stem, written, len(rows), separator, tuple(recognised), findings)


def open_frame(frame: pd.DataFrame, findings: Findings) -> Sheet:
    """Return the cells of a DataFrame as text; its first row counts as row 2, as if it had been read from a file.

    Raises
    ------
    TrialTableError
        If it has no column or no row.
    """
    columns = [[_text(value) for value in frame.iloc[:, position]] for position in range(frame.shape[1])]
    rows = [[str(name) for name in frame.columns], *map(list, zip(*columns, strict=True))]
    written = {number: row for number, row in enumerate(rows, start=1) if number == 1 or any(map(str.strip, row))}
    sheet = _sheet("trial table (DataFrame)", "trial", written, len(rows), ",", (), findings)
    if "subject" in frame and not all(isinstance(value, str) for value in np.ravel(frame["subject"])):
        note = "Subject identifiers came as numbers, not text: 001 and 1 would be one patient."
        return replace(sheet, notes=(*sheet.notes, note))
    return sheet


def _sheet(
    title: str,
    stem: str,
    written: dict[int, list[str]],
    count: int,
    separator: str,
    recognised: tuple[str, ...],
    findings: Findings,
) -> Sheet:
    top = min(written, default=1)
    header = tuple(name.strip() for name in written.pop(top, []))
    whole = {}
    for number, row in written.items():
        if len(row) == len(header):
            whole[number] = row
        else:
            hint = "; a decimal comma needs semicolons between the fields" if separator == "," else ""
            findings.add(number, "", f"{len(row)} fields", f"{len(header)} fields, as in the header{hint}")
    if not written and not findings.found:
        raise TrialTableError(title, [Problem("table", "a header without rows", "one row a sample below the header")])
    cells = pd.DataFrame(list(whole.values()), index=list(whole), columns=range(len(header)), dtype=object)
    blank = count - top - len(written)
    notes = (f"{blank} blank rows were passed over.",) if blank > 0 and not findings.found else ()
    return Sheet(title, stem, header, cells, separator, recognised, notes)


def _content(title: str, path: Path) -> bytes:
    accepted = f"the path of {CSV_UTF8}"
    try:
        if not path.exists():
            raise TrialTableError(title, [Problem("table", "there is no such file", accepted)])
        if not path.is_file():
            what = "this is a directory" if path.is_dir() else "this is not a regular file"
            raise TrialTableError(title, [Problem("table", what, accepted)])
        return path.read_bytes()
    # A path with a NUL in it is a ValueError before the system ever sees it.
    except (OSError, ValueError) as error:
        raise TrialTableError(title, [Problem("table", f"the file cannot be read ({error})", accepted)]) from error


def _decoded(title: str, content: bytes) -> str:
    for start, name in FOREIGN.items():
        if content.startswith(start):
            raise TrialTableError(title, [Problem("table", f"the file is {name}", CSV_UTF8)])
    try:
        text = content.decode("utf-8")
        position = text.find("\0")
        what = f"character {position} is a NUL (perhaps UTF-16 text or a binary file)"
        row = text.count("\n", 0, position) + 1
    except UnicodeDecodeError as error:
        text, position = "", error.start
        what = f"byte {content[position]:#04x} at byte position {position} is not UTF-8"
        row = content.count(b"\n", 0, position) + 1
    if position >= 0:
        raise TrialTableError(title, [Problem(f"row {row}", what, CSV_UTF8)])
    return text


def _separator(text: str) -> str:
    """Return the separator that finds the most known names, then the most fields, in the first written line."""
    line = next(filter(str.strip, io.StringIO(text)), "")

    def fit(separator: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in line.split(separator)]
        return len(COLUMNS.keys() & set(names)), len(names)

    return max(SEPARATORS, key=fit)


def _text(value: object) -> str:
    """Return a cell of a DataFrame as a file would hold it: missing is blank, 1.0 is 1."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else str(value).removesuffix(".0")
    return "" if value is None or value is pd.NA or value is pd.NaT else str(value)
