"""The words of figures follow the model."""

import re

import pytest

import cartmodel as cm
from cartmodel.reporting.captions import FIGURES, PARTS, parts_of


def test_every_part_that_words_depend_on_is_known() -> None:
    told = " ".join(shown.caption + shown.alt for shown in FIGURES.values())
    assert set(re.findall(r"\[(\w+):", told)) == PARTS
    assert told.count("[") == told.count("]") == len(re.findall(r"\[\w+:", told))


NOT_DRAWN = {"dlt_by_dose"}  # without toxicity


@pytest.mark.parametrize("name", FIGURES)
def test_a_model_without_dose_has_no_dose_in_its_captions(name: str) -> None:
    parts = parts_of(cm.load_model("kinetics-only"))
    assert parts == frozenset()
    for text in FIGURES[name].words(parts):
        assert "[" not in text
        assert name in NOT_DRAWN or not re.search(r"\bdose(?!-limiting)", text), text  # not drawn without toxicity


def test_the_words_of_a_whole_model_and_of_its_halves() -> None:
    spec = cm.load_model("cd7-ssc")
    shown = FIGURES["outcomes_by_dose"]
    start = "Probability of remission and of dose-limiting toxicity by dose, beside what was observed."
    assert shown.words(parts_of(spec))[0] == start
    assert "toxicity" not in " ".join(shown.words(parts_of(spec.replace(name="a", toxicity=None))))
    assert "remission" not in " ".join(shown.words(parts_of(spec.replace(name="b", response=None))))
    assert FIGURES["predictive_check"].words(PARTS)[0].startswith("Visual predictive check by dose group: levels")
