"""`cartmodel trials` as a user meets it."""

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from cartmodel.cli import app


def test_trials_writes_what_it_says(tmp_path: Path) -> None:
    designs = ["-d", "nct06871644", "-d", "boin: target = 0.25"]
    arguments = ["trials", "dose-only", *designs, "-n", "60", "-o", str(tmp_path / "v")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "SIMULATED" in done.output
    assert "exposure adds nothing on a DLT" in (tmp_path / "v" / "summary.txt").read_text()
    table = pd.read_csv(tmp_path / "v" / "characteristics.csv")
    assert set(table["design"]) == {"nct06871644", "boin: target = 0.25"}
    assert set(table["study"]) == {"SIMULATED"}
    assert (tmp_path / "v" / "figures" / "selection.png").stat().st_size > 10_000
    again = CliRunner().invoke(app, arguments)  # from the blocks on disk
    assert again.exit_code == 0
    assert again.output == done.output


def test_mistakes_end_without_a_traceback(tmp_path: Path) -> None:
    for arguments, words in (
        (["flat", "-d", "boinn"], "did you mean 'boin'"),
        (["fat"], "did you mean 'flat'"),
        (["flat", "-d", "crm"], "skeleton"),
        (["flat", "flat"], "each name once"),
    ):
        done = CliRunner().invoke(app, ["trials", *arguments, "-n", "2", "-o", str(tmp_path / "v")])
        assert done.exit_code != 0
        assert words in str(done.exception)
