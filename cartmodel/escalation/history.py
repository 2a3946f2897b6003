"""Dated infusions held against a design and its gate: impossible histories, all at once, with the record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from cartmodel.errors import HistoryError, Problem
from cartmodel.escalation.design import Design
from cartmodel.escalation.outcomes import Cohort
from cartmodel.escalation.state import Decision, State


@dataclass(frozen=True, slots=True)
class Infusion:
    """One infusion of a trial.

    Parameters
    ----------
    subject : str
        Identifier.
    dose : int
        The dose level.
    day : float
        Day of the infusion, from any fixed day on.
    dlt_day : float, optional
        Days from the infusion to the first DLT; None without one.
    """

    subject: str
    dose: int
    day: float
    dlt_day: float | None = None


def check_infusions(
    design: Design,
    infusions: Sequence[Infusion],
    doses: int,
    *,
    window: float = 28.0,
    stagger: float = 0.0,
    start: int = 1,
) -> tuple[Cohort, ...]:
    """Return the groups of a dated trial, if its design and its gate could have led to all of them.

    A new group may be infused once every window before it is over, by a DLT or by time: overlapping windows are
    refused. Infusions at one dose belong to one group while the design has open places.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    infusions : sequence of Infusion
        In any order.
    doses : int
        How many dose levels the trial has.
    window : float
        Days of the DLT window; a DLT after it does not count.
    stagger : float
        Least days between two infusions of a group.
    start : int
        The level of the first group.

    Raises
    ------
    HistoryError
        With every impossible record: a subject infused twice, a level that does not exist, a DLT before the infusion,
        another dose than the design asked for, patients after a stop, overlapping windows, too short a stagger.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> first = [Infusion("01", 1, 0), Infusion("02", 1, 7), Infusion("03", 1, 14)]
    >>> [str(group) for group in check_infusions(nct06871644(), [*first, Infusion("04", 2, 42)], doses=3)]
    ['1NNN', '2N']
    >>> check_infusions(nct06871644(), [*first, Infusion("04", 2, 30)], doses=3)
    Traceback (most recent call last):
    ...
    cartmodel.errors.HistoryError: history of 4 infusions: 1 problem
      subject 04: infused on day 30 while the window of subject 03 runs to day 42; accepted: day 42 or later
    """
    ordered = sorted(infusions, key=lambda infusion: infusion.day)
    problems = list(_impossible(ordered, doses))
    title = f"history of {len(ordered)} infusions"
    if problems:
        raise HistoryError(title, problems)
    state, decision = State.empty(doses, start), design.decide(State.empty(doses, start))
    groups: list[list[Infusion]] = []
    for infusion in ordered:
        where = f"subject {infusion.subject}"
        group = groups[-1] if groups else []
        if group and infusion.dose == group[0].dose and len(group) < max(decision.cohort, 1):
            if infusion.day < group[-1].day + stagger:
                what = f"infused {infusion.day - group[-1].day:g} days after subject {group[-1].subject}"
                problems.append(Problem(where, what, f"{stagger:g} days or more"))
            group.append(infusion)
            continue
        if group:
            state = state.add(group[0].dose, len(group), sum(_has_dlt(patient, window) for patient in group))
            decision = design.decide(state)
        problems += _out_of_turn(infusion, decision, where)
        running = [p for p in group if not _has_dlt(p, window) and infusion.day < p.day + window]
        if running:
            last = max(running, key=lambda patient: patient.day)
            what = f"infused on day {infusion.day:g} while the window of subject {last.subject} runs"
            end = f"day {last.day + window:g}"
            problems.append(Problem(where, f"{what} to {end}", f"{end} or later"))
        groups.append([infusion])
    if problems:
        raise HistoryError(title, problems)
    return tuple(Cohort(g[0].dose, tuple(_has_dlt(patient, window) for patient in g)) for g in groups)


def _impossible(infusions: Sequence[Infusion], doses: int) -> Iterator[Problem]:
    seen: set[str] = set()
    for infusion in infusions:
        where = f"subject {infusion.subject}"
        if infusion.subject in seen:
            yield Problem(where, "infused twice", "one infusion a subject")
        seen.add(infusion.subject)
        if not 1 <= infusion.dose <= doses:
            yield Problem(where, f"dose level {infusion.dose}", f"1 to {doses}")
        if not isfinite(infusion.day):
            yield Problem(where, f"infused on day {infusion.day}", "a day")
        if infusion.dlt_day is not None and not 0 <= infusion.dlt_day < float("inf"):
            yield Problem(where, f"a DLT {infusion.dlt_day:g} days after the infusion", "0 or more")


def _out_of_turn(infusion: Infusion, decision: Decision, where: str) -> Iterator[Problem]:
    if decision.action in ("stop", "suspend"):
        yield Problem(where, "infused after the trial had stopped", f"no more patients ({decision.reason})")
    elif decision.enrols and infusion.dose != decision.dose:
        yield Problem(
            where, f"infused at dose level {infusion.dose}", f"dose level {decision.dose} ({decision.reason})"
        )


def _has_dlt(infusion: Infusion, window: float) -> bool:
    return infusion.dlt_day is not None and infusion.dlt_day <= window
