"""What residual figures share: points by dose group, a trend, a quantile plot."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy import stats

from cartmodel.plots.samples import blq_handle, draw_samples, sample_handle
from cartmodel.plots.style import DARK, GREY, ORANGE, dose_groups

_LEAST = 5  # points for each median of a trend


def points(axes: Axes, x: Any, table: pd.DataFrame, y: str) -> None:
    """Draw a column of a table in the colours of the dose groups; open triangles where BLQ."""
    x, y_, blq = np.asarray(x, dtype=float), table[y].to_numpy(float), table["blq"].to_numpy(bool)
    for _, mask, colour in dose_groups(table["dose"].to_numpy(float)):
        draw_samples(axes, x[mask], y_[mask], blq[mask], colour, size=2.4, alpha=0.8)


def trend(axes: Axes, x: Any, y: Any) -> None:
    """Draw medians of neighbouring points as a line; none for fewer than ten points."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = np.isfinite(x) & np.isfinite(y)
    x, y = x[kept], y[kept]
    if len(x) < 2 * _LEAST:
        return
    parts = np.array_split(np.argsort(x, kind="stable"), min(8, len(x) // _LEAST))
    axes.plot(
        [np.median(x[p]) for p in parts], [np.median(y[p]) for p in parts], color=ORANGE, linewidth=1.4, gid="trend"
    )


def zero_lines(axes: Axes) -> None:
    """Draw 0, and the 95% interval of a standard normal variable."""
    axes.axhline(0.0, color=GREY, linewidth=0.7)
    for edge in stats.norm.ppf([0.025, 0.975]):
        axes.axhline(edge, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))


def quantile_plot(axes: Axes, values: Any, sd: float = 1.0) -> None:
    """Draw ordered values against standard normal quantiles, with the pointwise 95% band of a sample of N(0, sd^2)."""
    ordered = np.sort(np.asarray(values, dtype=float)[np.isfinite(np.asarray(values, dtype=float))])
    n = len(ordered)
    if not n:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color=DARK)
        return
    rank = np.arange(1, n + 1)
    at = stats.norm.ppf((rank - 0.5) / n)
    low, high = (sd * stats.norm.ppf(stats.beta.ppf(p, rank, n - rank + 1)) for p in (0.025, 0.975))
    axes.fill_between(at, low, high, color=GREY, alpha=0.25, linewidth=0, gid="band")
    axes.plot(at[[0, -1]], sd * at[[0, -1]], color=GREY, linewidth=0.8)
    axes.plot(at, ordered, linestyle="none", marker="o", markersize=2.2, color=DARK, gid="quantiles")
    axes.set_xlabel("Normal quantile")


def legend(table: pd.DataFrame) -> list[Artist]:
    """Return the legend of a residual figure: dose groups, BLQ samples if there are any, and the trend."""
    patients = table.drop_duplicates("subject")
    handles: list[Artist] = [
        sample_handle(colour, f"{label}, n = {int(mask.sum())}")
        for label, mask, colour in dose_groups(patients["dose"].to_numpy(float))
    ]
    if table["blq"].any():
        handles.append(blq_handle(size=2.5))
    return [*handles, Line2D([], [], color=ORANGE, linewidth=1.4, label="trend (medians)")]


def bounds_handle() -> Line2D:
    """Return the legend of `zero_lines`."""
    return Line2D([], [], color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), label="95% of a standard normal")
