"""BOIN12: dose finding by the trade-off of toxicity and efficacy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc

from cartmodel.escalation.benefit import BenefitState, admissible_levels, benefit_designs
from cartmodel.escalation.boin import boin_boundaries
from cartmodel.escalation.isotonic import isotonic_mtd
from cartmodel.escalation.state import Decision, State, first_group, move


@dataclass(frozen=True)
class Boin12:
    """The BOIN12 design.

    A patient is worth the utility of the outcome; a dose, the posterior probability that its mean utility is above a
    benchmark half way between that of the limits and 100. A DLT rate at or above BOIN's boundary de-escalates: at the
    lowest dose it stays, and where no lower dose is admissible the trial stops. Else the most desirable of the doses
    around the current one is next (with ``enough`` patients and a DLT rate between the boundaries, the dose above is
    left out), and of equal ones the highest.

    Parameters
    ----------
    toxicity_limit, efficacy_limit : float
        The highest acceptable DLT probability, the lowest acceptable efficacy probability.
    utility : tuple of float
        From 0 to 100: of efficacy alone, of neither, of both, of toxicity alone.
    toxicity_cutoff, efficacy_cutoff : float
        A dose is inadmissible from Pr(DLT probability > limit) >= the first on, with all doses above, and from
        Pr(efficacy probability < limit) >= the second on; Beta(1, 1) priors.
    enough : int
        Patients at a dose from whom on a DLT rate between the boundaries no longer escalates.
    explore_from : int
        Patients at a dose from whom on an untried dose above is tried, unless the DLT rate de-escalates.
    cohort, max_patients : int
        Patients in a group, and in the trial.
    max_at_dose : int, optional
        The trial also ends when so many patients have been treated at the current dose.

    References
    ----------
    Lin R., Zhou Y., Yan F., Li D., Yuan Y. (2020), JCO Precision Oncology 4:1393-1402, and its data supplement.

    Examples
    --------
    >>> Boin12().decide(BenefitState.of("1NNN 2ENT 3ETT 2EEN", doses=5)).dose
    2
    """

    toxicity_limit: float = 0.35
    efficacy_limit: float = 0.25
    utility: tuple[float, float, float, float] = (100.0, 40.0, 60.0, 0.0)
    toxicity_cutoff: float = 0.95
    efficacy_cutoff: float = 0.90
    enough: int = 6
    explore_from: int = 9
    cohort: int = 3
    max_patients: int = 36
    max_at_dose: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.efficacy_limit < 1 or not 0 < self.toxicity_limit < 1 / 1.4:
            given = f"limits {self.toxicity_limit} of toxicity, {self.efficacy_limit} of efficacy"
            raise ValueError(f"{given}; accepted: above 0, toxicity below {1 / 1.4:.3f}, efficacy below 1")
        if any(not 0 <= u <= 100 for u in self.utility):
            raise ValueError(f"utility {self.utility}; accepted: from 0 to 100")

    @property
    def benchmark(self) -> float:
        """The utility, from 0 to 100, that a desirable dose exceeds."""
        p, q = self.toxicity_limit, self.efficacy_limit
        efficacy, neither, both, toxicity = self.utility
        low = efficacy * q * (1 - p) + neither * (1 - p) * (1 - q) + both * p * q + toxicity * p * (1 - q)
        return low + (100 - low) / 2

    def _quasi_events(self, state: BenefitState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        counts = np.array(state.counts, dtype=float)
        efficacy, neither, both, toxicity = self.utility
        return counts @ np.array([neither, efficacy, toxicity, both]) / 100, counts.sum(axis=1)

    def desirability(self, state: BenefitState) -> NDArray[np.float64]:
        """Return, for each level, the posterior probability that its mean utility is above the benchmark."""
        x, n = self._quasi_events(state)
        return np.asarray(betaincc(1 + x, 1 + n - x, self.benchmark / 100), dtype=float)

    def admissible(self, state: BenefitState) -> frozenset[int]:
        """Return the levels that are neither too toxic, nor above such a level, nor futile."""
        toxicity, efficacy = (self.toxicity_limit, self.toxicity_cutoff), (self.efficacy_limit, self.efficacy_cutoff)
        return admissible_levels(state, toxicity, efficacy)

    def decide(self, state: BenefitState, /) -> Decision:
        """Return the next step of a trial; at a stop, the dose is the optimal biological dose."""
        level, counts = state.current, state.toxicity
        n, dlt = counts.at(level)
        if not counts.patients:
            return first_group(counts, min(self.cohort, self.max_patients))
        left = self.admissible(state)
        found = f"{dlt} DLTs in {n} at dose level {level}"
        if not left:
            return Decision("stop", None, f"{found}: no dose is admissible")
        if counts.patients >= self.max_patients or (self.max_at_dose is not None and n >= self.max_at_dose):
            return Decision("stop", self._optimal(state, left), f"{found}: the trial is complete", tuple(sorted(left)))
        around = self._candidates(counts, left)
        if not around:
            return Decision("stop", None, f"{found}: the next step is not up, and no dose there is admissible")
        desirability = self.desirability(state).round(12)
        best = max(around, key=lambda candidate: (desirability[candidate - 1], candidate))
        size = min(self.cohort, self.max_patients - counts.patients)
        reason = f"{found}: level {best} is desirable with probability {desirability[best - 1]:.3f}"
        return move(counts, best, size, reason, tuple(sorted(left)))

    def _candidates(self, counts: State, left: frozenset[int]) -> list[int]:
        level = counts.current
        n, dlt = counts.at(level)
        low, high = boin_boundaries(self.toxicity_limit)
        below = max((k for k in left if k < level), default=None)
        above = min((k for k in left if k > level), default=None)
        here = level if level in left else None
        if dlt >= n * high:
            steps = (here,) if level == 1 else (below,)
        elif n >= self.explore_from and above == level + 1 and not counts.n[level]:
            steps = (above,)
        elif dlt > n * low and n >= self.enough:
            steps = (below, here)
        else:
            steps = (below, here, above)
        return [k for k in steps if k is not None]

    def _optimal(self, state: BenefitState, left: frozenset[int]) -> int | None:
        """Return the admissible dose of the highest posterior mean utility, up to the isotonic MTD."""
        counts = state.toxicity
        tried = counts.tried & left
        mtd = isotonic_mtd(counts, counts.tried, self.toxicity_limit, weights="patients")
        x, n = self._quasi_events(state)
        choice = [k for k in sorted(tried) if mtd is not None and k <= mtd]
        return max(choice, key=lambda k: (1 + x[k - 1]) / (2 + n[k - 1]), default=None)


benefit_designs.add("boin12", Boin12)
