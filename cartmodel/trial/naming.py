"""Which column of a sheet is taken as what, by its name, by a convention, or as told; and the words that say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from cartmodel.trial.sheet import Sheet
from cartmodel.trial.told import COVARIATE, Told

_FILLED = ("text", "sampled", "infusion", "at", "until", "grade")
"""What a convention has in several columns of which each may be blank where another is not."""


@dataclass(frozen=True)
class Named:
    """The columns of a sheet as trimmed text under their names; those that a user renamed have ours.

    Parameters
    ----------
    sheet : Sheet
        Where they come from.
    columns : dict of str to pandas.Series
        Text, indexed by spreadsheet row.
    taken : dict of str to (str, str)
        By the sheet's own name: what a column is taken as (empty if it is not used), and how that came.
    notes : list of str
        What there is to say.
    """

    sheet: Sheet
    columns: dict[str, pd.Series]
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def mapping(self) -> pd.DataFrame:
        """Return how each column was taken, one row a column."""
        rows = [(self.sheet.stem, column, *taken) for column, taken in self.taken.items()]
        return pd.DataFrame(rows, columns=["table", "column", "taken_as", "how"])


def named(sheet: Sheet, told: Told) -> Named:
    """Return the columns of a sheet after what a user says of them; a name that stands twice is a finding."""
    result = Named(sheet, {})
    ignored = [name for name in sheet.header if name in told.ignore]
    if ignored:
        result.notes.append(f"Columns ignored as asked: {', '.join(ignored)}.")
    kept = _kept_rows(sheet, told, result)
    for position, name in enumerate(sheet.header):
        cells = sheet.cells.loc[kept, position].map(str.strip)
        if position == 0 and name.startswith("#") and name[1:].upper() in ("ID", "C"):  # how Monolix begins a header
            result.taken[name] = name[1:], "as it stands after the #"
            name = name[1:]
        if name in ignored:
            result.taken[name] = "", "ignored as asked"
            continue
        if not name and not cells.any():
            continue
        ours = told.columns.get(name, name)
        ours = name if ours in COVARIATE else ours
        if not name:
            sheet.findings.add(1, "", f"column {position + 1} has no name", "a name for every column")
        elif ours in result.columns:
            what = f"the name stands again over column {position + 1}"
            sheet.findings.add(1, ours, what, "each column once")
        else:
            result.columns[ours] = cells
            if ours != name:
                sheet.findings.names[ours] = name
                result.taken[name] = ours, "as told"
            if ours == "subject" and (changed := int((cells != sheet.cells.loc[kept, position]).sum())):
                result.notes.append(f"Blanks around the subject identifier were removed in {changed} rows.")
    return result


def _kept_rows(sheet: Sheet, told: Told, result: Named) -> pd.Series:
    """Return which rows stay: all but those with a value that the user ignores, such as ``DVID=3``."""
    kept = pd.Series(True, index=sheet.cells.index)
    for name, _, value in (text.partition("=") for text in told.ignore if "=" in text):
        for position in [place for place, column in enumerate(sheet.header) if column == name]:
            out = sheet.cells[position].map(str.strip) == value
            result.notes.append(f"Rows with {name} '{value}', ignored as asked: {int(out.sum())}.")
            kept &= ~out
    return kept


def choose(source: Named, conventions: Mapping[str, str], how: str) -> dict[str, pd.Series]:
    """Return the columns that a convention knows, under our names; the others are noted as not used.

    Parameters
    ----------
    source : Named
        All columns of the sheet.
    conventions : mapping of str to str
        Names in upper case that the convention has for each of ours: those before a ``>`` are taken rather than those
        after it; among equals that differ the choice is the user's, and a finding.
    how : str
        The convention, in words.
    """
    findings, columns = source.sheet.findings, source.columns
    chosen: dict[str, pd.Series] = {}
    for ours, spelt in conventions.items():
        ranks = [rank.split() for rank in spelt.split(">")]
        ranks[0].append(ours.upper())
        by_rank = ([name for name in columns if name.upper() in rank] for rank in ranks)
        found = [ours] if ours in columns else next(filter(None, by_rank), [])
        if not found:
            continue
        first, *others = found
        if differing := [name for name in others if not columns[name].equals(columns[first])]:
            candidates = ", ".join([first, *differing])
            accepted = f"mapping={{'{first}': '{ours}'}} with ignore={differing}, or the other way round"
            findings.add(1, "", f"{candidates} may each be '{ours}', and they differ", accepted)
        chosen[ours] = columns[first]
        for rank in ranks if ours in _FILLED else ():
            for name in [name for name in columns if name.upper() in rank and name not in found]:
                blank = (chosen[ours] == "") & (columns[name] != "")
                if blank.any():
                    chosen[ours] = chosen[ours].mask(blank, columns[name])
                    source.taken.setdefault(findings.names.get(name, name), (ours, f"where {first} is blank"))
        source.taken.setdefault(findings.names.setdefault(ours, first), (ours, how))
    for name in columns:
        own_name = next((theirs for ours, theirs in findings.names.items() if ours == name), name)
        source.taken.setdefault(own_name, ("", "not used"))
    return chosen


def said_aloud(source: Named, what: str) -> str:
    """Return the sentence that says how the columns of a sheet were taken."""
    used = [f"{column} = {ours}" for column, (ours, _) in source.taken.items() if ours]
    unused = [column for column, (ours, how) in source.taken.items() if not ours and how.startswith("not used")]
    rest = f"; not used: {', '.join(unused)}" if unused else ""
    return f"{source.sheet.stem}: read as {what}: {', '.join(used)}{rest}."
