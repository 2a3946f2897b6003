"""BOIN, mTPI, mTPI-2, Keyboard and users' tables: published boundaries, SciPy, worked selections."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import isotonic_regression

from cartmodel.escalation.boin import boin, boin_boundaries, boin_letters
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.interval import exceeds, table_design
from cartmodel.escalation.isotonic import isotonic_dlt, isotonic_mtd, pool_adjacent_violators
from cartmodel.escalation.keyboard import keyboard, keyboard_letters
from cartmodel.escalation.mtpi import mtpi2, mtpi2_letters, mtpi_letters, tiles
from cartmodel.escalation.state import State
from cartmodel.escalation.tables import decision_table

# Liu and Yuan (2015), and the R package 'BOIN': target 0.30, cohorts of three.
ESCALATE = [0, 1, 2, 2, 3, 4, 4, 5, 6, 7]
DE_ESCALATE = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
ELIMINATE = [3, 4, 5, 7, 8, 9, 10, 11, 12, 14]
# Section 2 of the domain file: target, lambda_e, lambda_d.
BOUNDARIES = [
    (0.10, 0.0784, 0.1190),
    (0.15, 0.1178, 0.1787),
    (0.20, 0.1572, 0.2385),
    (0.25, 0.1968, 0.2984),
    (0.30, 0.2365, 0.3585),
    (0.333, 0.2628, 0.3983),
    (0.35, 0.2763, 0.4189),
    (0.40, 0.3164, 0.4797),
]
# Section 3: mTPI-2 at 0.30 (published for n = 3, 6 by Guo et al. 2017; the rest with the R package 'escalation').
MTPI2_ROWS = {3: "E S D DU", 6: "E E S D DU DU DU", 9: "E E E S D DU DU DU DU DU"}
MTPI2_STARTS = {12: "E E E S S D D DU", 15: "E E E E S S D D DU", 18: "E E E E E S S D D DU"}


@pytest.mark.parametrize(("target", "low", "high"), BOUNDARIES)
def test_boin_boundaries(target: float, low: float, high: float) -> None:
    assert [round(boundary, 4) for boundary in boin_boundaries(target)] == [low, high]


@pytest.mark.parametrize("column", range(10))
def test_boin_published_table(column: int) -> None:
    n, rule = 3 * (column + 1), boin_letters(0.30)
    row = [rule(n, dlt) for dlt in range(n + 1)]
    assert row.count("E") == ESCALATE[column] + 1
    assert n + 1 - row.count("D") - row.count("DU") == DE_ESCALATE[column]
    assert n + 1 - row.count("DU") == ELIMINATE[column]
    assert row == sorted(row, key=["E", "S", "D", "DU"].index)


def test_boin_at_a_quarter_de_escalates_after_one_of_three_unless_told_otherwise() -> None:
    assert boin_letters(0.25)(3, 1) == "D"
    assert boin_letters(0.25, stay_at_one_of_three=True)(3, 1) == "S"


def test_boin_needs_three_patients_to_eliminate_and_keyboard_does_not() -> None:
    assert boin_letters(0.30)(2, 2) == "D"
    assert keyboard_letters(0.30)(2, 2) == "DU"


@pytest.mark.parametrize("rule", [mtpi2_letters(0.30), keyboard_letters(0.30)])
def test_mtpi2_and_keyboard_tables(rule) -> None:
    for n, row in MTPI2_ROWS.items():
        assert [rule(n, dlt) for dlt in range(n + 1)] == row.split()
    for n, row in MTPI2_STARTS.items():
        wanted = row.split() + ["DU"] * (n + 1 - len(row.split()))
        assert [rule(n, dlt) for dlt in range(n + 1)] == wanted


def test_where_mtpi_mtpi2_and_boin_part() -> None:
    """Section 3 of the domain file."""
    assert [mtpi_letters(0.30)(6, dlt) for dlt in range(7)] == ["E", "E", "S", "S", "DU", "DU", "DU"]
    ours, theirs = mtpi2_letters(0.30), boin_letters(0.30)
    for n in range(3, 19, 3):
        assert [ours(n, dlt) for dlt in range(n + 1)] == [theirs(n, dlt) for dlt in range(n + 1)]
    assert (ours(21, 5), theirs(21, 5)) == ("E", "S")
    assert [(ours(n, y), theirs(n, y)) for n, y in ((14, 5), (17, 6))] == [("D", "S")] * 2


@pytest.mark.parametrize("target", [0.2, 0.25, 0.3, 0.33])
def test_mtpi2_by_quadrature(target: float) -> None:
    """The tile of the largest mean posterior density, by SciPy's adaptive quadrature of the beta density."""
    rule = mtpi2_letters(target)
    edges = [target - 0.05 - 0.1 * k for k in range(9, -1, -1)] + [target + 0.05 + 0.1 * k for k in range(10)]
    edges = sorted({min(max(edge, 0.0), 1.0) for edge in edges})
    for n in (3, 4, 7, 10):
        for dlt in range(n + 1):
            posterior = stats.beta(1 + dlt, 1 + n - dlt)
            if posterior.sf(target) > 0.95:
                assert rule(n, dlt) == "DU"
                continue
            density = [quad(posterior.pdf, a, b)[0] / (b - a) for a, b in pairwise(edges)]
            best = edges[int(np.argmax(density))]
            wanted = "S" if np.isclose(best, target - 0.05) else "E" if best < target - 0.05 else "D"
            assert rule(n, dlt) == wanted


