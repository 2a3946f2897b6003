"""Descriptions of trials: counts by hand, visits and their windows, what is missed, what looks odd."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from description.build import NAN, trial_of, with_frames, with_subjects

import cartmodel as cm
from cartmodel.description import describe_trial, levels_by_visit, planned_days, samples_by_visit, suspicious_values
from cartmodel.description.schedule import last_days, visit_of, window_ends
from cartmodel.trial import TrialData

WEEKS = [7, 14, 28, 60]
SAMPLES = {
    "a": "1:0 7.2:900 13:4000 29:60 61:0",
    "b": "7:100 28:0 62:0",  # day 14 missed
    "c": "6:0 14:400",  # lost after day 14
    "none": "",
}
DOSES = {"a": 1e8, "b": 1e8, "c": 2e8, "none": 2e8}


@pytest.fixture(scope="module")
def trial() -> TrialData:
    return trial_of(SAMPLES, dose=DOSES)


def test_patients_and_samples_are_counted_by_dose(trial: TrialData) -> None:
    found = describe_trial(trial, WEEKS)
    patients = found.patients.set_index("dose")
    assert patients.loc[1e8, ["patients", "sampled", "quantified"]].tolist() == [2, 2, 2]
    assert patients.loc[2e8, ["patients", "sampled", "quantified"]].tolist() == [2, 1, 1]
    samples = found.samples.set_index("dose")
    assert samples.loc[1e8, ["patients", "samples", "blq", "blq_percent"]].tolist() == [2, 8, 4, 50]
    assert samples.loc[2e8, ["patients", "samples", "blq", "per_patient_median"]].tolist() == [1, 2, 1, 2]
    assert samples.loc[1e8, ["lloq", "first_day", "last_day"]].tolist() == ["50", 1, 62]


def test_every_planned_sample_is_accounted_for_once(trial: TrialData) -> None:
    planned = samples_by_visit(trial, np.array(WEEKS, dtype=float))
    status = planned.pivot_table("status", "subject", "visit", aggfunc="first")
    # Windows end on days 10.5, 21, 44 and 76. Day 1 and day 7.2 of 'a' are of one window: the nearer one counts.
    assert status.loc["a"].tolist() == ["quantified", "quantified", "quantified", "BLQ"]
    assert status.loc["b"].tolist() == ["quantified", "missed", "BLQ", "BLQ"]
    assert status.loc["c"].tolist() == ["BLQ", "quantified", "not reached", "not reached"]
    assert status.loc["none"].tolist() == ["not reached"] * 4
    missed = describe_trial(trial, WEEKS).missed
    assert missed[["subject", "visit"]].to_numpy().tolist() == [["b", 14.0]]


def test_who_was_followed_without_a_sample_has_missed_it(trial: TrialData) -> None:
    followed = with_subjects(trial, follow_up={"c": 44.0, "none": 20.9})
    missed = describe_trial(followed, WEEKS).missed
    assert missed[["subject", "visit"]].to_numpy().tolist() == [["b", 14.0], ["c", 28.0], ["none", 7.0]]
    by_record = with_frames(trial, records=[{"subject": "none", "day": 11.0, "kind": "steroid"}])
    assert last_days(by_record)["none"] == 11
    assert ("none", 7.0) in set(describe_trial(by_record, WEEKS).missed[["subject", "visit"]].itertuples(index=False))


def test_windows_end_halfway_and_a_nominal_day_goes_first() -> None:
    days = np.array([1.0, 3.0, 7.0])
    assert window_ends(days).tolist() == [2, 5, 9]
    time, nominal = np.array([2.0, 2.1, 9.0, 9.1, 5.5, 5.5]), np.array([NAN, NAN, NAN, NAN, 3.0, 4.0])
    assert visit_of(time, nominal, days).tolist() == [0, 1, 2, -1, 1, 2]
    assert window_ends(np.array([10.0])).tolist() == [20]


def test_means_and_shares_of_a_visit_are_those_of_its_samples(trial: TrialData) -> None:
    table = levels_by_visit(trial, np.array(WEEKS, dtype=float)).set_index(["dose", "visit"])
    week = table.loc[(1e8, 7.0)]
    assert (week["samples"], week["blq"], week["blq_percent"]) == (2, 0, 0)
    assert week["geometric_mean"] == pytest.approx(300, rel=1e-12)  # of 900 and 100
    assert week["geometric_sd"] == pytest.approx(np.exp(np.log(9) / np.sqrt(2)), rel=1e-12)
    half = table.loc[(1e8, 28.0)]
    assert half["geometric_mean"] == pytest.approx(np.sqrt(60 * 25), rel=1e-12)  # BLQ counts for half of 50
    late = table.loc[(1e8, 60.0)]
    assert np.isnan(late["geometric_mean"])
    assert late["reason"] == "2 of 2 samples BLQ, more than half"
    assert table.loc[(1e8, 14.0), ["samples", "missed"]].tolist() == [1, 1]
    assert table.loc[(2e8, 60.0), ["samples", "not_reached", "reason"]].tolist() == [0, 2, "no sample"]


def test_without_a_schedule_samples_are_counted_by_period_and_it_is_said(trial: TrialData) -> None:
    found = describe_trial(trial)
    assert found.schedule == ()
    assert found.missed.empty
    assert any("missed visits cannot be told" in note for note in found.notes)
    table = found.visits.set_index(["dose", "visit"])["samples"]
    assert table[1e8].to_dict() == {3: 1, 7: 1, 14: 2, 28: 1, 60: 1, 90: 2}
    assert found.visits["samples"].sum() == len(trial.observations)


def test_samples_after_the_last_period_have_one_of_their_own() -> None:
    visits = describe_trial(trial_of({"a": "7:100 360:60 400.5:70"})).visits
    assert visits["visit"].tolist() == [7, 360, 401]


def test_nominal_days_of_the_table_are_the_schedule(trial: TrialData) -> None:
    nominal = trial.observations.assign(nominal=[1, 7, 14, 28, 60, 7, 28, 60, 7, 14])
    named = replace(trial, observations=nominal)
    assert planned_days(named, None).tolist() == [1, 7, 14, 28, 60]
    found = describe_trial(named)
    assert any("nominal days of the table" in note for note in found.notes)
    assert found.schedule == (1, 7, 14, 28, 60)


def test_the_bundled_trial_on_its_own_schedule_loses_no_sample() -> None:
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    schedule = [1, 3, 5, 7, 10, 12, 14, 17, 21, 28, 60, 90, 180, 360]
    found = describe_trial(trial, schedule)
    assert found.visits["samples"].sum() == len(trial.observations) == 245
    assert found.visits["blq"].sum() == trial.observations["blq"].sum()
    gone = found.visits["missed"].sum() + found.visits["not_reached"].sum()
    assert found.visits["samples"].sum() + gone == 18 * 14
    assert found.text().startswith("SIMULATED DATA - not a real trial")


@pytest.mark.parametrize("schedule", [[], [0, 7], [7, 7], [NAN], [-1, 3]])
def test_a_schedule_that_is_none_is_refused(trial: TrialData, schedule: list[float]) -> None:
    with pytest.raises(ValueError, match="accepted: one or more different days after the infusion"):
        describe_trial(trial, schedule)


def findings(trial: TrialData, **options: object) -> list[tuple[str, float, str]]:
    table = suspicious_values(trial, **options)
    return list(table[["subject", "time", "finding"]].itertuples(index=False, name=None))


def test_copies_above_the_ceiling_are_told_with_the_vector_copy_number() -> None:
    # 1 ug of DNA holds 1e6 pg / 6.6 pg = 151,515 diploid genomes (section 1.0 of the domain file: 1.515e5).
    trial = trial_of({"a": "7:151515 14:151516 28:700000"})
    assert [time for _, time, _ in findings(trial)] == [14, 28]
    assert "4.6 copies in every cell" in findings(trial)[1][2]
    assert [time for _, time, _ in findings(trial, vcn=4.0)] == [28]
    assert "4 measured" in findings(trial, vcn=4.0)[0][2]
    assert findings(trial, vcn=5.0) == []
    assert findings(trial_of({"a": "7:700000"}, unit="cells/uL")) == []
    assert len(findings(trial_of({"a": "7:700000"}, unit="Copies / \N{MICRO SIGN}g gDNA"))) == 1
    with pytest.raises(ValueError, match="vcn=0; accepted"):
        suspicious_values(trial, vcn=0)


def test_percentages_above_a_hundred_are_told() -> None:
    trial = trial_of({"a": "7:100 14:100.5"}, unit="% of CD3", lloq=0.01)
    assert findings(trial) == [("a", 14.0, "a percentage above 100")]


@pytest.mark.parametrize(
    ("samples", "odd"),
    [
        ("7:100 8:100000 9:100", [8]),
        ("7:100 8:99999 9:100", []),
        ("7:100 8:100000 9:101", []),
        ("7:100 8:100000 9:90000 10:80", []),  # up, but not back at once
        ("7:60000 8:60 9:70000", [8]),
        ("7:60000 8:0 9:70000", [8]),  # BLQ, at the LLOQ of 50
        ("7:40000 8:0 9:70000", []),
        ("7:0 8:60000 9:0", [8]),
        ("7:100000 8:100", []),
    ],
)
def test_a_thousandfold_jump_and_back_is_told(samples: str, odd: list[float]) -> None:
    assert [time for _, time, _ in findings(trial_of({"a": samples}))] == odd


def test_a_jump_is_looked_for_within_one_patient_only() -> None:
    assert findings(trial_of({"a": "7:60", "b": "7:100000", "c": "7:60"})) == []


def test_predose_samples_other_than_the_last_are_told() -> None:
    base = trial_of({"a": "7:900", "b": "7:900", "c": "7:900"})
    rows = [
        {"subject": "a", "assay": "qpcr", "time": -20.0, "level": 0.0, "row": 2},
        {"subject": "a", "assay": "qpcr", "time": -0.1, "level": 0.0, "row": 3},
        {"subject": "b", "assay": "qpcr", "time": 0.0, "level": 700.0, "row": 5},
        {"subject": "c", "assay": "qpcr", "time": -300.0, "level": NAN, "blq": True, "row": 8},
    ]
    table = suspicious_values(with_frames(base, predose=rows))
    assert table["row"].tolist() == [2, 5, 8]
    assert "beside the predose sample: is the date right?" in table["finding"][0]
    assert "quantified before the infusion" in table["finding"][1]
    assert "300 days before the infusion" in table["finding"][2]


def test_samples_outside_their_window_or_after_the_follow_up_are_told() -> None:
    trial = trial_of({"a": "7:900 13:400 70:60"})
    dated = replace(trial, observations=trial.observations.assign(nominal=[7.0, 28.0, 60.0]))
    assert [time for _, time, _ in findings(dated, days=[7, 14, 28, 60])] == [13]
    ended = with_subjects(trial, follow_up={"a": 69.0})
    assert findings(ended) == [("a", 70.0, "after the end of the follow-up (day 69)")]


def test_rows_of_the_table_are_those_of_the_spreadsheet() -> None:
    trial = trial_of({"a": "7:900 8:900000 9:900"})
    (row,) = suspicious_values(trial)["row"].unique()
    assert row == 3  # under the header and the first sample


def test_a_trial_without_samples_or_patients_dose_is_described() -> None:
    bare = cm.read_trial(pd.DataFrame({"subject": ["P1", "P2"], "dlt": [1, 0]}))
    found = describe_trial(bare, [7, 14])
    assert found.patients["patients"].tolist() == [2]
    assert found.patients["dlt"].tolist() == [1]
    assert found.samples.empty
    assert found.warnings.empty
    assert "no samples" in found.text()
    assert describe_trial(bare).visits.empty


def test_text_and_tables_tell_the_same(trial: TrialData) -> None:
    found = describe_trial(trial, WEEKS)
    assert set(found.tables) == {"patients", "covariates", "samples", "visits", "missed", "records", "warnings"}
    text = found.text()
    assert text.startswith("A real trial: 4 patients, 10 samples")
    assert "Suspicious values: 0, none removed" in text
    assert "SIMULATED" not in text
