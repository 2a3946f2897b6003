"""Scenario files: all problems at once, and a digest that sees every number."""

import re
from pathlib import Path

import pytest
from virtual.conftest import PLAIN

from cartmodel.errors import ScenarioError, UnknownNameError
from cartmodel.virtual import list_virtual_scenarios, load_virtual_scenario, true_rates


def load(text: str, folder: Path):
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return load_virtual_scenario(path)


def problems(text: str, folder: Path) -> dict[str, str]:
    with pytest.raises(ScenarioError) as caught:
        load(text, folder)
    return {problem.where: f"{problem.what}; {problem.accepted}" for problem in caught.value.problems}


def test_the_matrix_of_truths_loads_and_each_has_its_name() -> None:
    assert set(list_virtual_scenarios()) == {"flat", "threshold", "hump", "late-onset", "exposure-only", "dose-only"}
    for name, path in list_virtual_scenarios().items():
        assert load_virtual_scenario(path).name == name
    with pytest.raises(UnknownNameError, match="did you mean 'hump'"):
        load_virtual_scenario("humb")


def test_no_true_rate_of_the_matrix_lies_beside_the_limit() -> None:
    """A dose within hundredths of 0.33 would make a selection right or wrong by the digit of the limit."""
    for path in list_virtual_scenarios().values():
        rates = true_rates(load_virtual_scenario(path)).dlt
        assert (rates - 0.33).abs().min() > 0.025, path.stem


def test_all_problems_at_once(tmp_path: Path) -> None:
    text = PLAIN.replace("per_month = 2.0", 'per_month = 0\nspeed = "high"').replace("k0 = 2.0\n", "k9 = 2.0\n")
    text = text.replace("[0.10, 0.25, 0.40]", "[0.10, 0.25]").replace("qpcr = 50.0", "pcr = 50.0")
    text = text.replace("doses = [0.25e8, 1e8, 2e8]", "doses = [1e8, 0.25e8, 2e8]\nstart = 4")
    found = problems(text, tmp_path)
    assert set(found) == {
        "accrual.per_month",
        "accrual.speed",
        "doses",
        "start",
        "toxicity.onset.0.probability",
        "kinetics.truth.k0",
        "kinetics.truth.k9",
        "samples.lloq.qpcr",
        "samples.lloq.pcr",
    }
    assert "3, one a dose level" in found["toxicity.onset.0.probability"]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[toxicity]\nwindow = 28.0", "[toxicity]\nwindow = 100.0", "toxicity.follow_up"),
        ("k0 = 2.0", "k0 = 2.0\nd0 = -2.0", "kinetics.truth.d0"),
        ('model = "cd7-ssc"', 'model = "cd7-sc"', "kinetics.model"),
        ('model = "cd7-ssc"', 'draws = "somewhere"', "kinetics.draws"),
        ('model = "cd7-ssc"', 'draws = "absent.nc"', "kinetics.draws"),
        ("[accrual]", "[remission]\neffect = [[1.0, 0.0], [0.0, 1.0]]\n\n[accrual]", "remission.effect"),
        ("[accrual]", "[comedication.steroid_day]\nshare = 0.5\nfirst = 1\nlast = 2\n\n[accrual]",
         "comedication.steroid_day"),
        ("missed = 0.1", "missed = 1.5", "samples.missed"),
    ],
)  # fmt: skip
def test_each_mistake_is_found_where_it_is(old: str, new: str, where: str, tmp_path: Path) -> None:
    assert where in problems(PLAIN.replace(old, new), tmp_path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "file" in problems("= 1", tmp_path)
    with pytest.raises(ScenarioError, match="No such file"):
        load_virtual_scenario(tmp_path / "absent.toml")


def test_every_number_is_in_the_digest(tmp_path: Path) -> None:
    known = load(PLAIN, tmp_path).digest
    numbers = list(re.finditer(r"(?<![\w.])\d+\.\d+(?![\w.])", PLAIN))
    assert len(numbers) > 25
    for found in numbers:
        changed = f"{PLAIN[: found.start()]}{float(found[0]) * 0.999}{PLAIN[found.end() :]}"
        assert load(changed, tmp_path).digest != known, found[0]
