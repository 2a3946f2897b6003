"""Designs with and without exposure, side by side: who is compared with whom, and what is said."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from cartmodel.virtual import compare_on_truths, load_virtual_scenario
from cartmodel.virtual.designs import without_exposure
from cartmodel.virtual.exposure_blrm import ExposureBlrm
from cartmodel.virtual.exposure_gain import gains, with_twins


def test_a_design_is_compared_with_itself_without_exposure() -> None:
    truths = {"dose-only": load_virtual_scenario("dose-only")}
    name, twin = "exposure-blrm: max_patients = 6", "exposure-blrm: max_patients = 6; exposure = false"
    found = compare_on_truths(["boin: max_patients = 6", name], truths, trials=30, progressbar=False)
    rows = found.differences.set_index(["design", "reference", "quantity"])["value"]
    table = found.table[found.table["level"].isna()].set_index(["design", "quantity"])["value"]
    for quantity in ("correct", "dlts", "regret"):
        assert rows[name, twin, quantity] == pytest.approx(table[name, quantity] - table[twin, quantity], abs=1e-9)
    said = [word for word in found.words if "looking at exposure" in word]
    assert len(said) == 1
    assert said[0].startswith(f"dose-only: looking at exposure, {name} against itself without it, ")
    assert any(word.startswith(f"Of these designs {name} may look at the patients' kinetics") for word in found.words)
    assert set(found.table["design"]) == {"boin: max_patients = 6", name, twin}


def test_the_twin_that_is_there_is_used() -> None:
    scenario = load_virtual_scenario("flat")
    assert without_exposure("tite-boin", scenario.doses) is None
    given = {"with": partial(ExposureBlrm, cohort=1), "plain": ExposureBlrm(exposure=False, cohort=1), "3+3": "boin"}
    recipes, twins = with_twins(given, scenario)
    assert list(recipes) == list(given)
    assert twins == {"with": "plain"}
    recipes, twins = with_twins({"it": ExposureBlrm(limit=0.3)}, scenario)
    assert twins == {"it": "it, without exposure"}
    assert recipes["it, without exposure"] == ExposureBlrm(limit=0.3, exposure=False)
    assert with_twins({"plain": "exposure-blrm: exposure = false"}, scenario)[1] == {}


def test_words_say_helps_harms_and_nothing() -> None:
    quantities = {"correct": (0.05, 0.01), "overdose": (0.04, 0.01), "regret": (-0.5, 0.4), "trial_regret": (-2.0, 0.5),
                  "dlts": (np.nan, np.nan)}  # fmt: skip
    rows = [("a", "b", name, *pair) for name, pair in quantities.items()]
    differences = pd.DataFrame(rows, columns=["design", "reference", "quantity", "value", "mc_error"])
    true = pd.DataFrame({"risk_sd": [0.1, 0.2]})
    (said,) = gains("it", true, differences, {"a": "b"})
    assert "helps: correct selection +0.05 (MC error 0.01), regret per patient -2 (MC error 0.5)" in said
    assert "harms: selection above the limit +0.04 (MC error 0.01)" in said
    assert "adds nothing beyond Monte Carlo error: regret per future patient -0.5 (MC error 0.4)" in said
    assert "not its knowledge" in gains("it", true * 0.0, differences, {"a": "b"})[1]
