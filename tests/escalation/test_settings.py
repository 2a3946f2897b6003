"""Designs by name and from files: every wrong setting named, all at once."""

from pathlib import Path

import pytest

import cartmodel as cm
from cartmodel.errors import DesignError, UnknownNameError
from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.settings import design, list_designs
from cartmodel.escalation.state import State
from cartmodel.escalation.tables import decision_table


def test_the_shipped_files_are_designs() -> None:
    """Section 7 of the domain file for the CRM; exact BLRM numbers of tests/escalation/test_blrm.py."""
    assert [name for name, kind in list_designs().items() if kind == "file"] == ["blrm-cd7", "crm-cd7"]
    truth = [(0.10, 0.25, 0.40), (0.30, 0.45, 0.60)]
    crm = cm.operating_characteristics(design("crm-cd7"), truth).mtd
    assert crm.round(4).tolist() == [[0.0021, 0.0908, 0.5086, 0.3986], [0.1253, 0.6298, 0.2225, 0.0224]]
    blrm = cm.operating_characteristics(design("blrm-cd7"), truth).mtd
    assert blrm.round(4).tolist() == [[0.0461, 0.3881, 0.4440, 0.1219], [0.5645, 0.3855, 0.0477, 0.0023]]


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('design = "boin"\ntarget = 0.25\nmax_patients = 24\n[backfill]\nsize = 2\n', encoding="utf-8")
    mine = design(path)
    assert isinstance(mine, Backfill)
    assert mine.size == 2
    assert mine.decide(State((3, 0), (0, 0))).backfill == ((1, 2),)
    assert design(path, max_patients=4).decide(State((3, 0), (0, 0))).cohort == 1


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    rows = '[table]\n3 = "E S D DU"\n6 = "E E S D DU DU DU"\n'
    path.write_text(f'design = "table"\ntarget = 0.3\n{rows}', encoding="utf-8")
    assert cm.check_design(design(path)).passed
    path.write_text('design = "table"\ntarget = 0.3\n[table]\n3 = "E S D"\n', encoding="utf-8")
    with pytest.raises(DesignError, match="row 3 has 3 letters; accepted: 4"):
        design(path)


def test_all_problems_of_the_settings_at_once() -> None:
    with pytest.raises(DesignError) as error:
        design("blrm", doses=[1e8, 2e8], refrence=1e8, cutz=(0.1, 0.2))
    said = [str(problem) for problem in error.value.problems]
    assert any("refrence: unknown setting" in text and "did you mean 'reference'" in text for text in said)
    assert any(text.startswith("cutz: unknown setting") for text in said)
    assert {text.split(":")[0] for text in said if "missing" in text} == {"reference", "mean", "sd"}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("boin", {"target": 1.5}, r"settings: target = 1.5; accepted: a DLT probability"),
        ("nct06871644", {"two_of_six": "next"}, "two_of_six = 'next'"),
        ("nct06871644", {"policy": 1}, "policy"),
        ("blrm", {"doses": [1e8], "reference": 0, "mean": [0, 0], "sd": [1, 1]}, "a dose above 0"),
    ],
)
def test_bad_values_are_refused(name: str, settings: dict, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        design(name, **settings)


def test_unknown_designs_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'boin'"):
        design("bion")
    with pytest.raises(DesignError, match="a TOML file"):
        design(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("design = ", encoding="utf-8")
    with pytest.raises(DesignError, match="valid TOML"):
        design(bad)
    bad.write_text("target = 0.3", encoding="utf-8")
    with pytest.raises(DesignError, match="design: None; accepted: the name of a design"):
        design(bad)


def test_settings_of_a_wrong_type_are_named_together() -> None:
    with pytest.raises(DesignError) as error:
        design("boin", target="x", cohort=2.5, stay_at_one_of_three=1)
    assert {problem.where for problem in error.value.problems} == {"target", "cohort", "stay_at_one_of_three"}
    with pytest.raises(DesignError) as error:
        design("nct06871644", stagger="soon", max_patients="x", first_three_early=1, late_dlt_counts="off")
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("mtpi", {"cohort": 2.5}, "cohort 2.5"),
        ("tite-boin", {"target": 2.0}, "target = 2"),
        ("tite-boin", {"rate": "fast"}, "rate: 'fast'"),
        ("tite-boin", {"suspend_above": 1.5}, "suspend_above = 1.5"),
        ("boin12", {"utility": [100, 0]}, "utility: .100, 0."),
        ("nct06871644", {"max_patients": 18.5}, "max_patients = 18.5 .G10."),
    ],
)
def test_what_used_to_pass_or_end_in_a_traceback(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        design(name, **settings)


def test_backfill_has_the_target_of_its_design() -> None:
    """2 of 6 at level 1 is at or above .2385, the boundary of 0.20: pooled 2 of 9 stays."""
    made = design("boin", target=0.2, max_patients=40, backfill={})
    assert made.target == 0.2
    assert made.decide(State((6, 3, 0), (2, 0, 0), 2)).dose == 2
    with pytest.raises(DesignError, match="backfill: unknown setting siz; accepted: did you mean 'size'"):
        design("boin", backfill={"siz": 1})
    table = decision_table(made, [3])
    assert table[3].tolist() == decision_table(made.design, [3])[3].tolist()
