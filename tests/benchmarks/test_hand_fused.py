"""The hand-written yardstick against the NumPy curve, SciPy's normal distribution and finite differences."""

import numpy as np
import pytest
from hand_fused import PARAMETERS, Grid, empty_slopes, fused, grid_of
from scipy.stats import norm

import cartmodel as cm
from cartmodel.equations.design import design
from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.stein import area
from cartmodel.kinetics.stein_smooth import growth_rate, stein_smooth, stein_smooth_integral

CENTRE = np.log([4e4, 11.0, 8.0, 0.17, 0.01, 0.0116])
SPREAD = np.array([1.0, 0.5, 2.0, 0.5, 1.0, 0.7])


@pytest.fixture(scope="module")
def grid() -> Grid:
    return grid_of(design(cm.read_trial(cm.example_path("cd7_ssc")), cm.load_model("cd7-ssc")))


def natural(theta: np.ndarray) -> dict[str, np.ndarray]:
    values = dict(zip(PARAMETERS, np.exp(theta), strict=True))
    return values | {"fb": xp.expit(theta[PARAMETERS.index("fb")])}


def log_likelihood(theta: np.ndarray, sigma: float, grid: Grid) -> np.ndarray:
    """Of each patient, by NumPy and SciPy."""
    curve = stein_smooth(xp, grid.time, **{name: value[:, None] for name, value in natural(theta).items()})
    each = np.where(grid.blq > 0, norm.logcdf(grid.level, curve, sigma), norm.logpdf(grid.level, curve, sigma))
    return np.where(np.arange(grid.time.shape[1]) < grid.count[:, None], each, 0.0).sum(axis=1)


def log_area(theta: np.ndarray) -> np.ndarray:
    values = natural(theta)
    rho = growth_rate(xp, **{name: values[name] for name in ("cmax", "tmax", "c0")})
    return np.log(area(xp, 0.0, 28.0, rho=rho, **{name: values[name] for name in values if name != "c0"}))


def slope(function, x: np.ndarray) -> np.ndarray:
    """Central differences, once extrapolated; rows of x all move at once, since each patient's answer is its own."""
    rows = []
    for row in np.eye(len(x)):
        step = 1e-3 * row.reshape(-1, *[1] * (x.ndim - 1))
        wide, narrow = ((function(x + h * step) - function(x - h * step)) / (2e-3 * h) for h in (1.0, 0.5))
        rows.append((4.0 * narrow - wide) / 3.0)
    return np.array(rows)


@pytest.mark.parametrize("seed", range(5))
def test_values_and_gradients(grid: Grid, seed: int) -> None:
    rng = np.random.default_rng([31, seed])
    theta = CENTRE[:, None] + SPREAD[:, None] * rng.uniform(-1.0, 1.0, (6, len(grid.count)))
    theta[1, 0] = np.log(33.0)  # a peak after the window
    sigma = rng.uniform(0.3, 0.9)
    theta[1] = keep_off_the_kinks(theta[1], grid)
    out = empty_slopes(len(grid.count))
    total, slope_sigma = fused(theta, sigma, grid, out, True)
    assert total == pytest.approx(log_likelihood(theta, sigma, grid).sum(), rel=1e-10)
    np.testing.assert_allclose(out.log_area, log_area(theta), rtol=1e-12)
    expected = slope(lambda x: log_likelihood(x, sigma, grid), theta)
    np.testing.assert_allclose(out.of_likelihood, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(out.of_log_area, slope(log_area, theta), rtol=1e-6, atol=1e-8)
    in_sigma = slope(lambda x: log_likelihood(theta, x[0], grid).sum(), np.array([sigma]))
    assert slope_sigma == pytest.approx(in_sigma[0], rel=1e-6)


def keep_off_the_kinks(log_peak: np.ndarray, grid: Grid) -> np.ndarray:
    """Move peaks away from the samples: within a smoothing width differences need steps that rounding spoils."""
    near = np.abs(grid.time - np.exp(log_peak)[:, None]).min(axis=1) < 0.3
    return np.where(near, log_peak + 0.06, log_peak)


def test_without_the_area_the_likelihood_is_the_same(grid: Grid) -> None:
    theta = np.tile(CENTRE[:, None], len(grid.count))
    with_it, without = empty_slopes(len(grid.count)), empty_slopes(len(grid.count))
    assert fused(theta, 0.5, grid, with_it, True) == fused(theta, 0.5, grid, without, False)
    np.testing.assert_array_equal(with_it.of_likelihood, without.of_likelihood)
    assert not without.log_area.any()


def test_its_area_is_nearly_that_of_the_smooth_curve() -> None:
    theta = CENTRE[:, None]
    smooth = stein_smooth_integral(xp, 0.0, 28.0, **natural(theta))
    np.testing.assert_allclose(log_area(theta), np.log(smooth), atol=1e-3)
