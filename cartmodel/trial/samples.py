"""The samples of a trial table: which rows are one, and whether each can be used."""

import re
from collections.abc import Mapping

import pandas as pd

from cartmodel.trial.dates import days_between, note_far
from cartmodel.trial.table import FLAGS, Table, matching
from cartmodel.trial.units import FIXED, in_fixed_unit, levels_in_unit, one_spelling

# A table with one of these is meant to hold samples, even where a misspelt `time` and `level` leave none to see.
_OF_SAMPLES = {"time", "level", "unit", "blq", "lloq", "assay", "alq", "uloq", "sampled"}
SLUG = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_PREDOSE = re.compile(r"(?:.*\b)?(?:pre-?dose|pre-?infusion|baseline|screening)(?:\b.*)?")
TIME_TOLERANCE = 0.05
"""Days by which a time and the date-times beside it may differ: both are rounded."""


def read_samples(table: Table, infusion: pd.DataFrame, units: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Return the samples of a table, those before the infusion too, and what there is to say about their times.

    Columns subject, assay, time (days), level (NaN where BLQ or above the ULOQ), blq, lloq, unit, row, nominal, visit,
    uloq, alq, by_date, predose. They are complete only if the table's findings stay empty.

    Parameters
    ----------
    table : Table
        With samples, perhaps.
    infusion : pandas.DataFrame
        By subject: ``when`` and ``clock``, as `read_when` has them.
    units : mapping of str to str
        What the user says about units.
    """
    cells, findings = table.cells, table.findings
    everywhere = pd.Series(True, index=cells.index)
    implied, asked = table.implied, units.get("time")
    time, nominal = (
        in_fixed_unit(
            table.numbers(name, everywhere), cells["time_unit"], "time", asked, implied=implied, findings=findings
        )[0]
        for name in ("time", "nominal")
    )
    note_far(time, "time", findings)
    note_far(nominal, "nominal", findings)
    time, by_date, predose, notes = actual_times(table, time, nominal, infusion)
    live = ~predose
    flag, above = (table.flags(name, live, blank="for 0") for name in ("blq", "alq"))
    blq, alq = flag == 1, above == 1
    # A flag that cannot be read leaves open what the level of its row must be.
    quantified = live & ((flag == 0) | (cells["blq"] == "")) & ((above == 0) | (cells["alq"] == ""))
    has_time, has_level = (cells["time"] != "") | time.notna(), cells["level"] != ""
    sample = live & (has_time | has_level | blq | alq)
    _missing_columns(table, sample, units)
    if "time" in table.header or "sampled" in table.header:
        undated = sample & ~has_time & (cells["sampled"] == "")
        findings.add_each(cells.loc[undated, "time"], "a sample without a time", "days since infusion")
    if "level" in table.header:
        accepted = "a level > 0; or blq=1 with an lloq; or no time either, for a patient without a sample"
        bare = sample & has_time & ~has_level & quantified
        findings.add_each(cells.loc[bare, "level"], "a sample without a level, not marked BLQ", accepted)
    level = table.positive("level", quantified, accepted="a level > 0, or blq=1 with an lloq")
    lloq, uloq = table.positive("lloq", live), table.positive("uloq", live)
    unlimited = live & blq & (cells["lloq"] == "")
    findings.add_each(cells.loc[unlimited, "lloq"], "a BLQ sample without a limit", "its lloq, a number > 0")
    findings.add_each(cells.loc[live & blq & alq, "alq"], "{value} beside blq", "one of the two")
    _against_limits(table, level, lloq, uloq, live & blq, live & alq)
    assay = _assays(table, sample, units)
    samples = pd.DataFrame(
        {
            "subject": cells["subject"],
            "assay": assay,
            "time": time,
            "level": level.mask(predose, table.readable("level", predose)),
            "blq": blq.mask(predose, cells["blq"].str.lower().map(FLAGS) == 1).astype(bool),
            "lloq": lloq.mask(predose, table.readable("lloq", predose)),
            "unit": cells["unit"],
            "row": cells.index,
            "nominal": nominal,
            "visit": cells["visit"],
            "uloq": uloq,
            "alq": alq,
            "by_date": by_date,
            "predose": predose,
        }
    )
    samples = samples[sample | predose]
    samples, converting = levels_in_unit(samples, units, ("level", "lloq", "uloq"), findings)
    samples, spelling = one_spelling(samples)
    live_samples = samples[~samples["predose"]]
    _one_unit_an_assay(table, live_samples)
    _times_once(table, live_samples)
    return samples, [*notes, *converting, *spelling]


def actual_times(
    table: Table, time: pd.Series, nominal: pd.Series, infusion: pd.DataFrame
) -> tuple[pd.Series, pd.Series, pd.Series, list[str]]:
    """Return days since infusion, which rest on dates alone, which rows are predose, and what there is to say.

    A time that is given is kept, and held against the date-times where they are given too. One that is blank is the
    difference of the date-times; without a clock time in either, of the dates: whole days.
    """
    cells, findings, notes = table.cells, table.findings, list[str]()
    everywhere = pd.Series(True, index=cells.index)
    sampled = table.when("sampled", everywhere)
    if sampled["when"].isna().all():
        return time, pd.Series(False, index=cells.index), time <= 0, notes
    start = infusion.reindex(cells["subject"]).set_axis(cells.index)
    start["clock"] = start["clock"].eq(True)
    dated = sampled["when"].notna()
    lost = dated & start["when"].isna() & time.isna()
    no_start = "{value} of a patient without an infusion date"
    findings.add_each(cells.loc[lost, "sampled"], no_start, "`infusion`, or time")
    between = days_between(start, sampled)
    tolerance = pd.Series(TIME_TOLERANCE, index=cells.index).mask(between["by_date"], 1.0 + TIME_TOLERANCE)
    for row in cells.index[(time - between["days"]).abs() > tolerance]:
        what = f"'{cells.loc[row, 'time']}', but the date-times are {between['days'][row]:g} days apart"
        findings.add(row, "time", what, "times that agree; a planned time belongs in `nominal`")
    blank = time.isna() & (cells["time"] == "") & between["days"].notna()
    by_date = blank & between["by_date"]
    predose = (time <= 0) | (blank & (between["days"] < 0)) | (blank & ~by_date & (between["days"] <= 0))
    same_day = by_date & (between["days"] == 0)
    before = same_day & ((nominal <= 0) | matching(cells["visit"].str.lower(), _PREDOSE))
    findings.add_each(
        cells.loc[same_day & ~before, "sampled"],
        "{value} is the day of the infusion, without both clock times: before or after it cannot be told",
        "clock times of both, a `time`, or for a predose sample nominal 0 or less or the visit 'predose'",
    )
    if blank.any():
        told = int((blank & ~by_date).sum())
        notes.append(f"{told} times are the difference of date-times of sample and infusion.")
    if by_date.any():
        rows = ", ".join(str(row) for row in by_date.index[by_date][:10])
        notes.append(
            f"{by_date.sum()} samples lack a clock time, their own or that of the infusion: their times are the "
            f"difference of the dates in whole days, exact to a day and marked by_date (rows {rows}"
            f"{', ...' if by_date.sum() > 10 else ''}). No clock time is taken as midnight."
        )
    return time.mask(blank, between["days"].mask(before)), by_date, predose | before, notes


def _against_limits(
    table: Table, level: pd.Series, lloq: pd.Series, uloq: pd.Series, blq: pd.Series, alq: pd.Series
) -> None:
    cells, findings = table.cells, table.findings
    marked_low, marked_high = table.readable("level", blq), table.readable("level", alq)
    rules = (
        (level < lloq, "lloq", "below", "but not marked BLQ", "blq=1, or a level that is not below the lloq"),
        (marked_low > lloq, "lloq", "above", "but marked BLQ", "blq=0, or a level that is blank or not above the lloq"),
        (level > uloq, "uloq", "above", "but not marked above it", "alq=1, or a level that is not above the uloq"),
        (marked_high < uloq, "uloq", "below", "but marked above it", "alq=0, or a level that is not below the uloq"),
    )
    for wrong, limit, side, mark, accepted in rules:
        for row in wrong.index[wrong]:
            what = f"'{cells.loc[row, 'level']}' is {side} its {limit} '{cells.loc[row, limit]}' {mark}"
            findings.add(row, "level", what, accepted)
    findings.add_each(cells.loc[uloq <= lloq, "uloq"], "{value} is not above the lloq", "uloq > lloq")


def _missing_columns(table: Table, sample: pd.Series, units: Mapping[str, str]) -> None:
    """Note the columns that samples need; a table of outcomes alone needs none of them."""
    meant = sample.any() or not table.header.isdisjoint(_OF_SAMPLES)
    instead = {"time": "sampled" in table.header, "unit": units.keys() - FIXED.keys()}
    remedy = {"unit": "; or units={'level': 'copies/ug'}, or whatever it is"}
    for name, needed in (("time", meant), ("level", meant), ("unit", sample.any())):
        if needed and name not in table.header and not instead.get(name):
            accepted = f"a column '{name}' in every table with samples{remedy.get(name, '')}"
            table.findings.add(1, name, "missing column", accepted)


def _assays(table: Table, sample: pd.Series, units: Mapping[str, str]) -> pd.Series:
    given = table.cells["assay"]
    if not (given[sample] != "").any():
        said = table.cells.loc[sample, "unit"]
        unit = said.iloc[0] if len(said) else ""
        return pd.Series(default_assay(unit or units.get("level", "")), index=given.index)
    accepted = "a letter, then letters, digits or _, such as qpcr"
    table.findings.add_each(given[sample & (given == "")], "a sample without its assay", f"{accepted}, on every sample")
    wrong = sample & (given != "") & ~matching(given, SLUG)
    table.findings.add_each(given[wrong], "{value} cannot name an assay", accepted)
    return given


def default_assay(unit: str) -> str:
    """Return the name of the only assay of a table that names none.

    Examples
    --------
    >>> default_assay("copies/ug"), default_assay("cells/uL"), default_assay("%")
    ('qpcr', 'flow', 'assay')
    """
    return "qpcr" if "copies" in unit.lower() else "flow" if "cells" in unit.lower() else "assay"


def _one_unit_an_assay(table: Table, samples: pd.DataFrame) -> None:
    if "unit" not in table.header:
        return
    bare = samples["unit"] == ""
    table.findings.add_each(samples.loc[bare, "unit"], "a sample without a unit", "the unit of its level")
    for assay, own in samples[~bare].groupby("assay", sort=False):
        (first, unit), *others = own["unit"].drop_duplicates().items()
        for row, other in others:
            what = f"'{other}' ({(own['unit'] == other).sum()} rows), but assay '{assay}' has '{unit}' in row {first}"
            accepted = f"one unit per assay; units={{'{assay}': '{unit}'}} converts one of its kind"
            table.findings.add(row, "unit", what, f"{accepted}; another assay has a name of its own in 'assay'")


def _times_once(table: Table, samples: pd.DataFrame) -> None:
    timed = samples[samples["time"].notna() & (samples["subject"] != "")]
    first = timed.groupby(["subject", "assay", "time"])["row"].transform("first")
    dated = set(timed.index[timed["by_date"]])
    for row in timed.index[first != timed["row"]]:
        column = "time" if str(table.cells.loc[row, "time"]) else "sampled"
        told = f"'{table.cells.loc[row, column]}'" + (f", day {timed.loc[row, 'time']:g}," if column != "time" else "")
        what = f"{told} stands for assay '{timed.loc[row, 'assay']}' in row {first[row]} too"
        clocks = "; clock times of sample and infusion tell two of one day apart" if row in dated else ""
        table.findings.add(row, column, what, f"one sample per patient, assay and time{clocks}")
