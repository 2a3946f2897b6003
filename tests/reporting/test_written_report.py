"""A report made by the command: its page in a real browser, and what all its files hold.

One file, so that of several test workers one makes the report.
"""

import json
import re
import subprocess
import warnings
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from reporting.hostile import SCRIPT, STAMP, STUDY, SUBJECTS

import cartmodel as cm
from cartmodel import plots
from cartmodel.reporting.captions import FIGURES
from cartmodel.reporting.repeating import commands
from cartmodel.reporting.words import amount

QUANTILES = (0.025, 0.5, 0.975)


class Watch:
    """Everything that a page says, asks for or pops up."""

    def __init__(self, page: Any) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.asked.append(request.url))


@pytest.fixture(scope="module")
def url(folder: Path) -> str:
    return (folder / "report.html").as_uri()


@pytest.fixture
def page(chromium: Any) -> Any:
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    page.set_default_timeout(120_000)
    yield page
    page.close()


def at(fit: xr.DataTree, dose: float, **settings: Any) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cm.ExtrapolationWarning)
        return cm.predict(fit, dose=dose, random_seed=1, **settings).isel(dose=0)


def test_silent_and_alone(page: Any, url: str, folder: Path) -> None:
    watch = Watch(page)
    page.goto(url)
    page.locator("#dose").focus()
    for key in ("Home", "End", "ArrowLeft", "PageDown"):
        page.keyboard.press(key)
    page.locator("#kinetics .plot-container").wait_for()
    page.locator("#overdoses .plot-container").wait_for()
    page.mouse.move(600, 400)
    assert watch.said == []
    assert [asked for asked in watch.asked if not asked.startswith("data:")] == [url]
    assert (folder / "report.html").stat().st_size < 8e6


def test_the_policy_stops_scripts_and_connections(page: Any, url: str) -> None:
    page.goto(url)
    stopped = page.evaluate(
        """async () => {
            const seen = [];
            document.addEventListener('securitypolicyviolation', e => seen.push(e.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.broken = 1';
            document.body.append(script);
            const image = document.createElement('img');
            image.src = 'https://example.org/x.png';
            document.body.append(image);
            await fetch('https://example.org/').catch(() => 0);
            for (let k = 0; k < 100 && seen.length < 3; k++) await new Promise(done => setTimeout(done, 100));
            return window.broken === undefined ? seen.sort() : 'broken';
        }"""
    )
    assert stopped == ["connect-src", "img-src", "script-src-elem"]


def test_the_slider_says_what_predict_says(page: Any, url: str, fit: xr.DataTree) -> None:
    page.goto(url)
    slider = page.locator("#dose")
    slider.focus()
    for keys in (["Home"], ["ArrowRight"] * 9, ["End"]):  # below the trial's doses, among them, above
        for key in keys:
            page.keyboard.press(key)
        dose = float(page.locator("#dose-shown").inner_text().removesuffix(" cells"))
        new = at(fit, dose)
        for name in ("peak_level", "peak_time", "auc_0_28", "auc_0_90"):
            low, middle, high = np.quantile(new[name].values, QUANTILES)
            shown = page.locator(f"#answer-{name}").inner_text()
            assert shown == f"{amount(middle)} ({amount(low)} to {amount(high)})"
        for name, draws in (("remission", new["remission"].mean("subject")), ("dlt", new["dlt"])):
            low, middle, high = np.quantile(draws.values, QUANTILES)
            assert page.locator(f"#answer-{name}").inner_text() == f"{middle:.3f} ({low:.3f} to {high:.3f})"
        outside = not 2.5e7 <= dose <= 2e8
        assert outside == (keys[0] != "ArrowRight")
        assert ("EXTRAPOLATED" in page.locator("#where").inner_text()) == outside
        assert ("extrapolated" in slider.get_attribute("aria-valuetext")) == outside
        assert ("extrapolated" in page.locator("#dose-explorer").get_attribute("class")) == outside


