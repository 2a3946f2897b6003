"""How every figure draws samples: a dot where quantified, an open triangle at the LLOQ where below it; and the LLOQ."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.plots.style import DARK, VERMILLION

_DOTTED: dict[str, Any] = {"color": VERMILLION, "linewidth": 0.8, "linestyle": (0, (1, 1.5))}
_MOST = 3  # lines; more limits are a band, or they would hide the samples


def draw_samples(axes: Axes, x: Any, y: Any, blq: Any, colour: str, *, size: float = 3.0, alpha: float = 1.0) -> None:
    """Draw samples at (x, y), those below the LLOQ as open triangles."""
    x, y, below = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(blq, dtype=bool)
    axes.plot(
        x[~below], y[~below], linestyle="none", marker="o", markersize=size, color=colour, alpha=alpha, gid="quantified"
    )
    axes.plot(x[below], y[below], linestyle="none", color=colour, **_triangle(colour, 1.6 * size), gid="blq")


def lloq_lines(axes: Axes, lloq: np.ndarray) -> None:
    """Draw a line at each LLOQ; of more than three, lines at the lowest and the highest, and a band between them."""
    values = _limits(lloq)
    shown = values if len(values) <= _MOST else values[[0, -1]]
    for value in shown:
        axes.axhline(value, **_DOTTED, gid="lloq")
    if len(values) > _MOST:
        axes.axhspan(shown[0], shown[1], color=VERMILLION, alpha=0.12, linewidth=0, zorder=0.4, gid="lloq band")


def sample_handle(colour: str = DARK, label: str = "sample", size: float = 3.0) -> Line2D:
    """Return the legend of a quantified sample."""
    return Line2D([], [], color=colour, marker="o", markersize=size, linestyle="none", label=label)


def blq_handle(colour: str = DARK, size: float = 3.0) -> Line2D:
    """Return the legend of a sample below the LLOQ."""
    mark = _triangle(colour, 1.6 * size)
    return Line2D([], [], color=colour, linestyle="none", label="below the LLOQ, drawn at it", **mark)


def lloq_handle(lloq: np.ndarray) -> Artist:
    """Return the legend of the lines, or of the band, that `lloq_lines` draws."""
    values = _limits(lloq)
    if len(values) <= _MOST:
        return Line2D([], [], **_DOTTED, label="LLOQ")
    label = f"LLOQ, lowest to highest of {len(values)}"
    return Patch(facecolor=VERMILLION, alpha=0.25, label=label)


def _triangle(colour: str, size: float) -> dict[str, Any]:
    edge = min(1.0, 0.17 * size)
    return {
        "marker": "v", "markersize": size, "markerfacecolor": "white", "markeredgecolor": colour,
        "markeredgewidth": edge,
    }  # fmt: skip


def _limits(lloq: np.ndarray) -> np.ndarray:
    values = np.asarray(lloq, dtype=float).ravel()
    return np.unique(values[~np.isnan(values)].round(12))
