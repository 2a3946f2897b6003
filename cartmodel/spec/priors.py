"""Priors as a model file writes them: a distribution, its numbers, the reason and the source."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from scipy.special import betaincinv, erfinv, expit, logit, ndtri  # pyright: ignore[reportMissingTypeStubs]

# Strict: neither the text "0.7" nor true is a number; the integer 1 is.
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Prose = Annotated[str, StringConstraints(min_length=3, strip_whitespace=True)]


class _Prior(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: Prose
    source: Prose


class Normal(_Prior):
    """A normal prior with mean ``mu`` and SD ``sigma``."""

    dist: Literal["Normal"]
    mu: Finite
    sigma: Positive


class LogNormal(_Prior):
    """A log-normal prior: its median on the natural scale, and the SD of its logarithm."""

    dist: Literal["LogNormal"]
    median: Positive
    sigma: Positive


class LogitNormal(_Prior):
    """A logit-normal prior: mean and SD of the logit."""

    dist: Literal["LogitNormal"]
    mu: Finite
    sigma: Positive


class HalfNormal(_Prior):
    """A half-normal prior on positive values, with scale ``sigma``."""

    dist: Literal["HalfNormal"]
    sigma: Positive


class Beta(_Prior):
    """A beta prior on probabilities."""

    dist: Literal["Beta"]
    alpha: Positive
    beta: Positive


Prior = Annotated[Normal | LogNormal | LogitNormal | HalfNormal | Beta, Field(discriminator="dist")]
"""Any prior of a model file."""

PRIORS: dict[str, type[BaseModel]] = {c.__name__: c for c in (Normal, LogNormal, LogitNormal, HalfNormal, Beta)}
"""The class of each prior, by the name that model files use."""

ON_SUPPORT: dict[str, tuple[str, ...]] = {
    "real": ("Normal",),
    "positive": ("LogNormal", "HalfNormal"),
    "fraction": ("LogitNormal", "Beta"),
}
"""Which priors a quantity of each support may have."""


def quantile(prior: Any, p: Any) -> Any:
    """Return quantiles of a prior.

    Parameters
    ----------
    prior : Prior
        Any of the priors above.
    p : array
        Probabilities.

    Returns
    -------
    array
        Values on the prior's natural scale, of the shape of ``p``.

    Examples
    --------
    >>> prior = LogNormal(dist="LogNormal", median=4e4, sigma=0.7, reason="doc", source="doc")
    >>> float(round(quantile(prior, 0.5), 6))
    40000.0
    """
    match prior:
        case Normal():
            return prior.mu + prior.sigma * ndtri(p)
        case LogNormal():
            return prior.median * np.exp(prior.sigma * ndtri(p))
        case LogitNormal():
            return expit(prior.mu + prior.sigma * ndtri(p))
        case HalfNormal():
            return prior.sigma * np.sqrt(2.0) * erfinv(p)
        case Beta():
            return betaincinv(prior.alpha, prior.beta, p)
        case _:
            raise TypeError(f"not a prior: {prior!r}")


def unbounded(prior: Any, value: Any) -> Any:
    """Return values on the scale on which a prior is nearest to normal: log, logit or as they are."""
    match prior:
        case Normal():
            return value
        case LogNormal() | HalfNormal():
            return np.log(value)
        case LogitNormal() | Beta():
            return logit(value)
        case _:
            raise TypeError(f"not a prior: {prior!r}")


def describe(prior: Any) -> str:
    """Return a prior in the field's notation, with its median and 95% range.

    Examples
    --------
    >>> describe(HalfNormal(dist="HalfNormal", sigma=1, reason="doc", source="doc"))
    'HalfNormal(sigma=1): 0.674 (0.0313 to 2.24)'
    """
    numbers = ", ".join(f"{key}={value:g}" for key, value in prior if isinstance(value, float | int))
    low, mid, high = (f"{quantile(prior, p):.3g}" for p in (0.025, 0.5, 0.975))
    return f"{prior.dist}({numbers}): {mid} ({low} to {high})"
