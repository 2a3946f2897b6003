"""The validated trial that crosses rooms."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cartmodel.trial.columns import COMEDICATION, OUTCOMES

SUBJECT_COLUMNS = ("dose", *OUTCOMES, *COMEDICATION)
OBSERVATION_COLUMNS = ("subject", "assay", "time", "level", "blq", "lloq", "row")


# Frames have no truth value, so equality by fields cannot work; compare digests.
@dataclass(frozen=True, eq=False)
class TrialData:
    """A trial table that passed every check.

    Parameters
    ----------
    name : str
        Label for outputs: the study's name if the table gives it, else the file's stem.
    simulated : bool
        Whether the study's name begins with SIMULATED.
    subjects : pandas.DataFrame
        Indexed by ``subject`` (text, in order of first appearance). Columns dose (cells; NaN when not given), dlt,
        remission, criss_step1 (0, 1, or NaN when pending or not recorded), criss_lp (log odds, or NaN),
        tocilizumab_day, steroid_day (days since infusion of the first dose, or NaN without any).
    observations : pandas.DataFrame
        One row a usable sample, sorted by subject as above, assay and time. Columns subject, assay, time (days since
        infusion, > 0), level (in the assay's unit; NaN where BLQ), blq (bool), lloq (in the assay's unit; NaN when not
        given), row (of the spreadsheet).
    units : mapping of str to str
        Unit of each assay.
    notes : tuple of str
        What was recognised, excluded, counted or is still missing, one sentence each.
    digest : str
        SHA-256 of subjects, observations (without ``row``) and units: the same for the same data in any CSV dialect.
        Always computed here; a value passed in is replaced.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> trial = read_trial(example_path("liu2022_cart_ball"))
    >>> len(trial.subjects), len(trial.observations), trial.assays
    (28, 237, ('reported',))
    """

    name: str
    simulated: bool
    subjects: pd.DataFrame
    observations: pd.DataFrame
    units: Mapping[str, str]
    notes: tuple[str, ...] = ()
    digest: str = ""

    def __post_init__(self) -> None:
        # Computed even when given, so that dataclasses.replace cannot leave the digest of other data behind.
        object.__setattr__(self, "digest", _digest(self.subjects, self.observations, self.units))

    @property
    def assays(self) -> tuple[str, ...]:
        """Return the names of the assays, in alphabetical order."""
        return tuple(sorted(self.units))


def _digest(subjects: pd.DataFrame, observations: pd.DataFrame, units: Mapping[str, str]) -> str:
    told = [column for column in OBSERVATION_COLUMNS if column != "row"]
    given = [name for name in COMEDICATION if subjects[name].notna().any()]  # older digests know nothing of them
    content = {
        "subjects": _rows(subjects.reset_index()[["subject", "dose", *OUTCOMES, *given]]),
        "observations": _rows(observations[told]),
        "units": sorted(units.items()),
    }
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()


def _rows(frame: pd.DataFrame) -> list[list[object]]:
    """Return the values as JSON can hold them; repr of a float is exact, and 0.0 added takes the sign off -0.0."""
    columns = [
        [repr(value + 0.0) if value == value else None for value in frame[name].tolist()]
        if pd.api.types.is_float_dtype(frame[name])
        else frame[name].tolist()
        for name in frame.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]
