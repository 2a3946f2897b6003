"""Which form a sheet has, and our tables from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from cartmodel.registry import nearest
from cartmodel.trial.adam import adae_tables, adpc_tables, adsl_tables, bds_tables, is_adpc, is_adsl
from cartmodel.trial.columns import COLUMNS, TABLES
from cartmodel.trial.covariates import own_covariates, varies
from cartmodel.trial.naming import Named, named, said_aloud
from cartmodel.trial.nonmem import NAMES, nonmem_tables
from cartmodel.trial.sheet import Sheet
from cartmodel.trial.sources import unknown_file
from cartmodel.trial.table import Table, table_of
from cartmodel.trial.told import Told

_DOSING = {"EVID", "MDV", "AMT", "AMOUNT", "CMT", "DVID", "YTYPE", "CENS", "CENSORING", "OBSERVATION ID", "ADM"}
_OF_DOSES = _DOSING | {name for names in NAMES.values() for name in names.split()} | {"ADDL", "SS", "II", "RATE", "C"}
_PARAMETERS_ONLY = {"PPCAT", "PPSTRESN", "PPTESTCD", "PPSTRESU"}


@dataclass(frozen=True)
class Form:
    """A form of table: its name in words, and how our tables come from a sheet of it."""

    name: str
    tables: Callable[[Named, Told], list[Table]]


def read_sheet(sheet: Sheet, told: Told, kind: str | None) -> tuple[list[Table], Named]:
    """Return our tables from a sheet of any form, and how its columns were taken.

    Parameters
    ----------
    sheet : Sheet
        The table as text.
    told : Told
        What the user says about it.
    kind : str or None
        Which of ``TABLES`` its file's name says it is; None where the name says nothing.
    """
    source = named(sheet, told)
    form = recognise(source, kind)
    if form is None and kind is None and sheet.findings.file and "subject" not in source.columns:
        sheet.findings.add(0, "", *unknown_file(sheet))
        return [], source
    if form is None:
        return [_own(source, kind or (_own_kind(source) if sheet.findings.file else "levels"), told)], source
    tables = form.tables(source, told)
    source.notes.insert(0, said_aloud(source, form.name))
    return tables, source


def recognise(source: Named, kind: str | None) -> Form | None:
    """Return the form of a sheet by the names of its columns, None for our own."""
    held = set(source.columns)
    upper = {name.upper() for name in held}
    if "subject" in held and not (upper & _DOSING):
        return None
    if upper & {"ID", "SUBJECT", "USUBJID"} and upper & {"DV", "Y", "OBS", "OBSERVATION", "LEVEL"} and upper & _DOSING:
        return _FORMS["nonmem"]
    if "ID" in upper and {"AMT", "AMOUNT"} & upper and {"TIME", "EVID"} & upper:
        others = [name for name in source.columns if name.upper() not in _OF_DOSES]
        which = f"mapping={{'{others[0]}': 'level'}} if that is it" if others else "a column of that name"
        what, accepted = "a data set of doses without its levels (DV)", f"DV, Y or OBSERVATION; {which}"
        source.sheet.findings.add(1, "", what, accepted)
        return _FORMS["nonmem"]
    if not upper & {"USUBJID", "SUBJID"}:
        return None
    stem = source.sheet.stem.lower()
    if upper & _PARAMETERS_ONLY or (stem.startswith("adpp") and not stem.startswith("adppk")):
        source.sheet.findings.add(0, "", "a table of NCA parameters, not of samples", "ADPC, ADPPK, or ignore it")
        return _FORMS["adsl"]
    if upper & {"AEDECOD", "AETERM", "AETOXGR", "AETOXGRN"}:
        return _FORMS["adae"]
    if upper & {"AVAL", "AVALC"}:
        if stem.startswith("adpc") or is_adpc(source):
            return _FORMS["adpc"]
        return _FORMS["bds" if "PARAMCD" in upper else "other"]
    if kind in ("records", "assessments", "events"):
        return None
    return _FORMS["adsl"] if kind or stem.startswith("adsl") or is_adsl(source) else _FORMS["other"]


def _unknown(source: Named, told: Told) -> list[Table]:
    """Note a CDISC data set that says nothing of levels, patients or outcomes; what it holds is never guessed."""
    source.sheet.findings.add(0, "", *unknown_file(source.sheet))
    return []


_FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "nonmem": Form("a NONMEM, nlmixr2 or Monolix data set", nonmem_tables),
        "adpc": Form("CDISC ADPC", adpc_tables),
        "adsl": Form("CDISC ADSL", adsl_tables),
        "adae": Form("CDISC ADAE", adae_tables),
        "other": Form("no table of a trial", _unknown),
        "bds": Form("CDISC outcomes by PARAMCD (ADRS and the like)", bds_tables),
    }
)


def _own_kind(source: Named) -> str:
    """Return which of our tables has the most of a sheet's names; the main table where that cannot be told."""
    held = source.columns.keys() - {"subject", "study"}
    share = {kind: len(held & TABLES[kind].keys()) for kind in ("levels", "records", "assessments", "events")}
    best = max(share.values())
    return next(kind for kind, count in share.items() if count == best)


def _own(source: Named, kind: str, told: Told) -> Table:
    known, findings = TABLES[kind], source.sheet.findings
    columns: dict[str, pd.Series] = {}
    unknown = [name for name in source.columns if name not in known]
    extra = own_covariates(source, told, unknown) if known is COLUMNS else {}
    for name, cells in source.columns.items():
        if name in known:
            columns[name] = cells
            source.taken.setdefault(findings.names.get(name, name), (name, "by its name"))
        elif name.lower() not in extra:
            accepted = f"{nearest(name, known)}; or ignore=['{name}'] to leave it out"
            if known is COLUMNS and "subject" in source.columns and varies(source.columns["subject"], cells):
                accepted += " (it varies within patients: no covariate)"
            findings.add(1, name, "unknown column", f"{accepted}; or mapping={{'{name}': ...}} to say what it is")
    if "assay" in columns:
        renamed = told.renamed_assays(findings.names.get("assay", "assay"))
        columns["assay"] = columns["assay"].map(lambda value: renamed.get(str(value), value))
    return table_of(source.sheet, kind, columns, extra, implied=True)
