"""Backfill: worked steps, exact operating characteristics against enumeration and simulation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.boin import boin
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.simulate import simulate_counts
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import nct06871644

# BOIN at 0.30: lambda_e = .2365, lambda_d = .3585 (Liu and Yuan 2015).
DESIGN = Backfill(boin(0.30, max_patients=60))


@pytest.mark.parametrize(
    ("n", "dlt", "current", "dose", "backfill"),
    [
        ((3, 0, 0), (0, 0, 0), 1, 2, ((1, 3),)),
        ((6, 3, 0), (0, 0, 0), 2, 3, ((2, 3),)),  # the highest open level
        ((12, 3, 0), (0, 1, 0), 2, 2, ()),  # full at 12
        ((11, 3, 0), (0, 1, 0), 2, 2, ((1, 1),)),  # room for one
        ((6, 3, 0), (2, 0, 0), 2, 3, ((2, 3),)),  # 2/6 = .333 is below .3585: open, but 2 is higher
        # 3 of 6 below is at or above .3585: pooled with 0 of 3, 3/9 = .333 is between the boundaries: stay, and open.
        ((6, 3, 0), (3, 0, 0), 2, 2, ((1, 3),)),
        # Pooled 4 of 9 = .444: level 1 alone 3/6, so no level is below: the one under level 1 is level 1.
        ((6, 3, 0), (3, 1, 0), 2, 1, ()),
        # Levels 2 and 3: 2 has 3/6, 3 has 0/9, pooled 3/15 = .2: the decision stands, and level 2 is open.
        ((3, 6, 9), (0, 3, 0), 3, 3, ((2, 3),)),
        # 4/12 = .333 below would stay, 0/3 would escalate: pooled 4/15 = .267 is between the boundaries: stay.
        ((12, 3, 0), (4, 0, 0), 2, 2, ()),
        # 2/3 goes down, to a dose with 3/6 that goes down too: pooled 5/9, no level is below: the one under it.
        ((6, 6, 3, 0), (0, 3, 2, 0), 3, 1, ()),
        # Level 1 has 3/6, with level 2 5/12 = .417: closed, and level 2 with it; 2/9 of levels 2 and 3 escalates.
        ((6, 6, 3, 0), (3, 2, 0, 0), 3, 4, ()),
    ],
)
def test_steps(n: tuple[int, ...], dlt: tuple[int, ...], current: int, dose: int, backfill: tuple) -> None:
    decision = DESIGN.decide(State(n, dlt, current))
    assert (decision.dose, decision.backfill) == (dose, backfill)


def test_the_last_patients_are_not_overrun() -> None:
    design = Backfill(boin(0.30, max_patients=10))
    decision = design.decide(State((6, 0), (0, 0)))
    assert (decision.cohort, decision.backfill) == (3, ((1, 1),))


def test_a_stop_of_the_design_stands() -> None:
    assert DESIGN.decide(State((3, 0), (3, 0))) == boin(0.30, max_patients=60).decide(State((3, 0), (3, 0)))
    with pytest.raises(ValueError, match="'stop' with backfill"):
        Decision("stop", None, "", backfill=((1, 3),))


def test_exact_characteristics_against_plain_enumeration() -> None:
    design, p = Backfill(boin(0.30, max_patients=12), size=2), (0.15, 0.35)
    mtd, patients = np.zeros(3), np.zeros(2)

    def go(n: list[int], y: list[int], current: int, weight: float) -> None:
        decision = design.decide(State(tuple(n), tuple(y), current))
        if not decision.enrols:
            mtd[decision.dose or 0] += weight
            patients[:] += weight * np.array(n)
            return
        parts = [(decision.dose, decision.cohort), *decision.backfill]
        for outcome in product(*(range(size + 1) for _, size in parts)):
            more, seen, share = list(n), list(y), weight
            for (level, size), k in zip(parts, outcome, strict=True):
                more[level - 1] += size
                seen[level - 1] += k
                share *= binom.pmf(k, size, p[level - 1])
            go(more, seen, decision.dose, share)

    go([0, 0], [0, 0], 1, 1.0)
    exact = operating_characteristics(design, p)
    np.testing.assert_allclose(exact.mtd[0], mtd, rtol=0, atol=1e-12)
    np.testing.assert_allclose(exact.patients[0], patients, rtol=0, atol=1e-12)


def test_simulation_agrees() -> None:
    design, truth, trials = Backfill(boin(0.30, max_patients=18)), (0.10, 0.25, 0.40), 20_000
    found = simulate_counts(design, truth, trials=trials, random_seed=5)
    exact = operating_characteristics(design, truth)
    for end, wanted in enumerate(exact.mtd[0]):
        assert abs(found.share(end)[0] - wanted) <= 4 * (wanted * (1 - wanted) / trials) ** 0.5
    assert np.all(np.abs(found.n.mean(axis=0) - exact.patients[0]) <= 4 * found.n.std(axis=0) / trials**0.5)


def test_the_protocol_with_backfill_keeps_its_verdicts() -> None:
    """A 3+3 decides at 3 or 6: backfilled patients change its counts below only, where it reads them on a reduction."""
    decision = Backfill(nct06871644()).decide(State((3, 3, 0), (0, 0, 0), 2))
    assert (decision.dose, decision.backfill) == (3, ((2, 3),))


@pytest.mark.parametrize("settings", [{"size": 0}, {"most_at_dose": 0}, {"target": 1.2}])
def test_bad_settings_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="accepted"):
        Backfill(boin(), **settings)


def told_anew(n: list[int], y: list[int], current: int, own: int) -> tuple[int, list[int]]:
    """The next level and the open levels below it, from the rule of 'bfboin' in loops; ``own``: what BOIN says."""
    low, high = 0.236491, 0.358520
    letters = ["E" if y[k] <= low * n[k] else "D" if y[k] >= high * n[k] else "S" for k in range(current)]
    against = "SD" if letters[-1] == "E" else "D"
    conflicts = [k for k in range(current - 1) if n[k] and letters[k] in against]
    dose = own
    if conflicts:
        star = conflicts[-1]
        pooled = sum(y[star:current]) / sum(n[star:current])
        if pooled >= high:
            safe = [k for k in range(star, current) if sum(y[star : k + 1]) < high * sum(n[star : k + 1])]
            dose = safe[-1] + 1 if safe else max(star, 1)
        elif pooled > low:
            dose = current
    dose = min(dose, own)
    open_levels = []
    for k in range(dose - 1):
        if y[k] >= high * n[k] and y[k] + y[k + 1] >= high * (n[k] + n[k + 1]):
            break
        if n[k] and n[k] < 12:
            open_levels.append(k + 1)
    return dose, open_levels


def test_random_trials_told_anew() -> None:
    plain, rng, changed = boin(0.30, max_patients=60), np.random.default_rng(11), 0
    for _ in range(1_500):
        n = (3 * rng.integers(1, 5, 4)).tolist()
        current = int(rng.integers(1, 5))
        n[current:] = [0] * (4 - current)
        y = [int(rng.binomial(k, 0.3 * rng.random() + 0.05)) for k in n]
        state = State(tuple(n), tuple(y), current)
        alone = plain.decide(state)
        if not alone.enrols or alone.dose is None or len(alone.admissible) < current:
            continue  # a dose is eliminated: the design's safety, not this rule
        found = DESIGN.decide(state)
        dose, levels = told_anew(n, y, current, alone.dose)
        assert found.dose == dose, (n, y, current)
        assert found.backfill == (((levels[-1], min(3, 12 - n[levels[-1] - 1])),) if levels else ()), (n, y, current)
        changed += dose != alone.dose
    assert changed > 30
