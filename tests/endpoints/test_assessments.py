"""Tables of assessments: what is refused, visit windows, revised CRISS, response by visit."""

from decimal import Decimal
from itertools import product

import numpy as np
import pandas as pd
import pytest
from endpoints.cases import ITEMS, assessed, items

from cartmodel.endpoints import (
    BASELINE,
    Visit,
    check_assessments,
    criss,
    improvement,
    items_at,
    rcriss,
    response_by_visit,
)
from cartmodel.errors import TrialTableError

NAN = float("nan")
GOOD = assessed("P1", 0.0, 20, 70, 4, 5, 1.25)
DAY_90 = Visit("day 90", 90, earliest=76, latest=104)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("mrss", 52, "mrss: 52; accepted: 0 to 51"),
        ("mrss", -1, "mrss: -1; accepted: 0 to 51"),
        ("mrss", 20.3, "mrss: 20.3; accepted: 0 to 51"),
        ("fvc", 2.9, "fvc: 2.9; accepted: percent predicted, 10 to 200 (neither litres nor a fraction)"),
        ("fvc", 0.7, "neither litres nor a fraction"),
        ("patient_global", 45, "patient_global: 45; accepted: 0 to 10 (divide a 0-100 mm visual scale by 10)"),
        ("physician_global", 10.5, "divide a 0-100 mm visual scale by 10"),
        ("haq", 1.2, "haq: 1.2; accepted: 0 to 3 in steps of 0.125"),
        ("haq", 3.125, "accepted: 0 to 3 in steps of 0.125"),
        ("haq", "high", "haq: 'high'; accepted: 0 to 3 in steps of 0.125, or NaN if not assessed"),
        ("haq", np.inf, "haq: 'inf'; accepted"),
        ("time", NAN, "time: missing; accepted: days since infusion"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_place(column: str, value: object, message: str) -> None:
    with pytest.raises(TrialTableError) as caught:
        check_assessments(pd.DataFrame([GOOD, GOOD | {"subject": "P2", column: value}]))
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"row 1, patient P2, {column}: ")
    assert message in str(problem)


@pytest.mark.parametrize(
    ("baseline", "follow_up", "message"),
    [
        ({"patient_global": 60}, {}, "baseline of the CRISS items: 1 problem"),
        ({}, {"haq": 1.2}, "follow-up of the CRISS items: 1 problem"),
        ({}, {"fvc": "bad"}, "row 0, fvc: 'bad'"),
    ],
)
def test_revised_criss_refuses_values_that_cannot_be(
    baseline: dict[str, object], follow_up: dict[str, object], message: str
) -> None:
    good = {name: GOOD[name] for name in ITEMS}
    with pytest.raises(TrialTableError, match=message):
        rcriss(pd.DataFrame([good | baseline]), pd.DataFrame([good | follow_up]), step1=0)


def test_revised_criss_refuses_tables_that_do_not_belong_together() -> None:
    good = pd.DataFrame([{name: GOOD[name] for name in ITEMS}])
    with pytest.raises(ValueError, match="two tables with the same rows"):
        rcriss(good, good.set_axis(["P2"]), step1=0)
    with pytest.raises(ValueError, match="accepted: shares > 0"):
        rcriss(good, good, step1=0, percents=[0])
    with pytest.raises(TrialTableError, match="column fvc: missing"):
        rcriss(good.drop(columns="fvc"), good, step1=0)


def test_all_problems_come_at_once() -> None:
    rows = [GOOD | {"mrss": 60, "haq": 9}, GOOD]
    with pytest.raises(TrialTableError, match="3 problems"):
        check_assessments(pd.DataFrame(rows))
    with pytest.raises(TrialTableError, match="column fvc: missing"):
        check_assessments(pd.DataFrame([GOOD]).drop(columns="fvc"))


def test_limits_and_missing_items_are_fine() -> None:
    check_assessments(pd.DataFrame([assessed("P1", -1, 0, 10, 0, 0, 0), assessed("P1", 2, 51, 200, 10, 10, 3)]))
    check_assessments(pd.DataFrame([assessed("P1", 0, *[NAN] * 5)]))


