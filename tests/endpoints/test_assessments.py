"""Tables of assessments: what is refused, visit windows, revised CRISS, response by visit."""

from decimal import Decimal
from itertools import product

import numpy as np
import pandas as pd
import pytest
from endpoints.cases import ITEMS, assessed, items

from cartmodel.endpoints import (
    BASELINE,
    STEP1_EVENTS,
    Visit,
    check_assessments,
    criss,
    improvement,
    items_at,
    rcriss,
    response_by_visit,
    step1_at,
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


def test_an_item_that_cannot_improve_is_not_missed_at_follow_up() -> None:
    # Two of five improved; HAQ, 0 at baseline, cannot, so that three cannot be reached whatever it is.
    found = rcriss(items((20, 70, 4, 4, 0)), items((10, 70, 2, 4, NAN)), step1=0).iloc[0]
    assert found.filter(like="rcriss").tolist() == [0.0] * 6
    assert found["reason"] == ""
    three = rcriss(items((20, 70, 4, 4, 0)), items((10, 70, 2, 2, NAN)), step1=0, percents=[50]).iloc[0]
    assert (three["rcriss_50"], three["reason"]) == (1.0, "")


def test_a_step_1_event_is_no_revised_response_and_an_unknown_one_leaves_responders_open() -> None:
    before, after = items(*[(20, 60, 4, 4, 2)] * 3), items((10, 66, 2, 2, 1), (10, 66, 2, 2, 1), (20, 60, 4, 4, 2))
    found = rcriss(before, after, step1=[1, NAN, NAN], percents=[20])
    assert found["rcriss_20"].tolist() == pytest.approx([0, NAN, 0], nan_ok=True)
    assert found["reason"].tolist() == ["", "step-1 status not known", ""]


CLEAR = dict.fromkeys(STEP1_EVENTS, 0.0)


def test_response_by_visit_puts_the_pieces_together() -> None:
    day_180 = Visit("day 180", 180, earliest=150, latest=210)
    rows = [
        assessed("P1", -3, 24, 70, 6, 6, 1.5),
        assessed("P1", 92, 16, 73, 4, 3.5, 1.125) | CLEAR,  # the changes of worked example A
        assessed("P1", 180, 16, 73, 4, 3.5, 1.125) | CLEAR | {"ild": 1.0},
        assessed("P2", -3, 24, 70, 6, 6, 1.5),
        assessed("P2", 92, 16, 73, 4, 3.5, NAN) | CLEAR,
        assessed("P3", -3, 24, 70, 6, 6, 1.5),
        assessed("P3", 90, 16, 73, 4, 3.5, 1.125),
    ]
    found = response_by_visit(pd.DataFrame(rows), [DAY_90, day_180]).set_index(["subject", "visit"])
    first = found.loc[("P1", "day 90")]
    assert (first["time"], first["step1"], first["improved"], first["evaluable"]) == (92, 0, 1, 1)
    assert first["score"] == pytest.approx(0.9914118782, abs=1e-9)
    assert first[[f"rcriss_{p}" for p in (20, 25, 30, 40, 50, 75)]].tolist() == [1, 1, 1, 0, 0, 0]
    later = found.loc[("P1", "day 180")]
    assert (later["step1"], later["score"], later["improved"], later["rcriss_20"], later["evaluable"]) == (
        1,
        0,
        0,
        0,
        1,
    )
    assert found.loc[("P2", "day 90"), "reason"] == "no change of haq"
    assert found.loc[("P2", "day 90"), "rcriss_20"] == 1  # three of the four known items have
    assert found.loc[("P2", "day 180"), "reason"] == f"no change of {', '.join(ITEMS)}; step-1 status not known"
    assert found.loc[("P3", "day 90"), "reason"] == "step-1 status not known"
    assert found["evaluable"].to_dict() == dict.fromkeys(found.index, 0) | {
        ("P1", "day 90"): 1, ("P1", "day 180"): 1,
    }  # fmt: skip


def test_a_step_1_status_may_come_from_elsewhere() -> None:
    rows = [assessed(p, t, *v) for p in ("P1", "P2") for t, v in ((0, (24, 70, 6, 6, 1.5)), (92, (16, 73, 4, 3.5, 1)))]
    found = response_by_visit(pd.DataFrame(rows), [DAY_90], step1=pd.DataFrame({"day 90": {"P1": 0.0}}))
    assert found["improved"].tolist() == pytest.approx([1, NAN], nan_ok=True)


def test_a_step_1_status_is_known_exactly_where_every_history_that_fits_the_records_agrees() -> None:
    """A record says whether the event had happened by its day; a visit's window is day 76 to 104."""
    histories = np.array([*np.arange(0.5, 260.0), np.inf])  # the day of the event
    rows, expected = [], {}
    cases = product(product((False, True), repeat=6), (10.5, 50.5, 80.5, 92.5, 100.5, 110.5, 150.5, np.inf))
    for place, (taken, event) in enumerate(cases):
        recorded = np.compress(taken, (28.0, 76.0, 90.0, 95.0, 120.0, 200.0))
        fitting = histories[((histories[:, None] <= recorded) == (event <= recorded)).all(axis=1)]
        status = 1.0 if (fitting <= 104).all() else 0.0 if (fitting > 76).all() else NAN
        for subject in (f"all {place}", f"one {place}"):
            rows.append({"subject": subject, "time": -1.0})
            rest = CLEAR if subject.startswith("all") else {}
            rows += [{"subject": subject, "time": at, **rest, "pah": float(event <= at)} for at in recorded]
        expected |= {f"all {place}": status, f"one {place}": 1.0 if status == 1 else NAN}  # of the others nothing known
    found = step1_at(pd.DataFrame(rows), DAY_90)
    assert len(found) == 2 * 64 * 8
    assert found.to_dict() == pytest.approx(expected, nan_ok=True)


def test_each_event_may_be_recorded_on_its_own_day_of_the_window() -> None:
    rows = [{"subject": "P1", "time": 80.0 + i, name: 0.0} for i, name in enumerate(STEP1_EVENTS)]
    assert step1_at(pd.DataFrame(rows), DAY_90)["P1"] == 0
    assert np.isnan(step1_at(pd.DataFrame(rows[:-1]), DAY_90)["P1"])
    assert np.isnan(step1_at(pd.DataFrame(rows), Visit("day 90", 90, earliest=81, latest=104))["P1"])


def test_an_event_on_record_at_the_infusion_is_not_new_and_a_record_that_is_no_flag_is_refused() -> None:
    rows = [{"subject": "P1", "time": 0.0, "pah": 1.0}, {"subject": "P1", "time": 90.0, **CLEAR}]
    assert step1_at(pd.DataFrame(rows), DAY_90)["P1"] == 0
    with pytest.raises(ValueError, match="2 is neither yes nor no"):
        step1_at(pd.DataFrame([{"subject": "P1", "time": 90.0, "pah": 2.0}]), DAY_90)


def test_an_event_in_the_window_counts_for_its_visit_and_a_later_one_does_not() -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5), assessed("P1", 91, 16, 73, 4, 3.5, 1.125) | CLEAR]
    for day, improved in ((95, 0), (104, 0), (105, 1)):
        event = assessed("P1", day, *[NAN] * 5) | {"renal_crisis": 1.0}
        assert response_by_visit(pd.DataFrame([*rows, event]), [DAY_90]).loc[0, "improved"] == improved


