"""The visual predictive check: levels, BLQ shares and derived exposures beside those of replicated trials."""

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.predictive import vpc
from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.samples import blq_handle, draw_samples, lloq_handle, lloq_lines, sample_handle
from cartmodel.plots.style import (
    BLUE,
    DARK,
    ORANGE,
    columns_of,
    footer,
    new_figure,
    scale_of,
    small,
    stamp_text,
    style,
)
from cartmodel.plots.words import assay_text, exposure_text, patients_text
from cartmodel.prediction.fitfile import spec_of

_MANY = 10  # samples in the typical bin, from which on the 10% and 90% quantiles say something
_NAMES = {"cmax": "Cmax", "tmax": "Tmax"}
_WHO = {"new": "replicated trials have new patients", "trial": "replicated trials have the trial's patients"}


def predictive_check(
    fit: xr.DataTree,
    stamp: str = "",
    check: xr.Dataset | None = None,
    *,
    assay: str | None = None,
    width: float | None = None,
) -> Figure:
    """Return a visual predictive check: levels and BLQ share over time by dose group, and exposures derived by NCA.

    Bands are 95% intervals over replicated trials of the same design. With fewer than ten samples in the typical bin
    only the median is compared, beside the range of single samples; with more, the 10% and 90% quantiles too. An
    observed quantile that lies among BLQ samples is not drawn.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    check : xarray.Dataset, optional
        From `vpc`, for other bins, a prediction-corrected check or one of the trial's patients; default: ``vpc(fit)``.
    assay : str, optional
        One of the model's assays; default: the first.
    width : float, optional
        Inches; dose groups stand below each other in a narrow figure.
    """
    check = vpc(fit, assay=assay) if check is None else check
    spec = spec_of(fit)
    groups, parameters = check["group"].values, [str(name) for name in check["parameter"].values]
    width = max(6.5, min(3.0 * len(groups) + 0.8, 11.0)) if width is None else width
    k = scale_of(width)
    columns = columns_of(width, len(groups), 2.0)
    deep = ceil(len(groups) / columns)
    across = columns_of(width, len(parameters), 1.6)
    down = ceil(len(parameters) / across)
    last = float(check["sample_time"].max()) if check.sizes["sample"] else 28.0
    corrected = bool(check.attrs["prediction_corrected"])
    with style(width):
        title = "Visual predictive check" if check.attrs["patients"] == "new" else "Posterior predictive check"
        notes = [
            fit.attrs["trial"],
            assay_text(spec, check.attrs["assay"]),
            f"model {spec.name}, {patients_text(check.sizes['subject'])}; {check.attrs['replicates']} replicates "
            f"({check.attrs['thinning']}); {_WHO[check.attrs['patients']]}; bands: 95% intervals",
            _told(check),
        ]
        top, low = deep * 3.5, down * 1.95
        figure = new_figure(
            width,
            k * (top + low + 1.0),
            title + (", prediction-corrected" if corrected else ""),
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        blocks = figure.add_gridspec(2, 1, height_ratios=[top, low])
        upper = blocks[0].subgridspec(2 * deep, columns, height_ratios=[2.3, 1.2] * deep)
        limits = _limits(check)
        for i, label in enumerate(groups):
            row, column = divmod(i, columns)
            levels = figure.add_subplot(upper[2 * row, column])
            shares = figure.add_subplot(upper[2 * row + 1, column], sharex=levels)
            one = check.isel(group=i)
            _levels(levels, one, check, i, limits)
            _shares(shares, one)
            time_axis(levels, last, narrow=width / columns < 3)
            levels.tick_params(labelbottom=False)
            counts = one["samples"].values[one["samples"].values > 0]
            spread = (
                f"{counts.min()} to {counts.max()}" if len(counts) and np.ptp(counts) else f"{counts.max(initial=0)}"
            )
            told = f"{label}, n = {int(one['patients'])}\n{len(counts)} bins of {spread} samples"
            levels.set_title(told, parse_math=False)
            if column == 0:
                levels.set_ylabel(
                    f"{'Corrected level' if corrected else 'Level'} ({check.attrs['unit']})", parse_math=False
                )
                shares.set_ylabel("BLQ share")
            shares.set_xlabel(time_label(last, short=width / columns <= 3.4 and columns > 1))
        lower = blocks[1].subgridspec(down, across)
        for i, name in enumerate(parameters):
            axes = figure.add_subplot(lower[divmod(i, across)])
            _derived(axes, check.sel(parameter=name), name)
            unit = "days" if name == "tmax" else check.attrs["unit"] + (" × day" if name.startswith("auc") else "")
            axes.set_ylabel(unit, parse_math=False)
        handles = [sample_handle(BLUE, "sample; exposure by NCA", 2.5), blq_handle(BLUE, 2.5)]
        if corrected:
            handles[0].set_label("sample, corrected; exposure by NCA, not corrected")
            handles[1].set_label("below the LLOQ, drawn at its corrected LLOQ")
        limit = [] if corrected else [lloq_handle(np.array(check.attrs["lloq"]))]
        footer(figure, [*handles, *limit, *_legend(many=_many(check))], 3)
    return figure


def corrected_check(
    fit: xr.DataTree, stamp: str = "", *, assay: str | None = None, width: float | None = None
) -> Figure:
    """Return the prediction-corrected check of all dose groups together; parameters as of `predictive_check`."""
    return predictive_check(fit, stamp, vpc(fit, assay=assay, prediction_corrected=True, by_dose=False), width=width)


def _told(check: xr.Dataset) -> str:
    said = []
    if check.attrs["samples_in_no_bin"]:
        said.append(f"{check.attrs['samples_in_no_bin']} samples lie in no bin and are left out")
    if check.attrs["lloq_assumed"]:
        said.append(f"{check.attrs['lloq_assumed']} samples without a recorded LLOQ: the trial's only one is taken")
    if check.attrs["lloq_unknown"]:
        said.append(f"{check.attrs['lloq_unknown']} samples without a known LLOQ: no BLQ share of replicates there")
    return "; ".join(said)


def _many(check: xr.Dataset) -> bool:
    counts = check["samples"].values
    return bool((counts > 0).any()) and float(np.median(counts[counts > 0])) >= _MANY


def _limits(check: xr.Dataset) -> tuple[float, float]:
    lloq = check.attrs["lloq"]
    level = check["sample_level"].values
    low = min([*lloq, *level[level > 0]], default=1.0)
    return low / 20, max([*lloq, *level], default=10.0) * 4


def _levels(axes: Axes, one: xr.Dataset, check: xr.Dataset, number: int, limits: tuple[float, float]) -> None:
    log_axis(axes.yaxis, *limits)
    if not check.attrs["prediction_corrected"]:  # else each sample's limit is moved with it
        lloq_lines(axes, np.array(check.attrs["lloq"], dtype=float))
    used = np.flatnonzero(one["samples"].values > 0)
    if not len(used):
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center", color=DARK)
        return
    time = one["time"].values[used]
    for k in [0, 1, 2] if _many(check) else [1]:
        low, middle, high = (one[name].values[used, k] for name in ("lower", "median", "upper"))
        colour = ORANGE if k == 1 else BLUE
        axes.fill_between(time, low, high, color=colour, alpha=0.35 if k == 1 else 0.2, linewidth=0, gid="band")
        axes.plot(time, middle, color=colour, linewidth=0.8)
        axes.plot(
            time, one["observed"].values[used, k], color=DARK, linewidth=1.2,
            linestyle="-" if k == 1 else (0, (4, 2)), gid="observed",
        )  # fmt: skip
    if not _many(check):
        ends = (one["sample_lower"].values[used], one["sample_upper"].values[used])
        axes.fill_between(time, *ends, color=ORANGE, alpha=0.14, linewidth=0, gid="range")
    own = check["sample_group"].values == number
    blq = check["sample_blq"].values
    day, level = check["sample_time"].values, check["sample_level"].values
    draw_samples(axes, day[own], level[own], blq[own], BLUE, size=2.3)


def _shares(axes: Axes, one: xr.Dataset) -> None:
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    used = np.flatnonzero(~np.isnan(one["blq_observed"].values))
    if not len(used):
        return
    time = one["time"].values[used]
    low, middle, high, seen = (one[f"blq_{name}"].values[used] for name in ("lower", "median", "upper", "observed"))
    axes.fill_between(time, low, high, color=ORANGE, alpha=0.35, linewidth=0, gid="blq band")
    axes.plot(time, middle, color=ORANGE, linewidth=0.8)
    axes.plot(time, seen, color=DARK, linewidth=1.2, marker="o", markersize=2.2, gid="blq observed", clip_on=False)


def _derived(axes: Axes, one: xr.Dataset, name: str) -> None:
    places = np.arange(one.sizes["group"])
    for i in places:
        at = one.isel(group=i)
        if np.isnan(float(at["exposure_observed"])) and np.isnan(float(at["patient_lower"])):
            continue
        for half, low, high, alpha in (
            (0.34, "patient_lower", "patient_upper", 0.14),
            (0.22, "exposure_lower", "exposure_upper", 0.4),
        ):
            axes.fill_between(
                [i - half, i + half], float(at[low]), float(at[high]), color=ORANGE, alpha=alpha, linewidth=0
            )
        own = one["patient"].values[one["member"].values == i]
        own = own[~np.isnan(own)]
        beside = 0.4 * (np.arange(len(own)) - (len(own) - 1) / 2) / max(len(own), 4)
        axes.plot(i + beside, own, linestyle="none", marker="o", markersize=2.2, color=BLUE, gid="patient")
        axes.plot([i - 0.22, i + 0.22], [float(at["exposure_observed"])] * 2, color=DARK, linewidth=1.4)
    shown = np.concatenate([one[n].values.ravel() for n in ("patient_lower", "patient_upper", "patient")])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if len(shown) and name != "tmax":
        log_axis(axes.yaxis, float(shown.min()) / 1.3, float(shown.max()) * 1.3)
    elif len(shown):
        axes.set_ylim(0, float(shown.max()) * 1.1)
    else:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "not defined\nby the samples", transform=axes.transAxes, ha="center", va="center", size=small()
        )
    axes.set_xlim(-0.6, len(places) - 0.4)
    labels = [str(label).removesuffix(" cells") for label in one["group"].values]
    axes.set_xticks(places, labels, parse_math=False, rotation=0 if len(places) < 4 else 90)
    axes.set_title(_NAMES.get(name) or exposure_text(name))


def _legend(*, many: bool) -> list[Line2D | Patch]:
    single = (
        [
            Line2D([], [], color=DARK, linewidth=1.2, linestyle=(0, (4, 2)), label="observed 10% and 90% quantiles"),
            Patch(facecolor=BLUE, alpha=0.2, label="replicates: 10% and 90% quantiles"),
        ]
        if many
        else [Patch(facecolor=ORANGE, alpha=0.14, label="replicates: single samples, single patients")]
    )
    return [
        Line2D([], [], color=DARK, linewidth=1.2, label="observed median, or share"),
        Patch(facecolor=ORANGE, alpha=0.4, label="replicates: median, or share"),
        *single,
    ]
