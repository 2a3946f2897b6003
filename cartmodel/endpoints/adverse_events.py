"""Participants with treatment-related adverse events by system organ class, term and grade."""

from itertools import product

import numpy as np
import pandas as pd

from cartmodel.errors import Problem, TrialTableError

ANY = "any"
_COLUMNS = ("subject", "soc", "term", "grade", "related")


def adverse_event_table(events: pd.DataFrame, patients: pd.DataFrame, *, related_only: bool = True) -> pd.DataFrame:
    """Return the number of participants with adverse events, each counted once per line at the worst grade.

    Parameters
    ----------
    events : pandas.DataFrame
        One row an event: ``subject``, ``soc`` (system organ class), ``term``, ``grade`` (CTCAE 1 to 5), ``related``
        (1 where related to treatment, else 0).
    patients : pandas.DataFrame
        Everyone treated, with or without an event: ``subject``, ``dose``. Patients without a dose form a group of their
        own, last.
    related_only : bool
        Whether to count treatment-related events only.

    Returns
    -------
    pandas.DataFrame
        One row a dose, class and term: ``dose``, ``soc``, ``term`` (``"any"`` for totals, which come first),
        ``patients`` treated at the dose, ``grade_1`` to ``grade_5`` (participants with that worst grade), ``all``,
        ``grade_3_up`` and ``percent`` (100 all / patients). Every dose has every line, with 0 where nobody is affected.

    Raises
    ------
    TrialTableError
        With all missing columns, grades other than 1 to 5, a relation other than 0 and 1, blank classes and terms,
        events of patients who were not treated, and patients listed twice.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame([["P1", "Immune", "CRS", 1, 1], ["P1", "Immune", "CRS", 3, 1]],
    ...                       columns=["subject", "soc", "term", "grade", "related"])
    >>> patients = pd.DataFrame({"subject": ["P1", "P2"], "dose": [1e8, 1e8]})
    >>> adverse_event_table(events, patients)[["soc", "term", "grade_1", "grade_3", "percent"]].to_numpy().tolist()
    [['any', 'any', 0, 1, 50.0], ['Immune', 'any', 0, 1, 50.0], ['Immune', 'CRS', 0, 1, 50.0]]
    """
    _check(events, patients)
    counted = events[events["related"] == 1] if related_only else events
    lines = [(ANY, ANY)]
    for soc in sorted(counted["soc"].unique()):
        terms = sorted(counted.loc[counted["soc"] == soc, "term"].unique())
        lines += [(soc, ANY), *((soc, term) for term in terms)]
    rows = []
    groups = [(dose, own["subject"]) for dose, own in patients.groupby("dose", dropna=False)]
    for (dose, treated_ones), (soc, term) in product(groups, lines):
        here = counted["subject"].isin(treated_ones) & ((counted["soc"] == soc) | (soc == ANY))
        worst = counted[here & ((counted["term"] == term) | (term == ANY))].groupby("subject")["grade"].max()
        treated = len(treated_ones)
        rows.append(
            {"dose": dose, "soc": soc, "term": term, "patients": treated}
            | {f"grade_{grade}": int((worst == grade).sum()) for grade in range(1, 6)}
            | {"all": len(worst), "grade_3_up": int((worst >= 3).sum()), "percent": 100.0 * len(worst) / treated}
        )
    return pd.DataFrame(rows)


def _check(events: pd.DataFrame, patients: pd.DataFrame) -> None:
    problems = [
        Problem(f"events, column {name}", "missing", ", ".join(_COLUMNS)) for name in _COLUMNS if name not in events
    ]
    problems += [
        Problem(f"patients, column {name}", "missing", "subject, dose")
        for name in ("subject", "dose")
        if name not in patients
    ]
    if not problems:
        treated = set(patients["subject"])
        for place, row in enumerate(events[list(_COLUMNS)].to_dict("records")):
            where = f"events, row {place}"
            if row["grade"] not in range(1, 6):
                problems.append(Problem(f"{where}, grade", repr(row["grade"]), "1 to 5"))
            if row["related"] not in (0, 1):
                problems.append(Problem(f"{where}, related", repr(row["related"]), "1 or 0"))
            if row["subject"] not in treated:
                problems.append(Problem(f"{where}, subject", repr(row["subject"]), "a patient of the patients' table"))
            for name in ("soc", "term"):
                if not isinstance(row[name], str) or row[name].strip() in ("", ANY):
                    problems.append(Problem(f"{where}, {name}", repr(row[name]), f"its name, not blank, not '{ANY}'"))
        for place in np.flatnonzero(patients["subject"].duplicated()):
            who = repr(patients["subject"].iloc[place])
            problems.append(Problem(f"patients, row {place}", who, "one row a patient"))
    if problems:
        raise TrialTableError("adverse events", problems)
