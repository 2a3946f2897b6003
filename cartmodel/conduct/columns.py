"""The form of a table of a trial under way: one row a patient, every column documented here.

Columns come in any order; everything is text until it is checked. Dates are written 2026-03-31 and nothing else: 3/4/26
has two readings. Blank cells say 'not so far', never 'no'.
"""

from collections.abc import Mapping
from types import MappingProxyType

STATUSES = ("on study", "completed", "withdrawn", "not evaluable")
ROLES = ("escalation", "expansion", "backfill")

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "subject": "patient identifier, kept as text; one row a patient",
        "dose_level": "dose level assigned, 1 the lowest; may be left out where `dose` is a planned dose",
        "dose": "cells infused; may differ from the level's planned dose, blank if unknown",
        "infusion_date": "day of the infusion; always needed",
        "dlt_date": "day on which the first dose-limiting toxicity began; blank without one so far",
        "last_followup_date": "last day on which the patient is known to have had no (further) DLT; blank if none yet",
        "status": "on study (or blank), completed, withdrawn, not evaluable (such as a dose not given as planned)",
        "replaces": "the subject whom this patient replaces",
        "role": "escalation (or blank), expansion, backfill; only escalation patients drive the protocol's rule",
        "deviation": "why this patient departs from the protocol; turns the refusal of this row's infusion into a note",
        "study": "name of the study, one per table; SIMULATED... marks simulated data",
    }
)
