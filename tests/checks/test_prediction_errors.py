"""NPDE and NPD against what theory says of them."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from checks.conftest import fit_of
from scipy import stats

import cartmodel as cm
from cartmodel.checks.discrepancies import npde, npde_tests, prediction_errors
from cartmodel.simulation.scenario import Scenario

MEAN = np.array([3.0, 2.0, 1.0])
SPREAD = np.array([[1.0, 0.7, 0.2], [0.7, 2.0, 0.9], [0.2, 0.9, 1.5]])


def of_a_truth(scenario: Scenario, lloq: float, changed: dict[str, float]) -> pd.DataFrame:
    """Return the errors of 120 patients, simulated at the truth, under a model with parameters changed by factors."""
    groups = tuple(g.model_copy(update={"patients": 40}) for g in scenario.groups)
    large = scenario.model_copy(update={"groups": groups, "lloq": {"qpcr": lloq}})
    trial = cm.read_trial(cm.simulate_trial(large, seed=4).table)
    believed = {name: value * changed.get(name, 1.0) for name, value in scenario.truth.items()}
    return npde(fit_of(trial, cm.load_model(scenario.model), believed, draws=150), replicates=300)


@pytest.mark.parametrize(("lloq", "least_blq"), [(1e-9, 0.0), (50.0, 0.15), (1000.0, 0.5)])
def test_they_are_standard_normal_if_the_model_is_right(scenario: Scenario, lloq: float, least_blq: float) -> None:
    table = of_a_truth(scenario, lloq, {})
    assert table["blq"].mean() >= least_blq
    n = len(table)
    assert n > 1500
    assert table["npde"].mean() == pytest.approx(0.0, abs=4 / np.sqrt(n))
    assert table["npde"].std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * n) + 0.02)  # 0.02: 14 samples, 300 replicates
    assert stats.kstest(table["npde"], "norm").pvalue > 1e-3
    for sample in (0, 5, 12):  # one of each patient: independent also before they are decorrelated
        own = table.groupby("subject", sort=False).nth(sample)
        for column in ("npd", "npde"):
            assert stats.kstest(own[column], "norm").pvalue > 1e-3


@pytest.mark.parametrize("changed", [{"cmax_pop": 3.0}, {"omega_cmax": 0.3}, {"beta_pop": 3.0}, {"sigma_qpcr": 0.5}])
def test_a_wrong_model_is_seen(scenario: Scenario, changed: dict[str, float]) -> None:
    table = of_a_truth(scenario, 50.0, changed)
    tests = npde_tests(table).set_index("test")["p"]
    assert tests["all three (Bonferroni)"] < 1e-6
    assert stats.kstest(table["npde"], "norm").pvalue < 0.02


def test_normal_replicates_give_the_closed_form() -> None:
    rng = np.random.default_rng(1)
    again = rng.multivariate_normal(MEAN, SPREAD, 40_000)
    seen = np.array([4.1, 1.2, 2.5])
    none = np.full(3, np.nan)
    found = prediction_errors(seen, again, np.zeros(3, dtype=bool), none, rng)
    np.testing.assert_allclose(found["npd"], (seen - MEAN) / np.sqrt(np.diag(SPREAD)), atol=0.03)
    np.testing.assert_allclose(found["npde"], np.linalg.solve(np.linalg.cholesky(SPREAD), seen - MEAN), atol=0.03)
    assert np.isnan(found["p_blq"]).all()


def test_a_sample_below_its_limit_gets_a_uniform_share_below_it() -> None:
    rng = np.random.default_rng(2)
    again = rng.normal(2.0, 1.0, (4000, 1))
    limit = np.array([1.5])
    below = stats.norm.cdf(-0.5)
    drawn = [prediction_errors(limit, again, np.array([True]), limit, rng) for _ in range(200)]
    assert drawn[0]["p_blq"][0] == pytest.approx(below, abs=0.03)
    shares = stats.norm.cdf([d["npd"][0] for d in drawn])
    assert stats.kstest(shares / below, "uniform").pvalue > 1e-3
    np.testing.assert_allclose([d["npde"][0] for d in drawn], [d["npd"][0] for d in drawn], atol=0.05)


def test_levels_of_zero_and_values_beyond_all_replicates_stay_finite() -> None:
    rng = np.random.default_rng(3)
    again = rng.normal(0.0, 1.0, (200, 2))
    again[:5, 1] = -np.inf
    found = prediction_errors(np.array([50.0, -50.0]), again, np.zeros(2, dtype=bool), np.full(2, np.nan), rng)
    assert all(np.isfinite(found[name]).all() for name in ("npd", "npde"))
    assert found["npd"][0] == pytest.approx(stats.norm.ppf(200.5 / 201))


def test_the_tests_are_those_of_scipy() -> None:
    errors = np.random.default_rng(4).normal(0.3, 1.2, 80)
    found = npde_tests(pd.DataFrame({"npde": errors})).set_index("test")
    assert found["p"].iloc[0] == stats.wilcoxon(errors).pvalue
    assert found["p"].iloc[2] == stats.shapiro(errors).pvalue
    upper = stats.chi2.sf(79 * errors.var(ddof=1), 79)
    assert found["p"].iloc[1] == pytest.approx(2 * min(upper, 1 - upper))
    assert found["p"].iloc[3] == pytest.approx(3 * found["p"].iloc[:3].min())
    assert npde_tests(pd.DataFrame({"npde": errors[:2]}))["p"].isna().all()


def test_results_do_not_depend_on_the_other_patients_order(example_fit: xr.DataTree) -> None:
    one = npde(example_fit, replicates=50)
    assert one.equals(npde(example_fit, replicates=50))
    assert not one["npde"].equals(npde(example_fit, replicates=50, random_seed=2)["npde"])
    assert one.attrs["thinning"].startswith("50 of 400 draws")
    with pytest.raises(ValueError, match="accepted: 20 or more"):
        npde(example_fit, replicates=5)


def test_over_trials_of_eighteen_the_tests_reject_as_often_as_they_should(scenario: Scenario) -> None:
    """Twelve small trials from the model: at 5% more than three rejections have a probability of 0.002."""
    spec, rejected, shares = cm.load_model(scenario.model), 0, []
    for seed in range(12):
        trial = cm.read_trial(cm.simulate_trial(scenario, seed=seed).table)
        table = npde(fit_of(trial, spec, scenario.truth, draws=100), replicates=200)
        rejected += bool(npde_tests(table).set_index("test")["p"]["all three (Bonferroni)"] < 0.05)
        shares.append(stats.norm.cdf(table.groupby("subject", sort=False)["npde"].first()))
    assert rejected <= 3
    assert stats.kstest(np.concatenate(shares), "uniform").pvalue > 1e-3  # one sample of each of 216 patients
