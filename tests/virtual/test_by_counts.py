"""Designs of counts on virtual patients against exact operating characteristics and closed forms of the calendar."""

from dataclasses import dataclass

import numpy as np
import pytest

from cartmodel.escalation import State, boin, crm, operating_characteristics
from cartmodel.escalation.boin12 import Boin12
from cartmodel.escalation.state import Decision, move
from cartmodel.escalation.three_plus_three import korn, nct06871644
from cartmodel.virtual import VirtualScenario, simulate_trials
from cartmodel.virtual.scenario import Manufacture, Remission

P = (0.10, 0.25, 0.40)
TRIALS = 10_000
MONTH = 30.4375


@dataclass(frozen=True)
class Fixed:
    """A user's design: so many patients at one level, three at a time."""

    patients: int
    level: int = 1
    cohort: int = 3

    def decide(self, state: State, /) -> Decision:
        if state.patients >= self.patients:
            return Decision("stop", self.level, "enough")
        return move(state, self.level, self.cohort, "more")


def run(scenario: VirtualScenario, design: object, trials: int = 500):
    return simulate_trials(scenario, {"it": design}, trials=trials, progressbar=False)["it"]


def value(done, quantity: str, level: int | None = None) -> tuple[float, float]:
    table = done.operating_characteristics()
    at = table["level"].isna() if level is None else table["level"] == level
    rows = table[(table["quantity"] == quantity) & at]
    return float(rows["value"].iloc[0]), float(rows["mc_error"].iloc[0])


@pytest.mark.parametrize(
    "design",
    [
        nct06871644(first_three_early=False, second_three_early=False),
        nct06871644(first_three_early=False, second_three_early=False, two_of_six="current", below_lowest="refer"),
        boin.boin(),
        boin.boin(cohort=1),
        crm.crm((0.17, 0.30, 0.44)),
    ],
)
def test_selection_patients_and_dlts_are_the_exact_ones(plain: VirtualScenario, design) -> None:
    done = run(plain, design, TRIALS)
    exact = operating_characteristics(design, P)
    for level, wanted in enumerate([exact.referred[0], *exact.mtd[0]], start=-1):
        share, _ = value(done, "selected", level)
        assert abs(share - wanted) <= 4 * (wanted * (1 - wanted) / TRIALS) ** 0.5 + 1e-12, level
    for level in (1, 2, 3):
        for quantity, wanted in (("patients", exact.patients[0]), ("dlts", exact.dlts[0])):
            mean, error = value(done, quantity, level)
            assert abs(mean - wanted[level - 1]) <= 4 * error, (quantity, level)


@pytest.mark.parametrize("design", [nct06871644(), korn()])
def test_replacement_and_halting_leave_the_law_of_the_mtd(plain: VirtualScenario, design) -> None:
    """Who leaves is replaced, and a 3+3 halts only when its verdict is settled: the selection stays the exact one."""
    made = Manufacture(cells=1.5e8, cells_sigma=0.5, minimum=0.6)
    hard = plain.model_copy(update={"stagger": 20.0, "manufacture": made})
    done = run(hard, design, TRIALS)
    exact = operating_characteristics(design, P)
    for level, wanted in enumerate(exact.mtd[0]):
        assert abs(value(done, "selected", level)[0] - wanted) <= 4 * (wanted * (1 - wanted) / TRIALS) ** 0.5
    assert value(done, "patients")[0] < exact.patients.sum() - 0.1  # a third patient is spared after two DLTs
    assert value(done, "product_short", 3)[0] > 0.5


def test_who_is_not_infused_is_told_apart(plain: VirtualScenario) -> None:
    """No product is short: who was enrolled when the step was settled is given up; later ones never came."""
    done = run(plain.model_copy(update={"stagger": 20.0}), nct06871644(), 400)
    assert value(done, "product_short")[0] == 0
    mean, _ = value(done, "given_up")
    assert mean > 0.01
    patients = done.patients()
    assert set(patients["status"]) == {"evaluable", "given up"}
    given_up = patients[patients["status"] == "given up"]
    assert len(given_up) == pytest.approx(400 * mean)
    for row in given_up.itertuples():
        assert row.enrolled <= done.decided(int(row.trial))["day"][int(row.group)]  # type: ignore[arg-type]
    places = (done.block.arrays["level"] > 0).sum()
    assert len(patients) < places  # some would have come after the step was settled
    short = run(
        plain.model_copy(update={"manufacture": Manufacture(cells=1.5e8, cells_sigma=0.5, minimum=0.6)}),
        nct06871644(),
        50,
    )
    assert set(short.patients()["status"]) >= {"evaluable", "product short"}


