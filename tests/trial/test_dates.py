"""Days from date-times; a missing clock time is never midnight."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartmodel.errors import TrialTableError
from cartmodel.trial import TrialData, read_trial
from cartmodel.trial.dates import days_between, read_when


def trial_of(infusion: str, samples: list[str], **columns: object) -> TrialData:
    frame = pd.DataFrame(
        {"subject": "p", "infusion": infusion, "sampled": samples, "level": 100.0, "unit": "copies/ug", **columns}
    )
    return read_trial(frame)


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)),
    end=st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)),
)
def test_days_are_those_of_the_standard_library(start: datetime, end: datetime) -> None:
    texts = pd.Series([start.isoformat(), start.strftime("%d%b%Y:%H:%M:%S")]), pd.Series([end.isoformat()] * 2)
    found = days_between(*(read_when(text) for text in texts))
    starts = (start, start.replace(microsecond=0))
    for began, days, by_date in zip(starts, found["days"], found["by_date"], strict=True):
        exact = (end - began).total_seconds() / 86400
        whole = (end.date() - began.date()).days
        assert days == pytest.approx(whole if by_date else exact, abs=1e-9)


def test_both_clock_times_give_exact_days() -> None:
    trial = trial_of("2026-03-01T18:00", ["2026-03-01T17:00", "2026-03-03T06:00", "03MAR2026:18:00"])
    assert trial.observations["time"].tolist() == [1.5, 2.0]
    assert not trial.observations["by_date"].any()
    assert trial.predose["time"].tolist() == pytest.approx([-1 / 24])
    assert trial.subjects["infusion"].tolist() == [pd.Timestamp("2026-03-01T18:00")]
    assert not trial.subjects["infusion_by_date"].any()


def test_a_missing_clock_time_gives_whole_days_and_is_said() -> None:
    trial = trial_of("2026-03-01T18:00", ["2026-03-03", "2026-03-04T06:00"])
    assert trial.observations["time"].tolist() == [2.0, 2.5]  # not 1.25, as midnight would give
    assert trial.observations["by_date"].tolist() == [True, False]
    (note,) = [note for note in trial.notes if "clock time" in note]
    assert note.startswith("1 samples lack a clock time")
    assert "rows 2" in note
    dated = trial_of("2026-03-01", ["2026-03-03T23:00", "2026-03-04T06:00"])
    assert dated.observations["time"].tolist() == [2.0, 3.0]
    assert dated.subjects["infusion_by_date"].all()


def test_a_column_of_dates_that_a_program_filled_up_with_midnight_is_of_dates() -> None:
    days = pd.to_datetime(["2026-03-03", "2026-03-08"])
    frame = pd.DataFrame({"subject": "p", "infusion": "2026-03-01T18:00", "sampled": days, "level": 9.0, "unit": "%"})
    trial = read_trial(frame)
    assert trial.observations["time"].tolist() == [2.0, 7.0]
    assert trial.observations["by_date"].all()


def test_the_day_of_the_infusion_without_clock_times_is_refused_unless_it_is_said_to_be_predose() -> None:
    with pytest.raises(TrialTableError, match="before or after it cannot be told"):
        trial_of("2026-03-01T18:00", ["2026-03-01", "2026-03-08"])
    for extra in ({"visit": ["PREDOSE", "DAY 7"]}, {"nominal": [0, 7]}):
        trial = trial_of("2026-03-01T18:00", ["2026-03-01", "2026-03-08"], **extra)
        assert trial.observations["time"].tolist() == [7.0]
        assert len(trial.predose) == 1
        assert np.isnan(trial.predose["time"][0])


def test_a_time_beside_date_times_must_agree_with_them() -> None:
    assert trial_of("2026-03-01T18:00", ["2026-03-03T06:00"], time=1.52).observations["time"].tolist() == [1.52]
    with pytest.raises(TrialTableError, match=r"'7', but the date-times are 1\.5 days apart"):
        trial_of("2026-03-01T18:00", ["2026-03-03T06:00"], time=7)


@pytest.mark.parametrize(
    "text", ["3/4/2026", "2026-02-30", "2026-03", "2026-03-03T06:00Z", "2026-03-03T25:00", "yesterday"]
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(TrialTableError, match="is not a date-time"):
        trial_of("2026-03-01T18:00", [text])


def test_a_sample_of_a_patient_without_an_infusion_date_is_refused() -> None:
    with pytest.raises(TrialTableError, match="of a patient without an infusion date"):
        trial_of("", ["2026-03-03T06:00"])
