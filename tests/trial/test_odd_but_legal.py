"""Tables that are odd but legal: what they say is kept, or refused in words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.errors import TrialTableError


def adpc(**changed: list[object]) -> pd.DataFrame:
    columns: dict[str, list[object]] = {
        "STUDYID": ["T"] * 3, "USUBJID": ["P1"] * 3, "PARAMCD": ["QPCR"] * 3, "AFRLT": [3.0, 7.0, 14.0],
        "FRLTU": ["DAYS"] * 3, "AVAL": [np.nan, 900.0, 12000.0], "AVALC": ["<50", "900", "12000"],
        "AVALU": ["copies/ug"] * 3, "ALLOQ": [50.0] * 3,
    }  # fmt: skip
    return pd.DataFrame(columns | changed)


@pytest.mark.parametrize(
    "text", ["<50", "NOT DETECTED", "Below LLOQ", "BLQ", "undetectable", "Below limit of detection"]
)
def test_words_for_below_the_limit_are_blq_samples(text: str) -> None:
    found = cm.read_trial({"adpc": adpc(AVALC=[text, "900", "12000"])})
    assert found.observations["blq"].tolist() == [True, False, False]
    assert found.observations["lloq"].tolist() == [50.0] * 3
    assert any("taken as BLQ" in note for note in found.notes) == ("50" not in text)


def test_a_text_above_the_limit_is_no_level() -> None:
    table = adpc(AVAL=[1e6, 900.0, 12000.0], AVALC=[">1000000", "900", "12000"])
    with pytest.raises(TrialTableError, match=r"(?i)uloq|above"):
        cm.read_trial({"adpc": table})
    assert len(cm.read_trial({"adpc": table}, drop_alq=True).observations) == 2


def test_an_imputed_clock_is_no_midnight() -> None:
    table = adpc(
        ADTM=["2026-03-04T10:00:00", "2026-03-08T00:00:00", "2026-03-15T09:00:00"],
        ATMF=["", "H", ""],
        TRTSDTM=["2026-03-01T15:00:00"] * 3,
    )
    found = cm.read_trial({"adpc": table.drop(columns=["AFRLT", "FRLTU"])}).observations
    assert found["time"].tolist() == pytest.approx([2 + 19 / 24, 7.0, 13.75])
    assert found["by_date"].tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["DATE", "DAT1", "DAT2", "DAT3"])
def test_a_date_beside_time_makes_it_a_clock_which_is_refused(name: str) -> None:
    table = pd.DataFrame(
        {"ID": [1, 1], name: ["03/01/2026", "03/08/2026"], "TIME": [9.0, 9.5], "DV": [".", "900"], "AMT": ["1e8", "."],
         "EVID": [1, 0]}
    )  # fmt: skip
    units = {"time": "h", "level": "copies/ug", "dose": "cells"}
    with pytest.raises(TrialTableError, match="time of day"):
        cm.read_trial(table, units=units)
    assert cm.read_trial(table, units=units, ignore=[name]).observations["time"].tolist() == pytest.approx([0.5 / 24])


def test_an_export_into_no_folder_says_so(tmp_path: Path) -> None:
    trial = cm.read_trial({"adpc": adpc()})
    with pytest.raises(ValueError, match="there is no folder"):
        cm.export_trial(trial, "adpc", tmp_path / "nowhere" / "adpc.csv")
