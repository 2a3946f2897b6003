"""Area and peak of curves that bring none of their own, against closed forms."""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad

from cartmodel.kinetics import structures
from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.numerical import numerical_integral, numerical_peak

RNG = np.random.default_rng(5)
CENTRE = {"cmax": 4e4, "tmax": 11.0, "c0": 8.0, "alpha": 0.17, "fb": 0.01, "beta": 0.0116}
PATIENTS = {name: value * np.exp(0.4 * RNG.standard_normal(200)) for name, value in CENTRE.items()}


def decline(xp, t, *, v0, rate):
    return xp.log(v0) - rate * t


def gompertz(xp, t, *, cmax, tmax, slowing, loss):
    """Highest at tmax, where growth loss exp(-slowing (t - tmax)) equals the loss."""
    x = t - tmax
    return xp.log(cmax) - loss / slowing * (xp.expm1(-slowing * x) + slowing * x)


@pytest.mark.parametrize("window", [(0, 28), (0.0, 90.0), (3, 10), (27.5, 28.5), (0, 365), (100, 2000)])
def test_the_area_of_an_exponential(window):
    rates = np.array([0.001, 0.05, 0.5, 2.0])
    start, end = window
    area = numerical_integral(decline)(xp, start, end, v0=1e5, rate=rates)
    np.testing.assert_allclose(area, 1e5 * (np.exp(-rates * start) - np.exp(-rates * end)) / rates, rtol=2e-8)


def test_ends_of_each_patient_give_the_same_as_fixed_ones():
    area = numerical_integral(gompertz)
    own = {"cmax": 1e4, "tmax": np.array([5.0, 12.0, 30.0]), "slowing": 0.2, "loss": 0.1}
    end = np.array([2.0, 28.0, 90.0])
    found = area(xp, 0.0, end, **own)
    for place, day in enumerate(end):
        alone = own | {"tmax": own["tmax"][place]}
        assert found[place] == pytest.approx(area(xp, 0, float(day), **alone), rel=1e-12)
        by_scipy = quad(lambda t, alone=alone: np.exp(gompertz(np, t, **alone)), 0, day, epsrel=1e-11)[0]
        assert found[place] == pytest.approx(by_scipy, rel=1e-9)


def test_labelled_draws_broadcast():
    rate = xr.DataArray([0.1, 0.2], dims="draw")
    v0 = xr.DataArray([10.0, 20.0, 30.0], dims="subject")
    area = numerical_integral(decline)(xp, 0, 28, v0=v0, rate=rate)
    assert area.sizes == {"draw": 2, "subject": 3}
    assert float(area.isel(draw=1, subject=2)) == pytest.approx(30.0 * (1 - np.exp(-5.6)) / 0.2, rel=1e-12)
    time, level = numerical_peak(decline)(xp, v0=v0, rate=rate)
    assert time.sizes == level.sizes == {"draw": 2, "subject": 3}


@pytest.mark.parametrize("name", ["stein_smooth", "stein"])
def test_a_sharp_peak_costs_less_than_a_hundredth(name):
    """The quadrature does not know where the corner is, as the closed form does: its docstring says what that costs."""
    curve = structures[name]
    for window in ((0, 28), (0, 90)):
        found = numerical_integral(curve.log_level)(xp, *window, **PATIENTS)
        exact = curve.integral(xp, *window, **PATIENTS)
        assert np.max(np.abs(found / exact - 1)) < 0.01
        assert np.median(np.abs(found / exact - 1)) < 0.001
    time, level = numerical_peak(curve.log_level)(xp, **PATIENTS)
    top = curve.peak(xp, **PATIENTS)
    np.testing.assert_allclose(time, top[0], atol=1e-4)
    np.testing.assert_allclose(level, top[1], atol=1e-4)


@pytest.mark.parametrize("tmax", [0.0, 0.3, 1.0, 13.9, 14.5, 29.0, 59.0, 64.9, 110.0])
def test_the_peak_of_a_smooth_curve(tmax):
    time, level = numerical_peak(gompertz)(xp, cmax=np.array([1e4]), tmax=tmax, slowing=0.2, loss=0.1)
    assert time[0] == pytest.approx(tmax, abs=2e-4)
    assert level[0] == pytest.approx(np.log(1e4), abs=1e-7)


def test_a_curve_that_only_falls_is_highest_at_the_start():
    time, level = numerical_peak(decline)(xp, v0=np.array([50.0]), rate=3.0)
    assert time.tolist() == [0.0]
    assert level[0] == np.log(50.0)


def test_of_a_curve_that_still_rises_day_360_is_told():
    time, level = numerical_peak(lambda xp, t, *, rate: rate * t)(xp, rate=np.array([0.1]))
    assert time[0] == pytest.approx(360.0, abs=1e-3)
    assert level[0] == pytest.approx(36.0, abs=1e-3)


@pytest.mark.parametrize("end", [3000.0, 5000.0, 10_000.0])
def test_a_window_of_decades_is_not_cut_off(end: float) -> None:
    area = numerical_integral(lambda xp, t, *, k: -k * t)
    wanted = -np.expm1(-1e-4 * end) / 1e-4
    assert area(xp, 0.0, end, k=1e-4) == pytest.approx(wanted, rel=1e-9)
    assert area(xp, np.zeros(2), np.array([end, 7.0]), k=1e-4)[0] == pytest.approx(wanted, rel=1e-9)


def test_a_late_peak_is_found() -> None:
    time, level = numerical_peak(lambda xp, t, *, top: -(((t - top) / 30.0) ** 2))(xp, top=np.array([200.0, 331.7]))
    np.testing.assert_allclose(time, [200.0, 331.7], atol=1e-2)
    np.testing.assert_allclose(level, 0.0, atol=1e-6)
