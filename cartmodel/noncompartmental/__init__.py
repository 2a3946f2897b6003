"""Non-compartmental analysis: exposures as observed, without a model."""

from cartmodel.noncompartmental.analysis import nca
from cartmodel.noncompartmental.bias import schedule_bias
from cartmodel.noncompartmental.groups import nca_by_dose
from cartmodel.noncompartmental.parameters import NcaParameter, nca_parameters
from cartmodel.noncompartmental.profiles import Profiles, profiles_of
from cartmodel.noncompartmental.rules import Rules

__all__ = ["NcaParameter", "Profiles", "Rules", "nca", "nca_by_dose", "nca_parameters", "profiles_of", "schedule_bias"]
