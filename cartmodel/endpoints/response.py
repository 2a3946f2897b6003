"""Response by visit: ACR-CRISS and its revision, from dated assessments with their step-1 events."""

from collections.abc import Sequence

import pandas as pd

from cartmodel.endpoints.acr_criss import criss
from cartmodel.endpoints.items import CRISS_ITEMS, check_assessments
from cartmodel.endpoints.revised_criss import PERCENTS, rcriss
from cartmodel.endpoints.step1 import step1_at
from cartmodel.endpoints.visits import BASELINE, Visit, items_at


def response_by_visit(
    assessments: pd.DataFrame,
    visits: Sequence[Visit],
    *,
    step1: pd.DataFrame | None = None,
    baseline: Visit = BASELINE,
    percents: Sequence[float] = PERCENTS,
) -> pd.DataFrame:
    """Return ACR-CRISS and revised CRISS of every patient at every visit.

    Parameters
    ----------
    assessments : pandas.DataFrame
        As `check_assessments` describes, with the columns of the step-1 events that `step1_at` takes.
    visits : sequence of Visit
        Each with its own window.
    step1 : pandas.DataFrame, optional
        Step-1 status (1, 0 or NaN) by subject, a column a visit by its name, where it does not come from the
        assessments; a patient who is not in it has a status that is not known. Default: that of `step1_at`.
    baseline : Visit
        Where the baseline comes from; by default the last assessment at or before the infusion.
    percents : sequence of float
        Shares of the revised index.

    Returns
    -------
    pandas.DataFrame
        One row a patient and visit: ``subject``, ``visit``, ``time`` (the latest day from which an item was taken),
        ``step1``, ``lp``, ``score``, ``improved``, ``rcriss_<percent>``, and ``reason`` where any of them is NaN for
        missing items or step-1 status. ``evaluable`` is 1 where the score is known: all five items and the step-1
        status are recorded, or a step-1 event, which makes the score 0 whatever the items; else 0. It does not depend
        on whether the items are good or bad; ``improved`` and ``rcriss_<percent>`` do where they are 0 (or 1) whatever
        is missing, so a share of responders is to be taken of the evaluable.

    Raises
    ------
    TrialTableError
        With all problems of the assessments.

    Examples
    --------
    >>> import pandas as pd
    >>> clear = dict(renal_crisis=0, ild=0, lv_failure=0, pah=0)
    >>> rows = [dict(subject="P1", time=t, mrss=m, fvc=70, patient_global=4, physician_global=4, haq=1.0, **clear)
    ...         for t, m in ((-3, 28), (91, 18))]
    >>> day_90 = Visit("day 90", 90, earliest=76, latest=104)
    >>> found = response_by_visit(pd.DataFrame(rows), [day_90])
    >>> found[["lp", "improved", "rcriss_20"]].round(2).to_numpy().tolist()
    [[2.56, 1.0, 0.0]]
    """
    check_assessments(assessments)
    before = items_at(assessments, baseline)
    tables = []
    for visit in visits:
        after = items_at(assessments, visit)
        known = step1_at(assessments, visit) if step1 is None else step1[visit.name]
        event = known.reindex(after.index).to_numpy(dtype=float)
        items = list(CRISS_ITEMS)
        composite = criss(after[items] - before[items], event)
        revised = rcriss(before[items], after[items], event, percents=percents)
        reason = composite["reason"].where(composite["reason"] != "", revised["reason"])
        table = composite.drop(columns="reason").join(revised.drop(columns="reason"))
        table.insert(0, "step1", event)
        table.insert(0, "evaluable", table["score"].notna().astype(float))
        table.insert(0, "time", after["time"])
        table.insert(0, "visit", visit.name)
        tables.append(table.assign(reason=reason).reset_index())
    return pd.concat(tables, ignore_index=True)
