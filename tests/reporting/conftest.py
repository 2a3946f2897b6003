"""A short fit of a trial with hostile text, its report, and a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from reporting.hostile import SCRIPT, STAMP, hostile_table

import cartmodel as cm

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def trial() -> cm.TrialData:
    return cm.read_trial(hostile_table())


@pytest.fixture(scope="session")
def fit(trial: cm.TrialData) -> xr.DataTree:
    return cm.fit(trial, "cd7-ssc", draws=150, chains=2, progressbar=False)


@pytest.fixture(scope="session")
def other(trial: cm.TrialData) -> xr.DataTree:
    return cm.fit(trial, "cd7-ssc-low-cmax", draws=100, chains=2, progressbar=False)


@pytest.fixture(scope="session")
def work(fit: xr.DataTree, other: xr.DataTree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs, the table, a context, and files that are wrong."""
    out = tmp_path_factory.mktemp("work")
    for name, fitted in (("run", fit), ("second", other)):
        (out / name).mkdir()
        cm.write_fit(fitted, out / name / "fit.nc")
    hostile_table().to_csv(out / "trial.csv", index=False)
    (out / "context.toml").write_text(f'question_of_interest = "Which dose? {SCRIPT}"\n', encoding="utf-8")
    (out / "bad.toml").write_text('question = "?"\n[model_risk]\nrating = "tiny"\n', encoding="utf-8")
    (out / "bad.csv").write_text("subject,infusion_date\nS01,yesterday\n", encoding="utf-8")
    return out


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "from cartmodel.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "report", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def written(work: Path) -> subprocess.CompletedProcess[str]:
    """Return the run of the command with everything that it takes."""
    given = ("--trial", "trial.csv", "--context", "context.toml", "--escalation", "conduct_example")
    return command("run", *given, "--other", "second", "--stamp", STAMP, "--docx", cwd=work)


@pytest.fixture(scope="session")
def folder(written: subprocess.CompletedProcess[str], work: Path) -> Path:
    """Return the folder of a report with everything in it."""
    assert written.returncode == 0, written.stderr
    return work / "run" / "report"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Return a headless Chromium; where CARTMODEL_REQUIRE_BROWSER is set its absence is a failure, not a skip."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        told = f"no browser: none of {', '.join(BROWSERS)} is on the PATH"
        if os.environ.get("CARTMODEL_REQUIRE_BROWSER"):
            pytest.fail(told)
        pytest.skip(told)
    import playwright.sync_api as sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
