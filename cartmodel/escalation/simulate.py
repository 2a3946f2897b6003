"""Simulated counts of many trials at once, on common virtual patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from cartmodel.escalation.benefit import BenefitDesign, BenefitState
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State

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
            parts = (decision.dose, decision.cohort), *decision.backfill
            while state.patients + sum(size for _, size in parts) > tolerance.shape[1]:
                tolerance = np.hstack([tolerance, rng.random((trials, _BLOCK))])
            dlts = np.empty((len(group), len(parts)), dtype=np.int64)
            first = state.patients
            for column, (level, size) in enumerate(parts):
                dlts[:, column] = (tolerance[group, first : first + size] < p[level - 1]).sum(axis=1)
                first += size
            for row in np.unique(dlts, axis=0):
                following = state.add(decision.dose, decision.cohort, int(row[0]))
                for (level, size), k in zip(decision.backfill, row[1:], strict=True):
                    following = following.fill(level, size, int(k))
                if following not in place:
                    place[following] = len(states)
                    states.append(following)
                where[group[np.all(dlts == row, axis=1)]] = place[following]
        running = np.flatnonzero(end == -2)
    n = np.array([state.n for state in states], dtype=np.int64)
    dlt = np.array([state.dlt for state in states], dtype=np.int64)
    return SimulatedCounts(n[where], dlt[where], end)


def simulate_benefit(
    design: BenefitDesign,
    toxicity: Sequence[float],
    efficacy: Sequence[float],
    *,
    trials: int,
    random_seed: int,
    association: float = 0.0,
    start: int = 1,
) -> SimulatedCounts:
    """Return the counts of simulated trials under a design that decides from toxicity and efficacy.

    Such designs have millions of states, so that their operating characteristics are simulated, not exact. Every
    virtual patient has two tolerances, the normal scores of which are correlated; two designs with the same seed meet
    the same patients. Trials with the same counts share one decision.

    Parameters
    ----------
    design : BenefitDesign
        Such as `Boin12`.
    toxicity, efficacy : sequence of float
        True probabilities of a DLT and of efficacy at each dose.
    trials : int
        How many.
    random_seed : int
        The same seed gives the same trials.
    association : float
        Correlation of the normal scores of the two tolerances, above -1 and below 1: positive, and patients with a DLT
        respond more often.
    start : int
        The level of the first group.

    Returns
    -------
    SimulatedCounts
        ``mtd`` is the optimal biological dose.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1, the doses differ in number, or ``trials`` is not positive.

    Examples
    --------
    >>> from cartmodel.escalation.boin12 import Boin12
    >>> truth = {"toxicity": [0.05, 0.10, 0.20], "efficacy": [0.2, 0.5, 0.5]}
    >>> found = simulate_benefit(Boin12(max_patients=18), **truth, trials=200, random_seed=1)
    >>> found.n.sum(axis=1).max().item()
    18
    """
    p, q = np.asarray(toxicity, dtype=float), np.asarray(efficacy, dtype=float)
    possible = p.shape == q.shape and p.ndim == 1 and p.size and np.all((p >= 0) & (p <= 1) & (q >= 0) & (q <= 1))
    if not possible or trials < 1 or not -1 < association < 1:
        given = f"toxicity {toxicity}, efficacy {efficacy}, {trials} trials, association {association}"
        raise ValueError(f"{given}; accepted: as many probabilities each, 1 or more trials, |association| < 1")
    rng = np.random.default_rng(random_seed)
    known: dict[BenefitState, Decision] = {}
    n, dlt = np.zeros((trials, p.size), dtype=np.int64), np.zeros((trials, p.size), dtype=np.int64)
    end = np.zeros(trials, dtype=np.int64)
    for trial, stream in enumerate(rng.spawn(trials)):
        state = BenefitState(((0, 0, 0, 0),) * p.size, start)
        while True:
            decision = known.get(state) or known.setdefault(state, design.decide(state))
            if not decision.enrols or decision.dose is None:
                break
            z = stream.standard_normal((decision.cohort, 2))
            score = association * z[:, 0] + (1 - association**2) ** 0.5 * z[:, 1]
            toxic, responds = ndtr(z[:, 0]) < p[decision.dose - 1], ndtr(score) < q[decision.dose - 1]
            counts = np.bincount(2 * toxic + responds, minlength=4)
            state = state.add(decision.dose, *map(int, counts))
        n[trial], dlt[trial] = state.toxicity.n, state.toxicity.dlt
        end[trial] = -1 if decision.action == "refer" else decision.dose or 0
    return SimulatedCounts(n, dlt, end)
