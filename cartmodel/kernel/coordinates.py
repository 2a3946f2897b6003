"""The coordinates that a sampler moves: unbounded numbers, how values follow from them, and their prior densities.

Everything is written for any array vocabulary, so that the kernel's scalars and the stored draws go the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import lgamma, log, pi
from typing import Any

from cartmodel.spec.priors import Beta, HalfNormal, LogitNormal, LogNormal, Normal

_HALF_LOG_2PI = 0.5 * log(2.0 * pi)


@dataclass(frozen=True)
class PartialCorrelation:
    """The prior of a canonical partial correlation r under LKJ: (r + 1)/2 ~ Beta(``shape``, ``shape``).

    Lewandowski, Kurowicka & Joe, J Multivar Anal 2009;100:1989, section 2.4.
    """

    shape: float


def partial_correlations(names: list[str], eta: float) -> dict[tuple[str, str], PartialCorrelation]:
    """Return the priors of the partial correlations that make up LKJ(``eta``): of each pair given all earlier ones."""
    return {
        (row, column): PartialCorrelation(eta + 0.5 * (len(names) - 2 - j))
        for i, row in enumerate(names)
        for j, column in enumerate(names[:i])
    }


def cholesky(xp: Any, names: list[str], partials: Mapping[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Return the Cholesky factor of the correlation matrix with these canonical partial correlations, row by row."""
    factor: dict[tuple[str, str], Any] = {}
    for i, row in enumerate(names):
        left: Any = 1.0
        for column in names[:i]:
            factor[row, column] = partials[row, column] * xp.sqrt(left)
            left = left - factor[row, column] ** 2
        factor[row, row] = xp.sqrt(left)
    return factor


def effect(xp: Any, z: Any, centre: Any, omega: Any, weight: Any) -> Any:
    """Return the random effect at coordinate ``z`` ~ Normal(weight centre, omega^weight)."""
    return xp.exp((1.0 - weight) * xp.log(omega)) * (z - weight * centre)


def value_of(xp: Any, prior: Any, x: Any, *, folded: bool) -> Any:
    """Return the natural value at coordinate ``x``: exp, expit, abs, or x itself."""
    match prior:
        case Normal():
            return x
        case LogNormal():
            return xp.exp(x)
        case HalfNormal():
            return xp.abs(x) if folded else xp.exp(x)
        case LogitNormal() | Beta():
            return xp.expit(x)
        case PartialCorrelation():
            return 2.0 * xp.expit(2.0 * x) - 1.0
        case _:
            raise TypeError(f"not a prior: {prior!r}")


def log_prior(xp: Any, prior: Any, x: Any, *, folded: bool) -> Any:
    """Return the log density of coordinate ``x``, that is, of the value times the slope of `value_of`.

    A folded half-normal SD is a normal coordinate of either sign.
    """
    match prior:
        case Normal() | LogitNormal():
            return _normal(x, prior.mu, prior.sigma)
        case LogNormal():
            return _normal(x, log(prior.median), prior.sigma)
        case HalfNormal() if folded:
            return _normal(x, 0.0, prior.sigma)
        case HalfNormal():
            return _normal(xp.exp(x), 0.0, prior.sigma) + log(2.0) + x
        case Beta():
            a, b = prior.alpha, prior.beta
            return -a * xp.softplus(-x) - b * xp.softplus(x) - (lgamma(a) + lgamma(b) - lgamma(a + b))
        case PartialCorrelation():
            b = prior.shape
            return log(2.0) - b * (xp.softplus(2.0 * x) + xp.softplus(-2.0 * x)) - (2.0 * lgamma(b) - lgamma(2.0 * b))
        case _:
            raise TypeError(f"not a prior: {prior!r}")


def span_of(prior: Any, *, folded: bool) -> tuple[float, float]:
    """Return where the prior of a coordinate lies and how wide it is, for starting points."""
    match prior:
        case Normal() | LogitNormal():
            return prior.mu, prior.sigma
        case LogNormal():
            return log(prior.median), prior.sigma
        case HalfNormal() if folded:
            return 0.674 * prior.sigma, 0.3 * prior.sigma
        case HalfNormal():
            return log(0.674 * prior.sigma), 0.5
        case Beta():
            return log(prior.alpha / prior.beta), (1.0 / prior.alpha + 1.0 / prior.beta) ** 0.5
        case PartialCorrelation():
            return 0.0, 0.2
        case _:
            raise TypeError(f"not a prior: {prior!r}")


def _normal(x: Any, mu: float, sigma: float) -> Any:
    z = (x - mu) * (1.0 / sigma)
    return -0.5 * z * z - (log(sigma) + _HALF_LOG_2PI)
