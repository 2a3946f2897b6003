"""What all figures share: settings, colours, heading, stamp and footer."""

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from cartmodel.checks.groups import dose_groups as checked_groups
from cartmodel.plots.fonts import families, spelled
from cartmodel.plots.words import shortened

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": list(families()),
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
    "text.hinting": "no_hinting",  # else small text is narrower on the screen's 100 dpi than on paper
    "svg.hashsalt": "cartmodel",
    "text.usetex": False,
}
"""Settings under which figures are made and saved; matplotlib's global ones are left alone."""

BLUE, ORANGE, VERMILLION, GREEN, GREY, DARK = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#888888", "#333333"
"""From the Okabe-Ito palette, safe for the colour-blind."""


THIRD_OF_A_PAGE = 6 / 2.54
"""Width in inches at which every figure is still legible: 6 cm. Its smallest text has 5.1 points there."""

_FULL_SIZE = 4.5  # inches from which on text has its full size
_SPELLED = "‹60A3›: a character that no font here has, by its code point"
_FOOT = 0.6  # inches of footer that the height given to `new_figure` includes


def scale_of(width: float) -> float:
    """Return the factor on all text and gaps of a figure of a width in inches: 1 from 4.5 inches on, 0.64 at 6 cm.

    Examples
    --------
    >>> scale_of(7.0), scale_of(THIRD_OF_A_PAGE)
    (1.0, 0.64)
    """
    share = (width - THIRD_OF_A_PAGE) / (_FULL_SIZE - THIRD_OF_A_PAGE)
    return float(np.clip(0.64 + 0.36 * share, 0.64, 1.0))


def style(width: float = _FULL_SIZE) -> AbstractContextManager[None]:
    """Return the context in which every figure is made, with text for a width in inches."""
    sizes = {name: scale_of(width) * value for name, value in STYLE.items() if name.endswith("size")}
    return matplotlib.rc_context({**STYLE, **sizes})  # pyright: ignore[reportArgumentType]


def small() -> float:
    """Return the size of small text (legends, ticks, notes in a panel) in the present style."""
    return float(matplotlib.rcParams["legend.fontsize"])


def columns_of(width: float, panels: int, least: float) -> int:
    """Return how many panels stand side by side, if each needs ``least`` inches at full text size.

    Examples
    --------
    >>> columns_of(7.0, 3, 2.3), columns_of(THIRD_OF_A_PAGE, 3, 2.3)
    (3, 1)
    """
    return max(1, min(panels, int(width / (least * scale_of(width)))))


def fitting(text: str, inches: float) -> str:
    """Return a text shortened to what fits into a width, in small text of the present style."""
    return shortened(text, max(4, int(72 * inches / (0.62 * small()))))


def wrapped(text: str, inches: float) -> str:
    """Return a text broken into lines that fit into a width, in text of axes of the present style."""
    return textwrap.fill(text, max(8, int(72 * inches / (0.6 * float(matplotlib.rcParams["axes.labelsize"])))))


def new_figure(width: float, height: float, title: str, notes: Sequence[str], stamp: str) -> Figure:
    """Return an empty figure (inches) with a heading: a title, grey lines of notes, the stamp in the upper right.

    The height is that of axes and footer: room for the heading is added. Call it within ``style(width)``.
    """
    k = scale_of(width)
    title, stamp = spelled(title), spelled(stamp)
    lines = textwrap.wrap(title, max(16, int(width * 9.8 / k)))
    grey = [line for note in notes if note for line in textwrap.wrap(spelled(note), max(24, int(width * 14 / k)))]
    beside = len(lines) == 1 and k * (0.115 * len(title) + 0.125 * len(stamp) + 0.6) < width
    marks = [] if beside or not stamp else textwrap.wrap(stamp, max(10, int(width * 10.5 / k)))
    start = 0.12 * k + (0.19 * k * len(marks) + 0.11 * k if marks else 0.0)
    room = start + k * (0.21 * len(lines) + 0.165 * len(grey) + 0.08)
    total = height + room
    figure = Figure(figsize=(width, total), layout="constrained")
    _arrange(figure, h_pad=0.06 * k, w_pad=0.06 * k, rect=(0.0, 0.0, 1.0, 1.0 - room / total))
    if stamp:
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": VERMILLION, "linewidth": 1.2 * k}
        text = "\n".join(marks) if marks else stamp
        right = figure.text(
            1.0 - 0.14 * k / width, 1.0 - 0.12 * k / total, text, ha="right", va="top", size=9 * k, weight="bold"
        )
        right.set(color=VERMILLION, bbox=box, parse_math=False, gid="stamp")
    heading = figure.text(
        0.1 * k / width, 1.0 - start / total, "\n".join(lines), ha="left", va="top", size=11 * k, weight="bold"
    )
    heading.set(linespacing=1.25, parse_math=False, gid="title")
    under = 1.0 - (start + 0.21 * k * len(lines)) / total
    told = figure.text(0.1 * k / width, under, "\n".join(grey), ha="left", va="top", size=8 * k, color="#555555")
    told.set(linespacing=1.35, parse_math=False, gid="notes")
    return figure