def test_each_item_comes_from_its_own_nearest_day_in_the_window() -> None:
    rows = [
        assessed("P1", 75.9, 1, 11, 1, 1, 1),
        assessed("P1", 86, 2, NAN, 2, 2, 2),
        assessed("P1", 94, 3, 33, 3, NAN, 3),
        assessed("P1", 104, 4, 44, 4, 4, NAN),
        assessed("P2", 200, 5, 55, 5, 5, 3),
    ]
    found = items_at(pd.DataFrame(rows[::-1]), DAY_90)
    assert found.index.tolist() == ["P2", "P1"]
    # 86 and 94 are equally near: the earlier one.
    assert found.loc["P1"].tolist() == [2, 33, 2, 2, 2, 94]
    assert found.loc["P2"].isna().all()


def test_the_baseline_is_the_last_value_at_or_before_the_infusion() -> None:
    rows = [
        assessed("P1", -20, 1, 11, 1, 1, 1),
        assessed("P1", 0, 2, 22, 2, NAN, 2),
        assessed("P1", 0.5, 9, 99, 9, 9, 3),
    ]
    assert items_at(pd.DataFrame(rows), BASELINE).loc["P1"].tolist() == [2, 22, 2, 1, 2, 0]


def test_a_visit_outside_its_window_is_refused() -> None:
    with pytest.raises(ValueError, match="day 90 outside its window 91 to 104"):
        Visit("day 90", 90, earliest=91, latest=104)


def test_improvement_is_positive_for_better_and_relative_to_the_baseline() -> None:
    found = improvement(items((20, 60, 5, 4, 2)), items((15, 66, 4, 5, 1)))
    assert found.iloc[0].tolist() == [25, 10, 20, -25, 50]


def test_a_share_is_met_exactly_whatever_the_decimals() -> None:
    for percent, tenths in product((20, 25, 30, 40, 50, 75), range(1, 101)):
        before = Decimal(tenths) / 10
        after = before * (100 - percent) / 100
        pair = items((20, 60, float(before), 4, 2)), items((20, 60, float(after), 4, 2))
        assert improvement(*pair).loc[0, "patient_global"] == percent


@pytest.mark.parametrize("improved", list(product((True, False, None), repeat=5)))
def test_a_revised_response_is_three_of_five_whatever_the_missing_items_are(improved: tuple[bool | None, ...]) -> None:
    better, same = (14, 63, 2, 2, 1), (20, 60, 5, 5, 2)  # FVC by exactly 5%, the others by 30% or more
    after = [NAN if how is None else (b if how else s) for how, b, s in zip(improved, better, same, strict=True)]
    outcomes = set()
    for filled in product((True, False), repeat=improved.count(None)):
        rest = iter(filled)
        outcomes.add(sum(next(rest) if how is None else how for how in improved) >= 3)
    expected = float(outcomes.pop()) if len(outcomes) == 1 else NAN
    found = rcriss(items(same), items(tuple(after)), step1=0, percents=[30]).iloc[0]
    assert found["rcriss_30"] == pytest.approx(expected, nan_ok=True)
    assert (found["reason"] != "") == np.isnan(expected)


def test_fvc_needs_5_percent_whatever_the_share() -> None:
    before, after = items((20, 60, 4, 4, 2), (20, 60, 4, 4, 2)), items((4, 63, 1, 4, 2), (4, 62.9, 1, 4, 2))
    assert rcriss(before, after, step1=0)["rcriss_75"].tolist() == [1, 0]


def test_a_baseline_of_0_counts_as_not_improved() -> None:
    assert improvement(items((0, 60, 0, 0, 2)), items((0, 66, 3, 0, NAN))).iloc[0, :4].tolist() == [0, 10, 0, 0]
    found = rcriss(items((0, 60, 0, 0, 2)), items((0, 66, 0, 0, 1)), step1=0).iloc[0]
    assert (found["rcriss_20"], found["reason"]) == (0, "")


