"""The five core items of ACR-CRISS, their ranges, and the check of a table of assessments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError


@dataclass(frozen=True)
class CrissItem:
    """One core item.

    Parameters
    ----------
    label : str
        Its name in full.
    coefficient : float
        Its weight in the linear predictor, per unit of change.
    lowest, highest : float
        Its range.
    step : float
        What its values are multiples of; 0 for any number.
    accepted : str
        The range in words, with the remedy of the usual mistake.
    """

    label: str
    coefficient: float
    lowest: float
    highest: float
    step: float
    accepted: str


_VISUAL = "0 to 10 (divide a 0-100 mm visual scale by 10)"

CRISS_ITEMS: Mapping[str, CrissItem] = MappingProxyType(
    {
        "mrss": CrissItem(
            "modified Rodnan skin score", -0.81, 0, 51, 0.5, "0 to 51 (17 sites of 0 to 3; halves if two raters differ)"
        ),
        "fvc": CrissItem(
            "forced vital capacity", 0.21, 10, 200, 0, "percent predicted, 10 to 200 (neither litres nor a fraction)"
        ),
        "patient_global": CrissItem("patient global assessment", -0.40, 0, 10, 0, _VISUAL),
        "physician_global": CrissItem("physician global assessment", -0.44, 0, 10, 0, _VISUAL),
        "haq": CrissItem("HAQ disability index", -3.41, 0, 3, 0.125, "0 to 3 in steps of 0.125"),
    }
)
"""The core items by the name of their column."""


def check_assessments(assessments: pd.DataFrame) -> None:
    """Return nothing for a table of CRISS assessments that can be used.

    Parameters
    ----------
    assessments : pandas.DataFrame
        One row an assessment: ``subject``, ``time`` (days since infusion, 0 or less before it) and the columns of
        ``CRISS_ITEMS``, NaN where an item was not assessed.

    Raises
    ------
    TrialTableError
        With all problems: missing columns, values outside their range or between its steps, no time, two rows of one
        patient and time.

    Examples
    --------
    >>> import pandas as pd
    >>> row = dict(subject="P1", time=90.0, mrss=20, fvc=70, patient_global=45, physician_global=4, haq=1.25)
    >>> check_assessments(pd.DataFrame([row]))
    Traceback (most recent call last):
    ...
    cartmodel.errors.TrialTableError: CRISS assessments: 1 problem
      row 0, patient P1, patient_global: 45; accepted: 0 to 10 (divide a 0-100 mm visual scale by 10)
    """
    if problems := list(_problems(assessments)):
        raise TrialTableError("CRISS assessments", problems)


def _problems(assessments: pd.DataFrame) -> Iterator[Problem]:
    missing = [name for name in ("subject", "time", *CRISS_ITEMS) if name not in assessments]
    for name in missing:
        yield Problem(f"column {name}", "missing", "subject, time, " + ", ".join(CRISS_ITEMS))
    if missing:
        return
    assessments = assessments.reset_index(drop=True)
    numbers = {name: pd.to_numeric(assessments[name], errors="coerce") for name in ("time", *CRISS_ITEMS)}
    for name, values in numbers.items():
        item = CRISS_ITEMS.get(name)
        accepted = "days since infusion" if item is None else f"{item.accepted}, or NaN if not assessed"
        for row in values.index[values.isna() & assessments[name].notna() | np.isinf(values)]:
            yield Problem(_where(assessments, row, name), f"'{assessments.loc[row, name]}'", accepted)
        if item is not None:
            wrong = (values < item.lowest) | (values > item.highest)
            if item.step:
                wrong |= values.notna() & (np.mod(values, item.step) != 0)
            for row in values.index[wrong & np.isfinite(values)]:
                yield Problem(_where(assessments, row, name), f"{values[row]:g}", item.accepted)
    for row in assessments.index[assessments["time"].isna()]:
        yield Problem(_where(assessments, row, "time"), "missing", "days since infusion")
    for row in assessments.index[assessments.duplicated(["subject", "time"])]:
        yield Problem(_where(assessments, row, "time"), "a second row of this day", "one row per patient and day")


def _where(assessments: pd.DataFrame, row: Any, column: str) -> str:
    return f"row {row}, patient {assessments.loc[row, 'subject']}, {column}"
