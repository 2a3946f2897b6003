"""Writing a trial in one of the forms, and checking that what was written says the same."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.errors import TrialTableError, UnknownNameError
from cartmodel.registry import nearest
from cartmodel.spreadsheets import formulas_among
from cartmodel.submission.adpc import ADPC_LABELS, to_adpc
from cartmodel.submission.adpp import ADPP_LABELS, to_adpp
from cartmodel.submission.adppk import ADPPK_LABELS, to_adppk
from cartmodel.submission.comparison import differences
from cartmodel.submission.data_set import to_nonmem
from cartmodel.submission.patients import categories, covariate_codes, covariates_renamed, lost
from cartmodel.submission.tables import to_tables
from cartmodel.trial import TrialData, read_trial
from cartmodel.trial.columns import COLUMNS
from cartmodel.trial.covariates import NOT_MISSPELT
from cartmodel.trial.data import empty_frame


@dataclass(frozen=True)
class Form:
    """A form of table: how it is made, the labels of its columns, and whether a trial comes back from it."""

    table: Callable[[TrialData], pd.DataFrame]
    labels: Mapping[str, str]
    readable: bool


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "adpc": Form(to_adpc, ADPC_LABELS, readable=True),
        "adppk": Form(to_adppk, ADPPK_LABELS, readable=True),
        "nonmem": Form(to_nonmem, {}, readable=True),
        "adpp": Form(to_adpp, ADPP_LABELS, readable=False),
    }
)
_TEXT = 200


def export_trial(trial: TrialData, form: str, path: str | Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write a trial in a form and return what that form cannot hold, one sentence each.

    A path that ends in ``.xpt`` becomes a SAS transport file of version 5 (names of 8 letters, texts of 200 bytes),
    any other a CSV file in UTF-8, with ``.`` for missing numbers in the NONMEM form. What was written is read back
    before it takes its place: it must be the same trial but for what is returned.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    form : {"adpc", "adppk", "nonmem", "adpp", "folder"}
        ADPC and ADPPK of CDISC ADaM, a NONMEM data set, ADPP, which holds NCA parameters and no samples, or a folder of
        our own tables as CSV, which holds everything.
    path : str or Path
        The file, or for ``"folder"`` the folder, to write.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UnknownNameError
        If there is no such form.
    ValueError
        If the file is there already, or the table does not fit into a SAS transport file.

    Examples
    --------
    >>> import tempfile
    >>> from cartmodel.trial import example_path
    >>> trial = read_trial(example_path("cd7_ssc"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     losses = export_trial(trial, "adpc", f"{folder}/adpc.xpt")
    ...     read_trial(f"{folder}/adpc.xpt").digest == trial.digest
    True
    """
    if form == "folder":
        return _write_folder(trial, Path(path), overwrite=overwrite)
    if form not in FORMS:
        raise UnknownNameError(f"unknown form '{form}': {nearest(form, [*FORMS, 'folder'])}")
    path, kind = Path(path), FORMS[form]
    if path.exists() and not (overwrite and path.is_file()):
        remedy = "a new file, or --overwrite (overwrite=True)" if path.is_file() else "the path of a file"
        raise ValueError(f"{path} is there already; accepted: {remedy}")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}; accepted: a file in a folder that is there")
    table, codes_of = kind.table(trial), covariate_codes(trial)
    handle, name = tempfile.mkstemp(suffix=path.suffix, prefix=f"{form}-", dir=path.parent)
    os.close(handle)
    try:
        if path.suffix.lower() == ".xpt":
            named = {code: own for own, code in codes_of.items()}
            write_xpt(table, Path(name), name=form.upper(), labels={**kind.labels, **named})
        else:
            _whole(table).to_csv(name, index=False, na_rep="." if form == "nonmem" else "")
        if kind.readable:
            told = {codes_of[own]: "category" for own in categories(trial)}
            _same(covariates_renamed(trial), name, told, form)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    parameters = ("It holds parameters and no samples: no trial comes back from it.",)
    told = _how_to_read({codes_of[own]: "category" for own in categories(trial)}, trial)
    plain = [] if path.suffix.lower() == ".xpt" else formulas({form: table})
    return (*(lost(trial) if kind.readable else parameters), *(told if kind.readable else ()), *plain)


