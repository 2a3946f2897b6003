"""Records, assessments and adverse events, and that the rooms which take them can."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trial.forms import FOLDER, PLAIN, frame_of
from trial.test_corruptions import HISTORY

from cartmodel import endpoints
from cartmodel.endpoints import (
    CRISS_ITEMS,
    Visit,
    adverse_event_table,
    check_assessments,
    dlt_evaluability,
    response_by_visit,
    step1_at,
    toxicity_course,
)
from cartmodel.errors import TrialTableError
from cartmodel.trial import ASSESSMENT_COLUMNS, EVENT_COLUMNS, RECORD_COLUMNS, TrialData, read_trial
from cartmodel.trial.columns import CRISS_COLUMNS, STEP1_EVENTS


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    return {name.removesuffix(".csv"): frame_of(text) for name, text in (FOLDER | HISTORY).items()}


@pytest.fixture
def trial(frames: dict[str, pd.DataFrame]) -> TrialData:
    return read_trial(frames)


def test_a_trial_without_them_has_the_frames_empty(tmp_path: Path) -> None:
    trial = read_trial(frame_of(PLAIN))
    assert tuple(trial.records) == RECORD_COLUMNS
    assert tuple(trial.assessments) == ASSESSMENT_COLUMNS
    assert tuple(trial.events) == EVENT_COLUMNS
    assert not len(trial.records) + len(trial.assessments) + len(trial.events)


def test_records(trial: TrialData) -> None:
    assert trial.records[["subject", "day", "kind"]].to_numpy().tolist() == [
        ["101", -5, "lymphodepletion"],
        ["101", 3, "crs"],
        ["101", 4, "tocilizumab"],
        ["102", 6, "ada"],
    ]
    np.testing.assert_array_equal(trial.subjects["tocilizumab_day"], [4, np.nan, np.nan])
    assert any("tocilizumab_day of 1 patients is the day of their first record" in note for note in trial.notes)
    grades = trial.records[trial.records["kind"] == "crs"].rename(columns={"day": "time", "value": "grade"})
    assert toxicity_course(grades).loc["101", "worst"] == 2


def test_a_record_of_0_says_that_there_was_none(frames: dict[str, pd.DataFrame]) -> None:
    frames["records"].loc[2, "value"] = 0
    assert read_trial(frames).subjects["tocilizumab_day"].isna().all()


def test_records_and_their_column_must_agree(frames: dict[str, pd.DataFrame]) -> None:
    frames["subjects"]["tocilizumab_day"] = [5.0, np.nan, np.nan]
    with pytest.raises(TrialTableError, match="5, but the first record of tocilizumab is of day 4"):
        read_trial(frames)


def test_the_ranges_of_the_criss_items_are_those_of_the_endpoints() -> None:
    assert list(CRISS_COLUMNS) == list(CRISS_ITEMS)
    assert endpoints.STEP1_EVENTS == STEP1_EVENTS
    for name, item in CRISS_ITEMS.items():
        assert CRISS_COLUMNS[name] == (item.lowest, item.highest, item.step, item.accepted)


def test_assessments_are_what_the_endpoints_take(trial: TrialData, frames: dict[str, pd.DataFrame]) -> None:
    check_assessments(trial.assessments)
    day_90 = Visit("day 90", 90, 76, 104)
    assert step1_at(trial.assessments, day_90).isna().all()  # three of the four events were not recorded
    for name in ("ild", "lv_failure", "pah"):
        frames["assessments"][name] = 0
    trial = read_trial(frames)
    assert step1_at(trial.assessments, day_90).tolist()[0] == 0
    found = response_by_visit(trial.assessments, [day_90])
    # -5.54 + 0.81 x 10 + 0.21 x 2 + 0.40 x 1 + 0.44 x 0.5 + 3.41 x 0.25, by the published coefficients
    assert found["lp"].tolist()[0] == pytest.approx(-5.54 + 8.1 + 0.42 + 0.40 + 0.22 + 0.8525, abs=1e-12)
    frames["assessments"].loc[1, "pah"] = 1
    assert step1_at(read_trial(frames).assessments, day_90).tolist()[0] == 1


def test_rows_of_one_assessment_are_one(frames: dict[str, pd.DataFrame]) -> None:
    whole = read_trial(frames)
    items = frames["assessments"]
    split = pd.concat([items.drop(columns="haq"), items[["subject", "time", "haq"]]])
    assert read_trial(frames | {"assessments": split}).digest == whole.digest


def test_events_are_what_the_endpoints_take(trial: TrialData) -> None:
    patients = trial.subjects.reset_index()
    table = adverse_event_table(trial.events, patients)
    assert table.loc[table["term"] == "any", "all"].tolist() == [1, 0, 1, 1, 1, 0]
    last = patients.assign(last_day=90.0, left=0).rename(columns={"index": "subject"})
    assert dlt_evaluability(last)["dlt"].tolist()[:2] == [0, 1]


def test_a_dlt_declared_in_an_event_is_the_patients(frames: dict[str, pd.DataFrame]) -> None:
    frames["outcomes"] = frames["outcomes"].iloc[:1]
    trial = read_trial(frames)
    np.testing.assert_array_equal(trial.subjects["dlt"], [0, 1, np.nan])
    np.testing.assert_array_equal(trial.subjects["dlt_day"], [np.nan, 12, np.nan])
    assert any("Other events say nothing about DLT" in note for note in trial.notes)


def test_the_digest_holds_them(trial: TrialData, frames: dict[str, pd.DataFrame]) -> None:
    digests = {trial.digest}
    for name, column, value in (
        ("records", "value", 1.0),
        ("assessments", "mrss", 27.0),
        ("events", "grade", 3),
        ("subjects", "weight", 61.0),
        ("levels", "visit", "DAY 7"),
    ):
        changed = frames[name].copy()
        changed.loc[1, column] = value
        digests.add(read_trial(frames | {name: changed}).digest)
    assert len(digests) == 6


def test_days_from_dates(frames: dict[str, pd.DataFrame]) -> None:
    frames["subjects"]["infusion"] = "2026-03-01T10:00"
    events = frames["events"].assign(day=None, at=["2026-03-04T22:00", "2026-03-13"], end_day=None)
    assert read_trial(frames | {"events": events}).events["day"].tolist() == [3.5, 12.0]


def test_days_from_dates_alone_are_not_compared_to_the_hour() -> None:
    """Starts are collected with clocks and ends as dates: an event of one day ends on it."""
    adsl = pd.DataFrame({"USUBJID": ["1"], "TRTSDTM": "2026-03-01T09:00", "DOSEA": 1e8, "DOSEU": "cells"})
    event = {"USUBJID": "1", "AEDECOD": "CRS", "AEBODSYS": "Immune", "ATOXGRN": 1, "AREL": "Y"}
    dated = pd.DataFrame([event | {"AESTDTC": "2026-03-04T15:00", "AEENDTC": "2026-03-04"}])
    assert read_trial({"adsl": adsl, "adae": dated}).events[["day", "end_day"]].to_numpy().tolist() == [[3.25, 3.0]]
    wrong = dated.assign(AEENDTC="2026-03-03")
    with pytest.raises(TrialTableError, match=r"2 is before the onset, day 3\.25"):
        read_trial({"adsl": adsl, "adae": wrong})


def test_two_drugs_of_one_day_are_two_records_and_strangers_are_named() -> None:
    levels = pd.DataFrame({"subject": ["1"], "time": 7, "level": 900, "unit": "copies/ug"})
    records = pd.DataFrame({"subject": "1", "day": -5, "kind": "lymphodepletion", "value": [30, 300], "unit": "mg/m2"})
    assert read_trial({"levels": levels, "records": records}).records["value"].tolist() == [30, 300]
    with pytest.raises(TrialTableError, match="stands in row 2 too"):
        read_trial({"levels": levels, "records": records.assign(value=30)})
    for kind in ("tocilizumab", "steroid"):
        with pytest.raises(TrialTableError, match="'01' is no patient of the trial"):
            read_trial({"levels": levels, "records": records.assign(subject="01", kind=kind)})
