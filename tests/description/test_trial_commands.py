"""The commands describe, nca and endpoints, as a user runs them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import cartmodel as cm
from cartmodel.cli import app

NOMINAL = "1,3,5,7,10,14,21,28,60,90,180,360"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_describe_tells_and_writes(tmp_path: Path) -> None:
    done = run("describe", "cd7_ssc", "--schedule", NOMINAL, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert done.stdout.startswith("SIMULATED DATA - not a real trial")
    assert "Missed visits" in done.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {
        "patients.csv", "covariates.csv", "samples.csv", "visits.csv", "missed.csv", "records.csv", "warnings.csv",
        "summary.txt", "figures",
    }  # fmt: skip
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert {"levels.png", "mean_levels.png", "visits.png"} <= figures
    warnings = pd.read_csv(tmp_path / "out" / "warnings.csv")
    assert warnings["trial"].str.startswith("SIMULATED").all()


def test_nca_writes_what_python_gives(tmp_path: Path) -> None:
    done = run("nca", "cd7_ssc", "--rule", "trapezoid=linear", "--window", "0-28", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert "Undefined, and why" in done.stdout
    assert "trapezoid=linear, blq_before=zero" in done.stdout
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    expected = cm.nca(trial, windows=[(0, 28)], rules=cm.NcaRules(trapezoid="linear"))
    written = pd.read_csv(tmp_path / "out" / "nca.csv", keep_default_na=False, na_values={"value": [""]})
    np.testing.assert_allclose(written["value"], expected["value"], rtol=1e-12)
    assert written["reason"].tolist() == expected["reason"].tolist()
    assert "auc_0_90" not in set(written["parameter"])
    for name in ("nca_by_dose", "persistence", "persistence_times", "persistence_summary"):
        assert len(pd.read_csv(tmp_path / "out" / f"{name}.csv"))
    assert (tmp_path / "out" / "figures" / "persistence.svg").exists()


def test_rules_are_taken_with_their_kind() -> None:
    done = run(
        "nca", "cd7_ssc", "--rule", "include_tmax=true", "--rule", "min_points=4", "--rule", "blq_between='half lloq'"
    )
    assert done.exit_code == 0
    assert "blq_between=half lloq" in done.stdout
    assert "include_tmax=True, min_points=4" in done.stdout


def test_endpoints_tell_and_write(tmp_path: Path) -> None:
    done = run("endpoints", "cd7_ssc", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert "Responders by visit and dose" in done.stdout
    assert len(pd.read_csv(tmp_path / "out" / "dlt.csv")) == 18
    assert list(pd.read_csv(tmp_path / "out" / "adverse_events.csv").columns)[:3] == ["dose", "soc", "term"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("describe", "cd7_ssc", "--schedule", "one"), "--schedule 'one'; accepted: days with commas"),
        (("describe", "cd7_ssc", "--schedule", "0,1"), "accepted: one or more different days after the infusion"),
        (("describe", "cd7_ssc", "--vcn", "0"), "vcn=0.0; accepted"),
        (("nca", "cd7_ssc", "--rule", "trapezoids=linear"), "did you mean 'trapezoid'"),
        (("nca", "cd7_ssc", "--rule", "trapezoid=log"), "accepted: 'linear-up/log-down', 'linear', 'linear-log'"),
        (("nca", "cd7_ssc", "--rule", "min_points=few"), "accepted: min_points=<int>"),
        (("nca", "cd7_ssc", "--rule", "trapezoid"), "accepted"),
        (("nca", "cd7_ssc", "--rule", "include_tmax=1"), "accepted: include_tmax=<bool>"),
        (("nca", "cd7_ssc", "--window", "28"), "--window '28'; accepted: two days"),
        (("nca", "cd7_ssc", "--window", "28-0"), "accepted: days with 0 <= start < end"),
        (("nca", "cd7_ssc", "--persistence", "0"), "accepted: days after the infusion"),
        (("endpoints", "cd7_ssc", "--visit", "day 90"), "accepted: name:day:earliest:latest"),
        (("endpoints", "cd7_ssc", "--visit", "d:90:95:99"), "day 90 outside its window"),
        (("endpoints", "cd7_ssc", "--ongoing", "S99"), "no patient 'S99'"),
        (("endpoints", "cd7_ssc", "--window", "-1"), "accepted: days, > 0"),
        (("nca", "no_such_trial"), "no file or example 'no_such_trial'"),
    ],
)
def test_a_mistake_is_one_message_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = run(*arguments, "--out", str(tmp_path / "out"))
    assert done.exit_code != 0
    assert message in str(done.exception)
    assert isinstance(done.exception, (ValueError, cm.CartmodelError))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["describe", "nca", "endpoints"])
def test_a_folder_with_content_is_left_alone(command: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = run(command, "cd7_ssc", "--out", str(tmp_path))
    assert "is not an empty folder" in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert run(command, "cd7_ssc", "--out", str(tmp_path), "--overwrite").exit_code == 0
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.parametrize("command", ["describe", "nca", "endpoints"])
def test_a_table_without_samples_is_no_mistake(command: str, tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("subject,dose,dlt\nP1,1e8,0\nP2,1e8,1\n", encoding="utf-8")
    assert run(command, str(path), "--out", str(tmp_path / "out")).exit_code == 0
