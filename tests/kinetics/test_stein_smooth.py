"""The rounded curve: its area against adaptive quadrature, its peak against a minimiser, its limit the exact curve."""

import itertools

import numpy as np
import pytest
import xarray as xr
from oracles import curves

from cartmodel.equations.exposure import exposures
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.stein import stein, stein_integral, stein_peak
from cartmodel.kinetics.stein_smooth import WIDTH, growth_rate, stein_smooth, stein_smooth_integral, stein_smooth_peak
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec, load_model

NAMES = ("cmax", "tmax", "c0", "alpha", "fb", "beta")
TYPICAL = {"cmax": 4e4, "tmax": 11.0, "c0": 8.0, "alpha": 0.17, "fb": 0.00995, "beta": 0.0116}
WINDOWS = [(0, 28), (0, 90), (60, 90), (7, 21), (0, 365)]


def prior_patients(count: int, spread: float, seed: int) -> list[dict[str, float]]:
    """Patients of the cd7-ssc prior, between-patient variation included, with all SDs times ``spread``."""
    rng = np.random.default_rng(seed)
    centre = np.array([np.log(4e4), np.log(11), np.log(8), np.log(0.17), -4.6, np.log(0.0116)])
    sd = np.array([1.2, 0.35, 1.7, 0.65, 1.1, 0.85])
    drawn = centre + spread * sd * rng.standard_normal((count, 6))
    natural = np.exp(drawn)
    natural[:, 4] /= 1 + natural[:, 4]
    return [dict(zip(NAMES, map(float, row), strict=True)) for row in natural]


EXTREMES = {
    "grows 5 a day": TYPICAL | {"tmax": 2.5, "c0": 0.2},
    "grows 20 a day": TYPICAL | {"tmax": 1.0, "cmax": 1e6, "c0": 2e-3},
    "peaks after 28": TYPICAL | {"tmax": 35.0},
    "peaks after 90": TYPICAL | {"tmax": 140.0},
    "peaks with the window": TYPICAL | {"tmax": 28.0},
    "peaks a hair before the end": TYPICAL | {"tmax": 27.97},
    "peaks a hair after the end": TYPICAL | {"tmax": 28.04},
    "peaks two widths after the end": TYPICAL | {"tmax": 28.1},
    "peaks as the window opens": TYPICAL | {"tmax": 60.02},
    "peaks at once": TYPICAL | {"tmax": 0.1},
    "flat": TYPICAL | {"c0": 4e4},
    "falls": TYPICAL | {"c0": 4e6},
    "no persistence": TYPICAL | {"fb": 1e-9},
    "all persistence": TYPICAL | {"fb": 1 - 1e-9},
    "beta above alpha": TYPICAL | {"alpha": 0.02, "beta": 0.4},
    "contracts 2 a day": TYPICAL | {"alpha": 2.0},
}


def relative_error(parameters: dict[str, float], window: tuple[float, float]) -> float:
    level = curves.smooth(**parameters, width=WIDTH)
    expected = curves.area(level, *window, edges=curves.bends(parameters["tmax"], WIDTH))
    return abs(float(stein_smooth_integral(xp, *window, **parameters)) / expected - 1)


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_area_across_the_prior_is_right_to_one_in_a_million(spread: float) -> None:
    patients = prior_patients(40, spread, seed=int(10 * spread))
    errors = [relative_error(p, w) for p, w in itertools.product(patients, WINDOWS)]
    assert max(errors) < 1e-6


@pytest.mark.parametrize("case", EXTREMES)
def test_area_of_an_extreme_patient_is_right_to_one_in_a_million(case: str) -> None:
    assert max(relative_error(EXTREMES[case], window) for window in WINDOWS) < 1e-6


def test_area_around_a_peak_that_slides_through_the_end_of_the_window() -> None:
    late = np.array([-60, -36, -20, -5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 20, 36, 60]) * WIDTH
    errors = [relative_error(TYPICAL | {"tmax": float(28 + shift)}, (0, 28)) for shift in late]
    errors += [relative_error(TYPICAL | {"tmax": float(60 + shift)}, (60, 90)) for shift in late]
    assert max(errors) < 1e-6


