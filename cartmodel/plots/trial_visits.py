"""Every planned sample of every patient: quantified, below the LLOQ, missed or not reached."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cartmodel.description import planned_days, samples_by_visit
from cartmodel.description.schedule import BLQ, MISSED, QUANTIFIED, UNSEEN
from cartmodel.plots.style import (
    BLUE,
    DARK,
    ORANGE,
    VERMILLION,
    columns_of,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text, short_names
from cartmodel.prediction.words import dose_words
from cartmodel.trial import TrialData

_COLOURS = {QUANTIFIED: BLUE, BLQ: ORANGE, MISSED: VERMILLION, UNSEEN: "#e6e6e6"}
_LETTERS = {QUANTIFIED: "", BLQ: "<", MISSED: "x", UNSEEN: ""}
_MOST = 80
"""Patients who can be named one by one."""


def visits_by_patient(
    trial: TrialData, schedule: Sequence[float] | None = None, stamp: str = "", *, width: float | None = None
) -> Figure:
    """Return a grid of patients and planned visits, a panel for each assay: what became of each sample.

    Patients are in the order of their dose. Beyond 80 patients rows are not named.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    schedule : sequence of float, optional
        Planned days; default: the nominal days of the table.
    stamp : str
        Words in the corner; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.

    Raises
    ------
    ValueError
        If there is no schedule: neither given nor in the table.
    """
    days = planned_days(trial, schedule)
    if not len(days):
        raise ValueError("no schedule; accepted: the planned days, or a table with nominal days")
    table = samples_by_visit(trial, days)
    order = trial.dose_group.sort_values(kind="stable").index
    assays = trial.assays or ("",)
    each = 0.34 * len(days) + 0.5  # inches of a panel
    width = max(6.0, 1.6 + len(assays) * each) if width is None else width
    columns = columns_of(width, len(assays), each + 0.8)
    deep = -(-len(assays) // columns)
    with style(width):
        counts = table["status"].value_counts()
        told = ", ".join(f"{int(counts.get(status, 0))} {status}" for status in _COLOURS)
        notes = [trial.name, f"{patients_text(len(order))}; planned samples: {told}"]
        rows, stamped = min(len(order), _MOST), stamp_text(trial.simulated, stamp)
        height = scale_of(width) * (0.6 + deep * (0.6 + 0.19 * max(rows, 4)))
        figure = new_figure(width, height, "Samples by visit", notes, stamped)
        grid = list(figure.subplots(deep, columns, squeeze=False, sharey=True).flat)
        for place, assay in enumerate(assays):
            statuses = table[table["assay"] == assay].pivot_table("status", "subject", "visit", aggfunc="first")
            filled = statuses.reindex(index=order, columns=list(days)).astype(object)
            _tiles(grid[place], filled.where(filled.notna(), UNSEEN).to_numpy(), days)  # without any sample, no assay
            grid[place].set_title(f"assay {assay}" if assay else "no samples", parse_math=False)
            if place % columns == 0:
                _names(grid[place], trial, list(order))
        for axes in grid[len(assays) :]:
            axes.remove()
        handles = [Patch(color=_COLOURS[status], label=f"{_LETTERS[status]} {status}".strip()) for status in _COLOURS]
        footer(figure, handles, 4, "Planned day")
    return figure


def _tiles(axes: Axes, statuses: np.ndarray, days: np.ndarray) -> None:
    codes = list(_COLOURS)
    numbers = np.array([[codes.index(status) for status in row] for row in statuses])
    axes.pcolormesh(
        numbers, cmap=ListedColormap(list(_COLOURS.values())), vmin=-0.5, vmax=len(codes) - 0.5, edgecolor="white",
        linewidth=0.8 if len(numbers) <= _MOST else 0.0, gid="tiles",
    )  # fmt: skip
    if len(numbers) <= _MOST:
        for row, column in zip(*np.nonzero(np.isin(numbers, (1, 2))), strict=True):
            letter = _LETTERS[codes[numbers[row, column]]]
            axes.text(column + 0.5, row + 0.5, letter, ha="center", va="center", size=0.75 * small(), color=DARK)
    axes.set_ylim(len(numbers), 0)
    axes.set_xticks(np.arange(len(days)) + 0.5, [f"{day:g}" for day in days])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _names(axes: Axes, trial: TrialData, order: list[str]) -> None:
    doses = trial.dose_group
    if len(order) > _MOST:
        axes.set_yticks([])
        axes.set_ylabel(f"{len(order)} patients, by dose")
        return
    labels = [f"{short}, {dose_words(doses[name])}" for short, name in zip(short_names(order, 14), order, strict=True)]
    axes.set_yticks(np.arange(len(order)) + 0.5, labels, parse_math=False)
    axes.tick_params(axis="y", labelsize=0.9 * small())
    axes.set_ylabel(" ")  # keeps the longest name off the edge
