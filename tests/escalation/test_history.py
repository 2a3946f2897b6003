"""Dated histories: every impossible record is named, all at once."""

import pytest

from cartmodel.errors import HistoryError
from cartmodel.escalation.history import Infusion, check_infusions
from cartmodel.escalation.outcomes import state_of
from cartmodel.escalation.replay import replay
from cartmodel.escalation.state import State
from cartmodel.escalation.three_plus_three import nct06871644

FIRST = [Infusion("01", 1, 0), Infusion("02", 1, 7), Infusion("03", 1, 14)]


def problems(infusions: list[Infusion], **settings) -> list[str]:
    with pytest.raises(HistoryError) as error:
        check_infusions(nct06871644(), infusions, doses=3, **settings)
    return [str(problem) for problem in error.value.problems]


def test_a_possible_trial_gives_its_groups() -> None:
    trial = [*FIRST, Infusion("04", 2, 42), Infusion("05", 2, 50, 9), Infusion("06", 2, 50), Infusion("07", 2, 80)]
    groups = check_infusions(nct06871644(), trial[::-1], doses=3)
    assert [str(g) for g in groups] in (["1NNN", "2NTN", "2N"], ["1NNN", "2NNT", "2N"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([Infusion("04", 2, 41)], "subject 04: infused on day 41 while the window of subject 03 runs to day 42"),
        ([Infusion("04", 3, 60)], "subject 04: infused at dose level 3; accepted: dose level 2"),
        ([Infusion("01", 2, 60)], "subject 01: infused twice"),
        ([Infusion("04", 4, 60)], "subject 04: dose level 4; accepted: 1 to 3"),
        ([Infusion("04", 2, 60, -2)], "subject 04: a DLT -2 days after the infusion"),
        ([Infusion("04", 2, float("nan"))], "subject 04: infused on day nan"),
    ],
)
def test_single_impossible_records(more: list[Infusion], message: str) -> None:
    assert any(problem.startswith(message) for problem in problems([*FIRST, *more]))


def test_a_dlt_ends_its_own_window() -> None:
    """1 of 3: the 3 more may come once the windows of the two others are over, not that of the DLT."""
    trial = [Infusion("01", 1, 0), Infusion("02", 1, 0), Infusion("03", 1, 20, 5)]
    assert len(check_infusions(nct06871644(), [*trial, Infusion("04", 1, 28)], doses=3)) == 2
    assert "day 28" in problems([*trial, Infusion("04", 1, 27)])[0]


def test_patients_after_a_stop() -> None:
    trial = [Infusion("01", 1, 0, 3), Infusion("02", 1, 0, 3), Infusion("03", 1, 0), Infusion("04", 1, 60)]
    assert problems(trial) == [
        "subject 04: infused after the trial had stopped; accepted: no more patients "
        "(2 DLTs in 3 at dose level 1: no dose is safe)"
    ]


def test_a_late_dlt_does_not_count_for_the_window() -> None:
    trial = [Infusion("01", 1, 0, 40), Infusion("02", 1, 0, 29), Infusion("03", 1, 0), Infusion("04", 2, 60)]
    assert str(check_infusions(nct06871644(), trial, doses=3)[0]) == "1NNN"


def test_the_stagger() -> None:
    assert len(check_infusions(nct06871644(), FIRST, doses=3, stagger=7)) == 1
    assert problems(FIRST, stagger=8) == [
        "subject 02: infused 7 days after subject 01; accepted: 8 days or more",
        "subject 03: infused 7 days after subject 02; accepted: 8 days or more",
    ]


def test_all_problems_at_once() -> None:
    assert len(problems([*FIRST, Infusion("04", 3, 30), Infusion("05", 3, 31), Infusion("06", 1, 40)])) >= 3
    assert len(problems([*FIRST, Infusion("01", 7, 60, -1)])) == 3
    with pytest.raises(HistoryError) as error:
        replay(nct06871644(), "2NNN 1NNNN 3NNN", doses=3)
    assert [problem.where for problem in error.value.problems] == ["cohort 1", "cohort 2", "cohort 3"]
    with pytest.raises(HistoryError) as error:
        state_of("1NNX NN 2NNN", doses=3)
    assert len(error.value.problems) == 2
    with pytest.raises(ValueError, match=r"(?s)level 1: 4 DLTs in 3.*level 2: -1 patients.*current dose level 5"):
        State((3, -1), (4, 0), 5)


def test_an_impossible_history_is_also_a_value_error() -> None:
    with pytest.raises(ValueError, match="1 problem"):
        state_of("1NNX", doses=3)
