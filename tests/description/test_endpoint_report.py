"""The clinical endpoints of trials: responses with their windows, step 1, DLT, courses, adverse events."""

import datetime

import numpy as np
import pandas as pd
import pytest
from description.build import NAN, trial_of, with_frames, with_subjects
from scipy.stats import binomtest

import cartmodel as cm
from cartmodel import TrialEndpoints, Visit, endpoints_of
from cartmodel.description.response import exact_limits
from cartmodel.errors import TrialTableError, UnknownNameError
from cartmodel.trial import TrialData

CLEAR = {"renal_crisis": 0.0, "ild": 0.0, "lv_failure": 0.0, "pah": 0.0}
BASE = {"mrss": 28.0, "fvc": 70.0, "patient_global": 6.0, "physician_global": 6.0, "haq": 1.5}
BETTER = {
    "mrss": 18.0,
    "fvc": 74.0,
    "patient_global": 3.0,
    "physician_global": 2.0,
    "haq": 1.0,
}  # case H of section 3.2
SAMPLES = {"P1": "7:900 30:60", "P2": "7:900 20:60", "P3": "7:900 40:60", "P4": "7:900 90:60"}
DOSES = {"P1": 1e8, "P2": 1e8, "P3": 2e8, "P4": 2e8}


@pytest.fixture(scope="module")
def base() -> TrialData:
    return trial_of(SAMPLES, dose=DOSES)


def assessed(subject: str, time: float, values: dict[str, float], **step1: float) -> dict[str, object]:
    return {"subject": subject, "time": time, **values, **step1}


def improved(found: TrialEndpoints, visit: str = "day 90") -> dict[str, float]:
    return found.response[found.response["visit"] == visit].set_index("subject")["improved"].to_dict()


def test_responses_have_their_visit_their_dose_and_everybody_in_them(base: TrialData) -> None:
    rows = [
        assessed("P1", -3, BASE),
        assessed("P1", 92, BETTER, **CLEAR),
        assessed("P2", 0, BASE),
        assessed("P2", 92, BASE, **CLEAR),
        assessed("P3", -1, BASE),
        assessed("P3", 110, BETTER, **CLEAR),
    ]
    found = endpoints_of(with_frames(base, assessments=rows))
    assert [visit.name for visit in found.visits] == ["day 90"]
    assert improved(found) == pytest.approx({"P1": 1, "P2": 0, "P3": NAN, "P4": NAN}, nan_ok=True)
    response = found.response.set_index("subject")
    assert response.loc["P1", "lp"] == pytest.approx(8.065, abs=1e-12)  # as section 3.2 prints it
    assert response.loc["P1", "score"] == pytest.approx(0.9996857477, abs=1e-9)
    assert response.loc["P3", "reason"].startswith("no change of mrss")
    assert response.loc["P4", "reason"] == "never assessed"
    rates = found.response_rates.set_index(["dose", "response"])
    low = rates.loc[(1e8, "improved")]
    assert low[["patients", "evaluable", "responders", "percent"]].tolist() == [2, 2, 1, 50]
    limits = binomtest(1, 2).proportion_ci(method="exact")
    assert (low["lower"], low["upper"]) == pytest.approx((100 * limits.low, 100 * limits.high), rel=1e-10)
    assert rates.loc[(2e8, "improved"), ["patients", "evaluable", "responders"]].tolist() == [2, 0, 0]
    assert rates.loc[(1e8, "rcriss_50"), "responders"] == 1  # the two globals and FVC by 5.7%


def test_asked_for_visits_without_any_assessment_leave_everybody_open(base: TrialData) -> None:
    found = endpoints_of(base, [Visit("v", 90, 80, 100)])
    assert found.response["reason"].tolist() == ["never assessed"] * 4
    assert found.response_rates["evaluable"].sum() == 0


def test_assessments_outside_every_window_are_said_to_be(base: TrialData) -> None:
    trial = with_frames(base, assessments=[assessed("P1", 0, BASE), assessed("P1", 60, BETTER, **CLEAR)])
    found = endpoints_of(with_subjects(trial, remission={"P1": 0.0}))
    assert found.visits == ()
    assert any(note.startswith("No assessment lies in the window of a visit") for note in found.notes)


