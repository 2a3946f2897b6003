"""Response by visit: ACR-CRISS and its revision, from dated assessments and dated step-1 events."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.endpoints.acr_criss import criss
from cartmodel.endpoints.items import CRISS_ITEMS, check_assessments
from cartmodel.endpoints.revised_criss import PERCENTS, rcriss
from cartmodel.endpoints.visits import BASELINE, Visit, items_at


def response_by_visit(
    assessments: pd.DataFrame,
    step1_day: pd.Series,
    visits: Sequence[Visit],
    *,
    baseline: Visit = BASELINE,
    percents: Sequence[float] = PERCENTS,
) -> pd.DataFrame:
    """Return ACR-CRISS and revised CRISS of every patient at every visit.

    Parameters
    ----------
    assessments : pandas.DataFrame
        As `check_assessments` describes.
    step1_day : pandas.Series
        By subject: day since infusion of the first step-1 event, infinite for a patient who has had none. A patient
        who is not in it, or NaN, has a status that is not known.
    visits : sequence of Visit
        Each with its own window.
    baseline : Visit
        Where the baseline comes from; by default the last assessment at or before the infusion.
    percents : sequence of float
        Shares of the revised index.

    Returns
    -------
    pandas.DataFrame
        One row a patient and visit: ``subject``, ``visit``, ``time`` (the latest day used), ``step1`` (whether an event
        happened by then, or by the visit's day if nothing was assessed), ``lp``, ``score``, ``improved``,
        ``rcriss_<percent>``, and ``reason`` where any of them is NaN for missing items or step-1 status.

    Raises
    ------
    TrialTableError
        With all problems of the assessments.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rows = [dict(subject="P1", time=t, mrss=m, fvc=70, patient_global=4, physician_global=4, haq=1.0)
    ...         for t, m in ((-3, 28), (91, 18))]
    >>> day_90 = Visit("day 90", 90, earliest=76, latest=104)
    >>> found = response_by_visit(pd.DataFrame(rows), pd.Series({"P1": np.inf}), [day_90])
    >>> found[["lp", "improved", "rcriss_20"]].round(2).to_numpy().tolist()
    [[2.56, 1.0, 0.0]]
    """
    check_assessments(assessments)
    before = items_at(assessments, baseline)
    tables = []
    for visit in visits:
        after = items_at(assessments, visit)
        first = step1_day.reindex(after.index).astype(float)
        step1 = np.where(first.isna(), np.nan, first <= after["time"].fillna(visit.day))
        items = list(CRISS_ITEMS)
        composite = criss(after[items] - before[items], step1)
        revised = rcriss(before[items], after[items], step1, percents=percents)
        reason = composite["reason"].where(composite["reason"] != "", revised["reason"])
        table = composite.drop(columns="reason").join(revised.drop(columns="reason"))
        table.insert(0, "step1", step1)
        table.insert(0, "time", after["time"])
        table.insert(0, "visit", visit.name)
        tables.append(table.assign(reason=reason).reset_index())
    return pd.concat(tables, ignore_index=True)
