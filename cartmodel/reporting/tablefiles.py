"""The tables of a report as files: numbers as CSV, and a formatted HTML page of each by great-tables."""

from pathlib import Path

import pandas as pd

from cartmodel.reporting.blocks import Content, Table
from cartmodel.spreadsheets import write_csv


def write_tables(content: Content, folder: Path, trial: str) -> list[Path]:
    """Write each table of a report as ``<name>.csv`` and ``<name>.html``, and return the paths.

    The CSV files hold the unrounded numbers; no text in them is taken for a formula (`write_csv`).

    Parameters
    ----------
    content : Content
        The report.
    folder : Path
        Where to write; made if it does not exist.
    trial : str
        The trial's name, a column of each CSV file: a simulated trial says so in every file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for table in content.tables:
        csv, html = folder / f"{table.name}.csv", folder / f"{table.name}.html"
        write_csv(table.numbers.assign(trial=trial), csv)
        html.write_text(formatted(table, content.subtitle, content.stamp), encoding="utf-8")
        paths += [csv, html]
    return paths


def formatted(table: Table, subtitle: str, stamp: str) -> str:
    """Return a table as an HTML page of its own, made by great-tables; all text is escaped."""
    from great_tables import GT, html
    from markupsafe import escape

    blocks: list[str] = []
    rows: list[tuple[str, ...]] = []
    current = ""
    for row in table.rows:
        if len(row) > 1 and not any(row[1:]):
            current = row[0]
            continue
        rows.append(row)
        blocks.append(current)
    columns = [f"c{i}" for i in range(len(table.columns))]
    frame = pd.DataFrame(rows, columns=columns)
    if any(blocks):
        frame["block"] = blocks
    shown = GT(frame, groupname_col="block" if any(blocks) else None)
    shown = shown.cols_label({key: str(name) for key, name in zip(columns, table.columns, strict=True)})
    shown = shown.cols_align("left").tab_header(title=table.title, subtitle=f"{stamp} {subtitle}".strip())
    if table.caption:
        shown = shown.tab_source_note(html(str(escape(table.caption))))
    return shown.as_raw_html(make_page=True)
