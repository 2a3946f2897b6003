"""The priors of a model file as frozen SciPy distributions, and the density of the LKJ distribution."""

import math
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import gammaln, logit


def log_density(prior: Any, value: float) -> float:
    """ln density of a population parameter on its natural scale."""
    if prior.dist == "Normal":
        return float(stats.norm(prior.mu, prior.sigma).logpdf(value))
    if prior.dist == "LogNormal":
        return float(stats.lognorm(s=prior.sigma, scale=prior.median).logpdf(value))
    if prior.dist == "LogitNormal":
        return float(stats.norm(prior.mu, prior.sigma).logpdf(logit(value)) - math.log(value) - math.log1p(-value))
    if prior.dist == "HalfNormal":
        return float(stats.halfnorm(scale=prior.sigma).logpdf(value))
    if prior.dist == "Beta":
        return float(stats.beta(prior.alpha, prior.beta).logpdf(value))
    raise AssertionError(prior.dist)


def log_jacobian(prior: Any, value: float) -> float:
    """ln |d natural / d sampled| of the scale on which a value is sampled: log, logit or as it is."""
    if prior.dist in ("LogNormal", "HalfNormal"):
        return math.log(value)
    if prior.dist in ("LogitNormal", "Beta"):
        return math.log(value) + math.log1p(-value)
    return 0.0


def quantile(prior: Any, p: float) -> float:
    """The value below which a share p of a prior lies."""
    if prior.dist == "Normal":
        return float(stats.norm(prior.mu, prior.sigma).ppf(p))
    if prior.dist == "LogNormal":
        return float(stats.lognorm(s=prior.sigma, scale=prior.median).ppf(p))
    if prior.dist == "LogitNormal":
        return float(1 / (1 + np.exp(-stats.norm(prior.mu, prior.sigma).ppf(p))))
    if prior.dist == "HalfNormal":
        return float(stats.halfnorm(scale=prior.sigma).ppf(p))
    if prior.dist == "Beta":
        return float(stats.beta(prior.alpha, prior.beta).ppf(p))
    raise AssertionError(prior.dist)


def log_lkj_cholesky(factor: np.ndarray, eta: float) -> float:
    """ln density of the Cholesky factor of an LKJ correlation matrix (Lewandowski, Kurowicka & Joe 2009).

    Rows are independent. A row of k free elements, of length r, has a density proportional to (1 - r^2)^(b - 1) with
    b = eta + (n - 1 - k) / 2, of which the integral over the ball is pi^(k/2) Gamma(b) / Gamma(b + k/2).
    """
    n = len(factor)
    total = 0.0
    for k in range(1, n):
        b = eta + 0.5 * (n - 1 - k)
        total += 2.0 * (b - 1.0) * math.log(factor[k, k])
        total -= 0.5 * k * math.log(math.pi) + gammaln(b) - gammaln(b + 0.5 * k)
    return total
