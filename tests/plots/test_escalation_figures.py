"""Figures of designs: what is drawn is what the tables say."""

import pytest
from matplotlib.patches import Rectangle

import cartmodel as cm
from cartmodel.plots.escalation_characteristics import escalation_characteristics
from cartmodel.plots.escalation_pathways import escalation_pathways
from cartmodel.plots.escalation_table import escalation_table

SCENARIOS = {"moderate": (0.10, 0.25, 0.40), "toxic": (0.30, 0.45, 0.60)}


def test_bars_are_the_probabilities() -> None:
    table = cm.compare_designs({"3+3": cm.nct06871644(below_lowest="refer"), "BOIN": cm.boin()}, SCENARIOS)
    figure = escalation_characteristics(table)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(SCENARIOS)
    for axes, scenario in zip(figure.axes, SCENARIOS, strict=True):
        widths = [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]
        ends = ["mtd_none", "mtd_1", "mtd_2", "mtd_3", "referred"]
        wanted = [table.loc[(scenario, name), end] for end in ends for name in ("3+3", "BOIN")]
        assert widths == pytest.approx(wanted)
        texts = [text.get_text() for text in axes.texts]
        assert f"{table.loc[(scenario, 'BOIN'), 'patients']:.1f} patients" in " ".join(texts)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[0] == "no dose is safe"
    assert labels[-1] == "no rule: people decide"


def test_every_letter_of_a_table_is_drawn() -> None:
    table = cm.decision_table(cm.boin(0.30, max_patients=30), [3, 6, 9])
    figure = escalation_table(table, "BOIN")
    drawn = sorted(text.get_text() for text in figure.axes[0].texts)
    assert drawn == sorted(letter for letter in table.to_numpy().ravel() if letter)


def test_a_tree_has_an_end_for_each_path() -> None:
    """Path counts of section 1.3 of the domain file: 103."""
    figure = escalation_pathways(cm.nct06871644(), cm.State.empty(3), None, name="protocol", truth=(0.1, 0.25, 0.4))
    markers = [line.get_marker() for line in figure.axes[0].lines]
    assert markers.count("s") + markers.count("X") == 103
    none = cm.pathways(cm.nct06871644(), cm.State.empty(3), None)["dose"].isna().sum()
    assert markers.count("X") == none
    notes = " ".join(text.get_text() for text in figure.texts)
    assert "103 ways" in notes
    assert "0.25" in notes


def test_trees_too_large_or_without_a_truth_for_each_dose_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 600 ends"):
        escalation_pathways(cm.boin(), cm.State.empty(3), None)
    with pytest.raises(ValueError, match="accepted: 3 probabilities"):
        escalation_pathways(cm.boin(), cm.State.empty(3), 1, truth=(0.1,))
