"""The data of a virtual trial: as `read_trial` takes them, equal to the stored arrays, and fitted again."""

import numpy as np
import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.virtual import VirtualScenario, load_virtual_scenario, simulate_trials


@pytest.fixture(scope="module")
def done():
    scenario = load_virtual_scenario("exposure-only").model_copy(update={"dropout_per_month": 0.15})
    return simulate_trials(scenario, ["boin"], trials=40, records=True, progressbar=False)["boin"]


@pytest.mark.parametrize("trial", [1, 17, 40])
def test_the_table_of_a_trial_is_the_stored_one(done, trial: int) -> None:
    table, at = done.table(trial), trial - 1
    arrays = done.block.arrays
    stored = np.isfinite(arrays["level_qpcr"][at])
    place, sample = np.nonzero(stored)
    rows = table.dropna(subset="time")
    assert len(rows) == stored.sum()
    np.testing.assert_array_equal(rows["subject"], [f"P{k + 1:03d}" for k in place])
    np.testing.assert_array_equal(rows["time"], arrays["time_qpcr"][at][place, sample])
    level = arrays["level_qpcr"][at][place, sample]
    quantified = rows["blq"].to_numpy() == 0
    np.testing.assert_allclose(rows["level"].to_numpy()[quantified], level[quantified], rtol=6e-4)
    assert np.all(level[~quantified] < 50.03)
    assert rows["level"].isna().to_numpy().tolist() == (~quantified).tolist()


@pytest.mark.parametrize("trial", [1, 17, 40])
def test_a_table_is_read_and_says_simulated(done, trial: int) -> None:
    read = cm.read_trial(done.table(trial))
    patients = done.patients(trial).set_index("subject")
    infused = patients[patients["infusion"].notna()]
    assert read.simulated
    assert list(read.subjects.index) == list(infused.index)
    np.testing.assert_allclose(read.subjects["dose"], infused["infused"])
    wanted = infused["dlt"].astype(float)
    np.testing.assert_array_equal(read.subjects["dlt"].to_numpy(float), wanted.to_numpy())
    gone = infused["leaves"].fillna(np.inf)
    last = read.observations.groupby("subject")["time"].max().reindex(infused.index)
    assert np.all((last <= gone) | last.isna())
    assert np.all(infused.loc[read.subjects["criss_step1"].isna().to_numpy(), "leaves"] < 90)


def test_infused_below_assigned_is_what_is_analysed(plain: VirtualScenario) -> None:
    made = plain.manufacture.model_copy(update={"cells": 0.8e8, "cells_sigma": 0.8, "minimum": 0.1})
    short = simulate_trials(plain.model_copy(update={"manufacture": made}), ["boin"], trials=5, progressbar=False)[
        "boin"
    ]
    patients = pd.concat([short.patients(k) for k in range(1, 6)]).dropna(subset="infused")
    assert (patients["infused"] < patients["assigned"]).mean() > 0.2
    assert np.all(patients["infused"] >= 0.1 * patients["assigned"])


def test_levels_scatter_around_the_curve_as_the_assay_says(plain: VirtualScenario) -> None:
    """ln(level / curve) is N(0, sigma), with the curve of `cartmodel.kinetics` at the population's parameters."""
    from cartmodel.kinetics import structures, vocabulary

    quiet = {name: (1e-9 if name.startswith("omega_") else value) for name, value in plain.kinetics.truth.items()}
    scenario = plain.model_copy(update={"kinetics": plain.kinetics.model_copy(update={"truth": quiet})})
    done = simulate_trials(scenario, ["boin"], trials=100, records=True, progressbar=False)["boin"]
    arrays = done.block.arrays
    treated = np.isfinite(arrays["infusion"])
    time, level, dose = arrays["time_qpcr"][treated], arrays["level_qpcr"][treated], arrays["infused"][treated][:, None]
    curve = structures["stein_smooth"]
    known = {name: quiet[f"{name}_pop"] for name in curve.parameters}
    effect = {name: quiet.get(f"cov_{name}_dose", 0.0) for name in known}
    individual = {name: value * (dose / 1e8) ** effect[name] for name, value in known.items()}
    individual["fb"] = np.broadcast_to(known["fb"], dose.shape)
    taken = np.isfinite(level)
    assert treated.sum() > 1000
    z = (np.log(level) - curve.log_level(vocabulary, time, **individual))[taken] / 0.5
    assert abs(z.mean()) < 4 / len(z) ** 0.5
    assert abs(z.std() - 1) < 4 / (2 * len(z)) ** 0.5
    missed = 1 - taken.mean()
    assert abs(missed - 0.1) < 4 * (0.09 / treated.sum() / 9) ** 0.5


def test_decisions_are_those_that_the_counts_call_for(done) -> None:
    """Each decision again, by BOIN itself, from the patients who were evaluable on its day."""
    from cartmodel.escalation import State, boin

    design = boin.boin()
    for trial in (1, 5, 20):
        patients, state = done.patients(trial), State.empty(3)
        for place, row in enumerate(done.decided(trial).itertuples(), start=1):
            again = design.decide(state)
            assert (row.action, row.reason) == (again.action, again.reason)
            group = patients[(patients["group"] == place) & (patients["status"] == "evaluable")]
            if again.enrols:
                assert again.dose is not None
                state = state.add(again.dose, len(group), int(group["dlt"].sum()))


def test_simulate_read_and_fit_again(fitted) -> None:
    """The round trip: the fit's exposures cover the truth of most patients."""
    done, fit = fitted
    assert fit.attrs["simulated"]
    truth = done.truth(2).set_index("subject")["auc_0_28"]
    found = cm.exposure(fit)["auc_0_28"]
    assert list(found["subject"].values) == list(truth.index)
    low, high = (found.quantile(q, ("chain", "draw")).to_numpy() for q in (0.025, 0.975))
    inside = (low <= truth.to_numpy()) & (truth.to_numpy() <= high)
    assert inside.sum() >= len(truth) - 4