def footer(figure: Figure, handles: Sequence[Artist], columns: int, label: str = "", side: str = "") -> None:
    """Put a legend at the foot of a figure and the labels of axes that all panels share, then lay it out for good.

    ``columns`` is the most that the legend has; a long one makes the figure taller. The layout is fixed, since
    constrained layout moves a little each time a figure is drawn. A character that had to be spelled is explained.
    """
    width, total = figure.get_figwidth(), figure.get_figheight()
    k = scale_of(width)
    height = 0.03 * k
    if handles:
        labels = [textwrap.fill(spelled(str(h.get_label())), max(16, int((width / k - 0.55) * 15))) for h in handles]
        longest = max(len(line) for text in labels for line in text.split("\n"))
        fits = int(width / (k * (0.065 * longest + 0.6)))
        legend = figure.legend(
            handles=list(handles), labels=labels, loc="lower center", ncols=max(1, min(columns, fits, len(handles))),
            bbox_to_anchor=(0.5, 0.0), borderaxespad=0.3,
        )  # fmt: skip
        for text in legend.get_texts():
            text.set_parse_math(False)
        height += legend.get_window_extent().height / figure.dpi + 0.05 * k
    if label:
        told = figure.text(0.5, height / total, spelled(label), ha="center", va="bottom", size=9 * k, gid="label")
        told.set_parse_math(False)
        height += 0.19 * k
    if _spell_axes(figure):
        lines = textwrap.wrap(_SPELLED, max(24, int(width * 14 / k)))
        about = figure.text(0.5, height / total, "\n".join(lines), ha="center", va="bottom", size=8 * k)
        about.set(color="#555555", gid="label")
        height += (0.05 + 0.15 * len(lines)) * k
    engine = figure.get_layout_engine()
    top = engine.get()["rect"][3] if engine is not None else 1.0
    taller = total + max(0.0, height - _FOOT * k)
    for text in figure.texts:  # what stands at the top stays at its distance from it, what stands below likewise
        x, y = text.get_position()
        text.set_position((x, y * total / taller if text.get_gid() == "label" else 1.0 - (1.0 - y) * total / taller))
    top = 1.0 - (1.0 - top) * total / taller
    total = taller
    figure.set_size_inches(width, total)
    _arrange(figure, rect=(0.0, height / total, 1.0, top - height / total))
    if side:
        figure.supylabel(spelled(side), y=0.5 * (height / total + top), size=9 * k, parse_math=False)
    for _ in range(2):  # the first layout does not yet know how wide the labels of ticks come out
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _spell_axes(figure: Figure) -> bool:
    """Spell what the titles and labels of axes cannot show, and return whether any text of the figure is spelled."""
    found = list(figure.texts)
    for axes in figure.axes:
        own = [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for text in own:
            text.set_text(spelled(text.get_text()))
        found += [*own, *axes.get_xticklabels(), *axes.get_yticklabels()]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    return any("‹" in text.get_text() for text in found)


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
    groups = checked_groups(doses, most)
    shades = colormaps["viridis"](np.linspace(0.0, 0.78, max(2, len(groups) - int(np.isnan(doses).any()))))
    return [
        (label, mask, GREY if np.isnan(doses[mask]).all() else to_hex(shades[i]))
        for i, (label, mask) in enumerate(groups)
    ]