def test_areas_add_up() -> None:
    edges = np.array([0.0, 5, 10.9, 11.02, 11.2, 28, 90])
    pieces = stein_smooth_integral(xp, edges[:-1], edges[1:], **TYPICAL)
    whole = float(stein_smooth_integral(xp, 0.0, 90.0, **TYPICAL))
    assert float(np.sum(pieces)) == pytest.approx(whole, rel=1e-6)
    assert float(stein_smooth_integral(xp, 11.0, 11.0, **TYPICAL)) == 0.0


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_levels_are_those_of_the_plain_curve(spread: float) -> None:
    days = np.array([0.01, 1, 5, 9, 10.95, 11, 11.05, 14, 28, 90, 365])
    for parameters in [*prior_patients(20, spread, seed=4), *EXTREMES.values()]:
        plain = curves.smooth(**parameters, width=WIDTH)
        near = np.array([*days, parameters["tmax"] - 0.02, parameters["tmax"], parameters["tmax"] + 0.02])
        expected = [np.log(plain(t)) for t in near]
        np.testing.assert_allclose(stein_smooth(xp, near, **parameters), expected, rtol=0, atol=1e-9)


def test_peak_is_the_highest_point() -> None:
    flat_or_falling = ("flat", "falls", "peaks at once")
    extremes = [p for case, p in EXTREMES.items() if case not in flat_or_falling]
    for parameters in [*prior_patients(40, 1.0, seed=5), *prior_patients(40, 1.7, seed=6), *extremes]:
        level = curves.smooth(**parameters, width=WIDTH)
        found, height = curves.highest(level, max(parameters["tmax"] - 2, 0.0), parameters["tmax"] + 2)
        time, log_level = stein_smooth_peak(xp, **parameters)
        assert float(np.exp(log_level)) == pytest.approx(height, rel=1e-12)
        assert float(time) == pytest.approx(found, abs=2e-6)


def test_peak_time_is_where_the_slope_vanishes() -> None:
    for parameters in prior_patients(40, 1.5, seed=7):
        time, _ = stein_smooth_peak(xp, **parameters)
        step = 1e-3 * WIDTH
        before, after = stein_smooth(xp, time + np.array([-step, step]), **parameters)
        rho = float(growth_rate(xp, **{name: parameters[name] for name in ("cmax", "tmax", "c0")}))
        assert abs(after - before) / (2 * step) < 1e-6 * rho


@pytest.mark.parametrize("case", ["falls", "peaks at once"])
def test_peak_never_lies_before_the_infusion(case: str) -> None:
    time, log_level = stein_smooth_peak(xp, **(EXTREMES[case] | {"tmax": 0.003}))
    assert float(time) >= 0.0
    level = curves.smooth(**(EXTREMES[case] | {"tmax": 0.003}), width=WIDTH)
    assert float(np.exp(log_level)) == pytest.approx(max(level(t) for t in np.linspace(0, 1, 20001)), rel=1e-6)


@pytest.mark.parametrize("changes", [{}, {"c0": 3e4}, {"tmax": 33.0}, {"alpha": 0.6, "fb": 0.2}], ids=str)
def test_it_becomes_the_exact_curve_as_the_width_vanishes(changes: dict[str, float]) -> None:
    parameters = TYPICAL | changes
    cmax, c0 = parameters["cmax"], parameters["c0"]
    exact = parameters | {"c0": c0 * cmax / (c0 + cmax)}
    days = np.array([0.0, 1, 5, 10, parameters["tmax"], 12, 28, 40, 90])
    errors = []
    for width in (0.2, 0.1, 0.05, 0.025, 1e-3, 1e-6):
        level = np.max(np.abs(stein_smooth(xp, days, **parameters, width=width) - stein(xp, days, **exact)))
        time, height = stein_smooth_peak(xp, **parameters, width=width)
        exact_time, exact_height = stein_peak(xp, **exact)
        areas = [
            stein_smooth_integral(xp, *window, **parameters, width=width) / stein_integral(xp, *window, **exact) - 1
            for window in ((0, 28), (0, 90), (5, 40))
        ]
        errors.append([level, abs(time - exact_time), abs(height - exact_height), np.max(np.abs(areas))])
    errors = np.array(errors)
    assert (errors[1:] < errors[:-1]).all()
    assert (errors[-1] < 1e-5).all()
    halved = errors[1:4] / errors[:3]
    np.testing.assert_allclose(
        halved[:, :3], 0.5, atol=0.03
    )  # level, peak time and peak level miss by a multiple of the width
    rho, w = float(growth_rate(xp, cmax=cmax, tmax=parameters["tmax"], c0=c0)), 1e-6
    fall = (1 - parameters["fb"]) * parameters["alpha"] + parameters["fb"] * parameters["beta"]
    at_tmax = float(stein_smooth(xp, parameters["tmax"], **parameters, width=w)) - np.log(cmax)
    assert at_tmax == pytest.approx(-w * np.log(2) * (rho + fall), rel=1e-4)