def test_exceeds_is_the_beta_tail() -> None:
    for n, dlt in ((1, 1), (3, 2), (18, 9), (60, 0)):
        assert exceeds(0.3, n, dlt) == pytest.approx(stats.beta.sf(0.3, 1 + dlt, 1 + n - dlt), rel=1e-12)


def test_tiles_cover_the_unit_interval_or_drop_the_short_ends() -> None:
    edges, place = tiles(0.2, 0.3)
    np.testing.assert_allclose(edges, np.arange(11) / 10, atol=1e-12)  # no sliver where an edge falls on 0 or 1
    assert place == 2
    edges, place = tiles(0.25, 0.35, short=False)
    np.testing.assert_allclose(edges, np.arange(0.05, 0.96, 0.1), atol=1e-12)
    assert place == 2


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 100)), min_size=1, max_size=8))
def test_pooling_is_scipys(pairs: list[tuple[float, float]]) -> None:
    value, weight = zip(*pairs, strict=True)
    found = pool_adjacent_violators(value, weight)
    np.testing.assert_allclose(found, isotonic_regression(value, weights=weight).x, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "y", "estimate", "mtd"),
    [
        ((3, 3, 15, 9, 0), (0, 0, 4, 4, 0), [0.02, 0.02, 0.27, 0.45], 3),
        ((3, 6, 9), (0, 2, 4), [0.02, 0.34, 0.45], 2),
        ((6, 3, 3), (1, 1, 0), [0.06, 0.06, 0.06], 3),
    ],
)
def test_worked_selections(n: tuple[int, ...], y: tuple[int, ...], estimate: list[float], mtd: int) -> None:
    """Section 2 of the domain file, with select.mtd of the R package 'BOIN'."""
    state = State(n, y)
    found = isotonic_dlt(state)
    assert found[~np.isnan(found)].round(2).tolist() == estimate
    assert isotonic_mtd(state, state.tried, 0.30) == mtd


def test_weights_by_patients_do_not_let_a_zero_swamp() -> None:
    found = isotonic_dlt(State((6, 3, 3), (1, 1, 0)), weights="patients")
    second = (1.05 / 3.1 + 0.05 / 3.1) / 2
    np.testing.assert_allclose(found, [1.05 / 6.1, second, second], rtol=1e-12)


def test_weights_are_inverse_posterior_variances() -> None:
    """Two violators pooled with SciPy's beta variances of Beta(y + .05, n - y + .05)."""
    posteriors = [stats.beta(1.05, 2.05), stats.beta(1.05, 5.05)]
    weights = [1 / posterior.var() for posterior in posteriors]
    pooled = np.average([posterior.mean() for posterior in posteriors], weights=weights)
    np.testing.assert_allclose(isotonic_dlt(State((3, 6), (1, 1))), [pooled, pooled], rtol=1e-12)
    with pytest.raises(ValueError, match="weights 'variance'"):
        isotonic_dlt(State((3,), (1,)), weights="variance")


def test_nothing_to_select_from() -> None:
    assert isotonic_mtd(State((3, 0), (3, 0)), set(), 0.30) is None


@pytest.mark.parametrize("design", [boin(), mtpi2(), keyboard()])
def test_worked_operating_characteristics(design) -> None:
    """Section 7 of the domain file: BOIN and mTPI-2, 18 patients, scenarios B and C."""
    exact = operating_characteristics(design, [(0.10, 0.25, 0.40), (0.30, 0.45, 0.60)])
    np.testing.assert_array_equal(exact.mtd[0].round(4), [0.0025, 0.1112, 0.5348, 0.3516])
    np.testing.assert_array_equal(exact.mtd[1].round(4), [0.1469, 0.5999, 0.2286, 0.0245])


