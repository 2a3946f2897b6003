"""What model-based designs say beside the protocol's rule, from the same records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
from scipy.special import logit

from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import ConductRecords, Record
from cartmodel.conduct.steps import Step
from cartmodel.decision.advice import Advice
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.decision.words import probability_words
from cartmodel.escalation.blrm import BlrmModel, blrm
from cartmodel.escalation.boin import boin
from cartmodel.escalation.dated import DatedPatient, DatedState
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Action, Decision, State
from cartmodel.escalation.tite_boin import TiteBoin
from cartmodel.escalation.under_way import under_way
from cartmodel.prediction.words import dose_number

BLRM_MEAN, BLRM_SD = (float(logit(0.15)), -0.25), (1.25, 0.5)
_RANK: dict[str, int] = {"stop": 0, "suspend": 0, "de-escalate": 1, "stay": 2, "escalate": 3}


def target_cuts(limit: float) -> tuple[float, float]:
    """Return the BLRM's target interval: from 0.16, or half the limit where that is lower, to the limit.

    Examples
    --------
    >>> target_cuts(0.33), target_cuts(0.2)
    ((0.16, 0.33), (0.1, 0.2))
    """
    return min(0.16, limit / 2), limit


def known_state(records: Sequence[Record], trial: Trial, on: date, current: int) -> State:
    """Return the counts of all evaluable patients, those outside the rule included; the level is where the rule is."""
    told = [(r.level, trial.known(r, on)) for r in records]
    n = tuple(sum(at == k and what in ("DLT", "no DLT") for at, what in told) for k in range(1, trial.doses + 1))
    dlt = tuple(sum(at == k and what == "DLT" for at, what in told) for k in range(1, trial.doses + 1))
    return State(n, dlt, current)


def dated_state(records: Sequence[Record], trial: Trial, on: date, current: int) -> DatedState:
    """Return all patients with their follow-up, but those who are not evaluable; the level is where the rule is."""
    told = [(r, trial.known(r, on)) for r in records]
    patients = tuple(
        DatedPatient(r.level, r.days_on(on, trial.window), what == "DLT") for r, what in told if what != "not evaluable"
    )
    return DatedState(patients, trial.doses, float(trial.window), current)


def followed(records: ConductRecords, trial: Trial, on: date) -> tuple[FollowedPatient, ...]:
    """Return the patients as the exposure-informed model takes them: the dose infused, the day of the DLT."""
    found: list[FollowedPatient] = []
    for record in records.records:
        what = trial.known(record, on)
        dose = records.doses[record.level - 1] if record.dose is None else record.dose
        days = record.days_on(on, trial.window)
        if what == "not evaluable":
            found.append(FollowedPatient(record.subject, dose, None))
        else:
            found.append(FollowedPatient(record.subject, dose, what == "DLT", None if what == "no DLT" else days))
    return tuple(found)


def beside(
    trial: Trial,
    records: ConductRecords,
    step: Step,
    on: date,
    *,
    target: float,
    limit: float,
    overdose: float,
    reference: float,
    advice: Advice | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each design says, and what is known of each dose level.

    Returns
    -------
    designs : pandas.DataFrame
        One row a design, the protocol first: ``action``, ``dose_level`` and ``dose`` (cells) of the next group or of
        the MTD, ``reason``, ``counted`` (whom it counts), ``against``: how it differs from the protocol, in words.
    levels : pandas.DataFrame
        One row a dose level: patients evaluable, DLTs, pending; the BLRM's mean and P(over the limit); with an advice
        its P(over) with the Monte Carlo error, P(remission) and P(gain).
    """
    state = known_state(records.records, trial, on, step.state.current)
    dated = dated_state(records.records, trial, on, step.state.current)
    # They answer the protocol's question: the next dose while it goes on, the MTD where it stops.
    more = 0 if step.decision.action == "stop" else 3
    awaited = sum(group.pending + group.missing for group in step.groups) if more else 0
    most = max(state.patients + awaited + more, 1)
    setting: dict[str, Any] = {"reference": reference, "mean": BLRM_MEAN, "sd": BLRM_SD, "cuts": target_cuts(limit)}
    logistic = blrm(records.doses, overdose=overdose, max_patients=most, **setting)
    by_time = TiteBoin(target, max_patients=max(dated.counts.patients + more, 1))
    rows = [
        ("protocol", step.decision, "patients in its groups whose outcome is known"),
        ("BOIN", from_counts(boin(target, max_patients=most), state, step), "all evaluable patients, no pending ones"),
        ("BLRM", from_counts(logistic, state, step), "all evaluable patients, no pending ones"),
        ("TITE-BOIN", in_part(by_time.decide(dated), step), "all patients, pending ones by follow-up"),
    ]
    if advice is not None:
        by_whom = "all patients, pending ones by follow-up, with their kinetics"
        rows.append(("exposure-informed", in_part(_advised(advice, records.doses, state.current), step), by_whom))
    designs = pd.DataFrame(
        [
            {
                "design": name,
                "action": decision.action,
                "dose_level": decision.dose,
                "dose": None if decision.dose is None else records.doses[decision.dose - 1],
                "reason": decision.reason,
                "counted": counted,
                "against": against(decision, step.decision),
            }
            for name, decision, counted in rows
        ]
    ).astype({"dose_level": "Int64", "dose": float})
    model = BlrmModel(records.doses, most_patients=most, **setting)
    posterior = model.posterior(state)
    levels = pd.DataFrame(
        {
            "dose_level": range(1, trial.doses + 1),
            "dose": records.doses,
            "evaluable": state.n,
            "dlts": state.dlt,
            "pending": [int(sum(dated.pending & (dated.level == k))) for k in range(1, trial.doses + 1)],
            "blrm_mean": posterior.mean,
            "blrm_p_over": posterior.intervals[:, 2:].sum(axis=1),
        }
    )
    if advice is not None:
        told = advice.table.set_index("dose").reindex(list(records.doses))
        for column in ("p_over", "p_over_mcse", "p_over_cut", "p_remission", "p_gain"):
            levels[f"exposure_{column}" if "over" in column else column] = told[column].to_numpy()
    return designs, levels


