"""What is said of a wrong table leads out of it: the remedy that is named is the one that works."""

import io
from typing import Any

import pandas as pd
import pytest

from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial


def frame_of(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def refusal(source: str | dict[str, str], **told: Any) -> list[str]:
    """The problems of one table, or of several by name, a line each."""
    frames = frame_of(source) if isinstance(source, str) else {name: frame_of(text) for name, text in source.items()}
    with pytest.raises(TrialTableError) as caught:
        read_trial(frames, **told)
    return str(caught.value).splitlines()[1:]


LEVELS = "subject,time,level,unit\n1,7,900,copies/ug\n2,7,800,copies/ug\n"


@pytest.mark.parametrize("footer", ["Page 1 of 1,,,", "Source: adpc.sas,,,", " Grand total , , , "])
def test_a_footer_is_no_patient(footer: str) -> None:
    (problem,) = refusal(f"{LEVELS}{footer}\n")
    assert "row 4, column 'subject'" in problem
    assert "stands alone in its row" in problem
    assert "no such row where it is a footer" in problem


def test_a_footer_below_the_patients_is_none_and_a_patient_with_samples_elsewhere_is() -> None:
    subjects = "subject,dose\n1,1e8\n2,\n"
    assert len(read_trial({"subjects": frame_of(subjects), "levels": frame_of(LEVELS)}).subjects) == 2
    (problem,) = refusal({"subjects": f"{subjects}Page 1,\n", "levels": LEVELS})
    assert problem.strip().startswith("subjects, row 4")
    assert len(read_trial(frame_of("subject\n1\n2\n")).subjects) == 2


def test_a_patient_of_whom_nothing_is_known_yet_is_kept_and_named() -> None:
    trial = read_trial(frame_of(f"{LEVELS}19,,,\n"))
    assert list(trial.subjects.index) == ["1", "2", "19"]
    (note,) = (note for note in trial.notes if note.startswith("Nothing is known"))
    assert note.startswith("Nothing is known of '19' (row 4): counted as patients.")
    named = LEVELS.replace("\n1,", "\nPatient 1,").replace("\n2,", "\nPatient 2,")
    assert len(read_trial(frame_of(f"{named}Patient 3,,,\n")).subjects) == 3


DOSED = "subject,time,level,unit,dose,dose_unit\n1,7,900,copies/ug,3,{unit}\n"


def test_a_dose_that_is_no_number_of_cells_has_a_remedy_that_works() -> None:
    for units in (None, {"dose": "cells"}):
        (problem,) = refusal(DOSED.format(unit="mg"), units=units)
        assert "units={" not in problem
        assert "ignore=['dose', 'dose_unit']" in problem
    assert read_trial(frame_of(DOSED.format(unit="mg")), ignore=["dose", "dose_unit"]).subjects["dose"].isna().all()


def test_a_dose_per_kg_asks_for_the_unit_and_the_weight_at_once() -> None:
    unit, weight = refusal(DOSED.format(unit="10^6 cells/kg"))
    assert "units={'dose': 'cells'} to have it multiplied by the weight" in unit
    assert "a dose per kg of a patient without a weight" in weight
    weighed = frame_of(DOSED.format(unit="10^6 cells/kg")).assign(weight="70")
    assert read_trial(weighed, units={"dose": "cells"}).subjects["dose"].tolist() == [2.1e8]


def test_a_data_set_without_levels_is_named_as_one() -> None:
    text = "ID,TIME,CONC,AMT,EVID\n1,0,.,1e8,1\n1,7,900,.,0\n"
    units = {"time": "day", "dose": "cells", "level": "copies/ug"}
    (problem,) = refusal(text, units=units)
    assert "a data set of doses without its levels (DV)" in problem
    assert "mapping={'CONC': 'level'}" in problem
    assert read_trial(frame_of(text), mapping={"CONC": "level"}, units=units).observations["level"].tolist() == [900]


def test_two_samples_of_one_date_are_named_by_the_date() -> None:
    text = "subject,sampled,infusion,level,unit\n" + "1,2026-03-08,2026-03-01,900,copies/ug\n" * 2
    (problem,) = refusal(text)
    assert "column 'sampled'" in problem
    assert "'2026-03-08', day 7, stands for assay 'qpcr' in row 2 too" in problem
    assert "clock times of sample and infusion" in problem
    clocks = text.replace("03-08,", "03-08T08:00,", 1).replace("03-08,", "03-08T20:00,").replace("03-01", "03-01T08:00")
    assert read_trial(frame_of(clocks)).observations["time"].tolist() == [7, 7.5]


@pytest.mark.parametrize("time", ["1e308", "99999", "-99999"])
def test_no_day_is_a_hundred_years_from_the_infusion(time: str) -> None:
    (problem,) = refusal(LEVELS + f"1,{time},900,copies/ug\n")
    assert "is more than a hundred years from the infusion" in problem
    (problem,) = refusal({"levels": LEVELS, "records": f"subject,day,kind\n1,{time},steroid\n"})
    assert "more than a hundred years" in problem


def test_a_day_as_excel_counts_them_is_named_as_one_and_never_taken() -> None:
    text = "subject,sampled,infusion,level,unit\n1,45678,2026-03-01,900,copies/ug\n2,soon,2026-03-01,900,copies/ug\n"
    serial, other = refusal(text)
    assert "'45678' looks like a day as Excel counts them" in serial
    assert "format yyyy-mm-dd" in serial
    assert "origin='1899-12-30'" in serial
    assert "'soon' is not a date-time" in other
    # The remedy for pandas, against what Excel shows for 45678 in its default system.
    assert pd.to_datetime(45678, unit="D", origin="1899-12-30") == pd.Timestamp("2025-01-21")


@pytest.mark.parametrize("column", ["dose", "dose_assigned"])
def test_levels_per_kg_that_fall_apart_into_doses_of_one_are_named(column: str) -> None:
    table = pd.DataFrame(
        {"subject": list("abc"), column: [1e6, 1e6, 2e6], "dose_unit": "cells/kg", "weight": [60.0, 70.0, 80.0]}
    ).assign(time=7.0, level=900.0, unit="copies/ug")
    trial = read_trial(table, units={"dose": "cells"})
    (note,) = [note for note in trial.notes if "have become" in note]
    assert note.startswith("2 dose levels per kg have become 3 doses in cells; tables by dose have a group for each.")
    assert "give `dose_assigned` in cells" in note
    same = read_trial(table.assign(weight=70.0), units={"dose": "cells"})
    assert not any("have become" in note for note in same.notes)
