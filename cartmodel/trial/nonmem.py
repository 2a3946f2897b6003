"""NONMEM, nlmixr2 and Monolix data sets: samples, doses and events in one table.

Rules: a row with EVID=0 and no DV holds no sample, nor does one with MDV=1; EVID=2 and 3 hold none; all are counted and
named, and none is ever zero. ``CENS`` = 1 says BLQ with its limit in DV, -1 above the upper limit; ``LIMIT`` > 0, the
lower end of an interval, cannot be used and is said. Times count from the patient's dose row. ``.`` is blank.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from cartmodel.trial.clocks import clock_times
from cartmodel.trial.covariates import covariates_of
from cartmodel.trial.dates import days_between, read_when
from cartmodel.trial.naming import Named, choose
from cartmodel.trial.rows import assay_names, derived_rows, numbers_of, say_rows, selected
from cartmodel.trial.table import BLANKS, FLAGS, Table, table_of
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
        "nominal": "NFRLT > NTIME NOMTIME",
        "visit": "AVISIT > VISIT",
        "infusion": "TRTSDTM",
        "dose": "DOSEA",
        "dose_assigned": "DOSEP",
        "weight": "WTBL WT WEIGHT BWT",
        "time_unit": "TIMEU FRLTU",
        "dose_unit": "DOSEU AMTU",
        "weight_unit": "WTBLU WTU WEIGHTU WEIGHTBU",
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
    columns = {name: cells.mask(cells.isin(BLANKS), "") for name, cells in source.columns.items()}
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

    event, doses = _events(source, text("event"), text("missing"), text("amount"))
    clock = clock_times(source, told)
    _one_dose(source, text("subject"), text("time") if clock is None else clock, doses)
    if clock is None:
        time, predose = _since_dose(source, cells, doses), None
    else:
        time, predose = blank, _dated(source, cells, clock, doses)
    predose = numbers_of(time) <= 0 if predose is None else predose
    chosen = selected(source, ~doses)
    derived, copied = derived_rows(source, ~doses)
    censored = text("censored")
    source.sheet.findings.add_each(
        censored[~censored.isin(["", "0", "1", "-1"])].rename("censored"), "{value} is no CENS", "0, 1 or -1"
    )
    flags = {name: text(name).replace({"Y": "1", "y": "1", "N": "0", "n": "0"}) for name in ("blq", "alq")}
    flags["blq"] = flags["blq"].mask((censored == "1") | derived, "1")
    flags["alq"] = flags["alq"].mask(censored == "-1", "1")
    level, live = text("level"), (event == 0) & ~doses & ~predose & chosen & ~copied
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
    sample = (event == 0) & ~doses & ~absent & ~hidden & chosen & ~copied
    cells |= {name: flags[name].where(sample, "") for name in ("blq", "alq")}
    cells |= {"time": time.where(sample, ""), "level": level.where(sample, "")}
    cells |= {name: cells[name].where(sample, "") for name in ("sampled", "nominal", "visit", "unit") if name in cells}
    cells["assay"] = assay_names(source, cells, told, sample)
    if "amount" in cells:
        given = cells.get("dose", blank)
        cells["dose"] = text("amount").where(doses, "").mask(doses & (text("amount") == ""), given)
        source.sheet.findings.names["dose"] = source.sheet.findings.names["amount"]
    strict = bool({"USUBJID", "PARAMCD"} & {name.upper() for name in source.columns})  # an ADPPK
    return [table_of(source.sheet, "levels", cells, covariates_of(source, told, strict=strict), implied=False)]


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


def _one_dose(source: Named, subject: pd.Series, time: pd.Series, doses: pd.Series) -> None:
    findings, rows = source.sheet.findings, pd.DataFrame({"subject": subject, "time": time})[doses]
    again = rows.loc[rows.duplicated("subject"), "time"].rename("time")
    accepted = "one dose row a patient: one infusion is modelled; EVID=2, or ignore=['CMT=...'], for other treatments"
    findings.add_each(again, "a second dose of this patient, at {value}", accepted)
    first = rows.drop_duplicates("subject")
    findings.add_each(first.loc[first["time"] == "", "time"], "a dose row without a time", "the time of the infusion")
    none = subject[~subject.isin(first["subject"])].nunique()
    if none and len(rows):
        source.notes.append(f"Times of {none} patients without a dose row are taken as days since infusion.")


def _since_dose(source: Named, cells: dict[str, pd.Series], doses: pd.Series) -> pd.Series:
    """Return times since the patient's dose row, as text; untouched where that stands at 0. Planned ones move too."""
    moved_any: dict[str, pd.Series] = {}
    subject = cells.get("subject", pd.Series("", index=doses.index, dtype=object))
    first = pd.DataFrame({"subject": subject, **cells})[doses].drop_duplicates("subject").set_index("subject")
    marks = [cells[name] for name in ("time", "nominal", "level", "amount", "lloq", "weight") if name in cells]
    mark = "," if any(own.str.contains(",", regex=False).any() for own in marks) else "."
    for name in ("time", "nominal"):
        if name not in cells:
            continue
        start = subject.map(first[name].map(_one_number)) if len(first) else pd.Series(0.0, index=doses.index)
        if name == "nominal" and source.sheet.findings.names.get("nominal", "").upper() != "NFRLT":
            start = start.fillna(moved_any["start"]) if "start" in moved_any else start
        moved_any.setdefault("start", start)
        moved = (start.fillna(0.0) != 0) & numbers_of(cells[name]).notna()
        if not moved.any():
            continue
        shifted = (numbers_of(cells[name]) - start)[moved].map(lambda value: repr(value).replace(".", mark))
        cells[name] = cells[name].mask(moved, shifted.reindex(doses.index))
        own = source.sheet.findings.names.get(name, name)
        text = f"{own} of {subject[moved].nunique()} patients counts from their dose row, which does not stand at 0."
        source.notes.append(text)
    return cells.get("time", pd.Series("", index=doses.index, dtype=object))


def _dated(source: Named, cells: dict[str, pd.Series], clock: pd.Series, doses: pd.Series) -> pd.Series:
    """Put the date-times into the cells, and return which rows lie before the infusion."""
    subject = cells["subject"]
    infusion = subject.map(pd.DataFrame({"subject": subject, "at": clock})[doses].groupby("subject")["at"].first())
    cells |= {"sampled": clock.where(~doses, ""), "infusion": infusion.where(doses, "").fillna("")}
    between = days_between(read_when(infusion.fillna("")), read_when(clock))
    cells.pop("time", None)
    return (between["days"] < 0) | (~between["by_date"] & (between["days"] <= 0))


def _interval_censored(source: Named, rows: pd.Series) -> None:
    if rows.any():
        text = "with LIMIT > 0 beside CENS=1, whose interval cannot be used; they count as below its upper end"
        say_rows(source, rows, text)


def _one_number(text: str) -> float:
    return float(pd.to_numeric(text.replace(",", "."), errors="coerce"))
