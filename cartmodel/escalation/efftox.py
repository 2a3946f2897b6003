"""EffTox: a joint model of efficacy and toxicity and a trade-off between them, by quadrature."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root_scalar
from scipy.special import expit, logit

from cartmodel.escalation.benefit import BenefitState, benefit_designs
from cartmodel.escalation.quadrature import share_below
from cartmodel.escalation.state import Decision, first_group, move

type Normal = tuple[float, float]

_STEP, _REACH = 0.45, 8.0  # of the grids, in posterior SDs
_KEPT = 1e-7  # nodes of a smaller share of the highest density are left out


@dataclass(frozen=True, eq=False)
class EffToxPosterior:
    """What EffTox knows after some counts, a value for each dose level.

    Parameters
    ----------
    toxicity, efficacy : ndarray (doses,)
        Posterior means of the two probabilities.
    tolerable, effective : ndarray (doses,)
        Posterior probability that toxicity is below its limit, efficacy above its own.
    utility : ndarray (doses,)
        At the posterior means.
    """

    toxicity: NDArray[np.float64]
    efficacy: NDArray[np.float64]
    tolerable: NDArray[np.float64]
    effective: NDArray[np.float64]
    utility: NDArray[np.float64]


@dataclass(frozen=True)
class EffTox:
    """The EffTox design.

    ``logit pi_T = alpha + beta x``, ``logit pi_E = gamma + zeta x + eta x^2`` with x = ln dose less its mean over the
    doses; the two outcomes of a patient are joined by psi. A dose is admissible when Pr(pi_T < limit) and
    Pr(pi_E > limit) are above their cut-offs; of the admissible doses, none skipped, the one with the largest utility
    ``1 - [((1 - pi_E) / (1 - eff0))^p + (pi_T / tox1)^p]^(1/p)`` is next. Where no dose within reach is admissible, the
    lowest untried one is next if it is tolerable. A dose that is not tolerable bars all above it, which the paper
    leaves to the model: its prior lets toxicity fall with the dose.

    The posterior is a sum over grids laid around its own centre, not a sample: see `posterior`.

    Parameters
    ----------
    doses : tuple of float
        Rising, in any unit.
    alpha, beta, gamma, zeta, eta, psi : (mean, SD)
        Normal priors.
    toxicity_limit, efficacy_limit : float
        Of the two criteria.
    toxicity_cutoff, efficacy_cutoff : float
        The probabilities that the criteria must exceed.
    contour : ((pi_E, 0), (1, pi_T), (pi_E, pi_T))
        Three points that are worth the same, utility 0: efficacy needed without toxicity (eff0); toxicity put up
        with at certain efficacy (tox1); a point between.
    cohort, max_patients : int
        Patients in a group, and in the trial.

    Raises
    ------
    ValueError
        If doses do not rise, an SD is not positive, or no contour passes the three points.

    References
    ----------
    Thall P.F., Cook J.D. (2004), Biometrics 60:684-693; Thall P.F. et al. (2014), Clinical Trials 11:657-666, for the
    trade-off contour; priors and contour in the example are those of the demonstration in the R package 'trialr'.

    Examples
    --------
    >>> demo = EffTox(
    ...     doses=(1.0, 2.0, 4.0, 6.6, 10.0),
    ...     alpha=(-7.9593, 3.5487), beta=(1.5482, 3.5018), gamma=(0.7367, 2.5423), zeta=(3.4181, 2.4406),
    ...     eta=(0.0, 0.2), psi=(0.0, 1.0),
    ... )
    >>> demo.decide(BenefitState.of("1NNE 2EEB", doses=5)).dose
    3
    """

    doses: tuple[float, ...]
    alpha: Normal
    beta: Normal
    gamma: Normal
    zeta: Normal
    eta: Normal
    psi: Normal = (0.0, 1.0)
    toxicity_limit: float = 0.30
    efficacy_limit: float = 0.50
    toxicity_cutoff: float = 0.10
    efficacy_cutoff: float = 0.10
    contour: tuple[tuple[float, float], ...] = ((0.50, 0.0), (1.0, 0.65), (0.70, 0.25))
    cohort: int = 3
    max_patients: int = 39

    def __post_init__(self) -> None:
        if len(self.doses) < 2 or any(a >= b for a, b in pairwise((0.0, *self.doses))):
            raise ValueError(f"doses {self.doses}; accepted: two or more, above 0 and rising")
        if any(not sd > 0 for _, sd in (self.alpha, self.beta, self.gamma, self.zeta, self.eta, self.psi)):
            raise ValueError("priors; accepted: SDs above 0")
        limits = self.toxicity_limit, self.efficacy_limit, self.toxicity_cutoff, self.efficacy_cutoff
        if any(not 0 < p < 1 for p in limits):
            raise ValueError(f"limits and cut-offs {limits}; accepted: above 0, below 1")
        object.__setattr__(self, "doses", tuple(map(float, self.doses)))
        object.__setattr__(self, "contour", tuple((float(e), float(t)) for e, t in self.contour))
        _ = self.exponent

    @cached_property
    def exponent(self) -> float:
        """The p of the trade-off contour through the three points."""
        points = self.contour
        if len(points) != 3 or points[0][1] != 0 or points[1][0] != 1:
            raise ValueError(f"contour {points}; accepted: (efficacy, 0), (1, toxicity), (efficacy, toxicity)")
        (eff0, _), (_, tox1), (eff, tox) = points
        a, b = (1 - eff) / (1 - eff0) if eff0 < 1 else np.inf, tox / tox1 if tox1 > 0 else np.inf
        if not (0 < a < 1 and 0 < b < 1):
            raise ValueError(f"contour {points}; accepted: the third point between the first two")
        return float(root_scalar(lambda p: a**p + b**p - 1, bracket=(1e-3, 1e3)).root)

    def utility(self, efficacy: NDArray[np.float64], toxicity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the utility of probabilities of efficacy and toxicity: 0 on the contour, 1 at certain, safe cure."""
        p, eff0, tox1 = self.exponent, self.contour[0][0], self.contour[1][1]
        return 1 - (((1 - efficacy) / (1 - eff0)) ** p + (toxicity / tox1) ** p) ** (1 / p)

    def posterior(self, state: BenefitState) -> EffToxPosterior:
        """Return the posterior after some counts.

        Without psi, toxicity (2 parameters) and efficacy (3) would be independent: each gets a grid along the principal
        axes of that posterior, and eta Gauss-Hermite nodes. The full posterior is the sum over all pairs of nodes and 7
        Gauss-Hermite nodes of psi of prior x likelihood; nothing is drawn at random. Means are
        within 1e-5, the two criteria within 1e-3. A decision takes about half a second.

        Raises
        ------
        ValueError
            If the state has not one level for each dose.
        """
        if len(state.counts) != len(self.doses):
            raise ValueError(f"{len(state.counts)} dose levels; accepted: {len(self.doses)}, as in the design")
        return _posterior(self, state.counts)

    def decide(self, state: BenefitState, /) -> Decision:
        """Return the next step of a trial; at a stop, the dose is the optimal biological dose."""
        counts = state.toxicity
        if not counts.patients:
            return first_group(counts, min(self.cohort, self.max_patients))
        known = self.posterior(state)
        safe = np.logical_and.accumulate(known.tolerable > self.toxicity_cutoff)
        left = [int(k) + 1 for k in np.flatnonzero(safe & (known.effective > self.efficacy_cutoff))]
        ended = counts.patients >= self.max_patients
        reach = [k for k in left if (k in counts.tried if ended else k <= counts.highest + 1)]
        untried = counts.highest + 1
        if not reach and not ended and untried <= counts.doses and safe[untried - 1]:
            reason = f"no dose within reach is admissible; level {untried} is tolerable"
            return move(counts, untried, min(self.cohort, self.max_patients - counts.patients), reason, (untried,))
        if not reach:
            return Decision("stop", None, "no dose is admissible")
        best = max(reach, key=lambda k: round(float(known.utility[k - 1]), 9))
        reason = f"level {best} has the largest utility, {known.utility[best - 1]:.3f}"
        if ended:
            return Decision("stop", best, f"all {counts.patients} patients; {reason}", tuple(reach))
        return move(counts, best, min(self.cohort, self.max_patients - counts.patients), reason, tuple(reach))


