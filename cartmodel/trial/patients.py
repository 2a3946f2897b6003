"""The patients of trial tables: what belongs to a patient and not to one sample."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cartmodel.trial.columns import COMEDICATION, OUTCOMES
from cartmodel.trial.covariates import read_covariates
from cartmodel.trial.dates import note_far, read_when
from cartmodel.trial.table import Table
from cartmodel.trial.told import Told
from cartmodel.trial.units import in_fixed_unit

LP_RANGE = 100.0
_DAYS = ("dlt_day", *COMEDICATION, "follow_up")
_NUMBERS = ("dose", *OUTCOMES, *COMEDICATION, "dose_assigned", "weight", "dlt_day", "follow_up")


@dataclass(frozen=True)
class Patients:
    """The patients of a trial: what is said of each, their covariates, where it stands, and what there is to say."""

    frame: pd.DataFrame
    covariates: pd.DataFrame
    places: pd.DataFrame
    notes: list[str]


def read_patients(tables: Sequence[Table], said: Told) -> Patients:
    """Return the patients of tables of samples, patients and outcomes, NaN where nothing is given.

    In order of first appearance: dose, outcomes, comedication, dose_assigned, weight, dlt_day, infusion, follow_up, and
    ``infusion_clock``, whether the infusion has a clock time. The frame is complete only if the tables' findings stay
    empty.
    """
    found = [_values(table, said.units) for table in tables]
    known = [table.cells.loc[table.cells["subject"] != "", "subject"] for table in tables]
    order = pd.concat(known).unique() if known else []
    patients = pd.DataFrame(index=pd.Index(order, name="subject", dtype=object))
    notes = _per_kg(tables, found)
    places: list[pd.DataFrame] = []

    def one_value(name: str, columns: Sequence[pd.Series], texts: Sequence[pd.Series]) -> pd.Series:
        value, place = _one_value(tables, name, columns, texts)
        places.append(place)
        return value

    for name in _NUMBERS:
        given = one_value(name, [values[name] for values in found], [table.cells[name] for table in tables])
        patients[name] = given.reindex(patients.index).astype(float)
    texts = [table.cells["infusion"] for table in tables]
    dated = one_value("infusion", [text.where(text != "") for text in texts], texts)
    when = read_when(dated.reindex(patients.index).fillna(""))
    patients.insert(len(patients.columns) - 1, "infusion", when["when"])
    patients["infusion_clock"] = when["clock"]
    _step1_told(tables, found)
    covariates, on_covariates = read_covariates(tables, said, one_value, patients.index)
    return Patients(patients, covariates, pd.concat(places, ignore_index=True), [*notes, *on_covariates])


def same_throughout(tables: Sequence[Table]) -> str:
    """Return the study's name, empty if there is none, after checking that the tables have one."""
    first: tuple[Table, Hashable, str] | None = None
    for table in tables:
        given = table.cells["study"]
        for row, study in given[given != ""].drop_duplicates().items():
            if first is None:
                first = table, row, str(study)
            elif study != first[2]:
                what = f"'{study}', but '{first[2]}' in {_row(first[0], first[1], table)}"
                table.findings.add(row, "study", what, "one study per table")
    return first[2] if first is not None else ""


def _values(table: Table, units: Mapping[str, str]) -> dict[str, pd.Series]:
    """Return the patients' numbers of one table, in days, cells and kg, by column."""
    cells, findings = table.cells, table.findings
    subject = cells["subject"]
    everywhere = pd.Series(True, index=cells.index)
    if "subject" not in table.header:
        findings.add(1, "subject", "missing column", "a column 'subject' with the patient's identifier")
    else:
        findings.add_each(subject[subject == ""], "a row without a patient", "the patient's identifier, any text")
    cells_infused = "cells infused, a number > 0, or blank if unknown"
    values = {
        "dose": table.positive("dose", everywhere, accepted=cells_infused),
        "dose_assigned": table.positive("dose_assigned", everywhere, accepted="cells assigned, a number > 0"),
        "weight": table.positive("weight", everywhere, accepted="body weight in kg, a number > 0"),
    }
    for name in ("dlt", "remission", "criss_step1"):
        values[name] = table.flags(name, everywhere, blank="while it is pending")
    values["criss_lp"] = table.numbers("criss_lp", everywhere)
    outside = values["criss_lp"].abs() > LP_RANGE
    findings.add_each(cells.loc[outside, "criss_lp"], "{value} is outside its range", "a number from -100 to 100")
    for name in _DAYS:
        values[name] = table.numbers(name, everywhere)
        note_far(values[name], name, findings)
    table.when("infusion", everywhere)
    for name in ("dose", "dose_assigned", "weight"):
        quantity = "weight" if name == "weight" else "dose"
        values[name], values[f"{name} per kg"] = in_fixed_unit(
            values[name],
            cells[f"{quantity}_unit"],
            quantity,
            units.get(quantity),
            implied=table.implied or quantity == "weight",
            findings=findings,
        )
    return values


