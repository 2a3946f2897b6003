"""Every registered design passes the public contract; designs that break it are caught."""

import math
from dataclasses import replace
from random import Random

import pytest

import cartmodel as cm
from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.boin import boin
from cartmodel.escalation.boin12 import Boin12
from cartmodel.escalation.contract import check_design
from cartmodel.escalation.dated import DatedState
from cartmodel.escalation.design import Filter, Recommendation, SlotDesign
from cartmodel.escalation.interval import table_design
from cartmodel.escalation.settings import design, list_designs
from cartmodel.escalation.state import Decision, State, move
from cartmodel.escalation.three_plus_three import nct06871644
from cartmodel.escalation.tite_boin import TiteBoin

CELLS = {"doses": (0.25e8, 1e8, 2e8), "reference": 1e8}
SETTINGS = {
    "crm": {"skeleton": (0.17, 0.30, 0.44)},
    "tite-crm": {"skeleton": (0.17, 0.30, 0.44)},
    "blrm": CELLS | {"mean": (math.log(0.15 / 0.85), -0.25), "sd": (1.25, 0.5)},
    "blrm-map": CELLS
    | {"mean": (-1.7, 0.0), "sd": (2.0, 1.0), "between": (0.5, 0.25)}
    | {"historical": [{"name": "SIMULATED", "doses": (1e8, 2e8), "n": (6, 6), "dlt": (0, 1)}]},
    "table": {"table": {3: "E S D DU", 6: "E E S D DU DU DU"}, "target": 0.30},
    "efftox": {
        "doses": (1.0, 2.0, 4.0),
        "alpha": (-7.96, 3.55),
        "beta": (1.55, 3.50),
        "gamma": (0.74, 2.54),
        "zeta": (3.42, 2.44),
        "eta": (0.0, 0.2),
    },
}
BEGINNINGS = {"dates": DatedState((), 3), "efficacy": BenefitState(((0, 0, 0, 0),) * 3)}
# Designs with efficacy have millions of states: the first groups are all looked at, then histories sampled.
MOST = {"dates": 9, "efficacy": 6}


@pytest.mark.parametrize("name", list_designs())
def test_every_registered_design_keeps_the_contract(name: str) -> None:
    kind = list_designs()[name]
    made = design(name, **SETTINGS.get(name, {}))
    slow = name == "efftox"  # a posterior takes a tenth of a second
    most = 1 if slow else MOST.get(kind)
    found = check_design(made, BEGINNINGS.get(kind), most_patients=most, histories=3 if slow else 60)
    assert found.problems == ()
    assert found.states > 5
    assert found.complete == (most is None)


@pytest.mark.parametrize(
    "made",
    [
        boin(0.25),
        boin(0.30, cohort=1, max_patients=10),
        boin(0.30, cohort=4, max_patients=17),
        nct06871644(full_lower_dose="enrol", top_dose="six", two_of_six="current"),
        nct06871644(two_of_first_three="stop", max_patients=18),
        nct06871644(below_lowest="refer", after_reduction="refer"),
        Backfill(boin(0.30, max_patients=24)),
        Backfill(nct06871644()),
    ],
)
@pytest.mark.parametrize("doses", [1, 2, 4])
def test_other_settings_and_numbers_of_doses_keep_it_too(made, doses: int) -> None:
    assert check_design(made, State.empty(doses)).problems == ()


def test_a_trial_may_start_above_the_lowest_dose() -> None:
    for made in (boin(0.30), cm.korn(), nct06871644(two_of_six="current")):
        assert check_design(made, State.empty(4, start=2)).problems == ()


def test_the_check_finds_where_the_proposed_reading_is_odd() -> None:
    """Started above the lowest dose, 2 of 6 stops with nothing tried below, and 3 of 6 reduces: G2 and the text."""
    found = check_design(nct06871644(), State.empty(4, start=2))
    assert {problem.accepted for problem in found.problems} == {"no higher dose after one more DLT"}
    assert all(problem.where.startswith("1/3 at level 2") for problem in found.problems)


