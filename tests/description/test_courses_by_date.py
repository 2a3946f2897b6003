"""Courses of CRS from grades of which some have a clock time and some a date alone."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.submission import to_tables
from cartmodel.trial import TrialData

NAN = float("nan")
PATIENTS = pd.DataFrame({"subject": ["P"], "dose": [1e8], "infusion": ["2026-03-01T09:00"]})
LEVELS = pd.DataFrame({"subject": ["P"], "time": [7.0], "level": [900.0], "unit": "copies/ug"})


def trial_of(*grades: tuple[str, float], infusion: str = "2026-03-01T09:00") -> TrialData:
    records = pd.DataFrame(grades, columns=["at", "value"]).assign(subject="P", kind="crs")
    return cm.read_trial({"subjects": PATIENTS.assign(infusion=infusion), "levels": LEVELS, "records": records})


def course(trial: TrialData) -> dict[str, object]:
    return cm.endpoints_of(trial).courses.iloc[0].to_dict()


def test_a_date_beside_a_clock_time_of_the_same_day_is_in_order() -> None:
    trial = trial_of(("2026-03-03T20:00", 1), ("2026-03-04", 2), ("2026-03-04T08:00", 0))
    found = course(trial)
    assert [found[name] for name in ("worst", "worst_day", "onset", "resolved", "duration")] == [2, 3, 2, 3, 1]
    assert trial.records["by_date"].tolist() == [False, False, True]  # by day
    assert any("by date alone, so that their days are whole ones: 1 records" in note for note in trial.notes)
    assert any("not recorded: CRS of P on day 3." in note for note in cm.endpoints_of(trial).notes)


TRUTH = (("2026-03-02T20:00", 0), ("2026-03-03T04:00", 1), ("2026-03-03T23:00", 3), ("2026-03-04T01:00", 2))


@pytest.mark.parametrize("end", ["2026-03-04T06:00", "2026-03-04T22:00", "2026-03-05T02:00"])
@pytest.mark.parametrize("infusion", ["2026-03-01T09:00", "2026-03-01"])
def test_a_resolved_course_is_resolved_whichever_clock_times_are_lost(end: str, infusion: str) -> None:
    grades = (*TRUTH, (end, 0))
    masks = {f"P{number}": lost for number, lost in enumerate(product((False, True), repeat=len(grades)))}
    records = [
        (name, at[:10] if gone else at, grade, "crs")
        for name, lost in masks.items()
        for (at, grade), gone in zip(grades[::-1], lost, strict=True)
    ]
    patients = pd.DataFrame({"subject": list(masks), "dose": 1e8, "infusion": infusion})
    table = pd.DataFrame(records, columns=["subject", "at", "value", "kind"])
    found = cm.endpoints_of(cm.read_trial({"subjects": patients, "records": table})).courses.set_index("subject")
    assert found["worst"].eq(3).all()
    assert found["reason"].eq("").all()
    assert (found["duration"] >= 0).all()
    by_clock = np.array([len(infusion) > 10 and not any(lost) for lost in masks.values()])
    for name, day in (("worst_day", 2), ("onset", 2), ("resolved", int(end[8:10]) - 1)):
        assert (np.floor(found[name] + 9 / 24 * by_clock) == day).all()


def test_a_course_that_goes_on_is_not_resolved() -> None:
    for last in ("2026-03-04", "2026-03-04T23:00"):
        found = course(trial_of(("2026-03-03T20:00", 0), ("2026-03-04T08:00", 0), (last, 1), ("2026-03-05", 1)))
        assert found["reason"] == "not resolved by day 4"


def test_clock_times_keep_their_order_where_the_infusion_has_none() -> None:
    found = course(trial_of(("2026-03-04T08:00", 0), ("2026-03-04T20:00", 2), infusion="2026-03-01"))
    assert (found["onset"], found["reason"]) == (3, "not resolved by day 3")


def test_study_days_beside_date_times() -> None:
    adrs = pd.DataFrame(
        [("P", "CRS", 2.0, 4.0, ""), ("P", "CRS", 0.0, 4.0, "2026-03-04T08:00")],
        columns=["USUBJID", "PARAMCD", "AVAL", "ADY", "ADTM"],
    )
    trial = cm.read_trial({"subjects": PATIENTS, "levels": LEVELS, "adrs": adrs})
    assert course(trial)["resolved"] == 3


def test_our_own_tables_keep_what_is_known_of_the_order() -> None:
    trial = trial_of(("2026-03-03T20:00", 1), ("2026-03-04", 2), ("2026-03-04T08:00", 0))
    again = cm.read_trial(to_tables(trial))
    assert again.digest == trial.digest
    assert again.records["by_date"].tolist() == trial.records["by_date"].tolist()
    assert course(again) == course(trial)
