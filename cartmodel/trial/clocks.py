"""NONMEM's clocks: a date beside a time of day, as date-times.

The name of the date says its format: DATE month day year, DAT1 day month year, DAT2 year month day, DAT3 year day
month, parted by any sign that is no digit; a time of day is hh:mm, or decimal hours beside others with a colon (NONMEM
Users Guide, help items DATE and TIME). Dates that say their format themselves, 2026-03-01 and 01MAR2026, are read under
any of the names. People also write DATE day first; where all dates of a DATE can be read both ways, that is asked.
"""

import re

import pandas as pd

from cartmodel.trial.dates import read_when
from cartmodel.trial.naming import Named
from cartmodel.trial.rows import numbers_of
from cartmodel.trial.told import DATES, Told

_ORDER = {"DATE": "mdy", "DAT1": "dmy", "DAT2": "ymd", "DAT3": "ydm"}
_WORDS = {"m": "month", "d": "day", "y": "year"}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)?", re.ASCII | re.IGNORECASE)


def clock_times(source: Named, told: Told) -> pd.Series | None:
    """Return the date-time of each row as ISO text, a date alone where the clock time is blank; None without clocks.

    Parameters
    ----------
    source : Named
        A data set, blank where nothing is given.
    told : Told
        ``mapping`` may name the format of a date (``{"DATE": "DAT1"}``) and say that times without a colon are times of
        day (``{"TIME": "clock"}``).
    """
    findings, names = source.sheet.findings, {name.upper(): name for name in source.columns}
    if names.keys() & {"AFRLT", "TRTSDTM"} or not names.keys() & {"TIME", "CLOCK"}:
        return None
    own = names["CLOCK"] if "CLOCK" in names else names["TIME"]
    time = source.columns[own]
    colons = time.str.contains(":", regex=False).astype(bool)
    dates = [names[name] for name in DATES if name in names]
    if len(dates) > 1:
        accepted = f"one of them: ignore=['{dates[1]}'], or the other way round"
        findings.add(1, "", f"{', '.join(dates)} may each be the date", accepted)
        return None
    if not dates:
        whole = read_when(time)["when"].notna() | (time == "")
        if colons.any() and whole.all():
            return time
        accepted = "a DATE beside it (DAT1, DAT2, DAT3), date-times, or one TIME since the dose, in days or hours"
        findings.add_each(time[colons & ~whole].rename("TIME"), "{value} is a time of day without a date", accepted)
        return None
    name = dates[0]
    if not colons.any() and "CLOCK" not in names and (time != "").any():
        accepted = f"mapping={{'{own}': 'clock'}} where TIME is the hour of the day; or ignore=['{name}'] where "
        accepted += "TIME counts from the dose"
        findings.add(1, name, "beside it TIME may be a time of day or count from the dose", accepted)
        return None
    findings.names["sampled"] = name
    source.taken[findings.names.get(name, name)] = "sampled", "the date of each time of day"
    day, clock = _days(source, name, told), _hours(source, time)
    source.notes.append(
        f"{name} and {findings.names.get(own, own)} are a date ({_said(name)}) and a time of day; times count from the "
        "dose record, in days."
    )
    return day.where((clock == "") | (day == ""), day + "T" + clock)


def _said(name: str) -> str:
    return " ".join(_WORDS[letter] for letter in _ORDER[name.upper()])


def _days(source: Named, name: str, told: Told) -> pd.Series:
    """Return dates as ISO text; those that cannot be read, or in two ways, are findings."""
    cells, findings = source.columns[name], source.sheet.findings
    order = _ORDER[name.upper()]
    itself = read_when(cells)["when"].dt.strftime("%Y-%m-%d").fillna("")
    parts = [(cell, tuple(re.findall(r"\d+", cell))) for cell in cells[itself == ""].unique() if cell]
    read = {cell: _iso(numbers, order) for cell, numbers in parts}
    turned = {cell: _iso(numbers, "dmy") for cell, numbers in parts} if order == "mdy" else {}
    chosen = name in told.columns or any(ours == name for ours in told.columns.values())
    both = bool(turned) and all(read.values()) and all(turned.values()) and read != turned
    if both and not chosen:
        what = f"'{parts[0][0]}' and all like it can be month/day or day/month"
        accepted = (
            f"mapping={{'{name}': 'DATE'}} for month day year, as in NONMEM, {{'{name}': 'DAT1'}} for day month year"
        )
        findings.add(1, name, what, accepted)
    day = itself.where(itself != "", cells.map(read)).fillna("")
    accepted = (
        f"{_said(name)}, such as {_iso_example(order)}, as {name} says; DATE, DAT1, DAT2 and DAT3 name the format"
    )
    findings.add_each(cells[(cells != "") & (day == "")].rename(name), "{value} is no date", f"{accepted}; 2026-03-01")
    if any(len(numbers[order.index("y")]) < 3 for _, numbers in parts if len(numbers) == 3):
        source.notes.append(f"Years of two digits in {name} are of this century.")
    return day


def _iso(numbers: tuple[str, ...], order: str) -> str:
    """Return a date as ISO text, empty where the numbers are none in this order."""
    if len(numbers) != 3:
        return ""
    year, month, day = (int(numbers[order.index(letter)]) for letter in "ymd")
    when = pd.to_datetime(f"{year + 2000 if year < 100 else year:04}-{month:02}-{day:02}", errors="coerce")
    return "" if pd.isna(when) else when.strftime("%Y-%m-%d")


def _iso_example(order: str) -> str:
    return "/".join({"m": "3", "d": "25", "y": "2026"}[letter] for letter in order)


def _hours(source: Named, time: pd.Series) -> pd.Series:
    """Return times of day as ISO text, those that cannot be read being findings."""
    clock = {cell: _clock(cell) for cell in time.unique()}
    wrong = time[(time != "") & (time.map(clock) == "")]
    source.sheet.findings.add_each(wrong.rename("TIME"), "{value} is no time of day", "hh:mm, 0:00 to 23:59")
    return time.map(clock)


def _clock(cell: str) -> str:
    if match := _CLOCK.fullmatch(cell):
        hour, minute, second = (int(part or 0) for part in match.groups()[:3])
        if match[4]:
            hour = hour % 12 + (12 if match[4].upper() == "PM" else 0) if 1 <= hour <= 12 else 24
        return f"{hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else ""
    hours = numbers_of(pd.Series([cell]))[0]
    if not 0 <= hours < 24:
        return ""
    seconds = round(hours * 3600)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds < 86400 else ""
