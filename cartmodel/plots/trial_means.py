"""Geometric mean levels and BLQ shares by visit and dose."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.description import levels_by_visit, planned_days
from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.samples import lloq_handle, lloq_lines
from cartmodel.plots.style import (
    DARK,
    columns_of,
    dose_groups,
    footer,
    new_figure,
    scale_of,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text
from cartmodel.trial import TrialData

_RULE = (
    "BLQ counts for half its LLOQ; no mean where more than half of the samples are BLQ. Bars: one geometric SD. Doses "
    "stand side by side at a visit."
)


def mean_levels_by_dose(
    trial: TrialData, schedule: Sequence[float] | None = None, stamp: str = "", *, width: float | None = None
) -> Figure:
    """Return geometric mean levels and BLQ shares over time: a line for each dose, a column for each assay.

    A mean counts a BLQ sample for half its LLOQ, and is not drawn where more than half of the samples are BLQ. More
    than six different doses are merged into four ranges.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    schedule : sequence of float, optional
        Planned days; default: the nominal days of the table, else periods.
    stamp : str
        Words in the corner; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    days = planned_days(trial, schedule)
    groups = dose_groups(trial.dose_group.to_numpy(float))
    number = np.full(len(trial.subjects), np.nan)
    for place, (_, mask, _) in enumerate(groups):
        number[mask] = place
    # The groups of the figure stand in for the doses, since several doses may be one group.
    table = levels_by_visit(replace(trial, subjects=trial.subjects.assign(dose=number, dose_assigned=np.nan)), days)
    assays = trial.assays or ("",)
    last = float(table["visit"].max()) if len(table) else 28.0
    width = max(6.0, 4.6 * len(assays)) if width is None else width
    columns = columns_of(width, len(assays), 2.6)
    deep = -(-len(assays) // columns)
    with style(width):
        by = "by planned visit" if len(days) else "by period (no schedule given; drawn at its last day)"
        notes = [trial.name, f"{patients_text(len(trial.subjects))}, {by}. {_RULE}"]
        height, stamped = scale_of(width) * 5.6 * deep, stamp_text(trial.simulated, stamp)
        figure = new_figure(width, height, "Geometric mean levels by dose", notes, stamped)
        grid = figure.subplots(2 * deep, columns, squeeze=False, sharex=True, height_ratios=[2.2, 1.0] * deep)
        for place, assay in enumerate(assays):
            own = table[table["assay"] == assay]
            limits = trial.observations.loc[trial.observations["assay"] == assay, "lloq"].to_numpy(float)
            levels, shares = grid[2 * (place // columns) : 2 * (place // columns) + 2, place % columns]
            _means(levels, own, groups, limits)
            _shares(shares, own, groups)
            told = f"Level, assay {assay} ({trial.units[assay]})" if assay else "Level"
            levels.set_ylabel(told, parse_math=False)
            shares.set_ylabel("BLQ (% of samples)")
            for axes in (levels, shares):
                time_axis(axes, last)
            shares.tick_params(labelbottom=True)
        for axes in [
            axes for row in range(deep) for axes in grid[2 * row : 2 * row + 2, len(assays) - row * columns :].flat
        ]:
            axes.remove()
        limits = trial.observations["lloq"].to_numpy(float)
        limit = [lloq_handle(limits)] if not np.isnan(limits).all() else []
        footer(figure, [*_legend(groups), *limit], 3, time_label(last))
    return figure


def _beside(days: np.ndarray, place: int, groups: int) -> np.ndarray:
    """Return days moved a little, so that doses at one visit do not hide each other."""
    return days * (1.0 + 0.05 * (place - (groups - 1) / 2) / max(groups, 2))


def _means(axes: Axes, table: pd.DataFrame, groups: list[tuple[str, np.ndarray, str]], limits: np.ndarray) -> None:
    drawn = table["geometric_mean"].dropna()
    known = np.concatenate([drawn, limits[~np.isnan(limits)]])
    bars = np.concatenate([known, drawn / table["geometric_sd"].fillna(1.0)[drawn.index]]) if len(drawn) else known
    low, high = (float(bars.min()) / 1.5, float(known.max()) * 8) if len(known) else (0.1, 10.0)
    log_axis(axes.yaxis, low, high)
    lloq_lines(axes, limits)
    for place, (_, _, colour) in enumerate(groups):
        own = table[table["dose"] == place].sort_values("visit")
        at = _beside(own["visit"].to_numpy(float), place, len(groups))
        mean, factor = own["geometric_mean"].to_numpy(float), own["geometric_sd"].fillna(1.0).to_numpy(float)
        axes.plot(at, mean, color=colour, marker="o", markersize=4, linewidth=1.2, gid="means")
        axes.vlines(at, mean / factor, mean * factor, color=colour, linewidth=0.8, alpha=0.6, gid="spread")
    if not len(drawn):
        axes.text(0.5, 0.5, "no mean can be given", transform=axes.transAxes, ha="center", color=DARK)


def _shares(axes: Axes, table: pd.DataFrame, groups: list[tuple[str, np.ndarray, str]]) -> None:
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 50, 100])
    axes.axhline(50, color="#cccccc", linewidth=0.8)
    for place, (_, _, colour) in enumerate(groups):
        own = table[table["dose"] == place].sort_values("visit")
        at = _beside(own["visit"].to_numpy(float), place, len(groups))
        axes.plot(at, own["blq_percent"], color=colour, marker="v", markersize=4, linewidth=0.9, gid="shares")


def _legend(groups: list[tuple[str, np.ndarray, str]]) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, marker="o", markersize=4, linewidth=1.2, label=f"{label}, n = {int(mask.sum())}")
        for label, mask, colour in groups
    ]
