"""Dated records: the course of a toxicity, DLT evaluability, adverse events by dose, against counting by hand."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from cartmodel.endpoints import adverse_event_table, dlt_evaluability, toxicity_course
from cartmodel.errors import TrialTableError

NAN = float("nan")


def course(*records: tuple[float, float]) -> pd.Series:
    rows = pd.DataFrame([("P1", *record) for record in records], columns=["subject", "time", "grade"])
    return toxicity_course(rows).loc["P1"]


def test_a_course_has_worst_grade_onset_and_resolution() -> None:
    found = course((9, 0), (3, 1), (2, 0), (5, 3), (7, 3), (8, 2))
    assert found[["worst", "worst_day", "onset", "resolved", "duration"]].tolist() == [3, 5, 3, 9, 6]
    assert found["reason"] == ""


def test_a_relapse_belongs_to_the_course() -> None:
    found = course((2, 1), (4, 0), (6, 2), (9, 0), (12, 0))
    assert found[["worst", "onset", "resolved", "duration"]].tolist() == [2, 2, 9, 7]


@pytest.mark.parametrize(
    ("records", "worst", "onset", "reason"),
    [
        ([(2, 0), (4, 0)], 0, NAN, "no grade of 1 or more"),
        ([(2, 0), (4, 2), (6, 1)], 2, 4, "not resolved by day 6"),
        ([(2, NAN)], NAN, NAN, "no grade recorded"),
        ([(2, 1), (4, NAN)], 1, 2, "not resolved by day 2"),
    ],
)
def test_what_a_course_lacks_is_said(
    records: list[tuple[float, float]], worst: float, onset: float, reason: str
) -> None:
    found = course(*records)
    assert [found["worst"], found["onset"]] == pytest.approx([worst, onset], nan_ok=True)
    assert np.isnan(found["duration"])
    assert found["reason"] == reason


def test_grades_that_cannot_be_are_all_named() -> None:
    with pytest.raises(TrialTableError, match="3 problems") as caught:
        course((2, 6), (3, 1.5), (3, 1))
    assert "row 2, time: a second row of this day" in str(caught.value)


def evaluable(dlt: float, dlt_day: float, last_day: float, left: int, **options: float) -> tuple[float, float, str]:
    row = {"subject": "P1", "dlt": dlt, "dlt_day": dlt_day, "last_day": last_day, "left": left}
    return tuple(dlt_evaluability(pd.DataFrame([row]), **options).loc["P1"])


@pytest.mark.parametrize(
    ("facts", "evaluable_", "dlt", "reason"),
    [
        ((0, NAN, 28, 0), 1, 0, "no DLT in 28 days"),
        ((0, NAN, 27, 0), NAN, NAN, "followed to day 27 of 28"),
        ((0, NAN, 27, 1), 0, NAN, "left on day 27 without a DLT, before day 28"),
        ((0, NAN, 400, 1), 1, 0, "no DLT in 28 days"),
        ((1, 28, 28, 0), 1, 1, "DLT on day 28"),
        ((1, 3, 3, 1), 1, 1, "DLT on day 3"),
        ((1, 29, 40, 0), 1, 0, "no DLT in 28 days; DLT on day 29, after the window"),
        ((NAN, NAN, 30, 0), NAN, NAN, "followed for 28 days, DLT not yet assessed"),
        ((NAN, NAN, 10, 1), NAN, NAN, "left on day 10, DLT not yet assessed"),
        ((NAN, NAN, 10, 0), NAN, NAN, "followed to day 10 of 28"),
    ],
)
def test_a_patient_counts_with_a_dlt_or_28_days(
    facts: tuple[float, float, float, int], evaluable_: float, dlt: float, reason: str
) -> None:
    found = evaluable(*facts)
    assert found[:2] == pytest.approx((evaluable_, dlt), nan_ok=True)
    assert found[2] == reason


def test_the_window_is_an_option() -> None:
    assert evaluable(1, 29, 40, 0, window=42)[1] == 1
    assert evaluable(0, NAN, 21, 0, window=21)[:2] == (1, 0)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ((1, NAN, 10, 0), "dlt_day: nan; accepted: days from infusion to onset"),
        ((0, 9, 10, 0), "dlt_day: 9; accepted: NaN, without a DLT"),
        ((1, 12, 10, 0), "12 after last_day 10"),
        ((2, NAN, 10, 0), "dlt: 2; accepted: 1, 0, or NaN"),
        ((0, NAN, NAN, 0), "last_day: nan; accepted: days since infusion"),
        ((0, NAN, 10, 3), "left: 3; accepted: 1 or 0"),
        ((0, NAN, "late", 0), "last_day: 'late'; accepted: days since infusion"),
        ((1, "soon", 10, 0), "dlt_day: 'soon'; accepted: days from infusion to onset"),
    ],
)
def test_contradictory_follow_up_is_refused(facts: tuple[float, float, float, int], message: str) -> None:
    with pytest.raises(TrialTableError) as caught:
        evaluable(*facts)
    assert message in str(caught.value)


def test_a_window_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="window=0; accepted: days, > 0"):
        evaluable(0, NAN, 28, 0, window=0)


@pytest.mark.parametrize(("column", "value"), [("time", "soon"), ("time", np.inf), ("subject", None)])
def test_dated_grades_without_a_day_or_patient_are_refused(column: str, value: object) -> None:
    grades = pd.DataFrame({"subject": ["P1"], "time": [2], "grade": [1]}).astype(object)
    grades.loc[0, column] = value
    with pytest.raises(TrialTableError, match=f"row 0, {column}: "):
        toxicity_course(grades)


def test_a_patient_listed_twice_is_refused() -> None:
    rows = pd.DataFrame({"subject": ["P1", "P1"], "dlt": 0, "dlt_day": NAN, "last_day": 28, "left": 0})
    with pytest.raises(TrialTableError, match="row 1, subject: 'P1'; accepted: one row a patient"):
        dlt_evaluability(rows)


EVENTS = pd.DataFrame(
    [
        ("P1", "Immune", "CRS", 1, 1),
        ("P1", "Immune", "CRS", 3, 1),
        ("P1", "Blood", "Anaemia", 2, 1),
        ("P2", "Immune", "CRS", 2, 1),
        ("P2", "Immune", "Allergy", 4, 1),
        ("P2", "Blood", "Neutropenia", 4, 0),
        ("P3", "Blood", "Neutropenia", 4, 1),
    ],
    columns=["subject", "soc", "term", "grade", "related"],
)
PATIENTS = pd.DataFrame({"subject": ["P1", "P2", "P3", "P4"], "dose": [1e8, 1e8, 2e8, 2e8]})


def test_each_participant_counts_once_a_line_at_the_worst_grade() -> None:
    table = adverse_event_table(EVENTS, PATIENTS).set_index(["dose", "soc", "term"])
    grades = [f"grade_{g}" for g in range(1, 6)]
    assert table.loc[(1e8, "any", "any"), grades].tolist() == [0, 0, 1, 1, 0]
    assert table.loc[(1e8, "Immune", "any"), grades].tolist() == [0, 0, 1, 1, 0]
    assert table.loc[(1e8, "Immune", "CRS"), grades].tolist() == [0, 1, 1, 0, 0]
    assert table.loc[(1e8, "Immune", "CRS"), ["patients", "all", "grade_3_up", "percent"]].tolist() == [2, 2, 1, 100]
    assert table.loc[(2e8, "Blood", "Neutropenia"), ["all", "percent"]].tolist() == [1, 50]
    assert table.loc[(1e8, "Blood", "Neutropenia"), "all"] == 0  # not related
    assert table.loc[(2e8, "Immune", "CRS"), ["patients", "all", "percent"]].tolist() == [2, 0, 0]


def test_all_events_may_be_counted() -> None:
    table = adverse_event_table(EVENTS, PATIENTS, related_only=False).set_index(["dose", "soc", "term"])
    assert table.loc[(1e8, "Blood", "Neutropenia"), "grade_4"] == 1


def test_random_events_against_counting_one_by_one() -> None:
    rng = np.random.default_rng(8)
    patients = pd.DataFrame({"subject": [f"P{i}" for i in range(18)], "dose": np.repeat([0.25e8, 1e8, 2e8], 6)})
    rows = [
        (f"P{rng.integers(18)}", f"S{s}", f"S{s}T{rng.integers(3)}", int(rng.integers(1, 6)), int(rng.integers(2)))
        for s in rng.integers(0, 3, 120)
    ]
    table = adverse_event_table(pd.DataFrame(rows, columns=EVENTS.columns), patients)
    dose_of = dict(zip(patients["subject"], patients["dose"], strict=True))
    worst: dict[tuple[float, str, str], dict[str, int]] = defaultdict(dict)
    for subject, soc, term, grade, related in rows:
        for line in ((soc, term), (soc, "any"), ("any", "any")) if related else ():
            seen = worst[(dose_of[subject], *line)]
            seen[subject] = max(grade, seen.get(subject, 0))
    for row in table.to_dict("records"):
        seen = worst[(row["dose"], row["soc"], row["term"])]
        assert [row[f"grade_{g}"] for g in range(1, 6)] == [list(seen.values()).count(g) for g in range(1, 6)]
        assert (row["all"], row["patients"]) == (len(seen), 6)
    assert sum(map(bool, worst.values())) >= 30


def test_no_event_at_all_leaves_the_totals() -> None:
    table = adverse_event_table(EVENTS.iloc[:0], PATIENTS)
    assert table[["dose", "soc", "patients", "all"]].to_numpy().tolist() == [[1e8, "any", 2, 0], [2e8, "any", 2, 0]]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("grade", 0, "events, row 0, grade: 0; accepted: 1 to 5"),
        ("related", NAN, "events, row 0, related: nan; accepted: 1 or 0"),
        ("subject", "P9", "subject: 'P9'; accepted: a patient of the patients' table"),
        ("soc", "", "soc: ''; accepted: its name"),
        ("term", "any", "term: 'any'; accepted: its name, not blank, not 'any'"),
    ],
)
def test_events_that_cannot_be_counted_are_refused(column: str, value: object, message: str) -> None:
    events = EVENTS.astype({column: object})
    events.loc[0, column] = value
    with pytest.raises(TrialTableError) as caught:
        adverse_event_table(events, PATIENTS)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_patients_are_listed_once() -> None:
    with pytest.raises(TrialTableError, match="patients, row 4: 'P1'; accepted: one row a patient"):
        adverse_event_table(EVENTS, pd.concat([PATIENTS, PATIENTS.iloc[:1]]))


def test_patients_without_a_dose_are_a_group_of_their_own_and_last() -> None:
    patients = PATIENTS.assign(dose=[NAN, 1e8, 2e8, 2e8])
    table = adverse_event_table(EVENTS, patients)
    assert table["dose"].drop_duplicates().tolist() == pytest.approx([1e8, 2e8, NAN], nan_ok=True)
    last = table[table["dose"].isna()].set_index(["soc", "term"])
    assert last.loc[("Immune", "CRS"), ["patients", "all", "grade_3"]].tolist() == [1, 1, 1]
