"""The verdict as a whole: words, tables, files, policies, advice beside it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from conduct.dated import records_of, table_of
from decision.conftest import make_fit

from cartmodel.conduct.beside import against
from cartmodel.conduct.policy import parse_policies, policies_of
from cartmodel.conduct.questions import said as step_words
from cartmodel.conduct.reading import example_conduct, read_conduct
from cartmodel.conduct.ruling import Verdict, verdict
from cartmodel.conduct.writing import write_verdict
from cartmodel.escalation.policies import GAPS
from cartmodel.escalation.state import Decision
from cartmodel.escalation.three_plus_three import ThreePlusThree, korn


@pytest.fixture(scope="module")
def advised() -> Verdict:
    """Nine patients, three a level as in the fit: S06 had a DLT, S09 is pending."""
    records, _ = records_of("1NNN 2NNT 2NNN 3NNN")
    names = ["S01", "S02", "S03", "S04", "S05", "S06", "E1", "E2", "E3", "S07", "S08", "S09"]
    table = table_of(records[:12], subject=names, study="SIMULATED conduct")
    table.loc[11, "last_followup_date"] = (records[11].infusion + pd.Timedelta(days=5)).isoformat()
    return verdict(table, fit=make_fit(), n=10)


def test_the_protocol_comes_first_and_advice_beside_it(advised: Verdict) -> None:
    text = advised.text
    order = [
        "SIMULATED DATA", "The protocol's verdict (authoritative)", "How every patient was counted",
        "Open questions", "advice, which never overrides the protocol", "Pathways from here", "Exposure-informed",
    ]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert advised.designs["design"].tolist() == ["protocol", "BOIN", "BLRM", "TITE-BOIN", "exposure-informed"]
    assert advised.decision.action == "suspend"
    assert advised.simulated


def test_the_advice_uses_the_records(advised: Verdict) -> None:
    assert advised.advice is not None
    assert advised.advice.pending["subject"].tolist() == ["S09"]
    assert advised.advice.pending["days"].tolist() == [5.0]
    assert advised.advice.table["patients"].tolist() == [3, 6, 3]
    assert "The fit does not know E1, E2, E3" in advised.text
    levels = advised.levels.set_index("dose_level")
    assert levels.loc[2, "exposure_p_over"] == advised.advice.table["p_over"][1]
    row = advised.designs.iloc[-1]
    assert row["dose"] == advised.advice.recommended
    error = advised.advice.table.set_index("dose").loc[row["dose"], "p_over_mcse"]
    assert levels.loc[row["dose_level"], "exposure_p_over_mcse"] == error
    assert f"(Monte Carlo error {error:.2g})" in row["reason"]


def test_an_advice_near_its_threshold_is_said_beside_the_rule(advised: Verdict) -> None:
    assert advised.advice is not None
    p = float(advised.advice.table["p_over"][2])
    near = verdict(advised.records, fit=make_fit(), n=10, overdose=p + 1e-6)
    assert "not settled by these draws at level 3" in near.designs.iloc[-1]["reason"]
    assert "NOT SETTLED BY THESE DRAWS: at 2e8 cells" in near.text
    assert "not settled" not in advised.designs.iloc[-1]["reason"]


def test_all_is_written(advised: Verdict, tmp_path: Path) -> None:
    written = {path.name for path in write_verdict(advised, tmp_path / "out")}
    names = {"log", "questions", "designs", "levels", "pathways", "advice", "pending"}
    assert written == {"verdict.txt", "verdict.json"} | {f"{name}.csv" for name in names}
    content = json.loads((tmp_path / "out" / "verdict.json").read_text())
    assert content["simulated"] is True
    assert content["decision"]["action"] == advised.decision.action
    assert set(content["tables"]) == names
    assert len(content["tables"]["log"]) == 12
    log = pd.read_csv(tmp_path / "out" / "log.csv")
    assert (log["trial"] == "SIMULATED conduct").all()


def test_a_fit_of_another_trial_is_refused() -> None:
    with pytest.raises(ValueError, match="knows none of these patients"):
        verdict(table_of(records_of("1NNN")[0]), fit=make_fit(draws=4))
    table = table_of(records_of("1NNN")[0]).assign(subject=["S01", "S02", "S03"])
    with pytest.raises(ValueError, match="patients whom the table lacks: S04, S05"):
        verdict(table, fit=make_fit(draws=4))


@pytest.mark.parametrize(
    ("outcomes", "gap", "other", "would"),
    [
        ("1NNT 1NNT", "G2", "current", "stop: MTD is level 1"),
        ("1NNN 2NTT", "G1", "stop", "stop: MTD is level 1"),
        ("1NNN 2NNT 2NTT 1NNN", "G4", "refer", "people decide"),
        ("1NTT", "G5", "refer", "people decide"),
        ("1NNN 2NNN 3NNN", "G6", "six", "stay: 3 patients at level 3"),
    ],
)
def test_each_gap_is_told_with_what_other_readings_say(outcomes: str, gap: str, other: str, would: str) -> None:
    found = verdict(table_of(records_of(outcomes)[0])).questions
    row = found[(found["gap"] == gap) & found["other"].str.contains(f"= {other}:")].iloc[0]
    assert row["would_say"].startswith(would)
    assert row["differs"]
    assert row["question"] == GAPS[gap].question


def test_the_text_defines_some_steps() -> None:
    said = verdict(table_of(records_of("1NNN")[0]))
    assert not len(said.questions)
    assert "None: the text defines this step." in said.text


def test_a_textbook_design_leaves_no_gap() -> None:
    said = verdict(table_of(records_of("1NNT 1NNT")[0]), design="korn")
    assert said.decision.dose is None
    assert not len(said.questions)
    assert verdict(table_of(records_of("1NNN")[0]), design=korn()).decision.dose == 2


def test_the_planned_patients_are_a_question() -> None:
    records, _ = records_of("1NNT 1NNN 2NNT 2NNN 3NNT 3NTT")  # 18 patients, then reduce to a full level 2
    assert "G10" in set(verdict(table_of(records), policy={"G3": "enrol"}).questions["gap"])


@pytest.mark.parametrize("text", ["G2", "=1", "G2=", ""])
def test_policies_need_name_and_value(text: str) -> None:
    with pytest.raises(ValueError, match="a name and a value"):
        parse_policies([text])


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"G11": 1}, "unknown policy 'G11'.*G1"),
        ({"G2": "next"}, "two_of_six = 'next' .G2.*'previous', 'current'"),
        ({"stagger": -1}, "stagger"),
        ({"stagger": "soon"}, "stagger"),
        ({"G10": 1}, "max_patients"),
    ],
)
def test_unknown_readings_are_refused(policy: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        policies_of(ThreePlusThree(), policy)


def test_every_gap_can_be_named() -> None:
    texts = ["G1=stop", "g2=current", "G3=enrol", "G4=refer", "G5=refer", "G6=six", "G7=off", "G8=at_dlt", "G9=off",
             "G10=18", "stagger=14", "late_dlt_counts=on"]  # fmt: skip
    p = policies_of(ThreePlusThree(), parse_policies(texts)).policies
    assert (p.two_of_six, p.first_three_early, p.max_patients, p.late_dlt_counts) == ("current", False, 18, True)
    assert p.stagger == 14.0


@pytest.mark.parametrize("design", ["tite-boin", "boin12", "kron"])
def test_only_a_design_of_counts_can_be_the_protocol(design: str) -> None:
    with pytest.raises(ValueError, match=r"accepted as a protocol: .*boin, |did you mean 'korn'"):
        verdict(example_conduct(), design=design, policy={"stagger": 7})


@pytest.mark.parametrize(
    ("other", "protocol", "words"),
    [
        (Decision("escalate", 2, "", cohort=3), Decision("stay", 1, "", cohort=3), "escalate instead: less cautious"),
        (Decision("de-escalate", 1, "", cohort=3), Decision("stay", 2, "", cohort=3), "more cautious"),
        (Decision("stay", 2, "", cohort=3), Decision("stop", 1, ""), "more patients before naming an MTD"),
        (Decision("stop", 2, ""), Decision("stop", 1, ""), "another MTD, higher: less cautious"),
        (Decision("stop", None, ""), Decision("stop", 1, ""), "another MTD, lower: more cautious"),
        (Decision("stop", None, ""), Decision("stay", 1, "", cohort=3), "stop instead: more cautious"),
        (Decision("stop", 1, ""), Decision("stay", 1, "", cohort=3), "name the MTD now"),
        (Decision("suspend", None, ""), Decision("stay", 1, "", cohort=3), "wait for pending patients"),
        (Decision("stay", 1, "", cohort=3), Decision("suspend", None, ""), "would not wait"),
        (Decision("stay", 1, "", cohort=3), Decision("refer", None, ""), "no rule here"),
        (Decision("refer", None, ""), Decision("stay", 1, "", cohort=3), "has no rule here"),
        (Decision("stop", 1, "why"), Decision("stop", 1, "other"), "the same step"),
    ],
)
def test_differences_are_told_in_words(other: Decision, protocol: Decision, words: str) -> None:
    assert words in against(other, protocol)


def test_steps_in_a_few_words() -> None:
    assert step_words(Decision("stop", None, "why"), None) == "stop: no dose is safe"
    assert step_words(Decision("refer", None, "why"), None) == "people decide"


def test_settings_out_of_range() -> None:
    read = read_conduct(example_conduct())
    with pytest.raises(ValueError, match="window = 0"):
        verdict(read, window=0)
    with pytest.raises(ValueError, match="start = 9"):
        verdict(read, start=9)


def test_the_blrms_reference_belongs_to_the_doses() -> None:
    records, _ = records_of("1NNN")
    assert "FAR" not in verdict(table_of(records)).text
    small = verdict(table_of(records), doses=(1e6, 2e6, 4e6))
    assert "THE REFERENCE IS FAR FROM THE PLANNED DOSES" in small.text
    own = verdict(table_of(records), doses=(1e6, 2e6, 4e6), reference=2e6)
    assert "dose / 2e6 cells" in own.text
    assert "FAR" not in own.text
    assert own.levels["blrm_mean"][1] > small.levels["blrm_mean"][1]


def test_a_longer_window() -> None:
    """With 42 days the same patients are still pending."""
    records, over = records_of("1NNN", gaps=(0,))
    assert verdict(table_of(records), window=42).decision.action == "suspend"
    assert verdict(table_of(records), window=28).decision.action == "escalate"
    assert (over - records[0].infusion).days == 28


def test_a_trial_that_starts_above_its_lowest_dose() -> None:
    said = verdict(table_of(records_of("2NTT")[0]), start=2)
    assert (said.decision.action, said.decision.dose) == ("de-escalate", 1)
