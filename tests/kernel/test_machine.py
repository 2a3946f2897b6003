"""The kernel's own arithmetic: every word of its vocabulary, sums over nested ranges, and their derivatives."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from cartmodel.kernel import vocabulary as recorded
from cartmodel.kernel.expression import Loop, Node, Range, constant, total
from cartmodel.kernel.layout import LANES
from cartmodel.kernel.machine import compile_density
from cartmodel.kinetics import vocabulary as numeric

REAL = np.concatenate([-np.logspace(-8, 2.8, 60)[::-1], [0.0], np.logspace(-8, 2.8, 60)])
POSITIVE = np.logspace(-12, 12, 97)
WORDS: dict[str, tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]] = {
    "abs": (REAL[REAL != 0], np.sign),
    "exp": (REAL, np.exp),
    "expit": (REAL, lambda x: special.expit(x) * special.expit(-x)),
    "expm1": (REAL, np.exp),
    "gammaln": (np.logspace(-6, 6, 97), special.digamma),
    "log": (POSITIVE, lambda x: 1 / x),
    "log1p": (np.concatenate([-np.logspace(-12, -0.01, 50), POSITIVE]), lambda x: 1 / (1 + x)),
    "log_ndtr": (
        np.concatenate([np.linspace(-40, 38, 1561), [-300.0, -1e4]]),
        lambda x: np.exp(stats.norm.logpdf(x) - special.log_ndtr(x)),
    ),
    "logit": (special.expit(np.linspace(-30, 30, 61)), lambda x: 1 / x + 1 / (1 - x)),
    "softplus": (REAL, special.expit),
    "sqrt": (POSITIVE, lambda x: 0.5 / np.sqrt(x)),
}
"""Arguments of each word of one argument, and its derivative from SciPy or a textbook."""


class Program:
    """A compiled expression of shared coordinates, and of one for each subject."""

    def __init__(self, density: Node, shared: int, own: int, columns: list[np.ndarray]) -> None:
        self._engine, self.listing = compile_density(density, (shared, own))
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
        self._call = kind(self._engine.get_function_address("density"))
        self._held = [np.ascontiguousarray(column, float) for column in columns]
        self._columns = np.array([column.ctypes.data for column in self._held], dtype=np.uintp)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray, int]:
        x = np.ascontiguousarray(x, float)
        gradient, value = np.empty(len(x)), np.empty(1)
        code = self._call(len(x), x.ctypes.data, gradient.ctypes.data, value.ctypes.data, self._columns.ctypes.data)
        return float(value[0]), gradient, code


def coordinate(place: int, loop: Loop | None = None) -> Node:
    return Node("coordinate", (), loop, place)


def test_the_vocabulary_has_every_word() -> None:
    assert sorted(recorded.__all__) == sorted(numeric.__all__)
    assert sorted(recorded.__all__) == sorted([*WORDS, "logaddexp", "maximum", "minimum", "quadrature"])


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_scipys_value_and_slope(word: str) -> None:
    arguments, slope = WORDS[word]
    program = Program(getattr(recorded, word)(coordinate(0)), 1, 0, [])
    found = [program(np.array([x])) for x in arguments]
    expected = getattr(numeric, word)(arguments)
    np.testing.assert_allclose(
        [value for value, _, _ in found], expected, rtol=1e-12 if word == "gammaln" else 1e-13, atol=1e-13
    )
    np.testing.assert_allclose([g[0] for _, g, _ in found], slope(arguments), rtol=3e-12, atol=2e-16)


@pytest.mark.parametrize("word", WORDS)
def test_lanes_give_what_a_single_number_gives(word: str) -> None:
    arguments = WORDS[word][0]
    subject = Loop(None)
    x = coordinate(0, subject)
    count = Node("column", (), None, 0)
    body = getattr(recorded, word)(x)
    program = Program(total(body, Range(subject, 0.0, count)), 0, 1, [np.array([-(-len(arguments) // LANES)])])
    value, gradient, _ = program(arguments)
    single = Program(getattr(recorded, word)(coordinate(0)), 1, 0, [])
    alone = [single(np.array([argument])) for argument in arguments]
    np.testing.assert_array_equal(gradient, [g[0] for _, g, _ in alone])
    assert value == pytest.approx(sum(v for v, _, _ in alone), rel=1e-13)


@pytest.mark.parametrize("word", ["logaddexp", "maximum", "minimum"])
def test_words_of_two_arguments(word: str) -> None:
    grid = np.array([-700.0, -3.0, -0.7, 0.0, 1e-9, 0.5, 2.0, 650.0])
    program = Program(getattr(recorded, word)(coordinate(0), coordinate(1)), 2, 0, [])
    for a in grid:
        for b in grid[grid != a]:
            value, gradient, _ = program(np.array([a, b]))
            assert value == pytest.approx(float(getattr(numeric, word)(a, b)), rel=1e-13)
            share = special.expit(a - b) if word == "logaddexp" else float((a > b) == (word == "maximum"))
            np.testing.assert_allclose(gradient, [share, 1 - share], atol=1e-14)


def test_a_quadrature_and_its_slopes() -> None:
    rate, low, high = (coordinate(i) for i in range(3))
    program = Program(recorded.quadrature(lambda v: recorded.exp(-rate * v), low, high, nodes=12), 3, 0, [])
    for k, a, b in ((0.5, 0.0, 3.0), (1.2, -1.0, 0.5)):
        value, gradient, _ = program(np.array([k, a, b]))
        area = (np.exp(-k * a) - np.exp(-k * b)) / k
        assert value == pytest.approx(area, rel=1e-12)
        in_rate = (b * np.exp(-k * b) - a * np.exp(-k * a)) / k - area / k
        np.testing.assert_allclose(gradient, [in_rate, -np.exp(-k * a), np.exp(-k * b)], rtol=1e-11)


def test_a_quadrature_per_subject_is_empty_where_its_ends_meet() -> None:
    subject = Loop(None)
    high = coordinate(0, subject)
    held = recorded.maximum(high, 1.0)
    area = recorded.quadrature(lambda v: recorded.exp(-0.7 * v), 1.0, held, nodes=12)
    groups = Node("column", (), None, 0)
    program = Program(total(area, Range(subject, 0.0, groups)), 0, 1, [np.array([2.0])])
    ends = np.array([0.2, 1.0, 3.0, 2.0, 0.9, 1.5, 4.0, 0.0, -3.0, 0.5])
    value, gradient, _ = program(ends)
    held = np.maximum(ends, 1.0)
    assert value == pytest.approx(np.sum(np.exp(-0.7) - np.exp(-0.7 * held)) / 0.7, rel=1e-12)
    np.testing.assert_allclose(gradient, np.where(ends > 1.0, np.exp(-0.7 * held), 0.0), rtol=1e-11)


@pytest.mark.parametrize("where", ["population", "subject"])
def test_a_quadrature_whose_integrand_knows_the_sample(where: str) -> None:
    """sum_i sum_j int_0^T exp(-t_ij v) dv, with T of the population or of the subject."""
    rng = np.random.default_rng(3)
    times, ends = rng.uniform(0.1, 2.0, (3, LANES)), rng.uniform(0.5, 3.0, LANES)
    subject = Loop(None)
    sample = Loop(subject)
    high = coordinate(0, subject if where == "subject" else None)
    t = Node("column", (), sample, 1)
    area = recorded.quadrature(lambda v: recorded.exp(-t * v), 0.0, high, nodes=16)
    inner = total(area, Range(sample, Node("bound", (), subject, 2), Node("bound", (), subject, 3)))
    density = total(inner, Range(subject, 0.0, Node("column", (), None, 0)))
    columns = [np.array([1.0]), times, np.array([0]), np.array([3])]
    if where == "subject":
        value, gradient, _ = Program(density, 0, 1, columns)(ends)
        expected, slope = (1 - np.exp(-times * ends)) / times, np.exp(-times * ends).sum(axis=0)
        np.testing.assert_allclose(gradient, slope, rtol=1e-11)
        assert value == pytest.approx(expected.sum(), rel=1e-12)
        return
    program = Program(density + 0.0 * coordinate(0), 1, 1, columns)
    value, gradient, _ = program(np.array([1.7, *ends]))
    assert value == pytest.approx(((1 - np.exp(-times * 1.7)) / times).sum(), rel=1e-12)
    assert gradient[0] == pytest.approx(np.exp(-times * 1.7).sum(), rel=1e-11)


@pytest.mark.parametrize("word", ["maximum", "minimum", "logaddexp"])
def test_what_is_not_a_number_stays_so(word: str) -> None:
    program = Program(getattr(recorded, word)(coordinate(0), coordinate(1)), 2, 0, [])
    assert all(np.isnan(program(np.array(pair))[0]) for pair in ((np.nan, 1.0), (1.0, np.nan)))


def test_the_logarithm_at_its_end_is_infinite() -> None:
    assert Program(recorded.log1p(coordinate(0)), 1, 0, [])(np.array([-1.0]))[0] == -np.inf


@pytest.mark.parametrize("subjects", [1, 7, 8, 9, 16, 21])
def test_sums_over_subjects_and_their_samples(subjects: int) -> None:
    """sum_i [(a z_i)^2 + sum_j exp(-b t_ij) z_i], with the samples of each group of lanes in rows."""
    rng = np.random.default_rng(subjects)
    groups = -(-subjects // LANES)
    rows = rng.integers(0, 4, groups)
    starts = np.concatenate([[0], np.cumsum(rows)])
    times, here = rng.random((starts[-1], LANES)), 1.0 * (rng.random((starts[-1], LANES)) < 0.7)
    subject = Loop(None)
    sample = Loop(subject)
    a, b, z = coordinate(0), coordinate(1), coordinate(0, subject)
    columns = [Node("column", (), loop, k) for k, loop in enumerate((None, sample, sample))]
    start, stop = Node("bound", (), subject, 3), Node("bound", (), subject, 4)
    inner = total(columns[2] * recorded.exp(-b * columns[1]) * z, Range(sample, start, stop))
    density = total((a * z) ** 2 + inner, Range(subject, 0.0, columns[0]))
    program = Program(density, 2, 1, [np.array([groups]), times, here, starts[:-1], starts[1:]])
    x = rng.standard_normal(2 + subjects)
    own = x[2:]
    value, gradient, code = program(x)
    expected, in_b, in_z = np.sum((x[0] * own) ** 2), 0.0, 2 * x[0] ** 2 * own
    for i in range(subjects):
        group, lane = divmod(i, LANES)
        chosen = slice(starts[group], starts[group + 1])
        term = here[chosen, lane] * np.exp(-x[1] * times[chosen, lane])
        expected += own[i] * term.sum()
        in_b -= own[i] * (term * times[chosen, lane]).sum()
        in_z[i] += term.sum()
    assert code == 0
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, [2 * x[0] * np.sum(own**2), in_b, *in_z], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("x", "finite"), [(1.0, True), (0.0, False), (-1.0, False), (np.nan, False), (np.inf, False)])
def test_a_point_without_a_finite_density_is_said(x: float, finite: bool) -> None:
    assert (Program(recorded.log(coordinate(0)), 1, 0, [])(np.array([x]))[2] == 0) == finite


def test_numbers_alone_are_computed_at_once() -> None:
    node = recorded.exp(constant(1.0)) * 2.0 - recorded.log(constant(3.0))
    assert node.op == "const"
    assert node.data == pytest.approx(2 * np.e - np.log(3))


def test_a_decision_on_an_unknown_value_is_refused() -> None:
    with pytest.raises(TypeError, match="not known yet"):
        bool(coordinate(0) < 1.0)


def test_a_slope_that_is_not_finite_is_said() -> None:
    value, gradient, code = Program(recorded.sqrt(coordinate(0)), 1, 0, [])(np.array([0.0]))
    assert (value, gradient[0]) == (0.0, np.inf)
    assert code != 0


def test_whole_powers_take_numbers_below_zero() -> None:
    x = coordinate(0)
    value, gradient, _ = Program(x**3 + x**2, 1, 0, [])(np.array([-1.5]))
    assert value == pytest.approx(-1.125)
    assert gradient[0] == pytest.approx(3 * 2.25 - 3.0)


def test_minimum_takes_its_second_argument_at_a_tie() -> None:
    assert list(Program(recorded.minimum(coordinate(0), coordinate(1)), 2, 0, [])(np.ones(2))[1]) == [0.0, 1.0]


def test_the_copy_is_the_whole_point() -> None:
    program = Program(coordinate(0) * 1.0, 1, 0, [])
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, ctypes.c_uint64, *[ctypes.c_void_p] * 3)
    x, out = np.arange(5.0) + 1.0, np.zeros(5)
    copy = kind(program._engine.get_function_address("copy"))
    assert copy(5, 5, x.ctypes.data, out.ctypes.data, None) == 0
    np.testing.assert_array_equal(out, x)


def test_log_ndtr_far_to_the_right_keeps_its_distance_from_0() -> None:
    program = Program(recorded.log_ndtr(coordinate(0)), 1, 0, [])
    points = np.array([3.0, 6.0, 7.5, 9.0, 12.0])
    found = [program(np.array([x]))[0] for x in points]
    np.testing.assert_allclose(found, special.log_ndtr(points), rtol=1e-13)
