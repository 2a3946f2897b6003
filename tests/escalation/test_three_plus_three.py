"""The protocol and its variants: worked numbers of the domain file, closed forms, path counts, single steps."""

from math import comb, prod

import numpy as np
import pytest

from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.outcomes import state_of
from cartmodel.escalation.pathways import paths
from cartmodel.escalation.policies import GAPS, Policies
from cartmodel.escalation.state import State
from cartmodel.escalation.three_plus_three import ThreePlusThree, escalation_only, korn, nct06871644, top_to_six

SCENARIOS = {"A": (0.05, 0.10, 0.15), "B": (0.10, 0.25, 0.40), "C": (0.30, 0.45, 0.60)}

# Section 1.5 of the domain file: enumeration, confirmed there with the R packages bcrm, escalation and precautionary.
WORKED = {
    ("escalation-only", "A"): (".0266 .0914 .1643 .7178", 10.54, 1.06),
    ("escalation-only", "B"): (".0939 .3626 .3754 .1681", 9.93, 2.27),
    ("escalation-only", "C"): (".5057 .3784 .1063 .0095", 6.86, 2.51),
    ("korn", "A"): (".0272 .0945 .1606 .7178", 11.19, 1.11),
    ("korn", "B"): (".1030 .3948 .3342 .1681", 11.70, 2.57),
    ("korn", "C"): (".5673 .3490 .0742 .0095", 7.94, 2.86),
    ("skip", "A"): (".0268 .0927 .1627 .7178", 10.81, 1.08),
    ("skip", "B"): (".0991 .3875 .3453 .1681", 11.07, 2.47),
    ("skip", "C"): (".5545 .3589 .0771 .0095", 7.74, 2.80),
    ("enrol", "A"): (".0268 .0931 .1623 .7178", 10.86, 1.09),
    ("enrol", "B"): (".1007 .3986 .3326 .1681", 11.48, 2.55),
    ("enrol", "C"): (".5786 .3467 .0652 .0095", 8.16, 2.94),
}
DESIGNS = {
    "escalation-only": escalation_only(),
    "korn": korn(),
    "skip": nct06871644(),
    "enrol": nct06871644(full_lower_dose="enrol"),
}
TRUTHS = [*SCENARIOS.values(), (0.02, 0.6, 0.3), (0.0, 1.0, 0.5), (0.2, 0.2, 0.2)]


