"""Which texts of a figure are too small, overlap, or leave it."""

from collections.abc import Iterator

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from cartmodel.plots.style import style

LEAST = 5.0  # points
SLACK = 0.6  # points by which two boxes may touch: a line box is higher than its letters


def faults(figure: Figure, dpi: float = 200.0) -> list[str]:
    """Return what is wrong with the texts of a figure at its own size, a line each, as drawn at a resolution."""
    figure.set_dpi(dpi)
    with style():
        figure.draw_without_rendering()
        return _faults(figure)


def _faults(figure: Figure) -> list[str]:
    points = 72.0 / figure.dpi
    page = figure.bbox
    boxes: list[tuple[str, Bbox]] = []
    found: list[str] = []
    for text in _texts(figure):
        box = text.get_window_extent()
        said = text.get_text().replace("\n", " | ")[:40]
        if text.get_fontsize() < LEAST:
            found.append(f"{text.get_fontsize():.2f} pt: {said}")
        if (
            min(box.x0, box.y0) * points < -SLACK
            or (box.x1 - page.width) * points > SLACK
            or (box.y1 - page.height) * points > SLACK
        ):
            found.append(f"leaves the figure: {said}")
        boxes.append((said, box))
    for i, (said, one) in enumerate(boxes):
        for other, two in boxes[:i]:
            wide = min(one.x1, two.x1) - max(one.x0, two.x0)
            high = min(one.y1, two.y1) - max(one.y0, two.y0)
            if min(wide, high) * points > SLACK:
                found.append(f"overlap: {said} / {other}")
    return found


def _texts(figure: Figure) -> Iterator[Text]:
    """Yield every text that is drawn: of ticks only those within the limits."""
    own = [*figure.texts, *(legend_text for legend in figure.legends for legend_text in legend.get_texts())]
    if figure._suptitle is not None:
        own.append(figure._suptitle)
    for axes in figure.axes:
        own += [*axes.texts, axes.title, axes._left_title, axes._right_title]
        for axis in (axes.xaxis, axes.yaxis):
            own += [axis.label, axis.offsetText, *_ticks(axis)]
    yield from (text for text in own if text.get_visible() and text.get_text().strip())


def _ticks(axis: Axis) -> Iterator[Text]:
    for tick in axis._update_ticks():
        yield from (label for label in (tick.label1, tick.label2) if label.get_visible())
