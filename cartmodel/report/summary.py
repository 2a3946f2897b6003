"""A fit in words and tables, in the order in which a reader should see them."""

from dataclasses import dataclass

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


def render(summary: Summary) -> Group:
    """Return the printed form of a summary: the verdict first, what the trial cannot tell last."""
    attrs = summary.fit.attrs
    how = f"{attrs['method']} fit, {attrs['sampler']}, seed {attrs['random_seed']}"
    heading = Text(f"{attrs['trial']}  |  model {attrs['model']}  |  {how}")
    if attrs["simulated"]:
        heading = Text("SIMULATED DATA - not a real trial\n", style="bold") + heading
    colour = "green" if summary.diagnosis.trusted else "red"
    parts = [heading, Panel(Text(summary.diagnosis.verdict), title="Can this fit be trusted?", border_style=colour)]
    parts += [_parameters(summary), _exposures(summary)]
    if len(summary.outcomes):
        parts.append(_outcomes(summary))
    bullets = Text("\n").join(Text(f"- {sentence}") for sentence in summary.limits)
    parts.append(Panel(bullets, title="What this trial cannot tell"))
    return Group(*parts)


def _table(title: str, caption: str, *columns: str) -> Table:
    table = Table(
        title=Text(title), caption=Text(caption), box=SIMPLE_HEAD, title_justify="left", caption_justify="left"
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    return table


def _parameters(summary: Summary) -> Table:
    unit = spec_of(summary.fit).unit
    table = _table(
        f"Parameters (levels in {unit}, times in days, rates per day)",
        "Medians and equal-tailed 95% intervals. CV% = 100 sqrt(exp(omega^2) - 1). "
        "Shrinkage = 1 - Var_i(E[eta_i|y]) / E[omega^2]. Contraction = 1 - posterior / prior variance.",
        "parameter", "median", "95% interval", "CV%", "R-hat", "ESS bulk", "ESS tail", "shrinkage", "prior (95%)",
        "contraction", "the data",
    )  # fmt: skip
    block = ""
    for row in summary.parameters.to_dict("records"):
        if row["block"] != block:
            block = row["block"]
            table.add_section()
            table.add_row(f"[bold]{block}[/bold]", *[""] * 10)
        table.add_row(
            Text(row["parameter"]),
            amount(row["median"]),
            interval(row["lower"], row["upper"]),
            _percent(row.get("cv_percent")),
            f"{row['rhat']:.3f}",
            f"{row['ess_bulk']:.0f}",
            f"{row['ess_tail']:.0f}",
            _share(row.get("eta_shrinkage")),
            interval(row.get("prior_lower", float("nan")), row.get("prior_upper", float("nan"))),
            _share(row.get("contraction")),
            str(row.get("moved", "")),
        )
    return table


def _percent(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.2f}"


def _dose(value: float) -> str:
    return dose_words(value) if value == value else "-"


def _exposures(summary: Summary) -> Table:
    table = _table(
        "Exposures per dose group",
        "Group: geometric mean of the trial's patients. New patient: where 95% of new patients at this dose would lie.",
        "dose", "exposure", "patients", "group median", "group 95% interval", "new patient median",
        "new patient 95% range", "unit",
    )  # fmt: skip
    for row in summary.exposures.to_dict("records"):
        table.add_row(
            _dose(row["dose"]), label(row["exposure"]), str(row["patients"]), amount(row.get("median", float("nan"))),
            interval(row.get("lower", float("nan")), row.get("upper", float("nan"))), amount(row["new_median"]),
            interval(row["new_lower"], row["new_upper"]), Text(row["units"]),
        )  # fmt: skip
    return table


def _outcomes(summary: Summary) -> Table:
    table = _table(
        "Remission and DLT per dose",
        "Probability for a new patient at this dose, with its 95% interval, beside what was observed.",
        "dose", "outcome", "probability", "95% interval", "observed",
    )  # fmt: skip
    for row in summary.outcomes.to_dict("records"):
        range_ = f"{row['lower']:.3f} to {row['upper']:.3f}"
        table.add_row(
            _dose(row["dose"]),
            label(row["outcome"]),
            f"{row['median']:.3f}",
            range_,
            f"{row['events']} of {row['observed']}",
        )
    return table


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """Print a summary to a console."""
    (console or Console()).print(render(summary))
