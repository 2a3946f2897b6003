"""A whole small model against a loop over its patients in SciPy, which shares no code or number with the package."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from oracles.points import is_folded
from oracles.small_model import Patient, log_density

from cartmodel.spec import load_model
from cartmodel.trial import read_trial

PATIENTS = [
    Patient(
        0.25e8, ((3.0, 70.0), (7.0, 2500.0), (13.0, 9000.0), (28.0, 800.0)), ((1.0, 50.0), (90.0, 50.0)), 0, -2.0, 0
    ),
    Patient(1e8, ((10.0, 31000.0), (11.5, 46000.0)), (), 1, None, 0),
    Patient(2e8, (), ((1.0, 50.0), (2.0, 60.0)), 0, 9.5, 1),
    Patient(2e8, dlt=0),
]


def table() -> pd.DataFrame:
    rows = []
    for number, patient in enumerate(PATIENTS):
        own = {
            "subject": f"P{number}",
            "dose": patient.dose,
            "criss_step1": patient.step1,
            "criss_lp": patient.lp,
            "dlt": patient.dlt,
        }
        rows.append(own)
        rows += [own | {"time": t, "level": y, "unit": "copies/ug"} for t, y in patient.quantified]
        rows += [own | {"time": t, "blq": 1, "lloq": limit, "unit": "copies/ug"} for t, limit in patient.below]
    return pd.DataFrame(rows).astype(object).where(lambda frame: frame.notna(), "")


# The area of the rounded curve is a quadrature with a relative error of 1e-8 or so; everything else is exact.
@pytest.mark.parametrize(("structure", "tolerance"), [("stein", 1e-9), ("stein_smooth", 1e-7)])
def test_log_density_is_that_of_the_loop(structure: str, tolerance: float, built: Callable) -> None:
    spec = load_model("cd7-ssc").replace(structure=structure)
    small = built(spec, read_trial(table()))
    assert small.patients == len(PATIENTS)
    for seed in range(6):
        point = small.prior_point(np.random.default_rng([2, seed]))
        population, omega = point.population, {n: point.population[f"omega_{n}"] for n in spec.random}
        effects = [{n: float(point.eta[n][i] / omega[n]) for n in omega} for i in range(len(PATIENTS))]
        expected = log_density(population, effects, PATIENTS, smooth=structure == "stein_smooth")
        for name, weight in small.weights.items():  # from standard effects to the coordinates that PyMC samples
            expected -= np.log(2) if is_folded(spec, name) else np.sum(weight) * np.log(omega[name])
        found = sum(small.terms(small.coordinates(point)).values())
        assert found == pytest.approx(expected, rel=tolerance)
