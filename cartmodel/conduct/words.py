"""A verdict in plain words."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from cartmodel.conduct.questions import said
from cartmodel.conduct.records import ConductRecords
from cartmodel.conduct.steps import Step
from cartmodel.decision.advice import Advice
from cartmodel.escalation.state import State
from cartmodel.prediction.words import dose_number


def verdict_text(
    records: ConductRecords,
    step: Step,
    on: date,
    log: pd.DataFrame,
    questions: pd.DataFrame,
    designs: pd.DataFrame,
    pathways: pd.DataFrame,
    advice: Advice | None,
    state: State,
    logistic: str,
) -> str:
    """Return the whole verdict as text: the rule first, what it rests on, then what stands beside it."""
    lines = ["SIMULATED DATA - not a real trial"] if records.simulated or (advice and advice.simulated) else []
    lines += [f"{records.name} on {on}", "", "The protocol's verdict (authoritative)"]
    lines += _rule(records, step)
    lines += ["", "How every patient was counted", *_counted(log, step)]
    lines += [f"  Note: {note}" for note in records.notes]
    lines += ["", "Open questions of the protocol's text at this step", *_questions(questions)]
    lines += ["", "Beside it: advice, which never overrides the protocol", *_beside(designs)]
    lines.append(f"  {logistic}")
    lines += _after_expansion(step, state)
    if len(pathways) > 1:
        lines += [
            "",
            "Pathways from here (N no DLT, T DLT; pending patients of this group included)",
            *_ahead(pathways),
        ]
    if advice is not None:
        lines += ["", "Exposure-informed advice", *(f"  {line}" for line in advice.text.splitlines())]
    return "\n".join(lines)


def _rule(records: ConductRecords, step: Step) -> Iterator[str]:
    decision = step.decision
    words = said(decision, step.earliest)
    cells = f" ({dose_number(records.doses[decision.dose - 1])} cells)" if decision.dose is not None else ""
    yield f"  {words[0].upper()}{words[1:]}{cells}."
    yield f"  Reason: {decision.reason}."
    if step.earliest is not None:
        limit = "at the earliest, if follow-up is complete" if decision.action == "suspend" else "at the earliest"
        yield f"  Next infusion: {step.earliest} {limit} ({step.why})."
    elif decision.action == "suspend":
        yield f"  Next infusion: no day can be named ({step.why})."
    if step.pending:
        yield f"  Pending in this group: {', '.join(record.subject for record in step.pending)}."


def _counted(log: pd.DataFrame, step: Step) -> Iterator[str]:
    if not len(log):
        yield "  Nobody has been infused."
    for row in log.to_dict("records"):
        awaited = row["outcome"] == "pending" and row["subject"] in step.counted
        use = "counted" if row["protocol"] else "awaited" if awaited else "not counted"
        gap = f" [{row['policy']}]" if row["policy"] else ""
        yield f"  {row['subject']}, level {row['dose_level']}, {row['infusion_date']}: {use}: {row['how']}{gap}"


def _questions(questions: pd.DataFrame) -> Iterator[str]:
    if not len(questions):
        yield "  None: the text defines this step."
    for (gap, _), rows in questions.groupby(["gap", "question"], sort=False):
        first = rows.iloc[0]
        yield f"  {gap}: {first['question']}. Decided by {first['policy']}: {first['reading']}."
        for row in rows.to_dict("records"):
            then = row["would_say"] if row["differs"] else "the same"
            yield f"    With {row['other']}: {then}."


def _beside(designs: pd.DataFrame) -> Iterator[str]:
    for row in designs.iloc[1:].to_dict("records"):
        level = "" if pd.isna(row["dose_level"]) else f" level {row['dose_level']}"
        mtd = "MTD" if row["action"] == "stop" and level else ""
        step = " ".join(f"{row['action']} {mtd}{level}".split())
        yield f"  {row['design']}: {step}; {row['against']}. {row['reason']} ({row['counted']})."


def _after_expansion(step: Step, state: State) -> Iterator[str]:
    extra = state.patients - step.state.patients
    if extra > 0:
        others = "expansion, backfill, or infused against it"
        yield f"  The models count {extra} evaluable patients more than the protocol's rule ({others})."


def _ahead(pathways: pd.DataFrame) -> Iterator[str]:
    width = max(len(text) for text in pathways["outcomes"])
    for row in pathways.to_dict("records"):
        level = "" if pd.isna(row["dose"]) else f" {row['dose']}"
        what = f"MTD level{level}" if row["action"] == "stop" and level else f"level{level}" if level else "no dose"
        gaps = f" [{row['questions']}]" if row["questions"] else ""
        yield f"  {row['outcomes']:<{width}}  {row['action']}, {what}{gaps}"
