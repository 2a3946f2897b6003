"""Random effects of the patients against the trial's covariates, a panel an effect and covariate."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cartmodel.checks.by_covariate import effects_by_covariate as table_of
from cartmodel.checks.effects import random_effects as effects_of
from cartmodel.plots.axes import side_by_side
from cartmodel.plots.random_effects import draw_patients, patients_handle
from cartmodel.plots.style import (
    GREY,
    ORANGE,
    fitting,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text, shortened
from cartmodel.prediction.fitfile import covariates_of, spec_of

_MOST = 6
"""Covariates, and values of one in words, that a figure has room for; the table holds all."""


def effects_by_covariate(fit: xr.DataTree, stamp: str = "", *, width: float | None = None) -> Figure | None:
    """Return a row for each random effect, and in it a panel for each covariate of the trial.

    Points are posterior means of the patients, bars their 95% intervals. Over a panel of numbers stands the rank
    correlation with its 95% posterior interval; in a panel of words orange bars are the means of the groups, with
    theirs.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; at most two panels stand side by side in a figure of less than 4.5.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a trial without covariates.
    """
    covariates, effects = covariates_of(fit), effects_of(fit)
    names = [name for name in covariates if covariates[name].replace("", np.nan).notna().any()]
    if not names or not effects.sizes["effect"]:
        return None
    shown, table, spec = names[:_MOST], table_of(fit), spec_of(fit)
    width = 7.4 if width is None else width
    k = scale_of(width)
    narrow = width < 4.5
    across = min(len(shown), 2 if narrow else 3)
    down = -(-len(shown) // across)
    each = effects.sizes["effect"]
    left = f"; not shown: {', '.join(map(str, names[_MOST:]))}" if names[_MOST:] else ""
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(effects.sizes['subject'])}; means and 95% intervals of eta{left}",
            "r: rank correlation, with its 95% posterior interval; where shrinkage is high it is near 0 whatever holds",
        ]
        stamped = stamp_text(fit.attrs["simulated"], stamp)
        height = (1.15 if narrow else 1.3) * each * down + 0.4 * down + 0.7
        figure = new_figure(width, k * height, "Random effects against covariates", notes, stamped)
        blocks = figure.add_gridspec(down, 1)
        grids = [blocks[i].subgridspec(each, across).subplots(sharey="row", squeeze=False) for i in range(down)]
        columns = np.concatenate(grids, axis=1)  # a row an effect, a column a covariate
        for axes in columns[:, len(shown) :].flat:
            axes.remove()
        inches = (width - 0.6 * k) / across - 0.1
        for j, name in enumerate(shown):
            for axes, effect in zip(columns[:, j], effects["effect"].values, strict=True):
                own = table[(table["effect"] == effect) & (table["covariate"] == name)]
                _panel(axes, effects.sel(effect=effect), covariates[name], own, inches)
                axes.yaxis.set_major_locator(MaxNLocator(3 if narrow else 4))
                axes.tick_params(labelbottom=False)
                if j % across == 0:
                    axes.set_ylabel(f"eta {effect}", parse_math=False)
            columns[-1, j].tick_params(labelbottom=True)
            columns[-1, j].set_xlabel(shortened(str(name), int(72 * inches / (0.62 * 9 * k))), parse_math=False)
        footer(figure, _legend(), 2)
    return figure


def _panel(axes: Axes, one: xr.Dataset, covariate: pd.Series, table: pd.DataFrame, inches: float) -> None:
    axes.axhline(0.0, color=GREY, linewidth=0.7)
    if pd.api.types.is_float_dtype(covariate):
        at = covariate.to_numpy(float)
        row = table.iloc[0]
        told = "" if row["reason"] else f"r {row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
        axes.set_title(told, size=small())
        axes.xaxis.set_major_locator(MaxNLocator(3))
    else:
        values = table["value"].tolist()[:_MOST]
        texts = covariate.fillna("").astype(str).to_numpy()
        at = np.full(len(texts), np.nan)
        for place, value in enumerate(values):
            own = np.flatnonzero(texts == value)
            at[own] = place + 0.5 * side_by_side(len(own))
            row = table.iloc[place]
            axes.fill_between(
                [place - 0.35, place + 0.35], row["lower"], row["upper"], color=ORANGE, alpha=0.25, linewidth=0
            )
            axes.hlines(row["median"], place - 0.35, place + 0.35, color=ORANGE, linewidth=1.2)
        room = inches / max(len(values), 1)
        axes.set_xticks(range(len(values)), [fitting(value, room) for value in values])
        for label in axes.get_xticklabels():
            label.set_parse_math(False)
        axes.set_xlim(-0.6, max(len(values), 1) - 0.4)
        if len(table) > len(values):
            axes.set_title(f"{len(table) - len(values)} more values in the table", size=small())
    kept = np.isfinite(at)
    draw_patients(axes, at[kept], one.isel(subject=kept))


def _legend() -> list[Line2D]:
    return [
        patients_handle(),
        Line2D([], [], color=ORANGE, linewidth=1.2, label="group: mean of its patients, 95% interval"),
    ]
