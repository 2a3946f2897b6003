"""escalate and advise as a user meets them."""

import json
import subprocess
import sys
from pathlib import Path

from decision.conftest import make_fit

import cartmodel as cm


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "from cartmodel.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_escalate_says_the_step_and_writes_it(tmp_path: Path) -> None:
    done = run("escalate", "conduct_example", "--policy", "stagger=7", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("SIMULATED", "Stay: 1 patient at level 3, from 2026-07-13", "stagger: 7 days", "BOIN", "TITE-BOIN"):
        assert part in done.stdout
    content = json.loads((tmp_path / "out" / "verdict.json").read_text())
    assert content["earliest"] == "2026-07-13"
    assert (tmp_path / "out" / "timeline.png").stat().st_size > 10_000
    again = run("escalate", "conduct_example", "--out", "out", cwd=tmp_path)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_a_bad_table_ends_with_every_problem_and_no_traceback(tmp_path: Path) -> None:
    text = cm.example_conduct().read_text().replace("2026-01-12", "12/01/2026").replace("withdrawn", "lost")
    (tmp_path / "bad.csv").write_text(text)
    done = run("escalate", "bad.csv", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "'12/01/2026' is not a date" in done.stderr
    assert "'lost' is not known" in done.stderr
    assert not (tmp_path / "out").exists()


def test_advise_from_a_fit_on_disk(tmp_path: Path) -> None:
    cm.write_fit(make_fit(draws=20), tmp_path / "fit.nc")
    done = run("advise", "fit.nc", "--dose", "1e8", "--dose", "4e8", "--n", "5", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("SIMULATED", "NOT be trusted", "EXTRAPOLATED", "P(over 33%)"):
        assert part in done.stdout
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"advice.csv", "advice.txt", "advice.png", "advice.svg"}
    assert run("advise", "nowhere", cwd=tmp_path).returncode == 2
