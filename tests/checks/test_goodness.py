"""Predictions and residuals of a straight line, where all have closed forms."""

import numpy as np
import pytest
import xarray as xr
from checks.conftest import fit_of, line_spec, line_trial
from scipy.linalg import sqrtm

from cartmodel.checks.goodness import goodness_of_fit

DAYS = np.array([2.0, 5.0, 9.0])
TRUTH = {"a_pop": 6.0, "b_pop": -0.2, "omega_a": 0.7, "omega_b": 0.1, "cov_a_dose": 0.5, "d0": 0.0, "ld1": 0.0}
LEVELS = {"x": [300.0, 200.0, 150.0], "y": [900.0, 100.0, None]}
ETAS = {"a": np.array([0.3, -0.2]), "b": np.array([0.05, -0.02])}


def table(residual: str, sigmas: dict[str, float]):
    samples = {name: list(zip(DAYS, own, strict=True)) for name, own in LEVELS.items()}
    trial = line_trial(samples, {"x": 2e8, "y": 1e8}, 50.0)
    return goodness_of_fit(fit_of(trial, line_spec(residual), {**TRUTH, **sigmas}, draws=60, etas=ETAS), replicates=60)


@pytest.mark.parametrize("residual", ["log_additive", "combined"])
def test_closed_forms(residual: str) -> None:
    sigmas = {"sigma_qpcr": 0.4} if residual == "log_additive" else {
        "sigma_proportional_qpcr": 0.3, "sigma_additive_qpcr": 20.0
    }  # fmt: skip
    found = table(residual, sigmas)
    slopes = np.column_stack([np.ones(3), DAYS])
    for i, (name, dose) in enumerate((("x", 2e8), ("y", 1e8))):
        own = found[found["subject"] == name]
        typical = TRUTH["a_pop"] + 0.5 * np.log(dose / 1e8) + TRUTH["b_pop"] * DAYS
        eta = np.array([ETAS["a"][i], ETAS["b"][i]])
        curve = typical + slopes @ eta
        np.testing.assert_allclose(own["pred"], np.exp(typical))
        np.testing.assert_allclose(own["ipred"], np.exp(curve))
        taken = ~own["blq"].to_numpy()
        y = np.array([v for v in LEVELS[name] if v is not None])
        omega = np.diag([0.7**2, 0.1**2])
        if residual == "log_additive":
            error, variance, j = np.log(y) - curve[taken], np.full(len(y), 0.4**2), slopes[taken]
        else:
            f = np.exp(curve[taken])
            error, variance, j = y - f, (0.3 * f) ** 2 + 20.0**2, slopes[taken] * f[:, None]
        np.testing.assert_allclose(own["iwres"][taken], error / np.sqrt(variance), rtol=1e-8)
        covariance = j @ omega @ j.T + np.diag(variance)
        expected = np.linalg.solve(np.real(sqrtm(covariance)), error + j @ eta)
        np.testing.assert_allclose(own["cwres"][taken], expected, rtol=1e-5)
        if residual == "log_additive":  # linear in the effects: the residual from the typical curve, decorrelated
            exact = np.linalg.solve(np.real(sqrtm(covariance)), np.log(y) - typical[taken])
            np.testing.assert_allclose(own["cwres"][taken], exact, rtol=1e-5)
        assert own.loc[own["blq"], ["iwres", "cwres"]].isna().all(axis=None)
        assert own["npde"].notna().all()
    assert found.loc[found["blq"], "dv"].tolist() == [50.0]
    assert found.attrs["unit"] == "copies/ug"


def test_it_reads_a_fit(example_fit: xr.DataTree) -> None:
    found = goodness_of_fit(example_fit, replicates=100)
    assert found.attrs["curves"] == "all 400 draws"
    assert (found["cwres"].isna() == found["blq"]).all()
    assert np.corrcoef(np.log(found["dv"]), np.log(found["ipred"]))[0, 1] > 0.9
