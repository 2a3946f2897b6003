"""The open questions of a step: gaps of the protocol's text that it touches, the reading that decided, the others."""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from cartmodel.conduct.records import Known, Record
from cartmodel.conduct.steps import Step, Trial, counts_at, next_step, with_policy
from cartmodel.escalation.policies import GAPS
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree

PLANNED_PATIENTS = 18
QUESTION_COLUMNS = ("gap", "question", "policy", "reading", "other", "would_say", "differs")


def questions(trial: Trial, records: Sequence[Record], step: Step, on: date) -> pd.DataFrame:
    """Return the gaps that this step touches, a row for each other reading, and what it would say on the same day.

    Returns
    -------
    pandas.DataFrame
        ``gap`` (G1 to G10), ``question``, the ``policy`` that decided with its ``reading`` in words; ``other``: another
        reading; ``would_say``: the step under it; ``differs``: whether that is another step or another day.
    """
    touched = [gap for gap in GAPS if gap in set(_touched(trial, records, step, on)) & trial.open_gaps]
    rows = [row for gap in touched for row in _readings(trial, records, step, on, gap)]
    rows += [*_of_early_completion(trial, records, step, on), *_of_others(trial, records, step, on)]
    return pd.DataFrame(rows, columns=list(QUESTION_COLUMNS)).astype({"differs": bool})


def said(decision: Decision, earliest: date | None) -> str:
    """Return a step in a few words."""
    match decision.action:
        case "stop":
            return "stop: no dose is safe" if decision.dose is None else f"stop: MTD is level {decision.dose}"
        case "suspend":
            return f"wait until {earliest}" if earliest is not None else "wait for the missing follow-up"
        case "refer":
            return "people decide"
        case _:
            size = f"{decision.cohort} patient{'s' if decision.cohort != 1 else ''}"
            return f"{decision.action}: {size} at level {decision.dose}, from {earliest}"


def _touched(trial: Trial, records: Sequence[Record], step: Step, on: date) -> Iterator[str]:
    policies, decision = trial.policies, step.decision
    yield from decision.questions
    n, _ = step.state.at(step.state.current)
    group = n + len(step.pending)
    own = [record for record in records if record.role == "escalation"]
    if any(trial.known(r, on) == "not evaluable" for r in own) or group % 3:
        yield "G7"
    if decision.action in ("stay", "suspend") and n < 6 and group == 3 and _dlts(trial, own, step, on) == 1:
        yield "G8"
    late = [day for r in own if (day := r.dlt_day()) is not None and day > trial.window and r.dlt and r.dlt <= on]
    in_group = decision.action == "stay" and group % 3 != 0
    if late or in_group or (3 < group < 6 and not (decision.enrols and decision.dose == step.state.current)):
        yield "G9"
    if step.state.patients + len(step.pending) + decision.cohort > (policies.max_patients or PLANNED_PATIENTS):
        yield "G10"


def _dlts(trial: Trial, own: Sequence[Record], step: Step, on: date) -> int:
    return sum(trial.known(r, on) == "DLT" for r in own if r.level == step.state.current)


def _of_early_completion(trial: Trial, records: Sequence[Record], step: Step, on: date) -> Iterator[dict[str, object]]:
    early = [r for r in records if r.role == "escalation" and r.completed_early(trial.window)]
    if not early:
        return
    words = {
        "awaited": "awaited until the record is mended",
        "replaced": "not evaluable, and replaced",
    }
    names, now = ", ".join(r.subject for r in early), trial.policies.completed_early
    other = "replaced" if now == "awaited" else "awaited"
    then = next_step(with_policy(trial, completed_early=other), records, on)
    would = said(then.decision, then.earliest)
    yield {
        "gap": "G7",
        "question": f"what {names} counts as, recorded as completed before day {trial.window}",
        "policy": f"completed_early = {now}",
        "reading": words[now],
        "other": f"completed_early = {other}: {words[other]}",
        "would_say": would,
        "differs": would != said(step.decision, step.earliest),
    }


def _of_others(trial: Trial, records: Sequence[Record], step: Step, on: date) -> Iterator[dict[str, object]]:
    """Ask about DLTs of patients whom the rule does not count: backfill, expansion, outside the protocol."""
    told: list[tuple[Record, Known]] = [(r, trial.known(r, on)) for r in records]
    others = [r for r, what in told if r.role != "escalation" and what == "DLT"]
    if not others:
        return
    every = counts_at(told, trial.doses, step.state.current)
    if isinstance(trial.design, ThreePlusThree):  # which looks at its current level alone
        level = min(r.level for r in others)
        n = tuple(n if k <= level else 0 for k, n in enumerate(every.n, start=1))
        every = State(n, tuple(y if k <= level else 0 for k, y in enumerate(every.dlt, start=1)), level)
    then, (n, dlt) = trial.design.decide(every), every.at(every.current)
    yield {
        "gap": "roles",
        "question": f"whether the DLTs of {', '.join(f'{r.subject} ({r.role})' for r in others)} count for the rule",
        "policy": "role",
        "reading": "escalation patients alone drive it; the models beside it count all",
        "other": "all patients counted",
        "would_say": f"at level {every.current}, {dlt} DLTs in {n}: {then.reason}",
        "differs": (then.action, then.dose) != (step.decision.action, step.decision.dose),
    }


def _readings(trial: Trial, records: Sequence[Record], step: Step, on: date, gap: str) -> Iterator[dict[str, object]]:
    entry, policies = GAPS[gap], trial.policies
    now = getattr(policies, entry.policy)
    fields: list[tuple[str, object, str]] = [
        (entry.policy, value, words) for value, words in entry.readings.items() if value != now
    ]
    if gap == "G9":
        other = not policies.late_dlt_counts
        words = f"a DLT after the window {'counts' if other else 'does not count'}"
        fields = [*fields, ("late_dlt_counts", other, words)]
    reading = entry.readings.get(now, f"{now} evaluable patients")
    if gap == "G9":
        late = "counts" if policies.late_dlt_counts else "does not count"
        reading += f"; stagger {policies.stagger:g} days; a DLT after the window {late}"
    here = said(step.decision, step.earliest)
    for name, value, words in fields:
        then = next_step(with_policy(trial, **{name: value}), records, on)
        would = said(then.decision, then.earliest)
        yield {
            "gap": gap,
            "question": entry.question,
            "policy": f"{entry.policy} = {now}",
            "reading": reading,
            "other": f"{name} = {value}: {words}",
            "would_say": would,
            "differs": would != here,
        }
