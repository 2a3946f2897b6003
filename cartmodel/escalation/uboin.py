"""U-BOIN: BOIN to explore, then the dose of the highest posterior mean utility."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.benefit import BenefitState, admissible_levels, benefit_designs
from cartmodel.escalation.boin import boin_boundaries, boin_letters
from cartmodel.escalation.state import Decision, State, first_group, move


@dataclass(frozen=True)
class UBoin:
    """The U-BOIN design; its rule held against a public implementation, not against its authors' program.

    Stage 1 is BOIN on toxicity, until a dose has ``first_stage`` patients. In stage 2 the highest dose tried is raised
    by one while its DLT rate is at or below BOIN's lower boundary; else the next group gets the admissible tried dose
    of the highest posterior mean utility ("pick the winner"). The four outcomes of a dose are multinomial with a
    Dirichlet prior worth one patient, uniform over the outcomes; what is admissible in stage 2 is told by its margins,
    Beta(1/2, 1/2) each, in stage 1 by BOIN's Beta(1, 1).

    The public Python implementation that was read (of complete outcomes, at most 3 by 3 categories) has the same two
    stages, prior weight, 12 and 24 patients, cut-offs .95 and .90, and a target of stage 1 that lies .05 below the
    limit; it notes what the paper leaves open: how the prior's weight is spread, whether untried doses may be chosen
    (here not), ties (here the lowest level), and what follows at the ends of the range. The limits and utilities here
    are those of this package's `Boin12`. The paper itself was not read.

    Parameters
    ----------
    target : float
        The DLT probability of stage 1.
    toxicity_limit, efficacy_limit : float
        The highest acceptable DLT probability, the lowest acceptable efficacy probability.
    utility : tuple of float
        From 0 to 100: of efficacy alone, of neither, of both, of toxicity alone.
    toxicity_cutoff, efficacy_cutoff : float
        See `admissible_levels`.
    first_stage, second_stage : int
        Patients at a dose that end stage 1, and the trial.
    cohort, max_patients : int
        Patients in a group, and in the trial.

    References
    ----------
    Zhou Y., Lee J.J., Yuan Y. (2019), Statistics in Medicine 38:5299-5316.

    Examples
    --------
    >>> UBoin().decide(BenefitState.of("1NNE 2EEN", doses=3)).dose
    3
    >>> UBoin(first_stage=3).mean_utility(BenefitState.of("1NNE", doses=2)).round(1).tolist()
    [57.5, 50.0]
    """

    target: float = 0.30
    toxicity_limit: float = 0.35
    efficacy_limit: float = 0.25
    utility: tuple[float, float, float, float] = (100.0, 40.0, 60.0, 0.0)
    toxicity_cutoff: float = 0.95
    efficacy_cutoff: float = 0.90
    first_stage: int = 12
    second_stage: int = 24
    cohort: int = 3
    max_patients: int = 48

    def __post_init__(self) -> None:
        boin_boundaries(self.target)
        if not 0 < self.efficacy_limit < 1 or not 0 < self.toxicity_limit < 1:
            raise ValueError(f"limits {self.toxicity_limit}, {self.efficacy_limit}; accepted: above 0, below 1")
        if any(not 0 <= u <= 100 for u in self.utility):
            raise ValueError(f"utility {self.utility}; accepted: from 0 to 100")
        if not 1 <= self.first_stage <= self.second_stage:
            given = f"first_stage {self.first_stage}, second_stage {self.second_stage}"
            raise ValueError(f"{given}; accepted: 1 or more, the second not below the first")

    def mean_utility(self, state: BenefitState) -> NDArray[np.float64]:
        """Return the posterior mean utility of each level: Dirichlet prior with 1/4 of a patient for each outcome."""
        counts = np.array(state.counts, dtype=float) + 0.25
        efficacy, neither, both, toxicity = self.utility
        return counts @ np.array([neither, efficacy, toxicity, both]) / counts.sum(axis=1)

    def randomisation(self, state: BenefitState) -> NDArray[np.float64]:
        """Return the probabilities of the levels in proportion to utility, for a stage 2 that randomises."""
        left = self.admissible(state) & state.toxicity.tried
        weight = np.array([u if k in left else 0.0 for k, u in enumerate(self.mean_utility(state), start=1)])
        return weight / weight.sum() if weight.sum() > 0 else weight

    def admissible(self, state: BenefitState) -> frozenset[int]:
        """Return the levels neither too toxic, nor above such a level, nor futile, by the margins of the Dirichlet."""
        toxicity, efficacy = (self.toxicity_limit, self.toxicity_cutoff), (self.efficacy_limit, self.efficacy_cutoff)
        return admissible_levels(state, toxicity, efficacy, prior=0.5)

    def decide(self, state: BenefitState, /) -> Decision:
        """Return the next step of a trial; at a stop, the dose is the optimal biological dose."""
        counts = state.toxicity
        if not counts.patients:
            return first_group(counts, min(self.cohort, self.max_patients))
        letters = boin_letters(self.target, cutoff=self.toxicity_cutoff)
        toxic = [k for k in counts.tried if letters(*counts.at(k)) == "DU"]
        safe = frozenset(range(1, min(toxic, default=counts.doses + 1)))
        if not safe:
            return Decision("stop", None, "no dose is safe")
        size = min(self.cohort, self.max_patients - counts.patients)
        left = self.admissible(state) & safe
        if max(counts.n) < self.first_stage and size > 0:
            return self._by_toxicity(counts, safe, size)
        found = f"{max(counts.n)} patients at a dose"
        ended = size <= 0 or max(counts.n) >= self.second_stage
        low, _ = boin_boundaries(self.target)
        top, up = counts.highest, counts.highest + 1
        n, dlt = counts.at(top)
        if not ended and up in left and top in safe and dlt <= n * low:
            reason = f"{dlt} DLTs in {n} at the highest dose tried: explore level {up}"
            return move(counts, up, size, reason, tuple(sorted(left)))
        tried = left & counts.tried
        if not tried:
            return Decision("stop", None, f"{found}: no tried dose is admissible")
        utility = self.mean_utility(state)
        best = max(sorted(tried), key=lambda k: round(float(utility[k - 1]), 12))
        reason = f"{found}: level {best} has the highest mean utility, {utility[best - 1]:.1f}"
        if ended:
            return Decision("stop", best, reason, tuple(sorted(tried)))
        return move(counts, best, size, reason, tuple(sorted(tried)))

    def _by_toxicity(self, counts: State, safe: frozenset[int], size: int) -> Decision:
        n, dlt = counts.at(counts.current)
        letter = boin_letters(self.target, cutoff=self.toxicity_cutoff)(n, dlt)
        wanted = counts.current + {"E": 1, "S": 0, "D": -1, "DU": -1}[letter]
        dose = min(max(wanted, 1), max(safe))
        return move(counts, dose, size, f"stage 1: {dlt} DLTs in {n} at level {counts.current}", tuple(sorted(safe)))


benefit_designs.add("u-boin", UBoin)
