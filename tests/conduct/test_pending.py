"""Pending patients, early decisions, late DLTs, patients who leave: by policy, logged, never silent."""

from dataclasses import replace
from datetime import date

import pytest
from conduct.dated import START, days, records_of, table_of

from cartmodel.conduct.records import Record
from cartmodel.conduct.ruling import Verdict, verdict
from cartmodel.escalation.boin import boin
from cartmodel.escalation.state import State


def at(day: int, *patients: tuple[int, int, int | None], follow: int | None = None, **settings: object) -> Verdict:
    """Patients (level, day of infusion, day of DLT after it), all followed to the day of the decision."""
    on = START + days(day)
    records = [
        Record(f"P{k + 1:02}", level, START + days(given), None, None if dlt is None else START + days(given + dlt), on)
        for k, (level, given, dlt) in enumerate(patients)
    ]
    return verdict(table_of(records), on=on, **settings)  # pyright: ignore[reportArgumentType]


def day(n: int) -> date:
    return START + days(n)


def test_a_trio_is_completed_while_patients_are_pending() -> None:
    said = at(10, (1, 0, None), (1, 7, None))
    assert (said.decision.action, said.decision.dose, said.decision.cohort) == ("stay", 1, 1)
    assert said.earliest == day(10)
    assert at(10, (1, 0, None), (1, 7, None), policy={"stagger": 7}).earliest == day(14)


def test_a_complete_trio_is_awaited() -> None:
    said = at(20, (1, 0, None), (1, 7, None), (1, 14, 3))
    assert said.decision.action == "suspend"
    assert said.earliest == day(42)  # the DLT patient's window included: the text says the last subject completes it
    assert "G8" in set(said.questions["gap"])
    sooner = at(20, (1, 0, None), (1, 7, None), (1, 14, 3), policy={"G8": "at_dlt"})
    assert (sooner.decision.action, sooner.decision.cohort, sooner.earliest) == ("stay", 3, day(20))
    row = said.questions[said.questions["gap"] == "G8"].iloc[0]
    assert row["differs"]
    assert row["would_say"] == f"stay: 3 patients at level 1, from {day(20)}"


def test_two_dlts_end_a_first_trio_before_it_is_complete() -> None:
    first = [(1, 0, None), (1, 0, None), (1, 0, None)]
    early = at(40, *first, (2, 28, 2), (2, 30, 3))
    assert (early.decision.action, early.decision.dose) == ("de-escalate", 1)
    assert early.earliest == day(58)  # the gate: both windows
    assert {"G1", "G7"} <= set(early.questions["gap"])
    waiting = at(40, *first, (2, 28, 2), (2, 30, 3), policy={"G7": False})
    assert (waiting.decision.action, waiting.decision.cohort) == ("stay", 1)
    with_third = at(40, *first, (2, 28, 7), (2, 29, 7), (2, 30, None))
    assert with_third.decision.action == "de-escalate"
    assert [r.subject for r in with_third.records.records if r.dlt is None][-1] == "P06"


def test_a_second_dlt_while_the_second_trio_is_dosed() -> None:
    """1 of 3 and then 2 of the first 2 of 3 more: whatever follows, 3 of 6 have a DLT."""
    trial = ((1, 0, None), (1, 0, None), (1, 0, None), (2, 28, None), (2, 28, None), (2, 28, 3), (2, 56, 5), (2, 57, 5))
    said = at(65, *trial)
    assert (said.decision.action, said.decision.dose) == ("de-escalate", 1)
    assert "G9" in set(said.questions["gap"])
    going_on = at(65, *trial, policy={"G9": False})
    assert (going_on.decision.action, going_on.decision.cohort) == ("stay", 1)
    row = said.questions[said.questions["other"].str.startswith("second_three_early")].iloc[0]
    assert row["differs"]


def test_pending_patients_do_not_hold_up_what_they_cannot_change() -> None:
    """3 DLTs of 5 and the sixth pending: the dose is reduced whatever happens to the sixth."""
    trial = ((1, 0, None), (1, 0, None), (1, 0, None), (2, 28, None), (2, 28, None), (2, 28, 3))
    said = at(65, *trial, (2, 56, 7), (2, 57, 7), (2, 58, None))
    assert said.decision.action == "de-escalate"
    assert said.earliest == day(86)
    assert [r["outcome"] for r in said.log.to_dict("records")][-1] == "pending"


def test_nothing_is_inferred_from_the_calendar_alone() -> None:
    records, over = records_of("1NNN")
    blind = [replace(records[0], followed_to=START + days(20)), *records[1:]]
    said = verdict(table_of(blind), on=over + days(5))
    assert said.decision.action == "suspend"
    assert "never inferred" in said.log["how"][0]
    assert said.log["day"][0] == 20


