"""What is written is the same trial when it is read; values, codes and limits of the formats."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trial.forms import FOLDER, PLAIN, frame_of
from trial.test_corruptions import HISTORY

from cartmodel.errors import TrialTableError, UnknownNameError
from cartmodel.noncompartmental import nca
from cartmodel.submission import FORMS, export_trial, to_adpc, to_adpp, to_adppk, to_nonmem, to_tables
from cartmodel.trial import TrialData, empty_frame, example_path, list_examples, read_trial

READABLE = [name for name, form in FORMS.items() if form.readable]


@pytest.fixture(scope="module")
def full() -> TrialData:
    """Return a trial with everything that a trial can have."""
    frames = {name.removesuffix(".csv"): frame_of(text) for name, text in (FOLDER | HISTORY).items()}
    frames["subjects"] = frames["subjects"].assign(
        infusion=["2026-03-01T10:15:30", "2026-03-05", ""], follow_up=[91.0, 60.5, np.nan], study="SIMULATED small"
    )
    frames["levels"] = frames["levels"].assign(nominal=[7, 3, 0, 7, 28, 9], visit=["D7", "D3", "PRE", "D7", "D28", ""])
    frames["levels"]["uloq"] = [np.nan, 1e6, np.nan, 1e6, np.nan, 1e6]
    return read_trial(frames)


def bare(trial: TrialData) -> TrialData:
    """Return the trial without what a table of samples cannot hold."""
    histories = ("records", "assessments", "events")
    return replace(trial, **{name: empty_frame(list(getattr(trial, name))) for name in histories})


@pytest.mark.parametrize("suffix", ["csv", "xpt"])
@pytest.mark.parametrize("form", READABLE)
@pytest.mark.parametrize("name", list_examples())
def test_the_examples_come_back(tmp_path: Path, name: str, form: str, suffix: str) -> None:
    trial = read_trial(example_path(name))
    path = tmp_path / f"table.{suffix}"
    assert export_trial(trial, form, path) == ()
    again = read_trial(path)
    assert again.digest == trial.digest
    assert (again.name, again.simulated) == (trial.name, trial.simulated)
    pd.testing.assert_frame_equal(again.predose.drop(columns="row"), trial.predose.drop(columns="row"))


@pytest.mark.parametrize("suffix", ["csv", "xpt"])
@pytest.mark.parametrize("form", READABLE)
def test_a_full_trial_comes_back_but_for_what_is_said(tmp_path: Path, full: TrialData, form: str, suffix: str) -> None:
    path = tmp_path / f"{form}.{suffix}"
    losses = export_trial(full, form, path)
    assert [loss.split(" ")[0] for loss in losses] == ["4", "2", "2"]
    again = read_trial(path)
    assert again.digest == bare(full).digest
    pd.testing.assert_frame_equal(again.subjects, full.subjects)
    pd.testing.assert_frame_equal(again.observations.drop(columns="row"), full.observations.drop(columns="row"))


def test_our_own_tables_hold_everything(tmp_path: Path, full: TrialData) -> None:
    assert export_trial(full, "folder", tmp_path / "out") == ()
    again = read_trial(tmp_path / "out")
    assert again.digest == full.digest
    for name in ("subjects", "observations", "predose", "records", "assessments", "events"):
        mine, other = (getattr(trial, name).drop(columns="row", errors="ignore") for trial in (full, again))
        pd.testing.assert_frame_equal(mine, other)
    with pytest.raises(ValueError, match="not an empty folder"):
        export_trial(full, "folder", tmp_path / "out")
    assert read_trial(to_tables(full)).digest == full.digest


times = st.floats(0.01, 500, allow_nan=False)
levels = st.floats(50, 1e9, allow_nan=False)
letters = st.characters(codec="utf-8", categories=("L", "N"), include_characters=" -_'\"<>,;.")
names = st.text(letters, min_size=1, max_size=12).map(str.strip).filter(lambda name: name not in ("", "."))


@st.composite
def trials(draw: st.DrawFn) -> TrialData:
    """Return a trial of up to four patients with any times, levels and identifiers."""
    subjects = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    rows = []
    for subject in subjects:
        dose = draw(st.one_of(st.just(""), st.floats(1e3, 1e10).map(repr)))
        rows.append({"subject": subject, "dose": dose})
        for time in draw(st.lists(times, max_size=4, unique=True)):
            blq = draw(st.booleans())
            row = {"subject": subject, "dose": dose, "time": repr(time), "unit": "copies/ug", "lloq": "50"}
            rows.append(row | {"level": "" if blq else repr(draw(levels)), "blq": str(int(blq))})
    columns = ["subject", "dose", "time", "level", "unit", "blq", "lloq"]
    return read_trial(pd.DataFrame(rows, columns=columns, dtype=object).fillna(""))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trial=trials(), form=st.sampled_from(READABLE), suffix=st.sampled_from(["csv", "xpt"]))
def test_any_trial_comes_back(
    tmp_path_factory: pytest.TempPathFactory, trial: TrialData, form: str, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"t.{suffix}"
    export_trial(trial, form, path)
    assert read_trial(path).digest == trial.digest


def test_nothing_is_overwritten_or_left_behind(tmp_path: Path, full: TrialData) -> None:
    path = tmp_path / "adpc.csv"
    path.write_text("mine")
    with pytest.raises(ValueError, match="is there already; accepted: a new file"):
        export_trial(full, "adpc", path)
    assert path.read_text() == "mine"
    export_trial(full, "adpc", path, overwrite=True)
    assert path.read_text() != "mine"
    long = replace(full, name="x" * 201)
    with pytest.raises(ValueError, match="column 'STUDYID' holds a text of more than 200 bytes"):
        export_trial(long, "adpc", tmp_path / "long.xpt")
    assert [file.name for file in tmp_path.iterdir()] == ["adpc.csv"]
    with pytest.raises(UnknownNameError, match="unknown form 'nonmen': did you mean 'nonmem'"):
        export_trial(full, "nonmen", tmp_path / "x.csv")


def test_a_transport_file_keeps_to_version_5(tmp_path: Path, full: TrialData) -> None:
    for form in FORMS:
        export_trial(full, form, tmp_path / f"{form}.xpt")
        content = (tmp_path / f"{form}.xpt").read_bytes()
        assert content.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!")  # LIBV8 in version 8
        _, meta = pyreadstat.read_xport(str(tmp_path / f"{form}.xpt"))
        assert all(len(name) <= 8 and name.isupper() for name in meta.column_names)
        if FORMS[form].labels:
            assert all(0 < len(label) <= 40 for label in meta.column_labels)
        assert meta.table_name == form.upper()


def test_a_number_that_the_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    trial = read_trial(frame_of(PLAIN).assign(dose_assigned=1e300))
    with pytest.raises(ValueError, match="column 'DOSEP' holds a number that the format cannot"):
        export_trial(trial, "adpc", tmp_path / "adpc.xpt")
    assert not list(tmp_path.iterdir())


def test_adpc_rows(full: TrialData) -> None:
    table = to_adpc(full)
    assert table.loc[table["EVID"] == 1, ["USUBJID", "PARAMCD", "AVAL"]].to_numpy().tolist() == [
        ["101", "DOSE", 25e6],
        ["102", "DOSE", 1e8],
        ["103", "DOSE", 1e8],
    ]
    blq = table[table["BLQFL"] == "Y"].iloc[0]
    assert np.isnan(blq["AVAL"])
    assert blq[["USUBJID", "AVALC", "ALLOQ", "AFRLT", "NFRLT", "AVISIT"]].tolist() == ["101", "<50.0", 50, 2.5, 3, "D3"]


def test_nonmem_rows_follow_the_conventions(full: TrialData) -> None:
    table = to_nonmem(full)
    assert (table.groupby("ID")["EVID"].first() == 1).all()
    doses, samples = table[table["EVID"] == 1], table[table["EVID"] == 0]
    assert doses["AMT"].notna().all()
    assert doses["DV"].isna().all()
    assert samples["AMT"].isna().all()
    assert (samples.loc[samples["CENS"] == 1, "DV"] == samples.loc[samples["CENS"] == 1, "LLOQ"]).all()
    assert (samples.loc[samples["MDV"] == 1, "TIME"] <= 0).all()
    numbers = table.columns.get_loc("USUBJID")
    assert all(table[name].dtype.kind in "fi" for name in table.columns[:numbers])
    appk = to_adppk(full)
    quantified = appk[(appk["EVID"] == 0) & (appk["DV"] > 0)]
    np.testing.assert_allclose(quantified["DVL"], np.log(quantified["DV"]), rtol=1e-15)


def test_adpp_carries_the_cdisc_codes_and_the_numbers_of_the_nca(tmp_path: Path) -> None:
    trial = read_trial(example_path("cd7_ssc"))
    table = to_adpp(trial)
    # As admiral's template of an ADPP (inst/templates/ad_adpp.R) and PKNCA (pptestcd_cdisc, pptest_cdisc) have them.
    terms = {
        "CMAX": "Max Conc", "TMAX": "Time of CMAX", "CLST": "Last Nonzero Conc", "AUCLST": "AUC to Last Nonzero Conc",
        "AUCALL": "AUC All", "LAMZ": "Lambda z", "LAMZHL": "Half-Life Lambda z",
        "LAMZNPT": "Number of Points for Lambda z", "TLST": "Time of Last Nonzero Conc", "R2ADJ": "R Squared Adjusted",
        "LAMZSPN": "Lambda z Span",
    }  # fmt: skip
    named = table[table["PKPARMCD"] != ""].drop_duplicates("PARAMCD").set_index("PARAMCD")
    assert terms.items() <= named["PARAM"].to_dict().items()
    assert set(named["PKPARMCD"]) == {*terms, "AUCINT"}
    # An independent copy of codelist C85839 comes with pkpdutils.
    listed = pd.read_csv(files("pkpdutils").joinpath("data/pkparmcd.csv"), comment="#", header=None)
    assert set(named["PKPARMCD"]) <= set(listed[1])
    assert not table[["PARAMCD", "PARAM"]].drop_duplicates()["PARAMCD"].duplicated().any()
    found = nca(trial)
    np.testing.assert_array_equal(table["AVAL"], found["value"])
    assert (table["AVAL"].isna() == (table["PPREASND"] != "")).all()
    window = table[table["PARAMCD"] == "AUC0_28"].iloc[0]
    assert (window["PPSTINT"], window["PPENINT"], window["AVALU"]) == ("P0D", "P28D", "copies/ug*day")
    export_trial(trial, "adpp", tmp_path / "adpp.csv")
    with pytest.raises(TrialTableError, match="a table of NCA parameters, not of samples"):
        read_trial(tmp_path / "adpp.csv")


COVARIATES = """\
subject,time,level,unit,lloq,dose,age,sex,ALC,disease_duration,cohort
001,7,900,copies/ug,50,1e8,54,F,0.8,4,1
002,7,800,copies/ug,50,1e8,NA,,1.25,.,2
"""


@pytest.mark.parametrize("suffix", ["csv", "xpt"])
@pytest.mark.parametrize("form", READABLE)
def test_covariates_come_back_under_the_names_that_are_said(tmp_path: Path, form: str, suffix: str) -> None:
    trial = read_trial(frame_of(COVARIATES), mapping={"cohort": "category"})
    path = tmp_path / f"{form}.{suffix}"
    losses = export_trial(trial, form, path)
    assert losses == (
        "Covariate 'disease_duration' is called DISEASBL, and 'diseas' when it is read back.",
        "When it is read, say mapping={'COHORTBL': 'category'}.",
    )
    again = read_trial(path, mapping={"COHORTBL": "category"}).covariates.rename(columns={"diseas": "disease_duration"})
    pd.testing.assert_frame_equal(again[list(trial.covariates)], trial.covariates)
    if form == "nonmem":  # what a control stream drops stands last
        table = to_nonmem(trial)
        assert list(table)[-2:] == ["COHORTBL", "SEX"]
        assert all(table[name].dtype.kind in "fi" for name in table.columns[: table.columns.get_loc("USUBJID")])


def test_covariates_come_back_from_a_folder(tmp_path: Path) -> None:
    trial = read_trial(frame_of(COVARIATES), mapping={"cohort": "category"})
    assert export_trial(trial, "folder", tmp_path / "out") == ("When it is read, say mapping={'cohort': 'category'}.",)
    assert read_trial(tmp_path / "out", mapping={"cohort": "category"}).digest == trial.digest


@pytest.mark.parametrize("identifier", ["=1+1", "+A1", "@SUM(A1)", "-x", "=HYPERLINK(1)"])
def test_what_looks_like_a_formula_is_kept_and_named(tmp_path: Path, identifier: str) -> None:
    trial = read_trial(frame_of(PLAIN.replace("102,", f"{identifier},")))
    for form in (*READABLE, "folder"):
        (loss,) = export_trial(trial, form, tmp_path / form)
        assert f"1 texts begin as a formula does ({identifier})" in loss
        assert read_trial(tmp_path / form).digest == trial.digest
    assert export_trial(trial, "adpc", tmp_path / "adpc.xpt") == ()  # no spreadsheet opens it


def test_negative_numbers_are_no_formulas(tmp_path: Path) -> None:
    assert export_trial(read_trial(frame_of(PLAIN.replace("102,", "-7,"))), "adpc", tmp_path / "adpc.csv") == ()
