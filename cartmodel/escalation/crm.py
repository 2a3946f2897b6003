"""The continual reassessment method (CRM): one-parameter models, by quadrature."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cartmodel.escalation.design import Filter, Recommendation, SlotDesign, designs
from cartmodel.escalation.interval import check_target
from cartmodel.escalation.quadrature import posterior_means, share_below
from cartmodel.escalation.state import State

type Curve = Literal["empiric", "logistic"]
type Estimate = Literal["plug-in", "posterior-mean"]

_STEP, _REACH = 0.02, 10.0  # of the grid, in prior SDs


@dataclass(frozen=True, eq=False)
class CrmPosterior:
    """What a CRM knows after some counts.

    Parameters
    ----------
    mean, variance : float
        Of the model's parameter b.
    plug_in : ndarray (doses,)
        DLT probabilities at the posterior mean of b: what the R package 'dfcrm' reports.
    posterior_mean : ndarray (doses,)
        Posterior means of the DLT probabilities: what the R package 'trialr' reports.
    exceeds : ndarray (doses,)
        Posterior probability that each DLT probability is above the target.
    """

    mean: float
    variance: float
    plug_in: NDArray[np.float64]
    posterior_mean: NDArray[np.float64]
    exceeds: NDArray[np.float64]


@dataclass(frozen=True)
class CrmModel:
    """A one-parameter dose-toxicity model with a normal prior.

    Empiric: ``p_i = skeleton_i ** exp(b)``. Logistic: ``logit p_i = intercept + exp(b) x_i`` with
    ``x_i = logit(skeleton_i) - intercept``. ``b ~ N(0, variance)``.

    Parameters
    ----------
    skeleton : tuple of float
        Prior guesses of the DLT probabilities, rising with the dose.
    target : float
        The DLT probability that is aimed at.
    curve : {"empiric", "logistic"}
        The model.
    variance : float
        Prior variance of b; 1.34 is that of 'dfcrm'.
    intercept : float
        Of the logistic model.

    Raises
    ------
    ValueError
        If the skeleton does not rise within 0 and 1 or, for the logistic model, reaches the intercept.

    References
    ----------
    O'Quigley J., Pepe M., Fisher L. (1990), Biometrics 46:33-48. Cheung Y.K. (2011), Dose Finding by the Continual
    Reassessment Method, CRC Press, and its R package 'dfcrm', whose conventions these are.

    Examples
    --------
    >>> model = CrmModel((0.1687, 0.3, 0.4429), target=0.30)
    >>> model.posterior(State((3, 3, 0), (0, 1, 0), current=2)).plug_in.round(2).tolist()
    [0.12, 0.24, 0.38]
    """

    skeleton: tuple[float, ...]
    target: float
    curve: Curve = "empiric"
    variance: float = 1.34
    intercept: float = 3.0

    def __post_init__(self) -> None:
        check_target(self.target)
        edges = (0.0, *self.skeleton, 1.0)
        if len(edges) < 3 or any(a >= b for a, b in pairwise(edges)):
            raise ValueError(
                f"skeleton {self.skeleton}; accepted: DLT probabilities that rise with the dose, within 0 and 1"
            )
        if not self.variance > 0:
            raise ValueError(f"variance {self.variance}; accepted: above 0")
        if self.curve not in ("empiric", "logistic"):
            raise ValueError(f"curve '{self.curve}'; accepted: 'empiric', 'logistic'")
        if self.curve == "logistic" and max(logit(self.skeleton[-1]), logit(self.target)) >= self.intercept:
            limit = float(expit(self.intercept))
            raise ValueError(
                f"intercept {self.intercept}; accepted: skeleton and target below {limit:.4f}, its inverse logit"
            )

    def log_probabilities(self, b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return ln p and ln(1 - p) of each dose (first axis) at values of b."""
        skeleton = np.array(self.skeleton)[:, None]
        if self.curve == "empiric":
            log_p = np.exp(b) * np.log(skeleton)
            return log_p, np.log(-np.expm1(log_p))
        eta = self.intercept + np.exp(b) * (logit(skeleton) - self.intercept)
        return -np.logaddexp(0, -eta), -np.logaddexp(0, eta)

    @cached_property
    def _grid(self) -> tuple[NDArray[np.float64], ...]:
        sd = self.variance**0.5
        b = sd * np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
        log_p, log_q = self.log_probabilities(b)
        if self.curve == "empiric":
            reaches = np.log(np.log(self.target) / np.log(self.skeleton))
        else:
            x = logit(np.array(self.skeleton)) - self.intercept
            reaches = np.log((logit(self.target) - self.intercept) / x)
        above = share_below(b, sd * _STEP, reaches[:, None])  # p falls in b: above the target is below the threshold
        quantities = np.vstack([b, b**2, np.exp(log_p), above])
        return b, -0.5 * (b / sd) ** 2, log_p, log_q, quantities

    def posterior_of(self, log_likelihood: NDArray[np.float64]) -> CrmPosterior:
        """Return the posterior for a log-likelihood on the nodes of `nodes`."""
        b, log_prior, _, _, quantities = self._grid
        edge = np.abs(b) > (_REACH - 1) * self.variance**0.5
        means = posterior_means(log_prior + log_likelihood, quantities, edge)
        doses = len(self.skeleton)
        plug_in = np.exp(self.log_probabilities(means[:1])[0][:, 0])
        return CrmPosterior(
            float(means[0]), float(means[1] - means[0] ** 2), plug_in, means[2 : 2 + doses], means[2 + doses :]
        )

    @property
    def nodes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ln p and ln(1 - p) of each dose on the grid of b."""
        return self._grid[2], self._grid[3]

    def posterior(self, state: State) -> CrmPosterior:
        """Return the posterior after the counts of a state.

        Raises
        ------
        ValueError
            If the state has not one level for each dose of the skeleton.
        """
        if state.doses != len(self.skeleton):
            raise ValueError(f"{state.doses} dose levels; accepted: {len(self.skeleton)}, as in the skeleton")
        n, dlt = np.array(state.n, dtype=float), np.array(state.dlt, dtype=float)
        log_p, log_q = self.nodes
        return self.posterior_of(dlt @ log_p + (n - dlt) @ log_q)


def crm(
    skeleton: tuple[float, ...],
    target: float = 0.30,
    *,
    curve: Curve = "empiric",
    variance: float = 1.34,
    intercept: float = 3.0,
    estimate: Estimate = "plug-in",
    stop_above: float = 0.95,
    cohort: int = 3,
    max_patients: int = 18,
) -> SlotDesign:
    """Return the CRM: the dose whose estimated DLT probability is nearest to the target, without skipping a dose.

    Parameters
    ----------
    skeleton, target, curve, variance, intercept
        See `CrmModel`.
    estimate : {"plug-in", "posterior-mean"}
        Whose distance to the target counts; the two can choose differently.
    stop_above : float
        The trial stops without an MTD when Pr(p > target) at the lowest dose is above.
    cohort, max_patients : int
        Patients in a group, and in the trial.

    References
    ----------
    See `CrmModel`.

    Examples
    --------
    >>> crm((0.1687, 0.3, 0.4429)).decide(State((3, 0, 0), (0, 0, 0))).dose
    2
    """
    model = CrmModel(tuple(skeleton), target, curve, variance, intercept)
    nearest_to_target(model.posterior(State.empty(len(model.skeleton))), target, estimate)  # refuses a bad estimate now

    @cache
    def known(n: tuple[int, ...], dlt: tuple[int, ...]) -> tuple[Recommendation, float]:
        posterior = model.posterior(State(n, dlt))
        return nearest_to_target(posterior, target, estimate), float(posterior.exceeds[0])

    return crm_slots(lambda state: known(state.n, state.dlt), stop_above, cohort, max_patients)


def nearest_to_target(posterior: CrmPosterior, target: float, estimate: Estimate) -> Recommendation:
    """Return the levels by the distance of their estimated DLT probability from the target.

    Raises
    ------
    ValueError
        If the estimate is unknown.

    Examples
    --------
    >>> posterior = CrmModel((0.1, 0.3), 0.30).posterior(State.empty(2))
    >>> nearest_to_target(posterior, 0.30, "plug-in").order
    (2, 1)
    """
    if estimate not in ("plug-in", "posterior-mean"):
        raise ValueError(f"estimate '{estimate}'; accepted: 'plug-in', 'posterior-mean'")
    p = posterior.plug_in if estimate == "plug-in" else posterior.posterior_mean
    order = tuple(int(level) + 1 for level in np.argsort(np.abs(p - target), kind="stable"))
    return Recommendation(
        order, f"estimated DLT probability of level {order[0]} is {p[order[0] - 1]:.3f}, nearest to {target}"
    )


def crm_slots(
    known: Callable[[State], tuple[Recommendation, float]], stop_above: float, cohort: int, max_patients: int
) -> SlotDesign:
    """Return the conduct of a CRM around what it knows: the ranked levels and Pr(p > target) at the lowest.

    Examples
    --------
    >>> wary = crm_slots(lambda state: (Recommendation((2, 1), "as told"), 0.99), 0.95, cohort=3, max_patients=18)
    >>> wary.decide(State((3, 0), (3, 0))).dose is None
    True
    """

    def lowest_is_safe(state: State) -> frozenset[int]:
        return frozenset() if known(state)[1] > stop_above else frozenset(range(1, state.doses + 1))

    def select(state: State, levels: frozenset[int]) -> int | None:
        return next((level for level in known(state)[0].order if level in levels), None)

    safety = (Filter("the lowest dose is too toxic", lowest_is_safe),)
    return SlotDesign(lambda state: known(state)[0], select, safety=safety, cohort=cohort, max_patients=max_patients)


designs.add("crm", crm)
