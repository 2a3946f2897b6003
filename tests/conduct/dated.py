"""Dated records of trials, made from outcome strings."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pandas as pd

from cartmodel.conduct.records import Record
from cartmodel.escalation.outcomes import Cohort, parse_outcomes

START = date(2026, 1, 5)


def days(n: int) -> timedelta:
    return timedelta(days=n)


def records_of(
    outcomes: str | Iterable[Cohort],
    *,
    gaps: Sequence[int] = (7,),
    onsets: Sequence[int] = (1,),
    waits: Sequence[int] = (0,),
    window: int = 28,
) -> tuple[list[Record], date]:
    """Return patients infused ``gaps`` days apart, and the first day on which all of their windows are over.

    A DLT comes ``onsets`` days after the last infusion of its group (so that the whole group is infused), but within
    the window; the next group opens ``waits`` days after the gate.
    """
    cohorts = parse_outcomes(outcomes) if isinstance(outcomes, str) else tuple(outcomes)
    found: list[Record] = []
    day = START
    for cohort in cohorts:
        infusions = [day]
        for _ in cohort.dlt[1:]:
            infusions.append(infusions[-1] + days(gaps[len(found) % len(gaps)]))
        for infusion, dlt in zip(infusions, cohort.dlt, strict=True):
            k = len(found)
            onset = min(infusions[-1] + days(onsets[k % len(onsets)]), infusion + days(window))
            onset = max(onset, infusions[-1])  # of a long group the first window may be over before
            late = onset > infusion + days(window)
            assert not (dlt and late), "a group too long for its window"
            found.append(
                Record(f"P{k + 1:02}", cohort.dose, infusion, None, onset if dlt else None, infusion + days(window))
            )
        day = infusions[-1] + days(window + waits[len(found) % len(waits)])
    return found, max((r.infusion + days(window) for r in found), default=START)


def table_of(records: Iterable[Record], **columns: object) -> pd.DataFrame:
    """Return records as the table that `read_conduct` takes."""
    rows = [
        {
            "subject": r.subject,
            "dose_level": r.level,
            "infusion_date": r.infusion.isoformat(),
            "dlt_date": "" if r.dlt is None else r.dlt.isoformat(),
            "last_followup_date": "" if r.followed_to is None else r.followed_to.isoformat(),
            "status": r.status,
            "role": r.role,
            "replaces": r.replaces,
            "deviation": r.deviation,
        }
        for r in records
    ]
    return pd.DataFrame(rows).assign(**columns)
