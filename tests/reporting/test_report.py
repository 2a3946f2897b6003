"""What a report holds, where its numbers come from, and what it refuses."""

import json
import math
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from plots.conftest import two_assays
from reporting.hostile import SCRIPT, STUDY

import cartmodel as cm
from cartmodel import plots
from cartmodel.kinetics import vocabulary as np_vocabulary
from cartmodel.reporting.blocks import Code, Formula
from cartmodel.reporting.carried import carried_trial
from cartmodel.reporting.explorer import dose_grid
from cartmodel.reporting.formulas import model_formulas, structure_blocks, structure_math
from cartmodel.reporting.mathml import mathml
from cartmodel.reporting.page import safe_json
from cartmodel.reporting.pictures import Material, pictures
from cartmodel.reporting.repeating import model_toml
from cartmodel.reporting.sensitivity import NONE_MADE

MODELS = tuple(cm.list_models())


# --- Question and context ---------------------------------------------------------------------------------------------


def test_all_problems_of_a_context_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "context.toml"
    path.write_text(
        'question_of_intrest = "x"\ncontext_of_use = 3\ntitle = ""\n'
        '[model_influence]\nrating = "lowish"\n[model_risk]\nreason = "why"\n',
        encoding="utf-8",
    )
    with pytest.raises(cm.ContextFileError) as caught:
        cm.read_context(path)
    places = {problem.where: problem for problem in caught.value.problems}
    assert set(places) == {
        "question_of_intrest", "context_of_use", "title", "model_influence.rating", "model_risk.rating",
    }  # fmt: skip
    assert "did you mean 'question_of_interest'" in places["question_of_intrest"].accepted
    assert "'low', 'medium' or 'high'" in places["model_influence.rating"].accepted


@pytest.mark.parametrize("content", [b"title = ", b"\xff\xfe", b'title = "a"\ntitle = "b"'])
def test_a_context_file_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "context.toml"
    path.write_bytes(content)
    with pytest.raises(cm.ContextFileError, match="valid TOML"):
        cm.read_context(path)


def test_what_is_absent_is_not_stated(tmp_path: Path) -> None:
    path = tmp_path / "context.toml"
    path.write_text(
        'date = 2026-11-24\nquestion_of_interest = "Which dose?"\n[model_risk]\nrating = "low"\n', encoding="utf-8"
    )
    context = cm.read_context(path)
    assert context.date == "2026-11-24"
    stated = context.stated
    assert stated["Question of interest"] == "Which dose?"
    assert stated["Model risk"] == "low. The reason is not stated."
    rest = set(stated) - {"Question of interest", "Model risk"}
    assert len(rest) == 7
    assert all(stated[name] == "not stated" for name in rest)


# --- Equations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_every_equation_of_every_model_is_rendered(name: str) -> None:
    spec = cm.load_model(name)
    formulas = [b for b in [*structure_blocks(spec), *model_formulas(spec)] if isinstance(b, Formula)]
    assert all(mathml(formula.latex) is not None for formula in formulas)
    text = " ".join(formula.latex for formula in formulas)
    for parameter in spec.curve.parameters:
        assert f"Parameter {parameter} of" in " ".join(formula.told for formula in formulas)
    assert ("DLT" in text) == (spec.toxicity is not None)
    assert (r"\mathrm{AUC}_{0-28,i}" in text) == ((0, 28) in spec.windows)
    used = {p for p, _ in spec.priors() if p.startswith("cov_")}
    assert len(re.findall(r"\\mathrm\{cov\}", text)) == len(used)


def test_the_equations_of_a_structure_are_those_of_its_text() -> None:
    found = " ".join(structure_math(cm.structures["stein"]))
    assert r"C_{max} [(1 - F_B) e^{-\alpha (t - T_{max})} + F_B e^{-\beta (t - T_{max})}]" in found
    assert structure_math(cm.structures["stein_smooth"])[0] == r"\rho = \ln(1 + C_{max}/C_0) / T_{max}"