def test_nobody_is_treated_at_a_dose_that_two_known_dlts_have_settled(plain: VirtualScenario) -> None:
    """Two of a trio have a DLT, the third leaves: the verdict is known, so that nobody replaces the third."""
    toxic = plain.toxicity.onset[0].model_copy(update={"probability": (0.3, 0.45, 0.6)})
    change = {"toxicity": plain.toxicity.model_copy(update={"onset": (toxic,)}), "dropout_per_month": 0.5}
    done = run(plain.model_copy(update=change), nct06871644(), 400)
    replaced = 0
    for trial in range(1, 401):
        for _, dose in done.patients(trial).query("infusion == infusion").groupby("group"):
            known = (dose["infusion"] + dose["onset"]).where(dose["dlt"] == 1)
            for day in dose["infusion"]:
                assert (known <= day).sum() < 2, trial
            replaced += len(dose) > 3
    assert replaced > 20  # where it is not known, replacement goes on


def test_who_leaves_the_window_is_replaced_and_counted(plain: VirtualScenario) -> None:
    """Nobody has a DLT: each patient is evaluable with probability exp(-rate 28), so n / that are infused."""
    safe = plain.toxicity.onset[0].model_copy(update={"probability": (0.0, 0.0, 0.0)})
    toxicity = plain.toxicity.model_copy(update={"onset": (safe,)})
    done = run(plain.model_copy(update={"dropout_per_month": 0.3, "toxicity": toxicity}), Fixed(12), 4000)
    stays = np.exp(-0.3 * 28 / MONTH)
    for quantity, wanted in (("patients", 12 / stays), ("left", 12 * (1 / stays - 1)), ("evaluable", 12.0)):
        mean, error = value(done, quantity)
        assert abs(mean - wanted) <= 4 * error + 1e-12, quantity
    assert value(done, "duration_days")[0] > 4 * (3 * MONTH / 2 + 28)


@pytest.mark.parametrize(("stagger", "making"), [(0.0, 0.0), (0.0, 24.0), (40.0, 10.0), (5.0, 0.0)])
def test_regular_accrual_takes_days_that_can_be_counted(plain: VirtualScenario, stagger: float, making: float) -> None:
    """A trio: the last patient enrols after 3 gaps; products take their days; a stagger above the gap rules instead."""
    scenario = plain.model_copy(update={"stagger": stagger, "manufacture": Manufacture(days=making)})
    gap = MONTH / 2
    trio = gap + 2 * max(gap, stagger) + making + 28
    done = run(scenario, Fixed(12), 50)
    np.testing.assert_allclose(done.duration, 4 * trio, rtol=1e-12)
    first = done.patients(1)
    np.testing.assert_allclose(first["infusion"][:3], gap + making + np.arange(3) * max(gap, stagger))
    np.testing.assert_allclose(done.decided(1)["day"], trio * np.arange(5))


def test_poisson_accrual_takes_as_long_as_the_closed_form(plain: VirtualScenario) -> None:
    """Four trios of exponential gaps and 28 days: mean and variance of a gamma law."""
    poisson = plain.model_copy(update={"accrual": plain.accrual.model_copy(update={"law": "poisson"})})
    done = run(poisson, Fixed(12), 8000)
    scale = MONTH / 2
    assert abs(done.duration.mean() - (4 * 28 + 12 * scale)) < 4 * (12**0.5 * scale) / 8000**0.5
    assert done.duration.std() == pytest.approx(12**0.5 * scale, rel=0.05)


def test_designs_meet_the_same_patients(plain: VirtualScenario) -> None:
    done = simulate_trials(plain, {"low": Fixed(6, 1), "high": Fixed(6, 3)}, trials=300, progressbar=False)
    low, high = (done[name].block.arrays for name in ("low", "high"))
    np.testing.assert_array_equal(low["enrolled"], high["enrolled"])
    assert np.all(low["dlt"] <= high["dlt"])  # a DLT at the low dose is one at the high dose
    assert np.all(high["onset"][low["onset"] > 0] <= low["onset"][low["onset"] > 0] + 1e-4)


def test_a_design_of_toxicity_and_efficacy_waits_for_the_response(plain: VirtualScenario) -> None:
    scenario = plain.model_copy(update={"remission": Remission(levels=(-3.0, 3.0, -3.0))})
    done = run(scenario, Boin12(max_patients=18), 300)
    gaps = np.diff(done.decided(1)["day"])
    np.testing.assert_allclose(gaps, 3 * MONTH / 2 + 90)
    selected = [value(done, "selected", level)[0] for level in range(4)]
    assert int(np.argmax(selected)) == 2
    first = done.patients(1).merge(done.truth(1)[["subject", "remission"]])
    assert set(first["remission"]) <= {0.0, 1.0}


def test_what_is_not_simulated_is_refused(plain: VirtualScenario) -> None:
    for policies in ({"second_trio": "at_dlt"}, {"late_dlt_counts": True}):
        with pytest.raises(ValueError, match="second_trio = 'after_window', late_dlt_counts = False"):
            run(plain, nct06871644(**policies), 5)

    class Waits:
        def decide(self, state: State, /) -> Decision:
            return Decision("suspend", None, "never")

    with pytest.raises(ValueError, match="without pending patients"):
        run(plain, Waits(), 5)
    with pytest.raises(ValueError, match="more than 400 patients"):
        run(plain.model_copy(update={"manufacture": Manufacture(cells=1e6, minimum=0.9)}), Fixed(3), 5)
