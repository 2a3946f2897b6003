"""Every path of the 3+3 with dates gives the verdict of its counts; impossible histories are refused by record."""

from dataclasses import replace

import pytest
from conduct.dated import days, records_of, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cartmodel.conduct.history import history
from cartmodel.conduct.reading import read_conduct
from cartmodel.conduct.ruling import verdict
from cartmodel.conduct.steps import Trial, next_step
from cartmodel.errors import ConductTableError
from cartmodel.escalation.pathways import paths
from cartmodel.escalation.replay import replay
from cartmodel.escalation.state import State
from cartmodel.escalation.three_plus_three import korn, nct06871644, top_to_six

READINGS = {
    "proposed": nct06871644(),
    "G1 stop": nct06871644(two_of_first_three="stop"),
    "G2 current": nct06871644(two_of_six="current"),
    "G3 enrol": nct06871644(full_lower_dose="enrol"),
    "G3 enrol, 18 patients": nct06871644(full_lower_dose="enrol", max_patients=18),
    "G4 refer": nct06871644(after_reduction="refer"),
    "G5 refer": nct06871644(below_lowest="refer"),
    "G6 six": nct06871644(top_dose="six"),
    "complete trios": nct06871644(first_three_early=False, second_three_early=False),
    "Korn": korn(),
    "top to six": top_to_six(),
}


@pytest.mark.parametrize("name", READINGS)
def test_every_path_has_the_verdict_of_its_counts(name: str) -> None:
    design, count = READINGS[name], 0
    for path in paths(design, State.empty(3)):
        records, over = records_of(path.cohorts)
        trial = Trial(design, 3)
        found = history(trial, records)
        assert not [problem for infusion in found for problem in infusion.departures]
        step = next_step(trial, records, over)
        assert step.decision == path.decision
        assert step.state == path.state
        for (cohort, decision), place in zip(replay(design, path.cohorts, 3), starts(path.cohorts), strict=True):
            then = found[place].step
            assert then is not None
            assert then.decision == decision, cohort
        count += 1
    published = {"proposed": 103, "G3 enrol": 211, "Korn": 118, "top to six": 154}  # domain file, section 1.3
    assert count == published.get(name, count)


def starts(cohorts) -> list[int]:
    places = [0]
    for cohort in cohorts[:-1]:
        places.append(places[-1] + len(cohort.dlt))
    return places[: len(cohorts)]


ALL = [path for path in paths(nct06871644(), State.empty(3)) if path.cohorts]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(ALL),
    st.lists(st.integers(0, 9), min_size=1, max_size=5),
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    st.lists(st.integers(0, 40), min_size=1, max_size=4),
    st.data(),
)
def test_dates_do_not_matter_while_gate_and_stagger_hold(path, gaps, onsets, waits, data) -> None:
    """Whatever the gaps, onsets and waits; the order of rows of other days in the table does not matter either."""
    records, over = records_of(path.cohorts, gaps=gaps, onsets=onsets, waits=waits)
    table = table_of(records).sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    if len({r.infusion for r in records}) < len(records):
        table = table_of(records)  # of one day, the table's order is that of the infusions
    said = verdict(table, on=over, policy={"stagger": min(gaps)})
    assert (said.decision.action, said.decision.dose) == (path.decision.action, path.decision.dose)
    assert said.decision.questions == path.decision.questions
    assert said.log["protocol"].all()
    assert set(path.decision.questions) <= set(said.questions["gap"])
    if said.decision.enrols:
        assert said.earliest == over
        inside = said.decision.cohort
        assert inside == path.decision.cohort
    else:
        assert said.earliest is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALL), st.integers(0, 30), st.integers(0, 60))
def test_at_any_earlier_day_nothing_from_later_is_used(path, gap, back) -> None:
    """The step on a day is the same whether the rest of the trial is in the table or not."""
    records, over = records_of(path.cohorts, gaps=(gap % 10,))
    trial, day = Trial(nct06871644(), 3), over - days(back)
    before = [r for r in records if r.infusion <= day]
    cut = [
        replace(r, dlt=r.dlt if r.dlt and r.dlt <= day else None, followed_to=min(r.followed_to or day, day))
        for r in before
    ]
    assert next_step(trial, before, day).decision == next_step(trial, cut, day).decision


