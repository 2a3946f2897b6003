"""DLT against dose and exposure before its onset: the posterior given each draw of the kinetics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri
from scipy.stats import qmc

from cartmodel.spec.priors import quantile

type Floats = NDArray[np.float64]

LINKS: dict[str, Any] = {"logit": expit, "probit": ndtr}
_BLOCK = 50  # draws of the kinetics that share their nodes: fresh nodes for each block average the error out


@dataclass(frozen=True)
class FollowedPatient:
    """What is known of a patient's DLT at the moment of an advice.

    Parameters
    ----------
    subject : str
        Identifier.
    dose : float
        Cells infused.
    dlt : bool or None
        Whether a DLT has occurred within the window; None: nothing is known.
    days : float or None
        Day of the DLT, or days followed without one; None: not recorded. Without a DLT None says the whole window.
    """

    subject: str
    dose: float
    dlt: bool | None
    days: float | None = None


@dataclass(frozen=True)
class ExposureToxicity:
    r"""How the probability of a DLT depends on dose and exposure.

    A DLT starts on day k of the window with probability

    .. math::

        \Delta_k \, g(a + b_0 \ln(D_i / D_{ref}) + b_1 x_{ik}), \qquad x_{ik} = \ln AUC_i(0, t_k) - \ln AUC^*(0, t_k)

    with g the inverse link, Delta the shares of the onset distribution, AUC* the area of the typical patient at the
    reference dose, b0 and b1 not negative. Exposure after the onset of a DLT has no part in it, so neither a DLT's
    treatment nor the time to live until day 28 can pass for an effect of exposure. With b1 = 0 it is the BLRM with the
    follow-up weights of TITE designs.

    Parameters
    ----------
    intercept, log_slope : Prior
        Of a and ln b0: those of the model file's ``toxicity``.
    slope : pair of float or None
        Mean and SD of b1 before it is cut at 0; None: b1 = 0. Default: 0.3 and 0.4 for an increase of 1 in ln exposure.
    link : {"logit", "probit"}
        The link of g.

    References
    ----------
    Ursino M. et al. (2017, dfpk) and Gunhan B.K. et al. (2020, TITE-PK) for exposure in dose escalation; Cheung Y.K.,
    Chappell R. (2000), Biometrics 56:1177-1182, for the weights.
    """

    intercept: Any
    log_slope: Any
    slope: tuple[float, float] | None = (0.3, 0.4)
    link: Literal["logit", "probit"] = "logit"

    def parameters(self, uniforms: Floats) -> Floats:
        """Return a, b0 and b1 (..., 3) at quantiles of their priors (..., 3)."""
        a = quantile(self.intercept, uniforms[..., 0])
        b0 = np.exp(quantile(self.log_slope, uniforms[..., 1]))
        if self.slope is None:
            b1 = np.zeros_like(a)
        else:
            mean, sd = self.slope
            below = ndtr(-mean / sd)
            b1 = np.maximum(mean + sd * ndtri(below + uniforms[..., 2] * (1.0 - below)), 0.0)
        return np.stack([a, b0, b1], axis=-1)

    def risk(self, parameters: Floats, log_dose: Any, x: Floats) -> Floats:
        """Return g of the linear predictor: parameters (..., 3) against x of the same leading shape."""
        a, b0, b1 = np.moveaxis(parameters, -1, 0)
        return LINKS[self.link](a + b0 * log_dose + b1 * x)


@dataclass(frozen=True, eq=False)
class ToxicityDraws:
    """Joint draws of the kinetics and of the parameters of the toxicity.

    Parameters
    ----------
    parameters : ndarray (draw, resampled, 3)
        a, b0 and b1, drawn from their posterior given each draw of the kinetics.
    evidence : ndarray (draw,)
        How probable the DLTs are given each draw of the kinetics, as weights that sum to 1. With them the draws are of
        the joint posterior; without them the kinetics know nothing of the DLTs (the cut posterior).
    """

    parameters: Floats
    evidence: Floats

    @property
    def effective(self) -> float:
        """How many draws of the kinetics the weights are worth."""
        return float(1.0 / np.sum(self.evidence**2))


def log_likelihood(
    model: ExposureToxicity,
    parameters: Floats,
    patients: Sequence[FollowedPatient],
    log_dose: Floats,
    x: Floats,
    edges: Floats,
    shares: Floats,
) -> Floats:
    """Return the log-likelihood of the DLTs so far, at each draw of the kinetics and each node.

    A DLT on day t adds ``ln g`` at the exposure up to t; one without a day, the mean over the window; a patient without
    a DLT, ``ln(1 - sum of Delta_k g_k)`` over the days followed.

    Parameters
    ----------
    parameters : ndarray (node, 3)
        See `ExposureToxicity.parameters`.
    patients : sequence of FollowedPatient
        Their order is that of ``log_dose`` (patient,) and of ``x`` (draw, patient, bins).
    edges, shares : ndarray (bins,)
        See `day_shares`; every day of a patient must be an edge.
    """
    total = np.zeros((len(x), len(parameters)))
    for place, patient in enumerate(patients):
        bins = slice(0, bins_until(edges, patient.days))
        if patient.dlt is None or (not patient.dlt and bins.stop == 0):
            continue
        if patient.dlt and patient.days is not None:
            bins = slice(max(bins.stop - 1, 0), max(bins.stop, 1))
        g = model.risk(parameters[:, None], log_dose[place], x[:, place, None, bins])
        if patient.dlt:
            total += np.log(g[..., 0] if patient.days is not None else g @ shares)
        else:
            total += np.log1p(-g @ shares[bins])
    return total


def bins_until(edges: Floats, days: float | None) -> int:
    """Return how many bins end by a day; None: all."""
    return len(edges) if days is None else int(np.searchsorted(edges, days, side="right"))


def toxicity_draws(
    model: ExposureToxicity,
    patients: Sequence[FollowedPatient],
    log_dose: Floats,
    x: Floats,
    edges: Floats,
    shares: Floats,
    *,
    nodes: int = 1024,
    resampled: int = 4,
    random_seed: int = 1,
) -> ToxicityDraws:
    """Return draws of a, b0 and b1 given each draw of the kinetics, and the evidence of the DLTs for it.

    The posterior given one draw is a sum over ``nodes`` quasi-random points of the prior (Sobol, scrambled anew for
    every 50 draws), from which ``resampled`` are taken, evenly spaced.

    Parameters
    ----------
    model, patients, log_dose, x, edges, shares
        See `log_likelihood`.
    nodes, resampled, random_seed : int
        Points of the prior, points taken for each draw of the kinetics, and the seed of both.
    """
    found = np.empty((len(x), resampled, 3))
    evidence = np.empty(len(x))
    for block, start in enumerate(range(0, len(x), _BLOCK)):
        rng = np.random.default_rng([random_seed, block])
        points = qmc.Sobol(3, rng=rng).random(nodes)
        parameters = model.parameters(np.clip(points, 1e-12, 1 - 1e-12))
        here = slice(start, start + _BLOCK)
        log_l = log_likelihood(model, parameters, patients, log_dose, x[here], edges, shares)
        top = log_l.max(axis=1, keepdims=True)
        weight = np.cumsum(np.exp(log_l - top), axis=1)
        evidence[here] = np.log(weight[:, -1]) + top[:, 0]
        steps = (np.arange(resampled) + rng.random((len(weight), 1))) / resampled * weight[:, -1:]
        # One search for all draws: draw s lives between 2 s and 2 s + 1.
        offset = 2.0 * np.arange(len(weight))[:, None]
        flat = (weight / weight[:, -1:] + offset).ravel()
        place = np.searchsorted(flat, (steps / weight[:, -1:] + offset).ravel()).reshape(steps.shape)
        found[here] = parameters[np.minimum(place - nodes * np.arange(len(weight))[:, None], nodes - 1)]
    weights = np.exp(evidence - evidence.max())
    return ToxicityDraws(found, weights / weights.sum())


def new_patient_risks(
    model: ExposureToxicity, draws: ToxicityDraws, log_dose: Floats, x: Floats, shares: Floats
) -> Floats:
    """Return the probability of a DLT within the window of each new patient.

    Parameters
    ----------
    log_dose : ndarray (dose,)
        ln(dose / reference).
    x : ndarray (draw, dose, patient, bins)
        Relative ln exposures.

    Returns
    -------
    ndarray (draw, resampled, dose, patient)
    """
    risks = np.empty((*draws.parameters.shape[:2], *x.shape[1:3]))
    for k in range(draws.parameters.shape[1]):
        parameters = draws.parameters[:, k, None, None, None]
        risks[:, k] = model.risk(parameters, log_dose[:, None, None], x) @ shares
    return risks


def remaining_risk(
    model: ExposureToxicity,
    draws: ToxicityDraws,
    log_dose: float,
    x: Floats,
    edges: Floats,
    shares: Floats,
    days: float,
) -> Floats:
    """Return the probability that a patient without a DLT so far has one in the rest of the window.

    The remaining days' share over one minus the share of the days followed, each at the patient's own exposure.

    Parameters
    ----------
    log_dose : float
        ln(dose / reference).
    x : ndarray (draw, bins)
        The patient's relative ln exposures; those of days to come are the curve's prediction.
    days : float
        Days followed.

    Returns
    -------
    ndarray (draw, resampled)
    """
    parts = model.risk(draws.parameters[:, :, None], log_dose, x[:, None]) * shares
    past = bins_until(edges, days)
    return parts[..., past:].sum(axis=-1) / (1.0 - parts[..., :past].sum(axis=-1))
