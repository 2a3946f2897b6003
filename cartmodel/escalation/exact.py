"""Exact operating characteristics of designs that decide from counts, by dynamic programming."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State


@dataclass(frozen=True, eq=False)
class OperatingCharacteristics:
    """What a design does, on average over all trials under a true DLT probability of each dose.

    The first axis of every array is the scenario.

    Parameters
    ----------
    truth : ndarray (scenarios, doses)
        True DLT probabilities.
    mtd : ndarray (scenarios, doses + 1)
        Probability that the trial ends without an MTD (first column), or with dose level 1, 2, ...
    referred : ndarray (scenarios,)
        Probability that the trial ends at a step for which the design has no rule.
    patients, dlts : ndarray (scenarios, doses)
        Expected evaluable patients and DLTs at each level.
    course : ndarray (scenarios, most groups + 1, most patients + 1)
        Probability that the trial consists of so many groups and so many evaluable patients: what its duration depends
        on, see `trial_duration`.
    reached : dict of str to ndarray (scenarios,)
        Probability that at least one step rests on a gap of the protocol's text, by gap; ``"any"`` for any of them.
    states : int
        Reachable states, those at the end included.
    """

    truth: NDArray[np.float64]
    mtd: NDArray[np.float64]
    referred: NDArray[np.float64]
    patients: NDArray[np.float64]
    dlts: NDArray[np.float64]
    course: NDArray[np.float64]
    reached: dict[str, NDArray[np.float64]]
    states: int

    @property
    def total(self) -> NDArray[np.float64]:
        """Probability of 0, 1, 2, ... evaluable patients in the trial (scenarios, most patients + 1)."""
        return self.course.sum(axis=1)

    @property
    def groups(self) -> NDArray[np.float64]:
        """Probability of 0, 1, 2, ... groups, one after another (scenarios, most groups + 1)."""
        return self.course.sum(axis=2)


def operating_characteristics(
    design: Design, truth: ArrayLike, *, start: int = 1, gaps: Sequence[str] = ()
) -> OperatingCharacteristics:
    """Return the exact operating characteristics of a design.

    The law of the counts is carried forward from the empty trial, cohort by cohort: a state at which the design enrols
    m patients at level d passes probability P on to the states with k more DLTs, P times the binomial probability
    of k of m, and likewise for groups that are backfilled beside it. Trials with the same counts and the same current
    level are one state, because the design decides from these alone. Nothing is simulated; the only error is rounding.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    truth : array_like (doses,) or (scenarios, doses)
        True DLT probabilities, each scenario on the same decisions.
    start : int
        The level of the first group.
    gaps : sequence of str
        Also report how often a trial meets a step that rests on one of these gaps (see `Decision.questions`).

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1, or the design enrols forever.

    References
    ----------
    Lin Y., Shih W.J. (2001), Biostatistics 2:203-215, for closed forms of A+B designs, to which this is equal.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> exact = operating_characteristics(nct06871644(), [0.10, 0.25, 0.40])
    >>> exact.mtd.round(4)
    array([[0.0991, 0.3875, 0.3453, 0.1681]])
    """
    p = np.atleast_2d(np.asarray(truth, dtype=float))
    if p.ndim != 2 or not p.size or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("true DLT probabilities: accepted: one row a scenario, one column a dose, between 0 and 1")
    scenarios, doses = p.shape
    # A gap met once stays met: the set of the gaps met so far belongs to the state while gaps are asked for. So does
    # the number of groups; where all groups are of one size it adds no states.
    layers: dict[int, dict[_Reached, NDArray[np.float64]]] = {
        0: {(State.empty(doses, start), 0, frozenset()): np.ones(scenarios)}
    }
    outcomes = _Outcomes(p)
    ends: list[_End] = []
    states = 0
    asked = frozenset(gaps)
    while layers:
        enrolled = min(layers)
        for (state, groups, met), probability in layers.pop(enrolled).items():
            states += 1
            decision = design.decide(state)
            now = met | asked.intersection(decision.questions)
            if not decision.enrols or decision.dose is None:
                ends.append((state, decision, groups, now, probability))
                continue
            size = decision.cohort + sum(patients for _, patients in decision.backfill)
            if enrolled + size > _MOST_PATIENTS:
                raise ValueError(f"the design still enrols after {enrolled} patients; accepted: a design that stops")
            following = layers.setdefault(enrolled + size, {})
            for reach, factor in outcomes.after(state, decision):
                key = reach, groups + 1, now
                following[key] = following.get(key, 0.0) + probability * factor
    return _summary(p, ends, states, gaps)


_MOST_PATIENTS = 1_000
type _Reached = tuple[State, int, frozenset[str]]
type _End = tuple[State, Decision, int, frozenset[str], NDArray[np.float64]]


class _Outcomes:
    """The states that follow a decision, with their probabilities in each scenario."""

    def __init__(self, p: NDArray[np.float64]) -> None:
        self._p = p
        self._known: dict[tuple[int, int], list[tuple[int, NDArray[np.float64]]]] = {}

    def after(self, state: State, decision: Decision) -> Iterator[tuple[State, NDArray[np.float64]]]:
        level = decision.dose or state.current
        for dlt, factor in self._pmf(level, decision.cohort):
            reached = [(state.add(level, decision.cohort, dlt), factor)]
            for lower, patients in decision.backfill:
                reached = [
                    (before.fill(lower, patients, more), so_far * share)
                    for before, so_far in reached
                    for more, share in self._pmf(lower, patients)
                ]
            yield from reached

    def _pmf(self, level: int, size: int) -> list[tuple[int, NDArray[np.float64]]]:
        if (level, size) not in self._known:
            table = binom.pmf(np.arange(size + 1)[:, None], size, self._p[:, level - 1])
            # A DLT probability of 0 or 1 leaves outcomes that cannot happen.
            self._known[level, size] = [(dlt, row) for dlt, row in enumerate(table) if row.any()]
        return self._known[level, size]


def _summary(
    p: NDArray[np.float64], ends: Sequence[_End], states: int, gaps: Sequence[str]
) -> OperatingCharacteristics:
    scenarios, doses = p.shape
    weight = np.stack([probability for *_, probability in ends], axis=1)
    mtd = np.zeros((scenarios, doses + 1))
    referred = np.zeros(scenarios)
    most_groups, most_patients = max(end[2] for end in ends), max(end[0].patients for end in ends)
    course = np.zeros((scenarios, most_groups + 1, most_patients + 1))
    for (state, decision, groups, _, _), column in zip(ends, weight.T, strict=True):
        course[:, groups, state.patients] += column
        if decision.action == "refer":
            referred += column
        else:
            mtd[:, decision.dose or 0] += column
    reached = {gap: weight @ np.array([gap in met for *_, met, _ in ends], dtype=float) for gap in gaps}
    if gaps:
        reached["any"] = weight @ np.array([bool(met) for *_, met, _ in ends], dtype=float)
    return OperatingCharacteristics(
        truth=p,
        mtd=mtd,
        referred=referred,
        patients=weight @ np.array([state.n for state, *_ in ends], dtype=float),
        dlts=weight @ np.array([state.dlt for state, *_ in ends], dtype=float),
        course=course,
        reached=reached,
        states=states,
    )