def test_visits_and_windows_are_the_users(base: TrialData) -> None:
    rows = [assessed("P1", 0, BASE), assessed("P1", 110, BETTER, **CLEAR)]
    trial = with_frames(base, assessments=rows)
    wide = endpoints_of(trial, [Visit("week 13", 91, earliest=70, latest=112)])
    assert improved(wide, "week 13")["P1"] == 1
    assert any("week 13 (day 70 to 112)" in note for note in wide.notes)
    narrow = endpoints_of(trial, [Visit("week 13", 91, earliest=84, latest=98)])
    assert np.isnan(improved(narrow, "week 13")["P1"])
    with pytest.raises(ValueError, match="with different names"):
        endpoints_of(trial, [Visit("v", 1, 0, 2), Visit("v", 3, 2, 4)])
    with pytest.raises(ValueError, match="visits: none"):
        endpoints_of(trial, [])


@pytest.mark.parametrize(
    ("early", "late", "day_90"),
    [
        (CLEAR, CLEAR, 1),
        ({}, CLEAR, 1),
        (CLEAR, {}, NAN),  # nothing said in the window
        (CLEAR, CLEAR | {"ild": NAN}, NAN),
        (CLEAR, CLEAR | {"renal_crisis": 1.0}, 0),
        (CLEAR | {"pah": 1.0}, {}, 0),  # once is enough
        ({}, {}, NAN),
    ],
)
def test_step_1_at_a_visit_is_what_was_recorded_by_then(
    base: TrialData, early: dict[str, float], late: dict[str, float], day_90: float
) -> None:
    rows = [assessed("P1", -3, BASE), assessed("P1", 28, BASE, **early), assessed("P1", 90, BETTER, **late)]
    found = endpoints_of(with_frames(base, assessments=rows))
    assert improved(found)["P1"] == pytest.approx(day_90, nan_ok=True)


def test_an_event_first_recorded_after_a_visit_leaves_it_open_and_one_in_its_window_counts(base: TrialData) -> None:
    rows = [assessed("P1", -1, BASE), assessed("P1", 91, BETTER)]
    for day, expected in ((200, NAN), (95, 0)):
        event = {"subject": "P1", "time": day, "renal_crisis": 1.0}
        found = endpoints_of(with_frames(base, assessments=[*rows, event])).response
        first = found[(found["visit"] == "day 90") & (found["subject"] == "P1")].iloc[0]
        assert [first["improved"], first["rcriss_20"]] == pytest.approx([expected] * 2, nan_ok=True)


@pytest.mark.parametrize("clear", [{}, CLEAR])
def test_a_response_rate_is_of_those_whose_record_is_complete_however_it_turned_out(
    base: TrialData, clear: dict[str, float]
) -> None:
    # Two get better and two do not. Without a step-1 status the two who do not are known not to have improved.
    rows = [assessed(subject, -1, BASE) for subject in SAMPLES]
    rows += [assessed(s, 90, v, **clear) for s, v in zip(SAMPLES, (BETTER, BASE, BETTER, BASE), strict=True)]
    found = endpoints_of(with_frames(base, assessments=rows))
    assert improved(found) == pytest.approx(dict(zip(SAMPLES, (1 if clear else NAN, 0) * 2, strict=True)), nan_ok=True)
    rates = found.response_rates[found.response_rates["response"] == "improved"]
    assert rates["evaluable"].tolist() == [2 if clear else 0] * 2
    assert rates["percent"].tolist() == pytest.approx([50 if clear else NAN] * 2, nan_ok=True)
    assert rates["possible_lowest"].tolist() == [50 if clear else 0] * 2
    assert rates["possible_highest"].tolist() == [50, 50]


def test_the_possible_shares_are_those_of_every_completion_of_the_undecided(base: TrialData) -> None:
    rows = [assessed(subject, -1, BASE) for subject in SAMPLES]
    rows += [assessed("P1", 90, BETTER, **CLEAR), assessed("P2", 90, BASE | {"haq": NAN}, **CLEAR)]
    rows += [assessed("P3", 90, BETTER | {"haq": NAN}, **CLEAR)]  # three of its four known items got better by 30%
    found = endpoints_of(with_frames(base, assessments=rows))
    values = found.response.set_index("subject")["rcriss_30"]
    assert values.to_dict() == pytest.approx({"P1": 1, "P2": 0, "P3": 1, "P4": NAN}, nan_ok=True)
    rates = found.response_rates.set_index(["dose", "response"]).loc[(slice(None), "rcriss_30"), :]
    assert rates["evaluable"].tolist() == [1, 0]  # P2 and P3 lack an item, one known to fail, one to respond
    assert rates["possible_lowest"].tolist() == [50, 50]
    assert rates["possible_highest"].tolist() == [50, 100]


