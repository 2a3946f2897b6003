"""Observed shares of patients with an event, as open diamonds."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

_DIAMOND: dict[str, Any] = {
    "linestyle": "none", "marker": "D", "markersize": 5.5, "markerfacecolor": "none", "markeredgecolor": "black",
}  # fmt: skip


def draw_shares(axes: Axes, at: np.ndarray, events: np.ndarray, observed: np.ndarray) -> None:
    """Draw the share of patients with an event among those whose outcome is known; nothing where none is."""
    seen = observed > 0
    if seen.any():  # of an empty line that is not clipped, the layout takes the corner of the page
        axes.plot(at[seen], events[seen] / observed[seen], **_DIAMOND, gid="observed", clip_on=False, zorder=5)


def share_handle() -> Line2D:
    """Return the legend of `draw_shares`."""
    return Line2D([], [], **_DIAMOND, label="observed share")