def test_a_curve_can_be_computed_from_its_equations() -> None:
    """Width and starting level stand beside the curve: with them it is the curve that was fitted."""
    found = structure_math(cm.structures["stein_smooth"])
    (told,) = (part for part in found if part.startswith("w ="))
    w = float(told.split()[2])
    cmax, tmax, c0, alpha, fb, beta, t = 4e4, 11.0, 8.0, 0.17, 0.01, 0.012, np.array([0.0, 5.0, 11.0, 30.0, 200.0])
    d = w * np.logaddexp(0.0, (t - tmax) / w)
    rho = np.log(1 + cmax / c0) / tmax
    level = np.log(cmax) + rho * (t - tmax - d) + np.log((1 - fb) * np.exp(-alpha * d) + fb * np.exp(-beta * d))
    parameters = {"cmax": cmax, "tmax": tmax, "c0": c0, "alpha": alpha, "fb": fb, "beta": beta}
    np.testing.assert_allclose(
        cm.structures["stein_smooth"].log_level(np_vocabulary, t, **parameters), level, rtol=1e-12
    )
    assert found[-1] == "C(0) = C_0 C_{max} / (C_0 + C_{max})"
    np.testing.assert_allclose(np.exp(level[0]), c0 * cmax / (c0 + cmax), rtol=1e-12)


def registered(name: str, doc: str) -> None:
    def curve(xp, t, *, c, k):
        return xp.log(c) - k * t

    def integral(xp, start, end, *, c, k):
        return c * (xp.exp(-k * start) - xp.exp(-k * end)) / k

    def peak(xp, *, c, k):
        return 0.0 * c, xp.log(c)

    curve.__doc__ = doc
    cm.structure(name, integral=integral, peak=peak, c=cm.positive("level"), k=cm.positive("1/time"))(curve)


def spec_with(name: str) -> cm.ModelSpec:
    prior = {"dist": "LogNormal", "median": 1.0, "sigma": 1.0, "reason": "test", "source": "test"}
    both = {"c": prior, "k": prior}
    qpcr = {"unit": "copies/ug", "residual": "log_additive", "sigma": prior}
    return cm.load_model("kinetics-only").replace(
        name=name, structure=name, typical=both, random=both, covariates={}, dose=None, correlation=None,
        assays={"qpcr": qpcr}, response=None, toxicity=None,
    )  # fmt: skip


def test_a_users_structure_without_equations_shows_its_own_words() -> None:
    registered("plain_decline", f"Decline of a drug, one phase.\n\nWhere c is {SCRIPT} and k a rate.")
    blocks = list(structure_blocks(spec_with("plain_decline")))
    assert not [b for b in blocks if isinstance(b, Formula)]
    shown = next(b for b in blocks if isinstance(b, Code))
    assert "Decline of a drug, one phase." in shown.text
    table = blocks[-1]
    assert [row[0] for row in table.rows] == ["c", "k"]
    assert [row[1] for row in table.rows] == ["copies/ug", "1/day"]


