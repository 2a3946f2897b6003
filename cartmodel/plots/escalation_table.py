"""A decision table as a figure."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cartmodel.plots.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, footer, new_figure, style

_MEANING = {
    "E": ("escalate", GREEN),
    "S": ("stay", BLUE),
    "D": ("de-escalate", ORANGE),
    "DU": ("de-escalate, never return", VERMILLION),
    "STOP": ("stop: no dose is safe", "#000000"),
    "MTD": ("stop: the MTD is named", GREY),
    "?": ("no rule: people decide", GREY),
}


def escalation_table(table: pd.DataFrame, name: str) -> Figure:
    """Return a decision table as a figure: DLTs upwards, patients at the current dose across.

    Parameters
    ----------
    table : pandas.DataFrame
        From `decision_table`.
    name : str
        Of the design, for the title.

    Examples
    --------
    >>> import cartmodel as cm
    >>> figure = escalation_table(cm.decision_table(cm.boin(0.30), [3, 6, 9]), "BOIN, target 0.30")
    >>> len(figure.axes)
    1
    """
    columns, rows = list(table.columns), list(table.index)
    with style():
        notes = ["letter in each cell: the next step after so many DLTs in so many patients at the current dose"]
        figure = new_figure(max(5.0, 1.3 + 0.55 * len(columns)), 1.1 + 0.27 * len(rows), name, notes, "")
        axes = figure.subplots()
        found: dict[str, None] = {}
        for x, n in enumerate(columns):
            for y, dlt in enumerate(rows):
                letter = str(table.loc[dlt, n])
                if not letter:
                    continue
                key = letter.split()[0]
                found[key] = None
                axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=_MEANING[key][1]))
                axes.text(x, y, letter, ha="center", va="center", color="white", fontsize=8, weight="bold")
        axes.set_xlim(-0.6, len(columns) - 0.4)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xticks(range(len(columns)), [str(n) for n in columns])
        axes.set_yticks(range(len(rows)), [str(dlt) for dlt in rows])
        axes.set_xlabel("Evaluable patients at the current dose")
        axes.set_ylabel("DLTs among them")
        shown = [key for key in _MEANING if key in found]
        handles = [Patch(color=_MEANING[key][1], label=f"{key}: {_MEANING[key][0]}") for key in shown]
        footer(figure, handles, 2)
    return figure
