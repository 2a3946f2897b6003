"""Remission against exposure."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.outcomes import exposure_response
from cartmodel.plots.axes import log_axis
from cartmodel.plots.style import (
    DARK,
    GREEN,
    VERMILLION,
    columns_of,
    dose_groups,
    footer,
    new_figure,
    scale_of,
    stamp_text,
    style,
)
from cartmodel.plots.words import exposure_text, patients_text, unit_text
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.spec.model import CrissResponse

_DRAWS = ("chain", "draw")


def response_by_exposure(
    fit: xr.DataTree, stamp: str = "", *, bins: int = 3, width: float | None = None
) -> Figure | None:
    """Return the probability of remission against exposure, with observed rates, and exposures by dose under it.

    The curve has its 95% band. Observed rates of remission are those of bins of equally many patients, with exact 95%
    intervals. Patients stand at the posterior median of their own exposure. For ACR-CRISS a further panel shows the
    linear predictor: observed, expected (mean, without a step-1 event), and the threshold of remission.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    bins : int
        Bins of exposure for the observed rates.
    width : float, optional
        Inches; panels stand below each other in a narrow figure.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model without a response.
    """
    spec = spec_of(fit)
    check = exposure_response(fit, bins=bins)
    if check is None or spec.response is None:
        return None
    low, middle, high = (check[name].values for name in ("patient_lower", "patient", "patient_upper"))
    grid = check["exposure"]
    groups = dose_groups(check["dose"].values)
    response = spec.response
    criss = isinstance(response, CrissResponse)
    width = (9.4 if criss else 6.5) if width is None else width
    beside = criss and columns_of(width, 2, 3.0) == 2
    under = 0.35 + 0.22 * len(groups)
    heights = [2.9, under] if beside or not criss else [3.3, under, 2.4]
    with style(width):
        label = exposure_text(response.exposure)
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(len(middle))}; shaded and whiskers: 95% intervals",
            "patients stand at the median of their own exposure",
        ]
        figure = new_figure(
            width,
            scale_of(width) * (sum(heights) + 1.1),
            f"Remission by exposure ({label})",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        shape = figure.add_gridspec(len(heights), 1 + beside, height_ratios=heights)
        first = figure.add_subplot(shape[0, 0])
        boxes = figure.add_subplot(shape[1, 0], sharex=first)
        _probability(first, check)
        _outcomes(first, check["outcome"].values, (low, middle, high), groups)
        _boxes(boxes, middle, groups)
        events, panels = None, [boxes]
        if isinstance(response, CrissResponse):
            last = figure.add_subplot(shape[:, 1] if beside else shape[2, 0])
            events = _predictor(last, fit, response, grid, middle, groups)
            panels.append(last)
        for axes in (first, *panels):
            log_axis(axes.xaxis, float(grid[0]), float(grid[-1]))
        first.tick_params(labelbottom=False)
        for axes in panels:
            axes.set_xlabel(f"{label} ({unit_text(check.attrs['unit'])}, log scale)", parse_math=False)
        footer(figure, _legend(groups, events), 4 if criss else 3)
    return figure


def _band(axes: Axes, grid: xr.DataArray, values: xr.DataArray) -> None:
    low, middle, high = values.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "exposure").values
    axes.fill_between(grid.values, low, high, color=GREEN, alpha=0.2, linewidth=0, gid="band")
    axes.plot(grid.values, middle, color=GREEN, linewidth=1.5, gid="median")


def _probability(axes: Axes, check: xr.Dataset) -> None:
    grid = check["exposure"].values
    axes.fill_between(grid, check["lower"], check["upper"], color=GREEN, alpha=0.2, linewidth=0, gid="band")
    axes.plot(grid, check["median"], color=GREEN, linewidth=1.5, gid="median")
    rate, middle = check["rate"].values, check["middle"].values
    spread = [rate - check["rate_lower"].values, check["rate_upper"].values - rate]
    reach = [middle - check["first"].values, check["last"].values - middle]
    axes.errorbar(
        middle, rate, spread, reach, color="black", linestyle="none", marker="D", markersize=4, linewidth=0.9,
        markerfacecolor="white", gid="rate", zorder=4,
    )  # fmt: skip
    axes.set_ylim(-0.16, 1.16)
    for edge in (0.0, 1.0):
        axes.axhline(edge, color="#cccccc", linewidth=0.7)
    axes.set_yticks([-0.09, 0, 0.25, 0.5, 0.75, 1, 1.09], ["no", "0", "0.25", "0.5", "0.75", "1", "yes"])
    axes.set_ylabel("Probability of remission")


def _boxes(axes: Axes, middle: np.ndarray, groups: list[tuple[str, np.ndarray, str]]) -> None:
    """Draw the patients' exposures by dose: quartiles as a box from five patients on, and each patient."""
    for i, (_, mask, colour) in enumerate(groups):
        own = middle[mask]
        if len(own) >= 5:
            low, half, high = np.quantile(own, [0.25, 0.5, 0.75])
            axes.barh(i, high - low, 0.6, low, facecolor=colour, alpha=0.25)
            axes.vlines(half, i - 0.3, i + 0.3, color=colour, linewidth=1.5)
        axes.plot(own, np.full(len(own), i), linestyle="none", marker="|", markersize=6, color=colour, gid="exposure")
    axes.set_ylim(len(groups) - 0.5, -0.5)
    named = [f"{label.removesuffix(' cells')}, n = {int(mask.sum())}" for label, mask, _ in groups]
    axes.set_yticks(range(len(groups)), named, parse_math=False)
    axes.tick_params(axis="y", length=0)


