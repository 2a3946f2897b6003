"""Draws of priors, correlations and new patients against the distributions they must follow."""

import numpy as np
import pytest
import xarray as xr
from oracles import priors
from scipy import stats

from cartmodel.equations.population import individual_parameters
from cartmodel.errors import UnknownNameError
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.prior import lkj_draws, prior_draws
from cartmodel.spec import ModelSpec, list_models, load_model

DRAWS = 2000


@pytest.mark.parametrize("name", list_models())
def test_prior_draws_follow_every_prior_of_a_model_file(name: str) -> None:
    spec = load_model(name)
    drawn = prior_draws(spec, DRAWS, seed=4)
    assert set(drawn.data_vars) == {name for name, _ in spec.priors()}
    grid = np.linspace(0.005, 0.995, 100)
    for parameter, prior in spec.priors():
        values = np.sort(drawn[parameter].values.ravel())
        assert values.shape == (DRAWS,)
        below = np.searchsorted(values, [priors.quantile(prior, p) for p in grid]) / DRAWS
        assert np.max(np.abs(below - grid)) < 1.95 / np.sqrt(DRAWS), parameter  # Kolmogorov: p = 0.001


def test_prior_draws_are_independent_and_repeatable() -> None:
    spec = load_model("cd7-ssc")
    drawn = prior_draws(spec, DRAWS, seed=4)
    ranks = np.stack([stats.rankdata(value.values) for value in drawn.values()])
    correlations = np.corrcoef(ranks)[np.triu_indices(len(ranks), 1)]
    assert np.max(np.abs(correlations)) < 5 / np.sqrt(DRAWS)
    assert drawn.equals(prior_draws(spec, DRAWS, seed=4))
    assert not drawn.equals(prior_draws(spec, DRAWS, seed=5))


@pytest.mark.parametrize(("n", "eta"), [(2, 1.0), (3, 1.0), (6, 2.0), (6, 0.7), (4, 8.0)])
def test_correlations_have_the_beta_marginals_of_lkj(n: int, eta: float) -> None:
    corr = lkj_draws(n, eta, 4000, np.random.default_rng(8))
    np.testing.assert_allclose(np.diagonal(corr, axis1=1, axis2=2), 1.0, rtol=1e-12)
    np.testing.assert_allclose(corr, corr.transpose(0, 2, 1), rtol=0, atol=0)
    assert np.linalg.eigvalsh(corr).min() > -1e-12
    marginal = stats.beta(eta - 1 + n / 2, eta - 1 + n / 2)
    p_values = [stats.kstest((corr[:, i, j] + 1) / 2, marginal.cdf).pvalue for i in range(n) for j in range(i)]
    assert min(p_values) > 0.01 / len(p_values)


@pytest.mark.parametrize("eta", [1.0, 2.0])
def test_determinants_have_the_distribution_of_lkj(eta: float) -> None:
    """E |R|^s is a ratio of normalising constants, those of eta + s and eta (Lewandowski, Kurowicka & Joe 2009)."""
    n, s = 4, 1.0
    det = np.linalg.det(lkj_draws(n, eta, 20000, np.random.default_rng(9)))
    factor = np.linalg.cholesky(np.eye(n))
    expected = np.exp(priors.log_lkj_cholesky(factor, eta) - priors.log_lkj_cholesky(factor, eta + s))
    assert det.mean() == pytest.approx(expected, abs=4 * det.std() / np.sqrt(det.size))


def correlated() -> ModelSpec:
    return load_model("cd7-ssc").replace(correlation={"eta": 2.0, "reason": "test"})


def test_prior_draws_of_a_correlated_model_hold_correlations() -> None:
    drawn = prior_draws(correlated(), 4000, seed=1)
    corr = drawn["corr"]
    assert corr.dims == ("chain", "draw", "parameter", "parameter_")
    value = corr.sel(parameter="cmax", parameter_="beta").values.ravel()
    assert stats.kstest((value + 1) / 2, stats.beta(4, 4).cdf).pvalue > 0.01


# --- New patients ---------------------------------------------------------------------------------

OMEGA = {"cmax": 0.9, "tmax": 0.28, "c0": 1.3, "alpha": 0.5, "fb": 0.8, "beta": 0.4}
TYPICAL = {"cmax": 4e4, "tmax": 11.0, "c0": 8.0, "alpha": 0.17, "fb": 0.01, "beta": 0.0116}
EFFECT = {"cmax": 0.15, "tmax": -0.05, "c0": 1.0}


