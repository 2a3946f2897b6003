"""Units: converted when asked, refused when they disagree, never guessed."""

from pathlib import Path

import pandas as pd
import pytest
from trial.forms import PLAIN, frame_of

from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial
from cartmodel.trial.units import converted, convertible


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        (36.0, "h", "day", 1.5),
        (90.0, "min", "day", 0.0625),
        (2.0, "weeks", "day", 14.0),
        (5.0, "copies/mg", "copies/ug", 0.005),
        (5.0, "copies/ng", "copies/µg", 5000.0),
        (5.0, "cells/uL", "cells/mL", 5000.0),
        (5.0, "cells/mm3", "cells/uL", 5.0),  # a cubic millimetre is a microlitre
        (3.0, "1e6 cells", "cells", 3e6),
        (3.0, "10^6 cells", "cells", 3e6),
        (3.0, "1e3 cells", "cells", 3e3),
        (3.0, "1e6 cells/kg", "cells/kg", 3e6),
        (132.0, "lb", "kg", 132 * 0.45359237),  # the pound as defined in 1959
        (24.0, "HOURS", "day", 1.0),
    ],
)
def test_factors_are_those_of_the_definitions(value: float, unit: str, target: str, expected: float) -> None:
    assert converted(pd.Series([value]), unit, target)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "target"),
    [
        ("copies/ug", "cells/uL"),
        ("cells", "copies"),
        ("cells/kg", "cells"),
        ("h", "kg"),
        ("copies/100 ng", "copies/ug"),
        ("9**9**9**9", "day"),
        ("__import__('os')", "day"),
        ("", "day"),
        ("copies/ug protein", "copies/ug"),
    ],
)
def test_what_cannot_be_converted(unit: str, target: str) -> None:
    assert not convertible(unit, target)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("copies/ug", "copies/\N{MICRO SIGN}g"),
        ("copies/ug", "copies/\N{GREEK SMALL LETTER MU}g"),
        ("copies/ug", "copies/mcg"),
        ("copies/ug", "cp/ug"),
        ("copies/ug", "Copies / UG"),
        ("copies/ug", "copies/\N{MICRO SIGN}g genomic DNA"),
        ("copies/ug", "copies/ug gDNA"),
        ("cells/uL", "cells/mm3"),
        ("cells/uL", "cells/mcL"),
        ("cells/uL", "1e3 cells/mL"),
    ],
)
def test_two_spellings_of_one_unit_in_a_table_are_one_unit_and_said(one: str, other: str) -> None:
    frame = pd.DataFrame({"subject": "1", "time": [7, 9, 14], "level": [5.0, 6.0, 7.0], "unit": [one, other, one]})
    trial = read_trial(frame)
    assert list(trial.units.values()) == [one]
    assert trial.observations["level"].tolist() == [5.0, 6.0, 7.0]
    assert any("that are the same" in note and other in note for note in trial.notes)


@pytest.mark.parametrize(("one", "other"), [("copies/ug", "copies/mg"), ("copies/ug", "cells/uL"), ("%", "copies/ug")])
def test_units_that_differ_are_refused(one: str, other: str) -> None:
    frame = pd.DataFrame({"subject": "1", "time": [7, 9], "level": [5.0, 6.0], "unit": [one, other]})
    with pytest.raises(TrialTableError, match=r"\(1 rows\), but assay '\w+' has .* in row 2"):
        read_trial(frame)


def test_hours_are_converted_only_when_asked() -> None:
    frame = frame_of(PLAIN).assign(time_unit="h", nominal=168.0)
    frame["time"] *= 24
    with pytest.raises(TrialTableError) as caught:
        read_trial(frame)
    assert "'h' is not a unit of this table; accepted: day or days or d; or units={'time': 'day'}" in str(caught.value)
    trial = read_trial(frame, units={"time": "day"})
    plain = read_trial(frame_of(PLAIN))
    pd.testing.assert_series_equal(trial.observations["time"], plain.observations["time"])
    assert set(trial.observations["nominal"]) == {7.0}
    assert trial.subjects["dlt_day"].dropna().tolist() == [12]  # what is called a day is in days


def test_two_units_of_one_assay_become_one_when_asked() -> None:
    frame = frame_of(PLAIN)
    own = (frame["assay"] == "qpcr") & (frame["subject"] == "102")
    frame.loc[own, "unit"] = "copies/mg"
    frame.loc[own, ["level", "lloq"]] *= 1000
    with pytest.raises(TrialTableError, match="but assay 'qpcr' has 'copies/ug'"):
        read_trial(frame)
    trial = read_trial(frame, units={"qpcr": "copies/ug"})
    assert trial.digest == read_trial(frame_of(PLAIN)).digest
    assert any("converted from copies/mg to copies/ug, as asked" in note for note in trial.notes)


def test_a_dose_per_kg_needs_the_weight() -> None:
    frame = frame_of(PLAIN).assign(dose_unit="1e6 cells/kg", dose=2.0, dose_assigned=1.0)
    trial = read_trial(frame, units={"dose": "cells"})
    assert trial.subjects["dose"].tolist() == [2e6 * 60.5, 2e6 * 70, 2e6 * 55]
    assert trial.subjects["dose_assigned"].tolist() == [1e6 * 60.5, 1e6 * 70, 1e6 * 55]
    with pytest.raises(TrialTableError, match="a dose per kg of a patient without a weight"):
        read_trial(frame.drop(columns="weight"), units={"dose": "cells"})
    with pytest.raises(TrialTableError, match="'1e6 cells/kg' is not a unit of this table"):
        read_trial(frame)


def test_units_that_disagree_are_refused() -> None:
    frame = frame_of(PLAIN).assign(time_unit="day")
    with pytest.raises(TrialTableError, match="units asks for 'h', but the table is in 'day'"):
        read_trial(frame, units={"time": "h"})
    with pytest.raises(TrialTableError, match="'fortnight cells' cannot be converted to 'day'"):
        read_trial(frame.assign(time_unit="fortnight cells"), units={"time": "day"})


def test_a_level_without_a_unit_column_may_be_told(tmp_path: Path) -> None:
    frame = frame_of(PLAIN).drop(columns="unit")
    trial = read_trial(frame, units={"qpcr": "copies/ug", "flow": "cells/uL"})
    assert trial.digest == read_trial(frame_of(PLAIN)).digest
    assert sum("as told; the table does not say" in note for note in trial.notes) == 2
