"""The bundled examples, and the real one against its source."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from cartmodel.errors import UnknownNameError
from cartmodel.trial import example_path, examples, list_examples, read_trial

ROOT = Path(__file__).parents[2]


def test_the_real_trial_is_found_and_is_not_simulated() -> None:
    assert "liu2022_cart_ball" in list_examples()
    trial = read_trial(example_path("liu2022_cart_ball"))
    assert trial.name.startswith("REAL, digitised")
    assert not trial.simulated


def test_the_real_trial_has_the_counts_of_its_readme() -> None:
    trial = read_trial(example_path("liu2022_cart_ball"))
    seen = trial.observations
    assert len(trial.subjects) == seen["subject"].nunique() == 28
    assert (len(seen), seen["blq"].sum()) == (237, 30)
    assert set(seen.loc[seen["blq"], "lloq"]) == {0.2}
    assert seen.loc[~seen["blq"], "lloq"].isna().all()
    assert (seen["level"] < 0.2).sum() == 9
    assert trial.subjects["dose"].isna().all()
    assert not {"CR01", "PR01", "NR01", "NegR02"} & set(trial.subjects.index)
    assert trial.units == {"reported": "cells/uL"}
    assert any(note.startswith("28 predose samples") for note in trial.notes)


def test_the_levels_are_those_of_the_source() -> None:
    path = example_path("liu2022_cart_ball")
    tidy = pd.read_csv(path.with_name("tidy.csv"))
    tidy = tidy[(tidy["analyte"] == "CAR_T") & (tidy["time_day"] > 0) & (tidy["blq"] == 0)]
    source = tidy.set_index(["subject", "time_day"])["value"]
    seen = read_trial(path).observations
    quantified = seen[~seen["blq"]]
    assert (
        quantified["level"].tolist()
        == source[list(zip(quantified["subject"], quantified["time"], strict=True))].tolist()
    )


def test_the_converter_writes_the_committed_table_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "benchmarks" / "data" / "convert_liu2022.py", tmp_path], check=True)
    assert (tmp_path / "trial.csv").read_bytes() == example_path("liu2022_cart_ball").read_bytes()


def test_unknown_examples_get_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="'liu2022_cart': did you mean 'liu2022_cart_ball'"):
        example_path("liu2022_cart")
    with pytest.raises(UnknownNameError, match="only one table"):
        example_path("liu2022_cart_ball", seed=2)


def test_seeds_are_found_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "some_trial"
    folder.mkdir(parents=True)
    for name in ("trial.csv", "trial-seed02.csv", "trial-seed11.csv", "notes.csv"):
        (folder / name).touch()
    (tmp_path / "data" / "empty").mkdir()
    monkeypatch.setattr(examples, "files", lambda _: tmp_path)
    assert list_examples() == ("some_trial",)
    assert example_path("some_trial") == example_path("some_trial", seed=1) == folder / "trial.csv"
    assert example_path("some_trial", seed=2) == folder / "trial-seed02.csv"
    assert example_path("some_trial", seed=11) == folder / "trial-seed11.csv"
    with pytest.raises(UnknownNameError, match="no seed 3; known: 1, 2, 11"):
        example_path("some_trial", seed=3)
