"""The samples of a trial table: which rows are one, and whether each can be used."""

import re

import pandas as pd

from cartmodel.trial.table import FLAG_WORDS, Table, matching

# A table with one of these is meant to hold samples, even where a misspelt `time` and `level` leave none to see.
_OF_SAMPLES = {"time", "level", "unit", "blq", "lloq", "assay"}
_SLUG = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def read_samples(table: Table) -> tuple[pd.DataFrame, pd.Series]:
    """Return the usable samples of a table, and which of its rows are predose samples.

    The samples have the columns subject, assay, time (days), level (NaN where BLQ), blq, lloq, unit, row. They are
    complete only if the table's findings stay empty.
    """
    cells, findings = table.cells, table.findings
    everywhere = pd.Series(True, index=cells.index)
    time = table.numbers("time", everywhere)
    predose = time <= 0
    live = ~predose
    flag = table.flags("blq", live, blank="for 0")
    blq = flag == 1
    # A flag that cannot be read leaves open what the level of its row must be.
    quantified = live & ((flag == 0) | (cells["blq"] == ""))
    has_time, has_level = cells["time"] != "", cells["level"] != ""
    sample = live & (has_time | has_level | blq)
    _missing_columns(table, sample)
    if "time" in table.header:
        findings.add_each(cells.loc[sample & ~has_time, "time"], "a sample without a time", "days since infusion")
    if "level" in table.header:
        accepted = "a level > 0; or blq=1 with an lloq; or no time either, for a patient without a sample"
        bare = sample & has_time & ~has_level & quantified
        findings.add_each(cells.loc[bare, "level"], "a sample without a level, not marked BLQ", accepted)
    level = table.positive("level", quantified, accepted="a level > 0, or blq=1 with an lloq")
    lloq = table.positive("lloq", live)
    unlimited = live & blq & (cells["lloq"] == "")
    findings.add_each(cells.loc[unlimited, "lloq"], "a BLQ sample without a limit", "its lloq, a number > 0")
    for row in level.index[level < lloq]:
        what = f"'{cells.loc[row, 'level']}' is below its lloq '{cells.loc[row, 'lloq']}' but not marked BLQ"
        findings.add(row, "level", what, f"blq=1, or a level that is not below the lloq ({FLAG_WORDS})")
    marked = table.readable("level", live & blq)
    for row in marked.index[marked > lloq]:
        what = f"'{cells.loc[row, 'level']}' is above its lloq '{cells.loc[row, 'lloq']}' but marked BLQ"
        findings.add(row, "level", what, f"blq=0, or a level that is blank or not above the lloq ({FLAG_WORDS})")
    samples = pd.DataFrame(
        {
            "subject": cells["subject"],
            "assay": _assays(table, sample),
            "time": time,
            "level": level,
            "blq": blq,
            "lloq": lloq,
            "unit": cells["unit"],
            "row": cells.index,
        }
    )[sample]
    _one_unit_an_assay(table, samples)
    _times_once(table, samples)
    return samples, predose


def _missing_columns(table: Table, sample: pd.Series) -> None:
    """Note the columns that samples need; a table of outcomes alone needs none of them."""
    meant = sample.any() or not table.header.isdisjoint(_OF_SAMPLES)
    for name, needed in (("time", meant), ("level", meant), ("unit", sample.any())):
        if needed and name not in table.header:
            table.findings.add(1, name, "missing column", f"a column '{name}' in every table with samples")


def _assays(table: Table, sample: pd.Series) -> pd.Series:
    given = table.cells["assay"]
    if not (given[sample] != "").any():
        units = table.cells.loc[sample, "unit"]
        return pd.Series(default_assay(units.iloc[0] if len(units) else ""), index=given.index)
    accepted = "a letter, then letters, digits or _, such as qpcr"
    table.findings.add_each(given[sample & (given == "")], "a sample without its assay", f"{accepted}, on every sample")
    wrong = sample & (given != "") & ~matching(given, _SLUG)
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
            table.findings.add(row, "unit", what, "one unit per assay; name other assays in a column 'assay'")


def _times_once(table: Table, samples: pd.DataFrame) -> None:
    timed = samples[samples["time"].notna() & (samples["subject"] != "")]
    first = timed.groupby(["subject", "assay", "time"])["row"].transform("first")
    for row in timed.index[first != timed["row"]]:
        what = f"'{table.cells.loc[row, 'time']}' stands for assay '{timed.loc[row, 'assay']}' in row {first[row]} too"
        table.findings.add(row, "time", what, "one sample per patient, assay and time")
