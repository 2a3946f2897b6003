"""The five core items of ACR-CRISS, their ranges, and the check of a table of assessments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

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


def check_changes(changes: pd.DataFrame) -> None:
    """Return nothing for a table of changes of the core items that can be used.

    Parameters
    ----------
    changes : pandas.DataFrame
        Follow-up minus baseline of each of ``CRISS_ITEMS``, NaN where an item is missing.

    Raises
    ------
    TrialTableError
        With all missing columns, and all changes that are larger than the range of their item: such as those of a 0-100
        mm visual scale.

    Examples
    --------
    >>> import pandas as pd
    >>> check_changes(pd.DataFrame([dict(mrss=-8, fvc=3, patient_global=-2, physician_global=-2, haq=-4)]))
    Traceback (most recent call last):
    ...
    cartmodel.errors.TrialTableError: changes of the CRISS items: 1 problem
      row 0, haq: a change of -4; accepted: at most 3 either way, on a scale of 0 to 3 in steps of 0.125
    """
    missing = [name for name in CRISS_ITEMS if name not in changes]
    problems = [Problem(f"column {name}", "missing", ", ".join(CRISS_ITEMS)) for name in missing]
    for name in [name for name in CRISS_ITEMS if not missing]:
        item = CRISS_ITEMS[name]
        widest = item.highest - item.lowest
        values = pd.to_numeric(changes[name], errors="coerce").to_numpy(dtype=float)
        accepted = f"at most {widest:g} either way, on a scale of {item.accepted}"
        # The tolerance is for changes that are computed, such as 3.3 - 3.3.
        for row in np.flatnonzero((changes[name].notna() & np.isnan(values)) | (np.abs(values) > widest * (1 + 1e-9))):
            problems.append(Problem(f"row {row}, {name}", f"a change of {changes[name].iloc[row]}", accepted))
    if problems:
        raise TrialTableError("changes of the CRISS items", problems)


def check_values(values: pd.DataFrame, title: str) -> None:
    """Return nothing for a table of values of the core items that can be used.

    Parameters
    ----------
    values : pandas.DataFrame
        The columns of ``CRISS_ITEMS``, NaN where an item was not assessed.
    title : str
        What the table is, for the message.

    Raises
    ------
    TrialTableError
        With all missing columns, and all values outside their range or between its steps.

    Examples
    --------
    >>> import pandas as pd
    >>> row = dict(mrss=20, fvc=70, patient_global=4, physician_global=4, haq=1.2)
    >>> check_values(pd.DataFrame([row]), "baseline")
    Traceback (most recent call last):
    ...
    cartmodel.errors.TrialTableError: baseline: 1 problem
      row 0, haq: 1.2; accepted: 0 to 3 in steps of 0.125
    """
    missing = [name for name in CRISS_ITEMS if name not in values]
    problems = [Problem(f"column {name}", "missing", ", ".join(CRISS_ITEMS)) for name in missing]
    if not missing:
        problems += _wrong_values(values, [f"row {row}" for row in range(len(values))])
    if problems:
        raise TrialTableError(title, problems)


def _problems(assessments: pd.DataFrame) -> Iterator[Problem]:
    missing = [name for name in ("subject", "time", *CRISS_ITEMS) if name not in assessments]
    for name in missing:
        yield Problem(f"column {name}", "missing", "subject, time, " + ", ".join(CRISS_ITEMS))
    if missing:
        return
    places = [f"row {row}, patient {subject}" for row, subject in enumerate(assessments["subject"])]
    for row, given in enumerate(assessments["time"]):
        time = pd.to_numeric(pd.Series([given]), errors="coerce").iloc[0]
        if not np.isfinite(time):
            told = "missing" if pd.isna(given) else f"'{given}'"
            yield Problem(f"{places[row]}, time", told, "days since infusion")
    yield from _wrong_values(assessments, places)
    for row in map(int, np.flatnonzero(assessments.duplicated(["subject", "time"]))):
        yield Problem(f"{places[row]}, time", "a second row of this day", "one row per patient and day")


def _wrong_values(values: pd.DataFrame, places: Sequence[str]) -> Iterator[Problem]:
    for name, item in CRISS_ITEMS.items():
        given = values[name]
        numbers = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
        finite = np.isfinite(numbers)
        for row in map(int, np.flatnonzero(given.notna().to_numpy() & ~finite)):
            yield Problem(f"{places[row]}, {name}", f"'{given.iloc[row]}'", f"{item.accepted}, or NaN if not assessed")
        wrong = (numbers < item.lowest) | (numbers > item.highest)
        if item.step:
            wrong |= np.mod(np.where(finite, numbers, 0.0), item.step) != 0
        for row in map(int, np.flatnonzero(wrong & finite)):
            yield Problem(f"{places[row]}, {name}", f"{numbers[row]:g}", item.accepted)
