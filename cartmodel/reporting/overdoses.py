"""Predictions over doses as a figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.plots.axes import dose_axis, log_axis
from cartmodel.plots.style import BLUE, VERMILLION, footer, new_figure, stamp_text, style
from cartmodel.plots.words import unit_text

_SHOWN = 3  # panels: the first area under the curve, remission, DLT


def predictions_by_dose(data: Mapping[str, Any], trial: str, simulated: bool, stamp: str = "") -> Figure:
    """Return exposure, remission and DLT of new patients over doses, those outside the trial's doses shaded.

    Parameters
    ----------
    data : mapping
        From `explore`.
    trial : str
        The trial's name.
    simulated : bool
        Whether its data are.
    stamp : str
        Further words in the corner.
    """
    area = next((m for m in data["measures"] if m["name"].startswith("auc_")), data["measures"][0])
    shown = [area, *(m for m in data["measures"] if m["unit"] == "probability")][:_SHOWN]
    doses = np.array([d for d in data["doses"] if d is not None])
    x = np.log(doses) if len(doses) else np.array([-0.4, 0.4])
    with style():
        notes = [trial, "lines: medians; bands: equal-tailed 95% intervals"]
        figure = new_figure(
            3.1 * len(shown) + 0.5,
            3.4,
            "Predictions over doses" if len(doses) else "Predictions",
            notes,
            stamp_text(simulated, stamp),
        )
        for axes, measure in zip(figure.subplots(1, len(shown), squeeze=False).flat, shown, strict=True):
            low, middle, high = (np.asarray(measure[key]) for key in ("lower", "median", "upper"))
            if not len(doses):
                low, middle, high = (np.repeat(values, 2) for values in (low, middle, high))
            axes.fill_between(x, low, high, color=BLUE, alpha=0.22, linewidth=0)
            axes.plot(x, middle, color=BLUE, linewidth=1.4)
            dose_axis(axes, np.array(data["trial"]))
            if len(doses):
                axes.set_xlim(x[0], x[-1])
                _outside(axes, data["trial"])
            if measure["unit"] == "probability":
                axes.set_ylim(0.0, 1.0)
            else:
                log_axis(axes.yaxis, float(low.min()) / 1.5, float(high.max()) * 1.5)
            unit = "" if measure["unit"] == "probability" else f" ({unit_text(measure['unit'])})"
            axes.set_title(f"{measure['label']}{unit}", parse_math=False)
        handles: list[Line2D | Patch] = [
            Line2D([], [], color=BLUE, linewidth=1.4, label="median"),
            Patch(facecolor=BLUE, alpha=0.22, label="95% interval"),
        ]
        if len(doses):
            handles.append(Patch(facecolor=VERMILLION, alpha=0.12, label="extrapolated: outside the trial's doses"))
        footer(figure, handles, 3)
    return figure


def _outside(axes: Axes, trial: list[float]) -> None:
    left, right = axes.get_xlim()
    for low, high in ((left, np.log(min(trial))), (np.log(max(trial)), right)):
        axes.axvspan(low, high, color=VERMILLION, alpha=0.12, linewidth=0, zorder=0)
        axes.axvline(low if low > left else high, color=VERMILLION, linewidth=0.8, linestyle=(0, (3, 2)))
