"""How every record of a trial was counted, and by which policy: the log."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from cartmodel.conduct.history import Infusion
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import ConductRecords, Record
from cartmodel.conduct.steps import Step
from cartmodel.prediction.words import dose_number

LOG_COLUMNS = (
    "subject", "dose_level", "dose", "infusion_date", "day", "dlt_day", "role", "outcome", "protocol", "models",
    "policy", "how", "rule_then",
)  # fmt: skip


def log(trial: Trial, records: ConductRecords, infusions: Sequence[Infusion], step: Step, on: date) -> pd.DataFrame:
    """Return one row a record: what is known of it on a day, what counts it, and why.

    Returns
    -------
    pandas.DataFrame
        ``day``: days followed on that day, within the window; ``dlt_day``; ``outcome``: DLT, no DLT, pending or not
        evaluable; ``protocol`` and ``models``: whether the protocol's rule and the models count it; ``policy``: the gap
        whose reading decided; ``how`` in words; ``rule_then``: what the rule had said on the day of the infusion.
    """
    rows = [_row(trial, records, infusion, step, on) for infusion in infusions]
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS)).astype({"dlt_day": "Int64"})


def _row(trial: Trial, records: ConductRecords, infusion: Infusion, now: Step, on: date) -> dict[str, object]:
    record, window = infusion.record, trial.window
    outcome = trial.known(record, on)
    how, gaps = _how(record, outcome, on, window, records.records)
    if record.role != "escalation":
        how.append(f"{record.role}: the protocol's rule does not count this patient, the models do")
    elif record.subject not in now.counted and outcome != "not evaluable":
        how.append("in none of the groups that the rule asked for: it does not count this patient, the models do")
    planned = records.doses[record.level - 1]
    if record.dose is not None and abs(record.dose / planned - 1) > 1e-6:
        how.append(
            f"infused {dose_number(record.dose)} of {dose_number(planned)} cells: counted at the level assigned, "
            "exposure by the dose infused"
        )
    how += [f"departure ({record.deviation}): {problem.what}" for problem in infusion.departures]
    rule = infusion.step.decision if infusion.step is not None else None
    return {
        "subject": record.subject,
        "dose_level": record.level,
        "dose": planned if record.dose is None else record.dose,
        "infusion_date": record.infusion.isoformat(),
        "day": record.days_on(on, window),
        "dlt_day": record.dlt_day(),
        "role": record.role,
        "outcome": outcome,
        "protocol": record.subject in now.counted and outcome in ("DLT", "no DLT"),
        "models": outcome != "not evaluable",
        "policy": " ".join(gaps),
        "how": "; ".join(how),
        "rule_then": f"{rule.action}: {rule.reason}" if rule is not None else "",
    }


def _how(
    record: Record, outcome: str, on: date, window: int, everyone: Sequence[Record]
) -> tuple[list[str], list[str]]:
    day = record.dlt_day()
    late = day is not None and day > window
    followed = record.days_on(on, window)
    if outcome == "DLT":
        if late:
            return [f"DLT on day {day}, after the {window}-day window: counted, as the policy says"], ["G9"]
        left = f", then {record.status}: a DLT counts all the same" if record.status in _LEFT else ""
        return [f"DLT on day {day}{left}"], ["G7"] if left else []
    if outcome == "no DLT":
        if late:
            return [f"DLT on day {day}, after the {window}-day window: not counted, as the policy says"], ["G9"]
        return [f"{window} days without a DLT"], []
    if outcome == "not evaluable":
        by = next((other.subject for other in everyone if other.replaces == record.subject), "")
        gone = f"replaced by {by}" if by else "to be replaced"
        if record.completed_early(window):
            return [f"completed after {followed:g} of {window} days without a DLT: not evaluable, {gone}"], ["G7"]
        return [f"{record.status} after {followed:g} days without a DLT: not evaluable, {gone}"], ["G7"]
    if record.completed_early(window):
        said = f"completed, but followed {followed:g} of {window} days only: awaited until the record is mended"
        return [said], ["G7"]
    over = (on - record.infusion).days >= window
    missing = (
        f"; the window ended by the calendar, but day {window} is not in the table: never inferred" if over else ""
    )
    return [f"followed {followed:g} of {window} days without a DLT{missing}"], []


_LEFT = ("withdrawn", "not evaluable")
