"""What never moves the rule silently: departures, a stop that was ignored, DLTs of backfill; any design as protocol."""

from datetime import date, timedelta
from itertools import product

import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.conduct.history import history
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.records import Record
from cartmodel.conduct.ruling import verdict
from cartmodel.conduct.steps import next_step
from cartmodel.escalation.policies import Policies
from cartmodel.escalation.three_plus_three import ThreePlusThree


def table(*rows: tuple[str, int, str, str, str, str]) -> pd.DataFrame:
    names = ["subject", "dose_level", "infusion_date", "dlt_date", "last_followup_date", "deviation"]
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])


STOPPED = (
    ("a", 1, "2026-01-01", "2026-01-04", "2026-02-20", ""),
    ("b", 1, "2026-01-06", "2026-01-09", "2026-02-20", ""),
    ("c", 1, "2026-01-08", "", "2026-02-20", ""),
)
CLEAR = tuple((name, 1, f"2026-01-0{day}", "", "2026-02-20", "") for name, day in (("a", 1), ("b", 3), ("c", 5)))
TOXIC = (
    ("d", 2, "2026-02-10", "2026-02-12", "2026-03-20", ""),
    ("e", 2, "2026-02-12", "2026-02-15", "2026-03-20", ""),
    ("f", 2, "2026-02-14", "", "2026-03-20", ""),
)


@pytest.mark.parametrize("level", [1, 2])
def test_a_stop_stands_whatever_a_departure_adds(level: int) -> None:
    """2 of 3 at the lowest dose: no dose is safe. A further infusion with a written reason changes nothing."""
    more = ("d", level, "2026-02-10", "", "2026-02-20", "PI decision")
    found = verdict(table(*STOPPED, more))
    assert (found.decision.action, found.decision.dose, found.state.n) == ("stop", None, (3, 0, 0))
    row = found.log.set_index("subject").loc["d"]
    assert not row["protocol"]
    assert row["models"]
    assert "in none of the groups that the rule asked for" in row["how"]


@pytest.mark.parametrize("level", [2, 3])
def test_a_reduction_stands_whatever_a_departure_adds(level: int) -> None:
    """2 of 3 at level 2: reduce to level 1; somebody is infused at 2 or at 3 nevertheless."""
    before = verdict(table(*CLEAR, *TOXIC))
    assert (before.decision.action, before.decision.dose) == ("de-escalate", 1)
    after = verdict(table(*CLEAR, *TOXIC, ("g", level, "2026-03-16", "", "2026-03-20", "urgent")))
    assert (after.decision.action, after.decision.dose) == ("de-escalate", 1)
    assert not after.questions["question"].str.contains("whom the rule does not count").any()
    struck = verdict(table(*CLEAR, *TOXIC, ("g", level, "2026-03-16", "2026-03-18", "2026-03-20", "urgent")))
    assert (struck.decision.action, struck.decision.dose) == ("de-escalate", 1)
    asked = struck.questions[struck.questions["question"].str.contains("whom the rule does not count")]
    assert len(asked) == 1
    assert "g (infused against the rule)" in asked["question"].iloc[0]


def test_a_departure_of_days_alone_still_counts() -> None:
    early = verdict(table(*CLEAR, ("d", 2, "2026-01-31", "", "2026-02-20", "product expired")))
    assert (early.decision.action, early.decision.dose, early.decision.cohort) == ("stay", 2, 2)
    assert early.log.set_index("subject").loc["d", "role"] == "escalation"


def test_an_early_infusion_waits_for_the_outcome_on_which_its_dose_depends() -> None:
    """c is pending while d is infused above, with a reason: c's DLT makes it 2 of 3, and d drives nothing."""
    early = ("d", 2, "2026-01-31", "", "2026-02-20", "product expired")
    rows = table(CLEAR[0], ("b", 1, "2026-01-03", "2026-01-10", "2026-02-20", ""), CLEAR[2], early)
    rows.loc[2, "dlt_date"] = "2026-02-01"
    found = verdict(rows)
    assert (found.decision.action, found.decision.dose, found.state.n) == ("stop", None, (3, 0, 0))


def test_two_of_the_first_three_is_seen_when_the_fourth_is_treated() -> None:
    """G8 at the DLT: a had one, d came; then b had one too. Two of the first 3: stop, not 2 of 4."""
    rows = (
        ("a", 1, "2026-01-01", "2026-01-04", "2026-01-21", ""),
        STOPPED[1],
        ("c", 1, "2026-01-08", "", "2026-01-21", ""),
        ("d", 1, "2026-01-16", "", "2026-01-21", ""),
    )
    late = tuple(("b", 1, "2026-01-06", "2026-01-19", "2026-01-21", "") if row[0] == "b" else row for row in rows)
    found = verdict(table(*late), policy={"G8": "at_dlt"}, on=pd.Timestamp("2026-01-21").date())
    assert (found.decision.action, found.decision.dose) == ("stop", None)
    assert found.decision.questions[0] == "G1"
    one = tuple(("b", 1, "2026-01-06", "", "2026-01-21", "") if row[0] == "b" else row for row in rows)
    going = verdict(table(*one).assign(dlt_date=["2026-01-04", "", "", ""]), policy={"G8": "at_dlt"})
    assert (going.decision.action, going.decision.dose, going.decision.cohort) == ("stay", 1, 2)


