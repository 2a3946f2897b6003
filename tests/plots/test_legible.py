"""Every figure at its own width and at a third of a page, with three patients a group: legible, and as it was.

A figure of several panels is not shrunk to 6 cm: it is asked for that width, and puts its panels below each other.
pytest-mpl compares it with a PNG of 60 dpi under ``baseline/``, with an RMS of at most 4 of 255 grey levels. To draw
those anew: ``python -m pytest tests/plots -k a_third_of_a_page --mpl-generate-path=tests/plots/baseline``.
"""

import json
import os
import subprocess
import sys
import warnings
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from plots.conftest import fake_fit
from plots.legible import LEAST, faults

import cartmodel as cm
from cartmodel.plots import CHECK_FIGURES
from cartmodel.plots.style import STYLE, THIRD_OF_A_PAGE, new_figure, scale_of, style
from cartmodel.trial import TrialData

TOLERANCE = 4.0
PAGE = 24 / 2.54  # inches of text on a sheet of A4
SAVED = {"dpi": 60, "metadata": {"Software": None}}


def simulated(doses: dict[float, int]) -> pd.DataFrame:
    """Return a simulated trial with so many patients at each dose, as text."""
    scenario = cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")
    first = scenario.groups[0]
    groups = tuple(first.model_copy(update={"dose": dose, "patients": n}) for dose, n in doses.items())
    table = cm.simulate_trial(scenario.model_copy(update={"groups": groups}), seed=3).table
    return pd.read_csv(StringIO(table.to_csv(index=False)), dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def three() -> tuple[xr.DataTree, TrialData]:
    """A simulated trial with three patients at each dose, and draws of the prior in place of a fit."""
    return with_prior_draws(simulated({2.5e7: 3, 1e8: 3, 2e8: 3}))


@pytest.fixture(scope="module")
def hard() -> tuple[xr.DataTree, TrialData]:
    """Five doses, CDISC and Chinese names, many LLOQs, a group with all samples BLQ, no outcome known yet."""
    table = simulated({1e7: 3, 2.5e7: 2, 1e8: 3, 2e8: 3, 5e8: 1})
    names = [f"NCT06871644-CHN-SITE-0001-{i:04d}" for i in range(10)] + ["\N{CJK UNIFIED IDEOGRAPH-60A3}01", "$a$_{b}"]
    order = {subject: i for i, subject in enumerate(table["subject"].unique())}
    number = table["subject"].map(order)
    table = table.assign(subject=[names[i] for i in number], lloq=[str(20 + 7 * i) for i in number])
    level = pd.to_numeric(table["level"], errors="coerce")
    below = level.isna() | (level < table["lloq"].astype(float)) | (table["dose"].astype(float) == 1e7)
    table = table.assign(level=table["level"].mask(below, ""), blq=below.astype(int).astype(str))
    for outcome in ("criss_step1", "criss_lp", "dlt"):
        table[outcome] = ""
    return with_prior_draws(table)


def with_prior_draws(table: pd.DataFrame) -> tuple[xr.DataTree, TrialData]:
    trial = cm.read_trial(table)
    fit = fake_fit(trial, cm.load_model("cd7-ssc"), draws=120)
    rng = np.random.default_rng(1)
    energy = rng.normal(0, 5, (2, 120)).cumsum(axis=1) * 0.1 + rng.normal(0, 5, (2, 120))
    stats = {"energy": energy, "diverging": rng.random((2, 120)) < 0.02}
    coords = {"chain": [0, 1], "draw": np.arange(120)}
    fit["sample_stats"] = xr.Dataset({n: (("chain", "draw"), v) for n, v in stats.items()}, coords)
    fit["posterior"] = fit["posterior"].to_dataset().assign_coords(**coords)
    places = {subject: i for i, subject in enumerate(trial.subjects.index)}
    words = {subject: ("Erlangen", "a centre with a long name", "$x$_{3}", "")[i % 4] for subject, i in places.items()}
    numbers = {subject: 55.0 + 3.5 * i for subject, i in places.items()}
    fit.attrs["covariates"] = json.dumps({"weight": numbers, "centre_of_study": words})
    return fit, trial


def drawn(name: str, three: tuple[xr.DataTree, TrialData], width: float | None) -> Figure:
    with warnings.catch_warnings():  # ArviZ's import
        warnings.simplefilter("ignore")
        figure = CHECK_FIGURES[name](*three, "DRAFT", width=width)
    assert figure is not None
    return figure


def compared(name: str) -> Any:
    settings = {"baseline_dir": "baseline", "tolerance": TOLERANCE, "savefig_kwargs": SAVED, "style": STYLE}
    return pytest.param(name, marks=pytest.mark.mpl_image_compare(filename=f"{name}.png", **settings))


@pytest.mark.parametrize("name", [compared(name) for name in CHECK_FIGURES])
def test_a_third_of_a_page(name: str, three: tuple[xr.DataTree, TrialData]) -> Figure:
    figure = drawn(name, three, THIRD_OF_A_PAGE)
    assert figure.get_figwidth() == pytest.approx(6 / 2.54)
    assert faults(figure) == []
    assert figure.get_figheight() <= PAGE  # panels side by side before below each other
    told = "".join(text.get_text() for text in figure.texts if text.get_gid() == "stamp")
    assert told == "SIMULATED, DRAFT"
    return figure


@pytest.mark.parametrize("name", CHECK_FIGURES)
def test_its_own_width(name: str, three: tuple[xr.DataTree, TrialData]) -> None:
    assert faults(drawn(name, three, None)) == []


@pytest.mark.parametrize("width", [None, THIRD_OF_A_PAGE])
@pytest.mark.parametrize("name", [name for name in CHECK_FIGURES if name != "criss_waterfall"])  # no outcome is known
def test_a_hard_trial(name: str, width: float | None, hard: tuple[xr.DataTree, TrialData]) -> None:
    figure = drawn(name, hard, width)
    assert faults(figure) == []
    assert min(axes.get_position().height * figure.get_figheight() for axes in figure.axes) > 0.2  # inches


def test_what_is_not_legible_is_found() -> None:
    with style(THIRD_OF_A_PAGE):
        figure = new_figure(THIRD_OF_A_PAGE, 2.0, "A title", ["a note"], "DRAFT")
        assert faults(figure) == []
        figure.text(0.5, 0.5, "small", size=LEAST - 0.1)
        figure.text(0.9, 0.2, "this leaves the figure")
        figure.text(0.1, 0.30, "one")
        figure.text(0.1, 0.31, "upon another")
    found = faults(figure)
    assert found == ["4.90 pt: small", "leaves the figure: this leaves the figure", "overlap: upon another / one"]


def test_pictures_are_compared_at_all(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getoption("mpl")
    assert {path.stem for path in (Path(__file__).parent / "baseline").iterdir()} == set(CHECK_FIGURES)


def test_a_changed_picture_fails(tmp_path: Path) -> None:
    """Run pytest-mpl as this file does, on a figure, on the same one changed, and without a baseline."""
    (tmp_path / "test_one.py").write_text(
        dedent(f"""
        import os
        import pytest
        from matplotlib.figure import Figure

        @pytest.mark.mpl_image_compare(baseline_dir="baseline", filename="one.png", tolerance={TOLERANCE})
        def test_one():
            figure = Figure(figsize=(2, 2))
            figure.subplots(subplot_kw={{"ylim": (0, 2)}}).plot([0, 1], [0, float(os.environ["END"])])
            return figure
        """),
        encoding="utf-8",
    )

    def run(end: str, *options: str) -> int:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=.", "--mpl", *options]
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "END": end}, capture_output=True, check=False
        ).returncode

    assert run("1", "--mpl-generate-path=other") == 0
    assert run("1") == 1  # there is no baseline
    (tmp_path / "other").rename(tmp_path / "baseline")
    assert run("1") == 0
    assert run("1.2") == 1


def test_text_scales_with_the_width() -> None:
    assert scale_of(THIRD_OF_A_PAGE) * 8.0 >= LEAST
    assert scale_of(3.0) < scale_of(4.0) < scale_of(5.0) == 1.0
