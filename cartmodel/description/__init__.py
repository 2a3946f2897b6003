"""A trial described: patients, records, schedule, suspicious values; and its clinical endpoints."""

from cartmodel.description.endpoint_report import TrialEndpoints, endpoints_of
from cartmodel.description.levels import levels_by_visit
from cartmodel.description.schedule import planned_days, samples_by_visit
from cartmodel.description.suspicious import suspicious_values
from cartmodel.description.trial_report import TrialDescription, describe_trial

__all__ = [
    "TrialDescription",
    "TrialEndpoints",
    "describe_trial",
    "endpoints_of",
    "levels_by_visit",
    "planned_days",
    "samples_by_visit",
    "suspicious_values",
]
