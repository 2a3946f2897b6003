"""Simulated trials against exact operating characteristics, within Monte Carlo error; common patients; seeds."""

import numpy as np
import pytest

from cartmodel.escalation.boin import boin
from cartmodel.escalation.crm import crm
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.simulate import simulate_counts
from cartmodel.escalation.three_plus_three import nct06871644

TRUTH = (0.10, 0.25, 0.40)
TRIALS = 40_000


@pytest.mark.parametrize("design", [nct06871644(), nct06871644(below_lowest="refer"), boin(), crm((0.17, 0.30, 0.44))])
def test_simulation_agrees_with_exact(design) -> None:
    found = simulate_counts(design, TRUTH, trials=TRIALS, random_seed=20250312)
    exact = operating_characteristics(design, TRUTH)
    ends = [exact.referred[0], *exact.mtd[0]]
    for end, wanted in enumerate(ends, start=-1):
        share, _ = found.share(end)
        assert abs(share - wanted) <= 4 * (wanted * (1 - wanted) / TRIALS) ** 0.5
    for simulated, wanted in ((found.n, exact.patients), (found.dlt, exact.dlts)):
        error = simulated.std(axis=0) / TRIALS**0.5
        assert np.all(np.abs(simulated.mean(axis=0) - wanted[0]) <= 4 * error)


def test_a_seed_fixes_the_trials() -> None:
    one, two, other = (simulate_counts(boin(), TRUTH, trials=500, random_seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.mtd, two.mtd)
    np.testing.assert_array_equal(one.dlt, two.dlt)
    assert np.any(one.dlt != other.dlt)


def test_designs_meet_the_same_patients() -> None:
    """The first group of every trial is the same 3 patients at the same dose: where both stop there, they agree."""
    three, model = (
        simulate_counts(d, (0.6,), trials=2000, random_seed=3) for d in (nct06871644(), boin(max_patients=3))
    )
    stopped = three.n[:, 0] == 3
    np.testing.assert_array_equal(three.dlt[stopped, 0], model.dlt[stopped, 0])


def test_certain_outcomes() -> None:
    assert set(simulate_counts(boin(), (0.0, 0.0), trials=10, random_seed=0).mtd) == {2}
    assert set(simulate_counts(boin(), (1.0, 1.0), trials=10, random_seed=0).mtd) == {0}
    with pytest.raises(ValueError, match="between 0 and 1"):
        simulate_counts(boin(), (1.5,), trials=10, random_seed=0)
