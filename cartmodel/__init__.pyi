# Tables in
from .trial.reading import read_trial as read_trial
from .trial.data import TrialData as TrialData
from .trial.examples import example_path as example_path, list_examples as list_examples

# Tables out
from .submission.adpc import to_adpc as to_adpc
from .submission.adpp import to_adpp as to_adpp
from .submission.adppk import to_adppk as to_adppk
from .submission.data_set import to_nonmem as to_nonmem
from .submission.tables import to_tables as to_tables
from .submission.export import export_trial as export_trial

# What the tables say
from .description.trial_report import TrialDescription as TrialDescription, describe_trial as describe_trial
from .noncompartmental.analysis import nca as nca
from .noncompartmental.groups import nca_by_dose as nca_by_dose
from .noncompartmental.rules import NcaRules as NcaRules
from .noncompartmental.persistence import (
    persistence_by_dose as persistence_by_dose,
    persistence_summary as persistence_summary,
    persistence_times as persistence_times,
)
from .noncompartmental.survival import kaplan_meier as kaplan_meier
from .noncompartmental.bias import schedule_bias as schedule_bias
from .noncompartmental.against_model import compare_nca as compare_nca

# Clinical endpoints
from .description.endpoint_report import TrialEndpoints as TrialEndpoints, endpoints_of as endpoints_of
from .endpoints.acr_criss import criss as criss, criss_lp as criss_lp
from .endpoints.revised_criss import rcriss as rcriss
from .endpoints.step1 import (
    criss_step1 as criss_step1,
    ild_worsened as ild_worsened,
    lv_failed as lv_failed,
    pah_found as pah_found,
    step1_at as step1_at,
)
from .endpoints.visits import Visit as Visit
from .endpoints.response import response_by_visit as response_by_visit
from .endpoints.astct import crs_astct as crs_astct, icans_astct as icans_astct, ice_code as ice_code
from .endpoints.ctcae import crs_ctcae as crs_ctcae, neurotoxicity_ctcae as neurotoxicity_ctcae
from .endpoints.episodes import toxicity_course as toxicity_course
from .endpoints.dlt import dlt_evaluability as dlt_evaluability
from .endpoints.adverse_events import adverse_event_table as adverse_event_table

# Models
from .spec.catalogue import list_models as list_models, load_model as load_model
from .spec.model import ModelSpec as ModelSpec
from .spec.priors import describe as describe
from .kinetics.structure import (
    fraction as fraction,
    positive as positive,
    real as real,
    structure as structure,
    structures as structures,
)

from .symbolic.contract import StructureCheck as StructureCheck, check_structure as check_structure

# Fit
from .equations.design import check_fit_together as check_fit_together, doubts as doubts
from .symbolic.model import build as build
from .inference.fitting import fit as fit
from .inference.samplers import Sampling as Sampling, sampler as sampler, samplers as samplers
from .inference.target import Target as Target
from .inference.diagnosis import Diagnosis as Diagnosis, diagnose as diagnose
from .prediction.fitfile import read_fit as read_fit, spec_of as spec_of, write_fit as write_fit

# What it says
from .prediction.parameters import parameter_table as parameter_table
from .prediction.doses import (
    compare_doses as compare_doses,
    exposure_table as exposure_table,
    outcome_table as outcome_table,
)
from .prediction.agreement import compare_fits as compare_fits
from .prediction.predictions import exposure as exposure, predict as predict
from .reporting.summary import Summary as Summary, print_summary as print_summary, summarise as summarise
from .reporting.run import write_run as write_run
from .reporting.context import Context as Context, read_context as read_context
from .reporting.delivery import report as report

# Checks of a fit
from .checks.predictive import vpc as vpc
from .checks.goodness import goodness_of_fit as goodness_of_fit
from .checks.discrepancies import npde as npde, npde_tests as npde_tests
from .checks.by_covariate import effects_by_covariate as effects_by_covariate
from .checks.effects import random_effects as random_effects, shrinkage as shrinkage
from .checks.proportionality import dose_proportionality as dose_proportionality
from .checks.covariates import covariate_effects as covariate_effects
from .checks.outcomes import dlt_by_dose as dlt_by_dose, exposure_response as exposure_response
from .checks.courses import clinical_courses as clinical_courses
from .checks.mixing import worst_mixing as worst_mixing

# A trial under way
from .conduct.reading import example_conduct as example_conduct, read_conduct as read_conduct
from .conduct.records import ConductRecords as ConductRecords
from .conduct.ruling import Verdict as Verdict, verdict as verdict
from .decision.advice import Advice as Advice, advise as advise
from .decision.exposure_toxicity import FollowedPatient as FollowedPatient

