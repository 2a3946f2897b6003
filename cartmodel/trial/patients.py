"""The patients of a trial table: what belongs to a patient and not to one sample."""

from collections.abc import Hashable

import pandas as pd

from cartmodel.trial.columns import COMEDICATION, OUTCOMES
from cartmodel.trial.table import Table

LP_RANGE = 100.0


def read_patients(table: Table) -> pd.DataFrame:
    """Return dose, outcomes and comedication per patient, in order of first appearance, NaN where none is given.

    The frame is complete only if the table's findings stay empty.
    """
    cells, findings = table.cells, table.findings
    subject = cells["subject"]
    everywhere = pd.Series(True, index=cells.index)
    if "subject" not in table.header:
        findings.add(1, "subject", "missing column", "a column 'subject' with the patient's identifier")
    else:
        findings.add_each(subject[subject == ""], "a row without a patient", "the patient's identifier, any text")
    values = {"dose": table.positive("dose", everywhere, accepted="cells infused, a number > 0, or blank if unknown")}
    for name in ("dlt", "remission", "criss_step1"):
        values[name] = table.flags(name, everywhere, blank="while it is pending")
    values["criss_lp"] = table.numbers("criss_lp", everywhere)
    outside = values["criss_lp"].abs() > LP_RANGE
    findings.add_each(cells.loc[outside, "criss_lp"], "{value} is outside its range", "a number from -100 to 100")
    for name in COMEDICATION:
        values[name] = table.numbers(name, everywhere)
    known = subject[subject != ""]
    patients = pd.DataFrame(index=pd.Index(known.unique(), name="subject"))
    for name in ("dose", *OUTCOMES, *COMEDICATION):
        patients[name] = _one_value(table, name, values[name][known.index]).reindex(patients.index).astype(float)
    # An unreadable step-1 cell is a finding of its own.
    told = set(subject[cells["criss_step1"] != ""])
    for row in values["criss_lp"][known.index].dropna().index:
        if subject[row] not in told:
            accepted = "criss_step1 0 or 1 for each patient with a criss_lp"
            findings.add(row, "criss_step1", "step-1 status unknown beside a criss_lp", accepted)
    return patients


def same_throughout(table: Table) -> str:
    """Return the study's name, empty if there is none, after checking the columns that say one thing per table."""
    cells, findings = table.cells, table.findings
    for name, accepted in (("dose_unit", ("cells",)), ("time_unit", ("day", "days", "d"))):
        wrong = cells.loc[~cells[name].str.lower().isin(["", *accepted]), name]
        findings.add_each(wrong, "{value} is not a unit of this table", " or ".join(accepted))
    studies = cells.loc[cells["study"] != "", "study"].drop_duplicates()
    for row, study in studies.iloc[1:].items():
        what = f"'{study}', but '{studies.iloc[0]}' in row {studies.index[0]}"
        findings.add(row, "study", what, "one study per table")
    return studies.iloc[0] if len(studies) else ""


def _one_value(table: Table, name: str, values: pd.Series) -> pd.Series:
    """Return the value of each patient; every other value of the patient is a finding that names both rows."""
    given = pd.DataFrame({"subject": table.cells["subject"][values.index], "value": values}).dropna()
    distinct = given.drop_duplicates()
    first: dict[str, tuple[Hashable, str]] = {}
    for (row, subject), text in zip(distinct["subject"].items(), table.cells[name][distinct.index], strict=True):
        earlier, before = first.setdefault(subject, (row, text))
        if earlier != row:
            table.findings.add(row, name, f"'{text}', but '{before}' in row {earlier}", "one value per patient")
    return distinct.drop_duplicates("subject").set_index("subject")["value"]
