"""Virtual trials: patients with cells, calendar time and a dose-escalation design."""

from cartmodel.virtual.by_date import RecordsDesign, TrialSoFar
from cartmodel.virtual.compare import TruthComparison, compare_on_truths
from cartmodel.virtual.loading import list_virtual_scenarios, load_virtual_scenario
from cartmodel.virtual.rates import UTILITY, true_rates
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.study import simulate_trials
from cartmodel.virtual.trials import VirtualTrials

__all__ = [
    "UTILITY",
    "RecordsDesign",
    "TrialSoFar",
    "TruthComparison",
    "VirtualScenario",
    "VirtualTrials",
    "compare_on_truths",
    "list_virtual_scenarios",
    "load_virtual_scenario",
    "simulate_trials",
    "true_rates",
]
