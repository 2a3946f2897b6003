"""Which patients count for the decision on the dose: dose-limiting toxicity and its window.

A DLT is the investigators' to declare: it is always an input here, never derived from grades.
"""

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError

_COLUMNS = ("subject", "dlt", "dlt_day", "last_day", "left")


def dlt_evaluability(patients: pd.DataFrame, *, window: float = 28.0) -> pd.DataFrame:
    """Return whether each patient counts for the DLT assessment, and as what.

    A patient with a DLT by the last day of the window counts, from that day on. One without counts once followed to
    the last day of the window. One who left earlier without a DLT never counts, and is to be replaced; one who is still
    followed is pending.

    Parameters
    ----------
    patients : pandas.DataFrame
        One row a patient infused: ``subject``; ``dlt`` (1, 0, or NaN where not yet assessed) as declared; ``dlt_day``,
        days from infusion to its onset (NaN without one); ``last_day``, of the follow-up for DLT so far; ``left``, 1
        where that follow-up has ended, else 0.
    window : float
        Length of the window in days, its last day included: 28 in NCT06871644.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``subject``: ``evaluable`` (1, 0, or NaN while pending), ``dlt`` in the window (1, 0, or NaN where
        not evaluable or pending), and ``reason``, always given.

    Raises
    ------
    TrialTableError
        With all missing columns and contradictions: a DLT without its day or after the last day of follow-up, an onset
        day without a DLT, values other than 0 and 1, two rows of one patient.
    ValueError
        If the window is not positive.

    Examples
    --------
    >>> import pandas as pd
    >>> patients = pd.DataFrame({"subject": ["P1", "P2", "P3", "P4"], "dlt": [0, 1, 0, 0],
    ...                          "dlt_day": [None, 9, None, None], "last_day": [28, 12, 20, 20], "left": [0, 0, 1, 0]})
    >>> dlt_evaluability(patients)["evaluable"].tolist()
    [1.0, 1.0, 0.0, nan]
    """
    if not window > 0:
        raise ValueError(f"window={window!r}; accepted: days, > 0")
    _check(patients)
    dlt, onset, last, left = (pd.to_numeric(patients[name]).to_numpy(dtype=float) for name in _COLUMNS[1:])
    rows = [_status(*facts, window) for facts in zip(dlt, onset, last, left, strict=True)]
    index = pd.Index(patients["subject"], name="subject")
    return pd.DataFrame(rows, index=index, columns=["evaluable", "dlt", "reason"])


def _status(dlt: float, onset: float, last: float, left: float, window: float) -> tuple[float, float, str]:
    if dlt == 1 and onset <= window:
        return 1.0, 1.0, f"DLT on day {onset:g}"
    late = f"; DLT on day {onset:g}, after the window" if dlt == 1 else ""
    if last >= window and not np.isnan(dlt):
        return 1.0, 0.0, f"no DLT in {window:g} days{late}"
    if last >= window:
        return np.nan, np.nan, f"followed for {window:g} days, DLT not yet assessed"
    if left == 1 and np.isnan(dlt):
        return np.nan, np.nan, f"left on day {last:g}, DLT not yet assessed"
    if left == 1:
        return 0.0, np.nan, f"left on day {last:g} without a DLT, before day {window:g}"
    return np.nan, np.nan, f"followed to day {last:g} of {window:g}"


def _check(patients: pd.DataFrame) -> None:
    problems = [Problem(f"column {name}", "missing", ", ".join(_COLUMNS)) for name in _COLUMNS if name not in patients]
    if not problems:
        for place, row in enumerate(patients[list(_COLUMNS)].to_dict("records")):
            where = f"row {place}, patient {row['subject']}"
            dlt, onset, last = row["dlt"], _day(row["dlt_day"]), _day(row["last_day"])
            if pd.isna(row["subject"]):
                problems.append(Problem(f"row {place}, subject", "missing", "the patient"))
            if not (pd.isna(dlt) or dlt in (0, 1)):
                problems.append(Problem(f"{where}, dlt", repr(dlt), "1, 0, or NaN"))
            if row["left"] not in (0, 1):
                problems.append(Problem(f"{where}, left", repr(row["left"]), "1 or 0"))
            if pd.isna(last) or last < 0:
                problems.append(Problem(f"{where}, last_day", repr(row["last_day"]), "days since infusion, 0 or more"))
            if dlt == 1 and (pd.isna(onset) or onset < 0):
                told = repr(row["dlt_day"])
                problems.append(Problem(f"{where}, dlt_day", told, "days from infusion to onset, with dlt 1"))
            if dlt != 1 and not pd.isna(row["dlt_day"]):
                problems.append(Problem(f"{where}, dlt_day", repr(row["dlt_day"]), "NaN, without a DLT"))
            if dlt == 1 and onset > last:
                problems.append(Problem(f"{where}, dlt_day", f"{onset:g} after last_day {last:g}", "onset <= last_day"))
        for row in np.flatnonzero(patients["subject"].duplicated()):
            problems.append(Problem(f"row {row}, subject", repr(patients["subject"].iloc[row]), "one row a patient"))
    if problems:
        raise TrialTableError("DLT follow-up", problems)


def _day(value: object) -> float:
    """Return a day as a number, NaN where it is none."""
    return float(pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0])
