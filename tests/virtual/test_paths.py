"""Populations from a fit file, correlated effects, comedication, and designs of efficacy."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from virtual.conftest import PLAIN

import cartmodel as cm
from cartmodel.spec import load_model
from cartmodel.virtual import VirtualScenario, load_virtual_scenario, simulate_trials
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.streams import Streams
from cartmodel.virtual.truth import population_of


def load(text: str, folder: Path) -> VirtualScenario:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return load_virtual_scenario(path)


def without_truth(text: str, kinetics: str) -> str:
    start, end = text.index("[kinetics]"), text.index("[toxicity]")
    return f"{text[:start]}[kinetics]\n{kinetics}\n\n{text[end:]}"


def test_draws_of_a_fit_are_the_populations_of_the_trials(fitted, tmp_path: Path) -> None:
    _, fit = fitted
    cm.write_fit(fit, tmp_path / "fit.nc")
    text = without_truth(PLAIN, 'draws = "fit.nc"').replace(
        "[accrual]", "[toxicity.model]\nwithin = 28.0\nmedian = 7.0\nsigma = 0.5\n\n[accrual]"
    )
    start, end = text.index("[[toxicity.onset]]"), text.index("[toxicity.model]")
    scenario = load(text[:start] + text[end:], tmp_path)
    posterior = fit["posterior"]
    pick = np.array([0.0, 0.4999, 0.5, 0.9999])
    chosen = population_of(scenario, pick)
    flat = posterior["d0"].to_numpy().ravel()
    np.testing.assert_array_equal(chosen["d0"].ravel(), flat[[0, 199, 200, 399]])
    np.testing.assert_array_equal(
        chosen["omega_cmax"].ravel(), posterior["omega_cmax"].to_numpy().ravel()[[0, 199, 200, 399]]
    )
    done = simulate_trials(scenario, ["boin"], trials=400, progressbar=False)["boin"]
    first = done.patients()[lambda table: (table["level"] == 1) & (table["group"] == 1)]
    logit = flat + np.exp(posterior["ld1"].to_numpy().ravel()) * np.log(0.25)
    wanted = float(np.mean(1 / (1 + np.exp(-logit))))
    by_trial = first.groupby("trial")["dlt"].mean().to_numpy(float)
    assert abs(by_trial.mean() - wanted) < 4 * by_trial.std() / 20


def test_correlated_effects_have_their_correlation(tmp_path: Path) -> None:
    """A model with correlated effects: ln C0 and ln Cmax of 4,000 patients correlate as the scenario says."""
    folder = Path(cm.__file__).parents[1] / "models"
    model = (folder / "cd7-ssc.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(f'{model}\n[correlation]\neta = 2.0\nreason = "test"\n', encoding="utf-8")
    text = PLAIN.replace('model = "cd7-ssc"', 'model = "mine.toml"')
    text = text.replace("tau = 4.0\n", "tau = 4.0\ncorr_cmax_c0 = 0.6\n")
    scenario = load(text, tmp_path)
    assert scenario.spec.correlation is not None
    potential = Potential(scenario, Streams(1, 0, 4000))
    effects = potential.effects(range(1))
    from cartmodel.equations.population import individual_parameters
    from cartmodel.virtual.truth import Truth

    source = Truth(potential.population, effects, {"log_dose": np.zeros((1, 1, 1))})
    found = individual_parameters(scenario.spec, source)
    cmax, c0, tmax = (np.log(found[name]).ravel() for name in ("cmax", "c0", "tmax"))
    assert np.corrcoef(cmax, c0)[0, 1] == pytest.approx(0.6, abs=4 * (1 - 0.36) / 4000**0.5)
    assert abs(np.corrcoef(cmax, tmax)[0, 1]) < 4 / 4000**0.5
    assert cmax.std() == pytest.approx(0.95, rel=0.06)
    done = simulate_trials(scenario, ["boin"], trials=3, records=True, progressbar=False)["boin"]
    assert cm.read_trial(done.table(1)).simulated


def test_comedication_is_given_to_its_share_and_read_again(tmp_path: Path) -> None:
    spec = load_model("cd7-ssc-comedication")
    extra = {name: 0.5 for name, _ in spec.priors() if name in ("f_toci_pop", "f_ster_pop")}
    assert extra
    text = PLAIN.replace('model = "cd7-ssc"', 'model = "cd7-ssc-comedication"')
    truth = "\n".join(f"{name} = {value}" for name, value in extra.items())
    text = text.replace("tau = 4.0\n", f"tau = 4.0\n{truth}\n")
    text = text.replace(
        "[accrual]", "[comedication.tocilizumab_day]\nshare = 0.4\nfirst = 2.0\nlast = 6.0\n\n[accrual]"
    )
    scenario = load(text, tmp_path)
    days = Potential(scenario, Streams(1, 0, 5000)).inputs(range(1))
    given = days["tocilizumab_day"][np.isfinite(days["tocilizumab_day"])]
    assert abs(len(given) / 5000 - 0.4) < 4 * (0.24 / 5000) ** 0.5
    assert given.min() >= 2.0
    assert given.max() <= 6.0
    assert abs(given.mean() - 4.0) < 4 * (4 / 12**0.5) / len(given) ** 0.5
    assert not np.isfinite(days["steroid_day"]).any()
    done = simulate_trials(scenario, ["boin"], trials=20, progressbar=False)["boin"]
    table = pd.concat([done.table(k).drop_duplicates("subject") for k in range(1, 21)])
    assert 0.25 < table["tocilizumab_day"].notna().mean() < 0.55
    assert cm.read_trial(done.table(1)).simulated


EFFTOX = """efftox: max_patients = 9; alpha = [-7.9593, 3.5487]; beta = [1.5482, 3.5018]; gamma = [0.7367, 2.5423]; \
zeta = [3.4181, 2.4406]; eta = [0.0, 0.2]"""  # the priors of the demonstration of Thall and Cook


@pytest.mark.parametrize("design", [EFFTOX, "tepi: max_patients = 9", "u-boin: max_patients = 9"])
def test_designs_of_efficacy_run_and_end(design: str) -> None:
    scenario = load_virtual_scenario("hump").model_copy(update={"dropout_per_month": 0.0})  # nobody is replaced
    done = simulate_trials(scenario, [design], trials=4, progressbar=False)[design]
    patients = done.patients()
    assert patients[patients["status"] == "evaluable"].groupby("trial").size().max() <= 9
    assert all(done.decided(k)["action"].iloc[-1] in ("stop", "refer") for k in range(1, 5))
    assert set(done.block.arrays["mtd"]) <= {-1, 0, 1, 2, 3}
