"""The escalation to date: what the protocol said before each infusion, and what it says now."""

from collections.abc import Iterator

import pandas as pd

from cartmodel.conduct.ruling import Verdict
from cartmodel.plots.words import patients_text
from cartmodel.prediction.words import dose_words
from cartmodel.reporting.blocks import Block, Table, Words
from cartmodel.reporting.tables import records
from cartmodel.trial import TrialData

NOT_GIVEN = "No record of the escalation was given to this report: it holds no decisions."


def decision_blocks(verdict: Verdict | None, trial: TrialData) -> Iterator[Block]:
    """Yield the decisions to date with their reasons, or the sentence that no record was given.

    Parameters
    ----------
    verdict : Verdict or None
        The escalation so far.
    trial : TrialData
        The trial of the report, whose patients should be those of the escalation.
    """
    if verdict is None:
        yield Words(NOT_GIVEN, "warning")
        return
    if verdict.simulated:
        yield Words(f"SIMULATED record of the escalation: {verdict.records.name}.", "warning")
    subjects = [record.subject for record in verdict.records.records]
    shared = len(set(subjects) & set(trial.subjects.index))
    yield Words(
        f"Record: {verdict.records.name}, {len(subjects)} patients infused by {verdict.on}; {shared} of them are "
        f"among the {len(trial.subjects)} patients of the fit.",
        "plain" if shared == len(subjects) == len(trial.subjects) else "warning",
    )
    yield from _against_fit(verdict.log, trial)
    decision = verdict.decision
    level = (
        ""
        if decision.dose is None
        else f" (level {decision.dose}, {dose_words(verdict.records.doses[decision.dose - 1])})"
    )
    when = (
        f" Next infusion on {verdict.earliest} at the earliest: {verdict.why}." if verdict.earliest is not None else ""
    )
    yield Words(f"The protocol's step on {verdict.on}: {decision.action}{level}. Reason: {decision.reason}.{when}")
    yield _decisions(verdict.log)
    if len(verdict.questions):
        yield _questions(verdict.questions)
    yield _designs(verdict.designs)


def _against_fit(log: pd.DataFrame, trial: TrialData) -> Iterator[Block]:
    """Yield where the record of the escalation and the data of the fit tell two stories of one patient."""
    doses, outcomes = (trial.subjects[name].astype(float).to_dict() for name in ("dose", "dlt"))
    asked = any(value == value for value in outcomes.values())
    rows: list[tuple[str, str, str, str]] = []
    for row in records(log[log["subject"].isin(trial.subjects.index)]):
        subject = row["subject"]
        dose = doses[subject]
        if dose == dose and abs(dose / row["dose"] - 1) > 1e-6:
            rows.append((subject, "dose", dose_words(row["dose"]), dose_words(dose)))
        told = {1.0: "DLT", 0.0: "no DLT"}.get(outcomes[subject], "not known")
        if asked and told != row["outcome"] and not (told == "not known" and row["outcome"] not in ("DLT", "no DLT")):
            rows.append((subject, "DLT", row["outcome"], told))
    if not rows:
        return
    columns = ("patient", "what", "record of the escalation", "data of the fit")
    differ = patients_text(len({row[0] for row in rows}))
    yield Words(
        f"The record of the escalation and the data of the fit differ for {differ}. The decisions below follow the "
        "record, every other section the data of the fit. Which is right is not known here.",
        "warning",
    )
    numbers = pd.DataFrame(rows, columns=list(columns))
    yield Table("record_against_fit", "Where record and fit differ", "", columns, tuple(rows), numbers, keys=2)


def _decisions(log: pd.DataFrame) -> Table:
    rows = [
        (
            row["subject"],
            f"{row['dose_level']}",
            dose_words(row["dose"]),
            row["infusion_date"],
            row["rule_then"] or f"{row['role']}: not driven by the rule",
            row["outcome"],
            f"{row['how']}{' [' + row['policy'] + ']' if row['policy'] else ''}",
        )
        for row in records(log)
    ]
    return Table(
        "decisions",
        "Each infusion with the decision that led to it",
        "What the protocol had said, and why, on the day of the infusion; what has become of the patient; how it "
        "counts. In brackets: the gap of the protocol's text whose reading decided.",
        ("patient", "level", "dose", "infused", "the protocol had said", "DLT", "how counted"),
        tuple(rows),
        log,
    )


def _questions(questions: pd.DataFrame) -> Table:
    rows = [
        (row["gap"], row["question"], row["reading"], row["other"], row["would_say"] if row["differs"] else "the same")
        for row in records(questions)
    ]
    return Table(
        "open_questions",
        "Open questions of the protocol's text at this step",
        "",
        ("gap", "question", "reading", "another reading", "would say"),
        tuple(rows),
        questions,
    )


def _designs(designs: pd.DataFrame) -> Table:
    rows = [
        (
            row["design"],
            f"{row['action']}{'' if pd.isna(row['dose_level']) else ' level ' + str(row['dose_level'])}",
            row["reason"],
            row["counted"],
            row["against"] or "-",
        )
        for row in records(designs)
    ]
    return Table(
        "designs",
        "The protocol, and other designs beside it",
        "The protocol is authoritative: the others are advice and never override it.",
        ("design", "step", "reason", "counts", "against the protocol"),
        tuple(rows),
        designs,
    )
