"""A verdict on disk: text, tables as CSV, and JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from cartmodel.conduct.ruling import Verdict
from cartmodel.spreadsheets import write_csv


def write_verdict(verdict: Verdict, folder: str | Path) -> list[Path]:
    """Write ``verdict.txt``, ``verdict.json`` and every table as CSV into a folder, and return their paths.

    The JSON holds the decision, the dates, the counts and all tables; blank values are null.

    Examples
    --------
    >>> write_verdict(said, "decision-2026-03-31")  # doctest: +SKIP
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = verdict_tables(verdict)
    written: list[Path] = []
    for name, table in tables.items():
        path = target / f"{name}.csv"
        write_csv(table.assign(trial=verdict.records.name, on=verdict.on.isoformat()), path)
        written.append(path)
    mark = {"simulated": verdict.simulated, "trial": verdict.records.name, "on": verdict.on.isoformat()}
    content = mark | {
        "decision": asdict(verdict.decision),
        "earliest": None if verdict.earliest is None else verdict.earliest.isoformat(),
        "why": verdict.why,
        "counts": {"evaluable": verdict.state.n, "dlts": verdict.state.dlt, "current": verdict.state.current},
        "doses": verdict.records.doses,
        "tables": {name: _records(table) for name, table in tables.items()},
    }
    text, data = target / "verdict.txt", target / "verdict.json"
    text.write_text(verdict.text + "\n", encoding="utf-8")
    data.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    return [text, data, *written]


def verdict_tables(verdict: Verdict) -> dict[str, pd.DataFrame]:
    """Return the tables of a verdict by name."""
    tables = {
        "log": verdict.log,
        "questions": verdict.questions,
        "designs": verdict.designs,
        "levels": verdict.levels,
        "pathways": verdict.pathways,
    }
    if verdict.advice is not None:
        tables |= {"advice": verdict.advice.table, "pending": verdict.advice.pending}
    return tables


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them."""
    return json.loads(table.to_json(orient="records", double_precision=15))
