# Tables in
from .trial.reading import read_trial as read_trial
from .trial.data import TrialData as TrialData
from .trial.examples import example_path as example_path, list_examples as list_examples

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

# Fit
from .equations.design import check_fit_together as check_fit_together, doubts as doubts
from .symbolic.model import build as build
from .inference.fitting import fit as fit
from .inference.samplers import sampler as sampler, samplers as samplers
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
from .report.summary import Summary as Summary, print_summary as print_summary, summarise as summarise
from .report.run import write_run as write_run

# Simulated trials
from .simulation.scenario import Scenario as Scenario, load_scenario as load_scenario
from .simulation.trial import SimulatedTrial as SimulatedTrial, simulate_trial as simulate_trial

# What may be caught
from .errors import (
    CartmodelError as CartmodelError,
    CartmodelWarning as CartmodelWarning,
    ConvergenceWarning as ConvergenceWarning,
    ExtrapolationWarning as ExtrapolationWarning,
    FitFileError as FitFileError,
    ModelFileError as ModelFileError,
    Problem as Problem,
    SamplerError as SamplerError,
    ScenarioError as ScenarioError,
    TrialModelError as TrialModelError,
    TrialTableError as TrialTableError,
    UnknownNameError as UnknownNameError,
)
