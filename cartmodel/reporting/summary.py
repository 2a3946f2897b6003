"""A fit in words and tables, in the order in which a reader should see them."""

from dataclasses import dataclass

import pandas as pd
import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from cartmodel.inference.diagnosis import Diagnosis, diagnose
from cartmodel.plots.words import parameter_unit
from cartmodel.prediction.doses import compare_doses, exposure_table, outcome_table
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.parameters import parameter_table
from cartmodel.prediction.predictions import predict
from cartmodel.reporting.blocks import Table
from cartmodel.reporting.limits import limits
from cartmodel.reporting.tables import exposure_rows, outcome_rows, parameter_rows


@dataclass(frozen=True, eq=False)
class Summary:
    """Everything that the main job prints and writes about one fit."""

    fit: xr.DataTree
    new: xr.Dataset
    diagnosis: Diagnosis
    parameters: pd.DataFrame
    exposures: pd.DataFrame
    outcomes: pd.DataFrame
    comparison: pd.DataFrame
    limits: list[str]


def summarise(fit: xr.DataTree) -> Summary:
    """Return verdict, tables and limits of a fit.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.summarise(cm.read_fit("run/fit.nc")).diagnosis.trusted  # doctest: +SKIP
    True
    """
    new = predict(fit)
    parameters, outcomes = parameter_table(fit), outcome_table(fit, new)
    parameters.insert(2, "unit", [parameter_unit(spec_of(fit), name) for name in parameters["parameter"]])
    comparison = compare_doses(fit, new=new)
    said = limits(fit, parameters, outcomes, comparison)
    return Summary(fit, new, diagnose(fit), parameters, exposure_table(fit, new), outcomes, comparison, said)


def render(summary: Summary, width: int) -> Group:
    """Return the printed form of a summary: the verdict first, what the trial cannot tell last."""
    attrs = summary.fit.attrs
    how = f"{attrs['method']} fit, {attrs['sampler']}, seed {attrs['random_seed']}"
    heading = Text(f"{attrs['trial']}  |  model {attrs['model']}  |  {how}")
    if attrs["simulated"]:
        heading = Text("SIMULATED DATA - not a real trial\n", style="bold") + heading
    colour = "green" if summary.diagnosis.trusted else "red"
    parts = [heading, Panel(Text(summary.diagnosis.verdict), title="Can this fit be trusted?", border_style=colour)]
    parts += _tables(parameter_rows(summary.parameters, spec_of(summary.fit).unit), width)
    parts += _tables(exposure_rows(summary.exposures), width)
    if len(summary.outcomes):
        parts += _tables(outcome_rows(summary.outcomes), width)
    bullets = Text("\n").join(Text(f"- {sentence}") for sentence in summary.limits)
    parts.append(Panel(bullets, title="What this trial cannot tell"))
    return Group(*parts)


def _tables(shown: Table, width: int) -> list[RichTable]:
    """Return a table as one, or as several with the same first columns: no number is folded over two lines."""
    columns, rows, keys = shown.columns, shown.rows, shown.keys
    needed = [3 + max(len(column), *(len(row[i]) for row in rows)) for i, column in enumerate(columns)]
    parts: list[list[int]] = [[]]
    for i in range(keys, len(columns)):
        if parts[-1] and sum(needed[:keys]) + sum(needed[k] for k in parts[-1]) + needed[i] > width:
            parts.append([])
        parts[-1].append(i)
    tables: list[RichTable] = []
    for number, part in enumerate(parts):
        last = number + 1 == len(parts)
        heading = Text(shown.title if not number else f"{shown.title}, continued")
        table = RichTable(title=heading, caption=Text(shown.caption) if last else None, box=SIMPLE_HEAD)
        table.title_justify = table.caption_justify = "left"
        for i in (*range(keys), *part):
            table.add_column(columns[i], justify="right" if i else "left", no_wrap=True)
        for row in rows:
            block = not any(row[1:])
            if block:
                table.add_section()
            table.add_row(*(Text(row[i], style="bold" if block else "") for i in (*range(keys), *part)))
        tables.append(table)
    return tables


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """Print a summary to a console."""
    shown = console or Console()
    shown.print(render(summary, shown.width))
