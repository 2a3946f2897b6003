"""Operating characteristics of dose-escalation designs, side by side."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cartmodel.plots.style import GREY, VERMILLION, footer, new_figure, style


def escalation_characteristics(table: pd.DataFrame) -> Figure:
    """Return how trials end under each design and scenario, with the expected numbers of patients and DLTs.

    Parameters
    ----------
    table : pandas.DataFrame
        From `compare_designs`.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each scenario, a bar for each design.

    Examples
    --------
    >>> import cartmodel as cm
    >>> table = cm.compare_designs({"3+3": cm.nct06871644(), "BOIN": cm.boin()}, {"moderate": [0.10, 0.25, 0.40]})
    >>> len(escalation_characteristics(table).axes)
    1
    """
    scenarios = list(dict.fromkeys(table.index.get_level_values("scenario")))
    names = list(dict.fromkeys(table.index.get_level_values("design")))
    ends = _ends(table)
    with style():
        notes = [
            "exact: dynamic programming over all trials, nothing simulated",
            "right of each bar: expected evaluable patients and DLTs; compare designs per patient",
        ]
        height = 0.55 + len(scenarios) * (0.42 + 0.3 * len(names))
        figure = new_figure(8.2, height, "How trials end", notes, "")
        panels = figure.subplots(len(scenarios), 1, sharex=True, squeeze=False)[:, 0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            _panel(axes, table.loc[scenario].loc[names], ends, str(scenario))
        panels[-1].set_xlabel("Probability")
        footer(figure, [Patch(color=colour, label=label) for _, label, colour in ends], 4)
    return figure


def _ends(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return column, label and colour of every end that a trial may have."""
    levels = [c for c in map(str, table.columns) if c.startswith("mtd_") and c != "mtd_none"]
    shades = colormaps["viridis"](np.linspace(0.15, 0.9, max(2, len(levels))))
    ends = [("mtd_none", "no dose is safe", VERMILLION)]
    ends += [(c, f"MTD is level {c[4:]}", to_hex(shade)) for c, shade in zip(levels, shades, strict=False)]
    if table["referred"].to_numpy().any():
        ends.append(("referred", "no rule: people decide", GREY))
    return ends


def _panel(axes: Axes, rows: pd.DataFrame, ends: list[tuple[str, str, str]], title: str) -> None:
    places = np.arange(len(rows))[::-1]
    left = np.zeros(len(rows))
    for column, _, colour in ends:
        share = rows[column].to_numpy(float)
        axes.barh(places, share, left=left, color=colour, height=0.72, edgecolor="white", linewidth=0.6)
        for place, start, part in zip(places, left, share, strict=True):
            if part >= 0.05:
                dark = colour == VERMILLION or sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) < 330
                axes.text(
                    start + part / 2,
                    place,
                    f"{part:.0%}",
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color="white" if dark else "black",
                )
        left += share
    for place, patients, dlts in zip(places, rows["patients"], rows["dlts"], strict=True):
        axes.text(1.01, place, f"{patients:.1f} patients, {dlts:.1f} DLTs", va="center", fontsize=8)
    axes.set_yticks(places, [str(name) for name in rows.index], parse_math=False)
    axes.set_xlim(0.0, 1.0)
    axes.set_title(title, loc="left", parse_math=False)
