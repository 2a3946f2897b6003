"""A date beside a time of day, as NONMEM has them: days since the dose record, and nothing guessed."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartmodel.errors import TrialTableError
from cartmodel.trial import TrialData, read_trial

UNITS = {"level": "copies/ug", "dose": "cells"}


def read(text: str, **told: Any) -> TrialData:
    return read_trial(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False), units=UNITS, **told)


def refusal(text: str, **told: Any) -> str:
    with pytest.raises(TrialTableError) as caught:
        read(text, **told)
    return str(caught.value)


# The example of NONMEM's help (item DATE): 10-1-86 9:15, 14:40, and 8:30 of the next day are 0, 5.42 and 23.25 hours.
HELP = "ID,{name},TIME,DV,AMT,EVID\n1,{one},9:15,.,1e8,1\n1,{one},14:40,900,.,0\n1,{two},8:30,950,.,0\n"


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("DATE", "10-1-86", "10-2-86"),
        ("DATE", "10/01/1986", "10/02/1986"),
        ("DAT1", "1/10/86", "2/10/86"),
        ("DAT2", "86-10-1", "86-10-2"),
        ("DAT2", "1986-10-01", "1986-10-02"),
        ("DAT3", "1986.1.10", "1986.2.10"),
        ("DATE", "1986-10-01", "1986-10-02"),
        ("DATE", "01OCT1986", "02OCT1986"),
    ],
)
def test_the_example_of_nonmems_help_in_every_format(name: str, one: str, two: str) -> None:
    trial = read(HELP.format(name=name, one=one, two=two), mapping={name: name})
    np.testing.assert_allclose(trial.observations["time"] * 24, [5 + 25 / 60, 23.25], rtol=1e-12)
    assert not trial.observations["by_date"].any()
    year = 2086 if one in ("10-1-86", "1/10/86", "86-10-1") else 1986
    assert trial.subjects["infusion"].tolist() == [pd.Timestamp(year, 10, 1, 9, 15)]
    assert any("two digits" in note for note in trial.notes) == (year == 2086)


def test_a_date_that_can_be_read_both_ways_is_asked_for() -> None:
    text = HELP.format(name="DATE", one="10/1/2026", two="10/2/2026")
    said = refusal(text)
    assert "'10/1/2026' and all like it can be month/day or day/month" in said
    assert "mapping={'DATE': 'DATE'} for month day year" in said
    assert read(text, mapping={"DATE": "DATE"}).observations["time"].tolist()[1] == pytest.approx(23.25 / 24)
    assert read(text, mapping={"DATE": "DAT1"}).observations["time"].tolist()[1] == pytest.approx(31 - 0.75 / 24)
    # One date that is only possible one way settles it, and dates with day and month alike need no settling.
    settled = HELP.format(name="DATE", one="10/12/2026", two="10/13/2026")
    assert read(settled).observations["time"].tolist()[1] == pytest.approx(23.25 / 24)
    alike = HELP.format(name="DATE", one="10/10/2026", two="10/10/2026").replace("8:30", "18:15")
    assert read(alike).observations["time"].tolist()[1] == pytest.approx(9 / 24)


def test_a_day_first_date_under_the_name_of_a_month_first_one_is_refused() -> None:
    said = refusal(HELP.format(name="DATE", one="25/3/2026", two="26/3/2026"))
    assert "'25/3/2026' is no date; accepted: month day year" in said
    assert "DATE, DAT1, DAT2 and DAT3 name the format" in said


def test_a_blank_clock_time_is_never_midnight() -> None:
    text = HELP.format(name="DAT2", one="2026-10-01", two="2026-10-09").replace("8:30", ".")
    trial = read(text)
    assert trial.observations["time"].tolist()[1] == 8.0
    assert trial.observations["by_date"].tolist() == [False, True]
    assert any("No clock time is taken as midnight" in note for note in trial.notes)
    same_day = text.replace("2026-10-09", "2026-10-01")
    assert "before or after it cannot be told" in refusal(same_day)


@pytest.mark.parametrize(
    ("cell", "hours"),
    [("14.75", 14.75), ("2:45 PM", 14.75), ("12:06 AM", 0.1), ("12:30 pm", 12.5), ("14:45:00", 14.75)],
)
def test_times_of_day(cell: str, hours: float) -> None:
    text = f"ID,DAT2,TIME,DV,AMT,EVID\n1,2026-10-01,6:00,.,1e8,1\n1,2026-10-05,{cell},900,.,0\n"
    assert read(text).observations["time"].tolist() == pytest.approx([4 + (hours - 6) / 24])


@pytest.mark.parametrize("cell", ["24:00", "12:60", "13:00 PM", "25.5", "noon", "-1:00"])
def test_what_is_no_time_of_day(cell: str) -> None:
    text = f"ID,DAT2,TIME,DV,AMT,EVID\n1,2026-10-01,6:00,.,1e8,1\n1,2026-10-05,{cell},900,.,0\n"
    assert f"'{cell}' is no time of day" in refusal(text)


def test_numbers_beside_a_date_are_asked_about() -> None:
    text = "ID,DAT2,TIME,DV,AMT,EVID\n1,2026-10-01,6,.,1e8,1\n1,2026-10-05,12,900,.,0\n"
    said = refusal(text)
    assert "mapping={'TIME': 'clock'}" in said
    assert "ignore=['DAT2']" in said
    assert read(text, mapping={"TIME": "clock"}).observations["time"].tolist() == [4.25]


def test_a_time_of_day_without_a_date_is_refused_and_whole_date_times_are_taken() -> None:
    text = "ID,TIME,DV,AMT,EVID\n1,{one},.,1e8,1\n1,{two},900,.,0\n"
    assert "'9:15' is a time of day without a date" in refusal(text.format(one="9:15", two="14:40"))
    assert read(text.format(one="2026-10-01 06:00", two="2026-10-05 12:00")).observations["time"].tolist() == [4.25]


def test_samples_before_the_dose_record_are_predose_and_a_second_dose_is_refused() -> None:
    text = HELP.format(name="DAT2", one="2026-10-02", two="2026-10-03")
    trial = read(text + "1,2026-10-01,9:15,0,.,0\n")
    assert len(trial.observations) == 2
    assert trial.predose["time"].tolist() == [-1.0]
    assert "a second dose of this patient, at '2026-10-04T09:15:00'" in refusal(text + "1,2026-10-04,9:15,.,1e8,1\n")


def test_units_of_time_need_no_saying_where_there_are_clocks() -> None:
    trial = read_trial(
        pd.read_csv(io.StringIO(HELP.format(name="DAT2", one="2026-10-01", two="2026-10-02")), dtype=str),
        units=UNITS | {"time": "h"},
    )
    assert trial.observations["time"].tolist()[1] == pytest.approx(23.25 / 24)
