"""The open questions of a step: gaps of the protocol's text that it touches, the reading that decided, the others."""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from cartmodel.conduct.protocol import Trial, with_policy
from cartmodel.conduct.records import Known, Record
from cartmodel.conduct.steps import Step, described, next_step, outside_at
from cartmodel.escalation.policies import GAPS
from cartmodel.escalation.state import Decision

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
    rows += [*_of_early_completion(trial, records, step, on), *_of_outside(trial, records, step, on)]
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
    n, dlts = step.state.at(step.state.current)
    group = n + len(step.pending)
    own = [record for record in records if record.role == "escalation"]
    if any(trial.known(r, on) == "not evaluable" for r in own) or group % 3:
        yield "G7"
    if decision.action in ("stay", "suspend") and n < 6 and group == 3 and dlts == 1:
        yield "G8"
    late = [day for r in own if (day := r.dlt_day()) is not None and day > trial.window and r.dlt and r.dlt <= on]
    in_group = decision.action == "stay" and group % 3 != 0
    if late or in_group or (3 < group < 6 and not (decision.enrols and decision.dose == step.state.current)):
        yield "G9"
    if step.state.patients + len(step.pending) + decision.cohort > (policies.max_patients or PLANNED_PATIENTS):
        yield "G10"


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


def _of_outside(trial: Trial, records: Sequence[Record], step: Step, on: date) -> Iterator[dict[str, object]]:
    """Ask about the DLTs of patients whom the rule does not count: expansion, backfill, infused against the rule."""
    known: list[tuple[Record, Known]] = [(record, trial.known(record, on)) for record in records]
    hit = [r for r, what in known if what == "DLT" and r.subject not in step.counted]
    if not hit:
        return
    counts: list[str] = []
    for level in sorted({record.level for record in hit}):
        outside, (n, dlt) = outside_at(known, step.counted, level), step.state.at(level)
        dlt += sum(what == "DLT" for _, what in outside)
        counts.append(f"{dlt} DLT{'' if dlt == 1 else 's'} in {n + len(outside)} at dose level {level} with them")
    words = {
        "refer": "people decide once a dose up to the rule's next has, with them, 2 or more DLTs, a third of 6 or more",
        "ignore": "the rule goes on without them",
    }
    now = trial.policies.outside_dlts
    other = "ignore" if now == "refer" else "refer"
    then = next_step(with_policy(trial, outside_dlts=other), records, on)
    would = said(then.decision, then.earliest)
    names = ", ".join(f"{record.subject} ({described(record)})" for record in hit)
    yield {
        "gap": "G7",
        "question": f"what the DLTs of {names} mean, whom the rule does not count: {'; '.join(counts)}",
        "policy": f"outside_dlts = {now}",
        "reading": words[now],
        "other": f"outside_dlts = {other}: {words[other]}",
        "would_say": would,
        "differs": would != said(step.decision, step.earliest),
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
