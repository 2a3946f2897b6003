"""The frozen posteriors: each has its trial, its reasons, and reference answers that a fresh run gives again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

import cartmodel as cm
from cartmodel.errors import CartmodelError, UnknownNameError
from cartmodel.inference.samplers import Sampling
from cartmodel.racing.comparison import compare
from cartmodel.racing.measure import measure
from cartmodel.racing.posteriors import Posterior, list_posteriors, read_posterior
from cartmodel.racing.reference import CRITERIA, read_reference

FOLDER = Path(__file__).parents[2] / "benchmarks" / "posteriors"
NAMES = list(list_posteriors(FOLDER))
SHORT = Sampling(draws=500, tune=500, chains=4, cores=1, target_accept=0.9, random_seed=20261124, progressbar=False)


def test_there_are_eight() -> None:
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_is_of_this_trial_and_model_and_passed(name: str) -> None:
    posterior, reference = read_posterior(FOLDER, name), read_reference(FOLDER / name)
    assert reference.record["trial_digest"] == posterior.trial.digest
    assert reference.record["model_digest"] == posterior.spec.digest
    assert set(reference.record["criteria"]) == set(CRITERIA)
    assert reference.passed
    assert all(check["agrees"] for check in reference.record["second_checks"].values())
    assert np.isfinite(reference.table.to_numpy()).all()
    assert {name for name, _ in posterior.spec.priors()} <= set(reference.table.index)


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(FOLDER.glob("*/scenario.toml"))])
def test_a_frozen_trial_is_that_of_its_scenario(name: str) -> None:
    made = cm.read_trial(cm.simulate_trial(cm.load_scenario(FOLDER / name / "scenario.toml"), seed=1).table)
    stored = read_posterior(FOLDER, name).trial
    assert stored.simulated
    assert made.digest == stored.digest


def test_separation_is_perfect() -> None:
    """Some limit of the exposure tells remission from none: the area by trapezoid is enough to see it nearly so."""
    posterior = read_posterior(FOLDER, "binary-separation")
    truth = cm.simulate_trial(cm.load_scenario(FOLDER / "binary-separation" / "scenario.toml"), seed=1).truth
    remission = posterior.trial.subjects["remission"].to_numpy()
    area = truth.set_index("subject").loc[posterior.trial.subjects.index, "auc_0_28"].to_numpy()
    assert 0 < remission.sum() < len(remission)
    assert area[remission == 1].min() > area[remission == 0].max()


def test_heavy_blq_is_heavy() -> None:
    assert read_posterior(FOLDER, "heavy-blq").trial.observations["blq"].mean() > 0.6


@pytest.mark.parametrize("name", ["one-cohort", "liu2022"])
def test_a_short_fresh_run_gives_the_reference_again(name: str) -> None:
    posterior = read_posterior(FOLDER, name)
    found = compare(measure(posterior, cm.samplers["nutpie"], SHORT).table, posterior.reference)
    assert found.agrees, f"{found.worst}: |z| {found.z:.1f}, limit {found.z_limit:.1f}"


def test_a_reference_of_another_posterior_is_not_given_again() -> None:
    """The same questions about a thousand times as many patients: the comparison must not be too lax to notice."""
    few, many = read_reference(FOLDER / "heavy-blq").table, read_reference(FOLDER / "default-18").table
    assert not compare(few, many).agrees


def test_a_posterior_without_data_is_the_prior(prior_only: Posterior) -> None:
    """Sampler, transforms, estimands and comparison against moments by SciPy."""
    run = measure(prior_only, cm.samplers["nutpie"], SHORT)
    found = compare(run.table, prior_only.reference)
    assert found.agrees, f"{found.worst}: |z| {found.z:.1f}, limit {found.z_limit:.1f}"
    assert run.gradients > 4 * 500


def test_remission_by_dose_is_that_of_quadrature() -> None:
    """Of new patients under the binary model's priors alone, with the kinetics' spread by brute force."""
    spec = cm.load_model("cd7-ssc-binary")
    table = pd.DataFrame({"subject": ["A"], "dose": [1e8], "time": np.nan, "level": np.nan, "unit": "copies/ug"})
    posterior = Posterior("prior", cm.read_trial(table), spec)
    table = measure(posterior, cm.samplers["nutpie"], SHORT).table
    u = norm(table.loc["ln auc_0_28[1e8]", "mean"] - spec.response.centre, table.loc["ln auc_0_28[1e8]", "sd"])
    levels = (np.arange(60) + 0.5) / 60
    a0 = norm(spec.response.a0.mu, spec.response.a0.sigma).ppf(levels)[:, None, None]
    a1 = norm(spec.response.a1.mu, spec.response.a1.sigma).ppf(levels)[None, :, None]
    exact = float(expit(a0 + a1 * u.ppf(levels)[None, None, :]).mean())
    assert table.loc["remission[1e8]", "mean"] == pytest.approx(exact, abs=0.02)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'heavy-blq'"):
        read_posterior(FOLDER, "heavy-blk")


def test_a_bad_manifest_is_said(tmp_path: Path) -> None:
    (tmp_path / "posteriors.toml").write_text('[one]\nwhy = "because of reasons"\nmodel = "cd7-ssc"\n')
    with pytest.raises(CartmodelError, match="either a trial"):
        list_posteriors(tmp_path)
