"""The figures of an advice and of a trial under way: what is drawn is what the tables say."""

import numpy as np
import pytest
from conduct.dated import records_of, table_of
from decision.conftest import make_fit
from matplotlib.dates import date2num
from matplotlib.figure import Figure

import cartmodel as cm
from cartmodel.decision.advice import Advice, advise
from cartmodel.plots.advice_by_dose import advice_by_dose
from cartmodel.plots.advice_timeline import trial_timeline
from cartmodel.plots.save import save_figure


@pytest.fixture(scope="module")
def advice() -> Advice:
    return advise(make_fit(draws=30), [0.25e8, 1e8, 4e8], n=5)


def texts(figure: Figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_advice_by_dose_shows_its_table(advice: Advice, tmp_path) -> None:
    figure = advice_by_dose(advice, "DRAFT")
    said = texts(figure)
    for part in ("SIMULATED, NOT CONVERGED, DRAFT", "P(DLT rate > 33%)", "P(remission > 50%)", "x 1.2", "extrapolated"):
        assert part in said
    panels = figure.axes
    assert len(panels) == 6
    points = panels[3].lines[0].get_xydata()
    np.testing.assert_allclose(points[:, 1], advice.table["p_over"])
    np.testing.assert_allclose(points[:, 0], np.log(advice.table["dose"]))
    (errors,) = [c for c in panels[3].collections if c.get_gid() == "monte carlo"]
    ends = np.array([path.vertices[:, 1] for path in errors.get_paths()])
    told = advice.table["p_over_mcse"].notna().to_numpy()
    assert told.any()
    np.testing.assert_allclose(np.ptp(ends, axis=1)[told], 4 * advice.table.loc[told, "p_over_mcse"])
    shaded = [p for p in panels[0].patches if p.get_gid() == "extrapolated"]
    assert len(shaded) == 1
    assert all(path.stat().st_size > 1000 for path in save_figure(figure, tmp_path, "advice"))


def test_what_the_model_lacks_is_said() -> None:
    spec = cm.load_model("cd7-ssc").replace(name="bare", response=None, toxicity=None)
    figure = advice_by_dose(advise(make_fit(spec, draws=10), n=2))
    assert texts(figure).count("not in the model") >= 2


def test_the_timeline_has_a_row_a_patient_and_marks_what_happened() -> None:
    said = cm.verdict(cm.example_conduct(), policy={"stagger": 7})
    figure = trial_timeline(said)
    axes = figure.axes[0]
    windows = [p for p in axes.patches if p.get_gid() == "window"]
    assert len(windows) == len(said.records.records) == 18
    assert all(w.get_width() == pytest.approx(28) for w in windows)
    dlts = [line for line in axes.lines if line.get_gid() == "dlt"]
    assert [d.get_xdata()[0] for d in dlts] == [date2num(r.dlt) for r in said.records.records if r.dlt]
    (earliest,) = [line for line in axes.lines if line.get_gid() == "earliest"]
    assert earliest.get_xdata()[0] == date2num(said.earliest)
    assert "SIMULATED" in texts(figure)
    assert "S04 (expansion)" in [label.get_text() for label in axes.get_yticklabels()]


def test_names_from_data_are_no_markup() -> None:
    table = table_of(records_of("1NNN")[0]).assign(subject=["$a_b$", "x^2", "\\frac"], study="cost $5 $6")
    figure = trial_timeline(cm.verdict(table), stamp="DRAFT")
    figure.draw_without_rendering()
    assert "$a_b$" in texts(figure)
