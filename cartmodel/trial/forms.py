"""Which form a sheet has, and our tables from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from cartmodel.registry import nearest
from cartmodel.trial.adam import adae_tables, adpc_tables, adsl_tables, bds_tables, is_adpc
from cartmodel.trial.columns import TABLES
from cartmodel.trial.naming import Named, named, said_aloud
from cartmodel.trial.nonmem import nonmem_tables
from cartmodel.trial.sheet import Sheet
from cartmodel.trial.sources import unknown_file
from cartmodel.trial.table import Table, table_of
from cartmodel.trial.told import Told

_DOSING = {"EVID", "MDV", "AMT", "AMOUNT", "CMT", "DVID", "YTYPE", "CENS", "CENSORING", "OBSERVATION ID", "ADM"}
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
        return [_own(source, kind or (_own_kind(source) if sheet.findings.file else "levels"))], source
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
    if not upper & {"USUBJID", "SUBJID"}:
        return None
    stem = source.sheet.stem.lower()
    if upper & _PARAMETERS_ONLY or (stem.startswith("adpp") and not stem.startswith("adppk")):
        source.sheet.findings.add(0, "", "a table of NCA parameters, not of samples", "ADPC, ADPPK, or ignore it")
        return _FORMS["adsl"]
    if upper & {"AEDECOD", "AETERM", "AETOXGR", "AETOXGRN"}:
        return _FORMS["adae"]
    if "PARAMCD" in upper and upper & {"AVAL", "AVALC"}:
        return _FORMS["adpc" if stem.startswith("adpc") or is_adpc(source) else "bds"]
    return None if kind in ("records", "assessments", "events") else _FORMS["adsl"]


_FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "nonmem": Form("a NONMEM, nlmixr2 or Monolix data set", nonmem_tables),
        "adpc": Form("CDISC ADPC", adpc_tables),
        "adsl": Form("CDISC ADSL", adsl_tables),
        "adae": Form("CDISC ADAE", adae_tables),
        "bds": Form("CDISC outcomes by PARAMCD (ADRS and the like)", bds_tables),
    }
)


def _own_kind(source: Named) -> str:
    """Return which of our tables has the most of a sheet's names; the main table where that cannot be told."""
    held = source.columns.keys() - {"subject", "study"}
    share = {kind: len(held & TABLES[kind].keys()) for kind in ("levels", "records", "assessments", "events")}
    best = max(share.values())
    return next(kind for kind, count in share.items() if count == best)


def _own(source: Named, kind: str) -> Table:
    known, findings = TABLES[kind], source.sheet.findings
    columns: dict[str, pd.Series] = {}
    for name, cells in source.columns.items():
        if name in known:
            columns[name] = cells
            source.taken.setdefault(findings.names.get(name, name), (name, "by its name"))
        else:
            accepted = f"{nearest(name, known)}; or ignore=['{name}'] to leave it out"
            findings.add(1, name, "unknown column", f"{accepted}; or mapping={{'{name}': ...}} to say what it is")
    return table_of(source.sheet, kind, columns, implied=True)
