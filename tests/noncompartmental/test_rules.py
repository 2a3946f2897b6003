"""The rules one by one, on profiles small enough for hand calculation, and the reasons for what is undefined."""

from math import exp, expm1, log, nan

import numpy as np
import pytest
from noncompartmental.build import profile, run, values

from cartmodel.noncompartmental import NcaRules, Profiles, nca_parameters

HALVING = ((0, 1, 2, 3, 4), (8, 4, 2, 1, 0))
MEASURED = 7 / log(2)


def reasons(times: tuple[float, ...], levels: tuple[float, ...], name: str, **rules: object) -> tuple[float, str]:
    accepted = {
        "min_adjusted_r2": 0.9,
        "min_span_ratio": 2.0,
        "completeness": 84 / 90,
        "first_sample": 14.0,
        "largest_gap": 0.8,
    }
    found = run(profile((times, levels)), [(0, 28), (0, 90)], **(accepted | rules))[name]
    return float(found.value[0]), found.reason[0]


@pytest.mark.parametrize("end", [3.5, 4.0, 5.0])
def test_by_default_an_area_stops_at_tlast_wherever_a_blq_sample_stands(end: float) -> None:
    (area,) = [v for name, v in values(*HALVING, (0, end)).items() if name.startswith("auc_0")]
    assert area == pytest.approx(MEASURED, rel=1e-14)


@pytest.mark.parametrize(("end", "more"), [(3.5, 0.375), (4.0, 0.5), (5.0, 0.5)])
def test_the_triangle_ends_at_the_first_blq_sample(end: float, more: float) -> None:
    found = values(*HALVING, (0, end), after_last="triangle")
    (area,) = [v for name, v in found.items() if name.startswith("auc_0")]
    assert area == pytest.approx(MEASURED + more, rel=1e-14)


def test_an_observed_tail_starts_at_clast_and_a_predicted_one_at_the_fit() -> None:
    times, levels = (0, 1, 2, 3, 4), (9, 8, 4, 2, 1.5)
    slope, at_zero = np.polyfit(times[1:], np.log(levels[1:]), 1)
    for after_last, start in (("observed", 1.5), ("predicted", exp(at_zero + 4 * slope))):
        found = values(times, levels, (0, 10), (7, 10), after_last=after_last)
        assert found["lambda_z_points"] == 4
        tail = start * expm1(6 * slope) / slope
        assert found["auc_0_10"] == pytest.approx(found["auc_last"] + tail, rel=1e-12)
        later = start * (exp(6 * slope) - exp(3 * slope)) / slope
        assert found["auc_7_10"] == pytest.approx(later, rel=1e-11)


def test_the_first_sample_may_stand_for_the_infusion() -> None:
    assert values((2, 3), (4, 4), start="first sample")["auc_last"] == pytest.approx(12, rel=1e-14)
    assert values((2, 3), (4, 4))["auc_last"] == pytest.approx(8, rel=1e-14)
    assert values((0, 1), (6, 4), trapezoid="linear")["auc_last"] == pytest.approx(5, rel=1e-14)


def test_a_tie_has_its_first_time() -> None:
    found = values((1, 2, 3), (5, 9, 9))
    assert (found["cmax"], found["tmax"]) == (9, 2)


def test_nearly_equal_levels_keep_their_digits() -> None:
    high, low = 50.1 * (1 + 1e-12), 50.1
    # Between levels that are this near, the logarithmic and the arithmetic mean agree to 1e-25.
    assert values((0, 1), (high, low))["auc_last"] == pytest.approx((high + low) / 2, rel=1e-15)


@pytest.mark.parametrize("trapezoid", ["linear-up/log-down", "linear", "linear-log"])
def test_without_a_fall_to_zero_both_ways_to_cut_are_one(trapezoid: str) -> None:
    times, levels, windows = (0, 2, 5, 9), (1, 9, 2, 3), [(0, end) for end in (1, 3, 4.5, 7, 9)]
    point = values(times, levels, *windows, trapezoid=trapezoid, at_cut="point")
    assert point == pytest.approx(values(times, levels, *windows, trapezoid=trapezoid), rel=1e-14, nan_ok=True)


def test_time_to_blq_is_that_of_the_first_blq_sample_after_the_peak() -> None:
    assert values((1, 2, 3, 4, 5), (0, 9, 0, 3, 0))["time_to_blq"] == 3
    assert reasons((1, 2, 5), (0, 9, 3), "time_to_blq")[1] == "no BLQ sample after the peak up to day 5"


