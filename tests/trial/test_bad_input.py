"""What a wrong trial table is told: place, value, and what would be accepted, everything at once."""

import codecs
import os
from pathlib import Path

import pandas as pd
import pytest

from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial

HEADER = "subject,time,level,unit,blq,lloq,dose,dlt,remission,criss_step1,criss_lp,assay,dose_unit,time_unit,study"
GOOD = {"subject": "p1", "time": "7", "level": "100", "unit": "copies/ug", "assay": "qpcr"}


def complaint(source: Path | pd.DataFrame, ignore: tuple[str, ...] = ()) -> str:
    with pytest.raises(TrialTableError) as caught:
        read_trial(source, ignore=ignore)
    return str(caught.value)


def of_rows(tmp_path: Path, *rows: dict[str, str]) -> str:
    path = tmp_path / "trial.csv"
    frame = pd.DataFrame([GOOD | {"time": str(n + 1)} | row for n, row in enumerate(rows)], columns=HEADER.split(","))
    frame.to_csv(path, index=False)
    return complaint(path)


def of_text(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "trial.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return complaint(path)


# One wrong cell in the second of two rows (row 3): column, what is written there, rest of the row, what is accepted.
CELLS = [
    ("time", "soon", {}, "'soon' is not a finite number", "a number"),
    ("time", "", {}, "a sample without a time", "days since infusion"),
    ("time", "nan", {}, "'nan' is not a finite number", "a number"),
    ("time", "inf", {}, "'inf' is not a finite number", "a number"),
    ("time", "1e999", {}, "'1e999' is not a finite number", "a number"),
    ("level", "", {}, "a sample without a level", "blq=1 with an lloq"),
    ("level", "BLQ", {}, "'BLQ' is not a finite number", "set blq to 1 and lloq to the limit"),
    ("level", "<50", {}, "'<50' is not a finite number", "set blq to 1 and lloq to the limit"),
    ("level", "0", {}, "'0' is not > 0", "blq=1 with an lloq"),
    ("level", "-3", {"lloq": "50"}, "'-3' is not > 0", "blq=1 with an lloq"),
    ("level", "1_000", {}, "'1_000' is not a finite number", "a number"),
    ("level", "٣", {}, "'٣' is not a finite number", "a number"),
    ("level", "0x10", {}, "'0x10' is not a finite number", "a number"),
    ("level", "1,5", {}, "'1,5' is not a number: its comma may part decimals or thousands", "semicolons"),
    ("level", "49", {"lloq": "50"}, "'49' is below its lloq '50' but not marked BLQ", "blq=1"),
    ("level", "120", {"lloq": "50", "blq": "1"}, "'120' is above its lloq '50' but marked BLQ", "blq=0"),
    ("lloq", "", {"blq": "1"}, "a BLQ sample without a limit", "a number > 0"),
    ("lloq", "0", {"blq": "1"}, "'0' is not > 0", "a number > 0"),
    ("lloq", "low", {}, "'low' is not a finite number", "a number"),
    ("blq", "2", {}, "'2' is neither 0 nor 1", "0 or 1"),
    ("blq", "<", {"level": "", "lloq": "50"}, "'<' is neither 0 nor 1", "0 or 1"),
    ("unit", "", {}, "a sample without a unit", "the unit of its level"),
    ("unit", "cells/uL", {}, "'cells/uL' (1 rows), but assay 'qpcr' has 'copies/ug' in row 2", "one unit per assay"),
    ("assay", "", {}, "a sample without its assay", "on every sample"),
    ("assay", "q pcr", {}, "'q pcr' cannot name an assay", "letters, digits or _"),
    ("assay", "1st", {}, "'1st' cannot name an assay", "letters, digits or _"),
    ("dose", "0", {}, "'0' is not > 0", "cells infused"),
    ("dose", "high", {}, "'high' is not a finite number", "a number"),
    ("dlt", "maybe", {}, "'maybe' is neither 0 nor 1", "blank while it is pending"),
    ("remission", "2", {}, "'2' is neither 0 nor 1", "blank while it is pending"),
    ("criss_step1", "-1", {}, "'-1' is neither 0 nor 1", "blank while it is pending"),
    ("criss_step1", "", {"criss_lp": "1"}, "step-1 status unknown", "criss_step1 0 or 1 for each patient"),
    ("criss_lp", "101", {"criss_step1": "0"}, "'101' is outside its range", "from -100 to 100"),
    ("criss_lp", "good", {"criss_step1": "0"}, "'good' is not a finite number", "a number"),
    ("dose_unit", "cells/kg", {}, "'cells/kg' is not a unit of this table", "cells"),
    ("time_unit", "h", {}, "'h' is not a unit of this table", "day or days or d"),
]


@pytest.mark.parametrize(("column", "cell", "rest", "what", "accepted"), CELLS)
def test_one_wrong_cell(tmp_path: Path, column: str, cell: str, rest: dict[str, str], what: str, accepted: str) -> None:
    message = of_rows(tmp_path, {}, {column: cell, **rest})
    first, second = message.splitlines()
    assert first == f"trial table {tmp_path / 'trial.csv'}: 1 problem"
    assert second.startswith(f"  row 3, column '{column}', subject 'p1': {what}")
    assert accepted in second.split("; accepted: ")[1]


def test_a_row_without_a_patient(tmp_path: Path) -> None:
    assert "row 3, column 'subject': a row without a patient" in of_rows(tmp_path, {}, {"subject": " "})


@pytest.mark.parametrize(
    ("column", "earlier", "later"), [("dose", "1e7", "2e7"), ("dlt", "0", "1"), ("remission", "yes", "no")]
)
def test_conflicting_values_of_a_patient_name_both_rows(tmp_path: Path, column: str, earlier: str, later: str) -> None:
    message = of_rows(tmp_path, {column: earlier}, {}, {column: later}, {column: later, "subject": "p2"})
    assert len(message.splitlines()) == 2
    assert f"row 4, column '{column}', subject 'p1': '{later}', but '{earlier}' in row 2" in message


def test_equal_values_written_differently_do_not_conflict(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    path.write_text("subject,dose,dlt\n1,1e7,1\n1,10000000,true\n")
    assert read_trial(path).subjects["dose"].tolist() == [1e7]


def test_duplicate_times_name_both_rows(tmp_path: Path) -> None:
    message = of_rows(
        tmp_path,
        {},
        {"time": "1.0"},
        {"time": "1", "subject": "p2"},
        {"time": "1", "level": "", "blq": "1", "lloq": "5"},
    )
    assert "row 3, column 'time', subject 'p1': '1.0' stands for assay 'qpcr' in row 2 too" in message
    assert "row 5, column 'time', subject 'p1': '1' stands for assay 'qpcr' in row 2 too" in message
    assert len(message.splitlines()) == 3


def test_two_studies(tmp_path: Path) -> None:
    assert "row 4, column 'study', subject 'p1': 'B', but 'A' in row 2" in of_rows(
        tmp_path, {"study": "A"}, {}, {"study": "B"}
    )


def test_predose_rows_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "trial.csv"
    rows = ["1,0,0,,,", "1,0,BLQ,,perhaps,none", "1,-1,,cells,1,", "1,7,5,%,,"]
    path.write_text("\n".join(["subject,time,level,unit,blq,lloq", *rows]))
    assert len(read_trial(path).observations) == 1


def test_all_problems_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "subject,tme,level,unit,blq,lloq,dlt\n1,1,abc,%,,,\n1,2,-5,%,,,3\n1,3\n,4,5,%,1,,\n"
    places = [line.split(": ")[0].strip() for line in of_text(tmp_path, text).splitlines()[1:]]
    assert places == [
        "row 1, column 'tme'",
        "row 1, column 'time'",
        "row 2, column 'level', subject '1'",
        "row 3, column 'dlt', subject '1'",
        "row 3, column 'level', subject '1'",
        "row 4",
        "row 5, column 'subject'",
        "row 5, column 'lloq'",
    ]


def test_a_column_wrong_throughout_names_every_row(tmp_path: Path) -> None:
    message = of_rows(tmp_path, *({"level": "high", "time": str(n)} for n in range(1, 151)))
    assert message.count("'high'") == 100
    assert "rows 102-151, column 'level': 50 more like it" in message


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("subject,Time,level,unit", "row 1, column 'Time': unknown column; accepted: did you mean 'time'?"),
        ("subject,time,level,unit,lloqq", "row 1, column 'lloqq': unknown column; accepted: did you mean 'lloq'?"),
        ("subject,time,level,unit,lloqq", "or ignore=['lloqq']"),
        ("time,level,unit", "row 1, column 'subject': missing column"),
        ("subject,level,unit", "row 1, column 'time': missing column"),
        ("subject,time,unit", "row 1, column 'level': missing column"),
        ("subject,time,level", "row 1, column 'unit': missing column"),
        ("subject,tiem,DV,unit", "row 1, column 'time': missing column"),
        ("subject,tiem,DV,unit", "row 1, column 'level': missing column"),
        ("subject,time,level,unit,level", "row 1, column 'level': the name stands again over column 5"),
        ("subject,time,level,unit,", "row 1: column 5 has no name"),
    ],
)
def test_headers(tmp_path: Path, header: str, problem: str) -> None:
    assert problem in of_text(tmp_path, f"{header}\n{','.join('5' * len(header.split(',')))}\n")