def test_the_curve_is_that_of_predict(page: Any, url: str, fit: xr.DataTree) -> None:
    page.goto(url)
    page.locator("#dose").focus()
    page.keyboard.press("End")
    low, high, middle = page.evaluate(
        "() => document.getElementById('kinetics').data.slice(0, 3).map(t => [Array.from(t.x), Array.from(t.y)])"
    )
    new = at(fit, 8e8, n=5, times=middle[0])["level"]
    expected = np.quantile(new.transpose(..., "time").values.reshape(-1, len(middle[0])), QUANTILES, axis=0)
    for (_, drawn), wanted in zip((low, middle, high), expected, strict=True):
        np.testing.assert_allclose(drawn, wanted, rtol=1e-5)
    marked = page.evaluate("() => document.getElementById('kinetics').data[2].line.color")
    assert marked == "#D55E00"  # the colour of what is extrapolated


def test_the_trials_own_doses_are_on_the_slider(page: Any, url: str, fit: xr.DataTree) -> None:
    page.goto(url)
    table = cm.outcome_table(fit).set_index(["dose", "outcome"])
    rows = {r[0]: r for r in page.locator("#table-predictions").locator("..").locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))")}  # fmt: skip
    for dose, words in ((2.5e7, "2.5e7 cells"), (1e8, "1e8 cells"), (2e8, "2e8 cells")):
        assert rows[words][1] == "yes"
        for column, outcome in ((-2, "remission"), (-1, "dlt")):
            row = table.loc[dose, outcome]
            assert rows[words][column] == f"{row['median']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"
    assert rows["8e8 cells"][1] == "NO, above"


def test_text_from_data_is_text(page: Any, url: str) -> None:
    watch = Watch(page)
    page.goto(url)
    text = page.locator("body").inner_text()
    for subject in (*SUBJECTS.values(), STUDY, f"Which dose? {SCRIPT}", "DRAFT <b>1</b>"):
        assert subject in text, subject
    assert page.locator("script").count() == 3  # plotly, the explorer, its data
    assert page.locator("img[src=x], b").count() == 0
    assert STUDY in page.title()
    assert watch.said == []


