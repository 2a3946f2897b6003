"""Designs of dates and of all records: against designs of counts, and against what was known on the day."""

import numpy as np
import pytest

from cartmodel import read_trial
from cartmodel.escalation import State, boin
from cartmodel.escalation.dated import DatedState
from cartmodel.escalation.state import Decision
from cartmodel.escalation.tite_boin import TiteBoin
from cartmodel.virtual import TrialSoFar, VirtualScenario, load_virtual_scenario, simulate_trials


class Waiting:
    """BOIN that waits until nobody is pending: as a design of dates it must do what BOIN does."""

    def decide(self, trial: DatedState, /) -> Decision:
        if trial.pending.any():
            return Decision("suspend", None, "patients are pending")
        return boin.boin().decide(trial.counts)


class Curious:
    """A design of all records that decides like BOIN, and keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[TrialSoFar] = []

    def decide(self, trial: TrialSoFar, /) -> Decision:
        self.seen.append(trial)
        if trial.dated.pending.any():
            return Decision("suspend", None, "patients are pending")
        return boin.boin().decide(trial.counts)


def test_a_design_that_waits_decides_as_by_counts(plain: VirtualScenario) -> None:
    safe = plain.toxicity.onset[0].model_copy(update={"probability": (0.02, 0.08, 0.15)})
    scenario = plain.model_copy(update={"toxicity": plain.toxicity.model_copy(update={"onset": (safe,)})})
    done = simulate_trials(scenario, {"counts": boin.boin(), "dated": Waiting()}, trials=150, progressbar=False)
    counts, dated = done["counts"].block.arrays, done["dated"].block.arrays
    np.testing.assert_array_equal(counts["mtd"], dated["mtd"])
    np.testing.assert_array_equal(counts["level"], dated["level"])
    never = (counts["dlt"] == 1).sum(axis=1) == 0  # after a DLT nobody waits for the end of that window
    assert never.sum() > 5
    np.testing.assert_allclose(counts["infusion"][never], dated["infusion"][never], equal_nan=True)
    assert np.all(np.nanmax(counts["infusion"], axis=1) >= np.nanmax(dated["infusion"], axis=1) - 1e-9)


def test_tite_boin_is_faster_and_never_counts_who_left(plain: VirtualScenario) -> None:
    scenario = plain.model_copy(update={"dropout_per_month": 0.2})
    done = simulate_trials(scenario, {"boin": boin.boin(), "tite": TiteBoin()}, trials=150, progressbar=False)
    assert done["tite"].duration.mean() < done["boin"].duration.mean() - 30
    table = done["tite"].operating_characteristics()
    evaluable = table[(table["quantity"] == "evaluable") & table["level"].isna()]["value"].iloc[0]
    assert evaluable <= 18.0
    complete = [k for k in range(1, 151) if "all 18" in done["tite"].decided(k)["reason"].iloc[-1]]
    assert len(complete) > 100
    for trial in complete[:20]:
        assert (done["tite"].patients(trial)["status"] == "evaluable").sum() == 18


def test_a_design_of_records_sees_the_past_alone() -> None:
    scenario = load_virtual_scenario("exposure-only")
    design = Curious()
    done = simulate_trials(scenario, {"curious": design}, trials=2, progressbar=False)["curious"]
    final = done.table(1)
    outcome = final.groupby("subject")["dlt"].first()
    looked = 0
    trial = [shown for shown in design.seen if shown.place == 0 and shown.dated.patients]
    for shown in trial[:: max(1, len(trial) // 6)]:
        table = shown.table
        infusion = done.patients(1).set_index("subject")["infusion"]
        sampled = table.dropna(subset="time")
        assert np.all(sampled["time"] <= shown.now - infusion[sampled["subject"]].to_numpy())
        merged = table.dropna(subset="time").merge(final, on=["subject", "time"], suffixes=("", "_final"))
        assert len(merged) == table["time"].notna().sum()
        np.testing.assert_array_equal(merged["level"], merged["level_final"])
        known = table.groupby("subject")["dlt"].first().dropna()
        assert np.all(known == outcome[known.index])
        pending = shown.dated.pending.sum()
        assert table["dlt"].isna().groupby(table["subject"]).all().sum() <= pending + 3
        assert read_trial(table).simulated
        looked += 1
    assert looked >= 2


def test_waiting_for_nobody_is_an_error(plain: VirtualScenario) -> None:
    class Forever:
        def decide(self, trial: DatedState, /) -> Decision:
            return Decision("suspend", None, "never")

    with pytest.raises(ValueError, match="nobody pending"):
        simulate_trials(plain, {"it": Forever()}, trials=1, progressbar=False)


def test_counts_so_far_hold_only_the_evaluable(plain: VirtualScenario) -> None:
    design = Curious()
    simulate_trials(plain, {"curious": design}, trials=1, progressbar=False)
    for shown in design.seen:
        assert isinstance(shown.counts, State)
        assert shown.counts.patients == shown.dated.counts.patients - shown.dated.pending.sum()
