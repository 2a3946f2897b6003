"""Designs whose next step depends on the counts at the current dose alone: a table of letters."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal

from scipy.special import betaincc

from cartmodel.escalation.design import Filter, Recommendation, SlotDesign, designs
from cartmodel.escalation.isotonic import Weights, isotonic_mtd
from cartmodel.escalation.state import State

type Letter = Literal["E", "S", "D", "DU"]
type Letters = Callable[[int, int], Letter]

_WORDS = {"E": "escalate", "S": "stay", "D": "de-escalate", "DU": "de-escalate and never return"}


def exceeds(target: float, n: int, dlt: int) -> float:
    """Return the posterior probability that the DLT probability of a dose is above the target, prior Beta(1, 1).

    Examples
    --------
    >>> round(exceeds(0.30, 3, 3), 4)
    0.9919
    """
    return float(betaincc(1 + dlt, 1 + n - dlt, target))


def interval_design(
    letters: Letters,
    *,
    target: float,
    cohort: int = 3,
    max_patients: int = 18,
    weights: Weights = "inverse-variance",
    safety: tuple[Filter, ...] = (),
) -> SlotDesign:
    """Return the design that moves one level at a time by a rule on the counts at the current dose.

    Parameters
    ----------
    letters : callable ``(n, dlt) -> "E", "S", "D" or "DU"``
        Escalate; stay; de-escalate; de-escalate and eliminate this dose and all above.
    target : float
        The DLT probability that is aimed at; the MTD is the isotonic estimate nearest to it.
    cohort, max_patients : int
        Patients in a group, and in the trial.
    weights : {"inverse-variance", "patients"}
        Of the isotonic estimate.
    safety : tuple of Filter
        Further safety filters.

    Examples
    --------
    >>> by_thirds = interval_design(lambda n, dlt: "E" if 3 * dlt < n else "D", target=0.30)
    >>> by_thirds.decide(State((3, 0), (0, 0))).action
    'escalate'
    """
    letter_after = cache(letters)  # dynamic programming asks for the same few counts thousands of times

    def recommend(state: State) -> Recommendation:
        n, dlt = state.at(state.current)
        if not n:
            return Recommendation(tuple(range(state.current, 0, -1)), f"no evaluable patient at level {state.current}")
        letter = letter_after(n, dlt)
        wanted = state.current + {"E": 1, "S": 0, "D": -1, "DU": -1}[letter]
        inside = min(max(wanted, 1), state.doses)
        reason = f"{dlt} DLT{'' if dlt == 1 else 's'} in {n} at dose level {state.current}: {_WORDS[letter]}"
        return Recommendation(tuple(range(inside, 0, -1)), reason)

    def not_eliminated(state: State) -> frozenset[int]:
        toxic = [level for level in state.tried if letter_after(*state.at(level)) == "DU"]
        return frozenset(range(1, min(toxic, default=state.doses + 1)))

    def select(state: State, levels: frozenset[int]) -> int | None:
        return isotonic_mtd(state, levels, target, weights=weights)

    return SlotDesign(
        recommend,
        select,
        safety=(Filter("eliminated as too toxic", not_eliminated), *safety),
        cohort=cohort,
        max_patients=max_patients,
    )


def check_target(target: float) -> None:
    """Refuse a target that is not a probability between 0 and 1.

    Raises
    ------
    ValueError
        If the target is 0, 1 or outside.
    """
    if not 0 < target < 1:
        raise ValueError(f"target = {target}; accepted: a DLT probability above 0 and below 1")


def table_design(
    table: Mapping[int, str | Sequence[str]] | Mapping[str, str | Sequence[str]],
    *,
    target: float,
    cohort: int = 3,
    max_patients: int | None = None,
) -> SlotDesign:
    """Return a design from a decision table.

    Parameters
    ----------
    table : mapping of int to letters
        For each number of patients at the current dose, the letters after 0, 1, 2, ... DLTs: ``{3: "E S D DU"}``.
        E escalate, S stay, D de-escalate, DU de-escalate and eliminate this dose and all above.
    target : float
        The MTD is the tried dose whose isotonic estimate is nearest to it.
    cohort : int
        Patients in a group.
    max_patients : int, optional
        Patients in the trial; default: the largest number in the table.

    Raises
    ------
    ValueError
        If a row has not one letter for each number of DLTs, a letter is unknown or becomes more lenient with more DLTs,
        or a number of patients that a dose can reach has no row.

    Examples
    --------
    >>> mine = table_design({3: "E S D DU", 6: "E E S D DU DU DU"}, target=0.30)
    >>> mine.decide(State((3, 0), (1, 0))).action
    'stay'
    """
    check_target(target)
    order: tuple[Letter, ...] = ("E", "S", "D", "DU")
    rank: dict[str, int] = {letter: place for place, letter in enumerate(order)}
    rows: dict[int, tuple[Letter, ...]] = {}
    for number, given in table.items():
        if not str(number).isdecimal():
            raise ValueError(f"row '{number}'; accepted: a number of patients")
        n = int(number)
        words = given.split() if isinstance(given, str) else list(given)
        if len(words) != n + 1:
            raise ValueError(f"row {n} has {len(words)} letters; accepted: {n + 1}, for 0 to {n} DLTs")
        places = [rank.get(word, -1) for word in words]
        if -1 in places:
            raise ValueError(f"row {n}: '{words[places.index(-1)]}'; accepted: E, S, D, DU")
        if places != sorted(places):
            raise ValueError(f"row {n}: {' '.join(words)}; accepted: letters in the order E, S, D, DU")
        rows[n] = tuple(order[place] for place in places)
    largest = max(rows, default=0) if max_patients is None else max_patients
    sizes = {min(n, largest) for n in range(cohort, largest + cohort, cohort)}
    missing = sorted(sizes - rows.keys())
    if missing or not rows:
        raise ValueError(f"no row for {missing} patients; accepted: a row for each number that a dose can reach")

    def letters(n: int, dlt: int) -> Letter:
        if n not in rows:
            raise ValueError(f"{n} patients at a dose; accepted: {', '.join(map(str, sorted(rows)))}, as in the table")
        return rows[n][dlt]

    return interval_design(letters, target=target, cohort=cohort, max_patients=largest)


designs.add("table", table_design)
