"""What a trial with toxicity and efficacy knows from counts, and the designs that decide from them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc

from cartmodel.escalation.state import Decision, State
from cartmodel.registry import Registry

_COHORT = re.compile(r"([1-9][0-9]*)([NETB]+)")


@dataclass(frozen=True, slots=True)
class BenefitState:
    """The counts of a trial with toxicity and efficacy, every patient evaluable for both.

    Parameters
    ----------
    counts : tuple of (int, int, int, int)
        At each dose level, the patients with neither, efficacy alone, toxicity alone, both: N, E, T, B.
    current : int
        The level of the last group; before the first patient, the level at which the trial starts.

    Raises
    ------
    ValueError
        If a count is negative or the current level does not exist.

    Examples
    --------
    >>> BenefitState.of("1NNE 2EEB", doses=3).counts
    ((2, 1, 0, 0), (0, 2, 0, 1), (0, 0, 0, 0))
    """

    counts: tuple[tuple[int, int, int, int], ...]
    current: int = 1

    def __post_init__(self) -> None:
        if any(count < 0 for row in self.counts for count in row):
            raise ValueError(f"counts {self.counts}; accepted: 0 or more")
        if not 1 <= self.current <= len(self.counts):
            raise ValueError(f"current dose level {self.current}; accepted: 1 to {len(self.counts)}")

    @classmethod
    def of(cls, outcomes: str, doses: int, *, start: int = 1) -> "BenefitState":
        """Return the counts of an outcome string such as ``"1NNE 2EEB"``.

        Raises
        ------
        ValueError
            If a cohort cannot be read, or is at a level that the trial does not have.
        """
        state = cls(((0, 0, 0, 0),) * doses, start)
        for place, word in enumerate(outcomes.split(), start=1):
            found = _COHORT.fullmatch(word.upper())
            if found is None or int(found[1]) > doses:
                raise ValueError(
                    f"cohort {place}: '{word}'; accepted: a level from 1 to {doses}, and N, E, T or B each"
                )
            state = state.add(int(found[1]), *(found[2].count(letter) for letter in "NETB"))
        return state

    @property
    def toxicity(self) -> State:
        """Patients and DLTs alone."""
        n = tuple(sum(row) for row in self.counts)
        return State(n, tuple(t + b for _, _, t, b in self.counts), self.current)

    @property
    def responses(self) -> tuple[int, ...]:
        """Patients with efficacy at each level."""
        return tuple(e + b for _, e, _, b in self.counts)

    def add(self, level: int, neither: int, efficacy: int, toxicity: int, both: int) -> "BenefitState":
        """Return the state after a group with so many patients of each outcome.

        Examples
        --------
        >>> BenefitState.of("1NNE", doses=2).add(2, 1, 1, 1, 0).counts
        ((2, 1, 0, 0), (1, 1, 1, 0))
        """
        if not 1 <= level <= len(self.counts):
            raise ValueError(f"dose level {level}; accepted: 1 to {len(self.counts)}")
        rows = list(self.counts)
        n, e, t, b = rows[level - 1]
        rows[level - 1] = (n + neither, e + efficacy, t + toxicity, b + both)
        return BenefitState(tuple(rows), level)


class BenefitDesign(Protocol):
    """A rule that maps the counts of toxicity and efficacy to the next step: a pure function, as `Design` is one."""

    def decide(self, state: BenefitState, /) -> Decision:
        """Return the next step of a trial; at a stop, the dose is the optimal biological dose."""
        ...


benefit_designs = Registry[Callable[..., BenefitDesign]]("toxicity-efficacy design")


def admissible_levels(
    state: BenefitState, toxicity: tuple[float, float], efficacy: tuple[float, float], *, prior: float = 1.0
) -> frozenset[int]:
    """Return the levels that are neither too toxic, nor above such a level, nor futile.

    Parameters
    ----------
    state : BenefitState
        The counts.
    toxicity : (limit, cut-off)
        A dose is too toxic from Pr(DLT probability > limit) >= cut-off on.
    efficacy : (limit, cut-off)
        A dose is futile from Pr(efficacy probability < limit) >= cut-off on.
    prior : float
        Both parameters of the Beta priors.

    Examples
    --------
    >>> sorted(admissible_levels(BenefitState.of("1NNN 2TTT", doses=3), (0.35, 0.95), (0.25, 0.90)))
    [1]
    """
    n, dlt = (np.array(counts, dtype=float) for counts in (state.toxicity.n, state.toxicity.dlt))
    response = np.array(state.responses, dtype=float)
    toxic = betaincc(prior + dlt, prior + n - dlt, toxicity[0]) >= toxicity[1]
    futile = betainc(prior + response, prior + n - response, efficacy[0]) >= efficacy[1]
    left: NDArray[np.bool_] = ~np.logical_or.accumulate(toxic) & ~futile
    return frozenset(int(level) + 1 for level in np.flatnonzero(left))
