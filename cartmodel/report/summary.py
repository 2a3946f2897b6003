"""A fit in words and tables, in the order in which a reader should see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cartmodel.inference.diagnosis import Diagnosis, diagnose
from cartmodel.prediction.doses import compare_doses, exposure_table, outcome_table
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.parameters import parameter_table
from cartmodel.prediction.predictions import predict
from cartmodel.prediction.words import dose_words, exposure_words
from cartmodel.report.limits import limits
from cartmodel.report.words import amount, interval

OUTCOMES = {"remission": "remission", "dlt": "DLT"}


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
    comparison = compare_doses(fit, new=new)
    said = limits(fit, parameters, outcomes, comparison)
    return Summary(fit, new, diagnose(fit), parameters, exposure_table(fit, new), outcomes, comparison, said)


def label(name: str) -> str:
    """Return the field's name of an exposure or outcome.

    Examples
    --------
    >>> label("auc_0_28"), label("dlt")
    ('AUC0-28d', 'DLT')
    """
    return OUTCOMES.get(name) or exposure_words(name)


def render(summary: Summary, width: int) -> Group:
    """Return the printed form of a summary: the verdict first, what the trial cannot tell last."""
    attrs = summary.fit.attrs
    how = f"{attrs['method']} fit, {attrs['sampler']}, seed {attrs['random_seed']}"
    heading = Text(f"{attrs['trial']}  |  model {attrs['model']}  |  {how}")
    if attrs["simulated"]:
        heading = Text("SIMULATED DATA - not a real trial\n", style="bold") + heading
    colour = "green" if summary.diagnosis.trusted else "red"
    parts = [heading, Panel(Text(summary.diagnosis.verdict), title="Can this fit be trusted?", border_style=colour)]
    parts += [*_parameters(summary, width), *_exposures(summary, width)]
    if len(summary.outcomes):
        parts += _outcomes(summary, width)
    bullets = Text("\n").join(Text(f"- {sentence}") for sentence in summary.limits)
    parts.append(Panel(bullets, title="What this trial cannot tell"))
    return Group(*parts)


def _tables(
    title: str, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, keys: int, width: int
) -> list[Table]:
    """Return a table as one, or as several with the same first ``keys`` columns: no number is folded over two lines."""
    needed = [3 + max(len(column), *(len(row[i]) for row in rows)) for i, column in enumerate(columns)]
    parts: list[list[int]] = [[]]
    for i in range(keys, len(columns)):
        if parts[-1] and sum(needed[:keys]) + sum(needed[k] for k in parts[-1]) + needed[i] > width:
            parts.append([])
        parts[-1].append(i)
    tables: list[Table] = []
    for number, part in enumerate(parts):
        shown = [*range(keys), *part]
        last = number + 1 == len(parts)
        heading = Text(title if not number else f"{title}, continued")
        table = Table(title=heading, caption=Text(caption) if last else None, box=SIMPLE_HEAD)
        table.title_justify = table.caption_justify = "left"
        for i in shown:
            table.add_column(columns[i], justify="right" if i else "left", no_wrap=True)
        for row in rows:
            block = not any(row[1:])
            if block:
                table.add_section()
            table.add_row(*(Text(row[i], style="bold" if block else "") for i in shown))
        tables.append(table)
    return tables


def _parameters(summary: Summary, width: int) -> list[Table]:
    columns = (
        "parameter", "median", "95% interval", "the data", "CV%", "R-hat", "ESS bulk", "ESS tail", "shrinkage",
        "prior (95%)", "contraction",
    )  # fmt: skip
    rows: list[list[str]] = []
    block = ""
    for row in summary.parameters.to_dict("records"):
        if row["block"] != block:
            block = row["block"]
            rows.append([block, *[""] * (len(columns) - 1)])
        rows.append(
            [
                row["parameter"],
                amount(row["median"]),
                interval(row["lower"], row["upper"]),
                _known(row.get("moved"), str),
                _known(row.get("cv_percent"), lambda v: f"{v:,.0f}"),
                f"{row['rhat']:.3f}",
                f"{row['ess_bulk']:.0f}",
                f"{row['ess_tail']:.0f}",
                _known(row.get("eta_shrinkage"), lambda v: f"{v:.2f}"),
                "" if _known(row.get("prior_lower"), str) == "" else interval(row["prior_lower"], row["prior_upper"]),
                _known(row.get("contraction"), lambda v: f"{v:.2f}"),
            ]
        )
    return _tables(
        f"Parameters (levels in {spec_of(summary.fit).unit}, times in days, rates per day)",
        "Medians and equal-tailed 95% intervals. CV% = 100 sqrt(exp(omega^2) - 1). "
        "Shrinkage = 1 - Var_i(E[eta_i|y]) / E[omega^2]. Contraction = 1 - posterior / prior variance.",
        columns,
        rows,
        keys=1,
        width=width,
    )


def _known(value: Any, form: Callable[[Any], str]) -> str:
    return "" if value is None or value != value else form(value)


def _dose(value: float) -> str:
    return dose_words(value) if value == value else "-"


def _exposures(summary: Summary, width: int) -> list[Table]:
    rows = [
        [
            _dose(row["dose"]),
            label(row["exposure"]),
            str(row["patients"]),
            amount(row.get("median", float("nan"))),
            interval(row.get("lower", float("nan")), row.get("upper", float("nan"))),
            amount(row["new_median"]),
            interval(row["new_lower"], row["new_upper"]),
            row["units"],
        ]
        for row in summary.exposures.to_dict("records")
    ]
    return _tables(
        "Exposures per dose group",
        "Group: geometric mean of the trial's patients. New patient: where 95% of new patients at this dose would lie.",
        (
            "dose",
            "exposure",
            "patients",
            "group median",
            "group 95% interval",
            "new patient median",
            "new patient 95% range",
            "unit",
        ),
        rows,
        keys=2,
        width=width,
    )


def _outcomes(summary: Summary, width: int) -> list[Table]:
    rows = [
        [
            _dose(row["dose"]),
            label(row["outcome"]),
            f"{row['median']:.3f}",
            f"{row['lower']:.3f} to {row['upper']:.3f}",
            f"{row['events']} of {row['observed']}",
        ]
        for row in summary.outcomes.to_dict("records")
    ]
    return _tables(
        "Remission and DLT per dose",
        "Probability for a new patient at this dose, with its 95% interval, beside what was observed.",
        ("dose", "outcome", "probability", "95% interval", "observed"),
        rows,
        keys=2,
        width=width,
    )


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """Print a summary to a console."""
    shown = console or Console()
    shown.print(render(summary, shown.width))