def test_a_step_1_event_is_no_revised_response_and_an_unknown_one_leaves_responders_open() -> None:
    before, after = items(*[(20, 60, 4, 4, 2)] * 3), items((10, 66, 2, 2, 1), (10, 66, 2, 2, 1), (20, 60, 4, 4, 2))
    found = rcriss(before, after, step1=[1, NAN, NAN], percents=[20])
    assert found["rcriss_20"].tolist() == pytest.approx([0, NAN, 0], nan_ok=True)
    assert found["reason"].tolist() == ["", "step-1 status not known", ""]


def test_response_by_visit_puts_the_pieces_together() -> None:
    day_180 = Visit("day 180", 180, earliest=150, latest=210)
    rows = [
        assessed("P1", -3, 24, 70, 6, 6, 1.5),
        assessed("P1", 92, 16, 73, 4, 3.5, 1.125),  # the changes of worked example A
        assessed("P1", 180, 16, 73, 4, 3.5, 1.125),
        assessed("P2", -3, 24, 70, 6, 6, 1.5),
        assessed("P2", 92, 16, 73, 4, 3.5, NAN),
        assessed("P3", -3, 24, 70, 6, 6, 1.5),
        assessed("P3", 90, 16, 73, 4, 3.5, 1.125),
    ]
    events = pd.Series({"P1": 120.0, "P2": np.inf})
    found = response_by_visit(pd.DataFrame(rows), events, [DAY_90, day_180]).set_index(["subject", "visit"])
    first = found.loc[("P1", "day 90")]
    assert (first["time"], first["step1"], first["improved"]) == (92, 0, 1)
    assert first["score"] == pytest.approx(0.9914118782, abs=1e-9)
    assert first[[f"rcriss_{p}" for p in (20, 25, 30, 40, 50, 75)]].tolist() == [1, 1, 1, 0, 0, 0]
    later = found.loc[("P1", "day 180")]
    assert (later["step1"], later["score"], later["improved"], later["rcriss_20"]) == (1, 0, 0, 0)
    assert found.loc[("P2", "day 90"), "reason"] == "no change of haq"
    assert found.loc[("P2", "day 90"), "rcriss_20"] == 1  # three of the four known items have
    assert found.loc[("P2", "day 180"), "reason"] == f"no change of {', '.join(ITEMS)}"
    assert found.loc[("P3", "day 90"), "reason"] == "step-1 status not known"


@pytest.mark.parametrize(("event_day", "step1"), [(92, 1), (93, 0), (100, 0)])
def test_an_event_after_the_assessment_does_not_change_it(event_day: float, step1: float) -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5), assessed("P1", 92, 16, 73, 4, 3.5, 1.125)]
    found = response_by_visit(pd.DataFrame(rows), pd.Series({"P1": event_day}), [DAY_90])
    assert (found.loc[0, "step1"], found.loc[0, "improved"]) == (step1, 1 - step1)


@pytest.mark.parametrize(("event_day", "score"), [(90, 0.0), (91, NAN)])
def test_without_an_assessment_an_event_counts_up_to_the_visits_day(event_day: float, score: float) -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5)]
    found = response_by_visit(pd.DataFrame(rows), pd.Series({"P1": event_day}), [DAY_90])
    assert found.loc[0, "score"] == pytest.approx(score, nan_ok=True)


def test_only_the_visits_window_decides_what_is_used() -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5), assessed("P1", 92, 16, 73, 4, 3.5, 1.125)]
    narrow = Visit("day 90", 90, earliest=89, latest=91)
    found = response_by_visit(pd.DataFrame(rows), pd.Series({"P1": np.inf}), [narrow, DAY_90])
    assert np.isnan(found["score"]).tolist() == [True, False]
    changes = items((-8, 3, -2, -2.5, -0.375))
    assert found.loc[1, "score"] == criss(changes, step1=0).loc[0, "score"]
