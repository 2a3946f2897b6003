"""Priors against scipy, in scipy's own parameterisation."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from cartmodel.spec.priors import Beta, HalfNormal, LogitNormal, LogNormal, Normal, describe, quantile, unbounded

WHY = {"reason": "test", "source": "test"}
P = np.array([1e-12, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999999])
PRIORS = [
    (Normal(dist="Normal", mu=-1.7, sigma=1.25, **WHY), stats.norm(-1.7, 1.25).ppf),
    (LogNormal(dist="LogNormal", median=4e4, sigma=0.7, **WHY), stats.lognorm(0.7, scale=4e4).ppf),
    (LogitNormal(dist="LogitNormal", mu=-4.6, sigma=0.8, **WHY), lambda p: expit(stats.norm(-4.6, 0.8).ppf(p))),
    (HalfNormal(dist="HalfNormal", sigma=0.5, **WHY), stats.halfnorm(scale=0.5).ppf),
    (Beta(dist="Beta", alpha=1.0, beta=19.0, **WHY), stats.beta(1, 19).ppf),
    (Beta(dist="Beta", alpha=0.25, beta=4.75, **WHY), stats.beta(0.25, 4.75).ppf),
]


@pytest.mark.parametrize(("prior", "ppf"), PRIORS)
def test_quantiles_are_those_of_scipy(prior, ppf):
    assert quantile(prior, P) == pytest.approx(ppf(P), rel=1e-9)
    assert quantile(prior, 0.5) == pytest.approx(float(ppf(0.5)), rel=1e-12)


@pytest.mark.parametrize(("prior", "ppf"), PRIORS)
def test_quantiles_keep_shape_and_order(prior, ppf):
    grid = np.linspace(0.01, 0.99, 12).reshape(3, 4)
    values = quantile(prior, grid)
    assert values.shape == (3, 4)
    assert np.all(np.diff(values.ravel()) > 0)


def test_unbounded_is_log_logit_or_nothing():
    values = np.array([0.1, 0.4])
    scales = [lambda x: x, np.log, logit, np.log, logit, logit]
    for (prior, _), scale in zip(PRIORS, scales, strict=True):
        assert unbounded(prior, values) == pytest.approx(scale(values))


def test_describe_names_the_numbers_and_the_range():
    assert describe(PRIORS[1][0]) == "LogNormal(median=40000, sigma=0.7): 4e+04 (1.01e+04 to 1.58e+05)"


@pytest.mark.parametrize("function", [lambda x: quantile(x, 0.5), lambda x: unbounded(x, 0.5)])
def test_what_is_no_prior_is_a_programming_error(function):
    with pytest.raises(TypeError, match="not a prior"):
        function("Normal(0, 1)")