# Simulated trials
from .simulation.scenario import Scenario as Scenario, load_scenario as load_scenario
from .simulation.trial import SimulatedTrial as SimulatedTrial, simulate_trial as simulate_trial

# Virtual trials
from .virtual.scenario import VirtualScenario as VirtualScenario
from .virtual.loading import (
    list_virtual_scenarios as list_virtual_scenarios,
    load_virtual_scenario as load_virtual_scenario,
)
from .virtual.rates import true_rates as true_rates
from .virtual.by_date import TrialSoFar as TrialSoFar
from .virtual.trials import VirtualTrials as VirtualTrials
from .virtual.study import simulate_trials as simulate_trials
from .virtual.compare import TruthComparison as TruthComparison, compare_on_truths as compare_on_truths

# Dose escalation
from .escalation.state import Decision as Decision, State as State
from .escalation.outcomes import Cohort as Cohort, parse_outcomes as parse_outcomes, state_of as state_of
from .escalation.design import (
    Design as Design,
    Filter as Filter,
    Recommendation as Recommendation,
    SlotDesign as SlotDesign,
    designs as designs,
)
from .escalation.settings import design as design, list_designs as list_designs
from .escalation.contract import DesignCheck as DesignCheck, check_design as check_design
from .escalation.policies import GAPS as GAPS, Policies as Policies
from .escalation.three_plus_three import (
    escalation_only as escalation_only,
    korn as korn,
    nct06871644 as nct06871644,
    top_to_six as top_to_six,
)
from .escalation.boin import boin as boin
from .escalation.mtpi import mtpi as mtpi, mtpi2 as mtpi2
from .escalation.keyboard import keyboard as keyboard
from .escalation.interval import table_design as table_design
from .escalation.skeleton import indifference_skeleton as indifference_skeleton
from .escalation.crm import CrmModel as CrmModel, crm as crm
from .escalation.blrm import BlrmModel as BlrmModel, blrm as blrm
from .escalation.blrm_mixture import BlrmMixture as BlrmMixture, MapPrior as MapPrior
from .escalation.map_prior import (
    HistoricalTrial as HistoricalTrial,
    map_prior as map_prior,
    robust_blrm as robust_blrm,
)
from .escalation.ewoc import ewoc_dose as ewoc_dose
from .escalation.backfill import Backfill as Backfill
from .escalation.dated import DatedDesign as DatedDesign, DatedPatient as DatedPatient, DatedState as DatedState
from .escalation.weights import (
    adaptive_weights as adaptive_weights,
    linear_weights as linear_weights,
    onset_weights as onset_weights,
)
from .escalation.tite_crm import TiteCrm as TiteCrm
from .escalation.tite_boin import TiteBoin as TiteBoin
from .escalation.benefit import BenefitDesign as BenefitDesign, BenefitState as BenefitState
from .escalation.boin12 import Boin12 as Boin12
from .escalation.uboin import UBoin as UBoin
from .escalation.efftox import EffTox as EffTox
from .escalation.tepi import Tepi as Tepi
from .escalation.replay import replay as replay
from .escalation.history import Infusion as Infusion, check_infusions as check_infusions
from .escalation.exact import (
    OperatingCharacteristics as OperatingCharacteristics,
    operating_characteristics as operating_characteristics,
)
from .escalation.duration import TrialDuration as TrialDuration, trial_duration as trial_duration
from .escalation.tables import compare_designs as compare_designs, decision_table as decision_table
from .escalation.pathways import pathways as pathways
from .escalation.data_scenarios import data_scenarios as data_scenarios
from .escalation.audit import Audit as Audit, audit as audit
from .escalation.simulate import simulate_benefit as simulate_benefit, simulate_counts as simulate_counts

# What may be caught
from .errors import (
    CartmodelError as CartmodelError,
    CartmodelWarning as CartmodelWarning,
    ContextFileError as ContextFileError,
    ConductTableError as ConductTableError,
    ConvergenceWarning as ConvergenceWarning,
    DesignError as DesignError,
    ExtrapolationWarning as ExtrapolationWarning,
    FitFileError as FitFileError,
    HistoryError as HistoryError,
    ModelFileError as ModelFileError,
    Problem as Problem,
    SamplerError as SamplerError,
    ScenarioError as ScenarioError,
    TrialModelError as TrialModelError,
    TrialTableError as TrialTableError,
    UnknownNameError as UnknownNameError,
)