def test_who_leaves_is_replaced_and_logged() -> None:
    records, over = records_of("1NNN")
    left = [replace(records[0], status="withdrawn", followed_to=START + days(9)), *records[1:]]
    said = verdict(table_of(left), on=over)
    assert (said.decision.action, said.decision.cohort) == ("stay", 1)
    assert said.log["outcome"].tolist() == ["not evaluable", "no DLT", "no DLT"]
    assert said.log["policy"][0] == "G7"
    assert "to be replaced" in said.log["how"][0]
    new = Record("P04", 1, over, None, None, over, replaces="P01")
    again = verdict(table_of([*left, new]), on=over)
    assert again.decision.action == "suspend"
    assert "replaced by P04" in again.log["how"][0]
    done = verdict(table_of([*left, replace(new, followed_to=over + days(28))]))
    assert (done.decision.action, done.state.n) == ("escalate", (3, 0, 0))


def test_a_dlt_counts_even_if_the_patient_leaves() -> None:
    records, over = records_of("1TNN")
    assert records[0].dlt is not None
    left = [replace(records[0], status="withdrawn", followed_to=records[0].dlt), *records[1:]]
    said = verdict(table_of(left), on=over)
    assert said.state.dlt == (1, 0, 0)
    assert "a DLT counts all the same" in said.log["how"][0]


def test_marked_as_not_evaluable_is_honoured_unless_there_was_a_dlt() -> None:
    records, over = records_of("1NNN")
    marked = [replace(records[0], status="not evaluable"), *records[1:]]
    assert verdict(table_of(marked), on=over).state.n == (2, 0, 0)


@pytest.mark.parametrize("counts", [False, True])
def test_a_late_dlt_at_the_same_level(counts: bool) -> None:
    """On day 30 of the first patient, before the gate of the third."""
    records, over = records_of("1NNN", gaps=(7,))
    late = [replace(records[0], dlt=START + days(30), followed_to=over), *records[1:]]
    said = verdict(table_of(late), on=over, policy={"late_dlt_counts": counts})
    assert said.decision.action == ("stay" if counts else "escalate")
    assert said.log["policy"][0] == "G9"
    assert "day 30" in said.log["how"][0]
    row = said.questions[said.questions["other"].str.startswith("late_dlt_counts")].iloc[0]
    assert row["differs"]
    assert said.levels["dlts"].tolist() == [int(counts), 0, 0]  # the designs beside it count as the protocol does
    told = said.designs.set_index("design")["reason"]
    assert [f"{int(counts)} DLT" in told[name] for name in ("BOIN", "TITE-BOIN")] == [True, True]


def test_a_late_dlt_at_a_level_below_is_for_people() -> None:
    records, over = records_of("1NNN 2NNN")
    late = [replace(records[0], dlt=records[4].infusion, followed_to=over), *records[1:]]
    assert verdict(table_of(late), on=over).decision.action == "escalate"
    said = verdict(table_of(late), on=over, policy={"late_dlt_counts": True})
    assert said.decision.action == "refer"
    assert "re-opens dose level 1: 1 DLT in 3" in said.decision.reason
    assert not len(said.pathways)
    harmless, over = records_of("1NNT 1NNN 2NNN")
    harmless[0] = replace(harmless[0], dlt=None)  # 1 of 6 with it is still passed
    harmless[3] = replace(harmless[3], dlt=None)
    assert verdict(table_of(harmless), on=over, policy={"late_dlt_counts": True}).decision.action == "escalate"


def test_pathways_begin_with_the_pending_patients() -> None:
    said = at(20, (1, 0, None), (1, 7, None), (1, 14, 3), cohorts=1)
    assert said.pathways["outcomes"].tolist() == ["1NN", "1NT", "1TT"]
    assert said.pathways["action"].tolist() == ["stay", "stop", "stop"]
    full = at(42, (1, 0, None), (1, 7, None), (1, 14, 3), cohorts=1)
    assert full.pathways["outcomes"].tolist() == ["1NNN", "1NNT", "1NTT", "1TTT"]
    assert full.pathways["action"].tolist() == ["escalate", "stop", "stop", "stop"]


def test_a_second_group_of_three_at_a_full_dose_is_dosed_to_nine() -> None:
    """Under G3 = enrol a reduced dose goes from 6 to 9, patient by patient."""
    records, over = records_of("1NNT 1NNN 2NTT")
    policy = {"G3": "enrol"}
    for k in range(3):
        said = verdict(table_of(records), on=over, policy=policy)
        assert (said.decision.dose, said.decision.cohort) == (1, 3 - k)
        records.append(Record(f"Q{k}", 1, over, None, None, over))
    assert verdict(table_of(records), on=over, policy=policy).decision.action == "suspend"


def test_the_models_beside_see_the_same_counts() -> None:
    said = at(70, (1, 0, None), (1, 0, None), (1, 0, None), (2, 28, 5), (2, 30, 5), (2, 32, None))
    table = said.designs.set_index("design")
    assert table.loc["BOIN", "action"] == boin(0.30).decide(State((3, 3, 0), (0, 2, 0), 2)).action == "de-escalate"
    assert table.loc["protocol", "against"] == ""
    assert table.loc["BOIN", "against"] == "the same step"
    assert said.levels["dlts"].tolist() == [0, 2, 0]
    assert said.levels["blrm_p_over"].is_monotonic_increasing


