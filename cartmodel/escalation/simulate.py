"""Simulated counts of many trials at once, on common virtual patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.design import Design
from cartmodel.escalation.state import State

_BLOCK = 12  # patients drawn at a time, whatever the design: so designs with the same seed share their patients


@dataclass(frozen=True, eq=False)
class SimulatedCounts:
    """The counts at the end of simulated trials.

    Parameters
    ----------
    n, dlt : ndarray of int (trials, doses)
        Patients and DLTs at each level.
    mtd : ndarray of int (trials,)
        The MTD; 0: none; -1: the design had no rule for the next step.
    """

    n: NDArray[np.int64]
    dlt: NDArray[np.int64]
    mtd: NDArray[np.int64]

    def share(self, mtd: int) -> tuple[float, float]:
        """Return the share of trials with an MTD, and its Monte Carlo standard error."""
        share = float(np.mean(self.mtd == mtd))
        return share, (share * (1 - share) / len(self.mtd)) ** 0.5


def simulate_counts(
    design: Design, truth: Sequence[float], *, trials: int, random_seed: int, start: int = 1
) -> SimulatedCounts:
    """Return the counts of simulated trials under a design that decides from counts.

    Every virtual patient has a tolerance, uniform on 0 to 1, and a DLT at each dose whose true probability is above it.
    Two designs with the same seed meet the same patients in the same order, so their difference is less noisy than
    either. Trials with the same counts share one decision.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    truth : sequence of float
        True DLT probability of each dose.
    trials : int
        How many.
    random_seed : int
        The same seed gives the same trials.
    start : int
        The level of the first group.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1, or ``trials`` is not positive.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> trials = simulate_counts(nct06871644(), [0.10, 0.25, 0.40], trials=20_000, random_seed=1)
    >>> share, error = trials.share(2)
    >>> bool(abs(share - 0.3453) < 4 * error)
    True
    """
    p = np.asarray(truth, dtype=float)
    if p.ndim != 1 or not p.size or not np.all((p >= 0) & (p <= 1)) or trials < 1:
        raise ValueError(
            f"truth {truth}, {trials} trials; accepted: DLT probabilities between 0 and 1, 1 or more trials"
        )
    rng = np.random.default_rng(random_seed)
    tolerance = rng.random((trials, _BLOCK))
    states = [State.empty(len(p), start)]
    place = {states[0]: 0}
    where = np.zeros(trials, dtype=np.int64)
    end = np.full(trials, -2, dtype=np.int64)
    running = np.arange(trials)
    while running.size:
        order = running[np.argsort(where[running], kind="stable")]
        groups = np.split(order, np.flatnonzero(np.diff(where[order])) + 1)
        for group in groups:
            state = states[where[group[0]]]
            decision = design.decide(state)
            if not decision.enrols or decision.dose is None:
                end[group] = -1 if decision.action == "refer" else decision.dose or 0
                continue
            first, last = state.patients, state.patients + decision.cohort
            while last > tolerance.shape[1]:
                tolerance = np.hstack([tolerance, rng.random((trials, _BLOCK))])
            dlts = (tolerance[group, first:last] < p[decision.dose - 1]).sum(axis=1)
            for k in np.unique(dlts):
                following = state.add(decision.dose, decision.cohort, int(k))
                if following not in place:
                    place[following] = len(states)
                    states.append(following)
                where[group[dlts == k]] = place[following]
        running = np.flatnonzero(end == -2)
    n = np.array([state.n for state in states], dtype=np.int64)
    dlt = np.array([state.dlt for state in states], dtype=np.int64)
    return SimulatedCounts(n[where], dlt[where], end)
