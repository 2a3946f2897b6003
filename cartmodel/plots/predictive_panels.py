"""The panels of a visual predictive check: levels, BLQ share over time, derived exposures."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.plots.axes import log_axis, side_by_side
from cartmodel.plots.samples import draw_samples, lloq_lines
from cartmodel.plots.style import BLUE, DARK, ORANGE, small
from cartmodel.plots.words import exposure_text

_MANY = 10  # samples in the typical bin, from which on the 10% and 90% quantiles say something
_NAMES = {"cmax": "Cmax", "tmax": "Tmax"}


def bins_told(check: xr.Dataset) -> str:
    """Return in words how many bins there are, of a dose group or of each of several, and of how many samples."""
    samples = np.atleast_2d(check["samples"].transpose(..., "bin").values)
    bins, sizes = _spread((samples > 0).sum(axis=1)), _spread(samples[samples > 0])
    return f"{bins} bin{'s' * (bins != '1')} of {sizes} sample{'s' * (sizes != '1')}"


def _spread(counts: np.ndarray) -> str:
    """Return a count in words, as ``3`` or as ``1 to 3``."""
    low, high = (int(counts.min()), int(counts.max())) if counts.size else (0, 0)
    return f"{low}" if low == high else f"{low} to {high}"


def is_many(check: xr.Dataset) -> bool:
    """Return whether the bins have samples enough for quantiles beside the median."""
    counts = check["samples"].values
    return bool((counts > 0).any()) and float(np.median(counts[counts > 0])) >= _MANY


def level_limits(check: xr.Dataset) -> tuple[float, float]:
    """Return the ends of the axis of levels, the same in each panel."""
    lloq = check.attrs["lloq"]
    level = check["sample_level"].values
    low = min([*lloq, *level[level > 0]], default=1.0)
    return low / 20, max([*lloq, *level], default=10.0) * 4


def levels_panel(
    axes: Axes, one: xr.Dataset, check: xr.Dataset, number: int, limits: tuple[float, float], size: float
) -> None:
    """Draw the samples of a dose group, in dots of a size, over the bands of the replicates."""
    log_axis(axes.yaxis, *limits)
    if not check.attrs["prediction_corrected"]:  # else each sample's limit is moved with it
        lloq_lines(axes, np.array(check.attrs["lloq"], dtype=float))
    used = np.flatnonzero(one["samples"].values > 0)
    if not len(used):
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center", color=DARK)
        return
    used = np.repeat(used, 2) if len(used) == 1 else used  # else a single bin has no width
    time = _times(one, used)
    for k in [0, 1, 2] if is_many(check) else [1]:
        low, middle, high = (one[name].values[used, k] for name in ("lower", "median", "upper"))
        colour = ORANGE if k == 1 else BLUE
        axes.fill_between(time, low, high, color=colour, alpha=0.35 if k == 1 else 0.2, linewidth=0, gid="band")
        axes.plot(time, middle, color=colour, linewidth=0.8)
        axes.plot(
            time, one["observed"].values[used, k], color=DARK, linewidth=1.2,
            linestyle="-" if k == 1 else (0, (4, 2)), gid="observed",
        )  # fmt: skip
    if not is_many(check):
        ends = (one["sample_lower"].values[used], one["sample_upper"].values[used])
        axes.fill_between(time, *ends, color=ORANGE, alpha=0.14, linewidth=0, gid="range")
    own = check["sample_group"].values == number
    blq = check["sample_blq"].values
    day, level = check["sample_time"].values, check["sample_level"].values
    draw_samples(axes, day[own], level[own], blq[own], BLUE, size=size)


def _times(one: xr.Dataset, used: np.ndarray) -> np.ndarray:
    """Return the times of the bins; of a single bin, given twice, a time on either side."""
    time = one["time"].values[used]
    return time * [0.93, 1.07] if len(used) == 2 and used[0] == used[1] else time


def shares_panel(axes: Axes, one: xr.Dataset) -> None:
    """Draw the share of BLQ samples over time, of a dose group and of its replicates."""
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    used = np.flatnonzero(~np.isnan(one["blq_observed"].values))
    if not len(used):
        return
    used = np.repeat(used, 2) if len(used) == 1 else used
    time = _times(one, used)
    low, middle, high, seen = (one[f"blq_{name}"].values[used] for name in ("lower", "median", "upper", "observed"))
    axes.fill_between(time, low, high, color=ORANGE, alpha=0.35, linewidth=0, gid="blq band")
    axes.plot(time, middle, color=ORANGE, linewidth=0.8)
    axes.plot(time, seen, color=DARK, linewidth=1.2, marker="o", markersize=2.2, gid="blq observed", clip_on=False)


def derived_panel(axes: Axes, one: xr.Dataset, name: str) -> None:
    """Draw one exposure of each patient by NCA, beside those of replicated patients and of their groups."""
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
        axes.plot(
            i + 0.4 * side_by_side(len(own)),
            own,
            linestyle="none",
            marker="o",
            markersize=2.2,
            color=BLUE,
            gid="patient",
        )
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


def legend(*, many: bool) -> list[Line2D | Patch]:
    """Return the legend of what is not a sample."""
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
