"""Valid tables of every form, corrupted one cell at a time and two at a time: every problem is told, none hides."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial.forms import (
    ADAM,
    ADPPK,
    FOLDER,
    MONOLIX,
    MONOLIX_TOLD,
    NONMEM,
    NONMEM_TOLD,
    PLAIN,
    transported,
    written,
)

from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial

HISTORY = {
    "records.csv": (
        "subject,day,kind,value,unit\n101,-5,lymphodepletion,300,mg/m2\n101,3,crs,2,\n101,4,tocilizumab,,\n102,6,ada,1,\n"
    ),
    "assessments.csv": (
        "subject,time,mrss,fvc,patient_global,physician_global,haq,renal_crisis\n"
        "101,-3,28,70,4,5,1.25,0\n101,91,18,72,3,4.5,1,0\n"
    ),
    "events.csv": (
        "subject,day,end_day,term,soc,grade,related,dlt\n"
        "101,3,6,Cytokine release syndrome,Immune system disorders,2,1,0\n102,12,20,Neutropenia,Blood,4,1,1\n"
    ),
}
FORMS: dict[str, dict[str, str]] = {
    "plain": {"trial.csv": PLAIN},
    "nonmem": {"nm.csv": NONMEM},
    "monolix": {"mlx.txt": MONOLIX},
    "adppk": {"adppk.csv": ADPPK},
    "adam": ADAM,
    "folder": FOLDER | HISTORY,
}
TOLD: dict[str, dict[str, Any]] = {"nonmem": NONMEM_TOLD, "monolix": MONOLIX_TOLD}

# Form, file, row as a spreadsheet counts, column, what is written there, and what must be said of it.
CELLS: list[tuple[str, str, int, str, str, str]] = [
    ("plain", "trial.csv", 2, "subject", "", "a row without a patient"),
    ("plain", "trial.csv", 4, "time", "week 1", "'week 1' is not a finite number"),
    ("plain", "trial.csv", 4, "level", "-1", "'-1' is not > 0"),
    ("plain", "trial.csv", 4, "unit", "cells/uL", "but assay 'qpcr' has 'copies/ug'"),
    ("plain", "trial.csv", 3, "lloq", "", "a BLQ sample without a limit"),
    ("plain", "trial.csv", 3, "blq", "maybe", "'maybe' is neither 0 nor 1"),
    ("plain", "trial.csv", 7, "dose", "2e8", "'2e8', but '1e8' in row 6"),
    ("plain", "trial.csv", 6, "weight", "-70", "'-70' is not > 0"),
    ("plain", "trial.csv", 6, "dose_assigned", "some", "'some' is not a finite number"),
    ("plain", "trial.csv", 2, "dlt_day", "5", "a DLT day of a patient without a DLT"),
    ("plain", "trial.csv", 5, "assay", "", "a sample without its assay"),
    ("plain", "trial.csv", 1, "lloq", "llog", "unknown column; accepted: did you mean 'lloq'"),
    ("plain", "trial.csv", 1, "weight", "dose", "the name stands again over column"),
    ("nonmem", "nm.csv", 5, "EVID", "9", "'9' is no EVID"),
    ("nonmem", "nm.csv", 5, "MDV", "7", "'7' is no MDV"),
    ("nonmem", "nm.csv", 4, "CENS", "3", "'3' is no CENS"),
    ("nonmem", "nm.csv", 5, "AMT", "1e8", "'1e8' on a row with EVID=0"),
    ("nonmem", "nm.csv", 3, "AMT", ".", "a dose row without an amount"),
    ("nonmem", "nm.csv", 3, "AMT", "-5", "'-5' is not > 0"),
    ("nonmem", "nm.csv", 5, "TIME", "seven", "'seven' is not a finite number"),
    ("nonmem", "nm.csv", 5, "TIME", ".", "a sample without a time"),
    ("nonmem", "nm.csv", 5, "TIME", "2.5", "stands for assay 'qpcr' in row"),
    ("nonmem", "nm.csv", 5, "DV", "0", "'0' is not > 0"),
    ("nonmem", "nm.csv", 5, "DV", "49", "is below its lloq '50' but not marked BLQ"),
    ("nonmem", "nm.csv", 5, "DV", "BLQ", "'BLQ' is not a finite number"),
    ("nonmem", "nm.csv", 4, "LLOQ", "0", "'0' is not > 0"),
    ("nonmem", "nm.csv", 5, "ID", ".", "a row without a patient"),
    ("nonmem", "nm.csv", 6, "WT", "61", "'61', but '60.5' in row"),
    ("nonmem", "nm.csv", 12, "DLT", "2", "'2' is neither 0 nor 1"),
    ("monolix", "mlx.txt", 4, "Y", ".", "a BLQ sample without a limit"),
    ("monolix", "mlx.txt", 4, "CENS", "2", "'2' is no CENS"),
    ("monolix", "mlx.txt", 5, "TIME", "x", "'x' is not a finite number"),
    ("monolix", "mlx.txt", 3, "TIME", ".", "a dose row without a time"),
    ("monolix", "mlx.txt", 5, "AMOUNT", "3", "a second dose of this patient"),
    ("monolix", "mlx.txt", 5, "LLOQ", "2000", "is below its lloq '2000'"),
    ("monolix", "mlx.txt", 8, "DLT_DAY", "13", "'13', but '12' in row"),
    ("adppk", "adppk.csv", 5, "FRLTU", "fortnights", "'fortnights' is not a unit of this table"),
    ("adppk", "adppk.csv", 5, "FRLTU", "HOURS", "'HOURS' is not a unit of this table"),
    ("adppk", "adppk.csv", 5, "DVU", "copies/mg", "'copies/mg' (1 rows), but assay 'qpcr' has 'copies/ug'"),
    ("adppk", "adppk.csv", 5, "DV", "12OO.5", "'12OO.5' is not a finite number"),
    ("adppk", "adppk.csv", 7, "DOSEU", "mg", "'mg' is not a unit of this table"),
    ("adppk", "adppk.csv", 4, "ALLOQ", "", "a BLQ sample without a limit"),
    ("adppk", "adppk.csv", 7, "AMT", "1e9x", "'1e9x' is not a finite number"),
    ("adam", "adpc.csv", 5, "AVAL", "1,5", "'1,5' is not a number: its comma"),
    ("adam", "adpc.csv", 5, "AVALU", "cells/uL", "assay 'qpcr' has"),
    ("adam", "adpc.csv", 5, "BLQFL", "Q", "'Q' is neither 0 nor 1"),
    ("adam", "adpc.csv", 5, "AFRLT", "", "a sample without a time"),
    ("adam", "adpc.csv", 5, "STUDYID", "T", "'T', but 'S' in row"),
    ("adam", "adpc.csv", 4, "ALLOQ", "20", "is above its lloq '20' but marked BLQ"),
    ("adam", "adsl.csv", 3, "DOSEA", "none", "'none' is not a finite number"),
    ("adam", "adsl.csv", 3, "WTBL", "0", "'0' is not > 0"),
    ("adam", "adsl.csv", 2, "DOSEU", "mg", "'mg' is not a unit of this table"),
    ("adam", "adsl.csv", 3, "USUBJID", "", "a row without a patient"),
    ("adam", "adrs.csv", 2, "AVALC", "Q", "'Q' is neither 0 nor 1"),
    ("adam", "adrs.csv", 4, "AVAL", "-1", "a DLT before the infusion"),
    ("folder", "subjects.csv", 2, "weight", "heavy", "'heavy' is not a finite number"),
    ("folder", "levels.csv", 5, "time", "", "a sample without a time"),
    ("folder", "outcomes.csv", 2, "dlt_day", "3", "a DLT day of a patient without a DLT"),
    ("folder", "outcomes.csv", 2, "dlt", "no idea", "'no idea' is neither 0 nor 1"),
    ("folder", "records.csv", 2, "subject", "999", "'999' is no patient of the trial"),
    ("folder", "records.csv", 3, "value", "6", "'6' is no grade"),
    ("folder", "records.csv", 3, "value", "", "a grade is missing"),
    ("folder", "records.csv", 2, "value", "-1", "'-1' is below 0"),
    ("folder", "records.csv", 2, "kind", "", "a row without its kind"),
    ("folder", "records.csv", 2, "kind", "two words", "cannot name a kind"),
    ("folder", "records.csv", 4, "day", "", "a row without its day"),
    ("folder", "assessments.csv", 2, "mrss", "52", "'52' is outside the range of the item"),
    ("folder", "assessments.csv", 2, "patient_global", "45", "divide a 0-100 mm visual scale by 10"),
    ("folder", "assessments.csv", 2, "haq", "1.2", "'1.2' is outside the range of the item"),
    ("folder", "assessments.csv", 2, "fvc", "2.9", "'2.9' is outside the range of the item"),
    ("folder", "assessments.csv", 3, "time", "-3", "stands in row 2 too"),
    ("folder", "assessments.csv", 3, "renal_crisis", "2", "'2' is neither 0 nor 1"),
    ("folder", "events.csv", 2, "grade", "0", "'0' is no CTCAE grade"),
    ("folder", "events.csv", 2, "soc", "", "a row without its soc"),
    ("folder", "events.csv", 2, "term", "any", "'any' stands for totals"),
    ("folder", "events.csv", 2, "end_day", "1", "1 is before the onset"),
    ("folder", "events.csv", 2, "dlt", "1", "0, but an adverse event is declared a DLT"),
    ("folder", "events.csv", 3, "day", "10", "12, but the first event declared a DLT is of day 10"),
    ("folder", "events.csv", 2, "related", "perhaps", "'perhaps' is neither 0 nor 1"),
]


def corrupted(files: dict[str, str], *cases: tuple[str, str, int, str, str, str]) -> dict[str, str]:
    """Return the files of a form with cells overwritten."""
    result = dict(files)
    for _, name, row, column, cell, _ in cases:
        separator = "\t" if "\t" in result[name] else ","
        rows = [line.split(separator) for line in result[name].rstrip("\n").split("\n")]
        header = files[name].split("\n")[0].split(separator)
        rows[row - 1][header.index(column)] = f'"{cell}"' if "," in cell else cell
        result[name] = "\n".join(separator.join(cells) for cells in rows) + "\n"
    return result


def complaint(folder: Path, form: str, files: dict[str, str]) -> str:
    for name, text in files.items():
        written(folder, name, text)
    before = sorted(folder.iterdir())
    with pytest.raises(TrialTableError) as caught:
        read_trial(folder / next(iter(files)) if len(files) == 1 else folder, **TOLD.get(form, {}))
    assert sorted(folder.iterdir()) == before
    assert all(each.where and each.what and each.accepted for each in caught.value.problems)
    return str(caught.value)


def test_there_are_enough_of_them_and_the_tables_are_good_before(tmp_path: Path) -> None:
    assert len({case[:5] for case in CELLS}) >= 60
    assert {case[0] for case in CELLS} == set(FORMS)
    for form, files in FORMS.items():
        folder = tmp_path / form
        folder.mkdir()
        for name, text in files.items():
            written(folder, name, text)
        trial = read_trial(folder / next(iter(files)) if len(files) == 1 else folder, **TOLD.get(form, {}))
        assert len(trial.subjects) == 3


@pytest.mark.parametrize("case", CELLS, ids=lambda case: "-".join(map(str, case[:5])))
def test_one_corrupted_cell_is_told(tmp_path: Path, case: tuple[str, str, int, str, str, str]) -> None:
    message = complaint(tmp_path, case[0], corrupted(FORMS[case[0]], case))
    assert case[-1] in message
    # A contradiction between two files is told of one of them.
    assert any(name in message for name in FORMS[case[0]])


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_two_corrupted_cells_are_both_told(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(FORMS)))
    own = [case for case in CELLS if case[0] == form]
    first = data.draw(st.sampled_from(own))
    # Of one row or one patient's column, one wrong cell can make the other right or unreachable.
    second = data.draw(st.sampled_from([case for case in own if (case[1], case[2]) != (first[1], first[2])]))
    if {first[4], second[4]} & HIDING or {first[3], second[3]} <= ABOUT_DLT:
        return
    message = complaint(tmp_path_factory.mktemp("two"), form, corrupted(FORMS[form], first, second))
    assert first[-1] in message
    assert second[-1] in message


ABOUT_DLT = {"DLT", "dlt", "dlt_day", "DLT_DAY", "AVAL", "AVALC", "day"}
HIDING = {"llog", "dose", ""}
"""A column or a patient that is not there hides what would be wrong in it."""


@pytest.mark.parametrize("name", ["adpc.csv", "adsl.csv", "adrs.csv"])
def test_a_broken_transport_file_is_told(tmp_path: Path, name: str) -> None:
    path = transported(tmp_path, name.replace(".csv", ".xpt"), ADAM[name])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 37])
    with pytest.raises(TrialTableError):
        read_trial(path)


@settings(max_examples=25, deadline=None)
@given(
    form=st.sampled_from(["nonmem", "adppk", "plain"]),
    place=st.tuples(st.integers(0, 12), st.integers(0, 15)),
    junk=st.sampled_from(["", ".", "-1", "1e400", "NaN", "2026-03-01", "x", "1.0", "<50", "Y", "=1+1", "é"]),
)
def test_any_junk_anywhere_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: str, place: tuple[int, int], junk: str
) -> None:
    (name, text), row, column = next(iter(FORMS[form].items())), *place
    rows = [line.split(",") for line in text.rstrip("\n").split("\n")]
    if row < len(rows) and column < len(rows[row]):
        rows[row][column] = junk
    path = written(tmp_path_factory.mktemp("junk"), name, "\n".join(map(",".join, rows)))
    try:
        trial = read_trial(path, **TOLD.get(form, {}))
    except TrialTableError:
        return
    assert (trial.observations["time"] > 0).all()
    assert (trial.observations["level"].isna() == trial.observations["blq"]).all()
