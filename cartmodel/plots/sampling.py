"""How the sampler moved: traces, ranks, energy and pairs of the parameters that it explored worst."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.checks.mixing import independent_draws, worst_mixing
from cartmodel.plots.pairs import pair_panels, pairs_height
from cartmodel.plots.samples import sample_handle
from cartmodel.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILLION,
    columns_of,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.prediction.fitfile import group
from cartmodel.prediction.population import population

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", VERMILLION, "#F0E442", GREY)
_MOST = 2000  # points of a pair plot


def traces_and_ranks(fit: xr.DataTree, stamp: str = "", n: int = 4, *, width: float | None = None) -> Figure:
    """Return trace and rank plots of the population parameters that the sampler explored worst.

    The rank plot is that of ArviZ: the difference between the distribution of a chain's ranks and a uniform one. It
    strays about 0 if all chains explored the same; p is that of ArviZ's test of it. Both are of draws thinned to their
    effective number (`independent_draws`), since the test takes them for independent; R-hat and ESS are of all draws.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    n : int
        How many parameters, by `worst_mixing`.
    width : float, optional
        Inches; traces and ranks stand below each other in a narrow figure.
    """
    import arviz_plots  # imports pyplot, which the other figures do without

    draws, worst = _worst(fit, n)
    names = worst["parameter"].tolist()
    width = 7.4 if width is None else width
    k = scale_of(width)
    columns = columns_of(width, 2, 2.6)
    rows = len(names) * 2 // columns
    notes = [
        *_notes(fit, draws),
        "ranks: difference from uniform, of draws thinned to their effective number",
    ]
    with style(width):
        figure = new_figure(
            width, k * (1.35 * rows + 0.6), "Traces and ranks", notes, stamp_text(fit.attrs["simulated"], stamp)
        )
        panels = figure.subplots(rows, columns, squeeze=False).reshape(len(names), 2)
        tree = xr.DataTree.from_dict({"posterior": draws})
        hidden: Any = {"title": False, "xlabel": False}
        settings: dict[str, Any] = {"aes": {"color": ["chain"]}, "color": list(_COLOURS[: draws.sizes["chain"]])}
        arviz_plots.plot_trace(
            tree,
            plot_collection=_collection(figure, draws, names, list(panels[:, 0]), settings),
            visuals=hidden | {"ticklabels": False, "trace": {"width": 0.35 * k, "alpha": 0.7}},
        )
        apart = independent_draws(draws)
        arviz_plots.plot_rank(
            xr.DataTree.from_dict({"posterior": apart}),
            plot_collection=_collection(figure, draws, names, list(panels[:, 1]), settings),
            visuals=hidden | {"remove_axis": False, "ecdf_lines": {"width": 0.9}},
        )
        for row, (trace, rank) in zip(worst.to_dict("records"), panels, strict=True):
            told = f"R-hat {row['rhat']:.3f}, ESS {row['ess_bulk']:.0f} bulk, {row['ess_tail']:.0f} tail"
            trace.set_title(f"{row['parameter']}\n{told}", size=small(), parse_math=False)
            trace.set_xlabel("")
            tested = [text.get_text().partition("(")[0].replace("=", " = ") for text in rank.texts]
            rank.set_title(", ".join([f"{row['parameter']}: ranks", *tested]), size=small(), parse_math=False)
            for text in list(rank.texts):  # ArviZ writes p over its own marks
                text.remove()
            rank.set_xlabel("")
            for axes in (trace, rank):
                axes.locator_params(axis="y", nbins=4)
                axes.locator_params(axis="x", nbins=5)
                axes.tick_params(labelsize=small())
        panels[-1, 0].set_xlabel("Draw")
        panels[-1, 1].set_xlabel("Relative rank")
        footer(figure, _chains(draws), 4)
    return figure


def energy(fit: xr.DataTree, stamp: str = "", *, width: float | None = None) -> Figure | None:
    """Return the distribution of the sampler's energy and of its changes, with BFMI for each chain.

    Changes much narrower than the energy itself (BFMI below 0.3) say that the sampler moved slowly through the tails.

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
        None where the sampler kept no energy.
    """
    import arviz_plots
    import arviz_stats

    stats = group(fit, "sample_stats")
    if "energy" not in stats:
        return None
    bfmi = np.atleast_1d(arviz_stats.bfmi(fit)["energy"].values)
    width = 4.6 if width is None else width
    with style(width):
        told = ", ".join(f"{v:.2f}" for v in bfmi)
        notes = [*_notes(fit, population(group(fit, "posterior"))), f"BFMI by chain: {told} (low: below 0.3)"]
        figure = new_figure(width, scale_of(width) * 2.9, "Energy", notes, stamp_text(fit.attrs["simulated"], stamp))
        axes = figure.subplots()
        kinds = {"marginal": ("energy", BLUE), "transition": ("change from draw to draw", ORANGE)}
        drawn = xr.Dataset({"Energy": ("energy", np.zeros(2))}, coords={"energy": list(kinds)})
        settings: dict[str, Any] = {"aes": {"color": ["energy"]}, "color": [colour for _, colour in kinds.values()]}
        shown: Any = {"title": False, "legend": False, "remove_axis": False, "face": {"alpha": 0.25}}
        arviz_plots.plot_energy(
            fit,
            kind="kde",
            show_bfmi=False,
            backend="matplotlib",
            plot_collection=_collection(figure, drawn, ["Energy"], [axes], settings, column="energy"),
            visuals=shown,
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("Energy, centred")
        footer(figure, [Line2D([], [], color=colour, label=label) for label, colour in kinds.values()], 2)
    return figure


def worst_pairs(fit: xr.DataTree, stamp: str = "", n: int = 4, *, width: float | None = None) -> Figure:
    """Return the worst explored population parameters against each other, with divergences.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    n : int
        How many parameters, by `worst_mixing`.
    width : float, optional
        Inches.
    """
    draws, worst = _worst(fit, n)
    names = worst["parameter"].tolist()
    stats = group(fit, "sample_stats")
    flat = {name: draws[name].transpose("chain", "draw").values.ravel() for name in names}
    total = draws.sizes["chain"] * draws.sizes["draw"]
    diverging = (
        stats["diverging"].transpose("chain", "draw").values.ravel() if "diverging" in stats else np.zeros(total)
    )
    diverging = diverging.astype(bool) if len(diverging) == total else np.zeros(total, dtype=bool)
    every = -(-total // _MOST)
    width = 5.6 if width is None else width
    with style(width):
        notes = [*_notes(fit, draws), f"one draw in {every}" if every > 1 else "all draws"]
        stamped = stamp_text(fit.attrs["simulated"], stamp)
        figure = new_figure(width, pairs_height(width, len(names)), "Pairs of parameters", notes, stamped)
        for axes, left, below in pair_panels(figure, names):
            _pair(axes, flat[left], flat[below], diverging, every)
        footer(
            figure,
            [
                sample_handle(BLUE, "draw"),
                Line2D(
                    [], [], color=VERMILLION, marker="x", markersize=4, linestyle="none",
                    label=f"divergence (n = {int(diverging.sum())})",
                ),
            ],
            2,
        )  # fmt: skip
    return figure


def _pair(axes: Axes, x: np.ndarray, y: np.ndarray, diverging: np.ndarray, every: int) -> None:
    axes.plot(
        x[::every], y[::every], linestyle="none", marker="o", markersize=1.2, color=BLUE, alpha=0.35, rasterized=True
    )
    axes.plot(
        x[diverging], y[diverging], linestyle="none", marker="x", markersize=4, color=VERMILLION, gid="divergence"
    )
    for axis, values in ((axes.xaxis, x), (axes.yaxis, y)):
        if (values > 0).all() and values.max() > 20 * values.min():
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")


def _worst(fit: xr.DataTree, n: int) -> tuple[xr.Dataset, pd.DataFrame]:
    worst = worst_mixing(fit, n)
    return population(group(fit, "posterior"))[worst["parameter"].tolist()], worst


def _notes(fit: xr.DataTree, draws: xr.Dataset) -> list[str]:
    told = f"{draws.sizes['chain']} chains of {draws.sizes['draw']} draws"
    return [str(fit.attrs["trial"]), f"model {fit.attrs['model']}, {told}"]


def _chains(draws: xr.Dataset) -> list[Line2D]:
    return [
        Line2D([], [], color=colour, linewidth=1.2, label=f"chain {i + 1}")
        for i, colour in zip(range(draws.sizes["chain"]), _COLOURS, strict=False)
    ]


def _collection(
    figure: Figure,
    draws: xr.Dataset,
    names: Sequence[str],
    panels: Sequence[Axes],
    settings: dict[str, Any],
    column: str = "",
) -> Any:
    """Return ArviZ's collection of plots upon our own axes, so that its figures carry heading, stamp and width."""
    import arviz_plots

    def boxed(value: object) -> xr.DataArray:
        box = np.empty((1,) if column else (), dtype=object)
        box[...] = value
        return xr.DataArray(box, dims="column", coords={"column": [column]}) if column else xr.DataArray(box)

    whole = np.empty((), dtype=object)
    whole[()] = figure
    tree = {
        "/": xr.Dataset({"figure": xr.DataArray(whole)}),
        "/plot": xr.Dataset({name: boxed(axes) for name, axes in zip(names, panels, strict=True)}),
        "/row_index": xr.Dataset({name: boxed(i) for i, name in enumerate(names)}),
        "/col_index": xr.Dataset({name: boxed(0) for name in names}),
    }
    return arviz_plots.PlotCollection(draws[list(names)], xr.DataTree.from_dict(tree), backend="matplotlib", **settings)