def test_outcomes_that_no_visit_agrees_with_are_named(base: TrialData) -> None:
    rows = [row for s in SAMPLES for row in (assessed(s, -1, BASE), assessed(s, 90, BETTER, **CLEAR))]
    rows = [row for row in rows if (row["subject"], row["time"]) != ("P3", 90)]
    rows += [{"subject": "P3", "time": 40.0, "pah": 1.0}, assessed("P3", 90, BETTER)]
    rows += [{"subject": "P2", "time": 220.0, "pah": 1.0}]  # after the visit that the table may mean
    trial = with_subjects(
        with_frames(base, assessments=rows),
        criss_step1={"P1": 1.0, "P2": 0.0, "P3": 0.0},
        criss_lp={"P1": -3.0, "P2": 8.1},  # 8.065 as section 3.2 prints it, rounded
        remission={"P1": 0.0, "P4": 1.0},
    )
    (note,) = (note for note in endpoints_of(trial).notes if note.startswith("Recorded outcomes that agree with no"))
    assert "(2 patients): P1: criss_step1 1, assessed 0 (day 90); " in note
    assert "criss_lp -3, assessed 8.065 (day 90); remission 0, assessed 1 (day 90) | P3: criss_step1 0, " in note
    assert "assessed 1 (day 90). A fit takes the outcomes as recorded." in note
    assert improved(endpoints_of(trial), "as recorded") == pytest.approx(
        {"P1": 0, "P2": 1, "P3": NAN, "P4": 1}, nan_ok=True
    )
    assert any("criss_step1 is 0 for 2 patients, without a day" in note for note in endpoints_of(trial).notes)


def test_an_event_after_a_visit_does_not_count_for_it(base: TrialData) -> None:
    rows = [
        assessed("P1", -3, BASE),
        assessed("P1", 90, BETTER, **CLEAR),
        assessed("P1", 180, BETTER, **(CLEAR | {"renal_crisis": 1.0})),
    ]
    found = endpoints_of(with_frames(base, assessments=rows))
    assert improved(found)["P1"] == 1
    assert improved(found, "day 180")["P1"] == 0


def test_the_patients_own_status_stands_in_for_undated_events(base: TrialData) -> None:
    rows = [assessed("P1", -3, BASE), assessed("P1", 90, BETTER)]
    trial = with_frames(base, assessments=rows)
    assert any("No step-1 status is recorded" in note for note in endpoints_of(trial).notes)
    assert improved(endpoints_of(with_subjects(trial, criss_step1={"P1": 0.0})))["P1"] == 1


def test_an_event_before_the_infusion_is_not_new(base: TrialData) -> None:
    rows = [
        assessed("P1", -3, BASE, **(CLEAR | {"pah": 1.0})),
        assessed("P1", 90, BETTER, **CLEAR),
    ]
    found = endpoints_of(with_frames(base, assessments=rows))
    assert improved(found)["P1"] == 1
    assert any("at or before the infusion are not new, and do not count: P1" in note for note in found.notes)


def test_a_millimetre_scale_is_refused_with_its_remedy(base: TrialData) -> None:
    rows = [assessed("P1", 0, BASE | {"patient_global": 60.0, "physician_global": 55.0}), assessed("P1", 90, BETTER)]
    with pytest.raises(TrialTableError, match="2 problems") as caught:
        endpoints_of(with_frames(base, assessments=rows))
    assert "divide a 0-100 mm visual scale by 10" in str(caught.value)


def test_without_assessments_the_recorded_outcome_is_the_response(base: TrialData) -> None:
    trial = with_subjects(
        base, criss_step1={"P1": 0.0, "P2": 0.0, "P3": 1.0}, criss_lp={"P1": np.log(1.5), "P2": 0.405}
    )
    found = endpoints_of(trial)
    assert improved(found, "as recorded") == pytest.approx({"P1": 1, "P2": 0, "P3": 0, "P4": NAN}, nan_ok=True)
    assert improved(endpoints_of(with_subjects(trial, remission={"P2": 1.0})), "as recorded")["P2"] == 1
    nothing = endpoints_of(base)
    assert nothing.response_rates.empty
    assert "no response recorded" in nothing.text()


