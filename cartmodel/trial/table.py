"""The cells of a trial table under their known names, and how their text becomes numbers and flags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cartmodel.trial.columns import TABLES
from cartmodel.trial.dates import ACCEPTED, FROM_EXCEL, SERIAL, read_when
from cartmodel.trial.findings import Findings
from cartmodel.trial.sheet import Sheet

# 0.0 and 1.0 is how a program writes a column of flags that has blanks.
FLAGS = {"0": 0.0, "0.0": 0.0, "false": 0.0, "no": 0.0, "1": 1.0, "1.0": 1.0, "true": 1.0, "yes": 1.0}
BLANKS = (".", "NA")
"""What stands for a missing number, flag or date-time beside a blank: in SAS and NONMEM, and in R."""
FLAG_WORDS = "0 or 1 (or false/true, no/yes)"

# ASCII only: Python's float() also takes 1_000 and digits of other scripts.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_MARKED = re.compile(r"[+-]?\d*[.,]\d*(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


@dataclass(frozen=True)
class Table:
    """Known columns as trimmed text; a column that the table lacks is blank.

    Parameters
    ----------
    kind : str
        Which of ``TABLES`` it is.
    cells : pandas.DataFrame
        Text, indexed by spreadsheet row, a column for every name of ``TABLES[kind]``.
    header : frozenset of str
        The known columns that are really there.
    decimal : str
        The decimal mark, empty when it cannot be told.
    implied : bool
        Whether a blank unit of times, doses and weights means ours, as in our own tables.
    findings : Findings
        Where the wrong cells are noted.
    extra : mapping of str to pandas.Series
        Covariates as text, by name.
    """

    kind: str
    cells: pd.DataFrame
    header: frozenset[str]
    decimal: str
    implied: bool
    findings: Findings
    extra: Mapping[str, pd.Series] = field(default_factory=dict)

    def readable(self, column: str, where: pd.Series) -> pd.Series:
        """Return a column as floats, NaN where blank or unreadable, without a word about it."""
        return self.as_numbers(self.cells[column].where(where, ""))

    def as_numbers(self, text: pd.Series) -> pd.Series:
        """Return text as floats in the table's decimal mark, NaN where blank or unreadable."""
        return text.map({cell: self._number(cell) for cell in text.unique()}).astype(float)

    def numbers(self, column: str, where: pd.Series) -> pd.Series:
        """Return a column as floats, NaN where blank or unreadable; unreadable cells of ``where`` are findings."""
        text = self.cells[column].where(where, "")
        values = self.readable(column, where)
        wrong = text[(text != "") & values.isna()]
        # Cells whose mark cannot be told are one finding of the table already.
        wrong = wrong if self.decimal else wrong[~matching(wrong, _MARKED)]
        commas = wrong.str.contains(",", regex=False).astype(bool)
        point = "a number, without thousands separators, such as 1234.5"
        what = "{value} is not a number: its comma may part decimals or thousands"
        self.findings.add_each(wrong[commas], what, f"{point} (decimal commas: in files separated by semicolons)")
        blq = "; for a sample below the limit set blq to 1 and lloq to the limit" if column == "level" else ""
        self.findings.add_each(wrong[~commas], "{value} is not a finite number", f"{point}{blq}")
        return values

    def positive(self, column: str, where: pd.Series, *, accepted: str = "a number > 0") -> pd.Series:
        """Return a column as floats > 0, NaN where blank, unreadable or not positive, each of which is a finding."""
        values = self.numbers(column, where)
        self.findings.add_each(self.cells.loc[values <= 0, column], "{value} is not > 0", accepted)
        return values.where(values > 0)

    def flags(self, column: str, where: pd.Series, *, blank: str) -> pd.Series:
        """Return a column as 0, 1 or NaN (blank or unreadable); unreadable cells of ``where`` are findings.

        ``blank`` says what a blank cell means, empty where it is not accepted.
        """
        text = self.cells[column].where(where, "")
        values = text.map({cell: FLAGS.get(cell.lower(), np.nan) for cell in text.unique()}).astype(float)
        wrong = text[(text != "") & values.isna()]
        words = f", or blank {blank}" if blank else ""
        self.findings.add_each(wrong, "{value} is neither 0 nor 1", f"{FLAG_WORDS}{words}")
        return values

    def when(self, column: str, where: pd.Series) -> pd.DataFrame:
        """Return a column as date-times, as `read_when` does; unreadable cells of ``where`` are findings."""
        text = self.cells[column].where(where, "")
        found = read_when(text)
        wrong = text[(text != "") & found["when"].isna()]
        serial = pd.Series([bool(SERIAL.fullmatch(cell)) for cell in wrong], index=wrong.index, dtype=bool)
        what = "{value} looks like a day as Excel counts them, and is not a date-time"
        self.findings.add_each(wrong[serial], what, FROM_EXCEL)
        self.findings.add_each(wrong[~serial], "{value} is not a date-time", ACCEPTED)
        return found

    def _number(self, cell: str) -> float:
        if self.decimal == "," and "." not in cell:
            cell = cell.replace(",", ".")
        unclear = not self.decimal and "." in cell
        value = float(cell) if _NUMBER.fullmatch(cell) and not unclear else np.nan
        return value if np.isfinite(value) else np.nan


def matching(text: pd.Series, pattern: re.Pattern[str]) -> pd.Series:
    """Return which cells of a column match a pattern as a whole."""
    return pd.Series([bool(pattern.fullmatch(cell)) for cell in text], index=text.index, dtype=bool)


def table_of(
    sheet: Sheet, kind: str, columns: Mapping[str, pd.Series], extra: Mapping[str, pd.Series], *, implied: bool
) -> Table:
    """Return a table of the columns that were found in a sheet, and of the covariates beside them."""
    index = next((column.index for column in columns.values()), sheet.cells.index)
    cells = pd.DataFrame({name: columns.get(name, "") for name in TABLES[kind]}, index=index, dtype=object)
    for name in [name for name in columns if name in TABLES[kind] and TABLES[kind][name].kind != "text"]:
        cells[name] = cells[name].mask(cells[name].isin(BLANKS), "")
    header = frozenset(TABLES[kind].keys() & columns.keys())
    numeric = cells[[name for name, column in TABLES[kind].items() if column.kind == "number"]].assign(**extra)
    decimal = _decimal_mark(numeric, sheet.separator, sheet.findings)
    return Table(kind, cells, header, decimal, implied, sheet.findings, extra)


def _decimal_mark(numeric: pd.DataFrame, separator: str, findings: Findings) -> str:
    """Return the decimal mark of a table, empty (and a finding) when it cannot be told."""
    if separator == ",":
        return "."
    long = numeric.melt(var_name="column", value_name="text", ignore_index=False).sort_index(kind="stable")
    marked = long[matching(long["text"], _MARKED)]
    comma = marked["text"].str.contains(",", regex=False).astype(bool)
    accepted = "one decimal mark throughout the table and no thousands separators"
    if comma.any() and not comma.all():
        what = f"decimal mark unclear: {_first(marked[comma])} but {_first(marked[~comma])}"
        findings.add(0, "", what, accepted)
        return ""
    if len(marked) and matching(marked["text"], _THOUSANDS).all():
        what = f"decimal mark unclear: {_first(marked)} and all like it may be thousands or decimals"
        findings.add(0, "", what, f"{accepted}; write 1234 or 1.2340")
        return ""
    return "," if comma.any() else "."


def _first(marked: pd.DataFrame) -> str:
    first = marked.iloc[0]
    return f"'{first['text']}' in row {marked.index[0]}, column '{first['column']}'"