def from_counts(design: Design, state: State, step: Step) -> Decision:
    """Return what a design that decides from counts says, the protocol's group under way being its own too.

    Parameters
    ----------
    design : Design
        A design of counts.
    state : State
        The counts of all evaluable patients, those of the group among them.
    step : Step
        The protocol's step, with its groups under way; see `under_way` for what a design says within one.
    """
    if not step.groups:
        return design.decide(state)
    level = step.groups[0].level
    size, free, dlt, pending = (
        sum(part) for part in zip(*((g.size, g.free, g.dlt, g.pending) for g in step.groups), strict=True)
    )
    n, y = list(state.n), list(state.dlt)
    n[level - 1], y[level - 1] = n[level - 1] - free - dlt, y[level - 1] - dlt
    return under_way(design, State(tuple(n), tuple(y), level), level, size, free, dlt, pending)


def in_part(decision: Decision, step: Step) -> Decision:
    """Return the step of a design that weighs pending patients, within the protocol's group under way.

    A lower dose, or none, is a step at any time. Otherwise a group with missing patients is completed first; of one
    that is complete, with pending patients, the reason says how many are known.
    """
    if not step.groups:
        return decision
    level = step.groups[0].level
    size, known, pending = (
        sum(part) for part in zip(*((g.size, g.free + g.dlt, g.pending) for g in step.groups), strict=True)
    )
    missing = size - known - pending
    seen = f"{known} of a group of {size} at dose level {level} known, {pending} pending"
    if decision.action == "de-escalate" or (decision.action == "stop" and decision.dose is None):
        return replace(decision, reason=f"{decision.reason}; with {seen}")
    if missing and (decision.enrols or decision.action == "suspend"):
        return Decision("stay", level, f"{seen}, {missing} missing: complete it", (level,), missing)
    return replace(decision, reason=f"{decision.reason}; with {seen}")


def against(other: Decision, protocol: Decision) -> str:
    """Return how a design's step differs from the protocol's, in words; the protocol decides all the same."""
    if (other.action, other.dose) == (protocol.action, protocol.dose):
        return "the same step" if other is not protocol else ""
    if protocol.action == "refer":
        return "the protocol has no rule here"
    if other.action == "refer":
        return "has no rule here"
    if protocol.action == "suspend":
        return "would not wait" if other.enrols else "would stop rather than wait"
    if other.action == "suspend":
        return "would wait for pending patients"
    if protocol.action == other.action == "stop":
        higher = (other.dose or 0) > (protocol.dose or 0)
        return f"names another MTD, {'higher' if higher else 'lower'}: {_less_or_more(higher)} cautious"
    if protocol.action == "stop":
        return "would treat more patients before naming an MTD"
    if other.action == "stop" and other.dose is not None:
        return "would name the MTD now"
    higher = _RANK[other.action] > _RANK[protocol.action]
    return f"would {_verb(other.action)} instead: {_less_or_more(higher)} cautious"


def _verb(action: Action) -> str:
    return {"stop": "stop"}.get(action, action)


def _less_or_more(higher: bool) -> str:
    return "less" if higher else "more"


def _advised(advice: Advice, doses: Sequence[float], current: int) -> Decision:
    """Return the dose that overdose control on the exposure-informed rates leaves, as a step from the current level."""
    criteria = advice.criteria
    rule = f"P(DLT rate > {criteria.limit:.0%}) < {criteria.overdose:.0%}"
    levels = [k for k, dose in enumerate(doses, start=1) if dose == advice.recommended]
    told = {row["dose"]: row for row in advice.table.to_dict("records")}
    near = [str(k) for k, dose in enumerate(doses, start=1) if dose in advice.unsettled]
    open_question = f"; not settled by these draws at level {' and '.join(near)}" if near else ""
    if not levels:
        return Decision("stop", None, f"no dose has {rule}{open_question}")
    level = min(levels[0], current + 1)
    action: Action = "escalate" if level > current else "stay" if level == current else "de-escalate"
    found = probability_words(told[doses[level - 1]], "p_over")
    reason = f"the highest dose with {rule}, at most one above: {found}{open_question}"
    return Decision(action, level, reason, (level,), 3)


def blrm_words(doses: Sequence[float], reference: float) -> str:
    """Return the BLRM in words, with a warning where its reference dose is far from the doses of the trial."""
    words = (
        f"BLRM: logit P(DLT) = a + exp(c) ln(dose / {dose_number(reference)} cells), a ~ N(logit 0.15, 1.25), "
        "c ~ N(-0.25, 0.5), as in the model file cd7-ssc"
    )
    if doses[0] / 4 <= reference <= 4 * doses[-1]:
        return f"{words}."
    return f"{words}. THE REFERENCE IS FAR FROM THE PLANNED DOSES: this prior was not made for them; give another."
