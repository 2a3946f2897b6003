"""Dose-transition pathways as a tree."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.stats import binom

from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State
from cartmodel.plots.style import DARK, GREY, VERMILLION, footer, new_figure, style

_MOST = 600  # ends that a figure can hold


def escalation_pathways(
    design: Design, state: State, cohorts: int | None = 2, *, name: str = "", truth: Sequence[float] | None = None
) -> Figure:
    """Return every way in which the next groups may turn out, as a tree from left to right.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    state : State
        Where the trial stands; ``State.empty(3)`` before the first patient.
    cohorts : int or None
        How many groups to look ahead; None: the full tree.
    name : str
        Of the design, for the title.
    truth : sequence of float, optional
        True DLT probability of each dose: branches are as wide as they are likely.

    Raises
    ------
    ValueError
        If the tree has too many ends for a figure, or the truth not one probability for each dose.

    Examples
    --------
    >>> import cartmodel as cm
    >>> figure = escalation_pathways(cm.nct06871644(), cm.State.empty(3), 2, name="protocol")
    >>> len(figure.axes)
    1
    """
    if truth is not None and (len(truth) != state.doses or any(not 0 <= p <= 1 for p in truth)):
        raise ValueError(f"truth {truth}; accepted: {state.doses} probabilities")
    drawn = _Tree(design, cohorts, truth)
    drawn.walk(state, 0, 1.0)
    ends, depth = drawn.ends, drawn.depth
    with style():
        looked = "until the design stops" if cohorts is None else f"{cohorts} group{'s' if cohorts != 1 else ''} ahead"
        notes = [f"{looked}, {ends} ways; on a branch: DLTs in the group; in a circle: dose level of the next group"]
        if truth is not None:
            notes.append(f"branches as wide as they are likely if DLT probabilities are {', '.join(map(str, truth))}")
        tight = 0.17 if ends <= 60 else 0.085
        figure = new_figure(min(2.6 + 1.9 * depth, 16.0), max(2.2, 0.8 + tight * ends), _title(name), notes, "")
        axes = figure.subplots()
        _draw(axes, drawn, ends, state.doses)
        shown = sorted({node[2] for node in drawn.nodes if node[2] > 0})
        handles = [_dot(_colour(level, state.doses), f"level {level}") for level in shown]
        handles += [_dot(VERMILLION, "stop: no dose is safe", "X"), _dot(DARK, "stop: MTD is the level", "s")]
        footer(figure, handles, min(len(handles), 5))
    return figure


class _Tree:
    """Places of nodes and branches, found from the leaves up."""

    def __init__(self, design: Design, cohorts: int | None, truth: Sequence[float] | None) -> None:
        self._design, self._cohorts, self._truth = design, cohorts, truth
        self.ends, self.depth, self.weighted = 0, 0, truth is not None
        self.nodes: list[tuple[float, float, int, Decision, int]] = []
        self.branches: list[tuple[float, float, float, float, int, float]] = []

    def walk(self, state: State, depth: int, probability: float) -> float:
        decision = self._design.decide(state)
        self.depth = max(self.depth, depth)
        if not decision.enrols or decision.dose is None or depth == self._cohorts:
            if self.ends == _MOST:
                raise ValueError(f"more than {_MOST} ends; accepted: fewer cohorts, or `pathways` for the table")
            y = float(self.ends)
            self.ends += 1
        else:
            below: list[tuple[float, int, float]] = []
            for dlt in range(decision.cohort + 1):
                share = self._share(dlt, decision)
                after = state.add(decision.dose, decision.cohort, dlt)
                below.append((self.walk(after, depth + 1, probability * share), dlt, probability * share))
            y = float(np.mean([place for place, _, _ in below]))
            self.branches += [(depth, y, depth + 1, place, dlt, p) for place, dlt, p in below]
        level = decision.dose or 0
        self.nodes.append((depth, y, level if decision.enrols else -level, decision, state.patients))
        return y

    def _share(self, dlt: int, decision: Decision) -> float:
        if self._truth is None or decision.dose is None:
            return 1.0
        return float(binom.pmf(dlt, decision.cohort, self._truth[decision.dose - 1]))


def _draw(axes: Axes, tree: _Tree, ends: int, doses: int) -> None:
    size = 9.0 if ends <= 60 else 6.0
    for x0, y0, x1, y1, dlt, probability in tree.branches:
        width = 0.3 + 4.0 * probability**0.7 if tree.weighted else 0.8
        axes.plot([x0, x0 + 0.3, x1], [y0, y1, y1], color=GREY, linewidth=width, alpha=0.65, zorder=1)
        if ends <= 150:
            words = axes.text(x0 + 0.42, y1, str(dlt), fontsize=6.5, va="center", ha="center", color=DARK, zorder=2)
            words.set_bbox({"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"})
    for x, y, level, decision, _ in tree.nodes:
        none = not decision.enrols and decision.dose is None
        colour = VERMILLION if none else _colour(abs(level), doses)
        marker = "o" if decision.enrols else "X" if none else "s"
        axes.plot([x], [y], marker=marker, markersize=size, color=colour, markeredgecolor="white", zorder=3)
        if not none and ends <= 150:
            axes.text(x, y, str(abs(level)), fontsize=6.5, color="white", ha="center", va="center", zorder=4)
    axes.set_xlim(-0.25, tree.depth + 0.35)
    axes.set_ylim(ends - 0.3, -0.7)
    axes.set_yticks([])
    axes.set_xticks(range(tree.depth + 1), ["now", *(f"group {k}" for k in range(1, tree.depth + 1))])
    axes.spines[["left", "bottom"]].set_visible(False)


def _colour(level: int, doses: int) -> str:
    return to_hex(colormaps["viridis"](0.1 + 0.7 * (level - 1) / max(doses - 1, 1)))


def _dot(colour: str, label: str, marker: str = "o") -> Line2D:
    return Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=7, label=label)


def _title(name: str) -> str:
    return f"Pathways: {name}" if name else "Pathways"