@pytest.mark.parametrize(
    ("times", "levels", "expected"),
    [
        ((10, 95), (500, 60), (1.0, "")),
        ((10, 88), (500, 60), (1.0, "")),  # late enough: 84 of 90 days
        ((10, 88, 90), (500, 60, 0), (0.0, "")),
        ((10, 60, 89), (500, 60, 0), (0.0, "")),
        ((10, 60, 95), (500, 60, 0), (nan, "lost between day 60 and day 95")),
        ((10, 60), (500, 60), (nan, "no sample after day 60")),
        ((10, 60), (0, 0), (nan, "no quantified sample")),
    ],
)
def test_persistence_on_day_90_says_only_what_was_seen(
    times: tuple[float, ...], levels: tuple[float, ...], expected: tuple[float, str]
) -> None:
    value, reason = reasons(times, levels, "persistence_90")
    assert (value, reason) == (pytest.approx(expected[0], nan_ok=True), expected[1])


@pytest.mark.parametrize(
    ("times", "levels", "name", "reason"),
    [
        ((5, 10, 60), (9, 99, 9), "auc_0_90", "no sample from day 84 on"),
        ((5, 10, 26.1), (9, 99, 9), "auc_0_28", "no sample from day 26.2 on"),
        ((30, 60, 90), (9, 99, 9), "auc_0_28", "no sample from day 0 to 28"),
        ((60, 90), (900, 100), "auc_0_90", "expansion not seen: first sample on day 60, after day 14"),
        ((60, 90), (900, 100), "auc_last", "expansion not seen: first sample on day 60, after day 14"),
        ((60, 90), (900, 100), "auc_all", "expansion not seen: first sample on day 60, after day 14"),
        ((60, 90), (900, 100), "cmax", "expansion not seen: first sample on day 60, after day 14"),
        ((14.5, 90), (900, 100), "tmax", "expansion not seen: first sample on day 14.5, after day 14"),
        ((27,), (900,), "auc_0_28", "expansion not seen: first sample on day 27, after day 14"),
        ((3, 28), (900, 800), "auc_0_28", "25 days without a sample from day 0 to 28"),
        ((3, 60), (900, 800), "auc_0_28", "25 days without a sample from day 0 to 28"),
        ((5, 10), (9, 99), "half_life", "quantified samples after Tmax: 0 < 3"),
        ((5, 10, 14, 21), (99, 5, 6, 7), "lambda_z", "no fall of ln level over the last samples"),
        ((5, 10, 14, 21), (99, 7, 7, 7), "lambda_z", "no fall of ln level over the last samples"),
        ((5, 6, 7, 8), (200, 100, 60, 37), "half_life", "span ratio 1.43 < 2"),
        ((5, 10, 20), (0, 0, 0), "cmax", "no quantified sample"),
        ((5, 10, 20), (0, 0, 0), "auc_last", "no quantified sample"),
    ],
)
def test_what_is_undefined_says_why(
    times: tuple[float, ...], levels: tuple[float, ...], name: str, reason: str
) -> None:
    value, found = reasons(times, levels, name)
    assert np.isnan(value)
    assert found == reason


def test_a_window_without_a_sample_in_it_has_an_area_only_where_none_is_asked_for() -> None:
    times, levels, late = (30, 60, 90), (9, 99, 9), {"first_sample": np.inf, "largest_gap": 1.0}
    assert reasons(times, levels, "auc_0_28", completeness=0.0, **late) == (pytest.approx(9 / 30 * 28**2 / 2), "")
    assert reasons((28, 60, 90), levels, "auc_0_28", **late)[1] == ""


def test_a_first_sample_on_day_14_is_early_enough_and_one_visit_may_be_missed() -> None:
    assert reasons((14, 28), (900, 100), "cmax") == (900, "")
    assert reasons((14, 28), (900, 100), "auc_0_28")[1] == ""
    nominal = (1, 3, 5, 7, 10, 14, 21, 28, 60, 90)
    for missed in nominal:
        days = tuple(day for day in nominal if day != missed)
        levels = tuple(1000.0 / day for day in days)
        assert reasons(days, levels, "cmax")[1] == ""
        if missed != 90:  # which completes the window
            assert reasons(days, levels, "auc_0_90")[1] == reasons(days, levels, "auc_0_28")[1] == ""


def test_a_window_that_begins_after_a_late_first_sample_has_its_area() -> None:
    found = run(profile(((20, 60, 90), (900, 100, 50))), [(28, 90), (10, 90)], first_sample=14.0)
    at_28 = 900 * (100 / 900) ** (8 / 40)
    expected = (at_28 - 100) / log(at_28 / 100) * 32 + (100 - 50) / log(2) * 30
    assert found["auc_28_90"].value[0] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(found["auc_10_90"].value[0])


