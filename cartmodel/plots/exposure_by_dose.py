"""Exposures of the patients, and those expected of new ones, against dose."""

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.proportionality import dose_proportionality
from cartmodel.plots.axes import dose_axis, log_axis, side_by_side
from cartmodel.plots.style import (
    BLUE,
    DARK,
    GREY,
    ORANGE,
    columns_of,
    footer,
    new_figure,
    scale_of,
    stamp_text,
    style,
)
from cartmodel.plots.words import exposure_text, patients_text, unit_text
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.predictions import exposure, predict

_DRAWS = ("chain", "draw")


def exposure_by_dose(
    fit: xr.DataTree, new: xr.Dataset | None = None, stamp: str = "", *, width: float | None = None
) -> Figure:
    """Return Cmax and the areas under the curve against dose: each patient, and the 95% range of a new patient.

    Points and whiskers are posterior medians and 95% intervals. Patients of a dose stand side by side in the
    order of the trial. A model without dose has a single category. Above each panel stands the slope of the power model
    for the typical patient (`dose_proportionality`); the grey line is what proportionality would be.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    new : xarray.Dataset, optional
        New patients, from `predict`; default: at the doses of the trial.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; panels stand below each other in a narrow figure.
    """
    spec = spec_of(fit)
    known = exposure(fit)
    new = predict(fit) if new is None else new
    names = [str(name) for name in known.data_vars if name != "peak_time"]
    fresh_doses = new["dose"].values.astype(float) if "dose" in new.dims else np.array([])
    doses = np.unique(np.concatenate([fresh_doses, known["dose"].values])) if len(fresh_doses) else fresh_doses
    at = _places(known["dose"].values, doses)
    slopes = dose_proportionality(fit)
    slopes = slopes[slopes["of"] == "population"].set_index("exposure").to_dict("index")
    width = 3.3 * len(names) + 0.5 if width is None else width
    columns = columns_of(width, len(names), 2.4)
    rows = ceil(len(names) / columns)
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(known.sizes['subject'])}; bars and whiskers: 95% intervals",
        ]
        figure = new_figure(
            width,
            scale_of(width) * (3.7 * rows + 0.5),
            "Exposure by dose" if len(doses) else "Exposure",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        for axes, name in zip(figure.subplots(rows, columns, squeeze=False).flat, names, strict=False):
            dose_axis(axes, doses, _counts(known["dose"].values, doses))
            axes.set_yscale("log")
            _new(axes, new[name], fresh_doses, 0.46 * _gap(doses))
            _patients(axes, known[name], at)
            log_axis(axes.yaxis, *axes.get_ylim())
            axes.set_ylabel(f"{exposure_text(name)} ({unit_text(known[name].attrs['units'])})", parse_math=False)
            slope = slopes[name]
            found = f"{slope['slope']:.2f} ({slope['lower']:.2f} to {slope['upper']:.2f})"
            told = "" if slope["reason"] else f"\nslope of the typical patient\n{found}"
            axes.set_title(exposure_text(name) + told)
            if not slope["reason"]:
                _proportional(axes, float(new[name].median()), fresh_doses)
        for axes in figure.axes[len(names) :]:
            axes.remove()
        footer(figure, _legend(proportional=not any(slopes[name]["reason"] for name in names)), 2)
    return figure


def _proportional(axes: Axes, middle: float, doses: np.ndarray) -> None:
    """Draw the line of exposures in proportion to the dose through the middle of the panel, within its limits."""
    low, high = axes.get_ylim()
    centre = np.log(doses).mean()
    ends = np.clip(np.log([low / middle, high / middle]), *(np.array(axes.get_xlim()) - centre))
    axes.plot(ends + centre, middle * np.exp(ends), color=GREY, linewidth=1.0, linestyle=(0, (5, 3)), zorder=0.5)


def _counts(given: np.ndarray, doses: np.ndarray) -> dict[float, str]:
    """Return the number of patients at each dose, in words."""
    if not len(doses):
        return {0.0: f"n = {len(given)}"}
    return {float(dose): f"n = {int((given == dose).sum())}" for dose in doses}


def _gap(doses: np.ndarray) -> float:
    """Return the smallest distance between doses on the log axis, 1 for a single one."""
    return float(np.diff(np.log(doses)).min()) if len(doses) > 1 else 1.0


def _places(given: np.ndarray, doses: np.ndarray) -> np.ndarray:
    """Return where each patient stands: at ln dose (or 0), side by side in order."""
    centre = np.log(given) if len(doses) else np.zeros(len(given))
    places = centre.copy()
    for value in np.unique(centre):
        group = np.flatnonzero(centre == value)
        places[group] += 0.7 * _gap(doses) * side_by_side(len(group))
    return places


def _new(axes: Axes, values: xr.DataArray, doses: np.ndarray, half: float) -> None:
    low, middle, high = values.quantile(QUANTILES, dim=(*_DRAWS, "subject")).values.reshape(3, -1)
    for i, place in enumerate(np.log(doses) if len(doses) else [0.0]):
        axes.fill_between(
            [place - half, place + half], low[i], high[i], color=ORANGE, alpha=0.25, linewidth=0, gid="new"
        )
        axes.plot([place - half, place + half], [middle[i], middle[i]], color=ORANGE, linewidth=1.8)


def _patients(axes: Axes, values: xr.DataArray, at: np.ndarray) -> None:
    low, middle, high = values.quantile(QUANTILES, dim=_DRAWS).transpose("quantile", "subject").values
    axes.vlines(at, low, high, color=BLUE, linewidth=1.0, gid="interval")
    axes.plot(
        at,
        middle,
        linestyle="none",
        marker="o",
        markersize=4,
        color=BLUE,
        markeredgecolor=DARK,
        markeredgewidth=0.4,
        gid="patients",
    )


def _legend(*, proportional: bool) -> list[Line2D | Patch]:
    line = Line2D([], [], color=GREY, linewidth=1.0, linestyle=(0, (5, 3)), label="in proportion to the dose (slope 1)")
    handles: list[Line2D | Patch] = [
        Line2D(
            [],
            [],
            color=BLUE,
            marker="o",
            markersize=4,
            linewidth=1.0,
            label="patient of the trial: median, 95% interval",
        ),
        Line2D([], [], color=ORANGE, linewidth=1.8, label="new patient: median"),
        Patch(facecolor=ORANGE, alpha=0.25, label="new patient: 95% predictive interval"),
    ]
    return [*handles, line] if proportional else handles
