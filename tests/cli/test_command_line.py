"""The command line as a user meets it: in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cartmodel as cm


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "from cartmodel.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_and_import_load_no_pymc(tmp_path: Path) -> None:
    code = "import sys, cartmodel.cli; assert not {'pymc', 'pandas', 'xarray', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert "simulate" in run("--help", cwd=tmp_path).stdout


def test_models_lists_and_shows(tmp_path: Path) -> None:
    listed = run("models", cwd=tmp_path).stdout
    assert all(name in listed for name in cm.list_models())
    assert "Stein 2019" in run("models", "cd7-ssc", cwd=tmp_path).stdout


def test_simulate_remakes_the_bundled_example(tmp_path: Path) -> None:
    done = run("simulate", "--seed", "4", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert "SIMULATED" in done.stdout
    assert (tmp_path / "out" / "trial.csv").read_bytes() == cm.example_path("cd7_ssc", seed=4).read_bytes()


def test_all_problems_of_a_table_at_once_and_nothing_written(tmp_path: Path) -> None:
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str)
    table.loc[1, "level"] = "12o"
    table.loc[2, "level"] = "-5"
    table.loc[0, "lloq"] = ""
    table = table.rename(columns={"dlt": "dtl"})
    table.to_csv(tmp_path / "bad.csv", index=False)
    done = run("fit", "bad.csv", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for part in ("dtl", "did you mean 'dlt'", "row 3", "12o", "row 4", "-5", "row 2"):
        assert part in done.stderr, part
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "liu2022_cart_ball"), "no dose for 28 patients"),
        (("fit", "nowhere.csv"), "nowhere.csv"),
        (("fit", "cd7_ssc", "--model", "cd7-scc"), "did you mean 'cd7-ssc'"),
        (("check", "cd7_scc"), "did you mean 'cd7_ssc'"),
        (("simulate", "--seed", "-1"), "--seed"),
        (("fit", "cd7_ssc", "--sampler", "stan"), "unknown sampler 'stan'"),
        (("fit", "cd7_ssc", "--model", "kinetics-only"), "'copies/ug'"),
        (("fit", "cd7_ssc", "--example-seed", "99"), "99"),
        (("predict", "nowhere"), "nowhere"),
        (("simulate", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_mistakes_end_with_one_message_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_run_folder_with_content_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep")
    done = run("fit", "cd7_ssc", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr


def test_check_says_what_it_read(tmp_path: Path) -> None:
    done = run("check", "liu2022_cart_ball", "--model", "kinetics-only", cwd=tmp_path)
    assert done.returncode == 0
    assert "28 patients, 237 samples" in done.stdout
    assert "28 predose samples" in done.stderr


def test_no_command_writes_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "trial.csv").write_text("my own trial")
    for arguments in (("simulate", "--out", "mine"), ("predict", "nowhere", "--out", "mine")):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "--overwrite" in done.stderr
    assert (tmp_path / "mine" / "trial.csv").read_text() == "my own trial"


def test_a_folder_that_cannot_be_made_costs_no_fit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("fit", "cd7_ssc", "--out", "file/run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Fitting" not in done.stderr


def test_odd_scales_and_unused_outcomes_are_said(tmp_path: Path) -> None:
    table = pd.read_csv(cm.example_path("cd7_ssc"), dtype=str)
    table["dose"] = (table["dose"].astype(float) / 1e8).astype(str)
    table["time"] = (table["time"].astype(float) * 24).astype(str)
    table.assign(remission="1").to_csv(tmp_path / "odd.csv", index=False)
    said = run("check", "odd.csv", "--model", "cd7-ssc", cwd=tmp_path).stderr
    assert "is it in cells?" in said
    assert "are the times in days?" in said
    assert "Column remission has 18 values" in said


def test_bench_races_the_samplers_asked_for(tmp_path: Path) -> None:
    asked = ("--sampler", "nutpie", "--sampler", "laplace", "--sampler", "stan", "--seeds", "1", "--draws", "60")
    done = run("bench", "cd7_ssc", *asked, "--out", "race", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    rows = pd.read_csv(tmp_path / "race" / "race.csv").set_index("sampler")
    assert rows.loc["nutpie", "status"] == rows.loc["laplace", "status"] == "done"
    assert "CARTMODEL_STAN_PYTHON" in rows.loc["stan", "error"]  # absent here, and said


def test_bench_names_the_nearest_sampler(tmp_path: Path) -> None:
    done = run("bench", "cd7_ssc", "--sampler", "nutpi", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'nutpie'" in done.stderr
    assert not list(tmp_path.iterdir())
