"""Dose escalation: designs as pure functions of counts, dates or efficacy, and exact operating characteristics.

The modules bear the names of the designs that they hold: take a design as ``from cartmodel.escalation.boin import
boin``, or from the package's top, ``cartmodel.boin``.
"""

from cartmodel.escalation import (  # which register their designs
    blrm,
    boin,
    boin12,
    crm,
    efftox,
    interval,
    keyboard,
    map_prior,
    mtpi,
    tepi,
    three_plus_three,
    tite_boin,
    tite_crm,
    uboin,
)
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
    "boin12",
    "crm",
    "designs",
    "efftox",
    "format_outcomes",
    "interval",
    "keyboard",
    "map_prior",
    "mtpi",
    "operating_characteristics",
    "parse_outcomes",
    "state_of",
    "tepi",
    "three_plus_three",
    "tite_boin",
    "tite_crm",
    "uboin",
]
