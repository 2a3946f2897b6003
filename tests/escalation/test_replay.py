"""Impossible histories are refused with the group and what the design had said."""

import pytest

from cartmodel.escalation.boin import boin
from cartmodel.escalation.pathways import paths
from cartmodel.escalation.replay import replay
from cartmodel.escalation.state import State
from cartmodel.escalation.three_plus_three import nct06871644


@pytest.mark.parametrize("design", [nct06871644(), boin(max_patients=9)])
def test_every_path_of_a_design_is_a_possible_history(design) -> None:
    for path in paths(design, State.empty(3)):
        steps = replay(design, path.cohorts, doses=3)
        assert tuple(cohort for cohort, _ in steps) == path.cohorts
        assert all(decision.dose == cohort.dose for cohort, decision in steps)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ("2NNN", "cohort 1: '2NNN' at dose level 2; accepted: dose level 1"),
        ("1NNN 3NNN", "cohort 2: '3NNN' at dose level 3; accepted: dose level 2"),
        ("1NNN 1NNN", "cohort 2: '1NNN' at dose level 1; accepted: dose level 2"),
        ("1NTT 1NNN", "cohort 2: '1NNN' after the trial had stopped; accepted: no more patients"),
        ("1NNNN", "cohort 1: '1NNNN' has 4 patients; accepted: up to 3"),
        ("1NNT 1NNN 2NNN 4NNN", "cohort 4: '4NNN' is at dose level 4; accepted: 1 to 3"),
    ],
)
def test_impossible_histories(outcomes: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replay(nct06871644(), outcomes, doses=3)


def test_an_incomplete_group_is_completed() -> None:
    assert [d.cohort for _, d in replay(nct06871644(), "1NN 1N 2NNN", doses=3)] == [3, 1, 3]


def test_people_may_decide_where_the_design_refers_to_them() -> None:
    design = nct06871644(after_reduction="refer")
    steps = replay(design, "1NNN 2NTT 1NNN 2NNN", doses=3)
    assert steps[-1][1].action == "refer"
