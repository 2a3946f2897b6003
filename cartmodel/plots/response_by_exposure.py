"""Remission against exposure."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.equations.response import remission_probability
from cartmodel.plots.axes import log_axis
from cartmodel.plots.style import DARK, GREEN, VERMILLION, dose_groups, footer, new_figure, stamp_text, style
from cartmodel.plots.words import exposure_text, patients_text, unit_text
from cartmodel.prediction.doses import observed_outcome
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.predictions import exposure
from cartmodel.spec import ModelSpec
from cartmodel.spec.model import CrissResponse

_DRAWS = ("chain", "draw")


def response_by_exposure(fit: xr.DataTree, stamp: str = "") -> Figure | None:
    """Return the probability of remission against exposure with its 95% band, and each patient's observed outcome.

    Patients stand at the posterior median of their own exposure. For ACR-CRISS a second panel shows the linear
    predictor: observed, expected (mean, without a step-1 event), and the threshold of remission.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model without a response.
    """
    spec = spec_of(fit)
    if spec.response is None:
        return None
    found = exposure(fit)[spec.response.exposure]
    low, middle, high = found.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "subject").values
    ends = np.log(min(low) / 1.15), np.log(max(high) * 1.15)
    grid = xr.DataArray(np.exp(np.linspace(ends[0], ends[1], 101)), dims="exposure")
    groups = dose_groups(group(fit, "constant_data")["dose"].values)
    response = spec.response
    criss = isinstance(response, CrissResponse)
    with style():
        label = exposure_text(spec.response.exposure)
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(len(middle))}; shaded and whiskers: 95% intervals",
            "patients stand at the median of their own exposure",
        ]
        figure = new_figure(
            9.4 if criss else 6.5,
            4.2,
            f"Remission by exposure ({label})",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        panels = figure.subplots(1, 2 if criss else 1, squeeze=False)[0]
        _probability(panels[0], fit, spec, grid)
        _outcomes(panels[0], observed_outcome(fit, spec, "remission"), (low, middle, high), groups)
        events = None
        if isinstance(response, CrissResponse):
            events = _predictor(panels[1], fit, response, grid, middle, groups)
        for axes in panels:
            log_axis(axes.xaxis, float(grid[0]), float(grid[-1]))
            axes.set_xlabel(f"{label} ({unit_text(found.attrs['units'])}, log scale)", parse_math=False)
        footer(figure, _legend(groups, events), 4 if criss else 3)
    return figure


def _band(axes: Axes, grid: xr.DataArray, values: xr.DataArray) -> None:
    low, middle, high = values.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "exposure").values
    axes.fill_between(grid.values, low, high, color=GREEN, alpha=0.2, linewidth=0, gid="band")
    axes.plot(grid.values, middle, color=GREEN, linewidth=1.5, gid="median")


def _probability(axes: Axes, fit: xr.DataTree, spec: ModelSpec, grid: xr.DataArray) -> None:
    assert spec.response is not None  # noqa: S101 (the caller has looked)
    u = np.log(grid) - spec.response.centre
    _band(axes, grid, remission_probability(spec, Draws(group(fit, "posterior"), xr.Dataset()), u))
    axes.set_ylim(-0.16, 1.16)
    for edge in (0.0, 1.0):
        axes.axhline(edge, color="#cccccc", linewidth=0.7)
    axes.set_yticks([-0.09, 0, 0.25, 0.5, 0.75, 1, 1.09], ["no", "0", "0.25", "0.5", "0.75", "1", "yes"])
    axes.set_ylabel("Probability of remission (yes, no: observed)")


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
    axes.set_ylabel("CRISS linear predictor (log odds)")
    axes.set_title(f"Linear predictor, n = {int((~np.isnan(score)).sum())}; step-1 events: {int(events.sum())}")
    return int(events.sum())


def _legend(groups: list[tuple[str, np.ndarray, str]], events: int | None) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker="o", markersize=4.5, linewidth=0.7, label=f"{label}, n = {int(mask.sum())}")
        for label, mask, colour in groups
    ]
    handles += [
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
