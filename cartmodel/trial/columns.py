"""The form of trial tables, every column documented here.

The main table has one header row and one row a sample. Everything is text until it is checked: `001` and `1` are two
patients. Columns come in any order. What belongs to a patient (dose and outcomes) may stand on one, some or all of the
patient's rows, or in tables of its own. A row with neither time nor level, but with something else, keeps a patient
who has no sample. Samples at or before the infusion (``time`` <= 0) are excluded and counted.

Date-times are written as ``2026-03-01T09:30`` or ``01MAR2026:09:30``; a date alone says the day and no clock time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One column of a trial table.

    Parameters
    ----------
    name : str
        Name in the header, exactly.
    kind : {"text", "number", "flag", "when"}
        How its cells are read; "when" is a date-time or a date.
    unit : str
        Unit of its numbers; empty when it has none.
    required : str
        When the column must be there: "always", "with samples" or "optional".
    meaning : str
        What it holds, and what a blank cell says.
    """

    name: str
    kind: Literal["text", "number", "flag", "when"]
    unit: str
    required: Literal["always", "with samples", "optional"]
    meaning: str


_ROWS = (
    Column("subject", "text", "", "always", "patient identifier, kept as text"),
    Column("time", "number", "days", "with samples", "days since infusion; <= 0 is predose"),
    Column("level", "number", "as in `unit`", "with samples", "measured level > 0; not looked at when `blq` is 1"),
    Column("unit", "text", "", "with samples", "unit of `level` and `lloq`, one per assay"),
    Column("blq", "flag", "", "optional", "1 when the level is below the limit of quantification; blank is 0"),
    Column("lloq", "number", "as in `unit`", "optional", "lower limit of quantification > 0; a BLQ row must have one"),
    Column("alq", "flag", "", "optional", "1 when the level is above the upper limit of quantification; blank is 0"),
    Column("uloq", "number", "as in `unit`", "optional", "upper limit of quantification > 0"),
    Column("assay", "text", "", "optional", "name of the assay (letters, digits, _); without the column there is one"),
    Column("nominal", "number", "days", "optional", "planned day of the sample"),
    Column("visit", "text", "", "optional", "name of the visit"),
    Column("sampled", "when", "", "optional", "date-time of the sample; with `infusion` it gives `time` where blank"),
    Column("infusion", "when", "", "optional", "date-time of the infusion, one value per patient"),
    Column("dose", "number", "cells", "optional", "cells infused > 0, one value per patient; blank when unknown"),
    Column("dose_assigned", "number", "cells", "optional", "cells assigned > 0, one value per patient"),
    Column("weight", "number", "kg", "optional", "body weight at baseline > 0, one value per patient"),
    Column("dose_unit", "text", "", "optional", "must say cells, unless `units` asks for a conversion"),
    Column(
        "time_unit", "text", "", "optional", "unit of `time` and `nominal`: day, unless `units` asks for a conversion"
    ),
    Column("weight_unit", "text", "", "optional", "must say kg, unless `units` asks for a conversion"),
    Column("study", "text", "", "optional", "name of the study, one per table; SIMULATED... marks simulated data"),
    Column("dlt", "flag", "", "optional", "dose-limiting toxicity, one value per patient; blank while pending"),
    Column("dlt_day", "number", "days", "optional", "onset of the DLT, days since infusion, only with dlt 1"),
    Column("remission", "flag", "", "optional", "remission, one value per patient; blank while pending"),
    Column("criss_step1", "flag", "", "optional", "step-1 event of ACR-CRISS, one value per patient; blank if pending"),
    Column("criss_lp", "number", "log odds", "optional", "linear predictor of ACR-CRISS within [-100, 100]"),
    Column("tocilizumab_day", "number", "days", "optional", "first tocilizumab, days since infusion; blank if none"),
    Column("steroid_day", "number", "days", "optional", "first systemic steroid, days since infusion; blank if none"),
    Column("follow_up", "number", "days", "optional", "last day known, days since infusion; blank when not given"),
)

COLUMNS: Mapping[str, Column] = MappingProxyType({column.name: column for column in _ROWS})

COMEDICATION = ("tocilizumab_day", "steroid_day")
OUTCOMES = ("dlt", "remission", "criss_step1", "criss_lp")

CRISS_COLUMNS: Mapping[str, tuple[float, float, float, str]] = MappingProxyType(
    {
        "mrss": (0, 51, 0.5, "0 to 51 (17 sites of 0 to 3; halves if two raters differ)"),
        "fvc": (10, 200, 0, "percent predicted, 10 to 200 (neither litres nor a fraction)"),
        "patient_global": (0, 10, 0, "0 to 10 (divide a 0-100 mm visual scale by 10)"),
        "physician_global": (0, 10, 0, "0 to 10 (divide a 0-100 mm visual scale by 10)"),
        "haq": (0, 3, 0.125, "0 to 3 in steps of 0.125"),
    }
)
"""Lowest, highest, step (0 for any number) and range in words of each core item of ACR-CRISS."""

STEP1_EVENTS = ("renal_crisis", "ild", "lv_failure", "pah")
KINDS = ("lymphodepletion", "tocilizumab", "steroid", "ada", "crs", "icans")
"""The kinds of records that have a meaning of their own; others are kept as they are."""

_SUBJECT = Column("subject", "text", "", "always", "patient identifier, as in the main table")
_STUDY = (COLUMNS["study"], COLUMNS["time_unit"])  # the unit of a `time`; a `day` is in days

RECORDS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            _SUBJECT,
            Column("day", "number", "days", "always", "days since infusion"),
            Column("kind", "text", "", "always", f"{', '.join(KINDS)}, or another name"),
            Column("value", "number", "as in `unit`", "optional", "grade, dose or titre; 0: looked for, not there"),
            Column("unit", "text", "", "optional", "unit of `value`"),
            Column("at", "when", "", "optional", "date-time; with `infusion` it gives `day` where blank"),
            *_STUDY,
        )
    }
)
ASSESSMENTS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            _SUBJECT,
            Column("time", "number", "days", "always", "days since infusion; 0 or less is the baseline"),
            Column("visit", "text", "", "optional", "name of the visit"),
            *(Column(name, "number", "", "optional", rule[3]) for name, rule in CRISS_COLUMNS.items()),
            *(Column(name, "flag", "", "optional", "step-1 event of ACR-CRISS by this day") for name in STEP1_EVENTS),
            Column("at", "when", "", "optional", "date-time; with `infusion` it gives `time` where blank"),
            *_STUDY,
        )
    }
)
EVENTS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            _SUBJECT,
            Column("day", "number", "days", "always", "days since infusion of the onset"),
            Column("end_day", "number", "days", "optional", "days since infusion of the end; blank while it lasts"),
            Column("term", "text", "", "always", "preferred term"),
            Column("soc", "text", "", "always", "system organ class"),
            Column("grade", "number", "", "always", "CTCAE grade, 1 to 5"),
            Column("related", "flag", "", "always", "1 when related to the treatment"),
            Column("dlt", "flag", "", "optional", "1 when declared dose-limiting; blank when not said"),
            Column("at", "when", "", "optional", "date-time of the onset, as in records"),
            Column("until", "when", "", "optional", "date-time of the end"),
            *_STUDY,
        )
    }
)
TABLES: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        "levels": COLUMNS,
        "subjects": COLUMNS,
        "outcomes": COLUMNS,
        "records": RECORDS,
        "assessments": ASSESSMENTS,
        "events": EVENTS,
    }
)
"""The tables of a folder by their name, each with its columns."""
