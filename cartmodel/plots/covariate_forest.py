"""Forest plot of covariate effects on exposure."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.covariates import EQUIVALENCE, covariate_effects
from cartmodel.plots.axes import log_axis
from cartmodel.plots.style import BLUE, DARK, GREEN, footer, new_figure, scale_of, small, stamp_text, style
from cartmodel.plots.words import exposure_text, patients_text
from cartmodel.prediction.fitfile import spec_of


def covariate_forest(
    fit: xr.DataTree, stamp: str = "", table: pd.DataFrame | None = None, *, width: float | None = None
) -> Figure | None:
    """Return ratios of the typical patient's exposures at each covariate value, with the band from 0.80 to 1.25.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    table : pandas.DataFrame, optional
        From `covariate_effects`, if it is at hand.
    width : float, optional
        Inches.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model without covariates, or a trial with one value of each.
    """
    table = covariate_effects(fit) if table is None else table
    thinning = table.attrs["thinning"]
    table = table.dropna(subset="median")
    if not len(table):
        return None
    spec = spec_of(fit)
    width = 6.5 if width is None else width
    k = scale_of(width)
    narrow = width < 4.5  # the numbers stand under the names then, not at the right
    with style(width):
        groups = list(table.groupby(["value", "reference", "n"], sort=False))
        rows = len(table) + 1.3 * len(groups)
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(fit['constant_data'].sizes['subject'])}; ratios of typical patients "
            f"({thinning}); in brackets: probability of lying within the band",
        ]
        figure = new_figure(
            width,
            k * ((0.4 if narrow else 0.27) * rows + 1.1),
            "Covariate effects on exposure",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        axes = figure.subplots()
        low, high = min(0.7, float(table["lower"].min()) / 1.15), max(1.45, float(table["upper"].max()) * 1.15)
        log_axis(axes.xaxis, low, high)
        axes.axvspan(*EQUIVALENCE, color=GREEN, alpha=0.14, linewidth=0)
        axes.axvline(1.0, color=DARK, linewidth=0.7)
        names, places, top = [], [], 0.0
        beside = axes.get_yaxis_transform()
        for (value, reference, n), own in groups:
            heading = axes.text(
                1.0 if narrow else 0.01, top, f"{value} against {reference}, n = {n}", transform=beside, va="center",
                ha="right" if narrow else "left", size=small(), weight="bold", parse_math=False,
            )  # fmt: skip
            if narrow:  # it crosses the lines
                heading.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
            for row in own.to_dict("records"):
                top -= 1.0
                axes.plot([row["lower"], row["upper"]], [top, top], color=BLUE, linewidth=1.3, gid="interval")
                axes.plot([row["median"]], [top], marker="s", markersize=4, color=BLUE, gid="median")
                told = f"{row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f}) [{row['p_within']:.2f}]"
                named = exposure_text(str(row["exposure"]))
                names.append(f"{named}\n{told}" if narrow else named)
                if not narrow:
                    axes.text(1.01, top, told, transform=beside, va="center", size=small(), gid="numbers")
                places.append(top)
            top -= 1.3
        axes.set_ylim(top + 0.5, 0.8)
        axes.set_yticks(places, names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        ticks = [v for v in (0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 10) if low <= v <= high]
        if narrow:
            ticks = [v for v in ticks if v != 1]
        axes.set_xticks(ticks, [f"{v:g}" for v in ticks])
        axes.tick_params(axis="x", which="minor", length=0)
        axes.set_xlabel("Ratio to the reference (log)" if narrow else "Ratio to the reference (log scale)")
        footer(figure, _legend(), 3)
    return figure


def _legend() -> list[Line2D | Patch]:
    return [
        Line2D([], [], color=BLUE, marker="s", markersize=4, linewidth=1.3, label="median, 95% interval"),
        Patch(facecolor=GREEN, alpha=0.14, label=f"{EQUIVALENCE[0]:.2f} to {EQUIVALENCE[1]:.2f}"),
    ]
