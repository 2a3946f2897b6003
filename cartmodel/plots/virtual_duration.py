"""How long virtual trials take and how many patients they treat."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.style import BLUE, DARK, GREEN, ORANGE, VERMILLION, footer, new_figure, style

if TYPE_CHECKING:  # what it takes to make one takes seconds to import
    from cartmodel.virtual.compare import TruthComparison

_COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, "#CC79A7", "#56B4E9", DARK)
_MARKERS = "osD^vP*"
_PANELS = {
    "duration_days": "Days to the last decision",
    "patients": "Patients infused",
    "dlts": "DLTs within the window",
}


def virtual_duration(found: "TruthComparison") -> Figure:
    """Return the mean duration, patients and DLTs of virtual trials by truth and design.

    Whiskers are 95% intervals of the Monte Carlo error.

    Parameters
    ----------
    found : TruthComparison
        From `compare_on_truths`.
    """
    truths, designs = list(dict.fromkeys(found.table["truth"])), list(dict.fromkeys(found.table["design"]))
    with style():
        notes = [
            f"means of {found.trials:,} virtual trials of each design and truth, on the same patients; whiskers: 95% "
            "intervals of the Monte Carlo error"
        ]
        height = 1.0 + len(truths) * max(0.34, 0.13 * len(designs))
        figure = new_figure(9.5, height, "Duration, patients and DLTs of virtual trials", notes, "SIMULATED")
        panels = figure.subplots(1, len(_PANELS), sharey=True)
        step = 0.7 / len(designs)
        for axes, (quantity, label) in zip(panels, _PANELS.items(), strict=True):
            rows = found.table[(found.table["quantity"] == quantity) & found.table["level"].isna()]
            for place, design in enumerate(designs):
                one = rows[rows["design"] == design].set_index("truth").loc[truths]
                at = np.arange(len(truths)) + (place - (len(designs) - 1) / 2) * step
                _points(axes, one, at, place)
            axes.set_xlabel(label)
            axes.set_xlim(left=0.0)
            axes.grid(visible=True, axis="x", color="#e6e6e6", linewidth=0.6)
        panels[0].set_yticks(range(len(truths)), truths, parse_math=False)
        panels[0].set_ylim(len(truths) - 0.5, -0.5)
        footer(figure, [_handle(place, design) for place, design in enumerate(designs)], min(4, len(designs)))
    return figure


def _points(axes: object, one: pd.DataFrame, at: np.ndarray, place: int) -> None:
    axes.errorbar(  # type: ignore[attr-defined]
        one["value"],
        at,
        xerr=1.96 * one["mc_error"],
        color=_COLOURS[place % len(_COLOURS)],
        marker=_MARKERS[place % len(_MARKERS)],
        markersize=4.5,
        linestyle="none",
        capsize=2,
        linewidth=0.9,
    )


def _handle(place: int, design: str) -> Line2D:
    return Line2D(
        [],
        [],
        color=_COLOURS[place % len(_COLOURS)],
        marker=_MARKERS[place % len(_MARKERS)],
        linestyle="none",
        label=design if len(design) <= 40 else f"{design[:37]}...",
    )
