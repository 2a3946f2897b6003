"""Non-compartmental analysis: exposures as observed, without a model."""

from cartmodel.noncompartmental.against_model import compare_nca
from cartmodel.noncompartmental.analysis import nca
from cartmodel.noncompartmental.bias import schedule_bias
from cartmodel.noncompartmental.groups import nca_by_dose
from cartmodel.noncompartmental.parameters import NcaParameter, nca_parameters
from cartmodel.noncompartmental.persistence import persistence_by_dose, persistence_summary, persistence_times
from cartmodel.noncompartmental.profiles import Profiles, profiles_of
from cartmodel.noncompartmental.rules import NcaRules
from cartmodel.noncompartmental.survival import kaplan_meier, median_time

__all__ = [
    "NcaParameter",
    "NcaRules",
    "Profiles",
    "compare_nca",
    "kaplan_meier",
    "median_time",
    "nca",
    "nca_by_dose",
    "nca_parameters",
    "persistence_by_dose",
    "persistence_summary",
    "persistence_times",
    "profiles_of",
    "schedule_bias",
]