def test_without_any_item_an_event_makes_the_score_0() -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5), assessed("P1", 40, *[NAN] * 5) | {"ild": 1.0}]
    found = response_by_visit(pd.DataFrame(rows), [DAY_90]).iloc[0]
    assert (found["score"], found["evaluable"], found["reason"]) == (0, 1, "")


def test_only_the_visits_window_decides_what_is_used() -> None:
    rows = [assessed("P1", 0, 24, 70, 6, 6, 1.5), assessed("P1", 92, 16, 73, 4, 3.5, 1.125) | CLEAR]
    narrow = Visit("day 90", 90, earliest=89, latest=91)
    found = response_by_visit(pd.DataFrame(rows), [narrow, DAY_90])
    assert np.isnan(found["score"]).tolist() == [True, False]
    changes = items((-8, 3, -2, -2.5, -0.375))
    assert found.loc[1, "score"] == criss(changes, step1=0).loc[0, "score"]


ITEM_SETS = list(product((True, False), repeat=5))


@pytest.mark.parametrize("event", [0.0, NAN])
def test_who_is_evaluable_does_not_depend_on_how_the_items_turned_out(event: float) -> None:
    """All 32 patterns of missing items, for one patient who gets much better and one who gets much worse."""
    before, ways = (24, 70, 6, 6, 1.5), ((4, 90, 0, 0, 0), (44, 50, 10, 10, 3))
    for taken in ITEM_SETS:
        after = [[v if there else NAN for v, there in zip(way, taken, strict=True)] for way in ways]
        rows = [assessed(p, 0, *before) for p in "ab"] + [assessed(p, 90, *v) for p, v in zip("ab", after, strict=True)]
        flags = pd.DataFrame({"day 90": dict.fromkeys("ab", event)})
        found = response_by_visit(pd.DataFrame(rows), [DAY_90], step1=flags)
        assert found["evaluable"].tolist() == [float(all(taken) and event == 0)] * 2
        known = found[found["evaluable"] == 1]
        assert known[["improved", "rcriss_20", "rcriss_75"]].notna().all().all()
