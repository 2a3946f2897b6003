"""NONMEM, nlmixr2 and Monolix data sets: samples, doses and events in one table.

Rules: a row with EVID=0 and no DV holds no sample, nor does one with MDV=1; EVID=2 and 3 hold none; all are counted and
named, and none is ever zero. ``CENS`` = 1 says BLQ with its limit in DV, -1 above the upper limit; ``LIMIT`` > 0, the
lower end of an interval, cannot be used and is said. Times count from the patient's dose row. ``.`` is blank.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from cartmodel.trial.naming import Named, choose
from cartmodel.trial.rows import assay_names, numbers_of, say_rows
from cartmodel.trial.table import FLAGS, Table, table_of
from cartmodel.trial.told import Told

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "subject": "USUBJID > SUBJID SUBJ > ID",
        "time": "AFRLT TIME",
        "level": "DV Y OBS OBSERVATION",
        "amount": "AMT AMOUNT",
        "event": "EVID",
        "missing": "MDV",
        "censored": "CENS CENSORING",
        "limit": "LIMIT",
        "blq": "BLQ BQL > BLQFN > BLQFL",
        "lloq": "LLOQ ALLOQ LOQ",
        "alq": "ALQ ALQFL",
        "uloq": "ULOQ AULOQ",
        "assay": "ASSAY > PARAMCD > DVID YTYPE OBSERVATION_ID > CMT ADM",
        "unit": "DVU AVALU UNIT",
        "nominal": "NFRLT NTIME NOMTIME",
        "visit": "AVISIT > VISIT",
        "infusion": "TRTSDTM",
        "dose": "DOSEA",
        "dose_assigned": "DOSEP",
        "weight": "WTBL WT WEIGHT BWT",
        "time_unit": "TIMEU FRLTU",
        "dose_unit": "DOSEU AMTU",
        "weight_unit": "WTBLU WTU",
        "study": "STUDYID STUDY",
        "dlt": "DLT",
        "dlt_day": "DLT_DAY DLTDY",
        "remission": "REMISSION REMISS",
        "criss_step1": "CRISS_STEP1 CRISSTP1",
        "criss_lp": "CRISS_LP CRISSLP",
        "tocilizumab_day": "TOCIDY",
        "steroid_day": "STERDY",
        "follow_up": "FUPDY",
    }
)
# Whole numbers, which some programs write as 1.0.
_CODES = {"EVID", "MDV", "CENS", "CENSORING", "DVID", "YTYPE", "OBSERVATION ID", "CMT", "ADM"}


def nonmem_tables(source: Named, told: Told) -> list[Table]:
    """Return the main table of a data set; a dose row keeps its patient and carries the dose."""
    _without_comments(source)
    columns = {name: cells.mask(cells == ".", "") for name, cells in source.columns.items()}
    for name, cells in columns.items():
        if name.upper() in _CODES:
            columns[name] = cells.str.replace(r"\.0+$", "", regex=True)
    source.columns.update({name.replace(" ", "_"): cells for name, cells in columns.items()})
    for name in [name for name in source.columns if " " in name]:
        del source.columns[name]
    cells = choose(source, NAMES, "data set convention")
    blank = pd.Series("", index=next(iter(cells.values())).index, dtype=object)

    def text(name: str) -> pd.Series:
        return cells.get(name, blank)

    _no_clock(source)
    event, doses = _events(source, text("event"), text("missing"), text("amount"))
    time = _since_dose(source, text("subject"), text("time"), doses)
    predose = numbers_of(time) <= 0
    censored = text("censored")
    source.sheet.findings.add_each(
        censored[~censored.isin(["", "0", "1", "-1"])].rename("censored"), "{value} is no CENS", "0, 1 or -1"
    )
    flags = {name: text(name).replace({"Y": "1", "y": "1", "N": "0", "n": "0"}) for name in ("blq", "alq")}
    flags["blq"] = flags["blq"].mask(censored == "1", "1")
    flags["alq"] = flags["alq"].mask(censored == "-1", "1")
    level, live = text("level"), (event == 0) & ~doses & ~predose
    for limit, code in (("lloq", "1"), ("uloq", "-1")):
        cells[limit] = text(limit).mask((censored == code) & (text(limit) == ""), level)
    above = live & (flags["alq"] == "1")
    flagged = flags["blq"].str.lower().map(FLAGS).eq(1.0) | above
    _interval_censored(source, live & (censored == "1") & (numbers_of(text("limit")) > 0))
    absent = live & (level == "") & ~flagged
    say_rows(source, absent, "with EVID=0 and no DV, skipped and never taken as 0")
    hidden = live & ~absent & (text("missing") == "1") & ~flagged
    say_rows(source, hidden, "with EVID=0 and MDV=1, which hold no sample")
    say_rows(source, event.isin([2, 3]) & ~doses, "with EVID=2 or 3, other events, which hold no sample")
    sample = (event == 0) & ~doses & ~absent & ~hidden
    cells |= {name: flags[name].where(sample, "") for name in ("blq", "alq")}
    cells |= {"time": time.where(sample, ""), "level": level.where(sample, "")}
    cells["assay"] = assay_names(source, cells, told, sample)
    if "amount" in cells:
        given = cells.get("dose", blank)
        cells["dose"] = text("amount").where(doses, "").mask(doses & (text("amount") == ""), given)
        source.sheet.findings.names["dose"] = source.sheet.findings.names["amount"]
    return [table_of(source.sheet, "levels", cells, implied=False)]


def _without_comments(source: Named) -> None:
    """Remove the rows that a comment column or a leading # takes out, and say which."""
    first = next(iter(source.columns.values()), pd.Series(dtype=object))
    out = first.str.startswith(("#", "@"))
    for name in [name for name in source.columns if name.upper() in ("C", "#", "#C", "IGNORE")]:
        cells = source.columns[name]
        marked = ~cells.isin(["", ".", "0"])
        if marked.any() and cells[marked].str.fullmatch(r"[A-Za-z#@]+").all():
            out |= marked
            source.taken[name] = "", "comment column"
            del source.columns[name]
    if out.any():
        say_rows(source, out, "of comments, left out as the data set says")
        for name, cells in source.columns.items():
            source.columns[name] = cells[~out]