def test_designs_beside_the_rule_name_no_dose_in_the_middle_of_a_group() -> None:
    """1 of 3 infused and free of a DLT, 2 missing: BOIN's 0/1, the BLRM and TITE-BOIN would escalate on the counts."""
    part = at(40, (1, 0, None)).designs.set_index("design")
    assert boin(0.30).decide(State((1, 0, 0), (0, 0, 0), 1)).action == "escalate"
    for name in ("BOIN", "BLRM", "TITE-BOIN"):
        assert (part.loc[name, "action"], part.loc[name, "dose_level"]) == ("stay", 1), name
        assert "complete it" in part.loc[name, "reason"]
        assert "1 of a group of 3 at dose level 1" in part.loc[name, "reason"]
        assert part.loc[name, "against"] == "the same step"


def test_pending_patients_of_a_group_are_awaited_by_designs_of_counts() -> None:
    part = at(30, (1, 0, None), (1, 1, None), (1, 20, None)).designs.set_index("design")
    assert part.loc["BOIN", "action"] == part.loc["BLRM", "action"] == part.loc["protocol", "action"] == "suspend"
    assert "1 of 3 patients at dose level 1 are pending, 0 DLT so far" in part.loc["BOIN", "reason"]
    assert part.loc["TITE-BOIN", "reason"].endswith("with 2 of a group of 3 at dose level 1 known, 1 pending")


def test_a_group_is_left_at_once_where_its_dlts_settle_a_lower_dose() -> None:
    """2 DLTs in 2 after 0 of 3 below: 2 of 3 is above the boundary of BOIN (.36) and of the rule, whatever comes."""
    rows = [(1, 0, None), (1, 0, None), (1, 0, None), (2, 30, 5), (2, 31, 5)]
    part = at(40, *rows).designs.set_index("design")
    for name in ("protocol", "BOIN", "TITE-BOIN"):
        assert (part.loc[name, "action"], part.loc[name, "dose_level"]) == ("de-escalate", 1), name


def test_one_of_three_at_the_lowest_dose_under_the_blrm() -> None:
    """Domain file, section 6: P(over) = .11 after 1/3 at the lowest dose, .40 after 2/3."""
    one = at(30, (1, 0, 5), (1, 0, None), (1, 0, None))
    assert round(one.levels["blrm_p_over"][0], 2) == 0.11
    two = at(30, (1, 0, 5), (1, 0, 5), (1, 0, None))
    assert round(two.levels["blrm_p_over"][0], 2) == 0.40


def test_tite_boin_counts_pending_patients_by_follow_up() -> None:
    said = at(27, (1, 0, None), (1, 0, None), (1, 3, None))
    table = said.designs.set_index("design")
    assert table.loc["TITE-BOIN", "action"] == "suspend"  # all three are pending
    later = at(29, (1, 0, None), (1, 0, None), (1, 3, None)).designs.set_index("design")
    assert later.loc["TITE-BOIN", "action"] == "escalate"
    assert later.loc["protocol", "action"] == "suspend"
    assert later.loc["TITE-BOIN", "against"] == "would not wait"


@pytest.mark.parametrize(("dlt", "outcome"), [(0, "DLT"), (27, "DLT"), (28, "DLT"), (29, "no DLT")])
def test_the_last_day_of_the_window_is_inside(dlt: int, outcome: str) -> None:
    said = at(40, (1, 0, dlt), (1, 0, None), (1, 0, None))
    assert said.log["outcome"][0] == outcome
    assert said.state.dlt[0] == (outcome == "DLT")
    assert said.designs.set_index("design").loc["BOIN", "action"] == ("stay" if outcome == "DLT" else "escalate")


def test_a_missing_follow_up_gives_no_day_in_the_past() -> None:
    """The window of P03 ended by the calendar, its follow-up is not in the table: no day can be promised."""
    records, over = records_of("1NNN")
    blind = [*records[:2], replace(records[2], followed_to=None)]
    said = verdict(table_of(blind), on=over + days(5))
    assert (said.decision.action, said.earliest) == ("suspend", None)
    assert "wait for the missing follow-up" in said.text.lower()
    assert "day 28 of pending patients is not recorded" in said.text


def test_a_reason_says_that_pending_patients_do_not_change_the_step() -> None:
    """2 DLTs in the 3 additional patients settle the dose; the count of 6 holds one whose window is open."""
    records, over = records_of("1NNT 1NTT")
    said = verdict(table_of([*records[:3], replace(records[3], followed_to=over - days(20)), *records[4:]]), on=over)
    assert said.decision.action == "stop"
    assert "1 pending, whose outcome does not change this" in said.decision.reason
