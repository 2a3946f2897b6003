"""Dynamic programming against brute-force enumeration in exact rationals, and its own identities."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from escalation import enumeration

from cartmodel.escalation.boin import boin
from cartmodel.escalation.design import Design
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.pathways import pathways
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.tables import compare_designs
from cartmodel.escalation.three_plus_three import escalation_only, korn, nct06871644, top_to_six

TRUTHS = [
    tuple(map(Fraction, text.split())) for text in ("1/20 1/10 3/20", "1/10 1/4 2/5", "3/10 9/20 3/5", "2/5 1/5 1/10")
]
TWINS = {
    "protocol": (nct06871644(), partial(enumeration.protocol, 3)),
    "protocol, enrol": (nct06871644(full_lower_dose="enrol"), partial(enumeration.protocol, 3, enrol=True)),
    "protocol, current": (nct06871644(two_of_six="current"), partial(enumeration.protocol, 3, current=True)),
    "escalation-only": (escalation_only(), partial(enumeration.textbook, 3, de_escalate=False)),
    "korn": (korn(), partial(enumeration.textbook, 3, de_escalate=True)),
    "top-to-six": (top_to_six(), partial(enumeration.textbook, 3, de_escalate=True, six_at_top=True)),
    "boin": (boin(0.30), partial(enumeration.boin, 3)),
}


@pytest.mark.parametrize("name", TWINS)
def test_equal_to_the_enumeration_of_all_trials(name: str) -> None:
    design, trial = TWINS[name]
    truths = TRUTHS if name != "boin" else TRUTHS[1:3]
    exact = operating_characteristics(design, [[float(q) for q in p] for p in truths])
    for row, p in enumerate(truths):
        law = enumeration.law(trial, p)
        assert sum(law.values()) == 1
        mtd, total = np.zeros(4), np.zeros(exact.total.shape[1])
        patients, dlts = np.zeros(3), np.zeros(3)
        for (end, n, y), weight in law.items():
            mtd[end] += float(weight)
            total[sum(n)] += float(weight)
            patients += float(weight) * np.array(n)
            dlts += float(weight) * np.array(y)
        for found, wanted in ((exact.mtd, mtd), (exact.total, total), (exact.patients, patients), (exact.dlts, dlts)):
            np.testing.assert_allclose(found[row], wanted, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(exact.referred, 0)


@pytest.mark.parametrize("name", ["protocol", "korn", "boin"])
def test_the_full_tree_carries_the_same_law(name: str) -> None:
    design, _ = TWINS[name]
    p = (0.1, 0.25, 0.4)
    tree = pathways(design, State.empty(3), None, truth=p)
    exact = operating_characteristics(design, p)
    by_end = tree.groupby(tree["dose"].fillna(0))["probability"].sum().reindex(range(4), fill_value=0.0)
    np.testing.assert_allclose(by_end, exact.mtd[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(tree["probability"] @ tree["patients"], exact.patients.sum(), rtol=0, atol=1e-11)
    assert tree["outcomes"].is_unique


def test_a_trial_referred_to_people_is_counted_apart() -> None:
    exact = operating_characteristics(nct06871644(below_lowest="refer"), [0.3, 0.45, 0.6])
    # Pr(none) then holds only 2 of 6 at the lowest dose: 3 p (1 - p)^2 squared.
    np.testing.assert_allclose(exact.mtd[0, 0], (3 * 0.3 * 0.7**2) ** 2, rtol=1e-12)
    np.testing.assert_allclose(exact.mtd.sum(axis=1) + exact.referred, 1, rtol=1e-12)


def test_bad_truths_and_endless_designs_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        operating_characteristics(korn(), [0.1, 1.2])

    class Endless:
        def decide(self, state: State, /) -> Decision:
            return Decision("stay", 1, "", cohort=100)

    endless: Design = Endless()
    with pytest.raises(ValueError, match="still enrols"):
        operating_characteristics(endless, [0.0])


def test_paths_are_counted_before_they_fill_memory() -> None:
    with pytest.raises(ValueError, match="more than 100 paths"):
        pathways(boin(), State.empty(3), None, max_paths=100)
    with pytest.raises(ValueError, match="accepted: 3 probabilities"):
        pathways(korn(), State.empty(3), 1, truth=[0.1])


def test_designs_side_by_side() -> None:
    """Section 7 of the domain file: BOIN and the protocol in scenario C."""
    table = compare_designs({"BOIN": boin(), "3+3": nct06871644()}, {"C": (0.3, 0.45, 0.6)}).loc["C"]
    ends = ["mtd_none", "mtd_1", "mtd_2", "mtd_3"]
    assert table.loc["BOIN", ends].astype(float).round(4).tolist() == [0.1469, 0.5999, 0.2286, 0.0245]
    assert table.loc["3+3", ends].astype(float).round(3).tolist() == [0.554, 0.359, 0.077, 0.010]
    assert table["most_patients"].tolist() == [18, 18]
    with pytest.raises(ValueError, match="as many doses"):
        compare_designs({"BOIN": boin()}, {"A": (0.1, 0.2), "B": (0.1,)})
