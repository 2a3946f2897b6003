"""The baseline covariates of a trial's patients, by dose group."""

import numpy as np
import pandas as pd

from cartmodel.prediction.words import dose_words
from cartmodel.trial import TrialData

ALL = "all"
MOST = 8
"""Texts that are counted one by one; of more only how many there are."""

_COLUMNS = ["covariate", "group", "patients", "n", "missing", "median", "lowest", "highest", "counts"]


def covariates_by_dose(trial: TrialData) -> pd.DataFrame:
    """Return the baseline covariates, weight included, of each dose group and of all patients.

    Returns
    -------
    pandas.DataFrame
        ``covariate``, ``group`` (a dose in words, or ``all`` where there are several), ``patients`` of the group; ``n``
        with a value and ``missing``; of numbers ``median``, ``lowest`` and ``highest``; of texts ``counts``, such as
        ``F 4, M 2``.
    """
    told = trial.covariates.copy()
    if trial.subjects["weight"].notna().any():
        told.insert(0, "weight", trial.subjects["weight"].astype(float))
    doses = trial.dose_group
    groups = [(dose_words(float(str(dose))), own.index) for dose, own in doses.groupby(doses, dropna=False)]
    groups += [(ALL, doses.index)] if len(groups) > 1 else []
    rows: list[dict[str, object]] = []
    for name in map(str, told):
        for group, patients in groups:
            values = told[name].reindex(patients)
            numbers = pd.api.types.is_numeric_dtype(values)
            given = values.dropna() if numbers else values[values != ""]
            row: dict[str, object] = {"covariate": name, "group": group, "patients": len(values), "n": len(given)}
            row |= {"missing": len(values) - len(given), "median": np.nan, "lowest": np.nan, "highest": np.nan}
            if numbers:
                row |= {"median": given.median(), "lowest": given.min(), "highest": given.max()}
                rows.append(row | {"counts": ""})
            else:
                rows.append(row | {"counts": _counts(given)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _counts(given: pd.Series) -> str:
    counts = given.value_counts().sort_index(kind="stable")
    if len(counts) > MOST:
        return f"{len(counts)} different texts"
    return ", ".join(f"{text} {count}" for text, count in counts.items())