@lru_cache(maxsize=4096)
def _posterior(design: EffTox, counts: tuple[tuple[int, int, int, int], ...]) -> EffToxPosterior:
    log_dose = np.log(np.array(design.doses))
    x = log_dose - log_dose.mean()
    table = np.array(counts, dtype=float)
    n, dlt, response = table.sum(axis=1), table[:, 2] + table[:, 3], table[:, 1] + table[:, 3]
    flat = np.zeros(1)
    tox, w_tox, below_tox = _grid(design.alpha, design.beta, x, flat, n, dlt, design.toxicity_limit)
    # The square of x is at most a few: where eta is nearly known a few nodes are exact.
    z, weight = np.polynomial.hermite_e.hermegauss(5 if design.eta[1] * np.max(x**2) < 1 else 21)
    etas = design.eta[0] + design.eta[1] * z
    parts = [_grid(design.gamma, design.zeta, x, eta * x**2, n, response, design.efficacy_limit) for eta in etas]
    # The weights of each part are relative to one common scale, see _grid.
    eff, below_eff = (np.concatenate([part[place] for part in parts], axis=1) for place in (0, 2))
    w_eff = np.concatenate([part[1] * w for part, w in zip(parts, weight, strict=True)])
    kept = w_eff > _KEPT * w_eff.max()
    eff, below_eff, w_eff = eff[:, kept], below_eff[:, kept], w_eff[kept]
    joint = np.zeros((len(w_eff), len(w_tox)))
    z, weight = np.polynomial.hermite_e.hermegauss(7)
    for psi, w in zip(design.psi[0] + design.psi[1] * z, weight / weight.sum(), strict=True):
        joint += w * _association(float(np.tanh(psi / 2)), eff, tox, counts)
    by_eff, by_tox = w_eff * (joint @ w_tox), w_tox * (w_eff @ joint)
    by_eff, by_tox = by_eff / by_eff.sum(), by_tox / by_tox.sum()
    toxicity, efficacy = tox @ by_tox, eff @ by_eff
    utility = design.utility(efficacy, toxicity)
    return EffToxPosterior(toxicity, efficacy, below_tox @ by_tox, 1 - below_eff @ by_eff, utility)