def b(k: int, n: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def without_de_escalation(p: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """Lin and Shih (2001), A + B designs, A = B = 3, C = D = E = 1: Pr(none), Pr(MTD = 1), ...; E[N] by dose."""
    p0 = [b(0, 3, q) for q in p]
    p1 = [b(1, 3, q) for q in p]
    a = [p0[j] + p1[j] * b(0, 3, q) for j, q in enumerate(p)]
    mtd = [1 - a[0], *(prod(a[: i + 1]) * (1 - a[i + 1]) for i in range(len(p) - 1)), prod(a)]
    return mtd, [prod(a[:j]) * (3 + 3 * p1[j]) for j in range(len(p))]


def with_de_escalation(p: tuple[float, ...]) -> list[float]:
    """Lin and Shih (2001), with dose de-escalation: Pr(none), Pr(MTD = 1), ..."""
    doses = range(len(p))
    q0 = [b(1, 3, q) * b(0, 3, q) for q in p]
    q1 = [b(0, 3, q) * (b(0, 3, q) + b(1, 3, q)) for q in p]
    q2 = [b(0, 3, q) * (b(2, 3, q) + b(3, 3, q)) for q in p]
    a = [b(0, 3, q) + q0[j] for j, q in enumerate(p)]
    none = sum(prod(q2[:k]) * (1 - a[k]) for k in doses)
    inner = [
        prod(a[:i]) * (q0[i] + q1[i]) * sum(prod(q2[i + 1 : k]) * (1 - a[k]) for k in range(i + 1, len(p)))
        for i in doses[:-1]
    ]
    return [none, *inner, prod(a)]


def of_the_protocol(p: tuple[float, ...], *, enrol: bool) -> tuple[list[float], list[float]]:
    """Section 1.4 of the domain file, the default reading of NCT06871644: Pr(none), Pr(MTD = 1), ...; E[N] by dose."""
    doses = range(len(p))
    q0, q1 = [(1 - q) ** 3 for q in p], [3 * q * (1 - q) ** 2 for q in p]
    q2 = [1 - q0[j] - q1[j] for j in doses]
    a = [q0[j] + q1[j] * q0[j] for j in doses]
    hold, reduce = [q1[j] ** 2 for j in doses], [q2[j] + q1[j] * q2[j] for j in doses]
    if enrol:
        accept, reject, entered = [a[j] * (q0[j] + q1[j]) for j in doses], [a[j] * q2[j] for j in doses], a
    else:
        accept, reject = [q1[j] * q0[j] + q0[j] * (q0[j] + q1[j]) for j in doses], [q0[j] * q2[j] for j in doses]
        entered = q0
    from_above = [sum(prod(reject[i + 1 : k]) * reduce[k] for k in range(i + 1, len(p))) for i in doses]
    mtd = [hold[0] + sum(prod(reject[:k]) * reduce[k] for k in doses)]
    mtd += [prod(a[:i]) * (a[i] * hold[i + 1] + accept[i] * from_above[i]) for i in doses[:-1]]
    patients = [prod(a[:i]) * (3 + 3 * q1[i] + 3 * entered[i] * from_above[i]) for i in doses]
    return [*mtd, prod(a)], patients


@pytest.mark.parametrize(("design", "scenario"), WORKED)
def test_worked_numbers(design: str, scenario: str) -> None:
    mtd, patients, dlts = WORKED[design, scenario]
    exact = operating_characteristics(DESIGNS[design], SCENARIOS[scenario])
    assert [f"{x:.4f}".removeprefix("0") for x in exact.mtd[0]] == mtd.split()
    assert round(exact.patients.sum(), 2) == patients
    assert round(exact.dlts.sum(), 2) == dlts


@pytest.mark.parametrize("p", TRUTHS)
def test_closed_forms(p: tuple[float, ...]) -> None:
    exact = {name: operating_characteristics(design, p) for name, design in DESIGNS.items()}
    mtd, patients = without_de_escalation(p)
    np.testing.assert_allclose(exact["escalation-only"].mtd[0], mtd, rtol=0, atol=1e-13)
    np.testing.assert_allclose(exact["escalation-only"].patients[0], patients, rtol=0, atol=1e-12)
    np.testing.assert_allclose(exact["korn"].mtd[0], with_de_escalation(p), rtol=0, atol=1e-13)
    for name in ("skip", "enrol"):
        mtd, patients = of_the_protocol(p, enrol=name == "enrol")
        np.testing.assert_allclose(exact[name].mtd[0], mtd, rtol=0, atol=1e-13)
        np.testing.assert_allclose(exact[name].patients[0], patients, rtol=0, atol=1e-12)
    for found in exact.values():
        np.testing.assert_allclose(found.dlts, found.truth * found.patients, rtol=0, atol=1e-12)  # Wald's identity


def test_path_counts() -> None:
    """Section 1.3 of the domain file; those of top-to-6 also by the R package 'precautionary'."""
    designs = [escalation_only(), korn(), top_to_six(), nct06871644(), nct06871644(full_lower_dose="enrol")]
    assert [sum(1 for _ in paths(design, State.empty(3))) for design in designs] == [43, 118, 154, 103, 211]
    assert [sum(1 for _ in paths(top_to_six(), State.empty(doses))) for doses in (2, 3, 4, 5)] == [46, 154, 442, 1162]


def test_most_patients() -> None:
    """Sections 1.2 (G10) and 1.5: 18 under skip; up to 24 under enrol, beyond 18 with these probabilities."""
    skip = operating_characteristics(nct06871644(), list(SCENARIOS.values()))
    enrol = operating_characteristics(nct06871644(full_lower_dose="enrol"), list(SCENARIOS.values()))
    assert skip.total.shape[1] == 19
    assert enrol.total.shape[1] == 25
    np.testing.assert_array_equal(enrol.total[:, 19:].sum(axis=1).round(4), [0.0006, 0.0114, 0.0086])
    capped = operating_characteristics(nct06871644(full_lower_dose="enrol", max_patients=18), [*SCENARIOS.values()])
    assert capped.total.shape[1] == 19


def test_the_reading_of_g2_matters() -> None:
    """Section 1.2: "current" instead of "previous" moves Pr(no dose) and Pr(top dose) so far."""
    previous = operating_characteristics(nct06871644(), list(SCENARIOS.values())).mtd
    current = operating_characteristics(nct06871644(two_of_six="current"), list(SCENARIOS.values())).mtd
    # The file prints 0.554 for the toxic case, its own table 0.5545: 0.55449, not a tie.
    np.testing.assert_array_equal([previous[2, 0].round(3), current[2, 0].round(3)], [0.554, 0.360])
    np.testing.assert_array_equal([previous[1, 3].round(3), current[1, 3].round(3)], [0.168, 0.270])


@pytest.mark.parametrize(
    ("outcomes", "action", "dose", "cohort", "questions"),
    [
        ("", "stay", 1, 3, ()),
        ("1NN", "stay", 1, 1, ()),
        ("1TT", "stop", None, 0, ("G1", "G7", "G5")),
        ("1NNN", "escalate", 2, 3, ()),
        ("1NNT", "stay", 1, 3, ()),
        ("1NNT 1NN", "stay", 1, 1, ("G7",)),
        ("1NNT 1NNN", "escalate", 2, 3, ()),
        ("1NNT 1NNT", "stop", None, 0, ("G2",)),
        ("1NNT 1TT", "stop", None, 0, ("G9", "G5")),
        ("1NTT", "stop", None, 0, ("G1", "G5")),
        ("1NNN 2NTT", "de-escalate", 1, 3, ("G1",)),
        ("1NNN 2NNT 2NTT", "de-escalate", 1, 3, ()),
        ("1NNN 2NNT 2NTT 1NNT", "stop", 1, 0, ("G4",)),
        ("1NNN 2NNT 2NTT 1NTT", "stop", None, 0, ("G4", "G5")),
        ("1NNN 2NNT 2NTT 1TT", "stop", None, 0, ("G4", "G5")),
        ("1NNN 2NNT 2NTT 1N", "stay", 1, 2, ()),
        ("1NNT 1NNN 2NTT", "stop", 1, 0, ("G1", "G3")),
        ("1NNN 2NNT 2NNT", "stop", 1, 0, ("G2",)),
        ("1NNN 2NNN 3NNN", "stop", 3, 0, ("G6",)),
        ("1NNN 2NNN 3NNT 3NNN", "stop", 3, 0, ()),
    ],
)
def test_single_steps_of_the_protocol(
    outcomes: str, action: str, dose: int | None, cohort: int, questions: tuple[str, ...]
) -> None:
    decision = nct06871644().decide(state_of(outcomes, doses=3))
    assert (decision.action, decision.dose, decision.cohort, decision.questions) == (action, dose, cohort, questions)


@pytest.mark.parametrize(
    ("policy", "outcomes", "action", "dose"),
    [
        ({"two_of_first_three": "stop"}, "1NNN 2NTT", "stop", 1),
        ({"two_of_six": "current"}, "1NNN 2NNT 2NNT", "stop", 2),
        ({"full_lower_dose": "enrol"}, "1NNT 1NNN 2NTT", "de-escalate", 1),
        ({"full_lower_dose": "enrol"}, "1NNT 1NNN 2NTT 1NNT", "stop", 1),
        ({"full_lower_dose": "enrol"}, "1NNT 1NNN 2NTT 1NTT", "stop", None),
        ({"after_reduction": "refer"}, "1NNN 2NTT 1NNN", "refer", None),
        ({"below_lowest": "refer"}, "1NTT", "refer", None),
        ({"top_dose": "six"}, "1NNN 2NNN 3NNN", "stay", 3),
        ({"first_three_early": False}, "1TT", "stay", 1),
        ({"second_three_early": False}, "1NNT 1TT", "stay", 1),
        ({"max_patients": 6}, "1NNN 2NTT", "stop", 1),
        ({"max_patients": 6}, "1NNN 2NNT", "stop", 1),
        ({"max_patients": 6}, "1NNN 2NNN", "stop", 2),
    ],
)
def test_other_readings(policy: dict[str, object], outcomes: str, action: str, dose: int | None) -> None:
    decision = nct06871644(**policy).decide(state_of(outcomes, doses=3))
    assert (decision.action, decision.dose) == (action, dose)


def test_a_dose_below_the_planned_ones_is_level_1_of_a_trial_that_starts_at_2() -> None:
    exact = operating_characteristics(nct06871644(), [0.1, 0.3, 0.5], start=2)
    # One step below the start: reduced to at once, filled to 6, accepted with at most 1 of them.
    q0, q1 = 0.7**3, 3 * 0.3 * 0.7**2
    q2 = 1 - q0 - q1
    low = [b(k, 6, 0.1) for k in range(7)]
    from_start = q2 + q1 * q2
    assert nct06871644().decide(state_of("2NTT", doses=3)).dose == 1
    assert exact.mtd[0, 1] >= from_start * (low[0] + low[1])


def test_textbook_designs_have_no_open_questions() -> None:
    for design in (escalation_only(), korn(), top_to_six()):
        assert all(not path.questions for path in paths(design, State.empty(3)))


def test_unknown_readings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"full_lower_dose = 'expand' \(G3, .*'skip', 'enrol'"):
        Policies(full_lower_dose="expand")
    with pytest.raises(ValueError, match="max_patients = 2"):
        Policies(max_patients=2)
    with pytest.raises(ValueError, match="stagger = -1"):
        Policies(stagger=-1)


def test_every_gap_is_a_policy() -> None:
    assert list(GAPS) == [f"G{k}" for k in range(1, 11)]
    assert {gap.policy for gap in GAPS.values()} <= set(Policies.__dataclass_fields__)
    assert ThreePlusThree() == nct06871644()
