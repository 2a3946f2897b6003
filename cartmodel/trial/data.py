"""The validated trial that crosses rooms."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from cartmodel.trial.columns import COMEDICATION, CRISS_COLUMNS, OUTCOMES, STEP1_EVENTS

SUBJECT_COLUMNS = (
    "dose", *OUTCOMES, *COMEDICATION, "dose_assigned", "weight", "dlt_day", "infusion", "follow_up", "infusion_by_date",
)  # fmt: skip
OBSERVATION_COLUMNS = (
    "subject", "assay", "time", "level", "blq", "lloq", "row", "nominal", "visit", "uloq", "by_date",
)  # fmt: skip
RECORD_COLUMNS = ("subject", "day", "kind", "value", "unit", "row", "at", "by_date")
ASSESSMENT_COLUMNS = ("subject", "time", "visit", *CRISS_COLUMNS, *STEP1_EVENTS, "row", "by_date")
EVENT_COLUMNS = ("subject", "day", "end_day", "term", "soc", "grade", "related", "dlt", "row", "by_date")
MAPPING_COLUMNS = ("table", "column", "taken_as", "how")
PLACE_COLUMNS = ("subject", "column", "table", "row")

_KINDS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("subject", "assay", "visit", "kind", "unit", "term", "soc", *MAPPING_COLUMNS), "object")
    | dict.fromkeys(("blq", "by_date", "infusion_by_date"), "bool")
    | {"row": "int64", "at": "datetime64[us]"}
)


def empty_frame(columns: Sequence[str]) -> pd.DataFrame:
    """Return a frame without rows that has the columns and their kinds.

    Examples
    --------
    >>> len(empty_frame(RECORD_COLUMNS)), list(empty_frame(RECORD_COLUMNS))[:3]
    (0, ['subject', 'day', 'kind'])
    """
    return pd.DataFrame({name: pd.Series(dtype=_KINDS.get(name, "float64")) for name in columns})


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
        Indexed by ``subject`` (text, in order of first appearance). Columns dose (cells infused; NaN when not given),
        dlt, remission, criss_step1 (0, 1, or NaN when pending or not recorded), criss_lp (log odds, or NaN),
        tocilizumab_day, steroid_day (days since infusion of the first dose, or NaN without any), dose_assigned (cells),
        weight (kg), dlt_day (days since infusion of the onset), infusion (date-time, NaT when not given), follow_up
        (days since infusion, last day known), infusion_by_date (bool: only the date of ``infusion`` is known, its clock
        time says nothing).
    observations : pandas.DataFrame
        One row a usable sample, sorted by subject as above, assay and time. Columns subject, assay, time (days since
        infusion, > 0), level (in the assay's unit; NaN where BLQ), blq (bool), lloq (in the assay's unit; NaN when not
        given), row (of the spreadsheet), nominal (planned day, or NaN), visit (text, or empty), uloq (in the assay's
        unit; NaN when not given), by_date (bool: the time is a difference of dates, known to the day only). No level
        lies above its ULOQ.
    units : mapping of str to str
        Unit of each assay.
    notes : tuple of str
        What was recognised, excluded, counted or is still missing, one sentence each.
    digest : str
        SHA-256 of the data, without rows, notes, predose samples and mapping: the same for the same data in any form.
        Always computed here; a value passed in is replaced.
    predose : pandas.DataFrame
        The samples at or before the infusion, which are no observations: columns as there, time <= 0 or NaN where
        only a date or a visit says that they are predose; level 0 or NaN where nothing was found.
    records : pandas.DataFrame
        What changes in time: subject, day (since infusion), kind (lymphodepletion, tocilizumab, steroid, ada, crs,
        icans, ...), value (a grade for crs and icans; 0 says that it was looked for and not there; NaN when not given),
        unit, row, at (date-time, NaT when not given), by_date (bool: only the date of the record is known).
    assessments : pandas.DataFrame
        As ``cartmodel.endpoints.check_assessments`` describes: subject, time (days since infusion, 0 or less before
        it), visit, mrss, fvc, patient_global, physician_global, haq, and the step-1 events renal_crisis, ild,
        lv_failure, pah (1 where one happened by then, 0 where not, NaN when not recorded), row, by_date (bool).
    events : pandas.DataFrame
        Adverse events: subject, day, end_day (since infusion, or NaN), term, soc, grade (1 to 5), related, dlt (0 or 1;
        dlt is NaN when not said), row, by_date (bool, of the onset).
    mapping : pandas.DataFrame
        How each column of the tables was taken: table, column, taken_as (empty where it is not used), how.
    covariates : pandas.DataFrame
        Baseline covariates, indexed like ``subjects``, a column each by its name in lower case: numbers (NaN where
        missing) or texts (empty where missing).
    places : pandas.DataFrame
        Where what is said of a patient first stands: subject, column (of ``subjects`` or ``covariates``), table (empty
        where there is one), row.
    above : pandas.DataFrame
        The samples above their ULOQ that were left out (``drop_alq``), which are no observations: columns as there,
        level NaN. `nca` gives nothing that rests on them. Like predose samples they are not in the digest.

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
    predose: pd.DataFrame = field(default_factory=lambda: empty_frame(OBSERVATION_COLUMNS))
    records: pd.DataFrame = field(default_factory=lambda: empty_frame(RECORD_COLUMNS))
    assessments: pd.DataFrame = field(default_factory=lambda: empty_frame(ASSESSMENT_COLUMNS))
    events: pd.DataFrame = field(default_factory=lambda: empty_frame(EVENT_COLUMNS))
    mapping: pd.DataFrame = field(default_factory=lambda: empty_frame(MAPPING_COLUMNS))
    covariates: pd.DataFrame = field(default_factory=pd.DataFrame)
    places: pd.DataFrame = field(default_factory=lambda: empty_frame(PLACE_COLUMNS))
    above: pd.DataFrame = field(default_factory=lambda: empty_frame(OBSERVATION_COLUMNS))

    def __post_init__(self) -> None:
        if not len(self.covariates.columns):
            object.__setattr__(self, "covariates", pd.DataFrame(index=self.subjects.index))
        # Computed even when given, so that dataclasses.replace cannot leave the digest of other data behind.
        object.__setattr__(self, "digest", _digest(self))

    @property
    def assays(self) -> tuple[str, ...]:
        """Return the names of the assays, in alphabetical order."""
        return tuple(sorted(self.units))

    @property
    def dose_group(self) -> pd.Series:
        """Return each patient's dose group (cells): the dose assigned where it is given, else the dose infused.

        Groups are those of the protocol; a model takes the dose infused, ``subjects["dose"]``.
        """
        infused = self.subjects["dose"].astype(float)
        return self.subjects["dose_assigned"].astype(float).fillna(infused).rename("dose_group")


# What every digest holds; the rest is in it only where it is given, so that older digests stay.
_SUBJECT_CORE = ("dose", *OUTCOMES)
_SAMPLE_CORE = ("subject", "assay", "time", "level", "blq", "lloq")
NOT_DATA = ("row", "at", "by_date", "infusion_by_date")


def _digest(trial: TrialData) -> str:
    subjects = trial.subjects.reset_index(names="subject")
    content: dict[str, object] = {
        "subjects": _rows(subjects[["subject", *_given(subjects, _SUBJECT_CORE)]]),
        "observations": _rows(trial.observations[_given(trial.observations, _SAMPLE_CORE)]),
        "units": sorted(trial.units.items()),
    }
    covariates = trial.covariates[sorted(map(str, trial.covariates))]
    if len(covariates.columns):
        content["covariates"] = [list(covariates), *_rows(covariates.reset_index(names="subject"))]
    for name in ("records", "assessments", "events"):
        frame: pd.DataFrame = getattr(trial, name)
        if len(frame):
            content[name] = _rows(frame[[column for column in frame if column not in NOT_DATA]])
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()


def _given(frame: pd.DataFrame, core: Sequence[str]) -> list[str]:
    """Return the core columns, then the others that hold anything, by name so that their order says nothing."""
    others = [name for name in frame if name not in core and name not in NOT_DATA and name != "subject"]
    held = [str(name) for name in others if (frame[name].notna() & (frame[name] != "")).any()]
    fixed = [name for name in COMEDICATION if name in held]  # their place in older digests
    return [*core, *fixed, *sorted(set(held) - set(fixed))]


def _rows(frame: pd.DataFrame) -> list[list[object]]:
    """Return the values as JSON can hold them; repr of a float is exact, and 0.0 added takes the sign off -0.0."""
    columns: list[list[object]] = []
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            columns.append([None if pd.isna(value) else value.isoformat() for value in values])
        elif pd.api.types.is_float_dtype(values):
            columns.append([repr(value + 0.0) if value == value else None for value in values.tolist()])
        else:
            columns.append(values.tolist())
    return [list(row) for row in zip(*columns, strict=True)]
