"""Texts that a spreadsheet would take for formulas."""

import csv
from pathlib import Path

import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.spreadsheets import formula_like, write_csv

# OWASP, CSV injection: what starts a formula; the last is a full-width sign.
ATTACKS = ("=1+1", "+A1", "-x", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil")', "\N{FULLWIDTH EQUALS SIGN}1")
HARMLESS = ("S01", "-7", "+7.5e3", "-", "", "a=b", "1-2")


@pytest.mark.parametrize("text", ATTACKS)
def test_a_formula_has_an_apostrophe_before_it(text: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"subject": [text, "S02"], "median": [-1.5, 2.0], text: ["a", None]})
    write_csv(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["subject", "median", f"'{text}"], [f"'{text}", "-1.5", "a"], ["S02", "2.0", ""]]
    assert table["subject"][0] == text  # the caller's table is as it was


def test_what_is_no_formula_stays_as_it_is(tmp_path: Path) -> None:
    assert not any(map(formula_like, HARMLESS))
    write_csv(pd.DataFrame({"subject": HARMLESS}), tmp_path / "t.csv")
    found = pd.read_csv(tmp_path / "t.csv", dtype=str, keep_default_na=False, skip_blank_lines=False)
    assert tuple(found["subject"]) == HARMLESS


def test_reading_names_the_patients_and_keeps_their_names() -> None:
    rows = {"subject": ["=A1", "-x", "S03", "-4"], "dose": "1e8", "time": "7", "level": "900", "blq": "0", "lloq": "50"}
    trial = cm.read_trial(pd.DataFrame(rows | {"assay": "qpcr", "unit": "copies/ug"}))
    assert list(trial.subjects.index) == ["=A1", "-x", "S03", "-4"]
    (told,) = [note for note in trial.notes if "formula" in note]
    assert told.startswith("2 patients (=A1, -x) with an identifier that a spreadsheet takes for a formula; kept.")
