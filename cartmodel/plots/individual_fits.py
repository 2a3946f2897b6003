"""The fitted curve of each patient."""

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.replicates import check_assay
from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.curves import individual_curves
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
from cartmodel.plots.words import assay_text, patients_text, short_names
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.words import dose_words

_UNSAMPLED, _LEAST = 90.0, 28.0  # days drawn for a patient without samples, and for one whose last sample is early


def individual_fits(
    fit: xr.DataTree, stamp: str = "", assay: str | None = None, *, width: float | None = None
) -> Figure:
    """Return a panel for each patient: samples, the own curve and the typical one, each with its 95% interval.

    The typical patient has the same dose and no random effects: its interval is what is not known of the population.
    A curve ends with the patient's last sample (never before day 28; at day 90 without samples). It is the expected
    level: the interval holds no residual error.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    assay : str, optional
        One of the model's assays; default: the first. Curves are on its scale.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    spec = spec_of(fit)
    assay = check_assay(spec, assay)
    data, observed = group(fit, "constant_data"), group(fit, "observed_data")
    seen = data[f"seen_level_{assay}"].values > 0
    times = np.where(seen, data[f"time_{assay}"].values, np.nan)
    ends = np.array([max(_LEAST, np.nanmax(t)) if s.any() else _UNSAMPLED for t, s in zip(times, seen, strict=True)])
    last = float(ends.max())
    curves = individual_curves(fit, np.square(np.linspace(0.0, np.sqrt(last), 121)), assay)
    levels = np.exp(np.where(seen, observed[f"level_{assay}"].values, np.nan))
    n = len(ends)
    columns = next((c for c, most in ((min(n, 4), 12), (6, 48), (8, 96)) if n <= most), 10)
    width = max(6.5, 1.85 * columns + 0.7) if width is None else width
    columns = columns_of(width - 0.4, columns, 1.45)
    rows = ceil(n / columns)
    k = scale_of(width)
    with style(width):
        notes = [
            fit.attrs["trial"],
            assay_text(spec, assay),
            f"model {spec.name}, {patients_text(n)}; shaded: 95% intervals",
        ]
        height = k * (1.7 * rows + (1.4 if rows == 1 else 0.8))
        figure = new_figure(width, height, "Individual fits", notes, stamp_text(fit.attrs["simulated"], stamp))
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        doses = data["dose"].values.astype(float)
        told = ["" if np.isnan(dose) else f", {dose_words(dose)}" for dose in doses]
        room = int(72 * (width - 0.5 * k) / columns / (0.62 * small())) - max(len(words) for words in told)
        named = short_names([str(s) for s in data["subject"].values], min(max(room, 4), 13 if any(told) else 24))
        for i, axes in enumerate(grid.flat):
            if i >= n:
                axes.remove()
                continue
            log_axis(axes.yaxis, *_limits(curves, levels, ends))
            time_axis(axes, last, apart=0.15)
            axes.tick_params(labelbottom=i + columns >= n)
            patient = data.isel(subject=i)
            _panel(axes, patient, curves.isel(subject=i).sel(time=slice(0.0, ends[i])), levels[i], assay)
            axes.set_title(named[i] + told[i], size=small(), pad=3 * k, parse_math=False)
        side = f"Level, assay {assay} ({spec.assays[assay].unit})"
        most = max(
            data[f"lloq_{assay}"].values, key=lambda own: len(np.unique(own[~np.isnan(own)]))
        )  # as panels draw it
        handles = [sample_handle(), blq_handle(), lloq_handle(most), *_legend()]
        footer(figure, handles, 3 if columns < 5 else 6, time_label(last), side)
    return figure


def _limits(curves: xr.Dataset, levels: np.ndarray, ends: np.ndarray) -> tuple[float, float]:
    drawn = curves.where(curves["time"] <= xr.DataArray(ends, dims="subject"))
    sampled = ~np.isnan(levels).all(axis=1)
    tops = drawn["upper"].values[sampled] if sampled.any() else drawn["median"].values
    low = np.nanmin(levels) / 5 if sampled.any() else np.nanmin(drawn["median"].values)
    return float(low), float(max(np.nanmax(tops), np.nanmax(levels) if sampled.any() else 0.0)) * 2


def _panel(axes: Axes, patient: xr.Dataset, curve: xr.Dataset, levels: np.ndarray, assay: str) -> None:
    axes.fill_between(curve["time"], curve["lower"], curve["upper"], color=BLUE, alpha=0.22, linewidth=0, gid="band")
    typical = curve["typical_lower"], curve["typical_upper"]
    axes.fill_between(curve["time"], *typical, color=ORANGE, alpha=0.15, linewidth=0, gid="typical_band")
    axes.plot(curve["time"], curve["typical"], color=ORANGE, linewidth=1.1, linestyle=(0, (4, 2)), gid="typical")
    axes.plot(curve["time"], curve["median"], color=BLUE, linewidth=1.3, gid="median")
    taken = ~np.isnan(levels)
    below = taken & (patient[f"blq_{assay}"].values > 0)
    time = patient[f"time_{assay}"].values
    lloq_lines(axes, np.where(taken, patient[f"lloq_{assay}"].values, np.nan))
    draw_samples(axes, time[taken], levels[taken], below[taken], DARK)
    if not taken.any():
        axes.text(0.5, 0.06, "no samples", transform=axes.transAxes, ha="center", size=small(), color=DARK)


def _legend() -> list[Line2D | Patch]:
    return [
        Line2D([], [], color=BLUE, linewidth=1.3, label="patient's curve, median"),
        Patch(facecolor=BLUE, alpha=0.22, label="95% interval"),
        Line2D([], [], color=ORANGE, linewidth=1.1, linestyle=(0, (4, 2)), label="typical patient at that dose"),
    ]
