"""Meta-analytic-predictive (MAP) priors for a BLRM from historical trials, made robust by a vague component."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from cartmodel.escalation.blrm import blrm_slots
from cartmodel.escalation.blrm_mixture import MapPrior, NormalComponent, Pair
from cartmodel.escalation.design import SlotDesign, designs
from cartmodel.escalation.state import State

_NODES = 128  # of the grid of each parameter
_TAU_NODES = 8  # of each between-trial SD


@dataclass(frozen=True, slots=True)
class HistoricalTrial:
    """DLTs of an earlier trial.

    Parameters
    ----------
    name : str
        What to call it.
    doses : tuple of float
        In the unit of the reference: CAR-T cells.
    n, dlt : tuple of int
        Evaluable patients and DLTs at each dose.

    Raises
    ------
    ValueError
        If doses, patients and DLTs do not belong together.
    """

    name: str
    doses: tuple[float, ...]
    n: tuple[int, ...]
    dlt: tuple[int, ...]

    def __post_init__(self) -> None:
        State(self.n, self.dlt)
        if len(self.doses) != len(self.n) or not all(dose > 0 for dose in self.doses):
            raise ValueError(f"{self.name}: doses {self.doses}; accepted: {len(self.n)} doses above 0")


def map_prior(
    historical: Sequence[HistoricalTrial],
    *,
    reference: float,
    mean: Pair,
    sd: Pair,
    between: Pair,
    vague: float = 0.2,
    components: int = 2,
) -> MapPrior:
    """Return a robust MAP prior for a BLRM from historical trials.

    Trial h has ``logit p = a_h + exp(c_h) ln(d / reference)`` with ``a_h ~ N(mu_a, tau_a^2)`` and
    ``c_h ~ N(mu_c, tau_c^2)``; mu normal, tau half-normal. The MAP prior is the law of (a, c) of the next trial given
    the DLTs of the historical ones. It is computed on a grid: for Gauss-Legendre nodes of the two tau, each trial's
    likelihood is smoothed by the between-trial law (a product in the cosine transform), their product with the prior of
    mu is the posterior of mu, and smoothed once more the law of the next trial. A mixture of normals is fitted to the
    result by the EM algorithm on the grid, from a fixed start; the vague component, the prior of mu without any data,
    is added.

    Parameters
    ----------
    historical : sequence of HistoricalTrial
        None gives the prior predictive law.
    reference : float
        The reference dose, in cells.
    mean, sd : pair of float
        Normal priors of mu_a and mu_c, which are also the vague component.
    between : pair of float
        Scales of the half-normal priors of tau_a and tau_c: how much trials differ. 0.5 is substantial for a.
    vague : float
        Weight of the vague component, from 0 up to below 1.
    components : int
        Normal components of the MAP part. Two may move P(DLT rate over the limit) by 0.016, three by half of that:
        where that decides, take as many as bring ``divergence`` below 0.002, often four.

    Raises
    ------
    ValueError
        If a scale, weight or number is out of range.

    References
    ----------
    Neuenschwander B. et al. (2010), Clinical Trials 7:5-18; Schmidli H. et al. (2014), Biometrics 70:1023-1032.

    Examples
    --------
    >>> earlier = HistoricalTrial("SIMULATED", (0.5e8, 1e8, 2e8), (6, 6, 6), (0, 1, 2))
    >>> prior = map_prior([earlier], reference=1e8, mean=(-1.1, 0.0), sd=(2.0, 1.0), between=(0.5, 0.25))
    >>> robust = prior.models((0.25e8, 1e8, 2e8))
    >>> bool(np.all(robust.effective_sample_size() > 1))
    True
    """
    if min(sd) <= 0 or min(between) <= 0 or not 0 < reference < np.inf:
        raise ValueError(f"reference {reference}, sd {sd}, between {between}; accepted: above 0")
    if not 0 <= vague < 1 or components < 1:
        raise ValueError(f"vague {vague}, components {components}; accepted: 0 up to below 1, 1 or more")
    axes = [_axis(m, s, t) for m, s, t in zip(mean, sd, between, strict=True)]
    a, c = np.meshgrid(*axes, indexing="ij")
    log_mu = -0.5 * ((a - mean[0]) / sd[0]) ** 2 - 0.5 * ((c - mean[1]) / sd[1]) ** 2
    likelihoods = [_likelihood(trial, a, c, reference) for trial in historical]
    density, tau = np.zeros_like(a), np.zeros(2)
    total = 0.0
    for (tau_a, w_a), (tau_c, w_c) in product(*(_half_normal(scale) for scale in between)):
        smooth = _Smoothing(axes, (tau_a, tau_c))
        log_posterior = log_mu + sum(np.log(np.maximum(smooth(lik), 1e-300)) for lik in likelihoods)
        posterior = np.exp(log_posterior) * w_a * w_c
        mass = float(posterior.sum())
        density += smooth(posterior)
        tau += mass * np.array([tau_a, tau_c])
        total += mass
    density = np.maximum(density, 0.0) / density.sum()
    fitted, divergence = _fit_mixture(np.vstack([a.ravel(), c.ravel()]).T, density.ravel(), components)
    parts = [NormalComponent(part.weight * (1 - vague), part.mean, part.sd, part.correlation) for part in fitted]
    if vague > 0:
        parts.append(NormalComponent(vague, mean, sd))
    means = tau / total
    return MapPrior(tuple(parts), reference, vague, divergence, (float(means[0]), float(means[1])))


def robust_blrm(
    doses: Sequence[float], *, prior: MapPrior, overdose: float = 0.25, cohort: int = 3, max_patients: int = 18
) -> SlotDesign:
    """Return the BLRM design under a robust MAP prior; see `blrm` and `map_prior`.

    Examples
    --------
    >>> prior = map_prior([], reference=1e8, mean=(-1.7, -0.25), sd=(1.2, 0.5), between=(0.1, 0.1), components=1)
    >>> robust_blrm((0.25e8, 1e8, 2e8), prior=prior).decide(State((3, 0, 0), (0, 0, 0))).dose
    2
    """
    model = prior.models(doses, most_patients=max_patients + cohort)
    return blrm_slots(model.posterior, overdose, cohort, max_patients)


def _axis(mean: float, sd: float, between: float) -> NDArray[np.float64]:
    reach = 5.5 * sd + 6 * between
    return np.linspace(mean - reach, mean + reach, _NODES)


def _half_normal(scale: float) -> list[tuple[float, float]]:
    node, weight = np.polynomial.legendre.leggauss(_TAU_NODES)
    tau = 3.5 * scale * (node + 1) / 2
    weight = weight * np.exp(-0.5 * (tau / scale) ** 2)
    return list(zip(tau.tolist(), (weight / weight.sum()).tolist(), strict=True))


def _likelihood(
    trial: HistoricalTrial, a: NDArray[np.float64], c: NDArray[np.float64], reference: float
) -> NDArray[np.float64]:
    total = np.zeros_like(a)
    for dose, n, dlt in zip(trial.doses, trial.n, trial.dlt, strict=True):
        eta = a + np.exp(c) * np.log(dose / reference)
        total -= dlt * np.logaddexp(0, -eta) + (n - dlt) * np.logaddexp(0, eta)
    return np.exp(total - total.max())


class _Smoothing:
    """Convolution with a normal law, exact for what the grid resolves: a product in the cosine transform."""

    def __init__(self, axes: Sequence[NDArray[np.float64]], tau: Pair) -> None:
        factors = [
            np.exp(-0.5 * (t * np.pi * np.arange(len(axis)) / (len(axis) * (axis[1] - axis[0]))) ** 2)
            for axis, t in zip(axes, tau, strict=True)
        ]
        self._factor = np.outer(*factors)

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        transformed = np.asarray(dctn(values, norm="ortho"), dtype=float) * self._factor
        return np.asarray(idctn(transformed, norm="ortho"), dtype=float)


def _fit_mixture(
    points: NDArray[np.float64], mass: NDArray[np.float64], count: int
) -> tuple[list[NormalComponent], float]:
    """EM on weighted points; the start splits the moments along their main axis. Returns the fit and its divergence."""
    kept = mass > 1e-12 * mass.max()
    points, mass = points[kept], mass[kept] / mass[kept].sum()
    mean = mass @ points
    cov = np.cov(points.T, aweights=mass, bias=True)
    length, axes = np.linalg.eigh(cov)
    spread = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    means = mean + spread[:, None] * np.sqrt(length[-1]) * axes[:, -1]
    covs = np.repeat(cov[None], count, axis=0)
    weights = np.full(count, 1 / count)
    log_density = np.empty((count, len(mass)))
    for _ in range(200 if count > 1 else 1):
        log_density = np.log(weights)[:, None] + _log_normal(points, means, covs)
        share = np.exp(log_density - np.logaddexp.reduce(log_density, axis=0)) * mass
        weights = share.sum(axis=1)
        means = share @ points / weights[:, None]
        for k in range(count):
            off = points - means[k]
            covs[k] = (share[k] * off.T) @ off / weights[k] + 1e-9 * np.diag(np.diag(cov))
    fitted = np.logaddexp.reduce(np.log(weights)[:, None] + _log_normal(points, means, covs), axis=0)
    fitted -= np.logaddexp.reduce(fitted)
    divergence = float(mass @ (np.log(np.maximum(mass, 1e-300)) - fitted))
    parts: list[NormalComponent] = []
    for k in np.argsort(-weights):
        sd = np.sqrt(np.diag(covs[k]))
        correlation = float(covs[k, 0, 1] / sd.prod())
        pair, spread_of = (float(means[k, 0]), float(means[k, 1])), (float(sd[0]), float(sd[1]))
        parts.append(NormalComponent(float(weights[k]), pair, spread_of, correlation))
    return parts, max(divergence, 0.0)


def _log_normal(
    points: NDArray[np.float64], means: NDArray[np.float64], covs: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows: list[NDArray[np.float64]] = []
    for mean, cov in zip(means, covs, strict=True):
        low = np.linalg.cholesky(cov)
        z = np.linalg.solve(low, (points - mean).T)
        rows.append(-0.5 * (z**2).sum(axis=0) - np.log(np.diag(low)).sum() - np.log(2 * np.pi))
    return np.array(rows)


def blrm_map(
    doses: Sequence[float],
    *,
    historical: Sequence[HistoricalTrial | Mapping[str, Any]],
    reference: float,
    mean: Pair,
    sd: Pair,
    between: Pair,
    vague: float = 0.2,
    components: int = 2,
    overdose: float = 0.25,
    cohort: int = 3,
    max_patients: int = 18,
) -> SlotDesign:
    """Return the BLRM under the robust MAP prior of historical trials, each a `HistoricalTrial` or its fields.

    Examples
    --------
    >>> earlier = {"name": "SIMULATED", "doses": (1e8, 2e8), "n": (6, 6), "dlt": (0, 1)}
    >>> prior = {"reference": 1e8, "mean": (-1.1, 0.0), "sd": (2.0, 1.0), "between": (0.5, 0.25)}
    >>> blrm_map((0.25e8, 1e8, 2e8), historical=[earlier], **prior).decide(State((3, 0, 0), (0, 0, 0))).dose
    2
    """
    trials = [_trial(given) for given in historical]
    prior = map_prior(
        trials, reference=reference, mean=mean, sd=sd, between=between, vague=vague, components=components
    )
    return robust_blrm(doses, prior=prior, overdose=overdose, cohort=cohort, max_patients=max_patients)


def _trial(given: HistoricalTrial | Mapping[str, Any]) -> HistoricalTrial:
    if isinstance(given, HistoricalTrial):
        return given
    if set(given) != {"name", "doses", "n", "dlt"}:
        raise ValueError(f"historical trial with {sorted(given)}; accepted: name, doses, n, dlt")
    return HistoricalTrial(str(given["name"]), tuple(given["doses"]), tuple(given["n"]), tuple(given["dlt"]))


designs.add("blrm-map", blrm_map)
