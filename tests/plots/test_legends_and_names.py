"""Many limits, names that must stay apart, characters without a glyph, and numbers on pair plots."""

import warnings

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from plots.conftest import fake_fit, table, trial_of
from plots.legible import faults

import cartmodel as cm
from cartmodel import plots
from cartmodel.plots.fonts import families, spelled
from cartmodel.plots.pairs import two_ticks
from cartmodel.plots.samples import draw_samples, lloq_handle, lloq_lines
from cartmodel.plots.style import THIRD_OF_A_PAGE, footer, new_figure, style
from cartmodel.plots.words import short_names

PATIENT = "\N{CJK UNIFIED IDEOGRAPH-60A3}\N{CJK UNIFIED IDEOGRAPH-8005}"


@pytest.fixture
def no_further_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the fonts that come with matplotlib alone, as on a bare machine."""
    from cartmodel.plots import fonts

    fonts._drawable.cache_clear()
    monkeypatch.setattr(fonts, "families", lambda: ("DejaVu Sans",))
    yield
    fonts._drawable.cache_clear()


@pytest.mark.parametrize(("limits", "lines"), [([50.0], 1), ([20.0, 50.0, 50.0, np.nan], 2), ([1, 2, 3, 4, 5], 2)])
def test_every_limit_is_seen(limits: list[float], lines: int) -> None:
    axes = Figure().subplots()
    lloq_lines(axes, np.array(limits))
    drawn = [line for line in axes.lines if line.get_gid() == "lloq"]
    assert [line.get_ydata()[0] for line in drawn] == [np.nanmin(limits), np.nanmax(limits)][-lines:]
    bands = [patch for patch in axes.patches if patch.get_gid() == "lloq band"]
    assert len(bands) == (len(limits) == 5)
    handle = lloq_handle(np.array(limits))
    assert isinstance(handle, Patch) == (len(limits) == 5)
    assert handle.get_label() == ("LLOQ, lowest to highest of 5" if bands else "LLOQ")


def test_samples_below_their_limit_are_open_triangles() -> None:
    axes = Figure().subplots()
    draw_samples(axes, [1, 2, 3], [10, 20, 30], [False, True, False], "blue")
    above, below = axes.lines
    assert above.get_xdata().tolist() == [1, 3]
    assert below.get_xdata().tolist() == [2]
    assert (below.get_marker(), below.get_markerfacecolor()) == ("v", "white")


def test_names_that_differ_only_at_their_end_stay_apart() -> None:
    names = [f"NCT06871644-CHN-0001-{i:04d}" for i in range(1, 13)]
    for width in (4, 6, 13, 40):
        found = short_names(names, width)
        assert len(set(found)) == len(names)
        assert all(len(name) <= width or width == 4 for name in found)
    assert short_names(names, 10)[3] == "…0001-0004"
    assert short_names(["a" * 9 + "x" + "b" * 9, "a" * 9 + "y" + "b" * 9], 6) == ["#1", "#2"]
    assert short_names(["one\nline", "S02"], 14) == ["one line", "S02"]


def test_a_character_without_a_glyph_is_spelled(no_further_fonts: None) -> None:
    assert spelled(f"{PATIENT}-01 \N{GREEK SMALL LETTER ALPHA} \N{MULTIPLICATION SIGN}") == "‹60A3›‹8005›-01 α ×"
    assert short_names([f"{PATIENT}-01", f"{PATIENT}-02"], 11) == ["…‹8005›-01", "…‹8005›-02"]
    assert short_names([f"{PATIENT}-01", f"{PATIENT}-02"], 9) == ["…-01", "…-02"]
    with style(THIRD_OF_A_PAGE), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = new_figure(THIRD_OF_A_PAGE, 2.0, f"Title {PATIENT}", [f"trial {PATIENT}"], PATIENT)
        axes = figure.subplots()
        axes.set_title(PATIENT)
        axes.set_ylabel(f"copies/{PATIENT}")
        footer(figure, [Patch(label=PATIENT)], 1, PATIENT, PATIENT)
        figure.savefig("/dev/null", format="png")
    told = [text.get_text() for text in figure.findobj(Text)]
    assert not any(PATIENT[0] in text for text in told)
    assert any("by its code point" in text.replace("\n", " ") for text in told)
    assert faults(figure) == []


def test_a_figure_that_spells_nothing_explains_nothing() -> None:
    with style():
        figure = new_figure(5.0, 2.0, "Title", ["a note"], "")
        figure.subplots()
        footer(figure, [], 1)
    assert "code point" not in "".join(text.get_text() for text in figure.findobj(Text))
    assert families()[0] == "DejaVu Sans"


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [(-1.1, 1.3, "linear"), (0.003, 0.0041, "linear"), (2e5, 9e6, "linear"), (1e-4, 30.0, "log"), (2.0, 70.0, "log")],
)
def test_two_round_numbers_on_an_axis(low: float, high: float, scale: str) -> None:
    axes = Figure().subplots()
    axes.set_xscale(scale)
    axes.set_xlim(low, high)
    two_ticks(axes.xaxis)
    ticks = axes.get_xticks()
    assert len(ticks) == 2
    assert ((ticks > low) & (ticks < high)).all()
    told = [float(label.get_text()) for label in axes.get_xticklabels()]
    np.testing.assert_allclose(told, ticks, rtol=1e-9)


def test_pairs_bear_numbers_and_ranks_their_p_in_the_title(tmp_path) -> None:
    spec = cm.load_model("cd7-ssc")
    fit = fake_fit(trial_of(table(), tmp_path), spec, draws=120)
    coords = {"chain": [0, 1], "draw": np.arange(120)}
    fit["posterior"] = fit["posterior"].to_dataset().assign_coords(**coords)
    fit["sample_stats"] = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 120), dtype=bool))}, coords)
    for figure in (plots.worst_pairs(fit), plots.random_effect_pairs(fit)):
        corner = figure.axes[-1]
        assert len([label for label in corner.get_xticklabels() if label.get_text()]) >= 1
    with warnings.catch_warnings():  # ArviZ's import
        warnings.simplefilter("ignore")
        figure = plots.traces_and_ranks(fit)
    ranks = [axes for axes in figure.axes if "ranks" in axes.get_title()]
    assert len(ranks) == 4
    assert all("p = 0." in axes.get_title() or "p = 1." in axes.get_title() for axes in ranks)
    assert all(not axes.texts for axes in ranks)
