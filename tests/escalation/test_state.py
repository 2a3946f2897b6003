"""Counts, outcome strings and decisions: what is accepted, and what is refused with the place."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartmodel.escalation.outcomes import Cohort, format_outcomes, parse_outcomes, state_of
from cartmodel.escalation.state import Decision, State

COHORTS = st.lists(st.builds(Cohort, st.integers(1, 12), st.lists(st.booleans(), min_size=1, max_size=6).map(tuple)))


@given(COHORTS)
def test_outcome_strings_come_back(cohorts: list[Cohort]) -> None:
    assert parse_outcomes(format_outcomes(cohorts)) == tuple(cohorts)


@given(COHORTS)
def test_counts_are_the_letters(cohorts: list[Cohort]) -> None:
    text = format_outcomes(cohorts)
    state = state_of(text, doses=12)
    assert state.patients == text.count("N") + text.count("T")
    assert sum(state.dlt) == text.count("T")
    for level in range(1, 13):
        words = [word for word in text.split() if re.match(r"\d+", word)[0] == str(level)]
        assert state.at(level) == (sum(map(str.isalpha, "".join(words))), "".join(words).count("T"))
    assert state.current == (cohorts[-1].dose if cohorts else 1)
    assert state.highest == max((c.dose for c in cohorts), default=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1NNN NNT", "cohort 2: 'NNT'"),
        ("1NNN 2", "cohort 2: '2'"),
        ("0NNN", "cohort 1: '0NNN'"),
        ("1NYN", "cohort 1: '1NYN'"),
        ("1NNN 4N", "cohort 2: '4N' is at dose level 4; accepted: 1 to 3"),
    ],
)
def test_bad_outcomes_are_refused_with_their_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        state_of(text, doses=3)


@pytest.mark.parametrize(
    ("n", "dlt", "current", "message"),
    [
        ((3, 3), (0, 4), 1, "dose level 2: 4 DLTs in 3 patients"),
        ((3, -1), (0, 0), 1, "dose level 2: -1 patients"),
        ((3, 3), (0,), 1, "n has 2 dose levels and dlt 1"),
        ((), (), 1, "accepted: as many, one or more"),
        ((3, 3), (0, 0), 3, "current dose level 3; accepted: 1 to 2"),
    ],
)
def test_impossible_counts_are_refused(n: tuple[int, ...], dlt: tuple[int, ...], current: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        State(n, dlt, current)


def test_impossible_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="4 DLTs in 3 more patients"):
        State((6, 0), (0, 0)).add(1, 3, 4)
    with pytest.raises(ValueError, match="dose level 3; accepted: 1 to 2"):
        State((6, 0), (0, 0)).add(3, 3, 0)


def test_contradicting_decisions_are_refused() -> None:
    with pytest.raises(ValueError, match="'stay' with dose None"):
        Decision("stay", None, "", cohort=3)
    with pytest.raises(ValueError, match="'stop' with a cohort of 3"):
        Decision("stop", 1, "", cohort=3)
    with pytest.raises(ValueError, match="'refer' with dose 2"):
        Decision("refer", 2, "")