# --- Section 7.5: the typical patients of cd7-ssc at its three doses, through the model file ------

DOSES = (0.25e8, 1e8, 2e8)
EXACT = {
    "peak_level": ("32490.1", "40000.0", "44382.8"),
    "peak_time": ("11.7895", "11.0000", "10.6253"),
    "c0": ("2.000000", "8.000000", "16.000000"),
    "rho": ("0.822387", "0.774290", "0.746145"),
    "auc_0_28": ("221472.53", "277797.54", "311409.94"),
    "auc_0_90": ("245343.41", "305193.49", "340851.63"),
    "level_28": ("2312.40", "2527.75", "2652.44"),
    "level_90": ("130.564", "159.270", "175.951"),
}


def typical_patients(spec: ModelSpec) -> dict[str, np.ndarray]:
    """Exposures of the typical patient at each dose, with every population parameter at its published centre."""
    centres = {
        "cmax_pop": 4e4, "tmax_pop": 11.0, "c0_pop": 8.0, "alpha_pop": 0.17,
        "fb_pop": 1 / (1 + np.exp(4.6)), "beta_pop": 0.0116,
        "cov_cmax_dose": 0.15, "cov_tmax_dose": -0.05, "cov_c0_dose": 1.0,
    }  # fmt: skip
    spreads = {f"omega_{name}": 1.0 for name in NAMES}
    population = xr.Dataset({k: xr.DataArray([[v]], dims=("chain", "draw")) for k, v in (centres | spreads).items()})
    data = xr.Dataset({"log_dose": ("subject", np.log(np.array(DOSES) / spec.dose.reference))})
    source = Draws(population, data, new_patients="typical")
    parameters = individual_parameters(spec, source)
    found = exposures(xp, spec.curve, parameters, ((0, 28), (0, 90)))
    found |= {f"level_{day}": xp.exp(spec.curve.log_level(xp, float(day), **parameters)) for day in (28, 90)}
    found["c0"] = parameters["c0"]
    start = spec.curve.log_level(xp, 0.0, **parameters)
    found["rho"] = (spec.curve.log_level(xp, 1.0, **parameters) - start) / 1.0
    return {name: np.broadcast_to(value.transpose(..., "subject").values.squeeze(), 3) for name, value in found.items()}


@pytest.fixture(scope="module")
def published() -> dict[str, np.ndarray]:
    return {name: np.array(values, float) for name, values in EXACT.items()}


def test_typical_patients_without_smoothing_are_those_of_section_7_5() -> None:
    found = typical_patients(load_model("cd7-ssc").replace(structure="stein"))
    for name, values in EXACT.items():
        for value, digits in zip(found[name], values, strict=True):
            assert abs(value - float(digits)) <= 0.5000001 * 10.0 ** -len(digits.partition(".")[2]), name


def test_smoothing_changes_the_typical_patients_by_less_than_section_7_5_allows(published: dict) -> None:
    found = typical_patients(load_model("cd7-ssc"))
    assert (found["peak_level"] < published["peak_level"]).all()
    np.testing.assert_allclose(found["peak_level"], published["peak_level"], rtol=0.025)
    np.testing.assert_allclose(found["peak_time"], published["peak_time"], atol=0.15)
    np.testing.assert_allclose(found["auc_0_28"], published["auc_0_28"], rtol=1e-3)
    np.testing.assert_allclose(found["auc_0_90"], published["auc_0_90"], rtol=1e-3)
    np.testing.assert_allclose(found["rho"], published["rho"], rtol=1e-4)
    np.testing.assert_allclose(found["level_28"], published["level_28"], rtol=3e-6)
    np.testing.assert_allclose(found["level_90"], published["level_90"], rtol=4e-6)
