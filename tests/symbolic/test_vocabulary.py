"""The two array vocabularies have the same names and, compiled as for sampling, the same values."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import special, stats

from cartmodel.kinetics import vocabulary as numeric
from cartmodel.symbolic import vocabulary as symbolic

REAL = np.concatenate([-np.logspace(-8, 2.8, 40)[::-1], [0.0], np.logspace(-8, 2.8, 40)])
WIDE = np.concatenate([REAL, [-1e4, 1e4]])  # where exp overflows
POSITIVE = np.logspace(-12, 12, 49)
FRACTION = special.expit(np.linspace(-30, 30, 61))
ONE_ARGUMENT = {
    "abs": REAL, "exp": REAL, "expit": WIDE, "expm1": REAL, "gammaln": POSITIVE, "log": POSITIVE, "log1p": POSITIVE,
    "log_ndtr": np.linspace(-40, 40, 1601), "logit": FRACTION, "softplus": WIDE, "sqrt": POSITIVE,
}  # fmt: skip
TWO_ARGUMENTS = ("logaddexp", "maximum", "minimum")


def test_both_vocabularies_have_the_same_names() -> None:
    assert sorted(numeric.__all__) == sorted(symbolic.__all__)
    assert sorted(numeric.__all__) == sorted([*ONE_ARGUMENT, *TWO_ARGUMENTS, "quadrature"])
    for name in numeric.__all__:
        assert callable(getattr(numeric, name))
        assert callable(getattr(symbolic, name))


@pytest.fixture(scope="module")
def compiled() -> dict[str, np.ndarray]:
    """Every word of PyTensor's vocabulary at its arguments, in the default mode: that of the samplers."""
    inputs = {name: pt.dvector(name) for name in ONE_ARGUMENT}
    left, right = pt.dvector("left"), pt.dvector("right")
    outputs = {name: getattr(symbolic, name)(x) for name, x in inputs.items()}
    outputs |= {name: getattr(symbolic, name)(left, right) for name in TWO_ARGUMENTS}
    x = inputs["log_ndtr"]
    outputs["slope of log_ndtr"] = pt.grad(pt.sum(outputs["log_ndtr"]), x)
    outputs["quadrature"] = symbolic.quadrature(
        lambda v: pt.exp(-v * left), pt.minimum(left, right), pt.maximum(left, right), nodes=6
    )
    function = pytensor.function([*inputs.values(), left, right], list(outputs.values()))
    values = function(*ONE_ARGUMENT.values(), *two_columns())
    return dict(zip(outputs, values, strict=True))


def two_columns() -> tuple[np.ndarray, np.ndarray]:
    grid = np.array([-3.0, -0.7, 0.0, 1e-9, 0.5, 2.0])
    left, right = np.meshgrid(grid, grid)
    return left.ravel(), right.ravel()


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_functions_of_one_argument_agree(name: str, compiled: dict[str, np.ndarray]) -> None:
    values = getattr(numeric, name)(ONE_ARGUMENT[name])
    np.testing.assert_allclose(compiled[name], values, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_functions_of_two_arguments_agree(name: str, compiled: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(compiled[name], getattr(numeric, name)(*two_columns()), rtol=1e-12, atol=1e-300)


def test_quadratures_agree_and_take_scalars_arrays_and_labelled_arrays(compiled: dict[str, np.ndarray]) -> None:
    left, right = two_columns()
    low, high = np.minimum(left, right), np.maximum(left, right)
    values = numeric.quadrature(lambda v: np.exp(-v * left), low, high, nodes=6)
    np.testing.assert_allclose(compiled["quadrature"], values, rtol=1e-12)
    x = xr.DataArray(left, dims="case")
    labelled = numeric.quadrature(
        lambda v: np.exp(-v * x), xr.DataArray(low, dims="case"), xr.DataArray(high, dims="case"), nodes=6
    )
    assert labelled.dims == ("case",)
    np.testing.assert_allclose(labelled.values, values, rtol=1e-13)
    one = numeric.quadrature(lambda v: np.exp(-v * left[3]), low[3], high[3], nodes=6)
    assert float(one) == pytest.approx(values[3], rel=1e-13)


@pytest.mark.parametrize("nodes", [1, 2, 6])
def test_quadrature_of_n_nodes_is_exact_for_polynomials_of_degree_2n_minus_1(nodes: int) -> None:
    degree = 2 * nodes - 1
    value = numeric.quadrature(lambda v: v**degree + v, np.array([-0.5, 1.0]), np.array([2.0, 1.5]), nodes=nodes)
    low, high = np.array([-0.5, 1.0]), np.array([2.0, 1.5])
    exact = (high ** (degree + 1) - low ** (degree + 1)) / (degree + 1) + (high**2 - low**2) / 2
    np.testing.assert_allclose(value, exact, rtol=1e-12)


def test_log_ndtr_and_its_slope_are_right_from_minus_40_to_40(compiled: dict[str, np.ndarray]) -> None:
    x = ONE_ARGUMENT["log_ndtr"]
    np.testing.assert_allclose(compiled["log_ndtr"], special.log_ndtr(x), rtol=1e-12, atol=1e-300)
    slope = np.exp(stats.norm.logpdf(x) - special.log_ndtr(x))
    assert np.isfinite(compiled["slope of log_ndtr"]).all()
    np.testing.assert_allclose(compiled["slope of log_ndtr"], slope, rtol=1e-11, atol=1e-300)


def test_the_slope_of_log_ndtr_does_not_lean_on_pytensors_rewriting() -> None:
    x = pt.dvector("x")
    slope = pytensor.function([x], pt.grad(pt.sum(symbolic.log_ndtr(x)), x), mode=Mode("py", None))
    points = np.array([-1e4, -300.0, -40, -1, -0.999, 0, 8, 40, 300, 1e4])
    found = slope(points)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:2], -points[:2], rtol=1e-4)
    np.testing.assert_allclose(found[-3:], 0.0, atol=1e-300)


def test_a_quadrature_over_fixed_days_leaves_the_patients_axis_alone() -> None:
    """With as many patients as nodes an axis of nodes would fit the patients' by chance."""
    rates = np.linspace(0.1, 1.0, 6)
    exact = (1 - np.exp(-3.0 * rates)) / rates
    found = numeric.quadrature(lambda v: np.exp(-v * rates), 0.0, 3.0, nodes=6)
    np.testing.assert_allclose(found, exact, rtol=1e-6)
    rate = pt.dvector("rate")
    graph = symbolic.quadrature(lambda v: pt.exp(-v * rate), 0.0, 3.0, nodes=6)
    np.testing.assert_allclose(graph.eval({rate: rates}), found, rtol=1e-12)
