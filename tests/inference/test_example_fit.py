"""The default joint model on the bundled example: its gates, an independent sampler's answer, its file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import beta, norm

import cartmodel as cm

STAN = Path(__file__).parents[2] / "benchmarks" / "records" / "stan_cd7_ssc.json"
GROUPS = {
    "posterior",
    "sample_stats",
    "prior",
    "posterior_predictive",
    "observed_data",
    "constant_data",
    "log_likelihood",
}


def test_the_default_fit_passes_its_gates(example_fit: xr.DataTree) -> None:
    assert cm.diagnose(example_fit).trusted, cm.diagnose(example_fit).verdict


def test_the_posterior_is_that_of_stan(example_fit: xr.DataTree) -> None:
    """Means and SDs of every population parameter and every patient's ln AUC0-28, within Monte Carlo error.

    Of 40 estimands one exceeds 4.5 standard errors by chance once in 4,000 runs. The seed is fixed.
    """
    stan = json.loads(STAN.read_text())
    assert stan["divergences"] == 0
    posterior = example_fit["posterior"].to_dataset()
    table = cm.parameter_table(example_fit).set_index("parameter")
    ours = {name.replace("sigma_qpcr", "sigma"): (posterior[name], table.loc[name, "ess_bulk"]) for name in table.index}
    log_auc = np.log(cm.exposure(example_fit)["auc_0_28"])
    for subject in log_auc["subject"].values:
        ours[f"ln_auc28[{subject}]"] = (log_auc.sel(subject=subject), 1000.0)
    assert set(ours) <= set(stan["estimands"]), set(ours) - set(stan["estimands"])
    for name, (values, ess) in ours.items():
        theirs = stan["estimands"][name]
        error = np.hypot(float(values.std()) / np.sqrt(ess), theirs["mcse_mean"])
        assert abs(float(values.mean()) - theirs["mean"]) < 4.5 * error, name
        assert float(values.std()) == pytest.approx(theirs["sd"], rel=0.2), name


def test_a_fit_holds_every_group_and_named_coordinates(example_fit: xr.DataTree) -> None:
    assert set(example_fit.children) == GROUPS
    posterior = example_fit["posterior"].to_dataset()
    assert posterior["eta_cmax"].dims == ("chain", "draw", "subject")
    assert posterior["subject"].values[0] == "S01"
    assert not [name for name in posterior.data_vars if str(name).startswith("z_")]
    assert example_fit["posterior_predictive"]["level_qpcr"].dims == ("chain", "draw", "subject", "sample_qpcr")
    spec = cm.spec_of(example_fit)
    assert spec.name == "cd7-ssc"
    assert spec.digest == example_fit.attrs["model_digest"]


def test_predictive_levels_are_clamped_and_latent_ones_are_not(example_fit: xr.DataTree) -> None:
    predictive = example_fit["posterior_predictive"].to_dataset()
    assert float(predictive["level_qpcr"].min()) == pytest.approx(np.log(50.0), rel=1e-6)
    assert float(predictive["latent_level_qpcr"].min()) < np.log(50.0) - 1.0


def test_the_predictive_share_below_the_limit_is_near_the_observed_one(
    example_fit: xr.DataTree, example_trial: cm.TrialData
) -> None:
    predictive = example_fit["posterior_predictive"]["latent_level_qpcr"]
    seen = example_fit["constant_data"]["seen_level_qpcr"] > 0
    share = ((predictive < np.log(50.0)) & seen).sum(("subject", "sample_qpcr")) / seen.sum()
    low, high = share.quantile([0.005, 0.995]).values
    assert low < example_trial.observations["blq"].mean() < high


def test_the_file_predicts_the_same_in_a_process_without_pymc(example_fit: xr.DataTree, tmp_path: Path) -> None:
    path = cm.write_fit(example_fit, tmp_path / "fit.nc")
    code = (
        "import sys, cartmodel as cm\n"
        f"fit = cm.read_fit({str(path)!r})\n"
        "new = cm.predict(fit, dose=[5e7], n=5)\n"
        "print(repr(float(new['auc_0_28'].mean())), repr(float(new['remission'].mean())), cm.diagnose(fit).trusted)\n"
        "cm.parameter_table(fit); cm.exposure(fit)\n"
        "assert not {'pymc', 'pytensor', 'nutpie'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    auc, remission, trusted = done.stdout.split()
    new = cm.predict(example_fit, dose=[5e7], n=5)
    assert float(auc) == float(new["auc_0_28"].mean())
    assert float(remission) == float(new["remission"].mean())
    assert trusted == "True"


def test_extrapolation_is_said_and_interpolation_is_not(example_fit: xr.DataTree) -> None:
    with pytest.warns(cm.ExtrapolationWarning, match="4e\\+08"):
        cm.predict(example_fit, dose=4e8, n=1)
    cm.predict(example_fit, dose=1.5e8, n=1)
    with pytest.raises(ValueError, match="positive"):
        cm.predict(example_fit, dose=-1.0)


def test_the_trials_own_patients_at_their_own_dose_are_their_exposures(example_fit: xr.DataTree) -> None:
    own = cm.exposure(example_fit)
    at = cm.predict(example_fit, dose=1e8, patients="trial").sel(dose=1e8)
    same = own["dose"].values == 1e8
    np.testing.assert_allclose(at["auc_0_28"].values[..., same], own["auc_0_28"].values[..., same], rtol=1e-12)


def test_comparisons_follow_from_the_power_term(example_fit: xr.DataTree) -> None:
    """The ratio of the sharp-peak parameter is (D1/D2)^gamma; the curve's own peak follows it within the smoothing."""
    rows = cm.compare_doses(example_fit, [2.5e7, 2e8], n=20)
    ratio = rows.set_index("measure").loc["peak_level"]
    power = 8.0 ** example_fit["posterior"]["cov_cmax_dose"]
    assert ratio["median"] == pytest.approx(float(power.median()), rel=0.02)
    assert ratio["p_higher"] == pytest.approx(float((power > 1).mean()), abs=0.02)


