"""The equations that a report prints, solved as they are printed."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cartmodel.kinetics import structures, vocabulary
from cartmodel.reporting.formulas import structure_math


@pytest.mark.parametrize(("toci", "ster"), [(np.inf, np.inf), (5.7, np.inf), (4.0, 8.5), (-1.0, 2.0)])
def test_effector_and_memory_cells_as_printed(toci: float, ster: float) -> None:
    cmax, tmax, c0, alpha, fb, beta, f_toci, f_ster, w = 24000.0, 9.3, 6.2, 0.16, 0.02, 0.0032, 1.2, 0.8, 0.05
    rho, k = np.log(1 + cmax / c0) / tmax, fb * (alpha - beta)

    def right(t: float, y: np.ndarray) -> list[float]:
        effector, memory = y
        g, d = 1 / (1 + np.exp(-(t - tmax) / w)), w * np.log(1 + np.exp((t - tmax) / w))
        rate = rho * f_toci ** (t - d > toci) * f_ster ** (t - d > ster)
        return [
            (1 - g) * rate * effector - g * alpha * effector,
            (1 - g) * rate * memory + g * (k * effector - beta * memory),
        ]

    days = np.array([1.0, 5.0, 9.0, 9.3, 10.0, 14.0, 28.0])
    start = [c0 * cmax / (c0 + cmax), 0.0]
    found = solve_ivp(right, (0.0, 28.0), start, "LSODA", days, rtol=1e-9, atol=1e-9, max_step=0.01).y.sum(axis=0)
    drugs = {"f_toci": f_toci, "f_ster": f_ster, "tocilizumab_day": toci, "steroid_day": ster}
    curve = structures["effector_memory"].log_level
    own = curve(vocabulary, days, cmax=cmax, tmax=tmax, c0=c0, alpha=alpha, fb=fb, beta=beta, **drugs)
    np.testing.assert_allclose(np.exp(own), found, rtol=1e-4)


def test_every_symbol_of_the_printed_equations_is_told() -> None:
    told = structure_math(structures["effector_memory"])
    defined = {line.split("=")[0].strip() for line in told}
    assert {"C", "E'", "M'", r"\rho(t)", r"\rho", "g", "d", "w", "k", "E(0)", "M(0)"} == defined