@pytest.mark.parametrize("width", [360, 320])
def test_readable_on_a_phone(chromium: Any, url: str, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 700}, has_touch=True)
    page.goto(url)
    page.locator("#overdoses .plot-container").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    over = page.evaluate(
        """width => [...document.querySelectorAll('body *')].filter(
            e => !e.closest('.scroll, pre, .skip') && e.getBoundingClientRect().right > width + 1
        ).map(e => e.outerHTML.slice(0, 80))""",
        width,
    )
    assert over == []
    sizes = page.evaluate(
        "[...document.querySelectorAll('p, li, td, th')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    wide = page.evaluate("[...document.querySelectorAll('figure img')].map(e => e.getBoundingClientRect().width)")
    assert min(wide) >= 600  # shrunk to the screen, its text would be 3 points high: it scrolls in its frame
    assert page.locator("#dose").bounding_box()["height"] >= 24
    page.close()


def test_without_javascript_only_the_explorer_is_missing(chromium: Any, url: str, folder: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    assert not page.locator("#dose-explorer").is_visible()
    assert page.locator("noscript p").is_visible()
    assert page.locator("#figure-predictions_by_dose img").is_visible()
    assert page.locator("#table-predictions").is_visible()
    assert page.locator("main h2").count() == 14
    assert page.locator("main img").count() == (folder / "report.html").read_text().count("<figure id=")
    context.close()


def test_on_paper_there_is_no_slider_and_each_sheet_is_stamped(page: Any, url: str) -> None:
    page.goto(url)
    page.emulate_media(media="print")
    assert not page.locator("#dose-explorer").is_visible()
    assert page.get_by_text("On paper there is no slider").is_visible()
    assert page.locator("#figure-predictions_by_dose").is_visible()
    sheet = page.pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", sheet))
    assert sheets > 5
    assert texts_drawn(sheet) > sheets
    page.add_style_tag(content="@media print { @page { @top-right { content: none } } }")
    bare = page.pdf(prefer_css_page_size=True)
    assert texts_drawn(sheet) - texts_drawn(bare) == sheets


def texts_drawn(pdf: bytes) -> int:
    """Return the number of text objects on all sheets."""
    total = 0
    for start in re.finditer(rb"stream\r?\n", pdf):
        try:
            content = zlib.decompress(pdf[start.end() : pdf.find(b"endstream", start.end())])
        except zlib.error:
            continue
        total += content.count(b"BT\n") if b" Tf" in content else 0
    return total


def test_by_keyboard(page: Any, url: str) -> None:
    page.goto(url)
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        active = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
                return [e.id || e.className || e.tagName, seen]; }"""
        )
        if active[0] == "BODY":
            break
        assert active[1], f"no visible focus on {active[0]}"
        reached.add(active[0])
    assert {"dose", "scroll"} <= reached


def test_structure_for_readers_who_do_not_see_it(page: Any, url: str) -> None:
    page.goto(url)
    found = page.evaluate(
        """() => ({
            lang: document.documentElement.lang,
            h1: document.querySelectorAll('h1').length,
            levels: [...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1])),
            alts: [...document.querySelectorAll('img')].map(e => e.alt),
            ids: [...document.querySelectorAll('[id]')].map(e => e.id).filter(id => !/^(clip|g)[0-9a-f]/.test(id)),
            captions: [...document.querySelectorAll('table')].every(e => e.caption && e.caption.textContent.trim()),
            heads: [...document.querySelectorAll('th')].every(e => e.scope),
            label: document.querySelector('label[for=dose]') !== null,
            links: [...document.querySelectorAll('nav a')].every(e => document.querySelector(e.getAttribute('href'))),
        })"""
    )
    assert found["lang"] == "en"
    assert found["h1"] == 1
    assert all(b - a <= 1 for a, b in zip(found["levels"], found["levels"][1:], strict=False))
    assert all(len(alt) > 60 for alt in found["alts"])
    assert len(found["ids"]) == len(set(found["ids"]))
    assert found["captions"]
    assert found["heads"]
    assert found["label"]
    assert found["links"]


def test_tables_of_their_own_are_text_too(page: Any, folder: Path) -> None:
    watch = Watch(page)
    page.goto((folder / "tables" / "exposures_by_patient.html").as_uri())
    assert SCRIPT in page.locator("body").inner_text()
    assert page.locator("script").count() == 0
    assert watch.said == []
    assert len(watch.asked) == 1


# --- What the files hold ----------------------------------------------------------------------------------------------


def test_a_run_folder_becomes_a_report(written: subprocess.CompletedProcess[str], work: Path) -> None:
    assert written.returncode == 0, written.stderr
    assert "Written: run/report/report.html" in written.stdout
    assert "SIMULATED DATA" in written.stdout
    assert "can NOT be trusted" in written.stderr
    assert "Dose explorer" in written.stderr  # progress
    names = {path.name for path in (work / "run" / "report").iterdir()}
    assert names == {"report.html", "report.docx", "tables"}


def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_inventory_counts_as_pandas_does(folder: Path) -> None:
    raw = pd.read_csv(cm.example_path("cd7_ssc"))
    raw = raw[raw["time"] > 0]
    shown = pd.read_csv(folder / "tables" / "samples.csv").set_index("dose")
    for dose, label in ((2.5e7, "2.5e7 cells"), (1e8, "1e8 cells"), (2e8, "2e8 cells")):
        own = raw[raw["dose"] == dose]
        assert shown.loc[label, "samples"] == len(own)
        assert shown.loc[label, "blq"] == own["blq"].sum()
        assert shown.loc[label, "patients"] == own["subject"].nunique() == 6
        assert shown.loc[label, "last_day"] == own["time"].max()
    outcomes = pd.read_csv(folder / "tables" / "outcomes_known.csv")
    dlt = raw.drop_duplicates("subject").groupby("dose")["dlt"].sum()
    assert outcomes.loc[outcomes["outcome"] == "DLT", "events"].tolist() == dlt.tolist()


def test_decisions_stand_with_their_reasons(folder: Path) -> None:
    page = html(folder)
    verdict = cm.verdict(cm.example_conduct())
    assert f"Reason: {verdict.decision.reason}." in page
    shown = pd.read_csv(folder / "tables" / "decisions.csv")
    assert shown["subject"].tolist() == [record.subject for record in verdict.records.records]
    assert shown.set_index("subject").loc["S07", "rule_then"] == "escalate: 0 DLTs in 3 at dose level 1: escalate"
    assert "15 of them are among the 18 patients of the fit" in page  # three have hostile names here
    assert "SIMULATED record of the escalation" in page


def test_sensitivity_stands_beside(folder: Path, fit: xr.DataTree, other: xr.DataTree) -> None:
    shown = pd.read_csv(folder / "tables" / "sensitivity_1.csv").set_index(["dose", "quantity"])
    for which, end in ((fit, ""), (other, "_other")):
        table = cm.exposure_table(which).set_index(["dose", "exposure"])
        chance = cm.outcome_table(which).set_index(["dose", "outcome"])
        for dose in (2.5e7, 1e8, 2e8):
            assert shown.loc[(dose, "auc_0_28"), f"median{end}"] == pytest.approx(
                table.loc[(dose, "auc_0_28"), "median"]
            )
            assert shown.loc[(dose, "dlt"), f"upper{end}"] == pytest.approx(chance.loc[(dose, "dlt"), "upper"])


def test_everything_to_repeat_it(folder: Path, fit: xr.DataTree) -> None:
    page = html(folder)
    for needed in (fit.attrs["trial_digest"], fit.attrs["model_digest"], "--seed 1 --chains 2 --draws 150", "nutpie"):
        assert needed in page
    for package, number in json.loads(fit.attrs["versions"]).items():
        assert f'<th scope="row">{package}</th><td class="short">{number}</td>' in page
    assert commands(fit).splitlines()[1] == "cartmodel report run --trial trial.csv"


def test_word_file_holds_the_same_content(folder: Path) -> None:
    import docx

    file = docx.Document(str(folder / "report.docx"))
    page = html(folder)
    heads = re.findall(r"<h2 id=\"[a-z]+-title\">(.*?)</h2>", page)
    assert [p.text for p in file.paragraphs if p.style.name == "Heading 1"] == heads
    assert len(heads) == 14
    assert len(file.inline_shapes) == page.count("<figure")
    assert len(file.tables) == page.count("<caption id=")
    assert file.element.xpath("count(//m:oMath)") == page.count("<math ")
    assert all(len(shape._inline.docPr.get("descr")) > 60 for shape in file.inline_shapes)
    cells = {cell.text for table in file.tables for row in table.rows for cell in row.cells}
    assert set(SUBJECTS.values()) <= cells
    heads = [table.rows[0]._tr.trPr for table in file.tables]
    assert all(head is not None and head.xpath("w:tblHeader") for head in heads)  # repeated on every page
    assert (datetime.now(UTC) - file.core_properties.created).total_seconds() < 3600
    assert file.core_properties.comments == ""
    stamp = file.sections[0].header.paragraphs[0].text
    assert stamp == f"SIMULATED, {STAMP}, NOT CONVERGED"
    numbers = pd.read_csv(folder / "tables" / "outcomes.csv")
    assert {f"{value:.3f}" for value in numbers["median"]} <= cells


def test_the_model_file_is_on_paper_too(page: Any, url: str) -> None:
    page.goto(url)
    shown = "getComputedStyle(document.querySelector('details'), '::details-content').contentVisibility"
    assert page.evaluate(shown) == "hidden"
    page.emulate_media(media="print")
    assert page.evaluate(shown) == "visible"


def test_the_record_of_the_escalation_is_held_against_the_fit(folder: Path) -> None:
    """The bundled record has S14 leave, S17 at a lower dose, and S17 and S18 pending; the bundled trial does not."""
    rows = pd.read_csv(folder / "tables" / "record_against_fit.csv").drop(columns="trial")
    assert rows.to_numpy().tolist() == [
        ["S14", "DLT", "not evaluable", "no DLT"],
        ["S17", "dose", "1.6e8 cells", "2e8 cells"],
        ["S17", "DLT", "pending", "no DLT"],
        ["S18", "DLT", "pending", "no DLT"],
    ]
    told = html(folder).partition('<section id="escalation"')[2].partition("</section>")[0]
    assert '<p class="warning">The record of the escalation and the data of the fit differ for 3 patients.' in told


def test_every_table_as_numbers_and_as_html(folder: Path) -> None:
    names = set(re.findall(r"<caption id=\"table-([a-z0-9_]+)\">", html(folder)))
    assert {"parameters", "priors", "exposures", "outcomes", "doses", "predictions", "decisions", "context"} <= names
    files = {path.name for path in (folder / "tables").iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("csv", "html")}
    for name in names:
        table = pd.read_csv(folder / "tables" / f"{name}.csv")
        assert set(table["trial"]) == {STUDY}, name
        own = (folder / "tables" / f"{name}.html").read_text(encoding="utf-8")
        assert "gt_table" in own
        assert "SIMULATED" in own
        assert "<script" not in own


def test_the_numbers_of_the_page_are_those_of_the_tables(folder: Path, fit: xr.DataTree) -> None:
    shown = pd.read_csv(folder / "tables" / "parameters.csv")
    expected = cm.parameter_table(fit)
    np.testing.assert_allclose(shown["median"], expected["median"], rtol=1e-12)
    own = pd.read_csv(folder / "tables" / "exposures_by_patient.csv")
    middle = own[(own["exposure"] == "auc_0_28") & (own["subject"] == SCRIPT)]["median"].item()
    assert middle == pytest.approx(float(cm.exposure(fit)["auc_0_28"].sel(subject=SCRIPT).median()))
    assert list(own["subject"].drop_duplicates()) == list(cm.exposure(fit)["subject"].values)


def test_numbers_in_files_have_units(folder: Path) -> None:
    area = "copies/ug x day"
    own = pd.read_csv(folder / "tables" / "exposures_by_patient.csv").groupby("exposure")["units"].unique()
    assert {str(name): list(units) for name, units in own.items()} == {
        "peak_level": ["copies/ug"], "peak_time": ["day"], "auc_0_28": [area], "auc_0_90": [area],
    }  # fmt: skip
    units = pd.read_csv(folder / "tables" / "parameters.csv").set_index("parameter")["unit"]
    assert list(units[["cmax_pop", "tmax_pop", "alpha_pop", "fb_pop"]]) == ["copies/ug", "day", "1/day", "fraction"]
    beside = pd.read_csv(folder / "tables" / "sensitivity_1.csv").set_index("quantity")["units"]
    assert set(beside["auc_0_28"]) == {area}


def test_a_fit_that_cannot_be_trusted_says_so(folder: Path) -> None:
    page = html(folder)
    assert "This fit can NOT be trusted" in page  # 150 draws are too few
    assert "NOT CONVERGED" in page


def test_every_check_figure_has_its_words(folder: Path) -> None:
    shown = re.findall(r"<figure id=\"figure-([a-z_]+)\">", html(folder))
    assert set(shown) <= {*plots.CHECK_FIGURES, "predictions_by_dose"}
    assert set(plots.CHECK_FIGURES) - set(shown) <= {
        "covariate_forest",
        "effects_by_covariate",
    }  # what another model or trial may lack
    assert set(FIGURES) == set(plots.CHECK_FIGURES)
