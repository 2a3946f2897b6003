"""Random effects of the patients: distribution, quantiles, dose, pairs, shrinkage."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import stats

from cartmodel.checks.effects import random_effects as effects_of
from cartmodel.plots.axes import dose_axis, side_by_side
from cartmodel.plots.pairs import pair_panels, pairs_height
from cartmodel.plots.residuals import quantile_plot
from cartmodel.plots.samples import sample_handle
from cartmodel.plots.style import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    dose_groups,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.words import dose_number

_OF_MEANS: dict[str, Any] = {"color": ORANGE, "linewidth": 1.0, "linestyle": (0, (4, 2))}
_LEAST, _SHRUNK = 6, 0.8  # patients of whom a correlation is told, and shrinkage up to which it is
_TOLD = f"not where shrinkage is above {_SHRUNK}"
_DEFINITION = "shrinkage: 1 - variance of the patients' means / mean of omega^2"


def random_effects(fit: xr.DataTree, stamp: str = "", *, width: float | None = None) -> Figure:
    """Return a row for each random effect: its histogram, its quantiles, and its values against the dose.

    Histograms and points are posterior means of the patients, bars their 95% intervals; the line is the normal
    distribution with the median omega. Means are pulled to 0: the dashed line, and line and band of the quantiles, have
    the variance omega^2 (1 - shrinkage) that is left to them, so they show the form of the distribution and not its
    width. Each row says the shrinkage (see `shrinkage`).

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches.
    """
    effects = effects_of(fit)
    spec = spec_of(fit)
    width = 7.4 if width is None else width
    k = scale_of(width)
    n, rows = effects.sizes["subject"], effects.sizes["effect"]
    dose = effects["dose"].values
    dosed = bool(np.isfinite(dose).any())
    narrow = width < 4.5
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(n)}; means and 95% intervals; {_DEFINITION}",
            f"r: rank correlation, {_TOLD}",
        ]
        figure = new_figure(
            width, k * (1.75 * rows + 0.7), "Random effects", notes, stamp_text(fit.attrs["simulated"], stamp)
        )
        grid = figure.subplots(rows, 3, squeeze=False)
        for i, name in enumerate(effects["effect"].values):
            one = effects.sel(effect=name)
            parameter = spec.curve.parameters[str(name)]
            scale = {"positive": "ln", "fraction": "logit"}.get(parameter.support, "")
            _histogram(grid[i, 0], one)
            grid[i, 0].set_ylabel(f"{scale} {name}".strip(), parse_math=False)
            quantile_plot(grid[i, 1], one["standardised"], _left(one))
            grid[i, 1].set_title(f"shrinkage {float(one['shrinkage']):.2f}" if n > 1 else "one patient", size=small())
            _against_dose(grid[i, 2], one, dosed=dosed, narrow=narrow)
            for axes in grid[i]:
                axes.yaxis.set_major_locator(MaxNLocator(3 if narrow else 4))
                if axes is not grid[i, 2]:
                    axes.xaxis.set_major_locator(MaxNLocator(2 if narrow else 3, symmetric=True))
                if i + 1 < rows:
                    axes.set_xlabel("")
        grid[-1, 0].set_xlabel("eta")
        grid[-1, 1].set_xlabel("Normal quantile")
        grid[-1, 2].set_xlabel("Dose (cells)" if dosed else "")
        footer(figure, _legend(), 2)
    return figure


def _left(one: xr.Dataset) -> float:
    """Return the SD that shrinkage leaves to the patients' means, in omegas."""
    shrinkage = float(one["shrinkage"])
    return 1.0 if np.isnan(shrinkage) else float(np.sqrt(max(1.0 - shrinkage, 0.0)))


