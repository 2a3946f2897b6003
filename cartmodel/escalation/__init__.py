"""Dose escalation: designs as pure functions of counts, and their exact operating characteristics."""

from cartmodel.escalation import blrm, boin, crm, interval, keyboard, mtpi, three_plus_three  # which registers them
from cartmodel.escalation.design import Design, Filter, Recommendation, SlotDesign, designs
from cartmodel.escalation.exact import OperatingCharacteristics, operating_characteristics
from cartmodel.escalation.outcomes import Cohort, format_outcomes, parse_outcomes, state_of
from cartmodel.escalation.policies import GAPS, Policies
from cartmodel.escalation.state import Decision, State

__all__ = [
    "GAPS",
    "Cohort",
    "Decision",
    "Design",
    "Filter",
    "OperatingCharacteristics",
    "Policies",
    "Recommendation",
    "SlotDesign",
    "State",
    "blrm",
    "boin",
    "crm",
    "designs",
    "format_outcomes",
    "interval",
    "keyboard",
    "mtpi",
    "operating_characteristics",
    "parse_outcomes",
    "state_of",
    "three_plus_three",
]
