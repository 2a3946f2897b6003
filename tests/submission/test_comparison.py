"""An export that would change the trial is refused and says what differs; samples above their ULOQ come back."""

from pathlib import Path

import pandas as pd
import pytest

from cartmodel.noncompartmental import nca
from cartmodel.submission import export_trial, to_adpp
from cartmodel.trial import TrialData, read_trial

LEVELS = pd.DataFrame(
    {"subject": ["1", "1", "1", "2"], "time": [7, 10, 14, 7], "level": [900, None, 800000, 60], "unit": "copies/ug"}
).assign(alq=[0, 1, 0, 0], uloq=1e6, dose=1e8, visit=["D7", "D10", "D14", "D7"])


def trial_of(**changed: object) -> TrialData:
    return read_trial(LEVELS.assign(**changed), drop_alq=True)


@pytest.mark.parametrize("form", ["adppk", "nonmem"])
def test_a_refused_export_says_what_differs_and_what_can_hold_it(tmp_path: Path, form: str) -> None:
    trial, path = trial_of(visit=["D7", "D10", ".", "D7"]), tmp_path / "out.csv"
    with pytest.raises(ValueError, match="nothing was written") as caught:
        export_trial(trial, form, path)
    words = str(caught.value)
    assert "observations, visit: '.' is read back as blank (subject 1, assay qpcr, time 14)." in words
    assert words.endswith("or the form 'folder'")
    assert not path.exists()
    export_trial(trial, "folder", tmp_path / "folder")
    assert read_trial(tmp_path / "folder", drop_alq=True).digest == trial.digest


def test_only_the_first_differences_are_shown(tmp_path: Path) -> None:
    trial = read_trial(LEVELS.assign(time=[7, 10, 14, 21], subject="1", visit=".", alq=0, level=900.0))
    with pytest.raises(ValueError, match=r"observations, visit: .* and 1 more\. Accepted"):
        export_trial(trial, "nonmem", tmp_path / "out.csv")


@pytest.mark.parametrize("suffix", ["csv", "xpt"])
@pytest.mark.parametrize("form", ["adpc", "adppk", "nonmem", "folder"])
@pytest.mark.parametrize("uloq", [1e6, None])
def test_samples_above_their_limit_come_back(tmp_path: Path, form: str, suffix: str, uloq: float | None) -> None:
    trial = trial_of(uloq=uloq)
    path = tmp_path / (form if form == "folder" else f"table.{suffix}")
    (loss,) = export_trial(trial, form, path)
    assert loss.startswith("It has 1 samples above their ULOQ: when it is read, say drop_alq=True (--drop-alq)")
    again = read_trial(path, drop_alq=True)
    assert again.digest == trial.digest
    pd.testing.assert_frame_equal(again.above.drop(columns="row"), trial.above.drop(columns="row"), check_dtype=False)
    pd.testing.assert_frame_equal(nca(again), nca(trial), check_dtype=False)


def test_parameter_codes_are_of_one_parameter_each_and_of_eight_letters() -> None:
    trial = trial_of()
    windows = [(0, 28), (90, 180), (90, 182), (100.5, 360)]
    table = to_adpp(trial, nca(trial, windows=windows, persistence=[100.25, 100.5, 28]))
    codes = table[["PARAMCD", "PARAM"]].drop_duplicates()
    assert codes["PARAMCD"].is_unique
    assert codes["PARAM"].is_unique
    assert codes["PARAMCD"].str.len().max() <= 8
    assert {"AUC0_28", "PERS28", "AUCINT01", "AUCINT02", "AUCINT03"} <= set(codes["PARAMCD"])
