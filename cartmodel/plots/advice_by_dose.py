"""What an advice says about each dose: DLT, remission, exposure, utility."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.axes import dose_axis
from cartmodel.plots.style import BLUE, DARK, GREEN, GREY, ORANGE, VERMILLION, footer, new_figure, stamp_text, style

if TYPE_CHECKING:  # what it takes to make one takes seconds to import
    from cartmodel.decision.advice import Advice

_CUT: dict[str, Any] = {"marker": "s", "markersize": 6, "markerfacecolor": "none", "linestyle": "none"}
_ALONE: dict[str, Any] = {"marker": "x", "markersize": 6, "linestyle": "none"}


def advice_by_dose(advice: "Advice", stamp: str = "") -> Figure:
    """Return the advice about each dose: rates with 95% intervals above, the probabilities that decide below.

    Parameters
    ----------
    advice : Advice
        From `advise`.
    stamp : str
        Words in the corner, such as ``"DRAFT"``; SIMULATED and NOT CONVERGED are added where they hold.

    Examples
    --------
    >>> import cartmodel as cm
    >>> from cartmodel.plots import save_figure
    >>> figure = advice_by_dose(cm.advise(cm.read_fit("run/fit.nc")))  # doctest: +SKIP
    """
    table, criteria = advice.table, advice.criteria
    words = ", ".join(part for part in ("" if advice.trusted else "NOT CONVERGED", stamp) if part)
    notes = [
        advice.trial,
        "new patients, whole posterior: median and equal-tailed 95% interval; under each dose: DLTs / patients. "
        "The protocol's rule decides; this stands beside it.",
    ]
    with style():
        figure = new_figure(9.0, 5.6, "Advice by dose", notes, stamp_text(advice.simulated, words))
        panels = figure.subplots(2, 3)
        _rate(panels[0, 0], table, "dlt", "DLT rate", VERMILLION, criteria.limit)
        _rate(panels[0, 1], table, "remission", "Remission rate", GREEN, criteria.target)
        _rate(panels[0, 2], table, "gain", "AUC 0-28 d, next dose / this", BLUE, criteria.gain, top=None)
        _probability(
            panels[1, 0], table, "p_over", f"P(DLT rate > {criteria.limit:.0%})", VERMILLION, criteria.overdose
        )
        _probability(panels[1, 1], table, "p_remission", f"P(remission > {criteria.target:.0%})", GREEN, None)
        _probability(panels[1, 2], table, "p_gain", f"P(next dose at least x {criteria.gain:g})", BLUE, None)
        at, told = np.log(table["dose"].to_numpy(float)), table["p_over"].notna().to_numpy()
        # Unclipped, nothing at all would have no place in the layout.
        for column, mark in (("p_over_cut", _CUT), ("p_over_dose_only", _ALONE)) if told.any() else ():
            panels[1, 0].plot(at[told], table.loc[told, column], color=DARK, **mark, clip_on=False)
        footer(figure, _legend(bool(table["extrapolated"].any())), 3)
    return figure


def _axis(axes: Axes, table: pd.DataFrame) -> np.ndarray:
    doses = table["dose"].to_numpy(float)
    counts = {d: f"{y}/{n}" for d, y, n in zip(doses, table["dlts"], table["patients"], strict=True)}
    dose_axis(axes, doses, counts)
    axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    for dose in table.loc[table["extrapolated"], "dose"]:
        axes.axvspan(np.log(dose) - 0.12, np.log(dose) + 0.12, color=GREY, alpha=0.2, linewidth=0, gid="extrapolated")
    return np.log(doses)


def _rate(
    axes: Axes, table: pd.DataFrame, name: str, label: str, colour: str, mark: float, top: float | None = 1.0
) -> None:
    at = _axis(axes, table)
    low, middle, high = (table[f"{name}_{end}"].to_numpy(float) for end in ("lower", "median", "upper"))
    known = ~np.isnan(middle)
    if not known.any():
        axes.text(0.5, 0.5, "not in the model", ha="center", transform=axes.transAxes, color=GREY)
    else:
        spread = [(middle - low)[known], (high - middle)[known]]
        axes.errorbar(
            at[known], middle[known], spread, color=colour, marker="o", markersize=5, capsize=4, linewidth=0.8
        )
    axes.axhline(mark, color=ORANGE, linewidth=1.0, linestyle="--", gid="criterion")
    axes.set_ylim(0.0, top)
    axes.set_xlabel("")
    axes.set_ylabel(label)


def _probability(axes: Axes, table: pd.DataFrame, name: str, label: str, colour: str, mark: float | None) -> None:
    at = _axis(axes, table)
    values = table[name].to_numpy(float)
    known = ~np.isnan(values)
    if known.any():
        points: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5, "clip_on": False, "zorder": 5}
        axes.vlines(at[known], 0.0, values[known], color=colour, linewidth=6, alpha=0.55)
        axes.plot(at[known], values[known], color=colour, **points)
        error = 2 * table[f"{name}_mcse"].to_numpy(float)
        axes.vlines(at, values - error, values + error, color=DARK, linewidth=1.2, zorder=6, gid="monte carlo")
    for x, value in zip(at[known], values[known], strict=True):
        axes.annotate(f"{value:.2f}", (x, value), xytext=(7, 2), textcoords="offset points", size=8, gid="value")
    if mark is not None:
        axes.axhline(mark, color=ORANGE, linewidth=1.0, linestyle="--", gid="criterion")
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel(label)


def _legend(extrapolated: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=DARK, marker="o", markersize=5, linewidth=0.8, label="joint posterior"),
        Line2D([], [], color=DARK, **_CUT, label="cut: DLTs do not inform kinetics"),
        Line2D([], [], color=DARK, **_ALONE, label="by dose alone, the same patients"),
        Line2D([], [], color=ORANGE, linestyle="--", linewidth=1.0, label="criterion"),
        Line2D([], [], color=DARK, marker="|", markersize=10, linestyle="none", label="below: two Monte Carlo errors"),
    ]
    if extrapolated:
        handles.append(Line2D([], [], color=GREY, alpha=0.3, linewidth=8, label="extrapolated dose"))
    return handles
