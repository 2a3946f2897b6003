"""Code lists, and the worst grade that recorded findings add up to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
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
    return grade_of(findings, lists, lambda grades: grades.max(axis=1))


def grade_of(
    findings: pd.DataFrame, lists: Sequence[CodeList], rule: Callable[[np.ndarray], np.ndarray]
) -> pd.DataFrame:
    """Return the grade that a rule gives each row's findings, NaN where a missing finding could change it.

    Parameters
    ----------
    findings : pandas.DataFrame
        A column of codes for each list; NaN or None where not recorded.
    lists : sequence of CodeList
        The kinds of findings.
    rule : callable
        From the numbers of the codes (rows, lists) to the grade of each row. It must not fall where a finding gets
        worse: then the grades that a row can have lie between those with every missing finding at its best and at its
        worst, and both are met.

    Returns
    -------
    pandas.DataFrame
        With the index of ``findings``: ``grade``, and ``reason`` where it is NaN: the missing findings on which
        it depends.

    Raises
    ------
    TrialTableError
        With all missing columns and unknown codes.

    Examples
    --------
    >>> import pandas as pd
    >>> lists = [CodeList("fever", {"no": 0, "yes": 1}), CodeList("oxygen", {"none": 0, "high flow": 3})]
    >>> rows = pd.DataFrame({"fever": ["no", "yes"], "oxygen": None})
    >>> grade_of(rows, lists, lambda grades: grades.prod(axis=1)).to_numpy().tolist()
    [[0.0, ''], [nan, 'oxygen not recorded']]
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
    grades = np.column_stack([findings[codes.column].map(codes.grades).astype(float) for codes in lists])
    missing = np.isnan(grades)
    best = np.where(missing, [min(codes.grades.values()) for codes in lists], grades)
    worst = np.where(missing, [max(codes.grades.values()) for codes in lists], grades)
    lowest, highest = rule(best), rule(worst)
    reason = np.full(len(findings), "", dtype=object)
    undecided = np.flatnonzero(lowest != highest)
    matter = missing[undecided] & _matters(best[undecided], worst[undecided], rule)
    for row, own in zip(undecided, matter, strict=True):
        named = (codes.column for codes, does in zip(lists, own, strict=True) if does)
        reason[row] = f"{', '.join(named)} not recorded"
    return pd.DataFrame({"grade": np.where(lowest != highest, np.nan, lowest), "reason": reason}, index=findings.index)


def _matters(best: np.ndarray, worst: np.ndarray, rule: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return which findings move the grade of each row, with the others at their best or worst in any combination."""
    found = np.zeros(best.shape, dtype=bool)
    for corner in product((False, True), repeat=best.shape[1]):
        facts = np.where(corner, worst, best)
        for place in np.flatnonzero(~np.array(corner)):
            worse = facts.copy()
            worse[:, place] = worst[:, place]
            found[:, place] |= rule(worse) != rule(facts)
    return found