def test_a_users_table_is_a_design() -> None:
    """BOIN's published table, typed in, is BOIN."""
    rule = boin_letters(0.30)
    table = {n: [rule(n, dlt) for dlt in range(n + 1)] for n in range(3, 19, 3)}
    mine = operating_characteristics(table_design(table, target=0.30), [0.1, 0.25, 0.4])
    theirs = operating_characteristics(boin(), [0.1, 0.25, 0.4])
    np.testing.assert_array_equal(mine.mtd, theirs.mtd)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({3: "E S D"}, "row 3 has 3 letters; accepted: 4"),
        ({3: "E S X DU"}, "row 3: 'X'; accepted: E, S, D, DU"),
        ({3: "E D S DU"}, "row 3: E D S DU; accepted: letters in the order"),
        ({3: "E S D DU", 9: "E E E S D DU DU DU DU DU"}, r"no row for \[6\] patients"),
        ({}, "no row for"),
    ],
)
def test_bad_tables_are_refused(table: dict[int, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table_design(table, target=0.30)


def test_extra_safety_stops_sooner() -> None:
    """Pr(p > 0.3 | 2 of 3) = 0.9163: above 0.95 - 0.05, below 0.95."""
    assert stats.beta.sf(0.3, 3, 2) == pytest.approx(0.9163, abs=5e-5)
    state = State((3, 0, 0), (2, 0, 0))
    assert boin().decide(state).action == "stay"
    assert boin(extra_safe=0.05).decide(state).action == "stop"
    assert boin(extra_safe=0.05).decide(state).dose is None


def test_bad_targets_are_refused() -> None:
    with pytest.raises(ValueError, match=r"target = 1\.5"):
        boin(1.5)
    with pytest.raises(ValueError, match="within 0 and 1"):
        mtpi2(0.04)
    with pytest.raises(ValueError, match="0 < under < target < over < 1"):
        boin(0.3, under=0.4)


def test_decision_table_frame() -> None:
    table = decision_table(boin_letters(0.30), [3, 6])
    assert table[3].tolist() == ["E", "S", "D", "DU", "", "", ""]
    assert table[6].tolist() == ["E", "E", "S", "D", "DU", "DU", "DU"]


@pytest.mark.parametrize("letters", [keyboard_letters, mtpi2_letters])
@pytest.mark.parametrize(("target", "half"), [(0.30, 0.10), (0.70, 0.10), (0.15, 0.05), (0.35, 0.07)])
def test_tiles_that_end_on_0_or_1_by_rounding(letters, target: float, half: float) -> None:
    """0.3 - 3 x 0.1 is below 0 in floating point: the mass of that tile was NaN, and every count escalated."""
    rule = letters(target, below=half, above=half)
    width = 2 * half
    edges = [target - half + k * width for k in range(-20, 21)]
    edges = [min(max(e, 0.0), 1.0) for e in edges if -width + 1e-9 < e < 1 + width - 1e-9]
    if letters is keyboard_letters:
        edges = [e for e, f in pairwise([*edges, edges[-1] + 1]) if f - e > width - 1e-9 or e == edges[-1]]
    for n in (3, 6, 12):
        for dlt in range(n + 1):
            posterior = stats.beta(1 + dlt, 1 + n - dlt)
            mass = [(posterior.cdf(b) - posterior.cdf(a)) / (b - a) for a, b in pairwise(edges) if b - a > 1e-9]
            centre = [(a + b) / 2 for a, b in pairwise(edges) if b - a > 1e-9]
            best = centre[int(np.argmax(mass))]
            said = "DU" if posterior.sf(target) > 0.95 else "S"
            if said == "S" and abs(best - target) > 1e-9:
                said = "E" if best < target else "D"
            assert rule(n, dlt) == said, (n, dlt)


def test_a_level_without_evaluable_patients_is_not_left_upwards() -> None:
    """Its patients may all be pending: State((3, 0, 0), ..., current=2) knows nothing of level 2."""
    decision = boin(0.30).decide(State((3, 0, 0), (0, 0, 0), current=2))
    assert (decision.action, decision.dose, decision.reason) == ("stay", 2, "no evaluable patient at level 2")
