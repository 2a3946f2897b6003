"""What the data taught: prior and posterior of each population parameter."""

from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from scipy.stats import gaussian_kde

from cartmodel.plots.axes import ends_first, thinned
from cartmodel.plots.style import (
    BLUE,
    GREY,
    VERMILLION,
    columns_of,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import number_text, parameter_unit, patients_text
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.parameters import parameter_table
from cartmodel.prediction.population import population
from cartmodel.spec.priors import Beta, HalfNormal, LogitNormal, LogNormal, quantile, unbounded

_MOST = 4000  # draws of a density
_ROUND = (
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9),
    tuple(np.arange(10, 100) / 10),
)  # leading digits of ticks, fewest first


def prior_posterior(
    fit: xr.DataTree, stamp: str = "", table: pd.DataFrame | None = None, *, width: float | None = None
) -> Figure:
    """Return the prior and the posterior density of every population parameter, with how far the data moved it.

    Densities are those of the scale on which the prior is nearest to normal (log, logit); axes show natural values.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    table : pandas.DataFrame, optional
        From `parameter_table`, if it is at hand.
    width : float, optional
        Inches; three panels stand side by side in a figure of less than 4.5.
    """
    spec = spec_of(fit)
    table = parameter_table(fit) if table is None else table
    before, after = population(group(fit, "prior")), population(group(fit, "posterior"))
    rows = [row for row in table.to_dict("records") if row["parameter"] in before]
    priors = dict(spec.priors())
    columns = min(5, max(1, len(rows)))
    width = 2.25 * columns + 0.3 if width is None else width
    narrow = width < 4.5
    columns = min(3, columns) if narrow else columns_of(width, columns, 1.7)
    deep = ceil(len(rows) / columns)
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(fit['constant_data'].sizes['subject'])}",
            "under each density: posterior median and 95% interval; vermillion title: the prior dominates",
        ]
        height = 1.45 if narrow else 1.75
        figure = new_figure(
            width, scale_of(width) * (height * deep + 0.5), "Prior and posterior of the population parameters", notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )  # fmt: skip
        grid = figure.subplots(deep, columns, squeeze=False)
        for i, axes in enumerate(grid.flat):
            if i >= len(rows):
                axes.remove()
                continue
            name = str(rows[i]["parameter"])
            _panel(
                axes, priors.get(name), *(draws[name].to_numpy().ravel() for draws in (before, after)), narrow=narrow
            )
            moved = rows[i].get("moved")
            words = f"{name}\n{moved}" if isinstance(moved, str) else name
            axes.set_title(
                words, size=small(), color=VERMILLION if moved == "prior-dominated" else "black", parse_math=False
            )
            axes.set_xlabel(parameter_unit(spec, name), size=small(), parse_math=False)
        footer(figure, _legend(), 3)
    return figure


def _panel(axes: Axes, prior: Any, before: np.ndarray, after: np.ndarray, *, narrow: bool) -> None:
    half = isinstance(prior, HalfNormal)
    curved = isinstance(prior, LogNormal | LogitNormal | Beta)
    scaled: Any = (lambda v: np.asarray(unbounded(prior, v))) if curved else np.asarray
    exact = before if prior is None else np.asarray(quantile(prior, (np.arange(_MOST) + 0.5) / _MOST))
    u, v = (scaled(draws[:: max(1, len(draws) // _MOST)]) for draws in (exact, after))
    ends = np.quantile(np.concatenate([u, v]), [0.0, 1.0])
    low, high = (f(np.quantile(u, p), np.quantile(v, p)) for f, p in ((min, 0.003), (max, 0.997)))
    grid = np.linspace(0.0 if half else max(low, ends[0]), min(high, ends[1]), 161)
    axes.fill_between(grid, 0.0, _density(u, grid, half=half), color=GREY, alpha=0.35, linewidth=0, gid="prior")
    density = _density(v, grid, half=half)
    axes.plot(grid, density, color=BLUE, linewidth=1.5, gid="posterior")
    left, middle, right = np.quantile(scaled(after), QUANTILES)
    foot = -0.06 * max(density.max(), _density(u, grid, half=half).max())
    axes.plot([left, right], [foot, foot], color=BLUE, linewidth=2.0, solid_capstyle="butt", gid="interval")
    axes.plot([middle], [foot], marker="o", markersize=4, color=BLUE)
    axes.set_ylim(bottom=2 * foot)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(grid[0], grid[-1])
    _ticks(axes, scaled, before, after, plain=not curved, narrow=narrow)


def _density(draws: np.ndarray, grid: np.ndarray, *, half: bool) -> np.ndarray:
    """Return a kernel density; of a positive quantity with a density at 0, mirrored there."""
    if np.ptp(draws) == 0.0:  # a chain that never moved
        return np.where(np.abs(grid - draws[0]) == np.abs(grid - draws[0]).min(), 1.0, 0.0)
    smooth = gaussian_kde(draws, lambda kernel: 1.2 * kernel.scotts_factor())
    return smooth(grid) + smooth(-grid) if half else smooth(grid)


def _ticks(axes: Axes, scaled: Any, before: np.ndarray, after: np.ndarray, *, plain: bool, narrow: bool) -> None:
    """Set round natural values as ticks."""
    if plain:
        axes.xaxis.set_major_locator(MaxNLocator(2 if narrow else 4))
        return
    low, high = axes.get_xlim()
    margin = 0.06 * (high - low)
    spread = np.concatenate([before, after])
    powers = range(int(np.floor(np.log10(spread.min()))), int(np.ceil(np.log10(spread.max()))) + 1)
    chosen: list[float] = []
    for digits in _ROUND:
        values = [float(f"{m}e{p}") for p in powers for m in digits]
        values = [v for v in values if v < 1.0 or spread.max() >= 1.0]
        inside = [v for v in values if low + margin <= scaled(v) <= high - margin]
        chosen = thinned(ends_first(inside), scaled, (0.36 if narrow else 0.22) * (high - low))
        if len(chosen) >= 2:
            break
    axes.set_xticks([float(scaled(v)) for v in chosen], [number_text(v) for v in chosen])


def _legend() -> list[Line2D | Patch]:
    return [
        Patch(facecolor=GREY, alpha=0.35, label="prior"),
        Line2D([], [], color=BLUE, linewidth=1.5, label="posterior"),
        Line2D([], [], color=BLUE, linewidth=2.0, marker="o", markersize=4, label="posterior median, 95% interval"),
    ]
