"""The compiled density of every model file: its value against NumPy and SciPy, its gradient against differences."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from oracles.points import Point, as_draws, log_prior
from oracles.variants import VARIANTS, model

from cartmodel.equations.joint import joint
from cartmodel.prediction.draws import Draws
from cartmodel.spec import list_models, load_model


@pytest.fixture(scope="module", params=[*list_models(), *VARIANTS])
def built(request: pytest.FixtureRequest, compiled: Callable):
    return compiled(model(request.param))


def expected(built, point: Point) -> float:
    """ln density by the NumPy interpreter and SciPy's priors, over the sampled coordinates."""
    source = Draws(as_draws(point, built.spec, built.data), built.data)
    joint(built.spec, source)
    observed = float(sum(term.sum() for term in source.pointwise_log_likelihood().data_vars.values()))
    total = observed + log_prior(built.spec, built.weights, point, jacobian=True)
    if point.corr is None:
        return total
    rows, columns = np.tril_indices(len(point.corr), -1)
    step = 1e-5
    slopes = [
        (built.cholesky(point.corr_coordinates + step * e) - built.cholesky(point.corr_coordinates - step * e))[
            rows, columns
        ]
        / (2 * step)
        for e in np.eye(len(rows))
    ]
    return total + np.linalg.slogdet(np.array(slopes))[1]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_density_of_the_equations(built, seed: int) -> None:
    point = built.point(np.random.default_rng([21, seed]))
    value, _ = built.density(built.coordinates(point))
    tolerance = 1e-10 if point.corr is None else 1e-9  # the determinant there is one of differences
    assert value == pytest.approx(expected(built, point), rel=tolerance)


@pytest.mark.parametrize("seed", range(2))
def test_its_gradient_is_that_of_differences(built, seed: int) -> None:
    rng = np.random.default_rng([22, seed])
    x = built.coordinates(built.point(rng))
    _, gradient = built.density(x)
    for direction in [*np.eye(len(x))[: len(built.density.priors)], *rng.standard_normal((6, len(x)))]:
        step = 1e-3
        rough = [
            (built.density(x + h * direction)[0] - built.density(x - h * direction)[0]) / (2 * h)
            for h in (step, step / 2, step / 4)
        ]
        while len(rough) > 1:
            order = 4 - len(rough)
            rough = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(rough)]
        assert float(gradient @ direction) == pytest.approx(rough[0], rel=2e-6, abs=1e-6 * np.abs(gradient).max())


def test_it_reads_its_coordinates_as_the_point_they_came_from(built) -> None:
    point = built.point(np.random.default_rng(23))
    values = built.density.values(built.coordinates(point)[None, None])
    for name, value in point.population.items():
        assert values[name].item() == pytest.approx(value, rel=1e-12), name
    for name, eta in point.eta.items():
        np.testing.assert_allclose(values[f"eta_{name}"].values[0, 0], eta, rtol=1e-9, atol=1e-12)
    if point.corr is not None:
        np.testing.assert_allclose(values["corr"].values[0, 0], point.corr @ point.corr.T, atol=1e-12)


def test_it_is_finite_from_every_start_and_far_out(built) -> None:
    for seed in range(20):
        start = built.density.start(seed)
        centre = built.density.start(1000 + seed)
        for x in (start, centre + 3.0 * (start - centre)):
            value, gradient = built.density(x)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()


def test_the_wrong_number_of_coordinates_is_refused(built) -> None:
    with pytest.raises(ValueError, match="shape"):
        built.density(np.zeros(3))


def numbers(content: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places of all numbers of a model file."""
    if isinstance(content, dict):
        return [place for key, value in content.items() for place in numbers(value, (*path, key))]
    return [path] if isinstance(content, float) else []


@pytest.mark.parametrize("place", numbers(load_model("cd7-ssc").model_dump(exclude_none=True)), ids=".".join)
def test_every_number_of_a_model_file_changes_it(place: tuple[str, ...], compiled: Callable) -> None:
    """No constant can be left behind in old code: the density is compiled anew, and answers with the new number."""
    before = compiled(load_model("cd7-ssc"))
    x = before.coordinates(before.point(np.random.default_rng(25)))
    content = load_model("cd7-ssc").model_dump(exclude_none=True)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] *= 1.01
    changed = load_model("cd7-ssc").replace(**{place[0]: content[place[0]]})
    after = compiled(changed)
    silent = {("response", "threshold")}  # where remission begins, which no patient's likelihood needs
    assert (after.density(x)[0] != before.density(x)[0]) == (place not in silent)


def test_another_trial_needs_no_new_code(compiled: Callable) -> None:
    spec = load_model("cd7-ssc")
    one, other = compiled(spec), compiled(spec, names=("toxic", "all", "all BLQ"))
    assert one.density.address == other.density.address
    assert one.density.size != other.density.size
    point = other.point(np.random.default_rng(26))
    assert other.density(other.coordinates(point))[0] == pytest.approx(expected(other, point), rel=1e-10)
    changed = compiled(spec.replace(toxicity=None))
    assert changed.density.address != one.density.address