@pytest.mark.parametrize(
    ("content", "what", "accepted"),
    [
        (b"", "the file is empty", "a header"),
        (b"\n , \n", "the file is empty", "a header"),
        (b"subject,time,level,unit\n", "a header without rows", "one row a sample"),
        ("subject\ncaf\xe9\n".encode("latin-1"), "row 2: byte 0xe9 at byte position 11 is not UTF-8", "CSV UTF-8"),
        (codecs.BOM_UTF16_LE + "subject\n1\n".encode("utf-16-le"), "the file is UTF-16 text", "CSV UTF-8"),
        (codecs.BOM_UTF16_BE + "subject\n1\n".encode("utf-16-be"), "the file is UTF-16 text", "CSV UTF-8"),
        ("subject\n1\n".encode("utf-32"), "the file is UTF-32 text", "CSV UTF-8"),
        (b"PK\x03\x04\x14\x00", "an Excel workbook", "CSV UTF-8"),
        (b"subject\n1\n2\0\n", "row 3: character 11 is a NUL", "CSV UTF-8"),
        (b'subject,dlt\n1,0\n"2,1\n', "row 3: broken quoting", "quotation marks in pairs"),
        (b'"subject,dlt\n1,0\n', "row 1: broken quoting", "quotation marks in pairs"),
        (b'subject,dlt\n1,0\n"2"x,1\n', "row 3: broken quoting", "quotation marks in pairs"),
        (b"subject,time,level,unit\n1,7,5\n", "row 2: 3 fields; accepted: 4 fields", "as in the header"),
        (b"subject,time,level,unit\n1,7,5,5,%\n", "row 2: 5 fields; accepted: 4 fields", "a decimal comma needs"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, content: bytes, what: str, accepted: str) -> None:
    message = of_text(tmp_path, content)
    assert what in message
    assert accepted in message.split("; accepted: ")[1]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert "there is no such file" in complaint(tmp_path / "none.csv")
    assert "this is a directory" in complaint(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in complaint(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    assert complaint(tmp_path / name).endswith("(in Excel: Save as, 'CSV UTF-8')")


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (pd.DataFrame(), "a header without rows"),
        (pd.DataFrame({"subject": []}), "a header without rows"),
        (pd.DataFrame({"subject": ["1"], "tiem": [1]}), "row 1, column 'tiem': unknown column"),
        (
            pd.DataFrame({"subject": ["1", "1"], "time": [1, 2], "level": [5, float("inf")], "unit": "%"}),
            "row 3, column 'level', subject '1': 'inf' is not a finite number",
        ),
        (
            pd.DataFrame({"subject": ["1", None], "time": [1, 2], "level": [5, 6], "unit": "%"}),
            "row 3, column 'subject': a row without a patient",
        ),
        (
            pd.DataFrame([["1", 1, 5, 6, "%"]], columns=["subject", "time", "level", "level", "unit"]),
            "row 1, column 'level': the name stands again",
        ),
    ],
)
def test_frames_get_the_same_checks(frame: pd.DataFrame, what: str) -> None:
    assert what in complaint(frame)
