"""Collects what is wrong in a table, so that everything is reported at once and in the order of the file."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from cartmodel.errors import Problem

# A wrong column can be wrong in every row of a long table; past this many alike, rows are named without their values.
MOST_ALIKE = 100


@dataclass(frozen=True)
class Finding:
    """One wrong cell, row (``column`` empty) or table (``row`` 0)."""

    row: int
    column: str
    what: str
    accepted: str


@dataclass
class Findings:
    """Everything that is wrong in one table.

    Parameters
    ----------
    found : list of Finding
        In the order in which the checks came upon them.
    file : str
        Which of several tables it is; empty where there is one.
    names : dict of str to str
        What the table calls a column, where it is not the name that we use.
    """

    found: list[Finding] = field(default_factory=list)
    file: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def add(self, row: Hashable, column: str, what: str, accepted: str) -> None:
        """Note one finding; ``row`` counts as a spreadsheet does, the header being row 1."""
        self.found.append(Finding(int(str(row)), column, what, accepted))

    def add_each(self, cells: pd.Series, what: str, accepted: str) -> None:
        """Note every cell of one column; ``what`` may say ``{value}``."""
        for row, text in cells.items():
            self.add(row, str(cells.name), what.format(value=repr(text)), accepted)

    def problems(self, subjects: Mapping[Hashable, str]) -> list[Problem]:
        """Return the findings as problems, by row; ``subjects`` gives the patient of a row."""
        alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in sorted(dict.fromkeys(self.found), key=lambda finding: finding.row):
            alike[finding.column, finding.accepted].append(finding)
        placed: list[tuple[int, Problem]] = []
        for (column, accepted), group in alike.items():
            placed += [(each.row, self._problem(each, subjects)) for each in group[:MOST_ALIKE]]
            if rest := [each.row for each in group[MOST_ALIKE:]]:
                where = ", ".join([*self._file(), f"rows {_ranges(rest)}", *self._column(column)])
                placed.append((rest[0], Problem(where, f"{len(rest)} more like it", accepted)))
        return [problem for _, problem in sorted(placed, key=lambda pair: pair[0])]

    def _problem(self, finding: Finding, subjects: Mapping[Hashable, str]) -> Problem:
        places = [*self._file(), f"row {finding.row}"] if finding.row else self._file() or ["table"]
        places += self._column(finding.column)
        places += [f"subject '{subject}'"] if (subject := subjects.get(finding.row)) else []
        return Problem(", ".join(places), finding.what, finding.accepted)

    def _file(self) -> list[str]:
        return [self.file] if self.file else []

    def _column(self, column: str) -> list[str]:
        if not column:
            return []
        named = self.names.get(column, column)
        return [f"column '{named}'" if named == column else f"column '{named}' ({column})"]


def _ranges(rows: list[int]) -> str:
    """Return sorted row numbers as text: ``3-7, 9``."""
    series = pd.Series(rows).drop_duplicates()
    runs = series.groupby(series.diff().ne(1).cumsum()).agg(["min", "max"])
    shown = [f"{low}-{high}" if high > low else str(low) for low, high in runs.itertuples(index=False)]
    return ", ".join(shown) if len(shown) <= MOST_ALIKE else f"{', '.join(shown[:MOST_ALIKE])}, ... up to {rows[-1]}"