def _outcomes(
    axes: Axes, happened: np.ndarray, ranges: tuple[np.ndarray, ...], groups: list[tuple[str, np.ndarray, str]]
) -> None:
    """Draw the patients in remission above 1 and the others below 0, in order of exposure; leave out those pending."""
    low, middle, high = ranges
    for value, base, step in ((1.0, 1.03, 0.025), (0.0, -0.03, -0.025)):
        chosen = np.flatnonzero(happened == value)
        order = np.empty(len(chosen))
        order[np.argsort(middle[chosen], kind="stable")] = np.arange(len(chosen))
        height = base + step * (order % 5)
        for _, mask, colour in groups:
            own = mask[chosen]
            axes.hlines(height[own], low[chosen][own], high[chosen][own], color=colour, linewidth=0.7, alpha=0.6)
            axes.plot(
                middle[chosen][own],
                height[own],
                linestyle="none",
                marker="o",
                markersize=4.5,
                color=colour,
                gid=f"outcome {value:g}",
            )
    known = ~np.isnan(happened)
    title = f"Remission in {int(np.nansum(happened))} of {int(known.sum())} patients"
    axes.set_title(title + (f" ({int((~known).sum())} pending)" if not known.all() else ""))


def _predictor(
    axes: Axes,
    fit: xr.DataTree,
    response: CrissResponse,
    grid: xr.DataArray,
    middle: np.ndarray,
    groups: list[tuple[str, np.ndarray, str]],
) -> int:
    """Draw the linear predictor and return the number of step-1 events."""
    posterior = group(fit, "posterior")
    _band(axes, grid, posterior["k0"] + posterior["k1"] * (np.log(grid) - response.centre))
    axes.axhline(response.threshold, color=VERMILLION, linewidth=0.9, linestyle=(0, (1, 1.5)))
    observed = group(fit, "observed_data")
    score, step1 = observed["criss_lp"].values, observed["criss_step1"].values
    for _, mask, colour in groups:
        axes.plot(
            middle[mask], score[mask], linestyle="none", marker="o", markersize=4.5, color=colour, gid="predictor"
        )
    events = step1 == 1.0
    if events.any():  # no predictor is observed: crosses at the lower edge
        axes.plot(
            middle[events],
            np.full(int(events.sum()), 0.02),
            linestyle="none",
            marker="x",
            color=DARK,
            transform=axes.get_xaxis_transform(),
        )
    axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_ylabel("CRISS linear predictor\n(log odds)")
    axes.set_title(f"Linear predictor, n = {int((~np.isnan(score)).sum())}; step-1 events: {int(events.sum())}")
    return int(events.sum())


def _legend(groups: list[tuple[str, np.ndarray, str]], events: int | None) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker="o", markersize=4.5, linewidth=0.7, label=f"{label}, n = {int(mask.sum())}")
        for label, mask, colour in groups
    ]
    handles += [
        Line2D(
            [],
            [],
            color="black",
            marker="D",
            markersize=4,
            markerfacecolor="white",
            linewidth=0.9,
            label="observed rate in a bin, exact 95% interval",
        ),
        Line2D([], [], color=GREEN, linewidth=1.5, label="model: median"),
        Patch(facecolor=GREEN, alpha=0.2, label="model: 95% interval"),
    ]
    if events is not None:
        handles.append(
            Line2D([], [], color=VERMILLION, linewidth=0.9, linestyle=(0, (1, 1.5)), label="threshold of remission")
        )
    if events:
        handles.append(Line2D([], [], color=DARK, marker="x", linestyle="none", label="step-1 event (no predictor)"))
    return handles
