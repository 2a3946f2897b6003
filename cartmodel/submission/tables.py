"""Our own tables of a trial, which hold everything."""

import numpy as np
import pandas as pd

from cartmodel.submission.patients import sampled_rows
from cartmodel.trial import TrialData

_SAMPLES = ("subject", "assay", "time", "level", "unit", "blq", "lloq", "uloq", "nominal", "visit")


def to_tables(trial: TrialData) -> dict[str, pd.DataFrame]:
    """Return the tables of a trial by name: subjects and levels, and records, assessments and events where given.

    `read_trial` takes them as they are, or as a folder of CSV files of these names.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> trial = read_trial(example_path("cd7_ssc"))
    >>> read_trial(to_tables(trial)).digest == trial.digest
    True
    """
    subjects = trial.subjects.reset_index(names="subject")
    dates = subjects["infusion"].dt.strftime("%Y-%m-%d")
    exact = subjects["infusion"].map(lambda when: "" if pd.isna(when) else when.isoformat())
    subjects["infusion"] = np.where(subjects["infusion_by_date"], dates, exact)
    subjects = subjects.drop(columns="infusion_by_date")
    samples = sampled_rows(trial)
    levels = samples[list(_SAMPLES)].assign(blq=samples["blq"].astype(float))
    if len(trial.above):
        levels["alq"] = samples["alq"].astype(float)
    subjects = subjects.assign(study=trial.name)
    for name in trial.covariates:
        subjects[str(name)] = trial.covariates[name].to_numpy()
    tables = {"subjects": _given(subjects, "subject", *map(str, trial.covariates))}
    if len(levels):
        tables["levels"] = _given(levels, *_SAMPLES[:6])
    for name in ("records", "assessments", "events"):
        frame: pd.DataFrame = getattr(trial, name)
        if len(frame):
            kept = ("subject", "day", "time", "kind", "term", "soc", "grade", "related")
            tables[name] = _given(_dated(frame, trial).drop(columns=["row", "by_date"]), *kept)
    return tables


def _dated(frame: pd.DataFrame, trial: TrialData) -> pd.DataFrame:
    """Return the frame with its date-times as text: of what is known by date alone, the date."""
    if "at" not in frame and not frame["by_date"].any():
        return frame
    start = trial.subjects["infusion"].dt.normalize().reindex(frame["subject"]).set_axis(frame.index)
    days = pd.to_timedelta(frame["day" if "day" in frame else "time"].astype(float), unit="D")
    when = pd.to_datetime(frame["at"]) if "at" in frame else pd.Series(pd.NaT, frame.index)
    when = when.fillna((start + days).where(frame["by_date"]))
    exact = when.map(lambda at: "" if pd.isna(at) else at.isoformat())
    return frame.assign(at=exact.mask(frame["by_date"], when.dt.strftime("%Y-%m-%d")).fillna(""))


def _given(frame: pd.DataFrame, *always: str) -> pd.DataFrame:
    """Return the frame without the columns that hold nothing."""
    empty = [name for name in frame if name not in always and not (frame[name].notna() & (frame[name] != "")).any()]
    return frame.drop(columns=empty)
