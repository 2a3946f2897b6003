"""The same trial in every CSV dialect; decimal marks that cannot be told are refused."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial

HEADER = ["subject", "time", "level", "unit", "blq", "lloq", "dose"]
ROWS = [
    ["001", "0", "0", "copies/ug", "", "", "2.5e7"],
    ["001", "0.5", "", "copies/ug", "1", "50", "2.5e7"],
    ["001", "7", "1234.567", "copies/ug", "0", "50", "2.5e7"],
    ["1", "7.25", "98765", "copies/ug", "0", "", ""],
]


def csv_bytes(rows: list[list[str]], separator: str, mark: str, newline: str, bom: bool, quote: str = "") -> bytes:
    body = [[cell.replace(".", mark) for cell in row] for row in rows]
    lines = [separator.join(f"{quote}{cell}{quote}" for cell in row) for row in [HEADER, *body]]
    return (newline.join(lines) + newline).encode("utf-8-sig" if bom else "utf-8")


def digest(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "trial.csv"
    path.write_bytes(content)
    return read_trial(path).digest


@pytest.mark.parametrize(
    ("separator", "mark", "newline", "bom", "quote"),
    [each for each in product(",;\t", ".,", ["\n", "\r\n", "\r"], [False, True], ["", '"']) if each[:2] != (",", ",")],
)
def test_every_dialect_is_the_same_trial_and_is_named(
    tmp_path: Path, separator: str, mark: str, newline: str, bom: bool, quote: str
) -> None:
    path = tmp_path / "trial.csv"
    path.write_bytes(csv_bytes(ROWS, separator, mark, newline, bom, quote))
    trial = read_trial(path)
    assert trial.observations["level"].tolist()[1:] == [1234.567, 98765]
    assert trial.observations["row"].tolist() == [3, 4, 5]
    assert trial.digest == digest(tmp_path, csv_bytes(ROWS, ",", ".", "\n", False))
    named = trial.notes[0]
    assert ("byte order mark" in named) == bom
    assert ("semicolons" in named) == (separator == ";")
    assert ("tabs" in named) == (separator == "\t")
    assert ("decimal commas" in named) == (mark == ",")


def test_trailing_separators_of_excel_are_no_columns(tmp_path: Path) -> None:
    padded = [*HEADER, "", ""]
    lines = [";".join(row) for row in [padded, *([*row, "", ""] for row in ROWS), [""] * len(padded)]]
    content = "\r\n".join(lines).encode("utf-8-sig")
    assert digest(tmp_path, content) == digest(tmp_path, csv_bytes(ROWS, ",", ".", "\n", False))


def test_blanks_around_cells_do_not_matter_and_are_told(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("subject , time,level,unit\n 1,7, 5 ,%\n1 ,8,6,% \n")
    trial = read_trial(path)
    assert list(trial.subjects.index) == ["1"]
    assert any("Blanks around the subject identifier were removed in 2 rows" in note for note in trial.notes)


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(len(HEADER))), rows=st.permutations([0, 1, 2]), separator=st.sampled_from(",;\t"))
def test_the_order_of_columns_and_of_a_patients_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], rows: list[int], separator: str
) -> None:
    shuffled = [[row[place] for place in order] for row in [HEADER, *(ROWS[place] for place in rows), ROWS[3]]]
    content = "\n".join(separator.join(row) for row in shuffled).encode()
    folder = tmp_path_factory.mktemp("shuffled")
    assert digest(folder, content) == digest(folder, csv_bytes(ROWS, ",", ".", "\n", False))


@settings(max_examples=50, deadline=None)
@given(
    level=st.floats(min_value=5e-324, allow_infinity=False),
    time=st.floats(min_value=5e-324, max_value=1e4),
    mark=st.sampled_from(".,"),
)
def test_numbers_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, level: float, time: float, mark: str
) -> None:
    # The dose settles the decimal mark, which a level such as 1.234 alone leaves open.
    path = tmp_path_factory.mktemp("numbers") / "trial.csv"
    path.write_text("subject;time;level;unit;dose\n" + f"1;{time!r};{level!r};%;0.5".replace(".", mark))
    seen = read_trial(path).observations
    assert (seen["time"].tolist(), seen["level"].tolist()) == ([time], [level])


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize(
    ("levels", "place", "what"),
    [
        (["1,5", "2.5"], "table", "decimal mark unclear: '1,5' in row 2, column 'level' but '2.5' in row 3"),
        (["1.234", "12.345"], "table", "decimal mark unclear: '1.234' in row 2, column 'level' and all like it"),
        (["1,234", "100"], "table", "decimal mark unclear: '1,234' in row 2, column 'level' and all like it"),
        (["1.234,5", "2,5"], "row 2, column 'level', subject '1'", "'1.234,5' is not a number"),
        (["1,234.5", "2.5"], "row 2, column 'level', subject '1'", "'1,234.5' is not a number"),
        (["1.234.567", "2"], "row 2, column 'level', subject '1'", "'1.234.567' is not a finite number"),
        (["1 234", "2"], "row 2, column 'level', subject '1'", "'1 234' is not a finite number"),
    ],
)
def test_an_ambiguous_decimal_mark_is_refused(
    tmp_path: Path, separator: str, levels: list[str], place: str, what: str
) -> None:
    rows = [["subject", "time", "level", "unit"], *(["1", str(7 + n), cell, "%"] for n, cell in enumerate(levels))]
    path = tmp_path / "trial.csv"
    path.write_text("\n".join(separator.join(row) for row in rows))
    with pytest.raises(TrialTableError) as caught:
        read_trial(path)
    (problem,) = caught.value.problems
    assert problem.where == place
    assert problem.what.startswith(what)
    assert "thousands separators" in problem.accepted


def test_an_unclear_mark_does_not_hide_other_problems(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("subject;time;level;unit\n1;7;1.234;%\n1;8;high;%\n1;9;0;%\n")
    with pytest.raises(TrialTableError) as caught:
        read_trial(path)
    assert [problem.where.split(",")[0] for problem in caught.value.problems] == ["table", "row 3", "row 4"]


def test_a_leading_zero_is_a_decimal(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("subject;time;level;unit\n1;7;0,125;%\n1;8;1,250;%\n")
    assert read_trial(path).observations["level"].tolist() == [0.125, 1.25]
