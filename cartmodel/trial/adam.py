"""CDISC ADaM data sets: ADPC, ADSL, ADAE, and outcomes by PARAMCD (ADRS, ADQS and the like).

Study days (ADY, ASTDY) have no day 0: day 1 is the day of the infusion, which is day 0 here. What analysis variables
say is taken rather than what collected ones say (ADTM rather than PCDTC). A clock time that was imputed (ATMF and the
like are H) is none. Records with a DTYPE were derived and are none; those that ANL01FL does not select do not count.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from cartmodel.trial.columns import ASSESSMENTS, COLUMNS, KINDS
from cartmodel.trial.covariates import covariates_of
from cartmodel.trial.naming import Named, choose
from cartmodel.trial.nonmem import NAMES as _DATA_SET
from cartmodel.trial.rows import assay_names, derived_rows, numbers_of, say_rows, selected
from cartmodel.trial.table import Table, table_of
from cartmodel.trial.told import Told

_OF_PATIENT = {
    "subject": "USUBJID > SUBJID",
    "study": "STUDYID",
    "infusion": "TRTSDTM > TRTSDTC > TRTSDT > RFXSTDTC",
    "time_unit": "FRLTU AFRLTU TIMEU",
    **{
        name: _DATA_SET[name]
        for name in (
            "dose", "dose_assigned", "dose_unit", "weight_unit", "dlt", "dlt_day", "remission", "criss_step1",
            "criss_lp", "tocilizumab_day", "steroid_day", "follow_up",
        )
    },
    "weight": "WTBL WEIGHTBL WTBLKG",
    "dlt": "DLT DLTFL",
}  # fmt: skip
_ADPC = _OF_PATIENT | {
    "time": "AFRLT",
    "nominal": "NFRLT",
    "level": "AVAL",
    "text": "AVALC > AVALCAT1 > PCSTRESC > PCORRES",
    "unit": "AVALU > PCSTRESU",
    "blq": "BLQFL > BLQFN",
    "lloq": "ALLOQ > PCLLOQ LLOQ",
    "alq": "ALQFL",
    "uloq": "AULOQ > PCULOQ ULOQ",
    "assay": "ASSAY > PARAMCD",
    "visit": "AVISIT > VISIT",
    "sampled": "ADTM > ADTC > ADT > PCDTC",
    "event": "EVID",
    "status": "PCSTAT",
}
_ADAE = {
    "subject": "USUBJID > SUBJID",
    "study": "STUDYID",
    "time_unit": "FRLTU AFRLTU TIMEU",
    "day": "AFRLT > ASTDY AESTDY",
    "end_day": "AENDY AEENDY",
    "term": "AEDECOD > AETERM",
    "soc": "AEBODSYS AESOC",
    "grade": "ATOXGRN > AETOXGRN > ATOXGR > AETOXGR",
    "related": "AREL > AEREL",
    "dlt": "DLTFL AEDLTFL",
    "at": "ASTDTM > ASTDT > AESTDTC",
    "until": "AENDTM > AENDT > AEENDTC",
}
_BDS = {
    "subject": "USUBJID > SUBJID",
    "study": "STUDYID",
    "time_unit": "FRLTU AFRLTU TIMEU",
    "code": "PARAMCD",
    "value": "AVAL",
    "text": "AVALC",
    "unit": "AVALU",
    "day": "AFRLT > ADY",
    "visit": "AVISIT > VISIT",
    "at": "ADTM > ADT",
}
CODES: Mapping[str, str] = MappingProxyType(
    {
        "DLT": "dlt",
        "DLTDY": "dlt_day",
        "REMISS": "remission",
        "CRISSTP1": "criss_step1",
        "CRISSLP": "criss_lp",
        "FUPDY": "follow_up",
        "MRSS": "mrss",
        "FVCPP": "fvc",
        "PTGLOB": "patient_global",
        "MDGLOB": "physician_global",
        "HAQDI": "haq",
        "RENCRIS": "renal_crisis",
        "ILD": "ild",
        "LVFAIL": "lv_failure",
        "PAH": "pah",
        **{kind[:8].upper(): kind for kind in KINDS},
        "LYMPHDEP": "lymphodepletion",
        "TOCI": "tocilizumab",
    }
)
"""What each PARAMCD of an outcome table is, among our columns and kinds of records."""

_FLAGS = {"Y": "1", "N": "0", "YES": "1", "NO": "0"}
_RELATED = _FLAGS | {"RELATED": "1", "NOT RELATED": "0", "UNRELATED": "0"}
_LIMIT = r"(?P<limit>\d[\d.,]*(?:\s*[x*]\s*10\^?\d+|e[+-]?\d+)?)"
_ABOVE = re.compile(rf"(?:>|ALQ|AQL|AULOQ|ULOQ)\s*=?\s*(?:{_LIMIT})?(?:\s*[a-zµμ].*)?", re.IGNORECASE)
_BELOW = re.compile(
    r"\*?(?:(?:DETECT(?:ED|ABLE)|POSITIVE)\W*)?"
    r"(?:<|BLL?O?Q|BQL|LLOQ|BELOW\b[A-Z ]*|(?:TARGET )?NOT DETECT\w+|UNDETECT\w+|NOT QUANTIF\w+|NEG|NEGATIVE|NQ)"
    rf"\s*[(:,]?\s*<?\s*(?:LLOQ\s*)?(?:{_LIMIT})?(?:\s*[a-zµμ)(].*)?",
    re.IGNORECASE,
)
_NO_SAMPLE = {"NOT DONE", "NO SAMPLE", "NS", "QNS", "NR", "NOT REPORTED", "MISSING", "LOST", "NA", "N/A", "."}
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
_POWER = re.compile(r"(\d+(?:\.\d+)?)\s*[x*]\s*10\^?(\d+)", re.IGNORECASE)
_IMPUTED = {"ADTM": "ATMF", "TRTSDTM": "TRTSTMF", "ASTDTM": "ASTTMF", "AENDTM": "AENTMF"}
"""The flag of each date-time that says which part of its clock time was made up: H all of it."""
_OF_EVENTS = {"CMDECOD", "CMTRT", "MHDECOD", "MHTERM", "EXTRT", "EXDOSE", "DSDECOD", "PRTRT", "ASTDY", "ADY"} | {
    "AVAL", "AVALC", "PCSTRESN", "PCSTRESC", "PCORRES", "PCTESTCD", "DV", "LEVEL", "TIME"
}  # fmt: skip
_OF_LABORATORY = {
    "LBTESTCD",
    "LBSEQ",
    "VSTESTCD",
    "VSSEQ",
    "EGTESTCD",
    "ANRIND",
    "BNRIND",
    "A1LO",
    "A1HI",
    "ANRLO",
    "ANRHI",
}
_ADPC_ONLY = {
    "ADTM",
    "PCDTC",
    "AVALU",
    "AFRLT",
    "NFRLT",
    "ARRLT",
    "NRRLT",
    "ALLOQ",
    "AVALCAT1",
    "BLQFL",
    "PCTPT",
    "ATPT",
    "PCLLOQ",
    "PCSTRESC",
}


def is_adsl(source: Named) -> bool:
    """Return whether a table by USUBJID has one row a patient, and holds no events or findings."""
    upper = {name.upper(): name for name in source.columns}
    subject = source.columns[upper.get("USUBJID", upper.get("SUBJID", ""))]
    return not subject[subject != ""].duplicated().any() and not upper.keys() & _OF_EVENTS


def is_adpc(source: Named) -> bool:
    """Return whether a table by PARAMCD holds levels rather than outcomes or laboratory values."""
    upper = {name.upper(): name for name in source.columns}
    if upper.keys() & _OF_LABORATORY:
        return False
    codes = set(source.columns[upper["PARAMCD"]].str.upper()) if "PARAMCD" in upper else set[str]()
    return bool(upper.keys() & _ADPC_ONLY) and not codes & CODES.keys()


def adpc_tables(source: Named, told: Told) -> list[Table]:
    """Return the main table of an ADPC; dosing records keep their patients."""
    cells = choose(source, _ADPC, "CDISC ADPC")
    _without_imputed_clocks(source, cells)
    index = next(iter(cells.values())).index
    blank = pd.Series("", index=index, dtype=object)
    code = cells.get("assay", blank)
    doses = numbers_of(cells.get("event", blank)).isin([1, 4]) | code.str.upper().eq("DOSE")
    text, status = cells.get("text", blank), cells.get("status", blank).str.upper()
    imputed, copies = derived_rows(source, ~doses)
    copies |= ~selected(source, ~doses & ~copies) & ~doses
    (below, limit), (above, upper) = _said(text, _BELOW), _said(text, _ABOVE)
    for limits, given in ((limit, "lloq"), (upper, "uloq")):
        unclear = limits.map(_cannot_be_read) & ~doses & ~copies & (cells.get(given, blank) == "")
        accepted = "a limit such as <1000 or <5e1, or the limit in ALLOQ or AULOQ"
        source.sheet.findings.add_each(text[unclear].rename("text"), "the limit in {value} is unclear", accepted)
    limit, upper = (limits.map(_limit) for limits in (limit, upper))
    worded = below & ~doses & ~copies & (limit == "") & (cells.get("blq", blank) == "")
    say_rows(source, worded, "whose text says below the limit, taken as BLQ at their LLOQ")
    below |= imputed
    flag = _flags(cells.get("blq", blank), _FLAGS)
    flag = flag.mask(below & (flag == ""), "1")
    for name, told_limit in (("lloq", limit), ("uloq", upper)):
        cells[name] = cells.get(name, blank).mask(cells.get(name, blank) == "", told_limit)
    high = _flags(cells.get("alq", blank), _FLAGS)
    cells["alq"] = high.mask(above & (high == ""), "1")
    level = cells.get("level", blank)
    predose = numbers_of(cells.get("time", blank)) <= 0
    absent = ~doses & ~copies & ~predose & (level == "") & (flag != "1") & (cells["alq"] != "1")
    worded = absent & (text != "") & ~text.str.upper().isin(_NO_SAMPLE) & (status != "NOT DONE")
    accepted = "BLQFL = Y with the limit in ALLOQ for a level below it; NOT DONE, or blank, where there is no sample"
    source.sheet.findings.add_each(text[worded].rename("text"), "{value}, but AVAL is blank and BLQFL not Y", accepted)
    say_rows(source, absent & ~worded, "without AVAL and not BLQ, skipped and never taken as 0")
    absent |= ~doses & (status == "NOT DONE") & (level == "")
    sample = ~doses & ~copies & ~absent
    amount = level.where(doses, "")
    if (amount != "").any() and "dose" not in cells:
        cells["dose"] = amount
        cells["dose_unit"] = cells.get("dose_unit", blank).mask(doses, cells.get("unit", blank))
    cells |= {"blq": flag, "level": level}
    for name in ("time", "nominal", "level", "blq", "lloq", "alq", "uloq", "unit", "visit", "sampled"):
        if name in cells:
            cells[name] = cells[name].where(sample, "")
    cells["assay"] = assay_names(source, cells, told, sample)
    if "dlt" in cells:
        cells["dlt"] = _flags(cells["dlt"], _FLAGS)
    own = {name: cells[name] for name in cells if name in COLUMNS}
    return [table_of(source.sheet, "levels", own, covariates_of(source, told, strict=True), implied=False)]


def adsl_tables(source: Named, told: Told) -> list[Table]:
    """Return the patients of an ADSL."""
    cells = choose(source, _OF_PATIENT, "CDISC ADSL")
    _without_imputed_clocks(source, cells)
    for name in ("dlt", "remission", "criss_step1"):
        if name in cells:
            cells[name] = _flags(cells[name], _FLAGS)
    return [table_of(source.sheet, "subjects", cells, covariates_of(source, told, strict=True), implied=False)]


def adae_tables(source: Named, told: Told) -> list[Table]:
    """Return the adverse events of an ADAE."""
    cells = choose(source, _ADAE, "CDISC ADAE")
    _without_imputed_clocks(source, cells)
    cells["grade"] = cells.get("grade", _blank(source)).str.upper().str.removeprefix("GRADE").str.strip()
    causality = told.renamed_assays(source.sheet.findings.names.get("related", "related"))  # --map AREL=POSSIBLE=1
    cells["related"] = _flags(cells.get("related", _blank(source)).replace(causality), _RELATED)
    _odd_causality(source, cells["related"])
    cells["dlt"] = _flags(cells.get("dlt", _blank(source)), _FLAGS)
    _without_day_0(source, cells)
    return [table_of(source.sheet, "events", cells, {}, implied=_study_days(source, cells))]


def _odd_causality(source: Named, related: pd.Series) -> None:
    """Note causality that is neither yes nor no, each word once, with how to say what it is."""
    name = source.sheet.findings.names.get("related", "related")
    for word in related[~related.isin(["0", "1"])].unique():
        rows = related.index[related == word]
        what = f"'{word}' ({len(rows)} rows) says neither related nor not"
        accepted = f"mapping={{'{name}={word}': '1'}} (--map {name}={word}=1) for related, 0 for not"
        source.sheet.findings.add(
            rows[0], "related", what, f"{accepted}; or ignore=['{name}={word}'] to leave them out"
        )
    related[~related.isin(["0", "1"])] = "0"  # said already


def bds_tables(source: Named, told: Told) -> list[Table]:
    """Return outcomes, assessments and records from a table with one value a row, by its PARAMCD."""
    cells = choose(source, _BDS, "CDISC BDS")
    _without_imputed_clocks(source, cells)
    blank = _blank(source)
    code = cells["code"].str.upper()
    what = code.map(lambda value: CODES.get(str(value), ""))
    unknown = sorted(set(code[what == ""]))
    if unknown:
        source.notes.append(f"{(what == '').sum()} rows with PARAMCD {', '.join(unknown)} are not used.")
    imputed, derived = derived_rows(source, what != "")
    what = what.where(~imputed & ~derived, "")
    what = what.where(selected(source, what != ""), "")
    _without_day_0(source, cells)
    text = _flags(cells.get("text", blank), _FLAGS)
    value = cells.get("value", blank)
    value = value.mask(value == "", text)
    implied = _study_days(source, cells)
    tables: list[Table] = []
    for kind, ours in (("outcomes", COLUMNS), ("assessments", ASSESSMENTS), ("records", KINDS)):
        names = [name for name in ours if name in set(CODES.values())]
        here = what.isin(names)
        if not here.any():
            continue
        own = {name: cells[name][here] for name in cells if name in ("subject", "study", "time_unit", "visit", "at")}
        day = cells.get("day", blank)[here]
        if kind == "records":
            own |= {"kind": what[here], "value": value[here], "unit": cells.get("unit", blank)[here], "day": day}
        else:
            own |= {name: value[here].where(what[here] == name, "") for name in names if (what[here] == name).any()}
            own |= {"time": day} if kind == "assessments" else {}
        tables.append(table_of(source.sheet, kind, own, {}, implied=implied))
    if not tables:
        accepted = f"an ADPC, or outcomes by {', '.join(CODES)}, or ignore it"
        source.sheet.findings.add(0, "", f"no PARAMCD is known ({', '.join(unknown[:10])})", accepted)
    return tables


def _blank(source: Named) -> pd.Series:
    return pd.Series("", index=next(iter(source.columns.values())).index, dtype=object)


def _said(text: pd.Series, pattern: re.Pattern[str]) -> tuple[pd.Series, pd.Series]:
    """Return which texts say that a level lies beyond a limit, and the limit where they give it."""
    found = {cell: pattern.fullmatch(cell) for cell in text.unique()}
    beyond = text.map({cell: match is not None for cell, match in found.items()}).astype(bool)
    return beyond, text.map({cell: (match["limit"] or "") if match else "" for cell, match in found.items()})


def _limit(text: str) -> str:
    """Return the number of a limit as text, blank where it is none that can be read."""
    if power := _POWER.fullmatch(text):
        return repr(float(power[1]) * 10.0 ** int(power[2]))
    return text if _NUMBER.fullmatch(text) else ""


def _cannot_be_read(text: str) -> bool:
    return text != "" and not _limit(text)


def _without_imputed_clocks(source: Named, cells: dict[str, pd.Series]) -> None:
    """Leave the date of every date-time whose clock time was imputed."""
    upper = {name.upper(): name for name in source.columns}
    for ours in ("sampled", "infusion", "at", "until"):
        flag = upper.get(_IMPUTED.get(source.sheet.findings.names.get(ours, "").upper(), ""))
        if ours in cells and flag is not None:
            made_up = source.columns[flag].str.upper() == "H"
            cells[ours] = cells[ours].mask(made_up, cells[ours].str.replace(r"[T: ]\d{2}:.*", "", regex=True))
            source.taken[flag] = ours, "H: the clock time is imputed, and not used"


def _flags(text: pd.Series, words: Mapping[str, str]) -> pd.Series:
    return text.map({cell: words.get(cell.upper(), cell) for cell in text.unique()}).astype(object)


def _without_day_0(source: Named, cells: dict[str, pd.Series]) -> None:
    """Turn study days into days since infusion: 1 becomes 0, and -1 stays the day before."""
    names = source.sheet.findings.names
    for name in ("day", "end_day"):
        if name in cells and names.get(name, "").upper() in ("ADY", "ASTDY", "AESTDY", "AENDY", "AEENDY"):
            number = numbers_of(cells[name])
            infusion = "1 is the day of infusion"
            source.sheet.findings.add_each(cells[name][number == 0].rename(name), "study day {value}", infusion)
            later = number > 0
            cells[name] = cells[name].mask(later, (number - 1).map(lambda day: f"{day:g}"))


def _study_days(source: Named, cells: dict[str, pd.Series]) -> bool:
    """Return whether all days are study days, whose unit needs no saying."""
    return source.sheet.findings.names.get("day", "").upper() not in ("AFRLT", "DAY") or "time_unit" not in cells
