"""Effector and memory cells with comedication: the curve against LSODA on its right-hand side, its area, its limits."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm

from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.effector_memory import (
    effector_memory,
    effector_memory_integral,
    effector_memory_peak,
    right_hand_side,
)
from cartmodel.kinetics.linear import log_total
from cartmodel.kinetics.stein_smooth import stein_smooth, stein_smooth_integral, stein_smooth_peak

TYPICAL = {"cmax": 24000.0, "tmax": 9.3, "c0": 24000 / 3900, "alpha": 0.16, "fb": 0.0079, "beta": 0.0032}
NONE = {"f_toci": 1.2, "f_ster": 0.7, "tocilizumab_day": np.inf, "steroid_day": np.inf}
COMEDICATION = {
    "none": NONE,
    "tocilizumab": NONE | {"tocilizumab_day": 5.7},
    "both": NONE | {"tocilizumab_day": 5.7, "steroid_day": 7.1},
    "steroid first": NONE | {"tocilizumab_day": 6.0, "steroid_day": 2.5},
    "after the peak": NONE | {"tocilizumab_day": 14.0, "steroid_day": 20.0},
    "before the infusion": NONE | {"tocilizumab_day": -1.0},
}
PATIENTS = {
    "typical": TYPICAL,
    "fast": TYPICAL | {"tmax": 6.0, "alpha": 0.9, "beta": 0.05, "fb": 0.08, "cmax": 2e5},
    "slow": TYPICAL | {"tmax": 17.0, "alpha": 0.05, "beta": 0.002, "fb": 0.3, "c0": 300.0},
    "beta above alpha": TYPICAL | {"alpha": 0.02, "beta": 0.4},
}
DAYS = np.array([0.4, 3, 5, 6.5, 9, 9.3, 9.5, 12, 14, 21, 28, 60, 90, 180, 360])


@pytest.fixture(params=COMEDICATION)
def comedication(request: pytest.FixtureRequest) -> dict[str, float]:
    return COMEDICATION[request.param]


@pytest.fixture(params=PATIENTS)
def patient(request: pytest.FixtureRequest) -> dict[str, float]:
    return PATIENTS[request.param]


def bends(patient: dict[str, float], comedication: dict[str, float], end: float) -> list[float]:
    """The days between which the equation is smooth, and its steps may be long."""
    around = [patient["tmax"] + shift for shift in (-2, -0.5, 0, 0.5, 2)]
    doses = [comedication["tocilizumab_day"], comedication["steroid_day"]]
    return [0.0, *sorted({day for day in (*around, *doses) if 0 < day < end}), end]


def test_the_curve_solves_the_equation(patient: dict[str, float], comedication: dict[str, float]) -> None:
    # what is there at time 0 is that without comedication, which has had no time to act
    state = np.array([float(np.exp(stein_smooth(xp, 0.0, **patient))), 0.0])
    expected = {}
    for start, end in pairwise(bends(patient, comedication, 360.0)):
        asked = sorted({*(t for t in DAYS if start < t <= end), end})
        found = solve_ivp(
            lambda t, y: right_hand_side(xp, t, *y, **patient, **comedication),
            (start, end), state, method="LSODA", t_eval=asked, rtol=1e-11, atol=1e-13,
        )  # fmt: skip
        expected |= dict(zip(found.t, found.y.sum(axis=0), strict=True))
        state = found.y[:, -1]
    curve = effector_memory(xp, DAYS, **patient, **comedication)
    np.testing.assert_allclose(curve, np.log([expected[t] for t in DAYS]), rtol=0, atol=1e-8)


def test_without_comedication_it_is_the_smooth_curve(patient: dict[str, float]) -> None:
    curve = effector_memory(xp, DAYS, **patient, **NONE)
    np.testing.assert_allclose(curve, stein_smooth(xp, DAYS, **patient), rtol=0, atol=1e-11)
    for window in ((0, 28), (0, 90), (5, 7)):
        area = effector_memory_integral(xp, *window, **patient, **NONE)
        assert float(area) == pytest.approx(float(stein_smooth_integral(xp, *window, **patient)), rel=1e-6)
    for found, expected in zip(
        effector_memory_peak(xp, **patient, **NONE), stein_smooth_peak(xp, **patient), strict=True
    ):
        assert float(found) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("window", [(0.0, 28.0), (0.0, 90.0), (5.0, 6.0), (60.0, 300.0)])
def test_the_area_is_that_of_adaptive_quadrature(
    patient: dict[str, float], comedication: dict[str, float], window: tuple[float, float]
) -> None:
    edges = [t for t in bends(patient, comedication, window[1]) if t > window[0]]
    pieces = [
        quad(
            lambda t: float(np.exp(effector_memory(xp, t, **patient, **comedication))),
            a, b, epsabs=0, epsrel=1e-11, limit=200,
        )[0]
        for a, b in pairwise([window[0], *edges])
    ]  # fmt: skip
    area = effector_memory_integral(xp, *window, **patient, **comedication)
    assert float(area) == pytest.approx(sum(pieces), rel=1e-6)


def test_a_faster_expansion_reaches_a_higher_peak_at_the_same_time() -> None:
    time, level = effector_memory_peak(xp, **TYPICAL, **COMEDICATION["tocilizumab"])
    plain_time, plain_level = effector_memory_peak(xp, **TYPICAL, **NONE)
    assert float(time) == pytest.approx(float(plain_time), abs=0.02)
    rho = np.log(1 + TYPICAL["cmax"] / TYPICAL["c0"]) / TYPICAL["tmax"]
    assert float(level - plain_level) == pytest.approx(0.2 * rho * (9.3 - 5.7), rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_system_has_its_exponential(seed: int) -> None:
    a = np.abs(np.random.default_rng(seed).lognormal(-2, 1, (2, 2)))
    matrix = np.array([[-a[0, 0] - a[1, 0], a[0, 1]], [a[1, 0], -a[0, 1] - a[1, 1]]])  # cells pass back and forth
    for days in (0.0, 0.3, 5.0, 60.0):
        expected = expm(matrix * days)[:, 0].sum()
        found = log_total(xp, lambda e, m: tuple(matrix @ [e, m]), days)
        assert float(found) == pytest.approx(np.log(expected), rel=1e-9, abs=1e-12)