def _one_value(
    tables: Sequence[Table], name: str, columns: Sequence[pd.Series], texts: Sequence[pd.Series]
) -> tuple[pd.Series, pd.DataFrame]:
    """Return the value of each patient, and where it stands; every other value is a finding that names both places."""
    parts = [
        pd.DataFrame(
            {
                "table": place,
                "row": column.index,
                "subject": table.cells["subject"].to_numpy(),
                "value": column.to_numpy(),
                "text": text.to_numpy(),
            }
        )
        for place, (table, column, text) in enumerate(zip(tables, columns, texts, strict=True))
    ]
    given = pd.concat(parts, ignore_index=True)
    given = given[given["value"].notna() & (given["subject"] != "")]
    distinct = given.drop_duplicates(["subject", "value"])
    first: dict[str, tuple[int, int, str]] = {}
    for place, row, subject, _, text in distinct.itertuples(index=False):
        there, earlier, before = first.setdefault(subject, (place, row, text))
        if (there, earlier) != (place, row):
            where = _row(tables[there], earlier, tables[place])
            own = tables[place].findings.names.get(name, name)
            accepted = f"one value per patient; or ignore=['{own}'] to do without it"
            tables[place].findings.add(row, name, f"'{text}', but '{before}' in {where}", accepted)
    once = distinct.drop_duplicates("subject")
    files = once["table"].map({place: table.findings.file for place, table in enumerate(tables)}).astype(object)
    places = pd.DataFrame({"subject": once["subject"], "column": name, "table": files, "row": once["row"].astype(int)})
    return once.set_index("subject")["value"], places


def check_onsets(tables: Sequence[Table], patients: pd.DataFrame) -> None:
    """Note every DLT day without a DLT or before the infusion, and every DLT after the end of follow-up."""
    dlt, onset, last = patients["dlt"], patients["dlt_day"], patients["follow_up"]
    rules = (
        (onset.notna() & (dlt != 1), "dlt_day", "a DLT day of a patient without a DLT", "dlt 1, or no dlt_day"),
        (onset < 0, "dlt_day", "a DLT before the infusion", "days since infusion, 0 or more"),
        (onset > last, "dlt_day", "a DLT after the end of follow-up", "dlt_day not after follow_up"),
        (last < 0, "follow_up", "the follow-up ends before the infusion", "days since infusion, 0 or more"),
    )
    for wrong, column, what, accepted in rules:
        for subject in patients.index[wrong]:
            table, row = place_of(tables, column, str(subject))
            table.findings.add(row, column, what, accepted)


def place_of(tables: Sequence[Table], name: str, subject: str) -> tuple[Table, Hashable]:
    """Return the table and row where a patient's value of a column first stands; the first row where it does not."""
    for table in tables:
        cells = table.cells
        if len(rows := cells.index[(cells["subject"] == subject) & (cells[name] != "")]):
            return table, rows[0]
    return tables[0], 1


def _row(table: Table, row: Hashable, other: Table) -> str:
    apart = table.findings is not other.findings and table.findings.file
    return f"row {row} of {table.findings.file}" if apart else f"row {row}"


def _per_kg(tables: Sequence[Table], found: Sequence[dict[str, pd.Series]]) -> list[str]:
    """Turn the doses that are per kg of body weight into cells, and return the sentence that says so."""
    given = pd.concat(
        [pd.Series(own["weight"].to_numpy(), table.cells["subject"]) for table, own in zip(tables, found, strict=True)]
    )
    weight = given.dropna().groupby(level=0).first()
    turned: set[str] = set()
    per_kg: dict[str, list[pd.DataFrame]] = {"dose": [], "dose_assigned": []}
    for table, values in zip(tables, found, strict=True):
        subject, light = table.cells["subject"], set[str]()
        for name in ("dose", "dose_assigned"):
            told = values[f"{name} per kg"] & values[name].notna() & (subject != "")
            level = values[name][told]
            values[name] = values[name].where(~told, values[name] * subject.map(weight))
            per_kg[name].append(pd.DataFrame({"level": level, "cells": values[name][told]}).dropna())
            turned |= set(subject[told])
            for row in told.index[told & subject.map(weight).isna()]:
                if str(subject[row]) not in light:
                    light.add(str(subject[row]))
                    what = "a dose per kg of a patient without a weight"
                    table.findings.add(row, "weight", what, "the weight in kg, or the dose in cells")
    notes = [f"Doses of {len(turned)} patients are per kg and were multiplied by their weight."] if turned else []
    grouping = "dose_assigned" if any(values["dose_assigned"].notna().any() for values in found) else "dose"
    assigned = pd.concat(per_kg[grouping])
    levels, groups = assigned["level"].nunique(), assigned["cells"].nunique()
    if groups > levels:
        notes.append(
            f"{levels} dose levels per kg have become {groups} doses in cells; tables by dose have a group for each. "
            "To keep the levels together, give `dose_assigned` in cells, one number for each level (the cells per kg "
            "times a weight of reference), beside the cells infused in `dose`."
        )
    return notes


def _step1_told(tables: Sequence[Table], found: Sequence[dict[str, pd.Series]]) -> None:
    # An unreadable step-1 cell is a finding of its own.
    told = {subject for table in tables for subject in table.cells.loc[table.cells["criss_step1"] != "", "subject"]}
    for table, values in zip(tables, found, strict=True):
        for row in values["criss_lp"].dropna().index:
            subject = str(table.cells.loc[row, "subject"])
            if subject and subject not in told:
                accepted = "criss_step1 0 or 1 for each patient with a criss_lp"
                table.findings.add(row, "criss_step1", "step-1 status unknown beside a criss_lp", accepted)
