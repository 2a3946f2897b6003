"""The distributions of what is observed: levels with censoring, outcomes.

Each has ``parts`` (its parameters, in order) and ``log_density(xp, value, *parts)``, written once for all interpreters,
and ``sample(rng, *parts)`` for simulation and predictive draws in NumPy. The parts are what a symbolic back end hands
on.
"""

from dataclasses import dataclass
from math import lgamma, log, pi
from typing import Any, Protocol

import numpy as np

_HALF_LOG_2PI = 0.5 * log(2.0 * pi)


class Observable(Protocol):
    """What any observed quantity can do."""

    @property
    def parts(self) -> tuple[Any, ...]:
        """The parameters, in the order that the functions below take."""
        ...

    def log_density(self, xp: Any, value: Any, *parts: Any) -> Any:
        """Return the log density (or log probability) of each value."""
        ...

    def sample(self, rng: np.random.Generator, *parts: Any) -> Any:
        """Return one random value for each element of the parts."""
        ...


def normal_log_density(xp: Any, z: Any, log_scale: Any) -> Any:
    """Return the log density of a normal variable at z SDs from its mean."""
    return -0.5 * z * z - log_scale - _HALF_LOG_2PI


def censored(xp: Any, quantified: Any, below: Any, blq: Any) -> Any:
    """Return one of two log densities: that of the value, or of lying below the limit where ``blq`` is 1.

    This is Beal's M3 likelihood (J Pharmacokinet Pharmacodyn 2001;28:481). Both are finite everywhere, so that a
    weighted sum can choose.
    """
    return (1.0 - blq) * quantified + blq * below


@dataclass(frozen=True)
class LogAdditiveLevel:
    """ln level ~ Normal(ln curve, sigma), left-censored at the LLOQ (M3).

    Values are ln levels; of a BLQ sample, ln LLOQ. The density is that of the ln level.
    """

    log_level: Any
    sigma: Any
    blq: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        """The ln curve, residual SD, and 1 where the sample is BLQ."""
        return self.log_level, self.sigma, self.blq

    def log_density(self, xp: Any, value: Any, *parts: Any) -> Any:
        """Return the M3 log density."""
        log_level, sigma, blq = parts
        z = (value - log_level) / sigma
        return censored(xp, normal_log_density(xp, z, xp.log(sigma)), xp.log_ndtr(z), blq)

    def sample(self, rng: np.random.Generator, *parts: Any) -> Any:
        """Return ln levels, not censored."""
        log_level, sigma, _ = parts
        return log_level + sigma * rng.standard_normal(np.shape(log_level + sigma))


@dataclass(frozen=True)
class CombinedLevel:
    """level ~ Normal(curve, sqrt((sigma_proportional curve)^2 + sigma_additive^2)), left-censored at the LLOQ (M3).

    Values are ln levels; of a BLQ sample, ln LLOQ. The density is that of the ln level, so that it compares with
    `LogAdditiveLevel`.
    """

    log_level: Any
    sigma_proportional: Any
    sigma_additive: Any
    blq: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        """The ln curve, the two residual SDs, and 1 where the sample is BLQ."""
        return self.log_level, self.sigma_proportional, self.sigma_additive, self.blq

    def log_density(self, xp: Any, value: Any, *parts: Any) -> Any:
        """Return the M3 log density."""
        log_level, proportional, additive, blq = parts
        log_scale = 0.5 * xp.logaddexp(2.0 * (xp.log(proportional) + log_level), 2.0 * xp.log(additive))
        z = xp.exp(value - log_scale) - xp.exp(log_level - log_scale)
        return censored(xp, normal_log_density(xp, z, log_scale) + value, xp.log_ndtr(z), blq)

    def sample(self, rng: np.random.Generator, *parts: Any) -> Any:
        """Return ln levels, not censored; a level at or below 0 is minus infinity, below any limit."""
        log_level, proportional, additive, _ = parts
        level = np.exp(log_level)
        noise = np.hypot(proportional * level, additive) * rng.standard_normal(np.shape(log_level + proportional))
        return np.log(
            np.maximum(level + noise, 0.0), where=level + noise > 0, out=np.full(np.shape(level + noise), -np.inf)
        )


@dataclass(frozen=True)
class Bernoulli:
    """1 with probability expit(logit), else 0."""

    logit: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        """The logit of the probability."""
        return (self.logit,)

    def log_density(self, xp: Any, value: Any, *parts: Any) -> Any:
        """Return value * ln p + (1 - value) * ln(1 - p)."""
        (logit,) = parts
        return value * logit - xp.softplus(logit)

    def sample(self, rng: np.random.Generator, *parts: Any) -> Any:
        """Return 0.0 or 1.0."""
        (logit,) = parts
        return 1.0 * (rng.random(np.shape(logit)) < 1.0 / (1.0 + np.exp(-logit)))


@dataclass(frozen=True)
class StudentT:
    """Student's t with ``nu`` degrees of freedom around ``centre``."""

    nu: float
    centre: Any
    scale: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        """Centre and scale."""
        return self.centre, self.scale

    def log_density(self, xp: Any, value: Any, *parts: Any) -> Any:
        """Return the log density."""
        centre, scale = parts
        z = (value - centre) / scale
        constant = lgamma(0.5 * (self.nu + 1.0)) - lgamma(0.5 * self.nu) - 0.5 * log(self.nu * pi)
        return constant - xp.log(scale) - 0.5 * (self.nu + 1.0) * xp.log1p(z * z / self.nu)

    def sample(self, rng: np.random.Generator, *parts: Any) -> Any:
        """Return values on the scale of the centre."""
        centre, scale = parts
        return centre + scale * rng.standard_t(self.nu, np.shape(centre + scale))
