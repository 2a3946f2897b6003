"""Clinical endpoints as pure functions of tables: ACR-CRISS, CRS and ICANS grades, DLT evaluability, adverse events."""

from cartmodel.endpoints.acr_criss import criss, criss_lp
from cartmodel.endpoints.adverse_events import adverse_event_table
from cartmodel.endpoints.astct import crs_astct, icans_astct, ice_code
from cartmodel.endpoints.ctcae import crs_ctcae, neurotoxicity_ctcae
from cartmodel.endpoints.dlt import dlt_evaluability
from cartmodel.endpoints.episodes import toxicity_course
from cartmodel.endpoints.items import CRISS_ITEMS, CrissItem, check_assessments, check_changes
from cartmodel.endpoints.response import response_by_visit
from cartmodel.endpoints.revised_criss import improvement, rcriss
from cartmodel.endpoints.step1 import STEP1_EVENTS, criss_step1, ild_worsened, lv_failed, pah_found, step1_at
from cartmodel.endpoints.visits import BASELINE, VISITS, Visit, items_at

__all__ = [
    "BASELINE",
    "CRISS_ITEMS",
    "STEP1_EVENTS",
    "VISITS",
    "CrissItem",
    "Visit",
    "adverse_event_table",
    "check_assessments",
    "check_changes",
    "criss",
    "criss_lp",
    "criss_step1",
    "crs_astct",
    "crs_ctcae",
    "dlt_evaluability",
    "icans_astct",
    "ice_code",
    "ild_worsened",
    "improvement",
    "items_at",
    "lv_failed",
    "neurotoxicity_ctcae",
    "pah_found",
    "rcriss",
    "response_by_visit",
    "step1_at",
    "toxicity_course",
]