def _histogram(axes: Axes, one: xr.Dataset) -> None:
    omega = float(one["omega"])
    reach = max(3 * omega, 1.05 * float(np.abs(one["mean"]).max()))
    bins = int(np.clip(one.sizes["subject"] // 2, 5, 21))
    axes.hist(one["mean"].values, np.linspace(-reach, reach, bins + 1).tolist(), density=True, color=BLUE, alpha=0.45)
    grid = np.linspace(-reach, reach, 121)
    axes.plot(grid, stats.norm.pdf(grid, scale=omega), color=GREY, linewidth=1.2)
    height = axes.get_ylim()
    axes.plot(grid, stats.norm.pdf(grid, scale=max(omega * _left(one), 1e-3 * reach)), **_OF_MEANS, gid="of means")
    axes.set_ylim(height)  # of means that shrank to nearly nothing the line would be a needle
    axes.plot(one["mean"].values, np.zeros(one.sizes["subject"]), "|", color=DARK, markersize=4, gid="mean")


def draw_patients(axes: Axes, at: np.ndarray, one: xr.Dataset) -> None:
    """Draw posterior mean and 95% interval of each patient's effect where ``at`` says; none where it is NaN."""
    axes.vlines(at, one["lower"].values, one["upper"].values, color=BLUE, linewidth=0.7)
    axes.plot(at, one["mean"].values, linestyle="none", marker="o", markersize=2.4, color=BLUE, gid="patients")


def patients_handle() -> Line2D:
    """Return the legend of `draw_patients`."""
    return Line2D([], [], color=BLUE, marker="o", markersize=3, linewidth=0.7, label="patient: mean, 95% interval")


def _against_dose(axes: Axes, one: xr.Dataset, *, dosed: bool, narrow: bool) -> None:
    dose = one["dose"].values
    at = np.log(dose) if dosed else np.zeros(len(dose))
    distinct = np.unique(dose[np.isfinite(dose)])
    step = float(np.diff(np.log(distinct)).min()) if len(distinct) > 1 else 1.0
    for value in np.unique(at[np.isfinite(at)]):
        group = np.flatnonzero(at == value)
        at[group] += 0.7 * step * side_by_side(len(group))
    axes.axhline(0.0, color=GREY, linewidth=0.7)
    draw_patients(axes, at, one)
    dose_axis(axes, distinct)
    if narrow and len(distinct) > 1:
        axes.set_xticks(np.log(distinct[[0, -1]]), [dose_number(float(d)) for d in distinct[[0, -1]]])
    axes.set_xlabel("")
    r = float(one["dose_correlation"])
    told = len(dose) >= _LEAST and float(one["shrinkage"]) <= _SHRUNK and not np.isnan(r)
    axes.set_title(f"r {r:.2f}" if told else "", size=small())


def _legend() -> list[Line2D]:
    return [
        patients_handle(),
        Line2D([], [], color=GREY, linewidth=1.2, label="model: normal with the median omega"),
        Line2D([], [], **_OF_MEANS, label="what shrinkage leaves to means; band of the quantiles"),
    ]


def random_effect_pairs(fit: xr.DataTree, stamp: str = "", *, width: float | None = None) -> Figure | None:
    """Return the patients' random effects against each other: posterior means in the colours of their doses.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model with one random effect.
    """
    effects = effects_of(fit)
    spec = spec_of(fit)
    names = [str(name) for name in effects["effect"].values]
    if len(names) < 2:
        return None
    width = 6.5 if width is None else width
    n = effects.sizes["subject"]
    groups = dose_groups(effects["dose"].values)
    with style(width):
        told = f"model {spec.name}, {patients_text(n)}; posterior means; r: Pearson correlation, {_TOLD}"
        notes = [fit.attrs["trial"], told]
        stamped = stamp_text(fit.attrs["simulated"], stamp)
        figure = new_figure(width, pairs_height(width, len(names)), "Random effects in pairs", notes, stamped)
        for axes, left, below in pair_panels(figure, names):
            x, y = effects["mean"].sel(effect=left).values, effects["mean"].sel(effect=below).values
            for _, mask, colour in groups:
                axes.plot(x[mask], y[mask], linestyle="none", marker="o", markersize=2.6, color=colour, gid="patients")
            axes.axhline(0.0, color="#cccccc", linewidth=0.6, zorder=0)
            axes.axvline(0.0, color="#cccccc", linewidth=0.6, zorder=0)
            shrunk = float(effects["shrinkage"].sel(effect=[left, below]).max())
            if n >= _LEAST and shrunk <= _SHRUNK and np.ptp(x) > 0 and np.ptp(y) > 0:
                axes.set_title(f"r {np.corrcoef(x, y)[0, 1]:.2f}", size=small(), pad=2)
        handles = [sample_handle(colour, f"{label}, n = {int(m.sum())}") for label, m, colour in groups]
        footer(figure, handles, 3)
    return figure
