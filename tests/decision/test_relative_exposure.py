"""Exposures of patients up to a day: against adaptive quadrature, and against `predict`."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from decision.conftest import make_fit
from scipy.integrate import quad
from scipy.stats import ks_2samp

import cartmodel as cm
from cartmodel.decision.areas import log_areas
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.decision.relative_exposure import exposures_of, relative_exposures, thinned
from cartmodel.kinetics import structures, vocabulary

TYPICAL = {
    "cmax": 4e4,
    "tmax": 11.0,
    "c0": 8.0,
    "alpha": 0.17,
    "fb": 0.01,
    "beta": 0.0116,
    "f_toci": 0.7,
    "f_ster": 0.8,
}
DAYS = {"tocilizumab_day": 4.0, "steroid_day": 6.0}


@pytest.mark.parametrize("name", ["stein", "stein_smooth", "effector_memory"])
def test_areas_against_quadrature(name: str) -> None:
    curve = structures[name]
    values = {key: (TYPICAL | DAYS)[key] for key in (*curve.parameters, *curve.inputs)}
    days = np.array([1.0, 5.5, 10.0, 14.0, 28.0])
    found = log_areas(name, {key: xr.DataArray(value) for key, value in values.items()}, days)

    def level(t: float) -> float:
        return float(np.exp(curve.log_level(vocabulary, t, **values)))

    for day, value in zip(days, found.to_numpy(), strict=True):
        pieces = [0.0, *(p for p in (4.0, 6.0, 10.5, 11.0, 11.5, 14.0) if p < day), day]
        exact = sum(quad(level, a, b, epsrel=1e-10)[0] for a, b in pairwise(pieces))
        assert value == pytest.approx(np.log(exact), abs=2e-5)


def test_new_patients_are_those_of_predict() -> None:
    fit = make_fit()
    found = relative_exposures(fit, np.array([1e8]), np.array([7.0, 28.0]), n=4, random_seed=1)
    other = np.log(cm.predict(fit, dose=[1e8], n=4, random_seed=9)["auc_0_28"].to_numpy().ravel())
    assert ks_2samp(found.log_auc.ravel(), other).pvalue > 0.01
    response = found.response
    assert response is not None
    centred = response.transpose("chain", "draw", "dose", "subject").to_numpy().ravel() + 12.5
    np.testing.assert_allclose(centred, found.log_auc.ravel(), atol=1e-6)


def test_patients_of_the_trial_have_their_own_exposure() -> None:
    fit = make_fit()
    found = relative_exposures(fit, np.array([1e8]), np.array([28.0]), n=2, random_seed=1)
    own = np.log(cm.exposure(fit)["auc_0_28"].to_numpy().reshape(-1, 9))
    np.testing.assert_allclose(np.ptp(found.known[..., 0] - own), 0.0, atol=1e-6)  # but for one constant
    patients = [FollowedPatient("S02", 0.25e8, False), FollowedPatient("new", 3e8, False)]
    x = exposures_of(patients, found, fit, random_seed=2)
    np.testing.assert_array_equal(x[:, 0], found.known[:, 1])
    assert x[:, 1].std() > 0.1


def test_the_typical_patient_at_the_reference_dose_is_the_yardstick() -> None:
    still = {f"omega_{name}": 0.0 for name in ("cmax", "tmax", "c0", "alpha", "fb", "beta")}
    kinetics = {"cmax_pop": 4e4, "tmax_pop": 11.0, "c0_pop": 8.0, "alpha_pop": 0.17, "fb_pop": 0.01, "beta_pop": 0.0116}
    scale = {"cov_cmax_dose": 0.4, "cov_c0_dose": 0.4, "cov_tmax_dose": 0.0}
    fit = make_fit(**still, **kinetics, **scale)
    found = relative_exposures(fit, np.array([0.25e8, 1e8, 2e8]), np.array([3.0, 28.0]), n=2, random_seed=1)
    exact = 0.4 * np.log([0.25, 1.0, 2.0])
    np.testing.assert_allclose(found.new, np.broadcast_to(exact[:, None, None], found.new.shape), atol=1e-6)


def test_thinning_keeps_evenly_spaced_draws() -> None:
    fit = make_fit(draws=50)
    few = thinned(fit, 30)
    assert few["posterior"].sizes["draw"] == 13
    assert few.attrs == fit.attrs
    assert thinned(fit, 1000)["posterior"].sizes["draw"] == 50
