"""Baseline covariates as a trial's description has them, and patients of whom something can hardly be true."""

import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.description.covariates import covariates_by_dose

ROWS = [  # dose, weight, age, vcn, sex
    (1e8, 60, 54, 2.1, "F"), (1e8, 62, 61, 1.9, "M"), (1e8, 70, 40, 2.2, "F"), (2e8, 58, 47, "", "F"),
    (2e8, 66, "", 3, ""),
]  # fmt: skip


def trial_of(**changed: tuple[int, object]) -> cm.TrialData:
    """Return five patients with one cell of some columns changed: ``age=(3, 400)``."""
    frame = pd.DataFrame(ROWS, columns=["dose", "weight", "age", "vcn", "sex"]).astype(object)
    frame.insert(0, "subject", [f"P{number}" for number in range(1, 6)])
    for column, (row, value) in changed.items():
        if column not in frame:
            frame[column] = pd.Series([""] * len(frame), dtype=object)
        frame.loc[row - 2, column] = value
    return cm.read_trial(frame.assign(time=7, level=900, unit="copies/ug"))


def findings(trial: cm.TrialData) -> list[tuple[int, str]]:
    table = cm.describe_trial(trial).warnings
    return list(zip(table["row"], table["finding"], strict=True))


def test_covariates_by_dose() -> None:
    table = covariates_by_dose(trial_of()).set_index(["covariate", "group"])
    age = table.loc[("age", "1e8 cells")]
    assert age[["patients", "n", "missing", "median", "lowest", "highest"]].tolist() == [3, 3, 0, 54, 40, 61]
    assert table.loc[("age", "2e8 cells"), ["n", "missing"]].tolist() == [1, 1]
    assert table.loc[("sex", "all"), ["n", "missing", "counts"]].tolist() == [4, 1, "F 3, M 1"]
    assert table.loc[("weight", "all"), "median"] == 62
    text = cm.describe_trial(trial_of()).text()
    assert "Baseline covariates" in text
    assert "F 2, M 1" in text


def test_nothing_is_odd_about_them() -> None:
    assert findings(trial_of()) == []
    spread = {"dose": (3, 2.5e6), "vcn": (4, 150.0)}  # an escalation over two decades, and a wide covariate
    assert findings(trial_of(**spread)) == []


@pytest.mark.parametrize(
    ("column", "row", "value", "said"),
    [
        ("weight", 3, 60000, "weight 60000 kg, outside 20 to 250"),
        ("weight", 3, 0.06, "weight 0.06 kg"),
        ("age", 4, 400, "age 400 years, outside 0 to 110"),
        ("age", 4, -1, "age -1 years"),
        ("dose", 2, 1e5, "dose 1e+05, 1500-fold off the median of the others"),
        ("vcn", 2, 2500, "vcn 2500, 1136-fold off"),
        ("vcn", 4, -99, "vcn -99: a code for missing?"),
        ("dose_assigned", 3, 1e10, "dose is 0.01 times the dose assigned"),
    ],
)
def test_what_can_hardly_be_true_is_told_with_its_row(column: str, row: int, value: float, said: str) -> None:
    found = findings(trial_of(**{column: (row, value)}))
    assert any(line == row and said in text for line, text in found), found
    assert len(found) == 1


def test_a_visit_of_day_28_a_few_hours_early_completes_the_window() -> None:
    levels = pd.DataFrame({"subject": ["c", "d"], "time": [27.93, 27.4], "level": 900.0, "unit": "copies/ug", "dlt": 0})
    assert cm.endpoints_of(cm.read_trial(levels)).dlt["evaluable"].tolist() == [1, 0]
