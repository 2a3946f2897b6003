"""What is said at reading of outcomes and assessments that do not fit together, or that a fit does not use."""

import pandas as pd

import cartmodel as cm

BASE = {"mrss": 28.0, "fvc": 70.0, "patient_global": 6.0, "physician_global": 6.0, "haq": 1.5}
BETTER = {"mrss": 18.0, "fvc": 74.0, "patient_global": 3.0, "physician_global": 2.0, "haq": 1.0}  # lp 8.065
CLEAR = {"renal_crisis": 0, "ild": 0, "lv_failure": 0, "pah": 0}
ASSESSMENTS = pd.DataFrame(
    [{"subject": s, "time": day, **items, **CLEAR} for s in "ab" for day, items in ((-1, BASE), (90, BETTER))]
)


def read(**outcomes: list[object]) -> cm.TrialData:
    subjects = pd.DataFrame({"subject": ["a", "b"], "dose": 1e8, **outcomes})
    levels = pd.DataFrame({"subject": ["a", "b"], "time": 7.0, "level": 900.0, "unit": "copies/ug"})
    return cm.read_trial({"subjects": subjects, "levels": levels, "assessments": ASSESSMENTS})


def notes(trial: cm.TrialData, start: str) -> list[str]:
    return [note for note in trial.notes if note.startswith(start)]


def test_assessments_that_a_fit_does_not_use_are_counted_and_the_remedy_is_named() -> None:
    (note,) = notes(read(), "A fit does not use 2 CRISS assessments after the infusion, of all 2 patients")
    assert all(word in note for word in ("criss_step1", "criss_lp", "remission", "`response_by_visit`", "endpoints"))
    (note,) = notes(read(remission=[1, None]), "A fit does not use 1 CRISS assessments after the infusion")
    assert "1 patient (b)" in note
    assert not notes(read(criss_step1=[0, 1], criss_lp=[8.065, None]), "A fit does not use")


def test_outcomes_that_agree_with_no_visit_are_named_at_reading_as_by_the_endpoints() -> None:
    for told, words in (
        ({"criss_step1": [0, 0], "criss_lp": [-3.0, 8.1]}, "a: criss_lp -3, assessed 8.065 (day 90)"),
        ({"criss_step1": [1, 0]}, "a: criss_step1 1, assessed 0 (day 90)"),
        ({"remission": [0, 1]}, "a: remission 0, assessed 1 (day 90)"),
    ):
        trial = read(**told)
        (note,) = notes(trial, "Recorded outcomes that agree with no visit's assessments (1 patients): ")
        assert words in note
        assert note in cm.endpoints_of(trial).notes
    assert not notes(read(criss_step1=[0, 0], criss_lp=[8.065, 8.1]), "Recorded outcomes")
