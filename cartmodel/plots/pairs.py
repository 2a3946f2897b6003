"""A triangle of panels, in which each pair of quantities stands once, with two numbers on every axis."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from cartmodel.plots.style import scale_of, small
from cartmodel.plots.words import number_text

_WIDE = 0.85  # inches of a panel from which on its numbers stand upright


def pairs_height(width: float, n: int) -> float:
    """Return the height in inches of the axes and footer of a figure with the pairs of n quantities."""
    cells, k = max(n - 1, 1), scale_of(width)
    return max(0.85 * (width - 0.5) / cells, 0.62 * k) * cells + 1.1 * k


def pair_panels(figure: Figure, names: Sequence[str]) -> Iterator[tuple[Axes, str, str]]:
    """Yield each panel with the name across and the name up; once the caller has drawn all, set ticks and labels.

    Parameters
    ----------
    figure : Figure
        From `new_figure`, of the height of `pairs_height`.
    names : sequence of str
        Two or more quantities.
    """
    cells = len(names) - 1
    grid = figure.subplots(cells, cells, squeeze=False, sharex="col", sharey="row")
    for i, below in enumerate(names[1:]):
        for j, left in enumerate(names[:-1]):
            if j > i:
                grid[i, j].remove()
                continue
            yield grid[i, j], left, below
            grid[i, j].tick_params(length=2, labelsize=small(), labelleft=j == 0, labelbottom=i + 1 == cells)
    upright = figure.get_figwidth() / (cells + 0.7) > _WIDE * scale_of(figure.get_figwidth())
    for j in range(cells):
        two_ticks(grid[-1, j].xaxis)
        two_ticks(grid[j, 0].yaxis)
        if not upright:
            grid[-1, j].tick_params(axis="x", rotation=90)
        grid[-1, j].set_xlabel(names[j], parse_math=False)
        grid[j, 0].set_ylabel(names[j + 1], parse_math=False)


def two_ticks(axis: Axis) -> None:
    """Set two ticks at round numbers, away from the ends of an axis and from each other.

    Examples
    --------
    >>> axes = Figure().subplots()
    >>> _ = axes.set_xlim(-1.1, 1.3)
    >>> two_ticks(axes.xaxis)
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['-0.6', '0.8']
    """
    low, high = sorted(axis.get_view_interval())
    if axis.get_scale() == "log":
        low, high = np.log10([low, high])
        powers = np.arange(np.floor(low), np.ceil(high) + 1)
        at = powers if np.sum((powers > low) & (powers < high)) > 1 else (powers[:, None] + np.log10([1, 2, 5])).ravel()
        values = 10.0**at
    else:
        at = values = np.asarray(MaxNLocator(12, steps=[1, 2, 5, 10]).tick_values(low, high))
        values = np.where(np.abs(values) < 1e-9 * (high - low), 0.0, values)
    place = (at - low) / (high - low)
    inner = np.flatnonzero((place > 0.1) & (place < 0.9))
    chosen = sorted({int(inner[np.argmin(np.abs(place[inner] - goal))]) for goal in (0.2, 0.8)}) if len(inner) else []
    axis.set_ticks([float(values[i]) for i in chosen], labels=[number_text(float(values[i])) for i in chosen])
    axis.set_minor_locator(NullLocator())
    axis.set_tick_params(pad=2 if isinstance(axis, XAxis) else 1)