def _write_folder(trial: TrialData, path: Path, *, overwrite: bool) -> tuple[str, ...]:
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not overwrite)):
        raise ValueError(f"{path} is not an empty folder; accepted: a new folder, or --overwrite (overwrite=True)")
    tables, told = to_tables(trial), _told(trial)
    _same(trial, tables, told, "folder")
    path.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        _whole(table).to_csv(path / f"{name}.csv", index=False)
    return (*_how_to_read(told, trial), *formulas(tables))


def _told(trial: TrialData) -> dict[str, str]:
    """Return what must be said of the covariates of our own tables when they are read back."""
    numbers = categories(trial)
    names = map(str, trial.covariates)
    alike = [name for name in names if name not in NOT_MISSPELT and get_close_matches(name, COLUMNS, n=1)]
    return dict.fromkeys(alike, "covariate") | dict.fromkeys(numbers, "category")


def _how_to_read(told: Mapping[str, str], trial: TrialData) -> list[str]:
    how = [f"When it is read, say mapping={dict(told)}."] if told else []
    if count := len(trial.above):
        how.append(f"It has {count} samples above their ULOQ: when it is read, say drop_alq=True (--drop-alq) again.")
    return how


def formulas(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the sentence that names the texts which a spreadsheet would take for formulas; they stay as they are."""
    found: dict[str, None] = {}
    for table in tables.values():
        for name in table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]:
            found |= dict.fromkeys(formulas_among(map(str, table[name].unique())))
    if not found:
        return []
    named = ", ".join(list(found)[:5]) + (", ..." if len(found) > 5 else "")
    return [
        f"{len(found)} texts begin as a formula does ({named}) and are written as they are: in a spreadsheet, import "
        "them as text."
    ]


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with columns of whole numbers as such, so that a flag is 1 and not 1.0."""
    floats = table.select_dtypes("float")
    whole = [name for name in floats if floats[name].notna().any() and (floats[name].dropna() % 1 == 0).all()]
    return table.astype({name: "Int64" for name in whole if floats[name].abs().max() < 2.0**53})


def write_xpt(table: pd.DataFrame, path: Path, *, name: str, labels: Mapping[str, str]) -> None:
    """Write a table as a SAS transport file of version 5.

    Raises
    ------
    ValueError
        With every name of more than 8 letters, text of more than 200 bytes and number that the format cannot hold.
    """
    import pyreadstat  # only files of this kind need it

    write: Any = pyreadstat.write_xport

    problems = [f"column '{column}' has more than 8 letters" for column in table if len(str(column)) > 8]
    for column in table:
        values = table[column]
        if pd.api.types.is_numeric_dtype(values):
            # IBM floating point: 16 to the power of -65 to 63.
            size = values.abs()[(values != 0) & values.notna()].astype(float)
            if ((size < 2.0**-256) | (size >= 2.0**252) | ~np.isfinite(size)).any():
                problems.append(f"column '{column}' holds a number that the format cannot")
        elif max((len(str(text).encode()) for text in values.tolist()), default=0) > _TEXT:
            problems.append(f"column '{column}' holds a text of more than {_TEXT} bytes")
    if problems:
        what = "; ".join(problems)
        raise ValueError(f"not a SAS transport file of version 5: {what}; accepted: CSV, or what fits into one")
    write(
        table,
        str(path),
        table_name=name,
        file_format_version=5,
        column_labels=[labels.get(str(column), str(column))[:40] for column in table],
    )


def _same(trial: TrialData, written: str | Mapping[str, pd.DataFrame], told: Mapping[str, str], form: str) -> None:
    """Check that a trial comes back from what was written, but for what a table of samples cannot hold."""
    bare = {part: empty_frame(list(getattr(trial, part))) for part in ("records", "assessments", "events")}
    expected = trial if form == "folder" else replace(trial, **bare)
    instead = "another value there" if form == "folder" else "another value there, or the form 'folder'"
    try:
        again = read_trial(written, mapping=told, drop_alq=bool(len(trial.above)))
    except TrialTableError as error:
        found = "; ".join(f"{problem.where}: {problem.what}" for problem in error.problems[:5])
        raise ValueError(f"the {form} table could not be read back: {found}; nothing was written") from error
    above, above_again = (replace(each, observations=each.above).digest for each in (expected, again))
    if (expected.digest, above) != (again.digest, above_again):
        found = "; ".join(differences(expected, again))
        raise ValueError(
            f"the {form} table does not give the same trial back; nothing was written. {found}. Accepted: {instead}"
        )