def test_what_the_priors_said_before_stands_beside_a_comparison(example_fit: xr.DataTree) -> None:
    """The exponent of Cmax is N(0.15, 0.25) beforehand, and the sharp peak's ratio 8 to that power."""
    ratio = cm.compare_doses(example_fit, [2.5e7, 2e8], n=20).set_index("measure").loc["peak_level"]
    assert ratio["prior_p_higher"] == pytest.approx(norm.sf(0, 0.15, 0.25), abs=0.04)  # 2,000 draws: SE 0.01
    assert np.log(ratio["prior_lower"]) == pytest.approx(np.log(8) * norm.ppf(0.025, 0.15, 0.25), abs=0.12)
    assert np.log(ratio["prior_upper"]) == pytest.approx(np.log(8) * norm.ppf(0.975, 0.15, 0.25), abs=0.12)
    said = " ".join(cm.summarise(example_fit).limits)
    assert "before the trial" in said
    assert "Proportional would be 8.00. That was held unlikely before the trial" in said
    assert "percentage points" in said


def test_the_slope_of_the_response_stands_beside_its_prior(example_fit: xr.DataTree) -> None:
    before = float((example_fit["prior"]["k1"] > 0).mean())
    assert before == pytest.approx(norm.sf(0, 1.2, 1.5), abs=0.04)
    assert any(f"; {before:.2f} before the trial" in text for text in cm.summarise(example_fit).limits)


def test_a_beta_prior_contracts_as_conjugacy_says(example_fit: xr.DataTree) -> None:
    """No step-1 event in 18: Beta(1, 19) becomes Beta(1, 37), whatever the rest of the model."""
    assert example_fit["observed_data"]["criss_step1"].values.sum() == 0
    row = cm.parameter_table(example_fit).set_index("parameter").loc["q_step1"]
    before, after = beta(1, 19), beta(1, 37)
    assert row["contraction"] == pytest.approx(1 - after.var() / before.var(), abs=0.06)
    assert row["shift"] == pytest.approx((after.mean() - before.mean()) / before.std(), abs=0.03)
    assert row["moved"] == "partly informed"


def test_truth_of_the_example_is_covered(example_fit: xr.DataTree) -> None:
    path = cm.example_path("cd7_ssc")
    truth = pd.read_csv(path.with_name("truth.csv")).set_index("subject")["auc_0_28"]
    low, high = cm.exposure(example_fit)["auc_0_28"].quantile([0.025, 0.975], dim=("chain", "draw")).values
    inside = (low <= truth.to_numpy()) & (truth.to_numpy() <= high)
    assert inside.sum() >= 14  # 18 patients at 95%: 14 or fewer once in 500 trials


@pytest.mark.parametrize("dose", [[], "1e8", True, float("nan"), 0.0])
def test_what_is_no_dose_is_refused(example_fit: xr.DataTree, dose: object) -> None:
    with pytest.raises(ValueError, match="accepted: positive numbers of cells"):
        cm.predict(example_fit, dose=dose)  # pyright: ignore


def test_times_before_the_infusion_are_refused(example_fit: xr.DataTree) -> None:
    with pytest.raises(ValueError, match="days from 0 on"):
        cm.predict(example_fit, n=1, times=[-5.0, 7.0])


def test_curves_are_predicted_but_not_compared(example_fit: xr.DataTree) -> None:
    new = cm.predict(example_fit, n=2, times=[7.0, 28.0])
    assert new["level"].dims == ("chain", "draw", "dose", "subject", "time")
    assert "level" not in set(cm.compare_doses(example_fit, new=new)["measure"])
    typical = cm.predict(example_fit, patients="typical")
    assert len(cm.compare_doses(example_fit, new=typical)) == 18


def test_a_dose_that_changes_only_toxicity_is_summarised(example_fit: xr.DataTree) -> None:
    """A model file without dose effects on the kinetics: exposures are the same at every dose, DLT is not."""
    flat = cm.spec_of(example_fit).replace(name="flat", covariates={})
    fit = example_fit.copy()
    fit.attrs = {**example_fit.attrs, "spec": flat.model_dump_json(exclude_none=True)}
    rows = cm.summarise(fit).comparison.set_index("measure")
    assert (rows.loc["auc_0_28", "median"] == 1.0).all()
    assert (rows.loc["dlt", "median"] > 0.0).all()
