"""Designs compared: regret by hand, paired errors, and words that say where exposure adds nothing."""

from dataclasses import dataclass

import numpy as np
import pytest

from cartmodel.escalation import State
from cartmodel.escalation.state import Decision, move
from cartmodel.virtual import VirtualScenario, compare_on_truths, load_virtual_scenario, true_rates
from cartmodel.virtual.scenario import Remission


@dataclass(frozen=True)
class Always:
    """Treat 3 patients at a level and select a level."""

    level: int
    select: int | None

    def decide(self, state: State, /) -> Decision:
        return Decision("stop", self.select, "done") if state.patients else move(state, self.level, 3, "once")


def test_regret_by_hand(plain: VirtualScenario) -> None:
    scenario = plain.model_copy(update={"remission": Remission(levels=(-2.0, 0.0, 0.0))})
    truth = true_rates(scenario)
    utility = truth["utility"].to_numpy()
    assert int(np.argmax(utility)) == 1
    found = compare_on_truths(
        {"best": Always(2, 2), "low": Always(1, 1), "high": Always(3, 3), "none": Always(1, None)},
        {"it": scenario},
        trials=30,
        progressbar=False,
    )
    table = found.table.set_index(["design", "quantity"])["value"]
    for design, level in (("best", 2), ("low", 1), ("high", 3)):
        lost = utility[1] - utility[level - 1]
        assert table[design, "regret"] == pytest.approx(lost, abs=1e-6)
        assert table[design, "trial_regret"] == pytest.approx(lost, abs=1e-6)
        assert table[design, "correct"] == (level == 2)  # 0.25 is within 0.33, 0.40 is not
        assert table[design, "overdose"] == (level == 3)
    assert table["none", "regret"] == pytest.approx(utility[1] - 40.0, abs=1e-6)
    assert table["none", "correct"] == 0


def test_no_dose_is_right_where_all_are_too_toxic(plain: VirtualScenario) -> None:
    toxic = plain.toxicity.onset[0].model_copy(update={"probability": (0.4, 0.5, 0.6)})
    scenario = plain.model_copy(update={"toxicity": plain.toxicity.model_copy(update={"onset": (toxic,)})})
    found = compare_on_truths(
        {"none": Always(1, None), "low": Always(1, 1)}, {"it": scenario}, trials=5, progressbar=False
    )
    table = found.table.set_index(["design", "quantity"])["value"]
    assert table["none", "correct"] == 1
    assert table["low", "overdose"] == 1
    assert any("no dose is within the limit" in word for word in found.words)


def test_paired_differences_are_less_noisy() -> None:
    truths = {"dose-only": load_virtual_scenario("dose-only")}
    found = compare_on_truths(["boin", "keyboard", "nct06871644"], truths, trials=1500, progressbar=False)
    rows = found.differences.set_index(["design", "quantity"])
    assert np.all(rows.loc["keyboard", "value"].abs() < 1e-9)  # one table at cohorts of 3 up to 18 patients
    assert rows.loc[("nct06871644", "dlts"), "mc_error"] < 0.9 * rows.loc[("nct06871644", "dlts"), "unpaired_error"]
    means = found.table[found.table["level"].isna()].set_index(["design", "quantity"])["value"]
    difference = means["nct06871644", "dlts"] - means["boin", "dlts"]
    assert rows.loc[("nct06871644", "dlts"), "value"] == pytest.approx(difference, abs=1e-9)


def test_words_say_where_exposure_adds_nothing() -> None:
    truths = {name: load_virtual_scenario(name) for name in ("dose-only", "exposure-only")}
    found = compare_on_truths(["boin"], truths, trials=20, progressbar=False)
    nothing = [word for word in found.words if "exposure adds nothing on a DLT" in word]
    assert [word.split(":")[0] for word in nothing] == ["dose-only"]
    assert any(word.startswith("exposure-only: at one dose patients differ") for word in found.words)
    assert any("None of these designs looks" in word for word in found.words)
    assert "SIMULATED" in found.words[-1]


def test_a_model_without_a_response_has_no_regret(plain: VirtualScenario) -> None:
    truth = {name: value for name, value in plain.kinetics.truth.items() if name not in ("q_step1", "k0", "k1", "tau")}
    kinetics = plain.kinetics.model_copy(update={"model": "kinetics-only", "truth": truth})
    scenario = plain.model_copy(update={"kinetics": kinetics})
    found = compare_on_truths(["boin"], {"it": scenario}, trials=5, progressbar=False)
    table = found.table.set_index(["design", "quantity"])["value"]
    assert np.isnan(table["boin", "regret"])
    assert any("no response, so there is no utility" in word for word in found.words)
