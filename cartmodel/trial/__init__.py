"""Trial tables: reading, checking, and the validated ``TrialData``."""

from cartmodel.trial.columns import COLUMNS, OUTCOMES, Column
from cartmodel.trial.data import OBSERVATION_COLUMNS, SUBJECT_COLUMNS, TrialData
from cartmodel.trial.examples import example_path, list_examples
from cartmodel.trial.reading import read_trial

__all__ = [
    "COLUMNS",
    "OBSERVATION_COLUMNS",
    "OUTCOMES",
    "SUBJECT_COLUMNS",
    "Column",
    "TrialData",
    "example_path",
    "list_examples",
    "read_trial",
]