@pytest.mark.parametrize("total", [1, 5, 6, 18])
def test_exact_limits_are_those_of_scipy(total: int) -> None:
    for count in range(total + 1):
        expected = binomtest(count, total).proportion_ci(method="exact")
        assert exact_limits(count, total) == pytest.approx((expected.low, expected.high), rel=1e-10, abs=1e-14)


def dlt_of(trial: TrialData, **options: object) -> dict[str, tuple[float, float, str]]:
    table = endpoints_of(trial, **options).dlt
    return {row.subject: (row.evaluable, row.dlt, row.reason) for row in table.itertuples()}


def test_a_patient_without_28_days_and_without_a_dlt_is_not_evaluable(base: TrialData) -> None:
    trial = with_subjects(base, dlt={"P1": 0.0, "P2": 0.0, "P3": 1.0, "P4": NAN}, dlt_day={"P3": 9.0})
    found = dlt_of(trial)
    assert found["P1"] == (1, 0, "no DLT in 28 days")
    assert found["P2"][0] == 0
    assert found["P2"][2] == "left on day 20 without a DLT, before day 28"
    assert found["P3"] == (1, 1, "DLT on day 9")
    assert found["P4"][2] == "followed for 28 days, DLT not yet assessed"
    assert dlt_of(trial, ongoing=["P2"])["P2"][2] == "followed to day 20 of 28"
    by_dose = endpoints_of(trial).dlt_by_dose.set_index("dose")
    assert by_dose.loc[1e8, ["patients", "evaluable", "dlt", "not_evaluable", "pending"]].tolist() == [2, 1, 0, 1, 0]
    assert by_dose.loc[2e8, ["patients", "evaluable", "dlt", "not_evaluable", "pending"]].tolist() == [2, 1, 1, 0, 1]
    with pytest.raises(UnknownNameError, match="no patient 'P9'"):
        endpoints_of(trial, ongoing=["P9"])
    with pytest.raises(ValueError, match="window=0"):
        endpoints_of(trial, window=0)


@pytest.mark.parametrize(
    ("hour", "hours", "day"),
    [
        (10, 24 * 28 - 2, 28),  # at 8 on day 28
        (10, 24 * 28 - 10, 28),  # on the stroke of midnight, the beginning of day 28
        (10, 24 * 28 - 11, 27),
        (10, 24 * 28 + 13, 28),
        (10, 24 * 28 + 14, 29),
        (1, 24 * 28 - 2, 27),  # at 23 on day 27
        (None, 24 * 28 - 2, 28),
        (None, 24 * 28 - 12, 27),
        (None, 24 * 28 - 11, 28),
    ],
)
def test_days_of_the_dlt_window_are_whole_days_by_date(hour: int | None, hours: float, day: int) -> None:
    if hour is not None:  # the calendar says the same
        start = datetime.datetime(2026, 3, 1, hour)
        assert ((start + datetime.timedelta(hours=hours)).date() - start.date()).days == day
    trial = trial_of({"P1": f"7:900 {hours / 24}:60"})
    infusion = {} if hour is None else {"infusion": {"P1": pd.Timestamp(2026, 3, 1, hour)}}
    trial = with_subjects(trial, dlt={"P1": 0.0}, **infusion)
    evaluable, _, reason = dlt_of(trial)["P1"]
    assert (evaluable, reason) == (
        (1, "no DLT in 28 days") if day >= 28 else (0, f"left on day {day} without a DLT, before day 28")
    )
    onset = with_subjects(trial, dlt={"P1": 1.0}, dlt_day={"P1": hours / 24})
    assert dlt_of(onset)["P1"][1] == float(day <= 28)


def test_follow_up_and_dated_records_count_as_followed(base: TrialData) -> None:
    trial = with_subjects(base, dlt={"P2": 0.0})
    assert dlt_of(with_subjects(trial, follow_up={"P2": 28.0}))["P2"][:2] == (1, 0)
    assert dlt_of(with_subjects(trial, follow_up={"P2": 27.0}))["P2"][0] == 0
    event = {"subject": "P2", "day": 30.0, "term": "Cough", "soc": "Lung", "grade": 1.0, "related": 0.0}
    assert dlt_of(with_frames(trial, events=[event]))["P2"][:2] == (1, 0)


