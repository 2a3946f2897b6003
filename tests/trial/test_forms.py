"""The same trial by every road is the same trial: long CSV, folder, frames, NONMEM, Monolix, ADaM as CSV and as XPT."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trial.forms import (
    ADAM,
    ADPC,
    ADPPK,
    ADSL,
    FOLDER,
    MONOLIX,
    MONOLIX_TOLD,
    NONMEM,
    NONMEM_TOLD,
    PLAIN,
    frame_of,
    transported,
    written,
)

from cartmodel.errors import TrialTableError
from cartmodel.trial import TrialData, read_trial


def folder_of(tmp_path: Path, files: dict[str, str]) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in files.items():
        written(folder, name, text)
    return folder


def xpt_folder(tmp_path: Path, files: dict[str, str]) -> Path:
    folder = tmp_path / "xpt"
    folder.mkdir()
    for name, text in files.items():
        transported(folder, name.replace(".csv", ".xpt"), text)
    return folder


ROADS: dict[str, Callable[[Path], tuple[Any, dict[str, Any]]]] = {
    "plain": lambda path: (written(path, "trial.csv", PLAIN), {}),
    "semicolons": lambda path: (written(path, "t.csv", PLAIN.replace(",", ";").replace(".", ",")), {}),
    "frame": lambda path: (frame_of(PLAIN), {}),
    "folder": lambda path: (folder_of(path, FOLDER), {}),
    "frames": lambda path: ({name.removesuffix(".csv"): frame_of(text) for name, text in FOLDER.items()}, {}),
    "nonmem": lambda path: (written(path, "nm.csv", NONMEM), NONMEM_TOLD),
    "nonmem, lower case": lambda path: (
        written(path, "nm.csv", NONMEM.replace(NONMEM.split("\n")[0], NONMEM.split("\n")[0].lower())),
        NONMEM_TOLD | {"mapping": {"dvid=1": "qpcr", "dvid=2": "flow"}},
    ),
    "nonmem frame": lambda path: (frame_of(NONMEM), NONMEM_TOLD),
    "monolix": lambda path: (written(path, "mlx.txt", MONOLIX), MONOLIX_TOLD),
    "adam": lambda path: (folder_of(path, ADAM), {}),
    "adam frames": lambda path: ({name.removesuffix(".csv"): frame_of(text) for name, text in ADAM.items()}, {}),
    "adam xpt": lambda path: (xpt_folder(path, ADAM), {}),
    "adppk": lambda path: (written(path, "adppk.csv", ADPPK), {}),
    "adppk xpt": lambda path: (transported(path, "adppk.xpt", ADPPK), {}),
}


@pytest.fixture
def plain(tmp_path: Path) -> TrialData:
    return read_trial(written(tmp_path, "plain.csv", PLAIN))


@pytest.mark.parametrize("road", ROADS)
def test_every_road_leads_to_the_same_trial(tmp_path: Path, plain: TrialData, road: str) -> None:
    source, told = ROADS[road](tmp_path)
    trial = read_trial(source, **told)
    pd.testing.assert_frame_equal(trial.subjects, plain.subjects)
    pd.testing.assert_frame_equal(trial.covariates, plain.covariates)
    skipped = ["row", "visit"]
    pd.testing.assert_frame_equal(trial.observations.drop(columns=skipped), plain.observations.drop(columns=skipped))
    assert trial.units == plain.units
    # ADPC names visits, which are data; without them it is the same trial.
    observations = trial.observations.assign(visit="")
    assert dataclasses.replace(trial, observations=observations).digest == plain.digest
    assert (trial.digest == plain.digest) == (trial.observations["visit"] == "").all()
    assert trial.predose[["subject", "assay", "time", "level"]].to_numpy().tolist() == [["101", "qpcr", -1.0, 0.0]]


def test_the_trial_is_what_was_written(plain: TrialData) -> None:
    np.testing.assert_array_equal(plain.subjects["dose"], [25e6, 1e8, 1e8])
    np.testing.assert_array_equal(plain.subjects["dose_assigned"], [3e7, 1e8, 1e8])
    np.testing.assert_array_equal(plain.subjects["weight"], [60.5, 70, 55])
    np.testing.assert_array_equal(plain.subjects["dlt"], [0, 1, np.nan])
    np.testing.assert_array_equal(plain.subjects["dlt_day"], [np.nan, 12, np.nan])
    assert plain.observations["assay"].tolist() == ["flow", "qpcr", "qpcr", "flow", "qpcr"]
    np.testing.assert_array_equal(plain.observations["level"], [3.25, np.nan, 1200.5, np.nan, 80000])


def test_what_a_data_set_leaves_out_is_counted_and_named(tmp_path: Path) -> None:
    notes = "\n".join(read_trial(written(tmp_path, "nm.csv", NONMEM), **NONMEM_TOLD).notes)
    assert "no DV, skipped and never taken as 0: 1 (row 8)" in notes
    assert "MDV=1, which hold no sample: 1 (row 9)" in notes
    assert "EVID=2 or 3, other events, which hold no sample: 1 (row 10)" in notes
    assert "comments, left out as the data set says: 1 (row 7)" in notes
    assert "ID = subject, TIME = time, DV = level" in notes
    assert "not used: CMT." in notes


def test_what_an_adpc_leaves_out_is_counted_and_named(tmp_path: Path) -> None:
    notes = "\n".join(read_trial(folder_of(tmp_path, ADAM)).notes)
    assert "with a DTYPE (COPY), derived records, which hold no sample: 1 (row 6)" in notes
    assert "without AVAL and not BLQ, skipped and never taken as 0: 1 (row 8)" in notes
    assert "PARAMCD BOR are not used" in notes
    assert "PCSTAT = status" in notes


def test_the_mapping_says_how_every_column_was_taken(tmp_path: Path) -> None:
    mapping = read_trial(written(tmp_path, "nm.csv", NONMEM), **NONMEM_TOLD).mapping
    assert set(mapping["column"]) == set(NONMEM.split("\n")[0].split(","))
    taken = mapping.set_index("column")["taken_as"]
    assert taken[["ID", "DV", "AMT", "WT", "AGE"]].tolist() == ["subject", "level", "amount", "weight", "age"]
    own = read_trial(written(tmp_path, "own.csv", PLAIN)).mapping
    assert (own["column"] == own["taken_as"]).all()


def test_a_user_names_columns(tmp_path: Path, plain: TrialData) -> None:
    text = PLAIN.replace("level", "CONC", 1).replace("subject", "Patient No", 1)
    path = written(tmp_path, "own.csv", text)
    told = {"CONC": "level", "Patient No": "subject"}
    trial = read_trial(path, mapping=told)
    assert trial.digest == plain.digest
    assert trial.mapping.set_index("column").loc["CONC"].tolist() == ["own", "level", "as told"]
    with pytest.raises(TrialTableError, match=r"'CONC' \(level\), subject '101': 'x' is not a finite number"):
        read_trial(written(tmp_path, "own.csv", text.replace("1200.5", "x")), mapping=told)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"mapping": {"CONC": "level"}}, "mapping names a column 'CONC' that is not there"),
        ({"mapping": {"level": "lewel"}}, "mapping takes 'level' as 'lewel'; accepted: did you mean 'level'"),
        ({"mapping": {"DVID=1": "qpcr"}}, "mapping names 'DVID=1', but there is no such column"),
        ({"units": {"tiem": "day"}}, "units names 'tiem', which is no quantity or assay"),
        ({"units": {"time": "parsec"}}, "'parsec' cannot measure time"),
        ({"units": {"level": "bottles"}}, "'bottles' for level is not a unit"),
        ({"units": {"level": "9**9**9**9"}}, "'9**9**9**9' for level is not a unit"),
        ({"units": {"qpcr": "cells/uL"}}, "'copies/ug' of assay 'qpcr' cannot be converted to 'cells/uL'"),
        ({"units": {"time": "h"}}, ""),
    ],
)
def test_what_a_user_says_wrongly_is_a_problem(tmp_path: Path, told: dict[str, Any], what: str) -> None:
    path = written(tmp_path, "plain.csv", PLAIN)
    if not what:  # a plain table that says no unit is in days; told hours, it is
        assert read_trial(path, **told).observations["time"].max() == pytest.approx(28 / 24, rel=1e-12)
        return
    with pytest.raises(TrialTableError) as caught:
        read_trial(path, **told)
    assert what in str(caught.value)


def test_ambiguous_columns_are_refused_with_the_candidates(tmp_path: Path) -> None:
    text = NONMEM.replace("AGE", "WTBL")
    with pytest.raises(TrialTableError) as caught:
        read_trial(written(tmp_path, "nm.csv", text), **NONMEM_TOLD)
    (problem,) = caught.value.problems
    assert problem.what == "WT, WTBL may each be 'weight', and they differ"
    assert problem.accepted.startswith("mapping={'WT': 'weight'} with ignore=['WTBL']")
    told = NONMEM_TOLD | {"mapping": NONMEM_TOLD["mapping"] | {"WT": "weight"}, "ignore": ["WTBL"]}
    assert read_trial(written(tmp_path, "nm.csv", text), **told).subjects["weight"].tolist() == [60.5, 70, 55]


def test_assays_of_a_data_set_without_names_are_numbered_and_said(tmp_path: Path) -> None:
    units = {"time": "day", "dose": "cells", "dvid1": "copies/ug", "dvid2": "cells/uL"}
    trial = read_trial(written(tmp_path, "nm.csv", NONMEM), units=units)
    assert trial.assays == ("dvid1", "dvid2")
    assert any("mapping={'DVID=1': 'qpcr'}" in note for note in trial.notes)


def test_units_that_no_table_says_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(TrialTableError) as caught:
        read_trial(written(tmp_path, "nm.csv", NONMEM), mapping=NONMEM_TOLD["mapping"])
    remedies = [problem.accepted for problem in caught.value.problems]
    assert len(remedies) == 3
    assert all(any(f"units={{'{name}'" in remedy for remedy in remedies) for name in ("time", "dose", "level"))


def test_a_censored_interval_is_said(tmp_path: Path) -> None:
    text = MONOLIX.replace("101\t3.5\t50\t.\t.\t1\t1\t.\t", "101\t3.5\t50\t.\t.\t1\t1\t10\t")
    notes = read_trial(written(tmp_path, "mlx.txt", text), **MONOLIX_TOLD).notes
    assert any("LIMIT > 0 beside CENS=1" in note and "(row 4)" in note for note in notes)


def test_above_the_uloq(tmp_path: Path) -> None:
    text = MONOLIX.replace("101\t8\t1200.5\t.\t.\t1\t0", "101\t8\t1200.5\t.\t.\t1\t-1")
    path = written(tmp_path, "mlx.txt", text)
    with pytest.raises(TrialTableError, match="above its ULOQ, which no model here can use"):
        read_trial(path, **MONOLIX_TOLD)
    trial = read_trial(path, drop_alq=True, **MONOLIX_TOLD)
    assert len(trial.observations) == 4
    assert any("101 on day 7" in note and "biases Cmax" in note for note in trial.notes)
    rows = "subject,time,level,unit,alq,uloq\n1,7,{level},%,{alq},100\n"
    wrong = ((120, 0, "above its uloq '100' but not marked"), (80, 1, "below its uloq '100' but marked"))
    for level, alq, what in wrong:
        with pytest.raises(TrialTableError, match=what):
            read_trial(written(tmp_path, "u.csv", rows.format(level=level, alq=alq)), drop_alq=True)
    within = read_trial(written(tmp_path, "u.csv", rows.format(level=100, alq=0)))
    assert within.observations["uloq"].tolist() == [100]


def test_a_second_dose_is_refused(tmp_path: Path) -> None:
    text = NONMEM + ".,103,7,.,1e8,1,1,1,.,0,.,1e8,55,.,.,61,F\n"
    with pytest.raises(TrialTableError, match=r"row 15.*a second dose of this patient, at '7'"):
        read_trial(written(tmp_path, "nm.csv", text), **NONMEM_TOLD)


def test_an_adpc_with_date_times_alone_is_one() -> None:
    table = pd.DataFrame(
        {
            "USUBJID": ["1"], "PARAMCD": ["QPCR"], "AVAL": [100.0], "AVALU": ["copies/ug"],
            "ADTM": ["2026-03-08T22:00"], "TRTSDTM": ["2026-03-01T10:00"],
        }
    )  # fmt: skip
    assert read_trial(table).observations["time"].tolist() == [7.5]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"USUBJID": ["1"], "PARAMCD": ["BOR"], "AVAL": [1]}, "no PARAMCD is known (BOR)"),
        ({"C": ["C"], "ID": [1], "TIME": [1], "DV": [2], "EVID": [0]}, "no patient is left in it"),
        ({"patient": ["1"], "day": [1], "conc": [2]}, "column 'subject': missing column"),
    ],
)
def test_tables_without_a_trial(table: dict[str, list[object]], what: str) -> None:
    with pytest.raises(TrialTableError) as caught:
        read_trial(pd.DataFrame(table))
    assert what in str(caught.value)


def test_study_days_have_no_day_0(tmp_path: Path) -> None:
    adae = (
        "USUBJID,AEDECOD,AEBODSYS,AETOXGR,AREL,ASTDY,AENDY,DLTFL\n"
        "101,Cytokine release syndrome,Immune system disorders,2,Y,1,5,Y\n"
        "102,Neutropenia,Blood,Grade 4,NOT RELATED,-1,,\n"
    )
    trial = read_trial({"adsl": frame_of(ADSL), "adpc": frame_of(ADPC), "adae": frame_of(adae)})
    events = trial.events
    assert events["day"].tolist() == [0, -1]
    assert events["end_day"].tolist()[0] == 4
    assert events["related"].tolist() == [1, 0]
    assert events["grade"].tolist() == [2, 4]
    assert trial.subjects["dlt"].tolist()[0] == 1
    assert trial.subjects["dlt_day"].tolist()[0] == 0
    assert np.isnan(trial.subjects["dlt"].tolist()[1])


def test_a_folder_names_what_it_does_not_read_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, FOLDER | {"README.md": "hello"})
    assert any("not read: README.md" in note for note in read_trial(folder).notes)
    written(folder, "lewels.csv", "a,b\n1,2\n")
    with pytest.raises(TrialTableError, match=r"lewels\.csv: 'lewels' is no table of a trial; .*did you mean 'levels'"):
        read_trial(folder)
    assert len(read_trial(folder, ignore=["lewels.csv"]).subjects) == 3
