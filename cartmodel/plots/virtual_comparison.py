"""What designs select and what it costs, over several truths, in virtual trials."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cartmodel.plots.style import DARK, GREY, footer, new_figure, style

if TYPE_CHECKING:  # what it takes to make one takes seconds to import
    from cartmodel.virtual.compare import TruthComparison

_NO_RULE = "#d9d9d9"
_ROOM = 0.13  # share of trials that is wide enough for its number


def virtual_comparison(found: "TruthComparison") -> Figure:
    """Return the share of virtual trials that select each dose, and the regret, by truth and design.

    Whiskers are 95% intervals of the Monte Carlo error. A frame marks the share that selects the highest dose within
    the limit.

    Parameters
    ----------
    found : TruthComparison
        From `compare_on_truths`.

    Returns
    -------
    matplotlib.figure.Figure
        A row a truth: selection on the left, regret on the right; always stamped SIMULATED.
    """
    truths, designs = list(dict.fromkeys(found.table["truth"])), list(dict.fromkeys(found.table["design"]))
    levels = sorted(found.truths["level"].unique())
    shades = [to_hex(shade) for shade in colormaps["viridis"](np.linspace(0.1, 0.85, len(levels)))]
    colours = {-1: _NO_RULE, 0: GREY, **dict(zip(levels, shades, strict=True))}
    with style():
        notes = [
            f"{found.trials:,} virtual trials of each design and truth, on the same patients; ± and "
            "whiskers: 95% intervals of the Monte Carlo error",
            "beside the name of a truth: its DLT and remission probability at each dose level; frame: the highest "
            f"level with a DLT probability of at most {found.limit:g}, or none",
            "regret: utility (0 to 100) of the best dose or none, minus that of the selected dose (per future patient) "
            "or of the given doses (per patient of the trial)",
        ]
        height = len(truths) * (0.62 + 0.26 * len(designs)) + 0.5
        figure = new_figure(10.0, height, "Designs over several truths", notes, "SIMULATED")
        panels = figure.subplots(len(truths), 2, squeeze=False, sharex="col", width_ratios=[1.5, 1.0])
        for row, truth in zip(panels, truths, strict=True):
            rows = found.table[found.table["truth"] == truth]
            true = found.truths[found.truths["truth"] == truth]
            _selection(row[0], rows, true, designs, colours)
            _regret(row[1], rows, designs)
            row[0].set_title(f"{truth}   {_rates(true)}", loc="left", parse_math=False)
        regrets = found.table[found.table["quantity"].isin(["regret", "trial_regret"])]
        most = (regrets["value"] + 1.96 * regrets["mc_error"]).max()
        panels[0][1].set_xlim(0.0, 1.05 * most if most > 0 else 1.0)
        panels[-1][0].set_xlabel("Share of trials that select")
        panels[-1][1].set_xlabel("Regret (utility points, 0 to 100)")
        names = {-1: "the design has no rule", 0: "no dose", **{level: f"dose level {level}" for level in levels}}
        shown = [at for at in names if at != -1 or _share(found.table, at).sum() > 0]
        handles: list[Any] = [Patch(facecolor=colours[at], label=names[at]) for at in shown]
        handles += [
            Patch(facecolor="white", edgecolor="black", linewidth=1.4, label="correct selection"),
            Patch(facecolor=DARK, label="regret per future patient"),
            Patch(facecolor="white", edgecolor=DARK, hatch="////", label="regret per patient of the trial"),
        ]
        footer(figure, handles, 4)
    return figure


def _share(rows: pd.DataFrame, at: int) -> pd.Series:
    return rows.loc[(rows["quantity"] == "selected") & (rows["level"] == at), "value"]


def _rates(true: pd.DataFrame) -> str:
    dlt = ", ".join(f"{p:.2f}" for p in true["dlt"])
    remission = ", ".join(f"{p:.2f}" for p in true["remission"])
    return f"DLT {dlt}" + (f"; remission {remission}" if true["remission"].notna().any() else "")


def _selection(axes: Axes, rows: pd.DataFrame, true: pd.DataFrame, designs: list[str], colours: dict[int, str]) -> None:
    marked = true.loc[true["correct"], "level"].tolist()
    correct = marked[0] if marked else 0
    for place, design in enumerate(designs):
        one = rows[(rows["design"] == design) & (rows["quantity"] == "selected")].set_index("level")
        left = 0.0
        for at, colour in colours.items():
            share, error = float(one.loc[at, "value"]), float(one.loc[at, "mc_error"])  # type: ignore[arg-type]
            axes.barh(place, share, 0.72, left, color=colour, edgecolor="white", linewidth=0.6)
            if at == correct:
                axes.barh(
                    place, share, 0.72, left, fill=False, edgecolor="black", linewidth=1.4, gid="correct", zorder=4
                )
            if share > _ROOM:
                text = f"{share:.2f} ± {1.96 * error:.2g}"
                dark = at in (-1, max(colours))
                middle = left + share / 2
                axes.text(middle, place, text, ha="center", va="center", size=7, color="black" if dark else "white")
            left += share
    _designs(axes, designs)
    axes.set_xlim(0.0, 1.0)


def _regret(axes: Axes, rows: pd.DataFrame, designs: list[str]) -> None:
    looks: tuple[tuple[str, float, dict[str, Any]], ...] = (
        ("regret", -0.19, {"color": DARK}),
        ("trial_regret", 0.19, {"facecolor": "white", "edgecolor": DARK, "hatch": "////", "linewidth": 0.6}),
    )
    for quantity, shift, look in looks:
        one = rows[rows["quantity"] == quantity].set_index("design").loc[designs]
        at = np.arange(len(designs)) + shift
        axes.barh(at, one["value"], 0.34, **look)
        axes.errorbar(
            one["value"], at, xerr=1.96 * one["mc_error"], color="black", linestyle="none", linewidth=0.9, capsize=2
        )
    if rows.loc[rows["quantity"] == "regret", "value"].isna().all():
        axes.text(0.5, 0.5, "the model has no response", transform=axes.transAxes, ha="center", va="center", color=GREY)
    axes.set_yticks([])
    axes.set_ylim(len(designs) - 0.5, -0.5)


def _designs(axes: Axes, designs: list[str]) -> None:
    short = [design if len(design) <= 26 else f"{design[:23]}..." for design in designs]
    axes.set_yticks(range(len(designs)), short, parse_math=False)
    axes.set_ylim(len(designs) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
