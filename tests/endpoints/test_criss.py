"""ACR-CRISS against the worked examples of section 3.2 and 7.6 of the domain file, and exact arithmetic."""

from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from endpoints.cases import PRINTED, items
from scipy.stats import norm

from cartmodel.endpoints import criss, criss_lp, criss_step1, ild_worsened, lv_failed, pah_found
from cartmodel.endpoints.three_valued import all_of, any_of
from cartmodel.errors import TrialTableError

NAN = float("nan")
WORKED = {
    "A": ((-8, 3, -2, -2.5, -0.375), "4.748750", "0.9914118782", 1),
    "B": ((-4, 0, -1, -1, -0.125), "-1.033750", "0.2623577346", 0),
    "C": ((-6, 0, 0, 0, 0), "-0.680000", "0.3362613026", 0),
    "D": ((-7, 0, 0, 0, 0), "0.130000", "0.5324543064", 0),
    "E": ((-7.34, 0, 0, 0, 0), "0.405400", "0.5999843740", 0),
    "F": ((5, -6, 1, 2, 0.25), "-12.982500", "0.0000023002", 0),
    "G": ((-5, 2, -1, -1.5, -0.25), "0.842500", "0.6989914835", 1),
    "H": ((-10, 4, -3, -4, -0.5), "8.065000", "0.9996857477", 1),
    "0": ((0, 0, 0, 0, 0), "-5.540000", "0.0039111695", 0),
    "ASSET placebo": ((-3.7, -2.7, -0.3, -0.4, 0.09), None, None, 0),
}
COEFFICIENTS = {"mrss": "-0.81", "fvc": "0.21", "patient_global": "-0.40", "physician_global": "-0.44", "haq": "-3.41"}


def exact(changes: tuple[float, ...]) -> tuple[float, float]:
    """The published formula with 40 digits."""
    with localcontext() as context:
        context.prec = 40
        terms = (Decimal(COEFFICIENTS[name]) * Decimal(str(x)) for name, x in zip(PRINTED, changes, strict=True))
        lp = Decimal("-5.54") + sum(terms)
        return float(lp), float(lp.exp() / (1 + lp.exp()))


@pytest.mark.parametrize("case", WORKED)
def test_a_worked_example_has_its_linear_predictor_and_score(case: str) -> None:
    changes, lp, score, improved = WORKED[case]
    found = criss(items(changes), step1=0).iloc[0]
    by_hand = exact(changes)
    assert found["lp"] == pytest.approx(by_hand[0], abs=1e-14)
    assert found["score"] == pytest.approx(by_hand[1], rel=1e-14)
    if lp is not None:
        assert found["lp"] == pytest.approx(float(lp), abs=1e-9)
        assert found["score"] == pytest.approx(float(score), abs=1e-9)
    assert (found["improved"], found["reason"]) == (improved, "")


@pytest.mark.parametrize(
    ("changes", "lp", "score"),
    [((-3.7, -2.7, -0.4, -0.3, 0.09), -3.124900, 0.0420917597), ((-6.6, -1.6, 0, -1.4, -0.09), 0.392900, 0.5969806199)],
)
def test_the_asset_arms_mean_changes(changes: tuple[float, ...], lp: float, score: float) -> None:
    found = criss(items(changes), step1=0).iloc[0]
    assert (found["lp"], found["score"]) == (pytest.approx(lp, abs=1e-9), pytest.approx(score, abs=1e-9))


@pytest.mark.parametrize("case", WORKED)
def test_a_step_1_event_makes_any_score_exactly_0(case: str) -> None:
    found = criss(items(WORKED[case][0]), step1=1).iloc[0]
    assert (found["score"], found["improved"], found["reason"]) == (0.0, 0.0, "")


def test_a_skin_only_improver_needs_eight_whole_points() -> None:
    found = criss(items(*((-d, 0, 0, 0, 0) for d in (7, 7.34008, 7.34009, 8))), step1=0)
    assert found["improved"].tolist() == [0, 0, 1, 1]  # (5.54 + ln 1.5) / 0.81 = 7.3400804


def test_what_is_missing_is_named() -> None:
    rows = items((-8, 3, NAN, -2.5, NAN), (-8, 3, -2, -2.5, -0.375), (NAN, 3, -2, -2.5, -0.375), (0, 0, 0, 0, 0))
    found = criss(rows, step1=[0, NAN, 1, NAN])
    assert found["reason"].tolist() == [
        "no change of patient_global, haq",
        "step-1 status not known",
        "",
        "step-1 status not known",
    ]
    assert np.isnan(found["score"]).tolist() == [True, True, False, True]
    # The last one is not improved with or without an event.
    assert found["improved"].tolist() == pytest.approx([NAN, NAN, 0, 0], nan_ok=True)
    assert np.isnan(criss_lp(rows)).tolist() == [True, False, True, False]


