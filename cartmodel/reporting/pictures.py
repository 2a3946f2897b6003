"""The figures of a report: as PNG, each with a caption and with words for readers who do not see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from cartmodel import plots
from cartmodel.plots.style import style
from cartmodel.plots.words import patients_text
from cartmodel.prediction.fitfile import spec_of
from cartmodel.reporting.blocks import Picture
from cartmodel.reporting.summary import Summary
from cartmodel.trial import TrialData

DPI = 120
_COLOURS = 96  # figures of a few flat colours: a palette makes their files a third as large


@dataclass(frozen=True)
class Material:
    """What a figure may need."""

    summary: Summary
    trial: TrialData
    stamp: str

    @property
    def fit(self) -> xr.DataTree:
        """The fit."""
        return self.summary.fit


@dataclass(frozen=True)
class Shown:
    """Where a figure of ``CHECK_FIGURES`` stands in the report, its caption, and what it shows in words."""

    section: str
    caption: str
    alt: str


FIGURES: Mapping[str, Shown] = {
    "levels_by_dose": Shown(
        "data",
        "Observed levels by dose group. Open triangles: below the limit of quantification, drawn at it.",
        "Lines of each patient's measured level over the days since infusion, on a log scale, a panel for each dose "
        "group, with the limit of quantification as a dotted line.",
    ),
    "swimmer": Shown(
        "data",
        "The course of each patient: infusion, cells in blood, DLT, response, last follow-up.",
        "A horizontal lane for each patient from the infusion to the last follow-up, with marks for the highest level, "
        "a dose-limiting toxicity and the response.",
    ),
    "criss_waterfall": Shown(
        "data",
        "Linear predictor of ACR-CRISS of each patient, the best first, in the colour of the dose.",
        "A vertical bar for each patient with a known linear predictor of ACR-CRISS in falling order; patients with a "
        "step-1 event are crosses.",
    ),
    "prior_posterior": Shown(
        "parameters",
        "Prior (grey) and posterior (blue) of each parameter. Where they lie on each other, the data said little.",
        "A small panel for each parameter with the density of its prior in grey and of its posterior in blue; the "
        "parameter table holds the numbers.",
    ),
    "traces_and_ranks": Shown(
        "convergence",
        "Traces and ranks of the parameters that the sampler explored worst.",
        "For each of the worst explored parameters, its draws in order by chain and the difference of their ranks from "
        "a uniform distribution; the table of criteria holds the verdict.",
    ),
    "energy": Shown(
        "convergence",
        "Energy of the sampler and its changes. Below a BFMI of 0.3 the sampler moved slowly through the tails.",
        "Two overlapping distributions, of the sampler's energy and of its changes, with the fraction BFMI of each "
        "chain in words.",
    ),
    "worst_pairs": Shown(
        "convergence",
        "The worst explored parameters against each other, with divergences where there were any.",
        "Scatter plots of the draws of the worst explored parameters against each other; divergent draws are crosses.",
    ),
    "individual_fits": Shown(
        "checks",
        "Each patient's samples and fitted curve with its 95% interval, and the typical curve at the patient's dose.",
        "A small panel for each patient: samples as dots, samples below the limit of quantification as open "
        "triangles, the fitted curve in blue with a band, the typical patient's curve as a dashed orange line.",
    ),
    "predictive_check": Shown(
        "checks",
        "Visual predictive check by dose group: levels, share of BLQ samples, and exposures derived by NCA.",
        "For each dose group observed samples over bands of replicated trials, the share of samples below the limit of "
        "quantification over time, and observed exposures over those of replicated patients.",
    ),
    "corrected_check": Shown(
        "checks",
        "Prediction-corrected visual predictive check of all dose groups together.",
        "Observed samples of all dose groups, corrected for the population prediction, over bands of replicates.",
    ),
    "goodness_of_fit": Shown(
        "checks",
        "Observed levels against population and individual predictions, and conditional residuals.",
        "Panels of observed against predicted levels along the line of identity, and of residuals against time and "
        "prediction along zero, with their quantiles.",
    ),
    "prediction_errors": Shown(
        "checks",
        "Normalised prediction distribution errors: a standard normal scatter if the model is right.",
        "Normalised prediction distribution errors against time and prediction, their quantiles and their histogram "
        "beside a standard normal distribution.",
    ),
    "random_effects": Shown(
        "checks",
        "Random effects of the patients: histogram, quantiles, and against the dose, with the shrinkage of each.",
        "A row for each random effect with the histogram of the patients' posterior means, their normal quantiles, and "
        "their values against the dose.",
    ),
    "random_effect_pairs": Shown(
        "checks",
        "Random effects against each other, in the colour of the dose.",
        "Scatter plots of the posterior means of the patients' random effects, in the colours of their doses.",
    ),
    "effects_by_covariate": Shown(
        "checks",
        "Random effects against the covariates of the trial: a trend says what the model leaves out.",
        "A row for each random effect with the patients' posterior means over each covariate of numbers, or by group, "
        "with the rank correlation or the mean of the group.",
    ),
    "exposure_by_dose": Shown(
        "exposures",
        "Exposure by dose: each patient (blue), and where 95% of new patients would lie (orange). The "
        "slope is that of the typical patient's ln exposure on ln dose: prior and data together.",
        "Cmax and the areas under the curve against dose on log scales: a dot with a whisker for each patient, an "
        "orange bar for new patients at each dose; the exposure tables hold the numbers.",
    ),
    "covariate_forest": Shown(
        "exposures",
        "Exposures of the typical patient at each covariate value against the reference; band: 0.80 to 1.25.",
        "Ratios of the typical patient's exposures at each covariate value to those at the reference, as dots with 95% "
        "intervals, over a shaded band from 0.80 to 1.25.",
    ),
    "outcomes_by_dose": Shown(
        "response",
        "Probability of remission and of dose-limiting toxicity by dose, beside what was observed.",
        "Probability of remission and of dose-limiting toxicity at each dose with 95% intervals; the outcome table "
        "holds the numbers.",
    ),
    "response_by_exposure": Shown(
        "response",
        "Remission against exposure: the model's probability with its 95% band, and the patients as observed.",
        "A green curve with a band, the probability of remission over exposure; patients in remission as dots above it "
        "and the others below.",
    ),
    "dlt_by_dose": Shown(
        "response",
        "Probability of a DLT by dose, and the probability that it is over the limit.",
        "The probability of a dose-limiting toxicity at each dose with its 95% interval beside the observed share, and "
        "the probability that it is over the limit.",
    ),
}
"""The figures, in reading order within their section. A new one is one entry; without one it goes to the checks."""


def pictures(section: str, material: Material) -> Iterator[Picture]:
    """Yield the figures of a section of the report; those that the model or the trial has nothing for are left out.

    Of a model with several assays, the figures that show one assay stand once for each.

    Parameters
    ----------
    section : str
        The key of a section.
    material : Material
        What they are drawn from.
    """
    for name in (*FIGURES, *(other for other in plots.CHECK_FIGURES if other not in FIGURES)):
        words = name.replace("_", " ").capitalize()
        shown = FIGURES.get(name) or Shown(
            "checks", f"{words}.", f"{words}: a figure of the fit, described in its caption."
        )
        if shown.section != section or name not in plots.CHECK_FIGURES:
            continue
        who = f"{material.trial.name}, {patients_text(len(material.trial.subjects))}"
        for place, (figure, assay) in enumerate(_figures(name, material), start=1):
            told = f" Assay {assay}." if assay else ""
            number = f"_{place}" if place > 1 else ""
            yield _picture(f"{name}{number}", figure, f"{shown.alt}{told} {who}.", f"{shown.caption}{told}")


def _figures(name: str, material: Material) -> Iterator[tuple[Figure, str]]:
    """Yield a figure, or one for each assay of a model that has several; each with the assay."""
    draw = plots.CHECK_FIGURES[name]
    assays = list(spec_of(material.fit).assays)
    if name in plots.ASSAY_FIGURES and len(assays) > 1:
        drawn = [(draw(material.fit, material.trial, material.stamp, assay=assay), assay) for assay in assays]
    else:
        drawn = [(draw(material.fit, material.trial, material.stamp), "")]
    yield from ((figure, assay) for figure, assay in drawn if figure is not None)


def predictions_picture(data: Mapping[str, Any], material: Material) -> Picture:
    """Return the explorer on paper: exposure, remission and DLT over doses, the extrapolated range marked."""
    from cartmodel.reporting.overdoses import predictions_by_dose

    shown = ["exposure", *(m["label"] for m in data["measures"] if m["unit"] == "probability")]
    over, outside = (" over doses", "Shaded: outside the trial's doses, extrapolated. ") if data["trial"] else ("", "")
    figure = predictions_by_dose(data, material.trial.name, material.trial.simulated, material.stamp)
    return _picture(
        "predictions_by_dose",
        figure,
        f"Predictions for new patients{over}, with 95% bands: {', '.join(shown)}. {outside}The table of "
        "predictions holds the numbers.",
        f"Predictions for new patients{over}. {outside}".strip(),
    )


def _picture(name: str, figure: Figure, alt: str, caption: str) -> Picture:
    from PIL import Image

    raw, small = BytesIO(), BytesIO()
    with style():
        figure.savefig(raw, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    image = Image.open(raw).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, format="PNG", optimize=True)
    return Picture(name, small.getvalue(), alt, caption, image.size)
