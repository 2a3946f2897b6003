"""Standard figures: a trial or a fit in, a matplotlib `Figure` out, without pyplot.

All intervals are equal-tailed 95% intervals.
"""

from cartmodel.plots.advice_by_dose import advice_by_dose
from cartmodel.plots.advice_timeline import trial_timeline
from cartmodel.plots.check_figures import ASSAY_FIGURES, CHECK_FIGURES
from cartmodel.plots.covariate_forest import covariate_forest
from cartmodel.plots.criss_waterfall import criss_waterfall
from cartmodel.plots.dlt_by_dose import dlt_by_dose
from cartmodel.plots.effects_by_covariate import effects_by_covariate
from cartmodel.plots.escalation_characteristics import escalation_characteristics
from cartmodel.plots.escalation_pathways import escalation_pathways
from cartmodel.plots.escalation_table import escalation_table
from cartmodel.plots.exposure_by_dose import exposure_by_dose
from cartmodel.plots.goodness_of_fit import goodness_of_fit
from cartmodel.plots.individual_fits import individual_fits
from cartmodel.plots.levels_by_dose import levels_by_dose
from cartmodel.plots.nca_against_model import nca_against_model
from cartmodel.plots.nca_persistence import persistence_curves
from cartmodel.plots.outcomes_by_dose import outcomes_by_dose
from cartmodel.plots.prediction_errors import prediction_errors
from cartmodel.plots.predictive_check import corrected_check, predictive_check
from cartmodel.plots.prior_posterior import prior_posterior
from cartmodel.plots.random_effects import random_effect_pairs, random_effects
from cartmodel.plots.response_by_exposure import response_by_exposure
from cartmodel.plots.sampling import energy, traces_and_ranks, worst_pairs
from cartmodel.plots.save import save_figure
from cartmodel.plots.swimmer import swimmer
from cartmodel.plots.trial_means import mean_levels_by_dose
from cartmodel.plots.trial_visits import visits_by_patient
from cartmodel.plots.virtual_comparison import virtual_comparison
from cartmodel.plots.virtual_duration import virtual_duration

__all__ = [
    "ASSAY_FIGURES",
    "CHECK_FIGURES",
    "advice_by_dose",
    "corrected_check",
    "covariate_forest",
    "criss_waterfall",
    "dlt_by_dose",
    "effects_by_covariate",
    "energy",
    "escalation_characteristics",
    "escalation_pathways",
    "escalation_table",
    "exposure_by_dose",
    "goodness_of_fit",
    "individual_fits",
    "levels_by_dose",
    "mean_levels_by_dose",
    "nca_against_model",
    "outcomes_by_dose",
    "persistence_curves",
    "prediction_errors",
    "predictive_check",
    "prior_posterior",
    "random_effect_pairs",
    "random_effects",
    "response_by_exposure",
    "save_figure",
    "swimmer",
    "traces_and_ranks",
    "trial_timeline",
    "virtual_comparison",
    "virtual_duration",
    "visits_by_patient",
    "worst_pairs",
]
