"""The figures of virtual trials say what the tables say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer
from matplotlib.text import Text

from cartmodel.plots.save import save_figure
from cartmodel.plots.virtual_comparison import virtual_comparison
from cartmodel.plots.virtual_duration import virtual_duration
from cartmodel.virtual import TruthComparison, compare_on_truths, load_virtual_scenario


@pytest.fixture(scope="module")
def found() -> TruthComparison:
    truths = {name: load_virtual_scenario(name) for name in ("flat", "threshold")}
    designs = {"3+3": "nct06871644", "a name $x_1$": "boin: max_patients = 9"}
    return compare_on_truths(designs, truths, trials=120, progressbar=False)


def texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_bars_are_the_shares_and_add_up_to_one(found: TruthComparison) -> None:
    figure = virtual_comparison(found)
    shares = found.table[found.table["quantity"] == "selected"]
    for place, truth in enumerate(("flat", "threshold")):
        axes = figure.axes[2 * place]
        bars = [c.patches[0] for c in axes.containers if isinstance(c, BarContainer) and c.patches[0].get_fill()]
        rows = shares[shares["truth"] == truth]
        for at, (_, one) in enumerate(rows.groupby("design", sort=False)):
            widths = [bar.get_width() for bar in bars if abs(bar.get_y() + 0.36 - at) < 1e-9]
            np.testing.assert_allclose(widths, one.sort_values("level")["value"])
            assert sum(widths) == pytest.approx(1.0)
        framed = [patch for patch in axes.patches if patch.get_gid() == "correct"]
        level = found.truths.loc[(found.truths["truth"] == truth) & found.truths["correct"], "level"].item()
        wanted = rows[rows["level"] == level]["value"].to_numpy()
        np.testing.assert_allclose([patch.get_width() for patch in framed], wanted)


def test_regret_is_drawn_with_its_error(found: TruthComparison) -> None:
    axes = virtual_comparison(found).axes[3]
    rows = found.table[(found.table["truth"] == "threshold") & (found.table["quantity"] == "regret")]
    bars = [c for c in axes.containers if isinstance(c, BarContainer)]
    np.testing.assert_allclose([bar.get_width() for bar in bars[0].patches], rows["value"])
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlim()[1] >= (rows["value"] + 1.96 * rows["mc_error"]).max()


@pytest.mark.parametrize("make", [virtual_comparison, virtual_duration])
def test_a_figure_says_simulated_and_what_its_whiskers_are(found: TruthComparison, make, tmp_path) -> None:
    figure = make(found)
    said = texts(figure)
    assert "SIMULATED" in said
    assert "120 virtual trials" in said
    assert "Monte Carlo error" in said
    assert all(name in said for name in ("3+3", "a name $x_1$", "flat", "threshold"))
    first = save_figure(figure, tmp_path, "it")[0].read_bytes()
    assert save_figure(make(found), tmp_path, "again")[0].read_bytes() == first


def test_durations_are_the_means(found: TruthComparison) -> None:
    axes = virtual_duration(found).axes[0]
    rows = found.table[found.table["quantity"] == "duration_days"]
    lines = [line for line in axes.lines if line.get_marker() in "os"]
    drawn = np.sort(np.concatenate([np.asarray(line.get_xdata(), dtype=float) for line in lines]))
    np.testing.assert_allclose(drawn, np.sort(rows["value"]))


def test_a_model_without_a_response_says_so(found: TruthComparison) -> None:
    table = found.table.assign(value=found.table["value"].where(~found.table["quantity"].str.contains("regret")))
    truths = found.truths.assign(remission=np.nan)
    bare = TruthComparison(truths, pd.DataFrame(table), found.differences, found.words, found.limit, found.trials)
    assert "the model has no response" in texts(virtual_comparison(bare))