def _no_clock(source: Named) -> None:
    """Note a DATE beside TIME: NONMEM then takes TIME for the time of day."""
    if "TIME" not in source.columns or "AFRLT" in source.columns:
        return
    for name in ("DATE", "DAT1", "DAT2", "DAT3"):
        if name in source.columns:
            accepted = f"one TIME since the dose, in days or hours; or ignore=['{name}'] where TIME is that already"
            source.sheet.findings.add(1, name, "beside it TIME is a time of day, which is not read", accepted)


def _events(source: Named, event: pd.Series, missing: pd.Series, amount: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the EVID of each row, by AMT where it is blank, and which rows are doses."""
    findings = source.sheet.findings
    wrong = event[~event.isin(["", "0", "1", "2", "3", "4"])]
    findings.add_each(wrong.rename("event"), "{value} is no EVID", "0 to 4")
    findings.add_each(missing[~missing.isin(["", "0", "1"])].rename("missing"), "{value} is no MDV", "0 or 1")
    dosed = numbers_of(amount) > 0
    number = numbers_of(event).mask(event == "", dosed.astype(float))
    doses = number.isin([1, 4])
    given = "DOSEA" in source.columns or "dose" in source.columns
    bare = doses & (amount == "")
    if bare.any() and not given:
        accepted = "cells infused; EVID=2 if none"
        findings.add_each(amount[bare].rename("amount"), "a dose row without an amount", accepted)
    beside = (number == 0) & dosed
    findings.add_each(amount[beside].rename("amount"), "{value} on a row with EVID=0", "EVID=1, or no amount")
    for name in ("ADDL", "SS", "II"):
        if name in source.columns:
            again = source.columns[name][numbers_of(source.columns[name]) > 0]
            findings.add_each(again.rename(name), f"{{value}} in {name}: doses that repeat", "one infusion a patient")
    return number, doses


def _since_dose(source: Named, subject: pd.Series, time: pd.Series, doses: pd.Series) -> pd.Series:
    """Return times since the patient's dose row, as text; untouched where that stands at 0."""
    findings = source.sheet.findings
    rows = pd.DataFrame({"subject": subject, "time": time})[doses]
    again = rows[rows.duplicated("subject")]
    findings.add_each(
        again["time"], "a second dose of this patient, at {value}", "one dose row a patient: one infusion is modelled"
    )
    rows = rows.drop_duplicates("subject")
    findings.add_each(rows.loc[rows["time"] == "", "time"], "a dose row without a time", "the time of the infusion")
    start = subject.map(rows.set_index("subject")["time"].map(_one_number))
    none = subject[start.isna()].unique()
    if len(none) and len(rows):
        source.notes.append(f"Times of {len(none)} patients without a dose row are taken as days since infusion.")
    moved = (start.fillna(0.0) != 0) & (time != "")
    if moved.any():
        source.notes.append(
            f"Times of {subject[moved].nunique()} patients count from their dose row, which does not stand at 0."
        )
        shifted = (numbers_of(time) - start)[moved].map(lambda value: "" if np.isnan(value) else repr(value))
        time = time.mask(moved & numbers_of(time).notna(), shifted.reindex(time.index))
    return time


def _interval_censored(source: Named, rows: pd.Series) -> None:
    if rows.any():
        text = "with LIMIT > 0 beside CENS=1, whose interval cannot be used; they count as below its upper end"
        say_rows(source, rows, text)


def _one_number(text: str) -> float:
    return float(pd.to_numeric(text.replace(",", "."), errors="coerce"))
