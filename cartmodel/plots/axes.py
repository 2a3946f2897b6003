"""Axes of time, level and dose, and how many ticks they bear."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.ticker import NullFormatter, NullLocator

from cartmodel.plots.words import number_text
from cartmodel.prediction.words import dose_number

# In the order in which they get a tick.
_DAYS = (0, 28, 90, 360, 180, 7, 14, 60, 3, 720, 270, 1, 540, 1080, 1440, 1800, 2700, 3600)


def time_axis(axes: Axes, last: float, *, apart: float = 0.06) -> None:
    """Set an axis of days from 0: square-root spaced beyond 60 days, so that the first weeks stay legible.

    ``apart`` is the least distance between ticks, as a share of the axis.
    """
    last = max(last, 1.0)
    if last > 60:
        axes.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0.0)), np.square))
    axes.set_xlim(0.0, last * 1.03)
    scale = np.sqrt if last > 60 else np.asarray
    chosen = thinned([d for d in _DAYS if d <= last * 1.03], scale, apart * float(scale(last)))
    axes.set_xticks(chosen, [f"{d:g}" for d in chosen])
    axes.xaxis.set_minor_locator(NullLocator())


def time_label(last: float, *, short: bool = False) -> str:
    """Return the label of an axis made by `time_axis`."""
    if last <= 60:
        return "Days since infusion"
    return "Days (square-root spacing)" if short else "Days since infusion (square-root spacing)"


def thinned(values: Sequence[float], scale: Any, least: float) -> list[float]:
    """Return, in ascending order, the values that keep a distance on a scale; those that come first are kept first.

    Examples
    --------
    >>> thinned([0, 100, 1, 2, 50], np.asarray, 10)
    [0, 50, 100]
    """
    kept: list[float] = []
    for value in values:
        if all(abs(float(scale(value)) - float(scale(other))) >= least for other in kept):
            kept.append(value)
    return sorted(kept)


def side_by_side(n: int) -> np.ndarray:
    """Return places of n patients beside each other, about 0 and less than 1 apart in all; few stand closer together.

    Examples
    --------
    >>> side_by_side(3).tolist(), side_by_side(1).tolist()
    ([-0.25, 0.0, 0.25], [0.0])
    """
    return (np.arange(n) - (n - 1) / 2) / max(n, 4)


def ends_first(values: Sequence[float]) -> list[float]:
    """Return the values with the first and the last before those between, as `thinned` wants them.

    Examples
    --------
    >>> ends_first([1, 2, 3, 4])
    [1, 4, 2, 3]
    """
    return [*values[:1], *values[1:][-1:], *values[1:-1]]


def log_axis(axis: XAxis | YAxis, low: float, high: float, most: int = 8) -> None:
    """Set a log axis between two positive values, with at most so many ticks: powers of ten, and 2 and 5 if few."""
    if isinstance(axis, YAxis):
        axis.axes.set(yscale="log", ylim=(low, high))
        axis.axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    else:
        axis.axes.set(xscale="log", xlim=(low, high))
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    few = np.log10(high / low) < 2.5
    values = [float(f"{m}e{p}") for p in powers for m in ((1, 2, 5) if few else (1,))]
    shown = [v for v in values if low <= v <= high]
    shown = shown[:: -(-len(shown) // most)] if shown else []
    axis.set_ticks(shown, labels=[number_text(v) for v in shown])
    axis.set_minor_formatter(NullFormatter())


def dose_axis(axes: Axes, doses: np.ndarray, under: dict[float, str] | None = None) -> None:
    """Set an axis of ln dose with ticks at the doses, a line ``under`` each; without doses a single category."""
    under = under or {}
    if not len(doses):
        axes.set_xlim(-0.6, 0.6)
        axes.set_xticks([0.0], ["\n".join(["all patients", *under.values()])], parse_math=False)
        axes.set_xlabel("The model uses no dose")
        return
    at = [float(d) for d in doses]
    pad = 0.6 * (np.ptp(np.log(at)) / 2 if len(at) > 1 else 2.0)
    axes.set_xlim(np.log(min(at)) - pad, np.log(max(at)) + pad)
    shown = thinned(ends_first(at), np.log, 0.09 * (np.ptp(np.log(at)) + 2 * pad))
    axes.set_xticks(
        [np.log(d) for d in shown], ["\n".join([dose_number(d), *([under[d]] if d in under else [])]) for d in shown]
    )
    axes.set_xlabel("Dose (cells, log scale)")
