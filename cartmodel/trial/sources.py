"""From what a user names to sheets: a file, a folder, a frame, or frames by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cartmodel.errors import Problem, TrialTableError
from cartmodel.registry import nearest
from cartmodel.trial.columns import TABLES
from cartmodel.trial.sheet import Sheet, open_file, open_frame
from cartmodel.trial.told import Told

type Source = str | Path | pd.DataFrame | Mapping[str, pd.DataFrame]

_READ = (".csv", ".tsv", ".txt", ".xpt")
# The patients' own order comes from the table that lists them.
_ORDER = ("subjects", "adsl", "levels", "adpc", "adppk", "outcomes", "records", "assessments", "events")
_ADAM = ("adsl", "adpc", "adppk", "adae", "adrs")


def open_source(source: Source, told: Told) -> tuple[str, str, list[tuple[Sheet, str | None]], list[str]]:
    """Return title, stem, the sheets with the kind that their names say, and notes.

    Raises
    ------
    TrialTableError
        If there is nothing to read, or some of it cannot be opened: all problems of all files.
    """
    if isinstance(source, pd.DataFrame):
        return "trial table (DataFrame)", "trial", [(open_frame(source), None)], []
    if isinstance(source, Mapping):
        title = "trial tables (DataFrames)"
        opened = {
            str(name): lambda name=str(name), frame=frame: open_frame(frame, title=title, stem=name)
            for name, frame in source.items()
            if name not in told.ignore
        }
        return title, "trial", _opened(title, opened, {}), []
    path = Path(source)
    if not _is_folder(path):
        sheet = open_file(path)
        return sheet.title, sheet.stem, [(sheet, None)], []
    title = f"trial tables {path}"
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    tables = {file.name: file for file in files if file.suffix.lower() in _READ and file.name not in told.ignore}
    if not tables:
        accepted = f"a CSV file, or a folder with {', '.join(f'{kind}.csv' for kind in TABLES)}"
        raise TrialTableError(title, [Problem("table", "this is a directory without a table", accepted)])
    passed = [file.name for file in files if file.name not in tables]
    notes = [f"Files of the folder that were not read: {', '.join(passed)}."] if passed else []
    opened = {name: lambda file=file: open_file(file) for name, file in tables.items()}
    return title, path.resolve().name, _opened(title, opened, tables), notes


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _opened(
    title: str, tables: Mapping[str, Callable[[], Sheet]], files: Mapping[str, Path]
) -> list[tuple[Sheet, str | None]]:
    sheets: list[tuple[Sheet, str | None]] = []
    problems: list[Problem] = []
    for name, open_table in tables.items():
        stem = (files[name].stem if name in files else name).lower()
        try:
            sheet = open_table()
        except TrialTableError as error:
            for each in error.problems:
                problems.append(replace(each, where=name if each.where == "table" else f"{name}, {each.where}"))
            continue
        sheet.findings.file = name
        sheets.append((sheet, stem if stem in TABLES else None))
    stems = [sheet.stem.lower() for sheet, _ in sheets]
    for stem in sorted({stem for stem in stems if stems.count(stem) > 1}):
        what, accepted = f"'{stem}' stands there more than once", "each table once; ignore=[...] leaves one out"
        problems.append(Problem(title, what, accepted))
    if problems:
        raise TrialTableError(title, problems)
    return sorted(sheets, key=lambda pair: _place(pair[0].stem.lower()))


def unknown_file(sheet: Sheet) -> tuple[str, str]:
    """Return what is said of a table whose name and columns say nothing."""
    known = [*TABLES, *_ADAM]
    accepted = f"{nearest(sheet.stem, known)}; or ignore=['{sheet.findings.file}']"
    return f"'{sheet.stem}' is no table of a trial", accepted


def _place(stem: str) -> int:
    return _ORDER.index(stem) if stem in _ORDER else len(_ORDER)
