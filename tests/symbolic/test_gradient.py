"""Gradients of the PyMC model: equal to central differences across the prior, finite far into its tails."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from oracles import priors
from oracles.points import Point, trial_table

from cartmodel.spec import load_model
from cartmodel.trial import read_trial

PATIENTS = ("all", "no sample", "all BLQ", "toxic")
COMBINED = {
    "unit": "copies/ug", "residual": "combined",
    "sigma_proportional": {"dist": "LogNormal", "median": 0.4, "sigma": 0.3, "reason": "test", "source": "test"},
    "sigma_additive": {"dist": "HalfNormal", "sigma": 30.0, "reason": "test", "source": "test"},
}  # fmt: skip
VARIANTS = {
    "default": {},
    "correlated, combined error": {"correlation": {"eta": 2.0, "reason": "test"}, "assays": {"qpcr": COMBINED}},
}


@pytest.fixture(scope="module", params=VARIANTS)
def sloped(request: pytest.FixtureRequest, built: Callable):
    spec = load_model("cd7-ssc").replace(**VARIANTS[request.param])
    return built(spec, read_trial(trial_table(spec, PATIENTS)))


def slope(function: Callable[[float], float]) -> float:
    """The derivative at 0: central differences at three steps, extrapolated to none."""
    step = 1e-3
    rough = [(function(h) - function(-h)) / (2 * h) for h in (step, step / 2, step / 4)]
    while len(rough) > 1:
        order = 4 - len(rough)
        rough = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(rough)]
    return rough[0]


def moved(point: dict[str, np.ndarray], direction: dict[str, np.ndarray], distance: float) -> dict[str, np.ndarray]:
    return {name: value + distance * direction[name] for name, value in point.items()}


def scales_of(sloped) -> dict[str, np.ndarray]:
    """About one prior SD of each coordinate."""
    drawn = [sloped.coordinates(sloped.prior_point(np.random.default_rng([9, k]))) for k in range(30)]
    return {name: np.std([point[name] for point in drawn], axis=0) for name in drawn[0]}


def directions(
    point: dict[str, np.ndarray], scales: dict[str, np.ndarray], rng: np.random.Generator
) -> Iterator[dict[str, np.ndarray]]:
    """Everything at once along a random direction, then each population coordinate by itself."""
    yield {name: scales[name] * rng.standard_normal(value.shape) / np.sqrt(value.size) for name, value in point.items()}
    for name, value in point.items():
        if value.ndim == 0:
            yield {other: np.zeros_like(rest) for other, rest in point.items()} | {name: scales[name]}


def test_gradient_equals_central_differences_across_the_prior(sloped) -> None:
    scales = scales_of(sloped)
    points, one_by_one = (20, 3) if sloped.spec.correlation is None else (8, 1)
    for seed in range(points):
        rng = np.random.default_rng([3, seed])
        point = sloped.coordinates(sloped.prior_point(rng, width=0.95))
        gradient = sloped.gradient(point)
        size = np.sqrt(sum(np.sum((gradient[name] * scales[name]) ** 2) for name in gradient))
        for number, direction in enumerate(directions(point, scales, rng)):
            if number and seed >= one_by_one:
                break
            expected = sum(float(np.sum(gradient[name] * direction[name])) for name in point)
            found = slope(lambda h, d=direction, p=point: sloped.log_density(moved(p, d, h)))
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-8 * size), (seed, number)


def far_points(sloped) -> Iterator[Point]:
    """Each population parameter alone three SDs out, all of them together, and random effects of three SDs."""
    known = dict(sloped.spec.priors())
    low, high = 0.00135, 0.99865
    middle = sloped.prior_point(np.random.default_rng(1), width=1e-9)
    for name, prior in known.items():
        for p in (low, high):
            yield Point(
                middle.population | {name: priors.quantile(prior, p)},
                middle.eta,
                middle.signs,
                middle.corr,
                middle.corr_coordinates,
            )
    rng = np.random.default_rng(2)
    for _ in range(20):
        point = sloped.prior_point(rng)
        point.population = {name: priors.quantile(prior, rng.choice([low, high])) for name, prior in known.items()}
        point.eta = {
            name: point.population[f"omega_{name}"] * rng.choice([-3.0, 3.0], size=sloped.patients)
            for name in sloped.spec.random
        }
        yield point
    late = sloped.prior_point(rng)
    for tmax in (27.99, 28.0, 28.01, 60.0, 92.0, 150.0, 1000.0):  # also after the window, and after the last sample
        late.eta = late.eta | {"tmax": np.zeros(sloped.patients)}
        population = late.population | {"tmax_pop": tmax, "cov_tmax_dose": 0.0}
        yield Point(population, late.eta, late.signs, late.corr, late.corr_coordinates)
    for cmax_over_c0 in (1.0, 1e-3):  # no growth, decline
        population = late.population | {"c0_pop": late.population["cmax_pop"] / cmax_over_c0}
        yield Point(population, late.eta, late.signs, late.corr, late.corr_coordinates)


def test_density_and_gradient_are_finite_far_into_the_tails(sloped) -> None:
    for point in list(far_points(sloped))[:: 1 if sloped.spec.correlation is None else 4]:
        coordinates = sloped.coordinates(point)
        assert np.isfinite(sloped.log_density(coordinates)), point.population
        for name, value in sloped.gradient(coordinates).items():
            assert np.isfinite(value).all(), (name, point.population)


def test_density_and_gradient_are_finite_where_the_folded_sds_are_0(sloped) -> None:
    point = sloped.coordinates(sloped.prior_point(np.random.default_rng(4)))
    folded = [name for name in point if name.startswith("z_omega_")]
    point |= {name: np.asarray(0.0) for name in folded}
    point |= {name.replace("omega_", ""): np.full(sloped.patients, 0.7) for name in folded}
    assert np.isfinite(sloped.log_density(point))
    assert all(np.isfinite(value).all() for value in sloped.gradient(point).values())