def test_coherence_is_checked_where_it_is_claimed() -> None:
    """Groups of one: BOIN and the CRM never escalate straight after a DLT (Cheung 2005; Liu and Yuan 2015)."""
    single = {"cohort": 1, "max_patients": 9}
    assert check_design(boin(0.30, **single), coherent_above=0.0).passed
    assert check_design(cm.crm((0.17, 0.30, 0.44), 0.30, **single), coherent_above=0.0).passed
    eager = table_design({n: ["E"] * (n + 1) for n in range(1, 7)}, target=0.3, cohort=1)
    found = check_design(eager, coherent_above=0.0)
    assert any("no escalation straight after" in str(problem) for problem in found.problems)


def up(state: State) -> Decision:
    """A harmless design, which each breach below changes in one way."""
    if not state.patients:
        return Decision("stay", state.current, "first", (state.current,), 3)
    if any(state.dlt):
        return Decision("stop", None, "a DLT")
    if state.highest == state.doses:
        return Decision("stop", state.doses, "at the top", (state.doses,))
    return move(state, state.highest + 1, 3, "up", (state.highest + 1,))


class Rule:
    def __init__(self, rule) -> None:
        self.rule = rule
        self.calls = 0

    def decide(self, state):
        return self.rule(self, state)


BREACHES = {
    "a pure function": lambda self, s: replace(up(s), reason=str(next_call(self))),
    "none skipped": lambda self, s: (
        move(s, s.doses, 3, "top", (s.doses,)) if s.highest == 1 and not any(s.dlt) else up(s)
    ),
    "an admissible level": lambda self, s: replace(up(s), admissible=()) if up(s).enrols else up(s),
    "the name of the direction": lambda self, s: (
        Decision("stay", 2, "misnamed", (2,), 3) if s.n == (3, 0, 0) and not any(s.dlt) else up(s)
    ),
    "a tried level, or none": lambda self, s: (
        Decision("stop", 3, "never tried", (3,)) if any(s.dlt) and s.highest == 1 else up(s)
    ),
    "a decision in every state": lambda self, s: 1 / 0 if s.dlt == (3, 0, 0) else up(s),
    "no MTD": lambda self, s: Decision("stop", 1, "any", (1,)) if any(s.dlt) else up(s),
    "a Decision": lambda self, s: "up",
    "a reason in words": lambda self, s: replace(up(s), reason=""),
    "no higher dose after one more DLT": lambda self, s: (
        move(s, 2, 3, "upside down", (2,))
        if s.dlt == (3, 0, 0) and s.n == (3, 0, 0)
        else Decision("stop", None, "too mild")
        if s.n == (3, 0, 0)
        else up(s)
    ),
    "level 1, where the trial starts": lambda self, s: up(s) if s.patients else move(s, 2, 3, "high", (2,)),
}


def next_call(rule: Rule) -> int:
    rule.calls += 1
    return rule.calls


def test_the_harmless_design_passes() -> None:
    assert check_design(Rule(lambda self, s: up(s))).problems == ()


@pytest.mark.parametrize("accepted", BREACHES)
def test_breaches_are_named_with_the_state(accepted: str) -> None:
    found = check_design(Rule(BREACHES[accepted]))
    assert not found.passed
    assert any(accepted in str(problem) for problem in found.problems), [str(p) for p in found.problems]


def test_filters_that_depend_on_their_order_are_found() -> None:
    seen: list[str] = []

    def first(state: State) -> frozenset[int]:
        seen.append("first")
        return frozenset({1, 2, 3})

    def second(state: State) -> frozenset[int]:
        return frozenset({1, 2, 3}) if seen.pop() == "first" else frozenset({1})

    made = SlotDesign(
        lambda state: Recommendation((3, 2, 1), "up"),
        lambda state, levels: min(levels),
        limits=(Filter("a", first),),
        safety=(Filter("b", second),),
    )
    assert not check_design(made).passed


