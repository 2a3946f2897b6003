"""Date-times as text, and days since the infusion from them.

A date without a clock time is never taken as midnight: a difference that rests on one is a whole number of days,
between the dates, and is marked as such.
"""

import re

import numpy as np
import pandas as pd

from cartmodel.trial.findings import Findings

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?", re.ASCII)
_SAS = re.compile(
    r"(\d{1,2})([A-Z]{3})(\d{4})(?:[:T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?", re.ASCII | re.IGNORECASE
)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

SERIAL = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?", re.ASCII)
"""A day as Excel counts them, from 1954 to 2118; its two ways of counting are four years apart, so none is taken."""
FROM_EXCEL = (
    "2026-03-01T09:30 or 2026-03-01: in Excel give the column the format yyyy-mm-dd hh:mm before it is saved as CSV; "
    "in pandas pd.to_datetime(column, unit='D', origin='1899-12-30')"
)

LONGEST = 36525.0
"""Days from the infusion beyond which nothing of a patient can lie."""

ACCEPTED = "2026-03-01T09:30 or 01MAR2026:09:30, without a time zone; or a date alone, 2026-03-01"


def read_when(text: pd.Series) -> pd.DataFrame:
    """Return date-times: ``when`` (NaT where blank or unreadable) and ``clock``, whether a clock time is given.

    Where every date-time of a column stands at 00:00 they are dates that a program has filled up, and no clock times.

    Examples
    --------
    >>> import pandas as pd
    >>> read_when(pd.Series(["2026-03-01T09:30", "02MAR2026", "3/4/2026"]))["clock"].tolist()
    [True, False, False]
    """
    distinct = [str(cell) for cell in text.unique()]
    iso = [_iso(cell) for cell in distinct]
    when = pd.to_datetime(pd.Series(iso, dtype=object), format="ISO8601", errors="coerce").astype("datetime64[us]")
    clock = np.array(["T" in cell for cell in iso], dtype=bool)
    if clock.any() and (when[clock].dropna() == when[clock].dropna().dt.normalize()).all():
        clock[:] = False
    table = pd.DataFrame({"when": when.to_numpy(), "clock": clock & when.notna().to_numpy()}, index=distinct)
    return table.iloc[table.index.get_indexer(pd.Index(text))].set_axis(text.index)


def days_between(start: pd.DataFrame, end: pd.DataFrame) -> pd.DataFrame:
    """Return ``days`` from start to end, each from `read_when`, and ``by_date``, whether they are of the dates alone.

    Examples
    --------
    >>> import pandas as pd
    >>> start, end = (read_when(pd.Series([text] * 2)) for text in ("2026-03-01T18:00", "2026-03-03T06:00"))
    >>> days_between(start, end)["days"].tolist()
    [1.5, 1.5]
    """
    both = start["clock"] & end["clock"]
    exact = (end["when"] - start["when"]).dt.total_seconds() / 86400.0
    dates = (end["when"].dt.normalize() - start["when"].dt.normalize()).dt.days
    days = exact.where(both, dates.astype(float))
    return pd.DataFrame({"days": days, "by_date": days.notna() & ~both})


def note_far(days: pd.Series, column: str, findings: Findings) -> None:
    """Note every day that no patient can reach, such as a sentinel for a missing one."""
    for row in days.index[days.abs() > LONGEST]:
        what = f"day {days[row]:g} is more than a hundred years from the infusion"
        findings.add(row, column, what, "days since infusion, or blank where it is not known")


def _iso(cell: str) -> str:
    if _ISO.fullmatch(cell):
        return cell.replace(" ", "T")
    if (sas := _SAS.fullmatch(cell)) and sas[2].upper() in _MONTHS:
        date = f"{sas[3]}-{_MONTHS.index(sas[2].upper()) + 1:02}-{int(sas[1]):02}"
        return f"{date}T{sas[4]}" if sas[4] else date
    return ""
