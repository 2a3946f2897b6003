"""Code lists, and the worst grade that recorded findings add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError


@dataclass(frozen=True)
class CodeList:
    """One kind of finding: its codes, and the grade that each means.

    Parameters
    ----------
    column : str
        The column of a table of findings.
    grades : mapping to int
        Grade of each code.

    Examples
    --------
    >>> CodeList("oxygen", {"none": 0, "low flow": 2}).grades["low flow"]
    2
    """

    column: str
    grades: Mapping[Any, int]


def worst_grade(findings: pd.DataFrame, lists: Sequence[CodeList]) -> pd.DataFrame:
    """Return the highest grade of each row's findings, NaN where a missing finding could make it higher.

    Parameters
    ----------
    findings : pandas.DataFrame
        A column of codes for each list; NaN or None where not recorded.
    lists : sequence of CodeList
        The kinds of findings.

    Returns
    -------
    pandas.DataFrame
        With the index of ``findings``: ``grade``, and ``reason`` where it is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns and unknown codes.

    Examples
    --------
    >>> import pandas as pd
    >>> lists = [CodeList("pressure", {"normal": 0, "low": 2}), CodeList("oxygen", {"none": 0, "high flow": 3})]
    >>> rows = pd.DataFrame({"pressure": ["low", "low"], "oxygen": ["high flow", None]})
    >>> worst_grade(rows, lists).to_numpy().tolist()
    [[3.0, ''], [nan, 'oxygen not recorded']]
    """
    problems: list[Problem] = []
    for codes in lists:
        accepted = ", ".join(map(repr, codes.grades))
        if codes.column not in findings:
            problems.append(Problem(f"column {codes.column}", "missing", accepted))
            continue
        given = findings[codes.column]
        for row in np.flatnonzero(given.notna() & ~given.isin(list(codes.grades))):
            problems.append(Problem(f"row {row}, {codes.column}", f"'{given.iloc[row]}'", f"{accepted}, or NaN"))
    if problems:
        raise TrialTableError("findings to be graded", problems)
    columns = [codes.column for codes in lists]
    grades = np.column_stack([findings[codes.column].map(codes.grades).astype(float) for codes in lists])
    missing = np.isnan(grades)
    known = np.where(missing, 0.0, grades).max(axis=1)
    possible = np.where(missing, [max(codes.grades.values()) for codes in lists], 0).max(axis=1)
    undecided = possible > known
    reason = np.full(len(findings), "", dtype=object)
    for i in np.flatnonzero(undecided):
        reason[i] = f"{', '.join(np.array(columns)[missing[i]])} not recorded"
    return pd.DataFrame({"grade": np.where(undecided, np.nan, known), "reason": reason}, index=findings.index)
