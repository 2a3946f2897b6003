"""A group under way: the steps that the protocol's text and its readings demand, written by hand."""

import pytest

from cartmodel.escalation.boin import boin
from cartmodel.escalation.state import State
from cartmodel.escalation.three_plus_three import korn, nct06871644
from cartmodel.escalation.under_way import under_way

EMPTY = State.empty(3)
SECOND = State((3, 0, 0), (0, 0, 0), 1)  # level 1 passed: the first trio of level 2 is next
ONE = State((3, 3, 0), (0, 1, 0), 2)  # 1 of 3 at level 2: 3 more
BACK = State((3, 3, 0), (0, 2, 0), 2)  # 2 of 3 at level 2: 3 more at level 1
FULL = State((6, 3, 0), (1, 2, 0), 2)  # 1 of 6 at level 1, then 2 of 3 at level 2
ALL = nct06871644(first_three_early=False, second_three_early=False)


@pytest.mark.parametrize(
    ("design", "before", "level", "counts", "wanted"),
    [
        (nct06871644(), EMPTY, 1, (0, 1, 1), ("stay", 1, 1)),  # a trio is completed
        (nct06871644(), EMPTY, 1, (0, 2, 0), ("stop", None, 0)),  # G7: 2 of the first 3, nothing below
        (nct06871644(), EMPTY, 1, (0, 2, 1), ("stop", None, 0)),
        (nct06871644(below_lowest="refer"), EMPTY, 1, (0, 2, 1), ("refer", None, 0)),
        (nct06871644(), EMPTY, 1, (1, 1, 1), ("suspend", None, 0)),  # 1 of 3 or 2 of 3
        (nct06871644(), EMPTY, 1, (2, 0, 1), ("suspend", None, 0)),  # 0 of 3 or 1 of 3
        (nct06871644(), EMPTY, 1, (3, 0, 0), ("escalate", 2, 3)),
        (nct06871644(), EMPTY, 1, (2, 1, 0), ("stay", 1, 3)),
        (nct06871644(), SECOND, 2, (0, 2, 1), ("de-escalate", 1, 3)),
        (nct06871644(two_of_first_three="stop"), SECOND, 2, (0, 2, 1), ("stop", 1, 0)),
        (ALL, SECOND, 2, (0, 2, 0), ("stay", 2, 1)),  # complete trios
        (ALL, SECOND, 2, (0, 2, 1), ("suspend", None, 0)),  # who is pending may yet leave
        (ALL, SECOND, 2, (1, 2, 0), ("de-escalate", 1, 3)),
        (nct06871644(), ONE, 2, (0, 2, 0), ("de-escalate", 1, 3)),  # 3 of 6 whatever follows
        (nct06871644(), ONE, 2, (0, 2, 1), ("de-escalate", 1, 3)),
        (nct06871644(), ONE, 2, (1, 1, 0), ("stay", 2, 1)),  # 2 of 6 stops, 3 of 6 reduces
        (nct06871644(), ONE, 2, (1, 1, 1), ("suspend", None, 0)),
        (nct06871644(), ONE, 2, (2, 1, 0), ("stop", 1, 0)),  # G2: the dose below
        (nct06871644(two_of_six="current"), ONE, 2, (2, 1, 0), ("stop", 2, 0)),
        (nct06871644(), ONE, 2, (3, 0, 0), ("escalate", 3, 3)),
        (nct06871644(), BACK, 1, (0, 1, 1), ("stay", 1, 1)),
        (nct06871644(), BACK, 1, (0, 2, 1), ("stop", None, 0)),  # 2 of 6 at the reduced dose, nothing below
        (nct06871644(after_reduction="refer"), BACK, 1, (2, 0, 1), ("suspend", None, 0)),
        (nct06871644(after_reduction="refer"), BACK, 1, (3, 0, 0), ("refer", None, 0)),
        (nct06871644(full_lower_dose="enrol"), FULL, 1, (0, 0, 0), ("stay", 1, 3)),  # G3: from 6 to 9
        (nct06871644(full_lower_dose="enrol"), FULL, 1, (1, 1, 0), ("stay", 1, 1)),
        (nct06871644(full_lower_dose="enrol"), FULL, 1, (0, 2, 0), ("stop", None, 0)),  # 3 of 9 whatever follows
        (korn(), ONE, 2, (0, 1, 0), ("de-escalate", 1, 3)),  # 2 of 6 reduces as 3 of 6 does
        (boin(), SECOND, 2, (0, 2, 0), ("de-escalate", 1, 3)),  # 2 of 3 and 3 of 3 go down
        (boin(), SECOND, 2, (1, 0, 1), ("stay", 2, 1)),  # a group of BOIN is completed before it goes up
        (boin(), SECOND, 2, (2, 0, 1), ("suspend", None, 0)),
        (boin(), SECOND, 2, (3, 0, 0), ("escalate", 3, 3)),
    ],
)
def test_steps(design, before: State, level: int, counts: tuple[int, int, int], wanted: tuple) -> None:
    decision = under_way(design, before, level, 3, *counts)
    assert (decision.action, decision.dose, decision.cohort) == wanted


def test_too_large_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="4 patients in a group of 3"):
        under_way(nct06871644(), EMPTY, 1, 3, 2, 1, 1)
