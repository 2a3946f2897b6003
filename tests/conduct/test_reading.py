"""Tables of a trial under way: every problem at once, with row, column and remedy."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cartmodel.conduct.columns import COLUMNS
from cartmodel.conduct.reading import example_conduct, read_conduct
from cartmodel.conduct.ruling import verdict
from cartmodel.errors import ConductTableError

GOOD = {"subject": "001", "dose_level": "1", "infusion_date": "2026-01-05", "last_followup_date": "2026-02-02"}


def problems(*rows: dict[str, str], on: date | None = None, **settings: object) -> list[str]:
    table = pd.DataFrame([GOOD | row for row in rows]).fillna("")
    with pytest.raises(ConductTableError) as caught:
        read_conduct(table, on=on, **settings)  # pyright: ignore[reportArgumentType]
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"dlt_date": "2026-01-04"}, "row 2, column 'dlt_date', subject '001': DLT on 2026-01-04, before the infusion"),
        ({"last_followup_date": "2026-01-01"}, "column 'last_followup_date', subject '001': 2026-01-01 is before"),
        ({"infusion_date": "05/01/2026"}, "'05/01/2026' is not a date; accepted: a date such as 2026-03-31, or blank"),
        ({"infusion_date": "2026-02-30"}, "'2026-02-30' is not a date"),
        ({"infusion_date": ""}, "no day of infusion"),
        ({"subject": ""}, "a row without a patient"),
        ({"dose_level": "4"}, "'4' is not a dose level; accepted: 1 to 3 (planned: 2.5e7, 1e8, 2e8 cells)"),
        ({"dose_level": "one"}, "'one' is not a dose level"),
        ({"dose_level": "", "dose": "3e8"}, "3e8 cells is no planned dose; accepted: the assigned level"),
        ({"dose_level": ""}, "neither dose level nor dose"),
        ({"dose": "-1e8"}, "'-1e8' is not a dose; accepted: cells infused, a number > 0"),
        ({"dose": "0"}, "'0' is not a dose"),
        ({"status": "withdrawed"}, "'withdrawed' is not known; accepted: did you mean 'withdrawn'"),
        ({"role": "expand"}, "'expand' is not known; accepted: did you mean 'expansion'"),
        ({"status": "withdrawn", "last_followup_date": ""}, "status 'withdrawn' without a last follow-up"),
        ({"status": "completed", "last_followup_date": ""}, "status 'completed' without a last follow-up"),
        ({"replaces": "007"}, "'007' is not another patient of this table"),
        ({"replaces": "001"}, "'001' is not another patient"),
    ],
)
def test_each_problem_names_the_cell_and_the_remedy(row: dict[str, str], said: str) -> None:
    found = problems(row)
    assert any(said in problem for problem in found), found
    assert all("accepted: " in problem for problem in found)


def test_all_problems_at_once() -> None:
    rows = [
        {"dlt_date": "2025-12-31"},
        {"dlt_date": "2026-01-20"},
        {"subject": "002", "replaces": "001"},
        {"subject": "003", "dose_level": "2", "status": "gone"},
        {"subject": "004", "last_followup_date": "2026-12-24"},
        {"subject": "005", "study": "one"},
        {"subject": "006", "study": "two"},
    ]
    found = "\n".join(problems(*rows, on=date(2026, 3, 1)))
    for part in (
        "row 2, column 'dlt_date'",
        "'001' stands in row 2 already, with 2 DLTs: more DLTs than patients",
        "'001' is 'on study'",
        "'gone' is not known",
        "2026-12-24 lies in the future of the decision on 2026-03-01",
        "'two', but 'one' before",
    ):
        assert part in found, part


def test_replacing_needs_the_same_level() -> None:
    gone = {"status": "withdrawn", "last_followup_date": "2026-01-09"}
    found = problems(gone, {"subject": "002", "dose_level": "2", "replaces": "001"})
    assert any("'001' was at dose level 1, this patient is at 2" in problem for problem in found)


def test_unknown_and_missing_columns() -> None:
    with pytest.raises(ConductTableError) as caught:
        read_conduct(pd.DataFrame({"subject": ["1"], "infusion": ["2026-01-05"], "grade": ["3"]}))
    text = str(caught.value)
    for part in (
        "column 'infusion': unknown column; accepted: did you mean 'infusion_date'",
        "column 'grade': unknown column",
        "missing column; accepted: a column 'infusion_date'",
        "missing column; accepted: a column 'dose_level', or 'dose'",
    ):
        assert part in text, text


def test_files_in_dialects_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "dated.csv"
    path.write_text("\ufeffsubject;dose;infusion_date\n001;1e8;2026-01-05\n", encoding="utf-8")
    read = read_conduct(path)
    assert (read.records[0].level, read.records[0].dose, read.name) == (2, 1e8, "dated")
    assert read.notes == ("001: no follow-up recorded yet; counted as 0 days.",)
    with pytest.raises(ConductTableError, match=r"(?s)conduct table .*no such file"):
        read_conduct(tmp_path / "none.csv")


def test_dates_may_come_as_dates() -> None:
    table = pd.DataFrame({"subject": ["a"], "dose_level": [1], "infusion_date": [pd.Timestamp("2026-01-05")]})
    assert read_conduct(table).records[0].infusion == date(2026, 1, 5)
    assert read_conduct(table.assign(infusion_date=[date(2026, 1, 5)])).records[0].infusion == date(2026, 1, 5)


def test_other_doses() -> None:
    read = read_conduct(pd.DataFrame([GOOD | {"dose_level": "4"}]), doses=(1e6, 2e6, 4e6, 8e6))
    assert read.doses[read.records[0].level - 1] == 8e6
    with pytest.raises(ValueError, match="above 0, rising"):
        read_conduct(pd.DataFrame([GOOD]), doses=(2e6, 1e6))


def test_the_example_is_simulated_and_uses_every_kind_of_record() -> None:
    read = read_conduct(example_conduct())
    assert read.simulated
    assert {r.role for r in read.records} == {"escalation", "expansion"}
    assert any(r.status == "withdrawn" for r in read.records)
    assert any(r.replaces for r in read.records)
    said = verdict(read, policy={"stagger": 7})
    assert said.text.startswith("SIMULATED DATA")
    assert set(COLUMNS) == set(pd.read_csv(example_conduct()).columns)


def test_a_day_before_the_records_is_refused() -> None:
    with pytest.raises(ConductTableError, match="future of the decision"):
        verdict(example_conduct(), on=date(2026, 3, 1))
    with pytest.raises(ValueError, match="the records reach to 2026-07-10"):
        verdict(read_conduct(example_conduct()), on=date(2026, 3, 1))


def test_replacements_and_years_that_cannot_be() -> None:
    rows = [
        {"subject": "A", "infusion_date": "2026-01-05"},
        {"subject": "B", "infusion_date": "2026-01-06", "last_followup_date": "2026-01-09", "status": "withdrawn"},
        {"subject": "C", "infusion_date": "2026-01-05", "replaces": "B"},
        {"subject": "D", "infusion_date": "2026-01-12", "replaces": "B"},
        {"subject": "E", "infusion_date": "2026-01-13", "replaces": "B"},
        {"subject": "F", "infusion_date": "9999-12-31"},
        {"subject": "G", "infusion_date": "0001-01-01"},
    ]
    with pytest.raises(ConductTableError) as error:
        read_conduct(pd.DataFrame(rows).fillna("").assign(dose_level=1))
    said = [str(problem) for problem in error.value.problems]
    assert any("'B' was infused later, on 2026-01-06" in text for text in said)
    assert any("subject 'E'" in text and "'B' is replaced by 'D' already" in text for text in said)
    assert sum("is not a date" in text for text in said) == 2
