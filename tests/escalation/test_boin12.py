"""BOIN12: the published trial, decisions of the authors' program, worked numbers of the domain file."""

import numpy as np
import pytest
from scipy import stats

from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.boin12 import Boin12

# Lin et al. (2020), Data Supplement, section 6 and Figure S2, as the R package 'escalation' tests it: the next dose
# after each cohort of the example trial.
EXAMPLE = [
    ("1NNN", 2), ("2NNB", 3), ("3NEE", 3), ("3NTN", 4), ("4ETE", 4), ("4NBE", 4), ("4BNN", 5), ("5BEN", 5), ("5NBT", 4),
]  # fmt: skip
# The authors' Shiny program at its defaults, as the same tests record it: a first cohort at level 1, 2 or 5 of 5.
PROGRAM = {
    1: "EBB1 EEB1 EEE1 EET1 ETB1 ETT1 NBB1 NEB1 NEE1 NET2 NNB2 NNE2 NNN2 NNT2 NTB1 NTT1",
    2: "BBB1 EBB1 EEB2 EEE2 EET2 ETB1 ETT1 NBB1 NEB2 NEE2 NET3 NNB3 NNE3 NNN3 NNT3 NTB1 NTT1 TBB1 TTB1 TTT1",
    5: "BBB4 EBB4 EEB5 EEE5 EET5 ETB4 ETT4 NBB4 NEB5 NEE5 NET4 NNB4 NNE4 NNN4 NNT4 NTB4 NTT4 TBB4 TTB4 TTT4",
}
# The same program with limits .15 and .40, utilities 100, 50, 30, 0 and cut-offs .90 and .80. After 2 DLTs of 3 at the
# lowest dose it says 1 although Pr(p > .15) = .97 leaves no admissible dose: those records are left out, ours stops.
STRICT = {
    1: "EEB1 EEE1 EET1 NEB1 NEE1 NET1 NNB1 NNE2 NNN2",
    2: "BBB1 EBB1 EEB1 EEE2 EET1 ETB1 ETT1 NBB1 NEB1 NEE2 NET1 NNB1 NNN3 NNT1 NTB1 NTT1 TBB1 TTB1 TTT1",
    5: "BBB4 EBB4 EEB4 EEE5 EET4 ETB4 ETT4 NBB4 NEB4 NEE5 NET4 NNB4 NNE4 NNN4 NNT4 NTB4 NTT4 TBB4 TTB4 TTT4",
}


def test_the_published_trial() -> None:
    design = Boin12(max_patients=30, max_at_dose=12)
    assert design.decide(BenefitState.of("1NNN 2ENT 3ETT 2EEN", 5)).dose == 2  # page 1396
    so_far = ""
    for cohort, following in EXAMPLE:
        so_far += f" {cohort}"
        decision = design.decide(BenefitState.of(so_far, 5))
        assert (decision.enrols, decision.dose) == (True, following)
    last = design.decide(BenefitState.of(so_far + " 4NEN", 5))
    assert (last.action, last.dose) == ("stop", 4)


@pytest.mark.parametrize("level", PROGRAM)
def test_decisions_of_the_authors_program(level: int) -> None:
    for record in PROGRAM[level].split():
        decision = Boin12().decide(BenefitState.of(f"{level}{record[:-1]}", 5))
        assert (record, decision.dose) == (record, int(record[-1]))


@pytest.mark.parametrize("level", STRICT)
def test_decisions_of_the_authors_program_with_other_limits(level: int) -> None:
    design = Boin12(0.15, 0.40, (100.0, 50.0, 30.0, 0.0), toxicity_cutoff=0.90, efficacy_cutoff=0.80)
    for record in STRICT[level].split():
        decision = design.decide(BenefitState.of(f"{level}{record[:-1]}", 5))
        assert (record, decision.dose) == (record, int(record[-1]))


def test_worked_desirability() -> None:
    """Section 8 of the domain file: benchmark 70.5, an empty dose .295, one response and no DLT in 3 .269."""
    design = Boin12()
    assert design.benchmark == pytest.approx(70.5, abs=1e-12)
    found = design.desirability(BenefitState.of("1ENN", 2))
    assert found.round(3).tolist() == [0.269, 0.295]
    np.testing.assert_allclose(found, [stats.beta.sf(0.705, 2.8, 2.2), 1 - 0.705], rtol=1e-12)


def test_six_patients_between_the_boundaries_no_longer_escalate() -> None:
    """Lin et al. (2020), table 2: 1 of 3 and 2 of 6 are both between .2763 and .4189; N* is 6."""
    assert Boin12().decide(BenefitState.of("1NNN 2NNT", 5)).dose == 3
    assert Boin12().decide(BenefitState.of("1NNN 2NNT 2NNT", 5)).dose == 1


def test_no_admissible_dose_is_an_outcome() -> None:
    decision = Boin12().decide(BenefitState.of("1BBB", 5))  # Pr(p > .35 | 3 of 3) = 1 - .35^4 = .985
    assert (decision.action, decision.dose) == ("stop", None)


def test_a_futile_dose_is_left_out_and_a_toxic_one_with_all_above() -> None:
    """Pr(p < .25 | 0 of 9) = 1 - .75^10 = .944; Pr(p > .35 | 3 of 3) = .985."""
    state = BenefitState.of("1NNN 1NNN 1NNN 2EEE 3TTT", 5)
    assert Boin12().admissible(state) == {2}


@pytest.mark.parametrize("text", ["1NNX", "6NNN", "NNN"])
def test_bad_outcomes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"cohort 1: '{text}'; accepted: a level from 1 to 5"):
        BenefitState.of(text, 5)


def test_bad_designs_and_states_are_refused() -> None:
    with pytest.raises(ValueError, match="utility"):
        Boin12(utility=(120.0, 40.0, 60.0, 0.0))
    with pytest.raises(ValueError, match="limits"):
        Boin12(toxicity_limit=0.8)
    with pytest.raises(ValueError, match="counts"):
        BenefitState(((0, 0, -1, 0),))
    with pytest.raises(ValueError, match="current dose level 2"):
        BenefitState(((0, 0, 1, 0),), 2)


def test_nobody_is_treated_above_the_boundary_because_the_doses_below_are_futile() -> None:
    """3 of 6 at level 2 (boundary .419 for a limit of .35), no response in 9 at level 1 (Pr(pE < .25) = .944)."""
    decision = Boin12().decide(BenefitState.of("1NNN 1NNN 1NNN 2EET 2BTE", doses=3))
    assert (decision.action, decision.dose) == ("stop", None)
    lowest = Boin12().decide(BenefitState.of("1EET 1BTE", doses=3))
    assert (lowest.action, lowest.dose) == ("stay", 1)