def test_a_time_to_event_design_that_looks_at_the_order_of_patients_is_found() -> None:
    class Last:
        def decide(self, trial: DatedState) -> Decision:
            decision = TiteBoin().decide(trial)
            last = trial.patients[-1].dlt if trial.patients else False
            return replace(decision, reason=f"last patient {last}")

    found = check_design(Last(), DatedState((), 3), most_patients=6)
    assert any("listed in another order" in str(problem) for problem in found.problems)


def test_an_endless_design_is_not_followed_forever() -> None:
    endless = Rule(lambda self, s: Decision("stay", 1, "on and on", (1,), 3))
    found = check_design(endless, most_states=50)
    assert not found.complete
    assert any("a trial that stops" in str(problem) for problem in found.problems)


class Broken:
    """A design of any kind with one fault."""

    def __init__(self, made, fault) -> None:
        self.made, self.fault, self.random = made, fault, Random(1)  # noqa: S311

    def decide(self, state):
        return self.fault(self, state, self.made.decide(state))


def _counts(state) -> State:
    return state if isinstance(state, State) else state.toxicity if isinstance(state, BenefitState) else state.counts


def _raises(self, state, decision):
    if decision.action == "stop" and decision.dose is None:
        raise RuntimeError("no safe dose")
    return decision


def _skips_late(self, state, decision):
    """From 12 patients on, straight to the top."""
    counts = _counts(state)
    if decision.enrols and counts.patients >= 12 and counts.highest < counts.doses:
        return move(counts, counts.doses, 3, "to the top", (counts.doses,))
    return decision


def _against_its_limit(self, state, decision):
    late = decision.enrols and _counts(state).patients >= 12
    return (
        replace(decision, admissible=tuple(k for k in decision.admissible if k != decision.dose)) if late else decision
    )


FAULTS = {
    "a decision in every state": _raises,
    "none skipped": _skips_late,
    "an admissible level": _against_its_limit,
    "a pure function of the state": lambda self, state, d: replace(d, reason=str(self.random.random())),
    "a trial that ends": lambda self, state, d: (
        move(_counts(state), _counts(state).current, 3, "on and on", (_counts(state).current,))
        if d.action == "stop" and d.dose is not None
        else d
    ),
}


@pytest.mark.parametrize("accepted", FAULTS)
@pytest.mark.parametrize("kind", ["counts", "dates", "efficacy"])
def test_faults_that_show_late_in_a_trial_are_found_in_every_kind_of_design(kind: str, accepted: str) -> None:
    made = {
        "counts": boin(0.30, max_patients=30),
        "dates": TiteBoin(0.30, max_patients=30),
        "efficacy": Boin12(max_patients=30),
    }[kind]
    beginning = {"counts": State.empty(5), "dates": DatedState((), 5), "efficacy": BenefitState(((0, 0, 0, 0),) * 5)}
    found = check_design(Broken(made, FAULTS[accepted]), beginning[kind], most_patients=3, histories=40)
    assert any(accepted in problem.accepted for problem in found.problems), [str(p) for p in found.problems][:5]


def test_waiting_for_nobody_is_a_breach() -> None:
    waits = Rule(lambda self, s: Decision("suspend", None, "waiting") if s.patients else up(s))
    assert any("nothing to wait for" in str(problem) for problem in check_design(waits).problems)


@pytest.mark.parametrize("doses", [1, 5])
def test_a_users_table_keeps_the_contract(doses: int) -> None:
    made = table_design(
        {n: f"{'E ' * (n // 4 + 1)}{'DU ' * (n - n // 4)}" for n in range(1, 11)}, target=0.25, cohort=1
    )
    assert check_design(made, State.empty(doses)).problems == ()
    pairs = table_design({2: "E S D", 4: "E E S D DU", 6: "E E S D DU DU DU"}, target=0.30, cohort=2, max_patients=6)
    assert check_design(pairs, State.empty(doses)).problems == ()
