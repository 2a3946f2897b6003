"""Swimmer plot: the course of every patient."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.courses import clinical_courses
from cartmodel.plots.axes import time_axis, time_label
from cartmodel.plots.style import (
    DARK,
    GREEN,
    GREY,
    VERMILLION,
    dose_groups,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text, short_names
from cartmodel.trial import TrialData


def swimmer(trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure:
    """Return a lane for each patient: infusion, time with cells in blood, highest level, DLT, response, last follow-up.

    A lane runs from the infusion to the last follow-up (the last sample, where none is recorded). Cells are drawn
    from the first to the last quantified sample; without a later sample below the LLOQ their loss was not seen. A DLT
    whose day is not recorded, and the response, stand beside the lane.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    stamp : str
        Words in the corner, such as ``"DRAFT"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches.
    """
    courses = clinical_courses(trial).sort_values("dose", kind="stable", ignore_index=True)
    groups = dose_groups(courses["dose"].to_numpy(float))
    width = 7.0 if width is None else width
    k = scale_of(width)
    ends = courses["follow_up"].fillna(0.0).to_numpy(float)
    last = max(float(ends.max(initial=0.0)), 28.0)
    with style(width):
        recorded = int(courses["follow_up_recorded"].sum())
        notes = [
            trial.name,
            f"{patients_text(len(courses))}, by dose; last follow-up recorded for {recorded}, else the last sample; "
            "marks at the right edge: DLT without a day, response",
        ]
        height = k * (0.2 * max(len(courses), 5) + 0.9)
        figure = new_figure(width, height, "Course of each patient", notes, stamp_text(trial.simulated, stamp))
        axes = figure.subplots()
        time_axis(axes, last)
        axes.set_ylim(len(courses) - 0.4, -0.6)
        for i, row in enumerate(courses.to_dict("records")):
            colour = next(c for _, mask, c in groups if mask[i])
            _lane(axes, i, row, colour, 1.02 + 0.16 / width)
        names = short_names([str(s) for s in courses["subject"]], 14)
        axes.set_yticks(range(len(courses)), names, parse_math=False)
        axes.tick_params(axis="y", length=0, labelsize=small())
        axes.set_xlabel(time_label(last))
        footer(figure, _legend(groups, courses), 3)
    return figure


def _lane(axes: Axes, i: int, row: dict[Any, Any], colour: str, beside: float) -> None:
    axes.hlines(i, 0.0, max(row["follow_up"], 0.0) if row["follow_up"] == row["follow_up"] else 0.0, color="#cccccc")
    if row["first_seen"] == row["first_seen"]:
        first, until = row["first_seen"], row["last_seen"]
        axes.fill_between([first, max(until, first + 0.3)], i - 0.3, i + 0.3, color=colour, alpha=0.45, linewidth=0)
        axes.plot(row["peak_day"], i, marker="^", markersize=4, color=DARK, linestyle="none", gid="peak")
        if not row["lost"]:
            axes.plot(until, i, marker=">", markersize=4, color=colour, linestyle="none", gid="still there")
    axes.plot(0.0, i, marker="|", markersize=6, color=DARK, clip_on=False, linestyle="none", gid="infusion")
    if row["follow_up"] == row["follow_up"]:
        axes.plot(row["follow_up"], i, marker="|", markersize=6, color=GREY, linestyle="none", gid="last")
    edge = axes.get_yaxis_transform()
    if row["dlt"] == 1:
        dated = row["dlt_day"] == row["dlt_day"]
        at, where = (row["dlt_day"], axes.transData) if dated else (1.02, edge)
        axes.plot(
            at,
            i,
            marker="X",
            markersize=5,
            color=VERMILLION,
            linestyle="none",
            transform=where,
            clip_on=False,
            gid="dlt",
        )
    if row["response"] == row["response"]:
        yes = row["response"] == 1
        axes.plot(
            beside, i, marker="*" if yes else "o", markersize=6 if yes else 3.5, color=GREEN if yes else GREY,
            markerfacecolor=GREEN if yes else "white", transform=edge, clip_on=False, linestyle="none", gid="response",
        )  # fmt: skip


def _legend(groups: list[tuple[str, np.ndarray, str]], courses: pd.DataFrame) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Patch(facecolor=colour, alpha=0.45, label=f"cells quantified: {label}, n = {int(mask.sum())}")
        for label, mask, colour in groups
    ]

    def mark(marker: str, colour: str, label: str, **more: object) -> Line2D:
        return Line2D([], [], marker=marker, color=colour, linestyle="none", label=label, **more)  # pyright: ignore[reportArgumentType]

    handles += [
        mark("|", DARK, "infusion"),
        mark("^", DARK, "highest level", markersize=4),
        mark(">", GREY, "still quantified at the last sample", markersize=4),
        mark("|", GREY, "last follow-up"),
    ]
    if (courses["dlt"] == 1).any():
        handles.append(mark("X", VERMILLION, "DLT", markersize=5))
    if courses["response"].notna().any():
        handles += [
            mark("*", GREEN, "remission", markersize=6),
            mark("o", GREY, "no remission", markersize=3.5, markerfacecolor="white"),
        ]
    return handles
