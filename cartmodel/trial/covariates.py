"""Baseline covariates: what is told of a patient beside dose, weight and outcomes, one value each.

A data set's column of numbers with one value a patient is one; in ADaM tables those with a demographic's name or that
end in BL, which is taken off; in our own tables every other column, unless it looks like a misspelt one of ours. Where
a text and its numeric twin (SEX, SEXN) stand side by side, the text is taken. `.` and NA are missing.
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import pandas as pd

from cartmodel.trial.columns import COLUMNS
from cartmodel.trial.dates import read_when
from cartmodel.trial.naming import Named
from cartmodel.trial.table import BLANKS, Table
from cartmodel.trial.told import COVARIATE, Told

DEMOGRAPHICS = ("age", "sex", "race", "ethnic", "country", "region")
KNOWN = frozenset(
    {
        *DEMOGRAPHICS, "height", "ht", "bmi", "bsa", "alc", "anc", "wbc", "plt", "hgb", "ldh", "crp", "ferritin",
        "crcl", "egfr", "alt", "ast", "bili", "alb", "creat", "vcn", "transd", "mrss", "fvc", "dlco", "haq", "ecog",
        "kps", "cd4cd8", "disdur", "nprior", "smoke", "phenotyp", "product", "lot", "batch",
    }
)  # fmt: skip
"""Names that are baseline covariates wherever they stand."""

NOT_MISSPELT = KNOWN | {"site", "centre", "center", "arm", "cohort"}
_TECHNICAL = frozenset(
    {
        "C", "L1", "L2", "RATE", "II", "ADDL", "SS", "CMT", "PCMT", "ADM", "DVID", "YTYPE", "EVID", "MDV", "OCC", "TAD",
        "TALD", "TAFD", "TSFD", "LNDV", "LDV", "DVL", "ODV", "DVN", "FLAG", "NUM", "REC", "ROW", "LINE", "SEQ", "TYPE",
        "CALL", "CONT", "OBSERVATION_ID", "LIMIT", "BLOQ", "PART", "PERIOD", "CYCLE", "DAY", "HOUR", "CLOCK", "DATE",
        "DAT1", "DAT2", "DAT3",
    }
)  # fmt: skip
_IDENTIFIER = re.compile(r".*(?:ID|IDN|SEQ)", re.IGNORECASE)


type OneValue = Callable[[str, Sequence[pd.Series], Sequence[pd.Series]], pd.Series]


def covariates_of(source: Named, told: Told, *, strict: bool) -> dict[str, pd.Series]:
    """Return the columns of a data set or ADaM table that are covariates, as text under our names.

    Parameters
    ----------
    source : Named
        A sheet of which `choose` took what it knows.
    told : Told
        ``mapping`` may say that a column is a ``"covariate"``, or a ``"category"``: one whose numbers are names.
    strict : bool
        Take known names and those that end in BL only, as in ADaM tables, which have many other columns.
    """
    findings = source.sheet.findings
    free = {name: source.columns[name] for name in source.columns if _own(source, name) == ("", "not used")}
    upper = {name.upper() for name in free}
    subject = source.columns[next(name for name in source.columns if findings.names.get("subject") in (name, None))]
    found: dict[str, pd.Series] = {}
    origin: dict[str, str] = {}
    for name, cells in free.items():
        plain = name.lower().removesuffix("bl") if len(name) > 3 else name.lower()
        asked = told.columns.get(name) in COVARIATE
        if name.upper().endswith("N") and name.upper()[:-1] in upper and name.lower()[:-1] in KNOWN:
            _taken(source, name, "", f"not used: the numbers of {name[:-1]}")
            continue
        if not asked and plain not in KNOWN and not name.upper().endswith("BL"):
            if strict or name.upper() in _TECHNICAL or _IDENTIFIER.fullmatch(name) or not _all_numbers(cells):
                continue
            if varies(subject, cells):
                _taken(source, name, "", "not used: it varies within patients")
                source.notes.append(f"{name} varies within patients: it is no baseline covariate, and not used.")
                continue
        if plain in found and not found[plain].equals(cells):
            accepted = f"ignore=['{name}'], or ignore=['{origin[plain]}']"
            findings.add(1, "", f"{origin[plain]}, {name} may each be covariate '{plain}', and they differ", accepted)
            continue
        found[plain], origin[plain] = cells, name
        findings.names[plain] = name
        _taken(source, name, plain, "as told" if asked else "covariate")
    return found


def own_covariates(source: Named, told: Told, names: Sequence[str]) -> dict[str, pd.Series]:
    """Return which unknown columns of our own table are covariates, as text; the others are left to be refused."""
    subject = source.columns.get("subject")
    found: dict[str, pd.Series] = {}
    if subject is None:
        return found
    for name in names:
        cells, plain, asked = source.columns[name], name.lower(), told.columns.get(name) in COVARIATE
        near = get_close_matches(plain, COLUMNS, n=1)
        if not asked and plain not in NOT_MISSPELT and (near or varies(subject, cells) or _dates(cells)):
            continue
        if plain not in found:
            found[plain] = cells
            source.sheet.findings.names[plain] = name
            _taken(source, name, plain, "as told" if asked else "covariate")
    return found


def read_covariates(
    tables: Sequence[Table], told: Told, one_value: OneValue, patients: pd.Index
) -> tuple[pd.DataFrame, list[str]]:
    """Return the covariates of the patients, numbers or texts (blank where missing), by name, and what was taken.

    Parameters
    ----------
    tables : sequence of Table
        Their ``extra`` columns.
    told : Told
        Which covariates are categories though they are numbers.
    one_value : callable
        Gives the value of each patient, and notes every other value.
    patients : pandas.Index
        All patients.
    """
    names = sorted({name for table in tables for name in table.extra})
    found: dict[str, pd.Series] = {}
    for name in names:
        texts = [table.extra.get(name, pd.Series("", index=table.cells.index, dtype=object)) for table in tables]
        texts = [text.mask(text.isin(BLANKS), "") for text in texts]
        numbers = [table.as_numbers(text) for table, text in zip(tables, texts, strict=True)]
        given = sum(int((text != "").sum()) for text in texts)
        count = sum(int(own.notna().sum()) for own in numbers)
        category = any(
            told.columns.get(own, "") == "category" for table in tables if (own := table.findings.names.get(name, name))
        )
        if not given:
            continue
        if 0 < count < given and not category:
            for table, text, own in zip(tables, texts, numbers, strict=True):
                odd = text[(text != "") & own.isna()].drop_duplicates()
                accepted = f"a number or blank; or mapping={{'{table.findings.names.get(name, name)}': 'category'}}"
                table.findings.add_each(odd.rename(name), "{value}, but others of it are numbers", accepted)
            continue
        if count and not category:
            found[name] = one_value(name, numbers, texts).reindex(patients).astype(float)
        else:
            values = one_value(name, [text.where(text != "") for text in texts], texts).reindex(patients)
            found[name] = values.astype(object).where(values.notna(), "")
    frame = pd.DataFrame(found, index=patients)
    return frame, [f"Covariates, one value a patient: {', '.join(found)}."] if len(frame.columns) else []


def varies(subject: pd.Series, cells: pd.Series) -> bool:
    """Return whether some patient has two values of a column."""
    given = (cells != "") & ~cells.isin(BLANKS) & (subject != "")
    pairs = pd.DataFrame({"subject": subject, "value": cells})[given].drop_duplicates()
    return bool(pairs["subject"].duplicated().any())


def _all_numbers(cells: pd.Series) -> bool:
    distinct = pd.Series([cell for cell in cells.unique() if cell and cell not in BLANKS], dtype=object)
    numbers = pd.to_numeric(distinct.str.replace(",", "."), errors="coerce")
    return len(distinct) > 0 and bool(numbers.notna().all())


def _dates(cells: pd.Series) -> bool:
    distinct = pd.Series([cell for cell in cells.unique() if cell and cell not in BLANKS], dtype=object)
    return len(distinct) > 0 and bool(read_when(distinct)["when"].notna().all())


def _own(source: Named, name: str) -> tuple[str, str]:
    own = next((theirs for ours, theirs in source.sheet.findings.names.items() if ours == name), name)
    return source.taken.get(own, ("", ""))


def _taken(source: Named, name: str, ours: str, how: str) -> None:
    source.taken[next((theirs for mine, theirs in source.sheet.findings.names.items() if mine == name), name)] = (
        ours,
        how,
    )
