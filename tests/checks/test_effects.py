"""Shrinkage in a conjugate model, where the posterior is known, and which parameters are named as worst."""

import numpy as np
import pytest
import xarray as xr
from checks.conftest import fit_of, line_spec, line_trial
from scipy import stats

import cartmodel as cm
from cartmodel.checks.effects import random_effects, shrinkage
from cartmodel.checks.mixing import independent_draws, worst_mixing

OMEGA, SIGMA, N = 0.9, 0.6, 4


def conjugate(patients: int, seed: int = 1) -> tuple[xr.DataTree, np.ndarray]:
    """Return a fit with exact draws of p(eta | y), y_ij ~ Normal(eta_i, sigma), eta_i ~ Normal(0, omega); mean y."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, OMEGA, patients) + rng.normal(0, SIGMA / np.sqrt(N), patients)
    keep = N * OMEGA**2 / (N * OMEGA**2 + SIGMA**2)
    sd = np.sqrt(OMEGA**2 * (1 - keep))
    draws = 4000
    etas = {"a": keep * means + sd * rng.standard_normal((2, draws, patients)), "b": np.zeros(patients)}
    names = [f"P{i}" for i in range(patients)]
    trial = line_trial({n: [(1.0, 100.0)] for n in names}, dict.fromkeys(names, 1e8), 1.0)
    truth = {"a_pop": 0.0, "b_pop": 0.0, "omega_a": OMEGA, "omega_b": 1e-9, "cov_a_dose": 0.0, "sigma_qpcr": SIGMA}
    return fit_of(trial, line_spec(), {**truth, "d0": 0.0, "ld1": 0.0}, draws=draws, etas=etas), means


def test_shrinkage_of_a_conjugate_model() -> None:
    fit, means = conjugate(12)
    keep = N * OMEGA**2 / (N * OMEGA**2 + SIGMA**2)
    found = shrinkage(fit).set_index("effect").loc["a"]
    assert found["shrinkage"] == pytest.approx(1 - keep**2 * means.var(ddof=1) / OMEGA**2, abs=0.01)
    assert found["shrinkage_sd"] == pytest.approx(1 - keep * means.std(ddof=1) / OMEGA, abs=0.01)
    assert "Var_i(E[eta_i | y]) / E[omega^2]" in found["definition"]


def test_its_expectation_is_the_textbook_value() -> None:
    fit, _ = conjugate(1500)
    expected = SIGMA**2 / (SIGMA**2 + N * OMEGA**2)
    assert shrinkage(fit)["shrinkage"][0] == pytest.approx(expected, abs=0.04)
    assert np.isnan(shrinkage(conjugate(1)[0])["shrinkage"][0])


def test_effects_of_the_patients() -> None:
    fit, means = conjugate(6)
    found = random_effects(fit).sel(effect="a")
    keep = N * OMEGA**2 / (N * OMEGA**2 + SIGMA**2)
    half = 1.959964 * np.sqrt(OMEGA**2 * (1 - keep))
    np.testing.assert_allclose(found["mean"], keep * means, atol=0.03)
    np.testing.assert_allclose(found["lower"], keep * means - half, atol=0.06)
    np.testing.assert_allclose(found["upper"], keep * means + half, atol=0.06)
    np.testing.assert_allclose(found["standardised"], keep * means / OMEGA, atol=0.03)
    assert np.isnan(found["dose_correlation"])  # one dose


def test_it_agrees_with_the_parameter_table(example_fit: xr.DataTree) -> None:
    table = cm.parameter_table(example_fit).set_index("parameter")["eta_shrinkage"].dropna()
    for row in shrinkage(example_fit).to_dict("records"):
        assert row["shrinkage"] == pytest.approx(table[f"omega_{row['effect']}"])
    assert np.isfinite(random_effects(example_fit)["dose_correlation"]).all()


@pytest.mark.parametrize("slow", [0.0, 0.7])
def test_thinned_chains_that_agree_are_not_called_different(slow: float) -> None:
    """A stationary AR(1) in four chains: one run in a hundred has p below 0.01; without thinning most have."""
    found = {True: [], False: []}
    for seed in range(30):
        noise = np.random.default_rng(seed).standard_normal((4, 1000))
        chain = np.empty_like(noise)
        chain[:, 0] = noise[:, 0]
        for i in range(1, 1000):
            chain[:, i] = slow * chain[:, i - 1] + np.sqrt(1 - slow**2) * noise[:, i]
        draws = xr.Dataset({"x": (("chain", "draw"), chain)}, coords={"chain": range(4), "draw": range(1000)})
        for thinned in found:
            kept = independent_draws(draws) if thinned else draws
            ranks = kept.azstats.compute_ranks(dim=["chain", "draw"], relative=True)
            found[thinned].append(float(ranks.azstats.mchain_uniformity_test(dim=["chain", "draw"])[0]["x"]))
    assert (np.array(found[True]) < 0.01).sum() <= 3
    assert stats.kstest(found[True], "uniform").pvalue > 1e-4
    assert ((np.array(found[False]) < 0.01).sum() > 10) == (slow > 0)


def test_a_parameter_that_moves_slowly_is_named_first(example_fit: xr.DataTree) -> None:
    slow = example_fit.copy(deep=True)
    posterior = slow["posterior"].to_dataset()
    walk = np.random.default_rng(1).standard_normal(posterior["tau"].shape).cumsum(axis=1)
    slow["posterior"] = posterior.assign(tau=posterior["tau"].copy(data=np.exp(0.1 * walk)))
    found = worst_mixing(slow, 3)
    assert found["parameter"].tolist()[0] == "tau"
    assert found["rhat"][0] > 1.05
    assert len(found) == 3
    stuck = posterior.assign(k0=posterior["k0"] * 0.0 + 1.0)
    slow["posterior"] = stuck
    assert worst_mixing(slow, 1)["parameter"].tolist() == ["k0"]