def test_a_users_structure_with_equations_shows_them() -> None:
    registered("written_decline", "Decline.\n\n.. math::\n\n    C(t) = c e^{-k t}\n\nText after it.")
    blocks = list(structure_blocks(spec_with("written_decline")))
    assert [b.latex for b in blocks if isinstance(b, Formula)] == ["C(t) = c e^{-k t}"]


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{</math><b>}",
        r"\href{javascript:alert(1)}{x}",
    ],
)
def test_no_equation_brings_anything_but_mathml(latex: str) -> None:
    found = mathml(latex)
    if found is not None:
        tags = set(re.findall(r"<([a-zA-Z:]+)", found))
        assert tags <= {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace"}
        assert "javascript" not in found.split(">")[0]
        assert "href=" not in found


def test_distributed_as_is_no_character_of_the_keyboard() -> None:
    """LibreOffice reads the keyboard's tilde in an equation as a blank."""
    assert "<mo>\u223c</mo>" in str(mathml(r"\eta \sim N(0, 1)"))


def test_the_letters_of_a_name_stand_together() -> None:
    assert '<mi mathvariant="normal">cmax</mi>' in str(mathml(r"\mathrm{cmax}"))


# --- Data -------------------------------------------------------------------------------------------------------------


def test_a_fit_carries_its_trial(fit: xr.DataTree, trial: cm.TrialData) -> None:
    carried = carried_trial(fit)
    assert carried.digest == trial.digest == fit.attrs["trial_digest"]
    assert carried.name == STUDY
    assert carried.simulated
    assert carried.notes == trial.notes


def test_of_two_assays_each_has_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial, fit = two_assays(tmp_path)
    few = {name: plots.CHECK_FIGURES[name] for name in ("goodness_of_fit", "random_effect_pairs")}
    monkeypatch.setattr(plots, "CHECK_FIGURES", few)
    shown = list(pictures("checks", Material(SimpleNamespace(fit=fit), trial, "")))
    assert [one.name for one in shown] == ["goodness_of_fit", "goodness_of_fit_2", "random_effect_pairs"]
    assert [one.caption.split()[-1] for one in shown[:2]] == ["qpcr.", "flow."]
    assert "Assay" not in shown[2].caption


# --- Explorer ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(1e4, 1e10), min_size=1, max_size=6))
def test_the_grid_holds_the_trials_doses_and_reaches_beyond(doses: list[float]) -> None:
    grid = dose_grid(np.array(doses))
    assert set(doses) <= set(grid.tolist())
    assert (np.diff(grid) > 0).all()
    assert grid[0] == pytest.approx(min(doses) / 4, rel=0.01)
    assert grid[-1] == pytest.approx(max(doses) * 4, rel=0.01)
    assert 10 < len(grid) < 40


@given(st.recursive(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_json_in_a_page_cannot_end_its_script(value: object) -> None:
    text = safe_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_json_has_no_undefined_number() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        safe_json([math.nan])


# --- What was not given, or is of another trial -----------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_costs_no_report(fit: xr.DataTree, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    told: list[str] = []
    with pytest.raises(OSError, match="file"):
        cm.report(fit, folder=tmp_path / "file" / "out", progress=told.append)
    assert told == []


def test_without_further_fits_and_records_it_says_so(fit: xr.DataTree, tmp_path: Path) -> None:
    from cartmodel.reporting.decisions import NOT_GIVEN, decision_blocks
    from cartmodel.reporting.sensitivity import sensitivity_blocks

    assert [block.text for block in sensitivity_blocks(None, ())] == [NONE_MADE]
    assert [block.text for block in decision_blocks(None, None)] == [NOT_GIVEN]


def test_another_trial_is_refused(fit: xr.DataTree, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="digests differ"):
        cm.report(fit, cm.read_trial(cm.example_path("cd7_ssc", seed=2)), tmp_path / "out")
    strange = fit.copy()
    strange.attrs = fit.attrs | {"trial_digest": "0"}
    with pytest.raises(ValueError, match="with another digest"):
        cm.report(fit, folder=tmp_path / "out", others=[strange])
    assert not (tmp_path / "out").exists()


# --- Repeating --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_the_model_file_in_a_report_is_the_model(name: str, tmp_path: Path) -> None:
    spec = cm.load_model(name)
    path = tmp_path / "model.toml"
    path.write_text(model_toml(spec), encoding="utf-8")
    assert tomllib.loads(model_toml(spec))["title"] == spec.title
    assert cm.load_model(path) == spec
    assert cm.load_model(path).digest == spec.digest


# --- Without dose, outcomes and everything optional ------------------------------------------------------------------


def test_a_report_of_a_real_trial_without_dose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = cm.read_trial(cm.example_path("liu2022_cart_ball"))
    fit = cm.fit(trial, "kinetics-only", draws=60, chains=2, progressbar=False)
    cm.write_fit(fit, tmp_path / "fit.nc")
    few = {name: plots.CHECK_FIGURES[name] for name in ("levels_by_dose", "covariate_forest", "dlt_by_dose")}
    monkeypatch.setattr(plots, "CHECK_FIGURES", few)
    page = cm.report(cm.read_fit(tmp_path / "fit.nc"), folder=tmp_path / "out").read_text(encoding="utf-8")
    assert "SIMULATED" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "The model uses no dose" in page
    told = page.partition('<section id="limits"')[2].partition("</section>")[0]
    assert "The model uses no dose" in told
    assert "no part for remission and DLT" in told
    assert 'id="dose"' not in page
    assert "neither a response nor a toxicity" in page
    assert NONE_MADE in page
    assert "28 patients" in page
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "tables"}
