"""DLT evaluability and the course of CRS and ICANS of a trial's patients."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from cartmodel.description.schedule import by_date, last_days
from cartmodel.endpoints import dlt_evaluability, toxicity_course
from cartmodel.trial import TrialData

TOXICITIES = ("crs", "icans")
_COURSE = [
    "subject", "dose", "toxicity", "worst", "worst_day", "onset", "resolved", "duration", "reason",
]  # fmt: skip
_BY_DOSE = [
    "toxicity", "dose", "patients", "graded", *(f"grade_{grade}" for grade in range(1, 6)), "any", "percent",
    "grade_3_up", "onset_median", "onset_lowest", "onset_highest", "duration_median", "not_resolved",
]  # fmt: skip


def dlt_of(trial: TrialData, window: float, ongoing: Collection[str]) -> pd.DataFrame:
    """Return whether each patient counts for the DLT assessment: ``subject``, ``dose`` and `dlt_evaluability`.

    A patient followed for less than the window and without a DLT has left and does not count, unless ``ongoing``. The
    last day of follow-up is ``follow_up``, or the last day of anything dated. The day of a DLT is ``dlt_day``, or that
    of the first adverse event marked as one; a DLT without either is taken as one of the window, as it was declared.
    Both count in whole days by date, see `by_date`.
    """
    subjects = trial.subjects
    dlt = subjects["dlt"].to_numpy(float)
    marked = trial.events[trial.events["dlt"] == 1].groupby("subject")["day"].min().reindex(subjects.index)
    declared = by_date(trial, subjects["dlt_day"].astype(float).fillna(marked.astype(float)))
    onset = np.where(dlt == 1, declared, np.nan)
    undated = (dlt == 1) & np.isnan(onset)
    last = np.fmax(by_date(trial, last_days(trial).fillna(0.0)).to_numpy(float), np.nan_to_num(onset))
    left = np.where(np.isnan(dlt) | subjects.index.isin(list(ongoing)), 0, 1)
    facts = pd.DataFrame(
        {
            "subject": subjects.index,
            "dlt": np.where(undated, np.nan, dlt),
            "dlt_day": onset,
            "last_day": last.clip(min=0.0),
            "left": left,
        }
    )
    table = dlt_evaluability(facts, window=window)
    table.loc[undated] = pd.DataFrame(
        {"evaluable": 1.0, "dlt": 1.0, "reason": "DLT, day not recorded: taken as in the window"},
        index=table.index[undated],
    )
    table.insert(0, "dose", trial.dose_group.to_numpy())
    return table.reset_index()


def dlt_by_dose(table: pd.DataFrame) -> pd.DataFrame:
    """Return the patients of each dose group that count for the DLT assessment, and their DLTs."""
    rows = [
        {
            "dose": dose,
            "patients": len(own),
            "evaluable": int((own["evaluable"] == 1).sum()),
            "dlt": int((own["dlt"] == 1).sum()),
            "not_evaluable": int((own["evaluable"] == 0).sum()),
            "pending": int(own["evaluable"].isna().sum()),
        }
        for dose, own in table.groupby("dose", dropna=False)
    ]
    return pd.DataFrame(rows, columns=["dose", "patients", "evaluable", "dlt", "not_evaluable", "pending"])


def courses_of(trial: TrialData) -> pd.DataFrame:
    """Return the worst grade, onset and duration of CRS and ICANS of every patient with a dated grade.

    The order is that of `graded_in_order`.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``dose``, ``toxicity`` and the columns of `toxicity_course`. Empty without dated grades.
    """
    tables = []
    for kind in TOXICITIES:
        grades = graded_in_order(trial, kind)
        if len(grades):
            tables.append(toxicity_course(grades).reset_index().assign(toxicity=kind))
    if not tables:
        return pd.DataFrame(columns=_COURSE)
    table = pd.concat(tables, ignore_index=True)
    return table.assign(dose=trial.dose_group.reindex(table["subject"]).to_numpy())[_COURSE]


def graded_in_order(trial: TrialData, kind: str) -> pd.DataFrame:
    """Return the dated grades of a toxicity in their order, as `toxicity_course` takes them.

    A grade by date alone has no place within its day. Beside others of that date, one of 1 or more comes first and a
    grade 0, which says that it was over, last; so do grades of the same time. A patient with a grade by date alone has
    all days by date: hours between a date and a clock time mean nothing.

    Returns
    -------
    pandas.DataFrame
        ``subject``, ``time`` (days since infusion), ``grade``, ``order`` and ``unordered``: whether it is of the same
        date as another one, of which one is 0 and the other not, and the table does not say which came first.
    """
    own = trial.records[(trial.records["kind"] == kind) & trial.records["day"].notna()].reset_index(drop=True)
    infusion = pd.to_datetime(trial.subjects["infusion"]).reindex(own["subject"]).set_axis(own.index)
    known = ~trial.subjects["infusion_by_date"].astype(bool).reindex(own["subject"]).set_axis(own.index)
    midnight = infusion.dt.normalize()
    hours = ((infusion - midnight) / pd.Timedelta(days=1)).where(known, 0.0).fillna(0.0)
    at, dated, grade = pd.to_datetime(own["at"]), own["by_date"].eq(True), own["value"].astype(float)
    exact = ((at - midnight) / pd.Timedelta(days=1)).fillna(own["day"] + hours)
    # A second of tolerance: days that were computed from date-times must not fall short of midnight.
    date = np.floor(exact.mask(dated & at.isna(), own["day"]) + 1 / 86400)
    place = np.where(dated, np.where(grade > 0, 0.0, 2.0), 1.0)
    rank = pd.DataFrame({"date": date, "place": place, "exact": exact.mask(dated, 0.0), "grade": -grade})
    in_order = rank.sort_values(["date", "place", "exact", "grade"], kind="stable").index
    table = pd.DataFrame({"subject": own["subject"], "time": own["day"].astype(float), "grade": grade})
    table["time"] = table["time"].mask(dated.groupby(own["subject"]).transform("any"), date)
    same = [own["subject"], date]
    mixed = (grade == 0).groupby(same).transform("any") & (grade > 0).groupby(same).transform("any")
    twice = exact.groupby([*same, exact]).transform("size") > 1
    table["unordered"] = mixed & (dated.groupby(same).transform("any") | twice)
    table["order"] = pd.Series(range(len(own)), index=in_order)
    return table.loc[in_order]


def courses_by_dose(courses: pd.DataFrame, trial: TrialData) -> pd.DataFrame:
    """Return CRS and ICANS of each dose group: patients by worst grade, onset and duration.

    ``percent`` is of all ``patients`` of the group; ``graded`` of them have a dated grade, the others none recorded.
    """
    rows = []
    sizes = trial.dose_group.groupby(trial.dose_group, dropna=False).size()
    for kind in courses["toxicity"].unique():
        for dose, patients in sizes.items():
            same = courses["dose"].isna() if np.isnan(float(str(dose))) else courses["dose"] == dose
            own = courses[same & (courses["toxicity"] == kind)]
            ill, severe = own[own["worst"] > 0], int((own["worst"] >= 3).sum())
            rows.append(
                {"toxicity": kind, "dose": dose, "patients": int(patients), "graded": int(own["worst"].notna().sum())}
                | {f"grade_{grade}": int((own["worst"] == grade).sum()) for grade in range(1, 6)}
                | {
                    "any": len(ill),
                    "percent": 100.0 * len(ill) / patients,
                    "grade_3_up": severe,
                }
                | {"onset_median": ill["onset"].median(), "onset_lowest": ill["onset"].min()}
                | {"onset_highest": ill["onset"].max(), "duration_median": ill["duration"].median()}
                | {"not_resolved": int(ill["duration"].isna().sum())}
            )
    return pd.DataFrame(rows, columns=_BY_DOSE)
