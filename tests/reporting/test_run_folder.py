"""The run folder and the printed summary of a short fit."""

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from rich.console import Console

import cartmodel as cm
from cartmodel.prediction.words import dose_words
from cartmodel.reporting.words import amount, listed


@pytest.fixture(scope="module")
def summary(fit: xr.DataTree) -> cm.Summary:
    return cm.summarise(fit)


def test_the_order_of_the_print_out(summary: cm.Summary) -> None:
    console = Console(width=170, record=True, file=StringIO())
    cm.print_summary(summary, console)
    text = console.export_text()
    parts = [
        "SIMULATED DATA",
        "Can this fit be trusted?",
        "Parameters",
        "Exposures per dose group",
        "Remission and DLT",
        "What this trial cannot tell",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "E[eta_i|y]" in text


def test_the_run_folder_is_complete(summary: cm.Summary, trial: cm.TrialData, tmp_path: Path) -> None:
    out = cm.write_run(summary, trial, tmp_path / "run")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["trial_digest"] == trial.digest
    assert manifest["model_digest"] == cm.load_model("cd7-ssc").digest
    assert manifest["simulated"] is True
    assert {"versions", "random_seed", "sampler", "seconds", "ladder", "verdict"} <= set(manifest)
    for table in ("parameters", "exposures", "exposures_by_patient", "outcomes", "doses"):
        assert pd.read_csv(out / f"{table}.csv")["trial"].str.startswith("SIMULATED").all()
    figures = {path.name for path in (out / "figures").iterdir()}
    assert {f"{name}.{kind}" for name in ("individual_fits", "levels_by_dose") for kind in ("png", "svg")} <= figures
    again = cm.read_fit(out / "fit.nc")
    assert again.attrs == summary.fit.attrs
    json.dumps(again.attrs)


def test_numbers_as_a_reader_wants_them() -> None:
    assert [amount(v) for v in (311647.9, 0.0123456, 0.0, 8.0, -0.07)] == ["312,000", "0.0123", "0", "8.00", "-0.0700"]
    assert dose_words(2.5e7) == "2.5e7 cells"
    assert listed(["a"]) == "a"
