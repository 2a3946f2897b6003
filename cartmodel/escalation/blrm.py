"""The two-parameter Bayesian logistic regression model (BLRM) with overdose control, by quadrature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from cartmodel.escalation.design import Filter, Recommendation, SlotDesign, designs
from cartmodel.escalation.quadrature import PriorDataConflictError, posterior_means, share_below
from cartmodel.escalation.state import State

_REACHES = (8.0, 16.0)  # of the grid, in prior SDs; the wide one only where data and prior contradict each other
_SLOPE_STEP = 0.1  # of the log slope: where the slope is steep, probabilities turn within so little


@dataclass(frozen=True, eq=False)
class BlrmPosterior:
    """What a BLRM knows after some counts.

    Parameters
    ----------
    mean : ndarray (doses,)
        Posterior means of the DLT probabilities.
    intervals : ndarray (doses, intervals)
        Posterior probability that each DLT probability lies below the first cut, between cuts, above the last.
    sd : ndarray (doses,)
        Posterior SDs of the DLT probabilities.
    """

    mean: NDArray[np.float64]
    intervals: NDArray[np.float64]
    sd: NDArray[np.float64]


@dataclass(frozen=True)
class BlrmModel:
    """A logistic regression on the log dose with a bivariate normal prior.

    ``logit p(d) = a + exp(c) ln(d / reference)``, (a, c) normal.

    Parameters
    ----------
    doses : tuple of float
        Rising, in the unit of the reference: CAR-T cells.
    reference : float
        The dose at which ``a`` is the logit of the DLT probability; the prior has no meaning without it.
    mean, sd : pair of float
        Prior means and SDs of a and c.
    correlation : float
        Prior correlation of a and c.
    cuts : tuple of float
        DLT probabilities that separate under-dosing, target and over-dosing; more cuts split the latter.
    most_patients : int
        The grid is fine enough for so many patients.

    Raises
    ------
    ValueError
        If doses or cuts do not rise, or the prior is not proper.

    References
    ----------
    Neuenschwander B., Branson M., Gsponer T. (2008), Statistics in Medicine 27:2420-2439.

    Examples
    --------
    >>> model = BlrmModel((0.25e8, 1e8, 2e8), 1e8, mean=(logit(0.15), -0.25), sd=(1.25, 0.5))
    >>> model.posterior(State((3, 0, 0), (1, 0, 0))).intervals[0].round(2).tolist()
    [0.6, 0.29, 0.11]
    """

    doses: tuple[float, ...]
    reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0
    cuts: tuple[float, ...] = (0.16, 0.33)
    most_patients: int = 60

    def __post_init__(self) -> None:
        if not self.doses or not _rises((0.0, *self.doses, np.inf)):
            raise ValueError(f"doses {self.doses}; accepted: above 0 and rising")
        if not 0 < self.reference < np.inf:
            raise ValueError(f"reference {self.reference}; accepted: a dose above 0, in the unit of the doses")
        if len(self.cuts) < 2 or not _rises((0.0, *self.cuts, 1.0)):
            raise ValueError(f"cuts {self.cuts}; accepted: two or more DLT probabilities, rising within 0 and 1")
        proper = np.all(np.isfinite([*self.mean, *self.sd])) and min(self.sd) > 0 and abs(self.correlation) < 1
        if not proper:
            given = f"mean {self.mean}, sd {self.sd}, correlation {self.correlation}"
            raise ValueError(f"{given}; accepted: SDs above 0, |correlation| < 1")

    def posterior(self, state: State) -> BlrmPosterior:
        """Return the posterior after the counts of a state.

        Raises
        ------
        ValueError
            If the state has not one level for each dose, more patients than the grid is made for, or contradicts the
            prior by more than 15 prior SDs.
        """
        self._check(state)
        try:
            means = self._means(state, _REACHES[0])
        except PriorDataConflictError:
            means = self._means(state, _REACHES[1])
        mean, square, below = np.split(means, [state.doses, 2 * state.doses])
        bounds = np.hstack(
            [np.zeros((state.doses, 1)), below.reshape(state.doses, len(self.cuts)), np.ones((state.doses, 1))]
        )
        return BlrmPosterior(mean, np.diff(bounds, axis=1), np.sqrt(np.maximum(square - mean**2, 0.0)))

    def log_evidence(self, state: State) -> float:
        """Return ln of the prior predictive probability of the DLTs, in one order of the patients.

        Raises
        ------
        ValueError
            If the state has not one level for each dose, or more patients than the grid is made for.
        """
        self._check(state)
        log_density, distance, _ = self._log_density(state, _REACHES[1])
        nodes = np.exp(-0.5 * distance).sum()  # the prior on the same nodes: their spacing cancels
        return float(np.log(np.exp(log_density - log_density.max()).sum() / nodes) + log_density.max())

    def _check(self, state: State) -> None:
        if state.doses != len(self.doses):
            raise ValueError(f"{state.doses} dose levels; accepted: {len(self.doses)}, as in the model")
        if state.patients > self.most_patients:
            raise ValueError(f"{state.patients} patients; accepted: up to {self.most_patients}, see most_patients")

    def _log_density(self, state: State, reach: float) -> tuple[NDArray[np.float64], ...]:
        distance, log_p, log_q, quantities = _grid(self, reach)
        n, dlt = np.array(state.n, dtype=float), np.array(state.dlt, dtype=float)
        return -0.5 * distance + dlt @ log_p + (n - dlt) @ log_q, distance, quantities

    def _means(self, state: State, reach: float) -> NDArray[np.float64]:
        log_density, distance, quantities = self._log_density(state, reach)
        return posterior_means(log_density, quantities, distance > (reach - 1) ** 2)


@lru_cache(maxsize=32)
def _grid(model: BlrmModel, reach: float) -> tuple[NDArray[np.float64], ...]:
    """Squared distance from the prior mean in SDs, ln p, ln(1 - p) and the quantities to average, at the nodes."""
    sd_c, sd_a = model.sd[1], model.sd[0] * (1 - model.correlation**2) ** 0.5
    step_c = min(0.2, _SLOPE_STEP / sd_c)
    z_c = np.arange(-reach, reach, step_c)
    # Given the slope, n patients add at most n / 4 to the curvature of ln density in a: no posterior is narrower.
    step_a = 0.5 / (1 + 0.25 * model.most_patients * sd_a**2) ** 0.5
    z_a = np.arange(-reach, reach, step_a)
    distance = (z_c[:, None] ** 2 + z_a**2).ravel()
    keep = distance < reach**2
    c = model.mean[1] + sd_c * z_c
    a = (model.mean[0] + model.correlation * model.sd[0] * z_c)[:, None] + sd_a * z_a
    log_p: list[NDArray[np.float64]] = []
    log_q: list[NDArray[np.float64]] = []
    below: list[NDArray[np.float64]] = []
    for place in np.log(np.array(model.doses) / model.reference):
        shift = np.exp(c)[:, None] * place
        log_p.append(-np.logaddexp(0, -(a + shift)).ravel()[keep])
        log_q.append(-np.logaddexp(0, a + shift).ravel()[keep])
        below += [share_below(a, sd_a * step_a, logit(cut) - shift).ravel()[keep] for cut in model.cuts]
    p = np.exp(log_p)
    return distance[keep], np.array(log_p), np.array(log_q), np.vstack([p, p**2, *below])


def _rises(values: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


def blrm(
    doses: Sequence[float],
    *,
    reference: float,
    mean: tuple[float, float],
    sd: tuple[float, float],
    correlation: float = 0.0,
    cuts: tuple[float, ...] = (0.16, 0.33),
    overdose: float = 0.25,
    loss: tuple[float, ...] | None = None,
    cohort: int = 3,
    max_patients: int = 18,
) -> SlotDesign:
    """Return the BLRM design: the dose most probably in the target interval, of those that overdose control allows.

    A dose is allowed while the posterior probability that its DLT probability is at or above the second cut is below
    ``overdose`` (EWOC). If no dose is allowed, the trial stops without an MTD.

    Parameters
    ----------
    doses, reference, mean, sd, correlation, cuts
        See `BlrmModel`.
    overdose : float
        The limit of overdose control.
    loss : tuple of float, optional
        Of each interval, such as (1, 0, 1, 2): the next dose has the smallest posterior expected loss instead of the
        largest target probability; overdose control stays.
    cohort, max_patients : int
        Patients in a group, and in the trial.

    References
    ----------
    Neuenschwander B., Branson M., Gsponer T. (2008), Statistics in Medicine 27:2420-2439. Babb J., Rogatko A., Zacks S.
    (1998), Statistics in Medicine 17:1103-1120, for overdose control.

    Examples
    --------
    >>> design = blrm((0.25e8, 1e8, 2e8), reference=1e8, mean=(logit(0.15), -0.25), sd=(1.25, 0.5))
    >>> design.decide(State((3, 0, 0), (0, 0, 0))).dose
    2
    """
    # A trial that has enrolled a group too many can still be asked about.
    model = BlrmModel(tuple(doses), reference, mean, sd, correlation, cuts, max_patients + cohort)
    if loss is not None and len(loss) != len(model.cuts) + 1:
        raise ValueError(f"loss {loss}; accepted: {len(model.cuts) + 1} numbers, one for each interval")
    return blrm_slots(model.posterior, overdose, cohort, max_patients, loss)


def blrm_slots(
    posterior: Callable[[State], BlrmPosterior],
    overdose: float,
    cohort: int,
    max_patients: int,
    loss: tuple[float, ...] | None = None,
) -> SlotDesign:
    """Return the conduct of a BLRM around its posterior: best target probability or least loss, overdose control.

    Examples
    --------
    >>> model = BlrmModel((0.25e8, 1e8), 1e8, mean=(logit(0.15), -0.25), sd=(1.25, 0.5))
    >>> blrm_slots(model.posterior, 0.25, cohort=3, max_patients=18).decide(State((3, 0), (3, 0))).dose is None
    True
    """
    if not 0 < overdose < 1:
        raise ValueError(f"overdose {overdose}; accepted: a probability above 0 and below 1")

    @cache
    def known(n: tuple[int, ...], dlt: tuple[int, ...]) -> tuple[tuple[int, ...], str, frozenset[int]]:
        intervals = posterior(State(n, dlt)).intervals
        merit = intervals[:, 1] if loss is None else -intervals @ np.array(loss)
        order = tuple(int(level) + 1 for level in np.argsort(-merit, kind="stable"))
        best = merit[order[0] - 1]
        reason = f"level {order[0]} is in the target interval with probability {best:.3f}"
        if loss is not None:
            reason = f"level {order[0]} has the smallest expected loss, {-best:.3f}"
        return order, reason, frozenset(int(i) + 1 for i in np.flatnonzero(intervals[:, 2:].sum(axis=1) < overdose))

    def recommend(state: State) -> Recommendation:
        order, reason, _ = known(state.n, state.dlt)
        return Recommendation(order, reason)

    def no_overdose(state: State) -> frozenset[int]:
        return known(state.n, state.dlt)[2]

    def select(state: State, levels: frozenset[int]) -> int | None:
        return next((level for level in recommend(state).order if level in levels), None)

    safety = (Filter("overdose control", no_overdose),)
    return SlotDesign(recommend, select, safety=safety, cohort=cohort, max_patients=max_patients)


designs.add("blrm", blrm)
