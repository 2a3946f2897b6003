"""What data sets of NONMEM and CDISC have in common: rows that are no samples, assays by number or code."""

import pandas as pd

from cartmodel.trial.naming import Named
from cartmodel.trial.told import Told


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
    renamed = {value: name for (where, value), name in told.assays.items() if where == column}
    distinct = list(given[sample & (given != "")].unique())
    if all(value.replace(".", "").isdigit() for value in distinct) and not renamed:
        if len(distinct) < 2:
            return pd.Series("", index=sample.index, dtype=object)
        names = {value: f"{column.lower()}{value}" for value in distinct}
        said = ", ".join(f"{column} {value} is called '{name}'" for value, name in names.items())
        source.notes.append(f"{said}; mapping={{'{column}={distinct[0]}': 'qpcr'}} names it otherwise.")
        return given.map(lambda value: names.get(str(value), "")).where(sample, "")
    names = {value: renamed.get(value, value.lower() if column.upper() == "PARAMCD" else value) for value in distinct}
    return given.map(lambda value: names.get(str(value), "")).where(sample, "")
