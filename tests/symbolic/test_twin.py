"""The PyMC model of every model file against the NumPy interpreter of its equations and SciPy's priors."""

from collections.abc import Callable

import numpy as np
import pytest
from oracles.points import as_draws, is_folded, log_prior, trial_table
from oracles.variants import VARIANTS, model
from scipy import stats

from cartmodel.equations.joint import joint
from cartmodel.prediction.draws import Draws
from cartmodel.spec import list_models
from cartmodel.trial import read_trial


@pytest.fixture(scope="module", params=[*list_models(), *VARIANTS])
def twin(request: pytest.FixtureRequest, built: Callable):
    spec = model(request.param)
    return built(spec, read_trial(trial_table(spec)))


@pytest.mark.parametrize("seed", range(3))
def test_both_interpreters_give_every_term_the_same_density(twin, seed: int) -> None:
    point = twin.prior_point(np.random.default_rng([11, seed]))
    coordinates = twin.coordinates(point)
    source = Draws(as_draws(point, twin.spec, twin.data), twin.data)
    joint(twin.spec, source)
    pointwise = source.pointwise_log_likelihood()
    found = twin.terms(coordinates)
    observed = {variable.name for variable in twin.model.observed_RVs}
    assert observed == set(pointwise.data_vars)
    for name in observed:
        assert found[name] == pytest.approx(float(pointwise[name].sum()), rel=1e-10), name
    expected = log_prior(twin.spec, twin.weights, point, jacobian=False) + float(
        sum(pointwise[n].sum() for n in observed)
    )
    assert sum(found.values()) == pytest.approx(expected, rel=1e-10)


def test_pymc_reports_the_random_effects_and_sds_of_the_point(twin) -> None:
    point = twin.prior_point(np.random.default_rng(5))
    effects = twin.effects(twin.coordinates(point))
    for name in twin.spec.random:
        np.testing.assert_allclose(effects[f"eta_{name}"], point.eta[name], rtol=1e-9, atol=1e-12)
        assert float(effects[f"omega_{name}"]) == pytest.approx(point.population[f"omega_{name}"], rel=1e-12)


def test_every_coordinate_of_the_posterior_is_one_of_the_points(twin) -> None:
    point = twin.coordinates(twin.prior_point(np.random.default_rng(6)))
    assert sorted(twin.names) == sorted(point)
    for variable in twin.model.value_vars:
        assert variable.ndim == point[variable.name].ndim


def test_a_folded_sd_has_the_half_normal_prior(twin) -> None:
    folded = [name for name in twin.spec.random if is_folded(twin.spec, name)]
    point = twin.prior_point(np.random.default_rng(7))
    terms = {sign: {} for sign in (-1.0, 1.0)}
    for sign, found in terms.items():
        point.signs = dict.fromkeys(point.signs, sign)
        found |= twin.terms(twin.coordinates(point))
    for name in folded:
        both = np.logaddexp(*(found[f"z_omega_{name}"] for found in terms.values()))
        prior = stats.halfnorm(scale=twin.spec.random[name].sigma)
        assert both == pytest.approx(prior.logpdf(point.population[f"omega_{name}"]), rel=1e-12)
    totals = [sum(found.values()) for found in terms.values()]
    assert totals[0] == pytest.approx(totals[1], rel=1e-13)


def test_the_padding_and_what_is_pending_weigh_nothing(twin) -> None:
    """A trial's density counts exactly its samples and known outcomes."""
    point = twin.prior_point(np.random.default_rng(8))
    source = Draws(as_draws(point, twin.spec, twin.data), twin.data)
    joint(twin.spec, source)
    pointwise = source.pointwise_log_likelihood()
    samples = twin.trial.observations["assay"].value_counts()
    for assay in twin.spec.assays:
        assert int(pointwise[f"level_{assay}"].notnull().sum()) == samples[assay]
    subjects = twin.trial.subjects
    for name in set(pointwise.data_vars) - {f"level_{assay}" for assay in twin.spec.assays}:
        known = subjects[name].notna() & ((name != "criss_lp") | (subjects["criss_step1"] == 0))
        assert int(pointwise[name].notnull().sum()) == known.sum(), name


@pytest.mark.parametrize("name", ["cd7-ssc", "other priors"])
def test_the_sampled_density_counts_every_change_of_scale(name: str, built: Callable) -> None:
    spec = model(name)
    twin = built(spec, read_trial(trial_table(spec, ("all", "toxic"))))
    point = twin.prior_point(np.random.default_rng(12))
    coordinates = twin.coordinates(point)
    natural = sum(twin.terms(coordinates).values()) - log_prior(spec, twin.weights, point, jacobian=False)
    expected = natural + log_prior(spec, twin.weights, point, jacobian=True)
    assert twin.log_density(coordinates) == pytest.approx(expected, rel=1e-10)
    assert all(variable.name != "fb_pop" for variable in twin.model.value_vars)  # no coordinate ends at an edge