REFUSED = {
    "skipped": ("1NNN 3NNN", "P04.*dose level 3 after level 1: skipped dose.*dose level 2"),
    "first too high": ("2NNN", "P01.*skipped dose.*dose level 1"),
    "not escalated": ("1NNN 1NNN", "P04.*dose level 1; accepted: dose level 2 .0 DLTs in 3"),
    "after the stop": ("1NTT 1NNN", "P04.*after the stop of the trial.*no dose is safe"),
    "after the MTD": ("1NNN 2NNN 3NNN 3NNN", "P10.*after the stop of the trial.*MTD is level 3"),
    "escalated too early": ("1NNT 2NNN", "P04.*dose level 2; accepted: dose level 1 .1 DLT in 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_impossible_histories_are_refused_with_the_record(name: str) -> None:
    outcomes, said = REFUSED[name]
    with pytest.raises(ConductTableError, match=said):
        verdict(table_of(records_of(outcomes)[0]))


def test_overlapping_windows_are_refused_with_the_day() -> None:
    records, _ = records_of("1NNN 2NNN")
    early = [*records[:3], *(replace(r, infusion=r.infusion - days(1)) for r in records[3:])]
    with pytest.raises(ConductTableError, match=r"P04.*P03 had not completed the 28-day window: overlapping.*02-16"):
        verdict(table_of(early))
    records, _ = records_of("1NNT 1NNN", onsets=(2,))  # P03's DLT is known, its window is not over
    early = [*records[:3], *(replace(r, infusion=r.infusion - days(1)) for r in records[3:])]
    with pytest.raises(ConductTableError, match=r"P04.*overlapping windows, 28-day gate"):
        verdict(table_of(early))


def test_a_short_stagger_is_refused() -> None:
    table = table_of(records_of("1NNN", gaps=(6,))[0])
    assert verdict(table).decision.dose == 2
    with pytest.raises(ConductTableError, match=r"(?s)P02.*stagger: 7 days after P01.*from 2026-01-12.*P03.*stagger"):
        verdict(table, policy={"stagger": 7})


def test_a_reason_turns_a_refusal_into_a_note() -> None:
    records, _ = records_of("1NNN 3NNN")
    records[3:] = [replace(record, deviation="agreed with the safety board") for record in records[3:]]
    said = verdict(table_of(records))
    assert "agreed with the safety board): dose level 3 after level 1: skipped dose" in said.log["how"][3]
    assert said.state.n == (3, 0, 0)  # outside the protocol: level 3 does not become where the trial stands
    assert (said.decision.action, said.decision.dose) == ("escalate", 2)


def test_expansion_may_not_lead_the_way() -> None:
    records, over = records_of("1NNN")
    extra = replace(records[0], subject="X", role="expansion", infusion=over, level=2, followed_to=over)
    with pytest.raises(ConductTableError, match="expansion at dose level 2, which no escalation patient"):
        verdict(table_of([*records, extra]))
    said = verdict(table_of([*records, replace(extra, level=1)]))
    assert said.decision.dose == 2
    assert not said.log["protocol"][3]


def test_all_problems_of_a_history_at_once() -> None:
    records, _ = records_of("1NNN 3NNN 1NNN")
    with pytest.raises(ConductTableError) as caught:
        verdict(table_of(records))
    assert len(caught.value.problems) >= 2
    assert {p.where for p in caught.value.problems} >= {"row 5, subject 'P04'", "row 8, subject 'P07'"}


def test_what_is_known_on_the_day_of_an_infusion_may_be_read_either_way() -> None:
    """A second DLT on the very day on which the third patient was infused: perhaps in the evening."""
    records, _ = records_of("1TTN", gaps=(7,), onsets=(0,))
    assert records[2].infusion == records[0].dlt == records[1].dlt
    assert verdict(table_of(records)).decision.action == "stop"
    assert read_conduct(table_of(records)).records[2].subject == "P03"