def test_the_day_of_a_dlt_may_come_from_its_event_or_be_unknown(base: TrialData) -> None:
    trial = with_subjects(base, dlt={"P1": 1.0, "P2": 1.0, "P3": 0.0})
    event = {"subject": "P1", "day": 29.0, "term": "CRS", "soc": "Immune", "grade": 4.0, "related": 1.0, "dlt": 1.0}
    found = dlt_of(with_frames(trial, events=[event, event | {"subject": "P3"}]))
    assert found["P1"] == (1, 0, "no DLT in 28 days; DLT on day 29, after the window")
    assert found["P2"] == (1, 1, "DLT, day not recorded: taken as in the window")
    notes = endpoints_of(with_frames(trial, events=[event, event | {"subject": "P3"}])).notes
    assert any("marked as DLT, but no DLT declared for: P3" in note for note in notes)


def test_courses_of_crs_and_icans(base: TrialData) -> None:
    def graded(subject: str, day: float, value: float, kind: str = "crs") -> dict[str, object]:
        return {"subject": subject, "day": day, "kind": kind, "value": value}

    rows = [
        *(graded("P1", day, grade) for day, grade in ((1, 0), (2, 1), (4, 3), (4, 2), (8, 0))),
        graded("P2", 3, 0),
        graded("P3", 5, 2),
        graded("P3", 6, 1, "icans"),
        graded("P3", 9, 0, "icans"),
        graded("P4", NAN, 2),
        graded("P4", 2, 1, "steroid"),
    ]
    found = endpoints_of(with_frames(base, records=rows))
    course = found.courses.set_index(["toxicity", "subject"])
    assert course.loc[("crs", "P1"), ["worst", "worst_day", "onset", "duration"]].tolist() == [3, 4, 2, 6]
    assert course.loc[("crs", "P2"), "reason"] == "no grade of 1 or more"
    assert course.loc[("crs", "P3"), "reason"] == "not resolved by day 5"
    assert course.loc[("icans", "P3"), ["worst", "onset", "duration"]].tolist() == [1, 6, 3]
    assert ("crs", "P4") not in course.index
    by_dose = found.courses_by_dose.set_index(["toxicity", "dose"])
    low = by_dose.loc[("crs", 1e8)]
    assert low[["patients", "graded", "grade_3", "any", "percent", "grade_3_up"]].tolist() == [2, 2, 1, 1, 50, 1]
    assert by_dose.loc[("crs", 2e8), ["graded", "grade_2", "any", "not_resolved"]].tolist() == [1, 1, 1, 1]
    assert by_dose.loc[("icans", 1e8), ["patients", "graded", "any"]].tolist() == [2, 0, 0]
    assert any("1 grades of CRS or ICANS without a day" in note for note in found.notes)


def test_adverse_events_by_class_term_and_worst_grade(base: TrialData) -> None:
    def event(subject: str, soc: str, term: str, grade: float, related: float = 1.0) -> dict[str, object]:
        return {"subject": subject, "day": 3.0, "soc": soc, "term": term, "grade": grade, "related": related}

    rows = [event("P1", "Immune", "CRS", 2), event("P1", "Immune", "CRS", 3), event("P3", "", "Rash", 1)]
    found = endpoints_of(with_frames(base, events=[*rows, event("P4", "Immune", "CRS", 4, 0)]))
    table = found.adverse_events.set_index(["dose", "soc", "term"])
    assert table.loc[(1e8, "Immune", "CRS"), ["patients", "grade_2", "grade_3", "percent"]].tolist() == [2, 0, 1, 50]
    assert table.loc[(2e8, "not coded", "Rash"), "all"] == 1
    assert table.loc[(2e8, "Immune", "CRS"), "all"] == 0  # not related
    assert any("1 adverse events without a system organ class" in note for note in found.notes)


def test_the_bundled_trial_has_its_recorded_responses_and_dlts() -> None:
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    found = endpoints_of(trial)
    assert found.dlt_by_dose["dlt"].sum() == (trial.subjects["dlt"] == 1).sum()
    score = 1 / (1 + np.exp(-trial.subjects["criss_lp"]))
    expected = ((trial.subjects["criss_step1"] == 0) & (score >= 0.6)).sum()
    assert found.response_rates["responders"].sum() == expected
    assert found.text().startswith("SIMULATED DATA")


def test_a_trial_of_names_alone_has_no_endpoints_and_says_so() -> None:
    found = endpoints_of(cm.read_trial(pd.DataFrame({"subject": ["P1"]})))
    assert found.dlt["reason"].tolist() == ["followed to day 0 of 28"]
    for words in ("no response recorded", "no dated grade of CRS or ICANS", "no adverse events recorded"):
        assert words in found.text()
