"""Plain sentences on what reading a trial table recognised, counted or found missing."""

from collections.abc import Collection, Iterable, Iterator

import pandas as pd

from cartmodel.spreadsheets import formulas_among
from cartmodel.trial.columns import KINDS
from cartmodel.trial.sheet import Sheet


def format_note(sheet: Sheet, decimal: str) -> list[str]:
    """Return the sentence that names the dialect of a file, none for plain CSV."""
    parts = [*sheet.recognised, *(["decimal commas"] if decimal == "," else [])]
    if "SAS transport" in parts:
        return [f"{sheet.stem} is a SAS transport file."]
    return [f"CSV as Excel writes it, recognised by: {', '.join(parts)}."] if parts else []


def sample_notes(subjects: pd.DataFrame, samples: pd.DataFrame) -> Iterator[str]:
    """Yield what the samples that are left cannot show: patients without any, all BLQ, levels below another's LLOQ."""
    sampled = samples.groupby("subject")["blq"].all()
    if none := [subject for subject in subjects.index if subject not in sampled.index]:
        yield f"{_named(none)} without a usable sample; kept."
    if silent := [subject for subject in subjects.index if sampled.get(subject, default=False)]:
        yield f"{_named(silent)} with BLQ samples only; kept."
    for assay, own in samples.groupby("assay"):
        lowest = own["lloq"].min()
        below = (own["level"] < lowest).sum()
        if below:
            yield (
                f"{below} quantified levels of assay '{assay}', without an lloq of their own, lie below the lowest "
                f"lloq in the table ({lowest:g}); kept as quantified."
            )


def outcome_notes(subjects: pd.DataFrame, header: Collection[str]) -> Iterator[str]:
    """Yield how many doses are not given and which outcomes are pending; pending is missing, never 'no'."""
    no_dose = subjects.index[subjects["dose"].isna()]
    if len(no_dose):
        yield f"Dose not given for {_all_or_named(no_dose, len(subjects))}."
    for outcome in ("dlt", "remission"):
        pending = subjects.index[subjects[outcome].isna()]
        if outcome in header and len(pending):
            yield f"{outcome} pending for {_all_or_named(pending, len(subjects))}; missing, not counted as 'no'."
    if "criss_step1" in header:
        step1, lp = subjects["criss_step1"], subjects["criss_lp"]
        pending = subjects.index[step1.isna() | ((step1 == 0) & lp.isna())]
        if len(pending):
            yield f"CRISS pending for {_all_or_named(pending, len(subjects))}; missing, not counted as 'no'."
        unused = subjects.index[(step1 == 1) & lp.notna()]
        if len(unused):
            yield f"criss_lp is not used for {_named(unused)} with a step-1 event, whose score is 0 by definition."


def formula_notes(subjects: Iterable[str]) -> Iterator[str]:
    """Yield which identifiers a spreadsheet would take for formulas."""
    if found := formulas_among(subjects):
        yield (
            f"{_named(found)} with an identifier that a spreadsheet takes for a formula; kept. In CSV files of results "
            "an apostrophe stands before it; an exported trial holds it as it is."
        )


def history_notes(records: pd.DataFrame, assessments: pd.DataFrame, events: pd.DataFrame) -> Iterator[str]:
    """Yield how many records of each kind there are, and how many assessments and adverse events."""
    if len(records):
        counts = records["kind"].value_counts(sort=False)
        other = sorted(set(counts.index) - set(KINDS))
        unused = f" Kinds without a meaning of their own: {', '.join(other)}." if other else ""
        yield f"Records: {', '.join(f'{count} {kind}' for kind, count in counts.items())}.{unused}"
    if len(assessments):
        yield f"{len(assessments)} CRISS assessments of {assessments['subject'].nunique()} patients."
    if len(events):
        yield f"{len(events)} adverse events of {events['subject'].nunique()} patients."
    kinds = (("records", records), ("CRISS assessments", assessments), ("adverse events", events))
    dated = [f"{count} {name}" for name, own in kinds if (count := int(own["by_date"].sum()))]
    if dated:
        yield f"Known by date alone, so that their days are whole ones: {', '.join(dated)}."


def unused_note(subjects: pd.DataFrame, assessments: pd.DataFrame) -> Iterator[str]:
    """Yield how many assessments after the infusion are of patients without a response that a fit takes."""
    answered = subjects["criss_lp"].notna() | (subjects["criss_step1"] == 1) | subjects["remission"].notna()
    after = assessments[assessments["time"] > 0]
    unused = after[~after["subject"].isin(subjects.index[answered])]
    if len(unused):
        who = _all_or_named(unused["subject"].unique(), len(subjects))
        yield (
            f"A fit does not use {len(unused)} CRISS assessments after the infusion, of {who}: it takes the response "
            "from criss_step1 and criss_lp, or from remission, and none is given. `endpoints_of`, `response_by_visit` "
            "and `cartmodel endpoints` compute step1 and lp at each visit; those of the protocol's visit belong into "
            "the table of patients, as criss_step1 and criss_lp."
        )


def _named(subjects: Iterable[str]) -> str:
    names = list(subjects)
    return f"{len(names)} patient{'s' if len(names) != 1 else ''} ({', '.join(names)})"


def _all_or_named(subjects: Collection[str], total: int) -> str:
    return f"all {total} patients" if len(subjects) == total else _named(subjects)
