"""Classical EWOC: worked doses, and nested adaptive quadrature."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from cartmodel.escalation.ewoc import ewoc_dose

RANGE = {"target": 0.33, "feasibility": 0.25, "lowest": 20.0, "highest": 100.0}
# Section 6 of the domain file: doses, DLTs, next dose.
WORKED = [
    ([20] * 3, [0, 0, 0], 40.0),
    ([20] * 3 + [40] * 3, [0, 0, 0, 0, 0, 1], 43.95),
    ([20] * 3 + [60] * 3, [0, 0, 0, 0, 1, 1], 41.08),
]


@pytest.mark.parametrize(("doses", "dlt", "following"), WORKED)
def test_worked_doses(doses: list[float], dlt: list[bool], following: float) -> None:
    assert round(ewoc_dose(doses, dlt, **RANGE), 2) == following


@pytest.mark.parametrize(("doses", "dlt"), [(doses, dlt) for doses, dlt, _ in WORKED[1:]])
def test_the_quantile_by_nested_quadrature(doses: list[float], dlt: list[bool]) -> None:
    def likelihood(risk: float, mtd: float) -> float:
        value = 1.0
        for x, y in zip(doses, dlt, strict=True):
            base = math.log(risk / (1 - risk))
            eta = base + (math.log(0.33 / 0.67) - base) * (x - 20) / (mtd - 20)
            p = 1 / (1 + math.exp(-min(max(eta, -700), 700)))
            value *= p if y else 1 - p
        return value

    def density(mtd: float) -> float:
        return quad(likelihood, 1e-300, 0.33, args=(mtd,), epsabs=1e-11, limit=200)[0]

    found = ewoc_dose(doses, dlt, **RANGE)
    below = quad(density, 20 + 1e-9, found, epsabs=1e-9, limit=200)[0]
    above = sum(quad(density, a, b, epsabs=1e-9, limit=200)[0] for a, b in ((found, 60), (60, 100)))
    assert below / (below + above) == pytest.approx(0.25, abs=1e-6)


def test_without_data_it_is_the_quantile_of_the_prior() -> None:
    assert ewoc_dose([], [], **RANGE) == pytest.approx(40.0, abs=1e-9)


def test_units_do_not_matter() -> None:
    doses, dlt, _ = WORKED[1]
    scaled = {"target": 0.33, "feasibility": 0.25, "lowest": 20e6, "highest": 100e6}
    other = ewoc_dose(np.array(doses) * 1e6, dlt, **scaled)
    assert other == pytest.approx(1e6 * ewoc_dose(doses, dlt, **RANGE), rel=1e-9)


def test_doses_outside_the_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from 20\.0 to 100\.0"):
        ewoc_dose([10], [False], **RANGE)
    with pytest.raises(ValueError, match="one for each outcome"):
        ewoc_dose([20, 20], [False], **RANGE)
