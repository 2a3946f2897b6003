"""The exact curve against section 7.2 of the domain file, 40-digit arithmetic and adaptive quadrature."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from oracles import curves
from scipy.optimize import brentq

from cartmodel.kinetics import structures
from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.stein import growth_rate, stein, stein_integral, stein_peak

TYPICAL = {"cmax": 24000.0, "tmax": 9.3, "c0": 24000.0 / 3900.0, "alpha": 0.16, "fb": 0.0079, "beta": 0.0032}
DAYS_AND_LEVELS = [
    (1, "14.9720963730"),
    (3, "88.6246580348"),
    (5, "524.597879692"),
    (7, "3105.26372095"),
    (10, "21476.7271601"),
    (14, "11411.5343265"),
    (21, "3845.04649904"),
    (28, "1373.55877575"),
    (60, "168.346136478"),
    (90, "146.507674140"),
    (180, "109.801763518"),
    (360, "61.7242318118"),
]
AREAS = [
    (28, "171774.285180"),
    (90, "189285.685411"),
    (180, "200738.284151"),
    (365, "216068.678104"),
    (100_000, "235051.335240"),  # nothing is left by then: the published infinite area
]
LATE = TYPICAL | {"tmax": 45.0}
FLAT = TYPICAL | {"c0": 24000.0}
FALLING = TYPICAL | {"c0": 90000.0}
NEARLY_FLAT = TYPICAL | {"c0": 24000.0 * (1 - 1e-13)}
PATIENTS = {"typical": TYPICAL, "late": LATE, "flat": FLAT, "falling": FALLING, "nearly flat": NEARLY_FLAT}
WINDOWS = [
    (0, 28),
    (0, 90),
    (60, 90),
    (1, 5),
    (5, 30),
    (9.3, 20),
    (0, 9.3),
    (9.29, 9.31),
    (28, 45),
    (10, 10),
    (0.5, 365),
]


def agrees(value: float, digits: str, *, units: float = 0.5) -> bool:
    """Whether a number is within so many units of the last printed digit; half a unit: it rounds to what is printed."""
    return abs(value - float(digits)) <= 1.000001 * units * 10.0 ** -len(digits.partition(".")[2])


def exact_level(day: int) -> float:
    """The curve of section 1.1 for the published patient, with 40 digits."""
    with localcontext() as context:
        context.prec = 40
        cmax, tmax, fold = Decimal(24000), Decimal("9.3"), Decimal(3900)
        alpha, fb, beta, t = Decimal("0.16"), Decimal("0.0079"), Decimal("0.0032"), Decimal(day)
        if t < tmax:
            return float(cmax / fold * (fold.ln() * t / tmax).exp())
        return float(cmax * ((1 - fb) * (-alpha * (t - tmax)).exp() + fb * (-beta * (t - tmax)).exp()))


@pytest.mark.parametrize(("day", "digits"), DAYS_AND_LEVELS)
def test_the_published_patient_has_the_levels_of_section_7_2(day: int, digits: str) -> None:
    level = float(np.exp(stein(xp, float(day), **TYPICAL)))
    assert level == pytest.approx(exact_level(day), rel=5e-14)
    assert agrees(level, digits, units=1.5)  # at days 3 and 180 the twelfth printed digit is off by one


@pytest.mark.parametrize(("end", "digits"), AREAS)
def test_the_published_patient_has_the_areas_of_section_7_2(end: float, digits: str) -> None:
    assert agrees(float(stein_integral(xp, 0.0, float(end), **TYPICAL)), digits)


def test_the_published_patient_has_the_growth_rate_of_section_7_2() -> None:
    rho = float(growth_rate(xp, cmax=TYPICAL["cmax"], tmax=TYPICAL["tmax"], c0=TYPICAL["c0"]))
    assert rho == pytest.approx(0.8891109496900792, rel=1e-15)
    assert agrees(np.log(2) / rho, "0.7795958")
    assert agrees(float(np.exp(stein(xp, 0.0, **TYPICAL))), "6.153846153846")


# The domain file prints 425.829242; with 40 digits of arithmetic the root is 425.829245123.
@pytest.mark.parametrize(("low", "high", "digits"), [(0, 9.3, "2.356225"), (9.3, 1000, "425.829245")])
def test_the_published_patient_crosses_the_limit_on_the_days_of_section_7_2(
    low: float, high: float, digits: str
) -> None:
    crossing = brentq(lambda t: float(stein(xp, t, **TYPICAL)) - np.log(50.0), low, high, xtol=1e-12)
    assert agrees(crossing, digits)


@pytest.mark.parametrize("patient", PATIENTS)
def test_levels_are_those_of_the_plain_curve(patient: str) -> None:
    days = np.array([0.0, 0.3, 1, 5, 9.29, 9.3, 9.31, 14, 28, 44.9, 45.1, 90, 365])
    plain = curves.sharp(**PATIENTS[patient])
    np.testing.assert_allclose(np.exp(stein(xp, days, **PATIENTS[patient])), [plain(t) for t in days], rtol=1e-12)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("patient", PATIENTS)
def test_area_of_any_window_equals_adaptive_quadrature(patient: str, window: tuple[float, float]) -> None:
    parameters = PATIENTS[patient]
    expected = curves.area(curves.sharp(**parameters), *window, edges=[parameters["tmax"]])
    assert float(stein_integral(xp, *window, **parameters)) == pytest.approx(expected, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("patient", PATIENTS)
def test_areas_add_up(patient: str) -> None:
    edges = np.array([0.0, 2, 9.3, 9.35, 28, 44, 46, 90, 365])
    pieces = stein_integral(xp, edges[:-1], edges[1:], **PATIENTS[patient])
    assert float(np.sum(pieces)) == pytest.approx(float(stein_integral(xp, 0.0, 365.0, **PATIENTS[patient])), rel=1e-11)


@pytest.mark.parametrize("patient", ["typical", "late", "flat", "nearly flat"])
def test_peak_of_a_rising_curve_is_at_tmax(patient: str) -> None:
    parameters = PATIENTS[patient]
    time, log_level = stein_peak(xp, **parameters)
    assert float(time) == parameters["tmax"]
    assert float(np.exp(log_level)) == pytest.approx(parameters["cmax"], rel=1e-14)


def test_peak_of_a_falling_curve_is_its_start() -> None:
    time, log_level = stein_peak(xp, **FALLING)
    assert float(time) == 0.0
    assert float(np.exp(log_level)) == pytest.approx(FALLING["c0"], rel=1e-14)
    assert float(log_level) == pytest.approx(float(stein(xp, 0.0, **FALLING)), rel=1e-14)


def test_the_registry_hands_out_this_curve_with_its_parameters_in_order() -> None:
    curve = structures["stein"]
    assert tuple(curve.parameters) == ("cmax", "tmax", "c0", "alpha", "fb", "beta")
    assert [p.support for p in curve.parameters.values()] == ["positive"] * 4 + ["fraction", "positive"]
    assert float(curve.integral(xp, 0, 28, **TYPICAL)) == float(stein_integral(xp, 0, 28, **TYPICAL))
    assert float(curve.log_level(xp, 14.0, **TYPICAL)) == float(stein(xp, 14.0, **TYPICAL))


@pytest.mark.parametrize("support", ["positive", "fraction", "real"])
def test_a_parameters_link_and_inverse_undo_each_other(support: str) -> None:
    from cartmodel.kinetics import StructuralParameter

    parameter = StructuralParameter(support, "1")
    values = np.array([1e-6, 0.2, 0.999])
    np.testing.assert_allclose(parameter.inverse(xp, parameter.link(xp, values)), values, rtol=1e-12)
