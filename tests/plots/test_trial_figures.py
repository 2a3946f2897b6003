"""Figures of a trial's tables: means and BLQ shares, visits, persistence, NCA against model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from plots.conftest import PATIENTS, table, trial_of
from plots.test_figures import drawn, marked, stamp, texts

import cartmodel as cm
from cartmodel import plots
from cartmodel.noncompartmental import compare_nca, persistence_by_dose
from cartmodel.trial import TrialData

WEEKS = [2, 7, 14, 28, 60, 180]
FIGURES = {
    "mean_levels_by_dose": lambda trial: plots.mean_levels_by_dose(trial, WEEKS, "DRAFT"),
    "visits_by_patient": lambda trial: plots.visits_by_patient(trial, WEEKS, "DRAFT"),
    "persistence_curves": lambda trial: plots.persistence_curves(trial, "DRAFT"),
}


def lines(figure: Figure, gid: str) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=float) for line in marked(figure, gid)]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_what_its_data_are_and_is_the_same_each_time(name: str, trial: TrialData, tmp_path: Path) -> None:
    figure = FIGURES[name](trial)
    assert stamp(figure) == "SIMULATED, DRAFT"
    assert any("SIMULATED $tudy_1" in text for text in texts(figure))
    first = plots.save_figure(figure, tmp_path, "a")
    again = plots.save_figure(FIGURES[name](trial), tmp_path, "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    real = trial_of(table(study="A real trial"), tmp_path)
    assert stamp(FIGURES[name](real)) == "DRAFT"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_can_be_drawn_of_any_trial(name: str, tmp_path: Path) -> None:
    many = tuple((f"S{i:03d}", 1e7 * (i % 9 + 1), "", "", "", (("7", "900"), ("28", ""))) for i in range(81))
    nobody = (("a", 1e8, "", "", 1, ()),)
    for patients in (PATIENTS[:1], PATIENTS[1:2], nobody, many):
        FIGURES[name](trial_of(table(patients), tmp_path))  # whose layout draws it
    FIGURES[name](trial_of(table(dosed=False), tmp_path))
    rows = "a,1e8,7,qpcr,900,copies/ug\na,1e8,7,flow,9,cells/uL\nb,1e8,8,flow,2,cells/uL\n"
    two = f"subject,dose,time,assay,level,unit\n{rows}"
    FIGURES[name](trial_of(two, tmp_path))


def test_means_and_shares_are_those_of_the_table(trial: TrialData) -> None:
    figure = plots.mean_levels_by_dose(trial, WEEKS)
    found = cm.describe_trial(trial, WEEKS).visits.sort_values(["dose", "visit"])
    for gid, column in (("means", "geometric_mean"), ("shares", "blq_percent")):
        expected = [own[column].to_numpy() for _, own in found.groupby("dose")]
        for line, values in zip(lines(figure, gid), expected, strict=True):
            np.testing.assert_allclose(line, values, rtol=1e-12)
    assert any("BLQ counts for half its LLOQ" in text.replace("\n", " ") for text in texts(figure))
    assert {"Level, assay qpcr (copies/ug)", "BLQ (% of samples)", "LLOQ"} <= set(texts(figure))


def test_doses_that_are_merged_into_ranges_have_one_line_a_range(tmp_path: Path) -> None:
    many = tuple((f"S{i}", 1e7 * (i + 1), "", "", "", (("7", str(100 + i)),)) for i in range(9))
    trial = trial_of(table(many), tmp_path)
    means = lines(plots.mean_levels_by_dose(trial, [7]), "means")
    assert len(means) == 4
    assert means[0][0] == pytest.approx(np.exp(np.log([100, 101, 102]).mean()))


def test_every_planned_sample_has_a_tile_of_its_status(trial: TrialData) -> None:
    figure = plots.visits_by_patient(trial, WEEKS)
    (tiles,) = marked(figure, "tiles")
    assert tiles.get_array().shape == (len(trial.subjects), len(WEEKS))
    statuses = cm.describe_trial(trial, WEEKS).visits
    quantified, blq, missed, unseen = np.bincount(tiles.get_array().ravel(), minlength=4)
    assert quantified + blq == statuses["samples"].sum()
    assert blq == statuses["blq"].sum()
    assert missed == statuses["missed"].sum()
    assert unseen == statuses["not_reached"].sum()
    assert sum(text == "<" for text in texts(figure)) == blq


def test_without_a_schedule_there_is_no_grid_of_visits(trial: TrialData) -> None:
    with pytest.raises(ValueError, match="no schedule; accepted: the planned days"):
        plots.visits_by_patient(trial)


def test_the_curves_of_persistence_are_those_of_the_table() -> None:
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    figure = plots.persistence_curves(trial)
    expected = [own["share"].to_numpy() for _, own in persistence_by_dose(trial).groupby("dose")]
    for line, share in zip(lines(figure, "curve"), expected, strict=True):
        np.testing.assert_allclose(line, 100 * share)
    assert len(marked(figure, "limits")) == sum(int(((share[:-1] > 0) & (share[:-1] < 1)).sum()) for share in expected)
    assert "2.5e7 cells, n = 6, median 190 d" in texts(figure)
    assert sum(len(line) for line in lines(figure, "censored")) == 1


def test_who_has_no_peak_is_counted_and_left_out(trial: TrialData) -> None:
    silent = trial.observations.assign(level=np.nan, blq=True)
    notes = " ".join(texts(plots.persistence_curves(replace(trial, observations=silent)))).replace("\n", " ")
    assert "5 without a quantified sample left out" in notes
    assert "no patient" in notes


def test_nca_stands_against_the_model_patient_by_patient(fit: xr.DataTree, trial: TrialData) -> None:
    made = compare_nca(fit, trial)
    figure = plots.nca_against_model(fit, trial, stamp="NOT CONVERGED")
    assert stamp(figure) == "SIMULATED, NOT CONVERGED"
    shown = pd.Series([len(values) for values in lines(figure, "patients")])
    left = pd.Series([len(values) for values in lines(figure, "undefined")])
    assert shown.tolist() == made.groupby("exposure", sort=False)["nca"].count().tolist()
    assert (shown + left == len(trial.subjects)).all()
    own = made[(made["exposure"] == "cmax") & made["nca"].notna()]
    (points,) = marked(figure, "patients")[:1]
    np.testing.assert_allclose(points.get_xdata(), own["nca"])
    np.testing.assert_allclose(points.get_ydata(), own["model"])
    ratio = np.exp(np.log(own["nca"] / own["model"]).mean())
    assert f"Cmax: n = {len(own)} ({len(trial.subjects) - len(own)} undefined), ratio {ratio:.2f}" in texts(figure)
    drawn(figure)
