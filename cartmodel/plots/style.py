"""What all figures share: colours, heading and stamp, axes of dose, time and level, text that matplotlib must not interpret."""

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
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

DAYS = (0, 1, 3, 7, 14, 28, 60, 90, 180, 270, 360, 540, 720, 1080, 1440, 1800, 2700, 3600)


def style() -> AbstractContextManager[None]:
    """Return the context in which every figure is made."""
    return matplotlib.rc_context(STYLE)


def new_figure(width: float, height: float, title: str, notes: Sequence[str], stamp: str) -> Figure:
    """Return an empty figure (inches) with a heading: a title, grey lines of notes, and the stamp, if any, in its upper right corner.

    The height is that of the axes: room for the heading is added.
    """
    lines = textwrap.wrap(title, max(20, int(width * 10.5)))
    grey = [line for note in notes if note for line in textwrap.wrap(note, max(30, int(width * 14)))]
    stamped = 0.3 if stamp else 0.0
    room = 0.14 + 0.21 * len(lines) + 0.165 * len(grey) + stamped
    total = height + room
    figure = Figure(figsize=(width, total), layout="constrained")
    engine = figure.get_layout_engine()
    assert engine is not None  # noqa: S101 (asked for in the line above)
    engine.set(rect=(0.0, 0.0, 1.0, 1.0 - room / total))  # pyright: ignore[reportCallIssue]
    left = 0.1 / width
    if stamp:
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": VERMILLION, "linewidth": 1.2}
        figure.text(
            1.0 - 0.12 / width, 1.0 - 0.1 / total, stamp, ha="right", va="top", size=9, weight="bold", color=VERMILLION, bbox=box,
            parse_math=False, gid="stamp",
        )  # fmt: skip
    top = 0.1 + stamped
    figure.text(
        left,
        1.0 - top / total,
        "\n".join(lines),
        ha="left",
        va="top",
        size=11,
        weight="bold",
        linespacing=1.25,
        parse_math=False,
    )
    top += 0.21 * len(lines)
    figure.text(
        left,
        1.0 - top / total,
        "\n".join(grey),
        ha="left",
        va="top",
        size=8,
        color="#555555",
        linespacing=1.35,
        parse_math=False,
    )
    return figure


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
    mantissa, exponent = f"{dose:.2e}".split("e")
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
    """Return the dose groups in order: label, mask over the patients, colour. More than ``most`` doses are merged into four ranges.

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
        (dose_text(float(r[0]), float(r[-1])), (doses >= r[0]) & (doses <= r[-1]), matplotlib.colors.to_hex(shades[i]))
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


def time_axis(axes: Axes, last: float, *, narrow: bool = False) -> None:
    """Set an axis of days from 0: square-root spaced beyond 60 days, so that the first weeks stay legible."""
    last = max(last, 1.0)
    if last > 60:
        axes.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0.0)), np.square))
    axes.set_xlim(0.0, last * 1.03)
    chosen = thinned(
        [d for d in DAYS if d <= last * 1.03], np.sqrt if last > 60 else np.asarray, 0.2 if narrow else 0.09
    )
    axes.set_xticks(chosen, [str(d) for d in chosen])
    axes.xaxis.set_minor_locator(NullLocator())


def time_label(last: float) -> str:
    """Return the label of an axis made by `time_axis`."""
    return "Days since infusion (square-root spacing)" if last > 60 else "Days since infusion"


def thinned(values: Sequence[float], scale: Any, least: float) -> list[float]:
    """Return the values that keep a distance, as a fraction of their range on a scale; the first and the last before those between.

    Examples
    --------
    >>> thinned([0, 1, 2, 50, 100], np.asarray, 0.1)
    [0, 50, 100]
    """
    kept: list[float] = []
    placed = np.asarray(scale(np.asarray(values, dtype=float)), dtype=float)
    span = float(np.ptp(placed)) if len(placed) else 0.0
    for i in sorted(range(len(values)), key=lambda i: (i not in (0, len(values) - 1), i)):
        if all(abs(placed[i] - placed[values.index(k)]) >= least * span for k in kept):
            kept.append(values[i])
    return sorted(kept)


def log_levels(axes: Axes, low: float, high: float) -> None:
    """Set a log axis of levels between two positive values."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)


def lloq_lines(axes: Axes, lloq: np.ndarray) -> None:
    """Draw a line at each LLOQ, if there are at most three."""
    values = np.unique(lloq[~np.isnan(lloq)])
    for value in values[: 3 if len(values) <= 3 else 0]:
        axes.axhline(value, color=VERMILLION, linewidth=0.8, linestyle=(0, (1, 1.5)), gid="lloq")


def dose_axis(axes: Axes, doses: np.ndarray, under: dict[float, str] | None = None) -> None:
    """Set an axis of ln dose with ticks at the doses, a second line ``under`` each; without a dose a single category."""
    under = under or {}
    if not len(doses):
        axes.set_xlim(-1.0, 1.0)
        axes.set_xticks([0.0], ["\n".join(["all patients", *under.values()])], parse_math=False)
        axes.set_xlabel("The model uses no dose")
        return
    at = [float(d) for d in doses]
    pad = 0.6 * (np.ptp(np.log(at)) / 2 if len(at) > 1 else 1.0)
    axes.set_xlim(np.log(min(at)) - pad, np.log(max(at)) + pad)
    shown = thinned(at, np.log, 0.14)
    axes.set_xticks(
        [np.log(d) for d in shown], ["\n".join([dose_number(d), *([under[d]] if d in under else [])]) for d in shown]
    )
    axes.set_xlabel("Dose (cells, log scale)")
