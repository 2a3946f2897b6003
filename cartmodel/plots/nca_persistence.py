"""Kaplan-Meier curves of persistence by dose."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.noncompartmental import kaplan_meier, median_time, persistence_times
from cartmodel.plots.axes import time_axis, time_label
from cartmodel.plots.style import (
    DARK,
    columns_of,
    dose_groups,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.trial import TrialData


def persistence_curves(trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure:
    """Return the share of patients still quantifiable after the peak: a panel for each assay and dose group.

    The event is the first BLQ sample after the peak, on its day. Bands are 95% log-log limits, ticks censored patients;
    the numbers at the foot are patients at risk. More than six different doses are merged into four ranges.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    stamp : str
        Words in the corner; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    times = persistence_times(trial).set_index("subject")
    groups = dose_groups(trial.dose_group.to_numpy(float))
    columns = max(1, len(groups) if len(groups) <= 4 else 3)
    width = max(6.0, 3.1 * columns + 0.6) if width is None else width
    columns = columns_of(width, columns, 2.4)
    deep, assays = max(1, ceil(len(groups) / columns)), trial.assays or ("",)
    last = float(times["day"].max()) if times["day"].notna().any() else 28.0
    with style(width):
        silent = times[times["reason"] != ""].index.unique()
        excluded = f"; {len(silent)} without a quantified sample left out" if len(silent) else ""
        notes = [
            trial.name,
            f"Event: first BLQ sample after the peak, on its day; the loss lies between two visits{excluded}. "
            "Kaplan-Meier, bands: 95% log-log limits.",
        ]
        rows = deep * len(assays)
        height, stamped = scale_of(width) * (2.9 * rows + 0.7), stamp_text(trial.simulated, stamp)
        figure = new_figure(width, height, "Persistence by dose group", notes, stamped)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for number, assay in enumerate(assays):
            block = list(grid[number * deep : (number + 1) * deep].flat)
            own = times[(times["assay"] == assay) & (times["reason"] == "")]
            for axes, (label, mask, colour) in zip(block, groups, strict=False):
                members = own[own.index.isin(trial.subjects.index[mask])]
                _panel(axes, members, colour, last)
                named = f", {assay}" if len(assays) > 1 else ""
                axes.set_title(f"{label}{named}, n = {len(members)}{_median(members)}", parse_math=False)
            for axes in block[len(groups) :]:
                axes.remove()
            for axes in block[: len(groups) : columns]:
                axes.set_ylabel("Still quantifiable (%)")
        footer(figure, _legend(), 3, time_label(last))
    return figure


def _panel(axes: Axes, members: pd.DataFrame, colour: str, last: float) -> None:
    time_axis(axes, last, apart=0.15)
    axes.tick_params(labelbottom=True)
    axes.set_ylim(-16, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    if not len(members):
        axes.text(0.5, 0.5, "no patient", transform=axes.transAxes, ha="center", color=DARK)
        return
    curve = kaplan_meier(members["day"], members["lost"])
    day, share = curve["day"].to_numpy(), 100.0 * curve["share"].to_numpy()
    limits = 100.0 * curve[["lower", "upper"]].to_numpy()
    for start, end, (low, high) in zip(day, day[1:], limits, strict=False):  # a step ends where the next begins
        if not np.isnan(low):
            axes.fill_between([start, end], low, high, color=colour, alpha=0.15, linewidth=0, gid="limits")
    axes.step(day, share, where="post", color=colour, linewidth=1.4, gid="curve")
    gone = curve["censored"].to_numpy() > 0
    axes.plot(day[gone], share[gone], linestyle="none", marker="|", markersize=8, color=colour, gid="censored")
    for tick in axes.get_xticks():
        risk = str(int((members["day"] >= tick).sum()))
        side, text = ("center", risk) if tick else ("left", f" {risk}")  # at day 0, clear of the axis
        axes.text(float(tick), -14, text, ha=side, va="bottom", size=0.9 * small(), color="#555555", gid="at risk")


def _median(members: pd.DataFrame) -> str:
    if not len(members):
        return ""
    median = median_time(kaplan_meier(members["day"], members["lost"]))["median"]
    return ", median not reached" if np.isnan(median) else f", median {median:.3g} d"


def _legend() -> list[Line2D | Patch]:
    return [
        Line2D([], [], color=DARK, linewidth=1.4, label="Kaplan-Meier"),
        Patch(facecolor=DARK, alpha=0.15, label="95% limits (none before the first loss)"),
        Line2D([], [], color=DARK, marker="|", markersize=8, linestyle="none", label="censored; at the foot: at risk"),
    ]
