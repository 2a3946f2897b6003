"""Errors against a conjugate normal model, whose posterior is a line of algebra."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cartmodel.racing.comparison import compare
from cartmodel.racing.estimands import summarise_estimands


def conjugate(seed: int, *, shift: float = 0.0, scale: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draws of the mean of five observations with SD 2 under a N(0, 3^2) prior, and the exact answer."""
    observed = np.array([1.2, -0.4, 3.1, 0.8, 2.0])
    precision = 1 / 9 + len(observed) / 4
    mean, sd = observed.sum() / 4 / precision, precision**-0.5
    z = np.random.default_rng(seed).standard_normal((4, 1000))
    table = summarise_estimands(xr.Dataset({"mu": (("chain", "draw"), mean + shift * sd + scale * sd * z)}))
    exact = pd.DataFrame({"mean": mean, "sd": sd, "mcse_mean": 0.0, "mcse_sd": 0.0}, index=["mu"])
    return table, exact


def test_exact_draws_are_called_wrong_as_rarely_as_said() -> None:
    found = [compare(*conjugate(seed)) for seed in range(30)]
    assert all(run.agrees for run in found)  # 0.03 expected in 30 at an alarm of 1 in 1000
    z = np.array([run.z for run in found])  # the larger of two independent |z|: median 1.05
    assert 0.85 < np.median(z) < 1.25


def test_a_shift_and_a_scale_are_measured() -> None:
    shifted = compare(*conjugate(1, shift=0.3))
    assert shifted.error_mean == pytest.approx(0.3, abs=0.05)
    assert not shifted.agrees
    scaled = compare(*conjugate(2, scale=0.8))
    assert scaled.error_sd == pytest.approx(0.2, abs=0.04)
    assert not scaled.agrees


def test_an_estimand_without_an_answer_is_refused() -> None:
    table, exact = conjugate(1)
    with pytest.raises(ValueError, match="tau"):
        compare(table, pd.concat([exact, exact.rename({"mu": "tau"})]))
