"""What the figures show and say, without MCMC."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text
from plots.conftest import BLQ, PATIENTS, fake_fit, table, trial_of, two_assays

from cartmodel import plots
from cartmodel.plots.curves import individual_curves
from cartmodel.plots.style import dose_groups, style
from cartmodel.prediction.predictions import predict
from cartmodel.spec import load_model
from cartmodel.trial import TrialData, example_path, read_trial

BINARY = """\
subject,dose,time,assay,level,unit,blq,lloq,remission,dlt
a,1e8,7,qpcr,900,copies/ug,0,50,1,0
b,1e8,7,qpcr,9000,copies/ug,0,50,0,0
c,2e8,7,qpcr,,copies/ug,1,50,,0
"""
OF_A_FIT = (
    "exposure_by_dose",
    "individual_fits",
    "outcomes_by_dose",
    "prior_posterior",
    "response_by_exposure",
)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def marked(figure: Figure, gid: str) -> list:
    return [artist for axes in figure.axes for artist in axes.get_children() if artist.get_gid() == gid]


def points(figure: Figure, gid: str) -> int:
    return sum(len(line.get_xdata()) for line in marked(figure, gid))


def stamp(figure: Figure) -> str:
    return "".join(text.get_text() for text in figure.texts if text.get_gid() == "stamp")


def drawn(figure: Figure) -> Figure:
    with style():
        figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("name", OF_A_FIT)
def test_a_figure_of_simulated_data_says_so(name: str, fit: xr.DataTree, tmp_path: Path) -> None:
    figure = getattr(plots, name)(fit, stamp="NOT CONVERGED")
    assert stamp(figure) == "SIMULATED, NOT CONVERGED"
    png, svg = plots.save_figure(figure, tmp_path / "new" / "folder", name)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "SIMULATED, NOT CONVERGED" in svg.read_text(encoding="utf-8")


def test_the_stamp_of_a_trial(trial: TrialData, tmp_path: Path) -> None:
    assert stamp(plots.levels_by_dose(trial)) == "SIMULATED"
    real = trial_of(table(study="A real trial"), tmp_path)
    assert stamp(plots.levels_by_dose(real)) == ""
    assert stamp(plots.levels_by_dose(real, stamp="DRAFT")) == "DRAFT"


def test_the_same_input_gives_the_same_bytes(trial: TrialData, tmp_path: Path) -> None:
    figure = plots.levels_by_dose(trial)
    first = [path.read_bytes() for path in plots.save_figure(figure, tmp_path, "a")]
    again = [path.read_bytes() for path in plots.save_figure(figure, tmp_path, "b")]
    fresh = [path.read_bytes() for path in plots.save_figure(plots.levels_by_dose(trial), tmp_path, "c")]
    assert first == again == fresh


def test_figures_leave_matplotlib_as_it_was_and_import_neither_pyplot_nor_pymc(trial: TrialData) -> None:
    before = dict(matplotlib.rcParams)
    drawn(plots.levels_by_dose(trial))
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys, cartmodel.plots; print([m for m in ('matplotlib.pyplot', 'pymc', 'pytensor') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_levels_by_dose_has_a_panel_a_dose_and_a_triangle_a_blq_sample(trial: TrialData) -> None:
    figure = plots.levels_by_dose(trial)
    assert [axes.get_title() for axes in figure.axes] == [
        "2.5e7 cells, n = 2",
        "1e8 cells, n = 2",
        "2e8 cells, n = 1",
    ]
    assert points(figure, "blq") == BLQ == trial.observations["blq"].sum()
    assert points(figure, "quantified") == (~trial.observations["blq"]).sum()
    for triangles in marked(figure, "blq"):
        assert set(triangles.get_ydata()) <= {50.0}
        assert triangles.get_marker() == "v"
        assert triangles.get_markerfacecolor() == "white"
    assert [line.get_ydata()[0] for line in marked(figure, "lloq")] == [50.0] * 3
    assert figure.axes[0].get_ylabel() == "Level, assay qpcr (copies/ug)"
    assert figure.axes[0].get_yscale() == "log"
    assert "Days since infusion (square-root spacing)" in texts(figure)


def test_levels_of_a_real_trial_without_dose() -> None:
    trial = read_trial(example_path("liu2022_cart_ball"))
    figure = drawn(plots.levels_by_dose(trial))
    assert [axes.get_title() for axes in figure.axes] == ["dose not recorded, n = 28"]
    assert points(figure, "blq") == trial.observations["blq"].sum()
    assert stamp(figure) == ""


def test_levels_of_a_trial_without_samples(tmp_path: Path) -> None:
    empty = [(name, dose, step1, lp, dlt, ()) for name, dose, step1, lp, dlt, _ in PATIENTS]
    trial = trial_of(table(tuple(empty)), tmp_path)
    assert "no samples" in texts(drawn(plots.levels_by_dose(trial)))
    figure = plots.individual_fits(fake_fit(trial, load_model("cd7-ssc")))
    assert texts(drawn(figure)).count("no samples") == len(PATIENTS)


def test_many_doses_are_merged_in_order() -> None:
    groups = dose_groups(np.array([*np.linspace(1e6, 1.2e7, 12), np.nan]))
    assert [label for label, _, _ in groups] == [
        "1e6 to 3e6 cells", "4e6 to 6e6 cells", "7e6 to 9e6 cells", "1e7 to 1.2e7 cells", "dose not recorded",
    ]  # fmt: skip
    assert sum(int(mask.sum()) for _, mask, _ in groups) == 13


def test_individual_fits_show_every_patient(fit: xr.DataTree) -> None:
    figure = drawn(plots.individual_fits(fit))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:3] == ["$x$, 2.5e7 cells", "a_b^2, 2.5e7 cells", "no $amples, 1e8 cells"]
    assert titles[3].endswith("…, 1e8 cells")
    assert len(titles) == len(PATIENTS)
    assert points(figure, "blq") == BLQ
    assert texts(figure).count("no samples") == 1
    assert "Level, assay qpcr (copies/ug)" in texts(figure)
    ends = [line.get_xdata()[-1] for line in marked(figure, "median")]
    np.testing.assert_allclose(ends, [180, 28, 90, 28, 90], rtol=0.05)


def test_text_of_the_data_is_never_mathematics(fit: xr.DataTree) -> None:
    for name in OF_A_FIT:
        for text in getattr(plots, name)(fit).findobj(Text):
            if "$" in text.get_text() and "mathdefault" not in text.get_text():
                assert not text.get_parse_math(), text


def test_curves_agree_with_predictions_at_the_own_dose(fit: xr.DataTree) -> None:
    days = np.array([0.0, 7.0, 28.0])
    curves = individual_curves(fit, days, "qpcr")
    assert bool((curves["lower"] <= curves["median"]).all())
    assert bool((curves["median"] <= curves["upper"]).all())
    dose = xr.DataArray(fit["constant_data"]["dose"].values, dims="subject")
    told = predict(fit, patients="trial", times=days)["level"].sel(dose=dose, subject=fit["constant_data"]["subject"])
    np.testing.assert_allclose(
        curves["median"].values, told.median(("chain", "draw")).transpose("subject", "time").values, rtol=1e-10
    )
    typical = predict(fit, patients="typical", times=days)["level"].sel(dose=dose)
    np.testing.assert_allclose(
        curves["typical"].values, typical.median(("chain", "draw")).transpose("subject", "time").values, rtol=1e-10
    )
    for name, share in (("typical_lower", 0.025), ("typical_upper", 0.975)):
        end = np.quantile(
            typical.transpose("subject", "time", "chain", "draw").values.reshape(len(dose), 3, -1), share, axis=-1
        )
        np.testing.assert_allclose(curves[name].values, end, rtol=1e-10)


def test_an_assay_is_shown_on_its_own_scale(tmp_path: Path) -> None:
    trial, fit = two_assays(tmp_path)
    figure = drawn(plots.individual_fits(fit, assay="flow"))
    assert "assay flow (one of 2)" in "".join(texts(figure))
    assert "Level, assay flow (cells/uL)" in texts(figure)
    assert points(figure, "quantified") == 1
    curves = [individual_curves(fit, np.array([10.0]), assay)["median"].values for assay in ("flow", "qpcr")]
    np.testing.assert_allclose(curves[0] / curves[1], 0.01, rtol=0.2)
    assert "assay qpcr (one of 2)" in "".join(texts(plots.individual_fits(fit)))
    for draw in (plots.predictive_check, plots.goodness_of_fit, plots.prediction_errors):
        assert "assay qpcr (one of 2)" in "".join(texts(draw(fit))), draw.__name__
        other = draw(fit, assay="flow")
        assert "assay flow (one of 2)" in "".join(texts(other)), draw.__name__
        assert "cells/uL" in "".join(texts(other))
    with pytest.raises(ValueError, match="accepted: qpcr, flow"):
        plots.individual_fits(fit, assay="elisa")
    assert len(drawn(plots.levels_by_dose(trial)).axes) == 6


def test_exposure_by_dose(fit: xr.DataTree) -> None:
    figure = drawn(plots.exposure_by_dose(fit))
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "Cmax (copies/ug)", "AUC 0-28 d (copies/ug × day)", "AUC 0-90 d (copies/ug × day)",
    ]  # fmt: skip
    first = figure.axes[0]
    assert first.get_xlabel() == "Dose (cells, log scale)"
    assert [label.get_text() for label in first.get_xticklabels()] == ["2.5e7\nn = 2", "1e8\nn = 2", "2e8\nn = 1"]
    assert points(figure, "patients") == 3 * len(PATIENTS)
    assert len(marked(figure, "new")) == 9
    assert "95% intervals" in " ".join(texts(figure))


def test_exposure_at_doses_that_the_trial_does_not_have(fit: xr.DataTree) -> None:
    new = predict(fit, dose=[5e7, 1e8], n=5)
    figure = drawn(plots.exposure_by_dose(fit, new=new))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()][1] == "5e7\nn = 0"
    assert len(marked(figure, "new")) == 6
    figure = drawn(plots.outcomes_by_dose(fit, new=new))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["5e7\n0/0", "1e8\n0/1"]


def test_a_model_without_dose_or_outcomes(undosed: xr.DataTree) -> None:
    figure = drawn(plots.exposure_by_dose(undosed))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["all patients\nn = 5"]
    assert stamp(figure) == ""
    assert plots.outcomes_by_dose(undosed) is None
    assert plots.response_by_exposure(undosed) is None
    assert drawn(plots.individual_fits(undosed)).axes[0].get_title() == "$x$"
    assert "cov_cmax_dose" not in "".join(texts(drawn(plots.prior_posterior(undosed))))


@pytest.mark.parametrize("name", OF_A_FIT)
def test_two_patients_at_one_dose(name: str, two_patients: xr.DataTree) -> None:
    assert drawn(getattr(plots, name)(two_patients)).axes


def test_outcomes_by_dose(fit: xr.DataTree) -> None:
    figure = drawn(plots.outcomes_by_dose(fit))
    remission, dlt = figure.axes
    assert remission.get_ylabel() == "Probability of remission"
    assert [label.get_text() for label in remission.get_xticklabels()] == ["2.5e7\n1/2", "1e8\n0/1", "2e8\n1/1"]
    assert [label.get_text() for label in dlt.get_xticklabels()] == ["2.5e7\n0/2", "1e8\n1/2", "2e8\n0/0"]
    assert remission.get_title() == "Remission: 2 of 4 patients"
    assert points(figure, "observed") == 5  # none where nothing is known yet


def test_response_by_exposure_of_criss(fit: xr.DataTree) -> None:
    figure = drawn(plots.response_by_exposure(fit))
    left, boxes, right = figure.axes
    assert boxes.get_xlabel() == "AUC 0-28 d (copies/ug × day, log scale)"
    assert [label.get_text() for label in boxes.get_yticklabels()] == ["2.5e7, n = 2", "1e8, n = 2", "2e8, n = 1"]
    assert points(figure, "exposure") == len(PATIENTS)
    assert left.get_title() == "Remission in 2 of 4 patients (1 pending)"
    assert right.get_title() == "Linear predictor, n = 3; step-1 events: 1"
    assert points(figure, "outcome 1") == points(figure, "outcome 0") == 2
    (median,) = (line for line in left.get_lines() if line.get_gid() == "median")
    assert ((median.get_ydata() > 0) & (median.get_ydata() < 1)).all()


def test_response_by_exposure_of_a_binary_response(tmp_path: Path) -> None:
    trial = trial_of(BINARY, tmp_path)
    figure = drawn(plots.response_by_exposure(fake_fit(trial, load_model("cd7-ssc-binary"))))
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title() == "Remission in 1 of 2 patients (1 pending)"


def test_prior_posterior_has_every_parameter_with_the_verdict(fit: xr.DataTree) -> None:
    figure = drawn(plots.prior_posterior(fit))
    named = {axes.get_title().split("\n")[0]: axes for axes in figure.axes}
    assert set(named) == {name for name, _ in load_model("cd7-ssc").priors()}
    assert named["cmax_pop"].get_title() == "cmax_pop\nprior-dominated"
    assert named["cmax_pop"].get_xlabel() == "copies/ug"
    assert named["tmax_pop"].get_xlabel() == "day"
    assert named["alpha_pop"].get_xlabel() == "1/day"
    assert named["omega_fb"].get_xlabel() == "SD of the logit"
    for axes in figure.axes:
        (density,) = (line for line in axes.get_lines() if line.get_gid() == "posterior")
        at, height = density.get_data()
        assert np.trapezoid(height, at) == pytest.approx(1.0, abs=0.06)
        assert len(axes.get_xticks()) >= 2


def test_prior_posterior_of_correlated_effects(tmp_path: Path) -> None:
    spec = load_model("cd7-ssc").replace(name="correlated", correlation={"eta": 2.0, "reason": "a test"})
    figure = drawn(plots.prior_posterior(fake_fit(trial_of(table(), tmp_path), spec)))
    assert sum(axes.get_title().startswith("corr_") for axes in figure.axes) == 15
