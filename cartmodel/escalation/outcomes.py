"""Outcome strings: a whole trial as ``"1NNN 2NTT"``, dose level and N (no DLT) or T (DLT) per patient."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cartmodel.errors import HistoryError, Problem
from cartmodel.escalation.state import State

_COHORT = re.compile(r"([1-9][0-9]*)([NT]+)")


@dataclass(frozen=True, slots=True)
class Cohort:
    """A group of patients at one dose level, each with (True) or without a DLT, in the order of their infusion.

    Parameters
    ----------
    dose : int
        The dose level.
    dlt : tuple of bool
        One for each patient.

    Examples
    --------
    >>> str(Cohort(2, (False, True, True)))
    '2NTT'
    """

    dose: int
    dlt: tuple[bool, ...]

    def __str__(self) -> str:
        return f"{self.dose}{''.join('T' if dlt else 'N' for dlt in self.dlt)}"


def parse_outcomes(text: str) -> tuple[Cohort, ...]:
    """Return the cohorts of an outcome string.

    Parameters
    ----------
    text : str
        Cohorts in order, separated by white space; each a dose level and a letter per patient: N (no DLT), T (DLT).

    Raises
    ------
    HistoryError
        With every cohort that cannot be read.

    References
    ----------
    Brock K. et al., Phase I dose-escalation paradigms; the notation of the R package 'escalation'.

    Examples
    --------
    >>> parse_outcomes("1NNN 2NT")
    (Cohort(dose=1, dlt=(False, False, False)), Cohort(dose=2, dlt=(False, True)))
    >>> parse_outcomes("1NNN 2NX")
    Traceback (most recent call last):
    ...
    cartmodel.errors.HistoryError: outcomes '1NNN 2NX': 1 problem
      cohort 2: '2NX'; accepted: a dose level and N or T for each patient, such as '2NTT'
    """
    cohorts: list[Cohort] = []
    problems: list[Problem] = []
    for place, word in enumerate(text.split(), start=1):
        found = _COHORT.fullmatch(word.upper())
        if found is None:
            accepted = "a dose level and N or T for each patient, such as '2NTT'"
            problems.append(Problem(f"cohort {place}", f"'{word}'", accepted))
        else:
            cohorts.append(Cohort(int(found[1]), tuple(letter == "T" for letter in found[2])))
    if problems:
        raise HistoryError(f"outcomes '{text}'", problems)
    return tuple(cohorts)


def format_outcomes(cohorts: Iterable[Cohort]) -> str:
    """Return cohorts as an outcome string, the inverse of `parse_outcomes`.

    Examples
    --------
    >>> format_outcomes(parse_outcomes("1nnn  2ntt"))
    '1NNN 2NTT'
    """
    return " ".join(str(cohort) for cohort in cohorts)


def state_of(outcomes: str | Iterable[Cohort], doses: int, *, start: int = 1) -> State:
    """Return the counts of a trial from its outcomes.

    Parameters
    ----------
    outcomes : str or cohorts
        See `parse_outcomes`; every patient evaluable.
    doses : int
        How many dose levels the trial has.
    start : int
        The level of the first group, for a trial without patients.

    Raises
    ------
    HistoryError
        With every cohort that cannot be read, or is at a level that the trial does not have.

    Examples
    --------
    >>> state_of("1NNN 2NTT", doses=3)
    State(n=(3, 3, 0), dlt=(0, 2, 0), current=2)
    """
    cohorts = parse_outcomes(outcomes) if isinstance(outcomes, str) else tuple(outcomes)
    problems = [
        Problem(f"cohort {place}", f"'{cohort}' is at dose level {cohort.dose}", f"1 to {doses}")
        for place, cohort in enumerate(cohorts, start=1)
        if cohort.dose > doses
    ]
    if problems:
        raise HistoryError(f"outcomes '{format_outcomes(cohorts)}'", problems)
    state = State.empty(doses, start)
    for cohort in cohorts:
        state = state.add(cohort.dose, len(cohort.dlt), sum(cohort.dlt))
    return state
