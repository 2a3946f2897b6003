"""The form of a trial table: one row a sample, every column documented here.

A table has one header row and one row a sample. Everything is text until it is checked: `001` and `1` are two
patients. Columns come in any order. What belongs to a patient (dose and outcomes) may stand on one, some or all of the
patient's rows. A row with neither time nor level keeps a patient who has no sample. Samples at or before the infusion
(``time`` <= 0) are excluded and counted.
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
    kind : {"text", "number", "flag"}
        How its cells are read.
    unit : str
        Unit of its numbers; empty when it has none.
    required : str
        When the column must be there: "always", "with samples" or "optional".
    meaning : str
        What it holds, and what a blank cell says.
    """

    name: str
    kind: Literal["text", "number", "flag"]
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
    Column("assay", "text", "", "optional", "name of the assay (letters, digits, _); without the column there is one"),
    Column("dose", "number", "cells", "optional", "cells infused > 0, one value per patient; blank when unknown"),
    Column("dose_unit", "text", "", "optional", "must say cells"),
    Column("time_unit", "text", "", "optional", "must say day, days or d"),
    Column("study", "text", "", "optional", "name of the study, one per table; SIMULATED... marks simulated data"),
    Column("dlt", "flag", "", "optional", "dose-limiting toxicity, one value per patient; blank while pending"),
    Column("remission", "flag", "", "optional", "remission, one value per patient; blank while pending"),
    Column("criss_step1", "flag", "", "optional", "step-1 event of ACR-CRISS, one value per patient; blank if pending"),
    Column("criss_lp", "number", "log odds", "optional", "linear predictor of ACR-CRISS within [-100, 100]"),
    Column("tocilizumab_day", "number", "days", "optional", "first tocilizumab, days since infusion; blank if none"),
    Column("steroid_day", "number", "days", "optional", "first systemic steroid, days since infusion; blank if none"),
)

COLUMNS: Mapping[str, Column] = MappingProxyType({column.name: column for column in _ROWS})

COMEDICATION = ("tocilizumab_day", "steroid_day")
OUTCOMES = ("dlt", "remission", "criss_step1", "criss_lp")
