"""Small trials for the tests of descriptions, with whatever frames a test needs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.trial import TrialData, read_trial
from cartmodel.trial.data import ASSESSMENT_COLUMNS, EVENT_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS

NAN = float("nan")


def trial_of(
    samples: dict[str, str],
    *,
    dose: dict[str, float] | None = None,
    unit: str = "copies/ug",
    lloq: float = 50.0,
    study: str = "A real trial",
) -> TrialData:
    """A trial of samples as ``day:level``, with 0 for BLQ; a patient may have none."""
    rows = []
    for subject, text in samples.items():
        given = (dose or {}).get(subject, 1e8)
        for sample in text.split() or [":"]:
            day, level = sample.split(":")
            blq = level == "0"
            rows.append(
                (study, subject, given, day, "" if blq else level, int(blq) if day else "", unit if day else "")
            )
    frame = pd.DataFrame(rows, columns=["study", "subject", "dose", "time", "level", "blq", "unit"])
    frame["lloq"] = np.where(frame["time"] == "", "", str(lloq))
    frame["assay"] = np.where(frame["time"] == "", "", "qpcr")
    return read_trial(frame.astype(str).replace("nan", ""))


def with_frames(trial: TrialData, **frames: Sequence[dict[str, Any]]) -> TrialData:
    """The trial with records, assessments, events or predose samples given as rows."""
    columns = {
        "records": RECORD_COLUMNS, "assessments": ASSESSMENT_COLUMNS, "events": EVENT_COLUMNS,
        "predose": OBSERVATION_COLUMNS,
    }  # fmt: skip
    text = {"subject", "assay", "kind", "unit", "term", "soc", "visit"}
    made = {}
    for name, rows in frames.items():
        table = pd.DataFrame(list(rows)).reindex(columns=list(columns[name]))
        for column in table:
            if column in text:
                table[column] = table[column].astype(object).where(table[column].notna(), "")
        made[name] = table.assign(blq=table["blq"].eq(True)) if "blq" in table else table
    return replace(trial, **made)


def with_subjects(trial: TrialData, **columns: dict[str, Any]) -> TrialData:
    """The trial with columns of its patients changed: ``dlt={"P1": 1}``."""
    subjects = trial.subjects.copy()
    for name, values in columns.items():
        for subject, value in values.items():
            subjects.loc[subject, name] = value
    return replace(trial, subjects=subjects)
