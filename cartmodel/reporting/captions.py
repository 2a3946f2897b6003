"""The words of a report's figures: where each stands, its caption, and what it shows for readers who do not see it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cartmodel.spec import ModelSpec


@dataclass(frozen=True)
class Shown:
    """Where a figure of ``CHECK_FIGURES`` stands in the report, its caption, and what it shows in words.

    ``[dose: by dose]`` stands in the words of a model that uses the dose, and is left out of those of others; likewise
    ``dlt``, ``remission``, and ``both`` of these.
    """

    section: str
    caption: str
    alt: str

    def words(self, parts: Collection[str]) -> tuple[str, str]:
        """Return caption and description for a model with these parts."""
        caption, alt = (
            _PART.sub(lambda found: found[2] if found[1] in parts else "", text) for text in (self.caption, self.alt)
        )
        return caption, alt


PARTS = frozenset({"dose", "remission", "dlt", "both"})
"""What the words of a figure may depend on: the parts of a model that has them all."""

_PART = re.compile(r"\[(\w+):([^]]*)\]")


def parts_of(spec: ModelSpec) -> frozenset[str]:
    """Return the parts of a model that the words of its figures depend on."""
    has = {
        "dose": spec.uses_dose,
        "remission": spec.response is not None,
        "dlt": spec.toxicity is not None,
        "both": spec.response is not None and spec.toxicity is not None,
    }
    return frozenset(name for name in PARTS if has[name])


FIGURES: Mapping[str, Shown] = {
    "levels_by_dose": Shown(
        "data",
        "Observed levels[dose: by dose group]. Open triangles: below the limit of quantification, drawn at it.",
        "Lines of each patient's measured level over the days since infusion, on a log scale[dose:, a panel for each "
        "dose group], with the limit of quantification as a dotted line.",
    ),
    "swimmer": Shown(
        "data",
        "The course of each patient: infusion, cells in blood, last follow-up; DLT and response where recorded.",
        "A horizontal lane for each patient from the infusion to the last follow-up, with marks for the highest level, "
        "a dose-limiting toxicity and the response.",
    ),
    "criss_waterfall": Shown(
        "data",
        "Linear predictor of ACR-CRISS of each patient, the best first[dose:, in the colour of the dose].",
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
        "Each patient's samples and fitted curve with its 95% interval, and the typical curve[dose: at the patient's "
        "dose].",
        "A small panel for each patient: samples as dots, samples below the limit of quantification as open "
        "triangles, the fitted curve in blue with a band, the typical patient's curve as a dashed orange line.",
    ),
    "predictive_check": Shown(
        "checks",
        "Visual predictive check[dose: by dose group]: levels, share of BLQ samples, and exposures derived by NCA.",
        "[dose:For each dose group: ]observed samples over bands of replicated trials, the share of samples below the "
        "limit of quantification over time, and observed exposures over those of replicated patients.",
    ),
    "corrected_check": Shown(
        "checks",
        "Prediction-corrected visual predictive check[dose: of all dose groups together].",
        "Observed samples[dose: of all dose groups], corrected for the population prediction, over bands of "
        "replicates.",
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
        "Random effects of the patients: histogram and quantiles[dose:, and against the dose], with the shrinkage of "
        "each.",
        "A row for each random effect with the histogram of the patients' posterior means, their normal quantiles, and "
        "their values[dose: against the dose].",
    ),
    "random_effect_pairs": Shown(
        "checks",
        "Random effects against each other[dose:, in the colour of the dose].",
        "Scatter plots of the posterior means of the patients' random effects[dose:, in the colours of their doses].",
    ),
    "effects_by_covariate": Shown(
        "checks",
        "Random effects against the covariates of the trial: a trend says what the model leaves out.",
        "A row for each random effect with the patients' posterior means over each covariate of numbers, or by group, "
        "with the rank correlation or the mean of the group.",
    ),
    "exposure_by_dose": Shown(
        "exposures",
        "Exposure[dose: by dose]: each patient (blue), and where 95% of new patients would lie (orange).[dose: The "
        "slope is that of the typical patient's ln exposure on ln dose: prior and data together.]",
        "Cmax and the areas under the curve[dose: against dose] on log scales: a dot with a whisker for each patient, "
        "an orange bar for new patients[dose: at each dose]; the exposure tables hold the numbers.",
    ),
    "covariate_forest": Shown(
        "exposures",
        "Exposures of the typical patient at each covariate value against the reference; band: 0.80 to 1.25.",
        "Ratios of the typical patient's exposures at each covariate value to those at the reference, as dots with 95% "
        "intervals, over a shaded band from 0.80 to 1.25.",
    ),
    "outcomes_by_dose": Shown(
        "response",
        "Probability of [remission:remission][both: and of ][dlt:dose-limiting toxicity][dose: by dose], beside what "
        "was observed.",
        "Probability of [remission:remission][both: and of ][dlt:dose-limiting toxicity][dose: at each dose] with 95% "
        "intervals; the outcome table holds the numbers.",
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
