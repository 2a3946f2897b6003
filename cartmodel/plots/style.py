"""What all figures share: colours, heading and footer; axes of dose, time and level; names and units in words."""

import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

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

# In the order in which they get a tick.
_DAYS = (0, 28, 90, 360, 180, 7, 14, 60, 3, 720, 270, 1, 540, 1080, 1440, 1800, 2700, 3600)


def style() -> AbstractContextManager[None]:
    """Return the context in which every figure is made."""
    return matplotlib.rc_context(STYLE)  # pyright: ignore[reportArgumentType]


@contextmanager
def quiet_glyphs() -> Iterator[None]:
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


def dose_number(dose: float) -> str:
    """Return a dose in cells without its unit.

    Examples
    --------
    >>> dose_number(2.5e7), dose_number(1e8)
    ('2.5e7', '1e8')
    """
    mantissa, exponent = f"{dose:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def dose_text(low: float, high: float | None = None) -> str:
    """Return a dose, or a range of doses, in words.

    Examples
    --------
    >>> dose_text(2.5e7), dose_text(1e6, 3e6), dose_text(float("nan"))
    ('2.5e7 cells', '1e6 to 3e6 cells', 'dose not recorded')
    """
    if np.isnan(low):
        return "dose not recorded"
    return (
        f"{dose_number(low)} cells"
        if high is None or high == low
        else f"{dose_number(low)} to {dose_number(high)} cells"
    )


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
        (dose_text(float(r[0]), float(r[-1])), (doses >= r[0]) & (doses <= r[-1]), to_hex(shades[i]))
        for i, r in enumerate(ranges)
    ]
    if np.isnan(doses).any():
        groups.append((dose_text(np.nan), np.isnan(doses), GREY))
    return groups


def exposure_text(name: str) -> str:
    """Return the name of an exposure as a reader knows it.

    Examples
    --------
    >>> exposure_text("peak_level"), exposure_text("auc_0_28"), exposure_text("auc_0_0p5")
    ('Cmax', 'AUC 0-28 d', 'AUC 0-0.5 d')
    """
    known = {"peak_level": "Cmax", "peak_time": "Tmax"}
    return known.get(name) or "AUC {}-{} d".format(*name.removeprefix("auc_").replace("p", ".").split("_"))


def unit_text(unit: str) -> str:
    """Return a unit with a multiplication sign instead of the letter x.

    Examples
    --------
    >>> unit_text("copies/ug x day")
    'copies/ug × day'
    """
    return unit.replace(" x ", " × ")


def shortened(text: str, width: int) -> str:
    """Return a text cut to a width.

    Examples
    --------
    >>> shortened("CART-0001-Shanghai", 10), shortened("S01", 10)
    ('CART-0001…', 'S01')
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def patients_text(n: int) -> str:
    """Return a number of patients in words.

    Examples
    --------
    >>> patients_text(1), patients_text(18)
    ('1 patient', '18 patients')
    """
    return f"{n} patient" if n == 1 else f"{n} patients"


def number_text(value: float) -> str:
    """Return a round number in the shortest way.

    Examples
    --------
    >>> number_text(0.02), number_text(5000), number_text(2e5), number_text(1e-4)
    ('0.02', '5000', '2e5', '1e-4')
    """
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def time_axis(axes: Axes, last: float, *, narrow: bool = False) -> None:
    """Set an axis of days from 0: square-root spaced beyond 60 days, so that the first weeks stay legible."""
    last = max(last, 1.0)
    if last > 60:
        axes.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0.0)), np.square))
    axes.set_xlim(0.0, last * 1.03)
    scale = np.sqrt if last > 60 else np.asarray
    chosen = thinned([d for d in _DAYS if d <= last * 1.03], scale, (0.15 if narrow else 0.06) * float(scale(last)))
    axes.set_xticks(chosen, [f"{d:g}" for d in chosen])
    axes.xaxis.set_minor_locator(NullLocator())


def time_label(last: float) -> str:
    """Return the label of an axis made by `time_axis`."""
    return "Days since infusion (square-root spacing)" if last > 60 else "Days since infusion"


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


def ends_first(values: Sequence[float]) -> list[float]:
    """Return the values with the first and the last before those between, as `thinned` wants them.

    Examples
    --------
    >>> ends_first([1, 2, 3, 4])
    [1, 4, 2, 3]
    """
    return [*values[:1], *values[1:][-1:], *values[1:-1]]


def log_axis(axis: XAxis | YAxis, low: float, high: float) -> None:
    """Set a log axis between two positive values, with ticks at powers of ten, and at 2 and 5 if few."""
    if isinstance(axis, YAxis):
        axis.axes.set(yscale="log", ylim=(low, high))
        axis.axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    else:
        axis.axes.set(xscale="log", xlim=(low, high))
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    few = np.log10(high / low) < 2.5
    values = [float(f"{m}e{p}") for p in powers for m in ((1, 2, 5) if few else (1,))]
    shown = [v for v in values if low <= v <= high]
    shown = shown[:: -(-len(shown) // 8)] if shown else []
    axis.set_ticks(shown, labels=[number_text(v) for v in shown])
    axis.set_minor_formatter(NullFormatter())


def lloq_lines(axes: Axes, lloq: np.ndarray) -> None:
    """Draw a line at each LLOQ, if there are at most three."""
    values = np.unique(lloq[~np.isnan(lloq)])
    for value in values[: 3 if len(values) <= 3 else 0]:
        axes.axhline(value, color=VERMILLION, linewidth=0.8, linestyle=(0, (1, 1.5)), gid="lloq")


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
