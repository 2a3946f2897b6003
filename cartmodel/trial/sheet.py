"""Opens a CSV file, a SAS transport file or a DataFrame as cells of text, with the row numbers a spreadsheet shows."""

import codecs
import csv
import io
import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError
from cartmodel.trial.columns import TABLES
from cartmodel.trial.findings import Findings

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
CSV_UTF8 = "a CSV file in UTF-8 (in Excel: Save as, 'CSV UTF-8')"
HEADER_ONLY = Problem("table", "a header without rows", "one row a sample below the header")
SAS_TRANSPORT = b"HEADER RECORD*******LIB"

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


_DECLARED = re.compile(r"\"?sep=(.)\"?\r?\n", re.IGNORECASE)
"""What Excel writes as a first line to say what separates the fields."""


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
    findings : Findings
        Where the wrong rows were noted, and the wrong cells will be.
    """

    title: str
    stem: str
    header: tuple[str, ...]
    cells: pd.DataFrame
    separator: str = ","
    recognised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    findings: Findings = field(default_factory=Findings)


def open_file(path: Path, *, rows_needed: bool = True) -> Sheet:
    """Return the cells of a file: CSV in UTF-8, separated by commas, semicolons or tabs, or SAS transport (XPT).

    Raises
    ------
    TrialTableError
        If there is no such file, or it is neither of the two with a header and (if needed) at least one row.
    """
    title, findings = f"trial table {path}", Findings()
    content = _content(title, path)
    if content.startswith(SAS_TRANSPORT):
        return replace(open_frame(_sas_frame(title, path), title=title, stem=path.stem), recognised=("SAS transport",))
    text = _decoded(title, content)
    marked = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    declared = _DECLARED.match(text)
    text = text[declared.end() :] if declared else text
    separator = declared[1] if declared else _separator(text)
    if separator not in SEPARATORS or _by_blanks(text, separator):
        what = "fields are separated by blanks" if separator in SEPARATORS else f"fields are separated by '{separator}'"
        raise TrialTableError(title, [Problem("row 1", what, "commas, semicolons or tabs between the fields")])
    rows: list[list[str]] = []
    try:
        rows.extend([[]] if declared else [])
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        what = f"broken quoting ({error}); nothing from here on was read"
        findings.add(len(rows) + 1, "", what, "quotation marks in pairs around a whole cell")
    recognised = ["UTF-8 byte order mark"] if marked else []
    recognised += ["a first line that declares the separator"] if declared else []
    recognised += [f"fields separated by {SEPARATORS[separator]}"] if separator != "," else []
    written = {number: row for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)}
    if not written:
        empty = [Problem("table", "the file is empty", f"a header among {', '.join(TABLES['levels'])}")]
        raise TrialTableError(title, findings.problems({}) or empty)
    return _sheet(title, path.stem, written, len(rows), separator, tuple(recognised), findings, rows_needed)


def open_frame(frame: pd.DataFrame, *, title: str = "trial table (DataFrame)", stem: str = "trial") -> Sheet:
    """Return the cells of a DataFrame as text; its first row counts as row 2, as if it had been read from a file.

    Raises
    ------
    TrialTableError
        If it has no column or no row.
    """
    columns = [_texts(frame.iloc[:, position]) for position in range(frame.shape[1])]
    if not columns or not len(frame):
        raise TrialTableError(title, [HEADER_ONLY])
    blank = np.ones(len(frame), dtype=bool)
    for column in columns:
        if blank.any():
            blank &= [not cell.strip() for cell in column]
    content = {place: pd.Series(column, dtype=object) for place, column in enumerate(columns)}
    cells = pd.DataFrame(content).set_axis(range(2, len(frame) + 2))[~blank]
    if cells.empty:
        raise TrialTableError(title, [HEADER_ONLY])
    header = tuple(str(name).strip() for name in frame.columns)
    sheet = Sheet(title, stem, header, cells, notes=_on_blanks(int(blank.sum())))
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
    rows_needed: bool,
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
    if rows_needed and not written and not findings.found:
        raise TrialTableError(title, [HEADER_ONLY])
    # Repeated cells share one text, and the rows go as the columns come, which halves the memory of a long table.
    shared: dict[str, str] = {}
    columns = ([shared.setdefault(cell, cell) for cell in column] for column in zip(*whole.values(), strict=True))
    content = {place: pd.Series(column, dtype=object) for place, column in enumerate(columns)}
    cells = pd.DataFrame(content, columns=range(len(header))).set_axis(list(whole))
    notes = () if findings.found else _on_blanks(count - top - len(written))
    return Sheet(title, stem, header, cells, separator, recognised, notes, findings)


def _on_blanks(count: int) -> tuple[str, ...]:
    return (f"{count} blank rows were passed over.",) if count > 0 else ()


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


def _sas_frame(title: str, path: Path) -> pd.DataFrame:
    import pyreadstat  # only tables of this kind need it

    try:
        frame: Any = pyreadstat.read_xport(str(path))[0]
    # ReadStat raises an error of its own, and for text that is not in the file's encoding a UnicodeDecodeError.
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError) as error:
        what = f"the SAS transport file is broken ({error})"
        raise TrialTableError(title, [Problem("table", what, "a SAS transport file, version 5 or 8")]) from error
    return frame


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
    known = {name for columns in TABLES.values() for name in columns}

    def fit(separator: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in line.split(separator)]
        return len(known & set(names)), len(names)

    return max(SEPARATORS, key=fit)


def _by_blanks(text: str, separator: str) -> bool:
    line = next(filter(str.strip, io.StringIO(text)), "")
    return separator not in line and len(line.split()) > 2


def _texts(values: pd.Series) -> list[str]:
    """Return a column of a DataFrame as a file would hold it: missing is blank, 1.0 is 1."""
    if values.dtype == np.float64:
        return ["" if value != value else repr(value).removesuffix(".0") for value in values.tolist()]
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        return [value if isinstance(value, str) else _text(value) for value in values.tolist()]
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else str(value).removesuffix(".0")
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
