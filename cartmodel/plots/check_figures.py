"""All figures of a fit in reading order, to be made in one loop."""

from collections.abc import Callable

import xarray as xr
from matplotlib.figure import Figure

from cartmodel.plots.covariate_forest import covariate_forest
from cartmodel.plots.criss_waterfall import criss_waterfall
from cartmodel.plots.dlt_by_dose import dlt_by_dose
from cartmodel.plots.effects_by_covariate import effects_by_covariate
from cartmodel.plots.exposure_by_dose import exposure_by_dose
from cartmodel.plots.goodness_of_fit import goodness_of_fit
from cartmodel.plots.individual_fits import individual_fits
from cartmodel.plots.levels_by_dose import levels_by_dose
from cartmodel.plots.outcomes_by_dose import outcomes_by_dose
from cartmodel.plots.prediction_errors import prediction_errors
from cartmodel.plots.predictive_check import corrected_check, predictive_check
from cartmodel.plots.prior_posterior import prior_posterior
from cartmodel.plots.random_effects import random_effect_pairs, random_effects
from cartmodel.plots.response_by_exposure import response_by_exposure
from cartmodel.plots.sampling import energy, traces_and_ranks, worst_pairs
from cartmodel.plots.swimmer import swimmer
from cartmodel.trial import TrialData

type CheckFigure = Callable[..., Figure | None]


def _of_fit(draw: Callable[..., Figure | None]) -> CheckFigure:
    def figure(fit: xr.DataTree, trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure | None:
        return draw(fit, stamp=stamp, width=width)

    return figure


def _of_assay(draw: Callable[..., Figure | None]) -> CheckFigure:
    def figure(
        fit: xr.DataTree, trial: TrialData, stamp: str = "", *, width: float | None = None, assay: str | None = None
    ) -> Figure | None:
        return draw(fit, stamp=stamp, width=width, assay=assay)

    return figure


def _of_trial(draw: Callable[..., Figure | None]) -> CheckFigure:
    def figure(fit: xr.DataTree, trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure | None:
        return draw(trial, stamp=stamp, width=width)

    return figure


CHECK_FIGURES: dict[str, CheckFigure] = {
    "levels_by_dose": _of_trial(levels_by_dose),
    "swimmer": _of_trial(swimmer),
    "criss_waterfall": _of_trial(criss_waterfall),
    "individual_fits": _of_assay(individual_fits),
    "predictive_check": _of_assay(predictive_check),
    "corrected_check": _of_assay(corrected_check),
    "goodness_of_fit": _of_assay(goodness_of_fit),
    "prediction_errors": _of_assay(prediction_errors),
    "random_effects": _of_fit(random_effects),
    "random_effect_pairs": _of_fit(random_effect_pairs),
    "effects_by_covariate": _of_fit(effects_by_covariate),
    "covariate_forest": _of_fit(covariate_forest),
    "exposure_by_dose": _of_fit(exposure_by_dose),
    "response_by_exposure": _of_fit(response_by_exposure),
    "outcomes_by_dose": _of_fit(outcomes_by_dose),
    "dlt_by_dose": _of_fit(dlt_by_dose),
    "prior_posterior": _of_fit(prior_posterior),
    "traces_and_ranks": _of_fit(traces_and_ranks),
    "energy": _of_fit(energy),
    "worst_pairs": _of_fit(worst_pairs),
}
"""Every figure of a fit by name, in reading order: ``function(fit, trial, stamp="", width=None)``, which returns a
figure, or None where the model or the trial has nothing to show. Those of ``ASSAY_FIGURES`` show one assay.

Examples
--------
>>> from cartmodel.plots import CHECK_FIGURES
>>> list(CHECK_FIGURES)[:2]
['levels_by_dose', 'swimmer']
"""

ASSAY_FIGURES = frozenset(
    {"individual_fits", "predictive_check", "corrected_check", "goodness_of_fit", "prediction_errors"}
)
"""The figures that show one assay at a time: ``function(..., assay="qpcr")``; default: the model's first."""
