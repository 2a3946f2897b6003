"""Observed levels by dose group."""

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.samples import blq_handle, draw_samples, lloq_handle, lloq_lines
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
from cartmodel.plots.words import patients_text, samples_text
from cartmodel.trial import TrialData


def levels_by_dose(trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure:
    """Return the observed levels over time: a panel for each assay and dose group, a line for each patient.

    Samples below the LLOQ are open triangles at the LLOQ, which is a dotted line (more than three LLOQs: a band). More
    than six different doses are merged into four ranges.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    groups = dose_groups(trial.dose_group.to_numpy(float))
    columns = max(1, len(groups) if len(groups) <= 4 else 3)
    width = max(6.0, 3.1 * columns + 0.6) if width is None else width
    columns = columns_of(width, columns, 2.2)
    with style(width):
        deep = max(1, ceil(len(groups) / columns))
        assays = trial.assays or ("",)  # without any sample there is no assay
        rows = deep * len(assays)
        seen = trial.observations
        notes = [
            trial.name,
            f"{patients_text(len(trial.subjects))}, {samples_text(seen['blq'])}",
        ]
        height = scale_of(width) * (3.0 * rows + 0.7)
        stamped = stamp_text(trial.simulated, stamp)
        figure = new_figure(width, height, "Observed levels by dose group", notes, stamped)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="none" if len(assays) > 1 else "all")
        last = float(seen["time"].max()) if len(seen) else 28.0
        for number, assay in enumerate(assays):
            block = list(grid[number * deep : (number + 1) * deep].flat)
            for axes, (label, mask, colour) in zip(block, groups, strict=False):
                _panel(axes, trial, assay, trial.subjects.index[mask], colour)
                axes.set_title(f"{label}, n = {int(mask.sum())}", parse_math=False)
                time_axis(axes, last)
                axes.tick_params(labelbottom=True)
            for axes in block[len(groups) :]:
                axes.remove()
            for axes in block[: len(groups) : columns]:
                told = f"Level, assay {assay} ({trial.units[assay]})" if assay else "Level"
                axes.set_ylabel(told, parse_math=False)
        one = Line2D([], [], color=DARK, marker="o", markersize=3, linewidth=0.9, label="one patient")
        footer(figure, [one, blq_handle(), lloq_handle(seen["lloq"].to_numpy(float))], 3, time_label(last))
    return figure


def _panel(axes: Axes, trial: TrialData, assay: str, patients: pd.Index, colour: str) -> None:
    whole = trial.observations[trial.observations["assay"] == assay]
    height = whole["level"].where(~whole["blq"], whole["lloq"])
    here = whole["subject"].isin(patients)
    log_axis(axes.yaxis, *((float(height.min()) / 2, float(height.max()) * 2) if len(whole) else (0.1, 10.0)))
    lloq_lines(axes, whole["lloq"].to_numpy(float))
    for _, samples in whole[here].groupby("subject", sort=False):
        axes.plot(samples["time"], height[samples.index], color=colour, linewidth=0.9, alpha=0.65)
    own = whole[here]
    draw_samples(axes, own["time"], height[own.index], own["blq"], colour)
    if not np.any(here):
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center", color=DARK)