def population(corr: np.ndarray | None = None, draws: int = 1000) -> xr.Dataset:
    values = {f"{n}_pop": v for n, v in TYPICAL.items()} | {f"omega_{n}": v for n, v in OMEGA.items()}
    values |= {f"cov_{n}_dose": v for n, v in EFFECT.items()}
    found = xr.Dataset({n: (("chain", "draw"), np.full((1, draws), v)) for n, v in values.items()})
    if corr is not None:
        names = list(OMEGA)
        found["corr"] = (("chain", "draw", "parameter", "parameter_"), np.broadcast_to(corr, (1, draws, 6, 6)).copy())
        found = found.assign_coords(parameter=names, parameter_=names)
    return found


def effects(spec: ModelSpec, source: Draws, data: xr.Dataset) -> np.ndarray:
    """Random effects that the equations saw: (parameter, draw, subject)."""
    parameters = individual_parameters(spec, source)
    found = []
    for name in OMEGA:
        whole = parameters[name] + 0.0 * data["log_dose"]
        value = whole.transpose("chain", "draw", "subject").values[0]
        centre = TYPICAL[name] * np.exp(EFFECT.get(name, 0.0) * data["log_dose"].values)
        link = (lambda p: np.log(p / (1 - p))) if name == "fb" else np.log
        found.append(link(value) - link(centre))
    return np.stack(found)


DATA = xr.Dataset({"log_dose": ("subject", np.log([0.25, 1.0, 2.0, 2.0]))}, coords={"subject": list("abcd")})


def test_effects_of_new_patients_have_their_sds_and_no_correlation() -> None:
    spec = load_model("cd7-ssc")
    eta = effects(spec, Draws(population(), DATA, seed=3, new_patients="random"), DATA)
    for values, omega in zip(eta, OMEGA.values(), strict=True):
        assert stats.kstest(values.ravel() / omega, stats.norm.cdf).pvalue > 0.005
    flat = eta.transpose(0, 2, 1).reshape(24, -1)  # every parameter of every patient
    correlations = np.corrcoef(flat)[np.triu_indices(24, 1)]
    assert np.max(np.abs(correlations)) < 5 / np.sqrt(flat.shape[1])


def test_effects_of_new_patients_are_correlated_as_the_draws_say() -> None:
    corr = lkj_draws(6, 1.0, 1, np.random.default_rng(2))[0]
    assert np.max(np.abs(corr - np.eye(6))) > 0.5
    eta = effects(correlated(), Draws(population(corr), DATA, seed=3, new_patients="random"), DATA)
    flat = eta.reshape(6, -1)
    np.testing.assert_allclose(np.std(flat, axis=1), list(OMEGA.values()), rtol=4 / np.sqrt(2 * flat.shape[1]))
    np.testing.assert_allclose(np.corrcoef(flat), corr, atol=4 / np.sqrt(flat.shape[1]))
    between = np.corrcoef(eta[0].T)[np.triu_indices(4, 1)]
    assert np.max(np.abs(between)) < 5 / np.sqrt(eta.shape[1])


def test_each_draw_is_correlated_by_its_own_matrix() -> None:
    opposite = np.eye(6)
    opposite[0, 5] = opposite[5, 0] = -0.999
    together = np.eye(6)
    together[0, 5] = together[5, 0] = 0.999
    posterior = population(np.eye(6))
    posterior["corr"].values[0, ::2], posterior["corr"].values[0, 1::2] = opposite, together
    eta = effects(correlated(), Draws(posterior, DATA, seed=3, new_patients="random"), DATA)
    assert np.corrcoef(eta[0, ::2].ravel(), eta[5, ::2].ravel())[0, 1] < -0.99
    assert np.corrcoef(eta[0, 1::2].ravel(), eta[5, 1::2].ravel())[0, 1] > 0.99


def test_effects_depend_on_the_seed_alone() -> None:
    spec = load_model("cd7-ssc")
    once, again, other = (
        effects(spec, Draws(population(), DATA, seed=s, new_patients="random"), DATA) for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(once, again)
    assert (once != other).all()


def test_typical_patients_have_no_effects_and_those_of_the_trial_their_own() -> None:
    spec = load_model("cd7-ssc")
    np.testing.assert_allclose(effects(spec, Draws(population(), DATA, new_patients="typical"), DATA), 0.0, atol=1e-12)
    own = np.random.default_rng(1).standard_normal((6, 1, 1000, 4))
    posterior = population().assign({f"eta_{n}": (("chain", "draw", "subject"), own[k]) for k, n in enumerate(OMEGA)})
    posterior = posterior.assign_coords(subject=list("abcd"))
    np.testing.assert_allclose(effects(spec, Draws(posterior, DATA), DATA), own[:, 0], atol=1e-9)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(UnknownNameError, match="omega_cmax"):
        effects(load_model("cd7-ssc"), Draws(population().drop_vars("omega_cmax"), DATA, new_patients="random"), DATA)