def test_the_span_ratio_of_the_message_is_the_right_one() -> None:
    slope = -np.polyfit((6, 7, 8), np.log((100, 60, 37)), 1)[0]
    assert reasons((5, 6, 7, 8), (200, 100, 60, 37), "lambda_z_span_ratio")[0] == pytest.approx(2 * slope / log(2))


def test_a_window_that_needs_a_refused_lambda_z_says_so() -> None:
    value, reason = reasons((5, 10, 14, 85), (9, 99, 50, 9), "auc_0_90", after_last="predicted")
    assert np.isnan(value)
    assert reason == "no lambda_z to go on with after Tlast: quantified samples after Tmax: 2 < 3"
    inside, empty = reasons((5, 10, 14, 85), (9, 99, 50, 9), "auc_0_28", after_last="predicted")
    assert (inside > 0, empty) == (True, "")


def test_a_half_life_that_is_refused_carries_no_area_on() -> None:
    times, levels = (5, 60, 84, 85, 86), (2000, 100, 20, 12, 7.4)
    value, reason = reasons(times, levels, "auc_0_90", after_last="observed", min_span_ratio=200.0)
    assert np.isnan(value)
    assert reason.startswith("no lambda_z to go on with after Tlast: span ratio ")
    assert reasons(times, levels, "auc_0_90", after_last="observed", min_span_ratio=1.0)[0] > 0


def test_more_samples_may_be_asked_of_lambda_z() -> None:
    times, levels = (0, 1, 2, 3, 4), (9, 8.5, 4, 2, 1)
    assert values(times, levels)["lambda_z_points"] == 3
    assert values(times, levels, min_points=4)["lambda_z_points"] == 4
    assert reasons(times, levels, "lambda_z", min_points=5)[1] == "quantified samples after Tmax: 4 < 5"


def test_a_sample_on_day_84_completes_90_days_and_a_blq_one_does_too() -> None:
    assert reasons((10, 84), (99, 60), "auc_0_90", largest_gap=1.0)[1] == ""
    assert reasons((10, 84), (99, 0), "auc_0_90", largest_gap=1.0)[0] == pytest.approx(10 * 99 / 2)
    assert reasons((10, 84), (99, 60), "auc_0_90")[1] == "74 days without a sample from day 0 to 90"


def test_every_value_is_either_there_or_has_a_reason() -> None:
    cases = [
        ((5, 10, 60), (9, 99, 9)),
        ((5, 10), (0, 0)),
        ((1, 5, 10, 14, 21, 28, 90), (9, 80, 99, 50, 20, 5, 0)),
        ((), ()),
    ]
    found = run(profile(*cases), [(0, 28), (0, 90)], completeness=1.0, min_span_ratio=2.0)
    for parameter in found.values():
        assert (np.isnan(parameter.value) == (parameter.reason != "")).all(), parameter.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"windows": [(28, 28)]}, r"window \(28, 28\); accepted: days with 0 <= start < end"),
        ({"windows": [(-1, 28)]}, r"window \(-1, 28\)"),
        ({"persistence": [0]}, "persistence on day 0; accepted: days after the infusion, > 0"),
        ({"windows": [[0, 28], [0, 28]]}, "accepted: each of them once"),
        ({"persistence": [28, 28.0]}, "accepted: each of them once"),
    ],
)
def test_a_wrong_question_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nca_parameters(profile(HALVING), **arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trapezoid": "log"},
        {"start": "c0"},
        {"at_cut": ""},
        {"completeness": 1.5},
        {"completeness": "all"},
        {"largest_gap": 1.1},
        {"first_sample": -1.0},
        {"first_sample": nan},
        {"min_points": 2},
        {"min_adjusted_r2": nan},
    ],
)
def test_a_wrong_rule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="accepted: "):
        NcaRules(**wrong)


@pytest.mark.parametrize(
    ("times", "levels", "message"),
    [
        ([[-1.0, 1.0]], [[1.0, 1.0]], "time: before the infusion in row 0"),
        ([[1.0, 1.0]], [[1.0, 1.0]], "time: not increasing"),
        ([[nan, 1.0]], [[nan, 1.0]], "or a gap before a sample"),
        ([[1.0, 2.0]], [[1.0, 0.0]], "level: not positive in row 0"),
        ([[1.0, nan]], [[1.0, 2.0]], "level: without a time"),
        ([[1.0, 2.0]], [[1.0]], r"accepted: both \(patients, samples\)"),
    ],
)
def test_a_wrong_profile_is_refused(times: list[list[float]], levels: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Profiles(np.array(times), np.array(levels))


def test_a_blq_rule_with_the_lloq_asks_for_it() -> None:
    with pytest.raises(ValueError, match="row 0, day 2: a BLQ sample without an LLOQ"):
        run(profile(((1, 2, 3), (5, 0, 5))), blq_between="lloq")
