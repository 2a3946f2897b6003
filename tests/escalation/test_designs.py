"""The slots of assembled designs, data scenarios and the ambiguity audit."""

import math
from itertools import permutations

import pytest

from cartmodel.errors import CartmodelWarning, UnknownNameError
from cartmodel.escalation.audit import audit
from cartmodel.escalation.boin import boin
from cartmodel.escalation.data_scenarios import data_scenarios
from cartmodel.escalation.design import Filter, Recommendation, SlotDesign, designs
from cartmodel.escalation.pathways import paths
from cartmodel.escalation.state import State

MG = {"reference": 1e8, "mean": (math.log(0.15 / 0.85), -0.25), "sd": (1.25, 0.5)}


def test_unknown_designs_are_refused_with_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'boin'"):
        designs["bion"]


def test_filters_give_the_same_decision_in_any_order() -> None:
    filters = [
        Filter("not 3", lambda state: frozenset({1, 2})),
        Filter("odd", lambda state: frozenset({1, 3})),
        Filter("up to 2", lambda state: frozenset({1, 2})),
    ]
    state = State((3, 3, 0), (0, 0, 0), 2)
    decisions = {
        SlotDesign(
            lambda state: Recommendation((3, 2, 1), "up"),
            lambda state, levels: max(levels),
            limits=tuple(order[:split]),
            safety=tuple(order[split:]),
        ).decide(state)
        for order in permutations(filters)
        for split in range(4)
    }
    assert len(decisions) == 1
    assert decisions.pop().dose == 1


def test_safety_has_the_last_word_over_stopping_and_selection() -> None:
    """At the last patient the MTD comes from the safe and tried levels only; without any, no dose is safe."""

    def up(state: State) -> Recommendation:
        return Recommendation((state.doses,), "up")

    def highest(state: State, levels: frozenset[int]) -> int:
        return max(levels)

    full = State((9, 9, 0), (0, 5, 0), 2)
    only_first = Filter("only the lowest", lambda state: frozenset({1}))
    nothing = Filter("nothing", lambda state: frozenset())
    assert SlotDesign(up, highest).decide(full).dose == 2
    assert SlotDesign(up, highest, safety=(only_first,)).decide(full).dose == 1
    assert SlotDesign(up, highest, safety=(only_first, nothing)).decide(full).dose is None


def test_the_last_group_is_as_small_as_it_has_to_be() -> None:
    assert boin(max_patients=10).decide(State((9, 0), (2, 0))).cohort == 1
    assert max(path.state.patients for path in paths(boin(max_patients=10), State.empty(2))) == 10


def test_data_scenarios_warn_where_the_prior_stops_and_the_protocol_expands() -> None:
    """Section 6 of the domain file: the vague prior stops after 1/3 at the lowest dose, the calibrated one does not."""
    vague = MG | {"mean": (math.log(0.25 / 0.75), 0.0), "sd": (2.0, 1.0)}
    with pytest.warns(CartmodelWarning, match="after 1 of 3 at level 1, where the protocol says 'stay'"):
        table = data_scenarios(designs["blrm"]((0.25e8, 1e8, 2e8), **vague), doses=3)
    row = table.set_index(["level", "dlts"]).loc[(1, 1)]
    assert (row["action"], row["protocol_action"], row["stricter"]) == ("stop", "stay", True)
    calm = data_scenarios(designs["blrm"]((0.25e8, 1e8, 2e8), **MG), doses=3)
    assert calm.set_index(["level", "dlts"]).loc[(1, 1), "action"] == "stay"
    assert len(calm) == 12


def test_audit_reaches_what_the_domain_file_says() -> None:
    """Section 1.2: any of G1 to G5 in 28%, 83%, 99% of trials; the table of section 1.5 under both readings of G3."""
    found = audit({"safe": (0.05, 0.10, 0.15), "moderate": (0.10, 0.25, 0.40), "toxic": (0.30, 0.45, 0.60)})
    assert found.reached["any"].round(2).tolist() == [0.28, 0.83, 0.99]
    # Closed form of G1 in the first group alone, a lower bound: 2 or 3 DLTs of 3.
    assert found.reached.loc["toxic", "G1"] >= 3 * 0.3**2 * 0.7 + 0.3**3
    toxic = found.readings.loc["toxic"]
    ends = ["mtd_none", "mtd_1", "mtd_2", "mtd_3"]
    default, enrol = (f"G1=reduce G2=previous G3={g3} G6=three" for g3 in ("skip", "enrol"))
    assert toxic.loc[default, ends].astype(float).round(3).tolist() == [0.554, 0.359, 0.077, 0.010]
    assert toxic.loc[enrol, ends].astype(float).round(4).tolist() == [0.5786, 0.3467, 0.0652, 0.0095]
    assert toxic.index[0] == default
    assert "toxic: in 99% of trials" in found.words
    assert "that of G2: it moves the probability of an end of the trial by 19 percentage points" in found.words
    assert "up to 24" in found.words
