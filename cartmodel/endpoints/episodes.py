"""Worst grade, onset and duration of a toxicity, from dated grades."""

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError

_COLUMNS = ("subject", "time", "grade")


def toxicity_course(grades: pd.DataFrame) -> pd.DataFrame:
    """Return the worst grade, onset and duration of a toxicity for each patient.

    Parameters
    ----------
    grades : pandas.DataFrame
        Dated grades of one toxicity: ``subject``, ``time`` (days since infusion), ``grade`` (0 to 5; NaN is skipped).
        A column ``order``, where there is one, says in which order a patient's grades came, rather than ``time``.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``subject``, in order of first appearance: ``worst``; ``worst_day``, the first with that grade;
        ``onset``, the first day of grade 1 or more; ``resolved``, the first day of grade 0 after the last one with
        more; ``duration``, from onset to resolution, days in between without the toxicity included; and ``reason``
        where any of them is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns, grades that are none, missing times, and two rows of one patient and time (or order).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"subject": "P1", "time": [2, 3, 5, 8], "grade": [0, 1, 2, 0]})
    >>> toxicity_course(rows).loc["P1", ["worst", "onset", "duration"]].tolist()
    [2.0, 3.0, 5.0]
    """
    _check(grades)
    ordered = grades[grades["grade"].notna()].sort_values(_sorted_by(grades), kind="stable")
    rows = []
    for subject in grades["subject"].unique():
        own = ordered[ordered["subject"] == subject]
        rows.append(_course(own["time"].to_numpy(dtype=float), own["grade"].to_numpy(dtype=float)))
    columns = ["worst", "worst_day", "onset", "resolved", "duration", "reason"]
    return pd.DataFrame(rows, index=pd.Index(grades["subject"].unique(), name="subject"), columns=columns)


def _course(time: np.ndarray, grade: np.ndarray) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("worst", "worst_day", "onset", "resolved", "duration"), np.nan)
    if not len(time):
        return row | {"reason": "no grade recorded"}
    worst = int(np.argmax(grade))
    row["worst"] = grade[worst]
    ill = np.flatnonzero(grade > 0)
    if not len(ill):
        return row | {"reason": "no grade of 1 or more"}
    row |= {"worst_day": time[worst], "onset": time[ill[0]]}
    if ill[-1] == len(time) - 1:
        return row | {"reason": f"not resolved by day {time[-1]:g}"}
    resolved = time[ill[-1] + 1]
    return row | {"resolved": resolved, "duration": resolved - time[ill[0]], "reason": ""}


def _sorted_by(grades: pd.DataFrame) -> str:
    return "order" if "order" in grades else "time"


def _check(grades: pd.DataFrame) -> None:
    problems = [Problem(f"column {name}", "missing", ", ".join(_COLUMNS)) for name in _COLUMNS if name not in grades]
    if not problems:
        grades = grades.reset_index(drop=True)
        for row, value in grades["grade"].items():
            if not (pd.isna(value) or value in range(6)):
                problems.append(Problem(f"row {row}, grade", repr(value), "0 to 5, or NaN"))
        times = pd.to_numeric(grades["time"], errors="coerce")
        for row in grades.index[~np.isfinite(times.to_numpy(dtype=float))]:
            problems.append(Problem(f"row {row}, time", repr(grades.loc[row, "time"]), "days since infusion"))
        for row in grades.index[grades["subject"].isna()]:
            problems.append(Problem(f"row {row}, subject", "missing", "the patient"))
        for row in grades.index[grades.duplicated(["subject", _sorted_by(grades)])]:
            problems.append(Problem(f"row {row}, time", "a second row of this day", "one row per patient and time"))
    if problems:
        raise TrialTableError("dated grades", problems)
