"""Remission and dose-limiting toxicity: what is observed, and the probabilities that follow."""

from typing import Any

from scipy.special import stdtr

from cartmodel.equations.observations import Bernoulli, StudentT
from cartmodel.equations.source import Source
from cartmodel.spec import ModelSpec
from cartmodel.spec.model import BinaryResponse, CrissResponse


def observe_response(spec: ModelSpec, source: Source, u: Any) -> None:
    """Tell a source of the response outcomes at centred log exposures ``u``.

    CRISS: a step-1 event with probability q; without one the linear predictor is Student-t around k0 + k1 u with scale
    tau. Binary: logit P(remission) = a0 + a1 u.
    """
    xp, response = source.xp, spec.response
    if isinstance(response, CrissResponse):
        q = source.random("q_step1", response.q_step1)
        k0, k1 = source.random("k0", response.k0), source.random("k1", response.k1)
        tau = source.random("tau", response.tau)
        source.observe("criss_step1", Bernoulli(xp.logit(q) + 0.0 * u))
        source.observe("criss_lp", StudentT(response.nu, k0 + k1 * u, tau))
    elif isinstance(response, BinaryResponse):
        source.observe("remission", Bernoulli(source.random("a0", response.a0) + source.random("a1", response.a1) * u))


def remission_probability(spec: ModelSpec, source: Source, u: Any) -> Any:
    """Return P(remission) at centred log exposures ``u``, in NumPy: (1 - q) P(LP >= threshold), or expit(a0 + a1 u)."""
    response = spec.response
    if isinstance(response, CrissResponse):
        k0, k1 = source.random("k0", response.k0), source.random("k1", response.k1)
        z = (response.threshold - k0 - k1 * u) / source.random("tau", response.tau)
        return (1.0 - source.random("q_step1", response.q_step1)) * z.copy(data=stdtr(response.nu, -z.values))
    if isinstance(response, BinaryResponse):
        return source.xp.expit(source.random("a0", response.a0) + source.random("a1", response.a1) * u)
    raise ValueError(f"model '{spec.name}' has no response")


def toxicity_logit(spec: ModelSpec, source: Source) -> Any:
    """Return logit P(DLT) = d0 + exp(ld1) ln(D / D_ref) at the doses that the source knows (the form of the BLRM)."""
    if spec.toxicity is None:
        raise ValueError(f"model '{spec.name}' has no toxicity")
    d0, ld1 = source.random("d0", spec.toxicity.d0), source.random("ld1", spec.toxicity.ld1)
    return d0 + source.xp.exp(ld1) * source.known("log_dose")