def test_independent_normal_changes_give_the_asset_distribution_of_the_score() -> None:
    # Section 3.3: placebo, LP ~ N(-3.1, 6.6), P(score >= 0.6) 0.297, 51% below 0.05, 18% above 0.95.
    means, sds = (-3.7, -2.7, -0.4, -0.3, 0.09), (7.6, 5.5, 3.3, 1.9, 0.43)
    draws = np.asarray(means) + np.asarray(sds) * np.random.default_rng(3).standard_normal((200_000, 5))
    draws = draws.clip([-51, -190, -10, -10, -3], [51, 190, 10, 10, 3])  # 0.3% of the patients' globals lie outside
    found = criss(items(*map(tuple, draws.tolist())), step1=0)
    weights = np.array([float(COEFFICIENTS[name]) for name in PRINTED])
    sd = np.sqrt((weights**2 * np.square(sds)).sum())
    assert sd == pytest.approx(6.6, abs=0.05)
    assert found["lp"].std() == pytest.approx(sd, rel=0.01)
    assert found["improved"].mean() == pytest.approx(1 - norm.cdf(np.log(1.5), -3.1249, sd), abs=0.004)
    assert found["improved"].mean() == pytest.approx(0.297, abs=0.004)
    assert (found["score"] < 0.05).mean() == pytest.approx(0.51, abs=0.01)
    assert (found["score"] > 0.95).mean() == pytest.approx(0.18, abs=0.01)


def test_a_step_1_status_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="2 is neither yes nor no; accepted: 1, 0, or NaN"):
        criss(items((0, 0, 0, 0, 0)), step1=2)
    with pytest.raises(ValueError, match="accepted: 1, 0, or NaN where not known"):
        criss(items((0, 0, 0, 0, 0)), step1="yes")


@pytest.mark.parametrize(
    ("before", "now", "confirmed", "expected"),
    [
        (90, 76.5, 1, 1),  # 15% exactly, to below 80
        (90, 76.6, 1, 0),
        (95, 80, 1, 0),  # 15.8%, but not below 80
        (90, 70, 0, 0),
        (90, 70, NAN, NAN),
        (90, 85, NAN, 0),
        (NAN, 70, 1, NAN),
        (NAN, 70, 0, 0),
    ],
)
def test_a_decline_of_fvc_is_relative_confirmed_and_below_80(
    before: float, now: float, confirmed: float, expected: float
) -> None:
    found = ild_worsened(before, now, confirmed=confirmed, ild_on_hrct=1)
    assert float(found) == pytest.approx(expected, nan_ok=True)


def test_fifteen_percent_is_fifteen_percent_of_any_decimal_baseline() -> None:
    before = np.arange(600, 941) / 10
    now = np.array([float(Decimal(str(value)) * Decimal("0.85")) for value in before])
    assert (ild_worsened(before, now, confirmed=1, ild_on_hrct=1) == 1).all()


def test_a_baseline_that_no_fvc_can_be_leaves_the_decline_open() -> None:
    assert np.isnan(ild_worsened(0, 0, confirmed=1, ild_on_hrct=1))


def test_heart_and_lung_thresholds() -> None:
    assert lv_failed([45, 45.1, NAN], new=1, treated=1).tolist() == pytest.approx([1, 0, NAN], nan_ok=True)
    assert float(lv_failed(40, new=1, treated=0)) == 0
    rows = [(25, 15, 3.1), (24.9, 15, 3.1), (25, 15.1, 3.1), (25, 15, 3.0), (25, NAN, 3.1), (20, NAN, 3.1)]
    found = pah_found(*np.transpose(rows), new=1, treated=1)
    assert found.tolist() == pytest.approx([1, 0, 0, 0, NAN, 0], nan_ok=True)


def test_one_event_is_enough_and_one_unknown_leaves_it_open() -> None:
    found = criss_step1(renal_crisis=[0, 0, NAN], ild=[0, NAN, NAN], lv_failure=[0, 0, 1], pah=0)
    assert found.tolist() == pytest.approx([0, NAN, 1], nan_ok=True)


def test_three_valued_logic_is_kleenes() -> None:
    facts = (0.0, 1.0, NAN)
    order = {0.0: 0.0, 1.0: 1.0}
    for a in facts:
        for b in facts:
            ranks = [order.get(x, 0.5) for x in (a, b)]  # Kleene: or is the maximum, and the minimum, of no < ? < yes
            expected = [NAN if x == 0.5 else x for x in (max(ranks), min(ranks))]
            assert [float(any_of(a, b)), float(all_of(a, b))] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("patient_global", -20, "row 0, patient_global: a change of -20; accepted: at most 10 either way"),
        ("physician_global", 10.1, "divide a 0-100 mm visual scale by 10"),
        ("haq", 3.5, "at most 3 either way"),
        ("mrss", -52, "at most 51 either way"),
        ("fvc", 1000, "neither litres nor a fraction"),
        ("haq", "worse", "a change of worse"),
    ],
)
def test_a_change_that_no_item_can_have_is_refused(column: str, value: object, message: str) -> None:
    row = dict(zip(PRINTED, (-8, 3, -2, -2.5, -0.375), strict=True)) | {column: value}
    with pytest.raises(TrialTableError, match="1 problem") as caught:
        criss(pd.DataFrame([row]), step1=0)
    assert message in str(caught.value)


def test_all_missing_columns_of_changes_come_at_once() -> None:
    with pytest.raises(TrialTableError, match="2 problems"):
        criss(pd.DataFrame([{"mrss": -8, "fvc": 3, "haq": 0}]), step1=0)


def test_the_whole_range_of_an_item_may_change() -> None:
    rows = items((-51, 190, -10, -10, -3), (51, -190, 10, 10, 3))
    assert criss(rows, step1=0)["improved"].tolist() == [1, 0]


def test_the_index_of_the_changes_is_kept() -> None:
    rows = items((-8, 3, -2, -2.5, -0.375)).set_axis(pd.Index(["P7"], name="subject"))
    assert criss(rows, step1=0).index.tolist() == ["P7"]
