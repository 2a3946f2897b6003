"""Trial tables: reading, checking, and the validated ``TrialData``."""

from cartmodel.trial.columns import ASSESSMENTS, COLUMNS, EVENTS, OUTCOMES, RECORDS, TABLES, Column
from cartmodel.trial.data import (
    ASSESSMENT_COLUMNS,
    EVENT_COLUMNS,
    OBSERVATION_COLUMNS,
    RECORD_COLUMNS,
    SUBJECT_COLUMNS,
    TrialData,
    empty_frame,
)
from cartmodel.trial.examples import example_path, list_examples
from cartmodel.trial.reading import read_trial

__all__ = [
    "ASSESSMENTS",
    "ASSESSMENT_COLUMNS",
    "COLUMNS",
    "EVENTS",
    "EVENT_COLUMNS",
    "OBSERVATION_COLUMNS",
    "OUTCOMES",
    "RECORDS",
    "RECORD_COLUMNS",
    "SUBJECT_COLUMNS",
    "TABLES",
    "Column",
    "TrialData",
    "empty_frame",
    "example_path",
    "list_examples",
    "read_trial",
]
