"""What all figures share: settings, colours, heading, stamp and footer."""

import textwrap
import warnings
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from cartmodel.prediction.words import dose_words

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "figure.dpi": 100.0,
    "savefig.bbox": None,
    "svg.fonttype": "none",
    "svg.hashsalt": "cartmodel",
    "text.usetex": False,
}
"""Settings under which figures are made and saved; matplotlib's global ones are left alone."""

BLUE, ORANGE, VERMILLION, GREEN, GREY, DARK = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#888888", "#333333"
"""From the Okabe-Ito palette, safe for the colour-blind."""


def style() -> AbstractContextManager[None]:
    """Return the context in which every figure is made."""
    return matplotlib.rc_context(STYLE)  # pyright: ignore[reportArgumentType]


@contextmanager
def quiet_glyphs() -> Generator[None]:
    """Silence matplotlib about a script that its font lacks: a PNG then shows boxes, an SVG keeps the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s)Glyph .* missing from font", category=UserWarning)
        yield


def new_figure(width: float, height: float, title: str, notes: Sequence[str], stamp: str) -> Figure:
    """Return an empty figure (inches) with a heading: a title, grey lines of notes, the stamp in the upper right.

    The height is that of axes and footer: room for the heading is added.
    """
    lines = textwrap.wrap(title, max(20, int(width * 10.5)))
    grey = [line for note in notes if note for line in textwrap.wrap(note, max(30, int(width * 14)))]
    beside = len(lines) == 1 and 0.115 * len(title) + 0.125 * len(stamp) + 0.6 < width
    start = 0.12 + (0.3 if stamp and not beside else 0.0)
    room = start + 0.21 * len(lines) + 0.165 * len(grey) + 0.08
    total = height + room
    figure = Figure(figsize=(width, total), layout="constrained")
    _arrange(figure, h_pad=0.06, w_pad=0.06, rect=(0.0, 0.0, 1.0, 1.0 - room / total))
    if stamp:
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": VERMILLION, "linewidth": 1.2}
        right = figure.text(1.0 - 0.14 / width, 1.0 - 0.12 / total, stamp, ha="right", va="top", size=9, weight="bold")
        right.set(color=VERMILLION, bbox=box, parse_math=False, gid="stamp")
    heading = figure.text(
        0.1 / width, 1.0 - start / total, "\n".join(lines), ha="left", va="top", size=11, weight="bold"
    )
    heading.set(linespacing=1.25, parse_math=False, gid="title")
    under = 1.0 - (start + 0.21 * len(lines)) / total
    told = figure.text(0.1 / width, under, "\n".join(grey), ha="left", va="top", size=8, color="#555555")
    told.set(linespacing=1.35, parse_math=False, gid="notes")
    return figure


def footer(figure: Figure, handles: Sequence[Artist], columns: int, label: str = "", side: str = "") -> None:
    """Put a legend at the foot of a figure and the labels of axes that all panels share, then lay it out for good.

    The layout is fixed, since constrained layout moves a little each time a figure is drawn.
    """
    total = figure.get_figheight()
    height = 0.08 + 0.185 * -(-len(handles) // columns)
    figure.legend(handles=handles, loc="lower center", ncols=columns, bbox_to_anchor=(0.5, 0.0), borderaxespad=0.3)
    if label:
        figure.text(0.5, (height + 0.02) / total, label, ha="center", va="bottom", size=9, gid="label")
        height += 0.19
    engine = figure.get_layout_engine()
    top = engine.get()["rect"][3] if engine is not None else 1.0
    _arrange(figure, rect=(0.0, height / total, 1.0, top - height / total))
    if side:
        figure.supylabel(side, y=0.5 * (height / total + top), size=9, parse_math=False)
    with quiet_glyphs():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _arrange(figure: Figure, **settings: Any) -> None:
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(**settings)


def stamp_text(simulated: object, stamp: str = "") -> str:
    """Return the text of a figure's stamp.

    Examples
    --------
    >>> stamp_text(1), stamp_text(1, "NOT CONVERGED"), stamp_text(0)
    ('SIMULATED', 'SIMULATED, NOT CONVERGED', '')
    """
    return ", ".join(part for part in ("SIMULATED" if simulated else "", stamp) if part)


def dose_groups(doses: np.ndarray, most: int = 6) -> list[tuple[str, np.ndarray, str]]:
    """Return the dose groups in order: label, mask over the patients, colour.

    More than ``most`` different doses are merged into four ranges.

    Examples
    --------
    >>> [(label, int(mask.sum())) for label, mask, _ in dose_groups(np.array([2.5e7, 1e8, 2.5e7, np.nan]))]
    [('2.5e7 cells', 2), ('1e8 cells', 1), ('dose not recorded', 1)]
    """
    doses = np.asarray(doses, dtype=float)
    known = np.unique(doses[~np.isnan(doses)])
    ranges = [known[i : i + 1] for i in range(len(known))] if len(known) <= most else np.array_split(known, 4)
    shades = colormaps["viridis"](np.linspace(0.0, 0.78, max(2, len(ranges))))
    groups = [
        (dose_words(float(r[0]), float(r[-1])), (doses >= r[0]) & (doses <= r[-1]), to_hex(shades[i]))
        for i, r in enumerate(ranges)
    ]
    if np.isnan(doses).any():
        groups.append((dose_words(np.nan), np.isnan(doses), GREY))
    return groups
