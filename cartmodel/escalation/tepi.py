"""TEPI: a decision table over intervals of toxicity and efficacy, built for adoptive cell therapy."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc

from cartmodel.escalation.benefit import BenefitState, benefit_designs
from cartmodel.escalation.state import Decision, first_group, move

type Cuts = tuple[float, ...]


@dataclass(frozen=True)
class Tepi:
    """The TEPI design.

    Toxicity and efficacy of a dose have independent Beta(1, 1) priors. The pair of intervals with the largest joint
    unit probability mass (posterior probability over area) names the step: E, S or D in a table that clinicians set. A
    dose is closed with all above it when Pr(DLT probability > limit) is above a cut-off; it is closed alone when
    Pr(efficacy probability > limit) is below one. The optimal dose has the largest product of the posterior mean
    utilities of toxicity (1 up to a first probability, falling to 0 at a second) and efficacy (rising likewise).

    The default table is the one of the R packages 'Keyboard' (0.1.3, ``get.decision.obd.kb``, "adopted from Li et al.")
    and 'phase12designs' (``oc_tepi``), as are the cut-offs .95 and .30 and the rule itself. The default cuts are those
    which the first's text still quotes (.33 and .40 of toxicity, .20 of efficacy) and which the second builds (.15, a
    target, .05 above it; steps of .20 of efficacy). The paper was not read. 'Keyboard' rounds the unit masses to two
    digits, which makes ties; its utility is that of estimates (isotonic for toxicity), efficacy rising from .30: here
    it is the posterior mean of the utility, without smoothing, rising from .20. Set your own table.

    Parameters
    ----------
    toxicity_cuts, efficacy_cuts : tuple of float
        Rising within 0 and 1: the bounds between the intervals.
    table : tuple of str
        A row for each interval of toxicity, from low to high; a letter E, S or D for each interval of efficacy.
    toxicity_limit, toxicity_cutoff : float
        A dose is too toxic when Pr(DLT probability > limit) > cut-off.
    efficacy_limit, efficacy_cutoff : float
        A dose is futile when Pr(efficacy probability > limit) < cut-off.
    toxicity_utility, efficacy_utility : pair of float
        Where the utility of toxicity begins to fall and is 0; where that of efficacy begins to rise and is 1.
    cohort, max_patients : int
        Patients in a group, and in the trial.

    Raises
    ------
    ValueError
        If cuts do not rise, or the table has not a row and a letter for each interval.

    References
    ----------
    Li D.H., Whitmore J.B., Guo W., Ji Y. (2017), Clinical Cancer Research 23:13-20. Sun H., Tang L., Pan H. and others,
    R package 'Keyboard' (CRAN).

    Examples
    --------
    >>> Tepi().decide(BenefitState.of("1NNE", doses=3)).action
    'escalate'
    """

    toxicity_cuts: Cuts = (0.15, 0.33, 0.40)
    efficacy_cuts: Cuts = (0.20, 0.40, 0.60)
    table: tuple[str, ...] = ("EEEE", "EEES", "DSSS", "DDDD")
    toxicity_limit: float = 0.40
    toxicity_cutoff: float = 0.95
    efficacy_limit: float = 0.20
    efficacy_cutoff: float = 0.30
    toxicity_utility: tuple[float, float] = (0.15, 0.40)
    efficacy_utility: tuple[float, float] = (0.20, 0.60)
    cohort: int = 3
    max_patients: int = 27

    def __post_init__(self) -> None:
        for name in ("toxicity_cuts", "efficacy_cuts", "toxicity_utility", "efficacy_utility"):
            edges = (0.0, *getattr(self, name), 1.0)
            if any(a >= b for a, b in pairwise(edges)):
                raise ValueError(f"{name} {getattr(self, name)}; accepted: rising within 0 and 1")
        rows, columns = len(self.toxicity_cuts) + 1, len(self.efficacy_cuts) + 1
        if len(self.table) != rows or any(len(row) != columns or set(row) - set("ESD") for row in self.table):
            raise ValueError(f"table {self.table}; accepted: {rows} rows of {columns} letters E, S, D")

    def letter(self, n: int, dlt: int, responses: int) -> str:
        """Return the letter of the pair of intervals with the largest joint unit probability mass."""
        by_toxicity = _unit_mass(self.toxicity_cuts, n, dlt)
        by_efficacy = _unit_mass(self.efficacy_cuts, n, responses)
        return self.table[int(np.argmax(by_toxicity))][int(np.argmax(by_efficacy))]

    def admissible(self, state: BenefitState) -> frozenset[int]:
        """Return the levels that are neither too toxic, nor above such a level, nor futile; untried ones are not."""
        counts = state.toxicity
        n, dlt, response = (np.array(c, dtype=float) for c in (counts.n, counts.dlt, state.responses))
        toxic = (betaincc(1 + dlt, 1 + n - dlt, self.toxicity_limit) > self.toxicity_cutoff) & (n > 0)
        futile = (betaincc(1 + response, 1 + n - response, self.efficacy_limit) < self.efficacy_cutoff) & (n > 0)
        return frozenset(int(k) + 1 for k in np.flatnonzero(~np.logical_or.accumulate(toxic) & ~futile))

    def utility(self, state: BenefitState) -> NDArray[np.float64]:
        """Return the posterior mean utility of each level: E[f(toxicity)] E[g(efficacy)]."""
        counts = state.toxicity
        n, dlt, response = (np.array(c, dtype=float) for c in (counts.n, counts.dlt, state.responses))
        fall = 1 - _mean_ramp(1 + dlt, 1 + n - dlt, *self.toxicity_utility)
        return fall * _mean_ramp(1 + response, 1 + n - response, *self.efficacy_utility)

    def decide(self, state: BenefitState, /) -> Decision:
        """Return the next step of a trial; at a stop, the dose is the optimal biological dose."""
        counts = state.toxicity
        if not counts.patients:
            return first_group(counts, min(self.cohort, self.max_patients))
        n, dlt = counts.at(counts.current)
        responses = state.responses[counts.current - 1]
        letter = self.letter(n, dlt, responses) if n else "S"
        found = f"{dlt} DLTs and {responses} responses in {n} at dose level {counts.current}: {letter}"
        left = self.admissible(state)
        if not left:
            return Decision("stop", None, f"{found}; no dose is admissible")
        if counts.patients >= self.max_patients:
            utility = self.utility(state)
            tried = sorted(left & counts.tried)
            best = max(tried, key=lambda k: round(float(utility[k - 1]), 12), default=None)
            return Decision("stop", best, f"{found}; all {counts.patients} patients", tuple(tried))
        wanted = min(counts.current + {"E": 1, "S": 0, "D": -1}[letter], counts.doses)
        reach = sorted(k for k in left if k <= counts.highest + 1)
        # A closed level is passed over: downwards first, upwards only where everything below is closed for futility.
        upwards = min(reach, default=None) if letter != "D" else None
        dose = max((k for k in reach if k <= max(wanted, 1)), default=upwards)
        if dose is None:
            return Decision("stop", None, f"{found}; no dose within reach is admissible")
        size = min(self.cohort, self.max_patients - counts.patients)
        return move(counts, dose, size, found, tuple(sorted(left)))


def _unit_mass(cuts: Cuts, n: int, events: int) -> NDArray[np.float64]:
    edges = np.array([0.0, *cuts, 1.0])
    return np.diff(betainc(1 + events, 1 + n - events, edges)) / np.diff(edges)


def _mean_ramp(a: NDArray[np.float64], b: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """E[min(max((X - low) / (high - low), 0), 1)] of a Beta(a, b), by the incomplete beta function."""
    inside = betainc(a, b, high) - betainc(a, b, low)
    moment = a / (a + b) * (betainc(a + 1, b, high) - betainc(a + 1, b, low))
    return (moment - low * inside) / (high - low) + betaincc(a, b, high)


benefit_designs.add("tepi", Tepi)
