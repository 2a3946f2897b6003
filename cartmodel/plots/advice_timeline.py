"""A trial under way on the calendar: infusions, DLT windows, DLTs, and the next patient's earliest day."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.style import DARK, GREY, ORANGE, VERMILLION, dose_groups, footer, new_figure, stamp_text, style
from cartmodel.plots.words import patients_text, short_names

if TYPE_CHECKING:  # what it takes to make one takes seconds to import
    from cartmodel.conduct.ruling import Verdict


def trial_timeline(verdict: "Verdict", stamp: str = "") -> Figure:
    """Return a trial's calendar: a line a patient from infusion to last follow-up, its DLT window, and the next step.

    Parameters
    ----------
    verdict : Verdict
        From `verdict`.
    stamp : str
        Words in the corner, such as ``"DRAFT"``; SIMULATED is added where it holds.

    Examples
    --------
    >>> import cartmodel as cm
    >>> figure = trial_timeline(cm.verdict(cm.example_conduct()))
    >>> figure.axes[0].get_xlabel()
    'Date'
    """
    records, log, window = verdict.records.records, verdict.log, timedelta(days=verdict.window)
    step = f"{verdict.decision.action}: {verdict.decision.reason}"
    next_day = f"; next infusion from {verdict.earliest}" if verdict.earliest is not None else ""
    notes = [verdict.records.name, f"{verdict.on}: the protocol says {step}{next_day}"]
    planned = np.array([verdict.records.doses[record.level - 1] for record in records])
    colours = {label: (mask, colour) for label, mask, colour in dose_groups(planned)}
    with style():
        title = f"Trial under way: {patients_text(len(records))}"
        stamped = stamp_text(verdict.simulated, stamp)
        figure = new_figure(9.0, max(2.6, 0.24 * len(records) + 1.3), title, notes, stamped)
        axes = figure.subplots()
        for place, record in enumerate(records):
            colour = next(colour for mask, colour in colours.values() if mask[place])
            start, end = _day(record.infusion), _day(record.infusion + window)
            axes.barh(place, end - start, left=start, height=0.62, color=colour, alpha=0.25, linewidth=0, gid="window")
            seen = _day(min(record.last_day, verdict.on))
            outside = log["outcome"].iloc[place] == "not evaluable"
            axes.plot([start, seen], [place, place], color=GREY if outside else colour, linewidth=1.6)
            axes.plot(start, place, color=colour, marker="|", markersize=10, markeredgewidth=2)
            if record.dlt is not None:
                late = record.dlt > record.infusion + window
                axes.plot(
                    _day(record.dlt), place, marker="X", markersize=8, linestyle="none", zorder=5, gid="dlt",
                    color=VERMILLION, markerfacecolor="white" if late else VERMILLION,
                )  # fmt: skip
            if outside:
                axes.plot(
                    seen, place, marker="o", markersize=5, color=GREY, markerfacecolor="white", gid="left", zorder=4
                )
        axes.axvline(_day(verdict.on), color=DARK, linewidth=1.0, gid="decision")
        if verdict.earliest is not None and verdict.earliest > verdict.on:
            axes.axvline(_day(verdict.earliest), color=ORANGE, linewidth=1.2, linestyle="--", gid="earliest")
        roles = ["" if record.role == "escalation" else f" ({record.role})" for record in records]
        shortest = short_names([record.subject for record in records], 14)
        names = [f"{name}{role}" for name, role in zip(shortest, roles, strict=True)]
        axes.set_yticks(range(len(records)), names, parse_math=False)
        axes.set_ylim(len(records) - 0.4, -0.6)
        locator = AutoDateLocator(maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.margins(x=0.02)
        axes.set_xlabel("Date")
        footer(figure, _legend([(label, colour) for label, (_, colour) in colours.items()], verdict), 3)
    return figure


def _day(day: date) -> float:
    return float(date2num(day))


def _legend(groups: list[tuple[str, str]], verdict: "Verdict") -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, alpha=0.4, linewidth=7, label=f"{label}: DLT window") for label, colour in groups
    ]
    handles += [
        Line2D([], [], color=DARK, linewidth=1.6, marker="|", markersize=9, label="infusion and follow-up"),
        Line2D(
            [], [], color=VERMILLION, marker="X", markersize=8, linestyle="none", label="DLT (hollow: after the window)"
        ),
        Line2D([], [], color=GREY, marker="o", markerfacecolor="white", linestyle="none", label="left, not evaluable"),
        Line2D([], [], color=DARK, linewidth=1.0, label=f"decision, {verdict.on}"),
    ]
    if verdict.earliest is not None and verdict.earliest > verdict.on:
        label = f"next infusion from {verdict.earliest}"
        handles.append(Line2D([], [], color=ORANGE, linestyle="--", linewidth=1.2, label=label))
    return handles