def test_dlts_of_backfill_stop_the_rule_and_are_an_open_question() -> None:
    """3 DLTs in 6 at level 1, of which the rule counts 0 in 3: it would escalate, people decide."""
    rows = [(*row[:5], "") for row in CLEAR]
    rows += [(f"x{k}", 1, "2026-02-08", f"2026-02-1{k}", "2026-02-20", "") for k in range(3)]
    found = verdict(table(*rows).assign(role=[""] * 3 + ["backfill"] * 3))
    assert found.decision.action == "refer"
    assert "without them: 0 DLTs in 3 at dose level 1: escalate" in found.decision.reason
    asked = found.questions[found.questions["policy"] == "outside_dlts = refer"].iloc[0]
    assert asked["differs"]
    assert asked["would_say"].startswith("escalate: 3 patients at level 2")
    assert "what the DLTs of x0 (backfill), x1 (backfill), x2 (backfill) mean" in found.text
    roles = [""] * 3 + ["backfill"] * 3
    one = table(*rows).assign(role=roles, dlt_date=["", "", "", "2026-02-10", "", ""])
    two = one.assign(dlt_date=["", "", "", "2026-02-10", "2026-02-11", ""])  # 2 in 6: a third, no more
    assert verdict(two, on=pd.Timestamp("2026-03-20").date()).decision.action == "refer"
    going = verdict(one, on=pd.Timestamp("2026-03-20").date())
    assert going.decision.action == "escalate"
    assert "1 DLT in 1 at dose level 1 with them" not in going.text
    assert "at dose level 1 with them" in going.text
    ignored = verdict(table(*rows).assign(role=roles), policy={"outside_dlts": "ignore"})
    assert ignored.decision.action == "escalate"


def test_a_patient_who_completed_early_is_a_policy_and_a_question() -> None:
    rows = table(*CLEAR).assign(status=["", "", "completed"])
    rows.loc[2, "last_followup_date"] = "2026-01-25"
    waits = verdict(rows)
    assert waits.decision.action == "suspend"
    asked = waits.questions.query("policy == 'completed_early = awaited'").iloc[0]
    assert asked["differs"]
    assert "1 patient at level 1" in asked["would_say"]
    assert "followed 20 of 28 days only" in waits.text
    replaced = verdict(rows, policy={"completed_early": "replaced"})
    assert (replaced.decision.action, replaced.decision.dose, replaced.decision.cohort) == ("stay", 1, 1)


def test_a_trial_before_its_first_patient_begins_with_the_first_group(tmp_path) -> None:
    header = tmp_path / "new.csv"
    header.write_text("subject,dose_level,infusion_date\n")
    for source in (header, pd.DataFrame({"subject": [], "dose_level": [], "infusion_date": []})):
        found = verdict(source, start=2, on=pd.Timestamp("2026-01-05").date())
        assert (found.decision.action, found.decision.dose, found.decision.cohort) == ("stay", 2, 3)
        assert str(found.earliest) == "2026-01-05"
        assert "Nobody has been infused" in found.text


