"""Every virtual trial of a 3+3, written as the dated table of a live trial, is as `escalate` would conduct it."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from cartmodel.conduct.history import history
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import Record
from cartmodel.conduct.ruling import verdict
from cartmodel.conduct.steps import next_step
from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.state import Decision, State, move
from cartmodel.escalation.three_plus_three import ThreePlusThree, korn, nct06871644, top_to_six
from cartmodel.virtual import VirtualScenario, VirtualTrials, simulate_trials
from cartmodel.virtual.scenario import Manufacture, Remission

FINE = 40  # a day of a virtual trial is so many days of the table: what happens within a day keeps its order
START = date(1901, 1, 1)


def on(day: float, fine: int = FINE) -> date:
    return START + timedelta(days=int(np.floor(day * fine)))


def records_of(done: VirtualTrials, trial: int, fine: int = FINE) -> list[Record]:
    found: list[Record] = []
    for row in done.patients(trial).dropna(subset="infusion").sort_values("infusion", kind="stable").itertuples():
        infusion = on(row.infusion, fine)  # type: ignore[arg-type]
        leaves = np.inf if np.isnan(row.leaves) else row.leaves  # type: ignore[arg-type]
        followed = infusion + timedelta(days=int(min(leaves, 60) * fine))
        dlt = None if np.isnan(row.onset) else infusion + timedelta(days=int(row.onset * fine))  # type: ignore[arg-type]
        status = "withdrawn" if row.status == "left" else "on study"
        found.append(Record(str(row.subject), int(row.level), infusion, None, dlt, followed, status))  # type: ignore[arg-type]
    return found


def until(records: list[Record], day: date) -> list[Record]:
    return [record for record in records if record.infusion <= day]


def table_of(records: list[Record], day: date) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "subject": r.subject,
                "dose_level": r.level,
                "infusion_date": r.infusion.isoformat(),
                "dlt_date": "" if r.dlt is None or r.dlt > day else r.dlt.isoformat(),
                "last_followup_date": min(r.followed_to or day, day).isoformat(),
                "status": r.status if (r.followed_to or day) <= day else "on study",
                "study": "SIMULATED",
            }
            for r in until(records, day)
        ]
    )


def with_rates(scenario: VirtualScenario, rates: tuple[float, ...], **changes: object) -> VirtualScenario:
    cause = scenario.toxicity.onset[0].model_copy(update={"probability": rates})
    return scenario.model_copy(update={"toxicity": scenario.toxicity.model_copy(update={"onset": (cause,)}), **changes})


HARD = {"dropout_per_month": 0.5, "manufacture": Manufacture(cells=1.5e8, cells_sigma=0.5, minimum=0.6)}


@pytest.mark.parametrize(
    ("design", "changes"),
    [
        (nct06871644(), {"dropout_per_month": 0.5}),
        (nct06871644(), {**HARD, "stagger": 7.0}),
        (nct06871644(stagger=3.0, full_lower_dose="enrol", two_of_six="current"), HARD),
        (nct06871644(first_three_early=False, second_three_early=False), HARD),
        (korn(), HARD),
        (top_to_six(), HARD),
    ],
)
def test_a_virtual_trial_is_a_live_trial(
    plain: VirtualScenario, design: ThreePlusThree, changes: dict[str, object]
) -> None:
    fast = plain.accrual.model_copy(update={"per_month": 8.0, "law": "poisson"})
    scenario = with_rates(plain, (0.30, 0.45, 0.60), accrual=fast, **changes)
    done = simulate_trials(scenario, {"it": design}, trials=60, progressbar=False)["it"]
    trial = Trial(design, 3, 28 * FINE)
    if scenario.stagger:
        trial = Trial(
            ThreePlusThree(design.policies.__class__(**{**_fields(design), "stagger": scenario.stagger * FINE})), 3,
            28 * FINE,
        )  # fmt: skip
    early = 0
    for k in range(1, done.trials + 1):
        records = records_of(done, k)
        departures = [problem for infusion in history(trial, records) for problem in infusion.departures]
        assert not departures, (k, departures)
        for row in done.decided(k).itertuples():
            day = on(row.day)  # type: ignore[arg-type]
            then = next_step(trial, until(records, day), day).decision
            wanted = (row.action, None if pd.isna(row.dose) else row.dose)
            assert (then.action, then.dose) == wanted, (k, row.day, then)
            if row.day:  # and it could not have been taken sooner
                before = next_step(trial, until(records, day), day - timedelta(days=2)).decision
                group = len([r for r in records if r.infusion > day])
                assert (before.action, before.dose, before.cohort) != (then.action, then.dose, then.cohort), (k, group)
            early += "pending, whose outcome" in row.reason
    assert early > 0 or not design.policies.first_three_early


def _fields(design: ThreePlusThree) -> dict[str, object]:
    return {name: getattr(design.policies, name) for name in design.policies.__slots__}


def test_the_verdict_on_the_table_of_a_virtual_trial_is_its_end(plain: VirtualScenario) -> None:
    scenario = with_rates(plain, (0.15, 0.35, 0.50), dropout_per_month=0.3)
    done = simulate_trials(scenario, {"it": nct06871644()}, trials=12, progressbar=False)["it"]
    for k in range(1, done.trials + 1):
        last = done.decided(k).iloc[-1]
        day = on(last["day"], 13)
        said = verdict(table_of(records_of(done, k, 13), day), on=day, window=28 * 13)
        assert said.decision.action == "stop"
        assert (said.decision.dose or 0) == done.block.arrays["mtd"][k - 1]
        assert said.state.dlt == tuple(
            int(((done.patients(k)["level"] == level) & (done.patients(k)["dlt"] == 1)).sum()) for level in (1, 2, 3)
        )


@dataclass(frozen=True)
class Tallies:
    """A design of toxicity and efficacy that treats five groups at a level and tells what it counts."""

    def decide(self, state: BenefitState, /) -> Decision:
        said = str(state.counts[1])
        patients = sum(state.counts[1])
        return Decision("stop", 2, said) if patients >= 15 else move(State.empty(3, 2), 2, 3, said)


def test_a_dlt_counts_whatever_becomes_of_the_patient(plain: VirtualScenario) -> None:
    """Designs with efficacy: counts recounted from the patients, who leave often; no remission after leaving."""
    remission = Remission(levels=(3.0, 3.0, 3.0))
    scenario = with_rates(plain, (0.30, 0.45, 0.60), dropout_per_month=0.3, start=2, remission=remission)
    done = simulate_trials(scenario, {"it": Tallies()}, trials=40, progressbar=False)["it"]
    left_with_dlt = 0
    for k in range(1, done.trials + 1):
        patients, truth = done.patients(k), done.truth(k)
        told = patients.merge(truth[["subject", "remission"]], on="subject", how="left")
        told = told[told["status"] == "evaluable"]
        dlt, better = told["dlt"] == 1, told["remission"] == 1
        wanted = tuple(int(mask.sum()) for mask in (~dlt & ~better, ~dlt & better, dlt & ~better, dlt & better))
        assert str(wanted) == done.decided(k)["reason"].iloc[-1]
        assert sum(wanted) == 15
        left_with_dlt += int((dlt & (told["leaves"] < 90)).sum())
    assert left_with_dlt > 20
