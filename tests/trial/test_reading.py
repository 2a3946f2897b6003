"""What a good trial table becomes."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cartmodel.trial import OBSERVATION_COLUMNS, SUBJECT_COLUMNS, TrialData, read_trial

HEADER = "subject,time,level,unit,blq,lloq,dose,dlt,remission"
ROWS = (
    "003,0,0,copies/ug,,,25e6,0,1",
    "003,7,900.5,copies/ug,0,50,,,",
    "003,3,,copies/ug,1,50,,,",
    "1,7,12000,copies/ug,0,,,1,",
    "001,7,30,copies/ug,0,,5e7,,0",
    "02,,,,,,5e7,1,",
    "x,3,<50,copies/ug,yes,50,5e7,,",
    "x,-1,,,,,,,",
)


def written(tmp_path: Path, rows: list[str] | tuple[str, ...] = ROWS, header: str = HEADER) -> Path:
    path = tmp_path / "my_trial.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def trial(tmp_path: Path) -> TrialData:
    return read_trial(written(tmp_path))


def test_patients_stay_in_order_of_appearance_with_their_outcomes(trial: TrialData) -> None:
    assert list(trial.subjects.index) == ["003", "1", "001", "02", "x"]
    assert trial.subjects.index.name == "subject"
    assert tuple(trial.subjects.columns) == SUBJECT_COLUMNS
    nan = np.nan
    np.testing.assert_array_equal(trial.subjects["dose"], [25e6, nan, 5e7, 5e7, 5e7])
    np.testing.assert_array_equal(trial.subjects["dlt"], [0, 1, nan, 1, nan])
    np.testing.assert_array_equal(trial.subjects["remission"], [1, nan, 0, nan, nan])
    assert trial.subjects["criss_lp"].isna().all()


def test_samples_are_sorted_and_keep_their_row(trial: TrialData) -> None:
    seen = trial.observations
    assert tuple(seen.columns) == OBSERVATION_COLUMNS
    assert seen["subject"].tolist() == ["003", "003", "1", "001", "x"]
    assert seen["time"].tolist() == [3, 7, 7, 7, 3]
    assert seen["row"].tolist() == [4, 3, 5, 6, 8]
    assert seen["blq"].tolist() == [True, False, False, False, True]
    assert seen["blq"].dtype == bool
    np.testing.assert_array_equal(seen["level"], [np.nan, 900.5, 12000, 30, np.nan])
    np.testing.assert_array_equal(seen["lloq"], [50, 50, np.nan, np.nan, 50])
    assert trial.units == {"qpcr": "copies/ug"}
    assert trial.assays == ("qpcr",)


def test_the_notes_count_and_name(trial: TrialData) -> None:
    notes = "\n".join(trial.notes)
    assert "2 predose samples (time <= 0) of 2 patients" in notes
    assert "called 'qpcr'" in notes
    assert "1 patient (02) without a usable sample" in notes
    assert "1 patient (x) with BLQ samples only" in notes
    assert "Dose not given for 1 patient (1)" in notes
    assert "dlt pending for 2 patients (001, x)" in notes
    assert "remission pending for 3 patients (1, 02, x)" in notes
    assert "criss" not in notes.lower()


def test_dropping_blq_is_said_aloud(tmp_path: Path, trial: TrialData) -> None:
    dropped = read_trial(written(tmp_path), drop_blq=True)
    assert dropped.observations["row"].tolist() == [3, 5, 6]
    notes = "\n".join(dropped.notes)
    assert "2 of 5 samples, of 2 patients" in notes
    assert "biases beta, FB and the early slope" in notes
    assert "2 patients (02, x) without a usable sample" in notes
    assert dropped.digest != trial.digest
    assert list(dropped.subjects.index) == list(trial.subjects.index)


@pytest.mark.parametrize(
    ("study", "name", "simulated"),
    [("", "my_trial", False), ("SIMULATED cd7", "SIMULATED cd7", True), ("Phase 1", "Phase 1", False)],
)
def test_the_study_names_the_trial(tmp_path: Path, study: str, name: str, simulated: bool) -> None:
    trial = read_trial(written(tmp_path, [f"1,7,5,%,{study}"], "subject,time,level,unit,study"))
    assert (trial.name, trial.simulated) == (name, simulated)
    assert trial.assays == ("assay",)


def test_outcomes_alone_make_a_trial(tmp_path: Path) -> None:
    trial = read_trial(written(tmp_path, ["1,1e6,1", "2,1e6,"], "subject,dose,dlt"))
    assert len(trial.observations) == 0
    assert trial.units == {}
    assert trial.subjects["dlt"].tolist()[0] == 1
    assert len(trial.digest) == 64


def test_two_assays_may_share_a_time(tmp_path: Path) -> None:
    rows = ["1,7,5,copies/ug,qpcr", "1,7,6,cells/uL,flow"]
    trial = read_trial(written(tmp_path, rows, "subject,time,level,unit,assay"))
    assert trial.units == {"qpcr": "copies/ug", "flow": "cells/uL"}
    assert trial.assays == ("flow", "qpcr")
    assert trial.observations["assay"].tolist() == ["flow", "qpcr"]


def test_values_on_their_limits_are_good(tmp_path: Path) -> None:
    rows = ["1,7,50,%,50,0,100", "2,7,50,%,50,0,-100"]
    trial = read_trial(written(tmp_path, rows, "subject,time,level,unit,lloq,criss_step1,criss_lp"))
    assert trial.observations["level"].tolist() == [50, 50]
    assert trial.subjects["criss_lp"].tolist() == [100, -100]


def test_minus_zero_is_zero(tmp_path: Path) -> None:
    plain, minus = (
        read_trial(written(tmp_path, [f"1,0,{zero}"], "subject,criss_step1,criss_lp")).digest for zero in ("0", "-0.0")
    )
    assert plain == minus


def test_columns_without_a_sample_need_no_unit(tmp_path: Path) -> None:
    trial = read_trial(written(tmp_path, ["1,,,1e8", "2,,,1e8"], "subject,time,level,dose"))
    assert "2 patients (1, 2) without a usable sample; kept." in trial.notes


def test_dropping_blq_may_empty_an_assay(tmp_path: Path) -> None:
    rows = ["1,7,5,copies/ug,qpcr,0,", "1,7,,cells/uL,flow,1,2"]
    trial = read_trial(written(tmp_path, rows, "subject,time,level,unit,assay,blq,lloq"), drop_blq=True)
    assert trial.assays == ("qpcr",)
    assert "Assay 'flow' has no sample left without its BLQ samples." in trial.notes


def test_criss(tmp_path: Path) -> None:
    rows = ["a,0,1.5,1e8", "b,1,2,1e8", "c,,,1e8", "d,0,,1e8", "e,1,,1e8"]
    trial = read_trial(written(tmp_path, rows, "subject,criss_step1,criss_lp,dose"))
    np.testing.assert_array_equal(trial.subjects["criss_lp"], [1.5, 2, np.nan, np.nan, np.nan])
    notes = "\n".join(trial.notes)
    assert "CRISS pending for 2 patients (c, d)" in notes
    assert "criss_lp is not used for 1 patient (b)" in notes


def test_surplus_columns_are_ignored_only_when_asked(tmp_path: Path) -> None:
    trial = read_trial(
        written(tmp_path, ["1,7,5,%,note"], "subject,time,level,unit,remark"), ignore=["remark", "other"]
    )
    assert "Columns ignored as asked: remark." in trial.notes


def test_quantified_levels_below_the_lloq_of_others_are_counted(tmp_path: Path) -> None:
    rows = ["1,1,,%,1,0.2", "1,2,0.1,%,0,", "1,3,0.3,%,0,"]
    trial = read_trial(written(tmp_path, rows, "subject,time,level,unit,blq,lloq"))
    assert any(note.startswith("1 quantified levels") for note in trial.notes)


def test_the_digest_follows_the_data_and_not_the_row(tmp_path: Path, trial: TrialData) -> None:
    moved = read_trial(written(tmp_path, [*ROWS[:2], "", ",,,,,,,,", *ROWS[2:]]))
    assert moved.observations["row"].tolist() == [6, 3, 7, 8, 10]
    assert moved.digest == trial.digest
    assert "2 blank rows were passed over." in moved.notes
    other = trial.observations.assign(level=trial.observations["level"] * 2)
    assert dataclasses.replace(trial, observations=other).digest != trial.digest
    assert dataclasses.replace(trial, units={"qpcr": "copies/mL"}).digest != trial.digest
    assert dataclasses.replace(trial, subjects=trial.subjects.assign(dlt=1.0)).digest != trial.digest
    assert dataclasses.replace(trial, name="other").digest == trial.digest


def test_a_frame_reads_like_a_file(trial: TrialData, tmp_path: Path) -> None:
    frame = pd.read_csv(written(tmp_path), dtype={"subject": str})
    framed = read_trial(frame)
    assert framed.digest == trial.digest
    pd.testing.assert_frame_equal(framed.observations, trial.observations)


def test_a_frame_of_numbers_gives_text_identifiers() -> None:
    frame = pd.DataFrame(
        {"subject": [1, 10], "time": [7.0, 8.0], "level": [1e22, 0.1], "unit": "%", "blq": [False, False]}
    )
    trial = read_trial(frame)
    assert list(trial.subjects.index) == ["1", "10"]
    assert trial.observations["level"].tolist() == [1e22, 0.1]
    assert any("numbers" in note for note in trial.notes)


def test_200_000_rows(tmp_path: Path) -> None:
    rows = [f"{n // 20},{n % 20 + 1},{n + 0.5},%" for n in range(200_000)]
    trial = read_trial(written(tmp_path, rows, "subject,time,level,unit"))
    assert len(trial.subjects) == 10_000
    assert trial.observations["level"].iloc[-1] == 199_999.5