def test_the_designs_beside_answer_the_protocols_question() -> None:
    """Five doses, 1 of 6 at the first three: the next dose is asked for, not an MTD at 18 patients."""
    days = pd.date_range("2026-01-01", periods=18, freq="29D")
    rows = pd.DataFrame(
        {
            "subject": [f"s{k}" for k in range(18)],
            "dose_level": [k // 6 + 1 for k in range(18)],
            "infusion_date": days.strftime("%Y-%m-%d"),
            "dlt_date": [
                (day + pd.Timedelta(days=2)).strftime("%Y-%m-%d") if k % 6 == 0 else "" for k, day in enumerate(days)
            ],
            "last_followup_date": (days + pd.Timedelta(days=28)).strftime("%Y-%m-%d"),
        }
    )
    found = verdict(rows, doses=[1e7, 2e7, 5e7, 1e8, 2e8])
    assert (found.decision.action, found.decision.dose) == ("escalate", 4)
    assert (found.designs["action"] != "stop").all()


@pytest.mark.parametrize("name", ["boin", "mtpi-2", "keyboard", "crm-cd7", "blrm-cd7"])
def test_any_design_of_counts_can_be_the_protocol(name: str) -> None:
    """The verdict after whole groups is the design's own decision on the counts."""
    rule = cm.design(name)
    found = verdict(table(*CLEAR, *TOXIC), design=name)
    wanted = rule.decide(cm.State((3, 3, 0), (0, 2, 0), 2))
    assert (found.decision.action, found.decision.dose) == (wanted.action, wanted.dose)
    waiting = verdict(table(*CLEAR, *TOXIC[:2]), design=name)
    settled = {(rule.decide(cm.State((3, 3, 0), (0, 2 + k, 0), 2)).action) for k in (0, 1)} == {"de-escalate"}
    assert waiting.decision.action == ("de-escalate" if settled else "stay")
    pending = table(*CLEAR, *((*row[:3], "", "2026-02-20", "") for row in TOXIC))
    assert verdict(pending, design=name, on=pd.Timestamp("2026-02-20").date()).decision.action == "suspend"


def test_a_users_table_is_the_protocol(tmp_path) -> None:
    """Groups of two by a table in CSV: 1 of 2 stays, where BOIN would go down."""
    file = tmp_path / "mine.csv"
    file.write_text("patients,0,1,2,3,4\n2,E,S,D\n4,E,E,S,D,DU\n")
    rows = table(CLEAR[0], ("b", 1, "2026-01-03", "2026-01-06", "2026-02-20", ""))
    found = verdict(rows, design=file)
    assert (found.decision.action, found.decision.dose, found.decision.cohort) == ("stay", 1, 2)
    with pytest.raises(ValueError, match="policy 'G2' belongs to a 3\\+3"):
        verdict(rows, design=file, policy={"G2": "current"})


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ValueError, match="window") as told:
        verdict(
            table(*CLEAR), design="bion", policy={"G11": 1, "stagger": "often"}, window=0, start=7, target=1.5,
            overdose=0, reference=-1,
        )  # fmt: skip
    for part in ("window = 0", "start = 7", "target = 1.5", "overdose = 0", "reference = -1", "bion", "G11", "stagger"):
        assert part in str(told.value)


def test_a_dlt_on_the_day_of_the_next_infusion_is_no_breach_of_the_protocol() -> None:
    """c's window ends on the day on which d is infused as told; c's DLT of that evening counts: people decide."""
    rows = table(CLEAR[0], ("b", 1, "2026-01-03", "2026-01-10", "2026-02-20", ""), CLEAR[2])
    more = pd.DataFrame({"subject": list("uvw"), "dose_level": 1, "infusion_date": ["2026-02-02"] * 3})
    more = more.assign(dlt_date="", last_followup_date=["2026-03-02"] * 3, deviation="")
    going = pd.concat([rows, more], ignore_index=True)
    assert str(verdict(going).earliest) == "2026-03-02"
    after = pd.concat([going, table(("d", 2, "2026-03-02", "", "2026-03-02", ""))], ignore_index=True)
    after.loc[5, "dlt_date"] = "2026-03-02"
    found = verdict(after)
    assert found.decision.action == "refer"
    assert "known when the next group had begun" in found.decision.reason
    assert "G9" in found.decision.questions


def test_small_limits_and_dates_in_the_future() -> None:
    assert verdict(table(*CLEAR), limit=0.15).levels["blrm_p_over"].between(0, 1).all()
    ahead = table(*CLEAR)
    ahead.loc[2, "last_followup_date"] = "2199-03-01"
    assert "lies after today" in verdict(ahead).text


@pytest.mark.parametrize("outcomes", list(product((False, True), repeat=6)))
def test_two_trios_at_once_are_told_apart(outcomes: tuple[bool, ...]) -> None:
    """G8 at the DLT: six patients of level 2 within a week, all outcomes; the text speaks of the first 3 and 3 more.

    The first DLT of the first 3 comes at once and opens the second trio; all others come when all six are infused.
    """
    begin, day = date(2026, 1, 1), timedelta(days=1)
    records = [Record(f"L{k}", 1, begin, None, None, begin + 28 * day) for k in range(3)]
    first = next((k for k in range(3) if outcomes[k]), None)
    if first is None:
        return  # nothing opens the second trio
    for k, hit in enumerate(outcomes):
        given = begin + (28 + k) * day
        dlt = given if k == first else begin + 50 * day
        records.append(Record(f"P{k}", 2, given, None, dlt if hit else None, given + 28 * day))
    trial = Trial(ThreePlusThree(Policies(second_trio="at_dlt")), 3)
    assert not [problem for infusion in history(trial, records) for problem in infusion.departures]
    trio, more = sum(outcomes[:3]), sum(outcomes[3:])
    wanted = ("de-escalate", 1)
    if trio == 1 and more <= 1:
        wanted = ("escalate", 3) if more == 0 else ("stop", 1)
    for after in (51, 70):  # pending patients left, or none
        step = next_step(trial, records, begin + after * day)
        settled = after == 70 or trio >= 2 or more >= 2
        if settled:
            assert (step.decision.action, step.decision.dose) == wanted
        else:
            assert step.decision.action == "suspend"
