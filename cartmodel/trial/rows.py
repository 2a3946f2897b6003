"""What data sets of NONMEM and CDISC have in common: rows that are no samples, assays by number or code."""

import re

import pandas as pd

from cartmodel.trial.naming import Named
from cartmodel.trial.told import Told

_ANALYSIS = re.compile(r"ANL\d\dFL")


def selected(source: Named, rows: pd.Series) -> pd.Series:
    """Return which rows the analysis flag ANL01FL selects: all without one; what it leaves out is counted and named.

    Other such flags (ANL02FL, ...) select for other analyses: where they are the only ones, which counts is asked.
    """
    names = {name.upper(): name for name in source.columns if _ANALYSIS.fullmatch(name.upper())}
    flagged = [name for upper, name in names.items() if upper == "ANL01FL"] or list(names.values())
    flagged = [name for name in source.columns if name == "analysis"] or flagged
    if not flagged:
        return pd.Series(True, index=rows.index)
    if len(flagged) > 1 or (flagged[0].upper() not in ("ANL01FL", "ANALYSIS")):
        accepted = (
            f"mapping={{'{flagged[0]}': 'analysis'}} for the one that counts, or ignore={flagged} for all records"
        )
        source.sheet.findings.add(1, "", f"{', '.join(flagged)} may each select the records that count", accepted)
        return pd.Series(True, index=rows.index)
    own = source.sheet.findings.names.get("analysis", flagged[0])
    source.taken[own] = "analysis", "Y: the records of the analysis"
    cells = source.columns[flagged[0]].str.upper()
    chosen = cells.isin(["Y", "1", "YES"])
    odd = cells[~chosen & ~cells.isin(["", "N", "0", "NO"])]
    source.sheet.findings.add_each(odd.rename(own), "{value} is no flag", "Y, N or blank")
    say_rows(
        source,
        rows & ~chosen,
        f"without {own} = Y, not records of the analysis, left out (ignore=['{own}'] keeps them)",
    )
    return chosen


def derived_rows(source: Named, rows: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return which rows have a DTYPE of an imputed limit, which are BLQ, and which another one: no samples."""
    name = next((name for name in source.columns if name.upper() in ("DTYPE", "DERIVED")), None)
    if name is None:
        none = pd.Series(False, index=rows.index)
        return none, none
    source.taken[source.sheet.findings.names.get("derived", name)] = "derived", "records that were not measured"
    kind = source.columns[name].str.upper()
    imputed = rows & kind.str.contains("LLOQ", regex=False).astype(bool)
    copied = rows & (kind != "") & ~imputed
    say_rows(source, imputed, "with a DTYPE that imputes a limit, taken as BLQ")
    for each in sorted(set(kind[copied])):
        say_rows(source, copied & (kind == each), f"with a DTYPE ({each}), derived records, which hold no sample")
    return imputed, copied


def numbers_of(text: pd.Series) -> pd.Series:
    """Return text as numbers, NaN where it is none; for decisions only, every value is checked later."""
    return pd.to_numeric(text.str.replace(",", "."), errors="coerce").astype(float)


def say_rows(source: Named, rows: pd.Series, what: str) -> None:
    """Note rows by number: which they are, and what is done about them."""
    if not rows.any():
        return
    numbers = [str(row) for row in rows.index[rows]]
    named = ", ".join(numbers[:20]) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")
    source.notes.append(f"Rows {what}: {len(numbers)} (row {named}).")


def assay_names(source: Named, cells: dict[str, pd.Series], told: Told, sample: pd.Series) -> pd.Series:
    """Return the assay of each sample: a name, or the number of the observation where there are several."""
    findings = source.sheet.findings
    if "assay" not in cells:
        return pd.Series("", index=sample.index, dtype=object)
    column, given = findings.names["assay"], cells["assay"]
    renamed = told.renamed_assays(column)
    distinct = list(given[sample & (given != "")].unique())
    if all(value.replace(".", "").isdigit() for value in distinct if value not in renamed):
        if len(distinct) < 2 and not renamed:
            return pd.Series("", index=sample.index, dtype=object)
        names = {value: renamed.get(value, f"{column.lower()}{value}") for value in distinct}
        if unnamed := [value for value in distinct if value not in renamed]:
            said = ", ".join(f"{column} {value} is called '{names[value]}'" for value in unnamed)
            remedy = f"mapping={{'{column}={unnamed[0]}': 'qpcr'}} names it otherwise"
            source.notes.append(f"{said}; {remedy}, ignore=['{column}={unnamed[0]}'] leaves it out.")
        return given.map(lambda value: names.get(str(value), "")).where(sample, "")
    names = {value: renamed.get(value, value.lower() if column.upper() == "PARAMCD" else value) for value in distinct}
    return given.map(lambda value: names.get(str(value), "")).where(sample, "")