def _association(
    kappa: float, eff: NDArray[np.float64], tox: NDArray[np.float64], counts: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Likelihood over that of independent outcomes at each pair of nodes: 1 + (-1)^(a+b) kappa (1 - m_E)(1 - m_T)."""
    product = np.ones((eff.shape[1], tox.shape[1]))
    for level, row in enumerate(counts):
        for (a, b), count in zip(((0, 0), (1, 0), (0, 1), (1, 1)), row, strict=True):
            if count:
                u = eff[level] if not a else 1 - eff[level]
                v = tox[level] if not b else 1 - tox[level]
                factor = 1 + np.outer((-1) ** (a + b) * kappa * u, v)
                for _ in range(count):  # repeated multiplication: far quicker than a power
                    product *= factor
    return product


def _grid(
    intercept: Normal,
    slope: Normal,
    x: NDArray[np.float64],
    offset: NDArray[np.float64],
    n: NDArray[np.float64],
    events: NDArray[np.float64],
    limit: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of the doses at the nodes, the nodes' weights, and the share of each below the limit."""

    def log_density(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        value = -0.5 * ((a - intercept[0]) / intercept[1]) ** 2 - 0.5 * ((b - slope[0]) / slope[1]) ** 2
        for place, shift, total, seen in zip(x, np.broadcast_to(offset, x.shape), n, events, strict=True):
            if total:
                eta = a + b * place + shift
                value = value - seen * np.logaddexp(0, -eta) - (total - seen) * np.logaddexp(0, eta)
        return value

    # From the prior to the posterior in three looks, each with the centre and the axes that the last one found.
    mean, cov = np.array([slope[0], intercept[0]]), np.diag([slope[1] ** 2, intercept[1] ** 2])
    steps = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    z_b, z_a = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))

    def look() -> tuple[NDArray[np.float64], ...]:
        low = np.linalg.cholesky(cov)
        b = mean[0] + low[0, 0] * z_b
        a = mean[1] + low[1, 0] * z_b + low[1, 1] * z_a
        log_weight = log_density(a, b)
        return a, b, log_weight, low

    for _ in range(3):
        a, b, log_weight, _ = look()
        share = np.exp(log_weight - log_weight.max())
        share /= share.sum()
        mean, cov = np.array([share @ b, share @ a]), np.cov(np.vstack([b, a]), aweights=share, bias=True)
    a, b, log_weight, low = look()
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > _KEPT
    a, b, z_a = a[kept], b[kept], z_a[kept]
    weight = np.exp(log_weight[kept]) * low[0, 0] * low[1, 1]
    eta = a + x[:, None] * b + np.broadcast_to(offset, x.shape)[:, None]
    threshold = z_a + (logit(limit) - eta) / low[1, 1]
    return expit(eta), weight, share_below(z_a, _STEP, threshold)


benefit_designs.add("efftox", EffTox)
