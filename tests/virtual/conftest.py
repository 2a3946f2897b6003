"""Scenarios whose rates are known in closed form."""

from pathlib import Path

import pytest

import cartmodel as cm
from cartmodel.virtual import VirtualScenario, load_virtual_scenario, simulate_trials

PLAIN = """
name = "plain"
about = "A DLT by the dose alone, on a known day; nobody leaves and no product falls short."
doses = [0.25e8, 1e8, 2e8]

[kinetics]
model = "cd7-ssc"

[kinetics.truth]
cmax_pop = 35000.0
tmax_pop = 11.5
c0_pop = 6.0
alpha_pop = 0.16
fb_pop = 0.012
beta_pop = 0.010
omega_cmax = 0.95
omega_tmax = 0.25
omega_c0 = 0.8
omega_alpha = 0.45
omega_fb = 0.7
omega_beta = 0.4
cov_cmax_dose = 0.5
cov_tmax_dose = -0.05
cov_c0_dose = 1.0
sigma_qpcr = 0.5
q_step1 = 0.05
k0 = 2.0
k1 = 1.5
tau = 4.0

[toxicity]
window = 28.0
follow_up = 90.0

[[toxicity.onset]]
probability = [0.10, 0.25, 0.40]
within = 28.0
median = 7.0
sigma = 0.5

[accrual]
per_month = 2.0
law = "regular"

[samples]
days = [1, 3, 7, 10, 14, 21, 28, 60, 90]
day_jitter = 0.02
missed = 0.1
lloq = { qpcr = 50.0 }
"""


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> VirtualScenario:
    path: Path = tmp_path_factory.mktemp("scenario") / "plain.toml"
    path.write_text(PLAIN, encoding="utf-8")
    return load_virtual_scenario(path)


@pytest.fixture(scope="session")
def fitted():
    """Two virtual trials, and a fit of the second: the only fit of these tests."""
    scenario = load_virtual_scenario("dose-only")
    done = simulate_trials(scenario, ["boin"], trials=2, progressbar=False)["boin"]
    fit = cm.fit(cm.read_trial(done.table(2)), "cd7-ssc", chains=2, draws=200, progressbar=False, random_seed=1)
    return done, fit
