"""The visual predictive check against order statistics, brute force and the NCA of the trial itself."""

import numpy as np
import pytest
import xarray as xr
from checks.conftest import fit_of, line_spec, line_trial
from scipy import stats

import cartmodel as cm
from cartmodel.checks.predictive import quantile_with_blq, vpc
from cartmodel.checks.visits import stated_bins, visits
from cartmodel.noncompartmental import nca

A, B, OMEGA, SIGMA, LLOQ = 5.0, -0.1, 0.8, 0.5, 60.0
SD = np.hypot(OMEGA, SIGMA)
TRUTH = {"a_pop": A, "b_pop": B, "omega_a": OMEGA, "omega_b": 0.0, "cov_a_dose": 0.0, "sigma_qpcr": SIGMA}
DAYS = (7.0, 14.0)


@pytest.fixture(scope="module")
def three() -> xr.DataTree:
    """Three patients at each of two doses, two visits, with a posterior that is one known truth."""
    rng = np.random.default_rng(8)
    names = [f"P{i}" for i in range(6)]
    samples = {}
    for name in names:
        levels = np.exp(A + B * np.array(DAYS) + rng.normal(0, OMEGA) + rng.normal(0, SIGMA, 2))
        samples[name] = [(day, float(v) if v >= LLOQ else None) for day, v in zip(DAYS, levels, strict=True)]
    doses = {name: 1e8 if i < 3 else 2e8 for i, name in enumerate(names)}
    return fit_of(line_trial(samples, doses, LLOQ), line_spec(), {**TRUTH, "d0": 0.0, "ld1": 0.0}, draws=4000)


def test_bands_are_those_of_order_statistics(three: xr.DataTree) -> None:
    found = vpc(three, replicates=8000)
    assert found["group"].values.tolist() == ["1e8 cells", "2e8 cells"]
    assert found["samples"].values.tolist() == [[3, 3], [3, 3]]
    for j, day in enumerate(DAYS):
        centre = A + B * day
        ends = stats.norm.ppf([0.025, 0.975], centre, SD)
        np.testing.assert_allclose(np.log(found["sample_lower"][:, j]), ends[0], atol=0.08)
        np.testing.assert_allclose(np.log(found["sample_upper"][:, j]), ends[1], atol=0.08)
        # the median of three is the second of three: its distribution function is Beta(2, 2) of the normal one
        for name, p in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
            exact = stats.norm.ppf(stats.beta.ppf(p, 2, 2), centre, SD)
            np.testing.assert_allclose(np.log(found[name][:, j, 1]), exact, atol=0.08)


def test_the_curve_is_not_clamped_and_the_blq_share_is_binomial(three: xr.DataTree) -> None:
    found = vpc(three, replicates=8000)
    assert float(found["lower"].min()) < LLOQ / 2
    for j, day in enumerate(DAYS):
        p = stats.norm.cdf(np.log(LLOQ), A + B * day, SD)
        for name, q in (("blq_lower", 0.025), ("blq_median", 0.5), ("blq_upper", 0.975)):
            np.testing.assert_allclose(found[name][:, j], stats.binom.ppf(q, 3, p) / 3, atol=1e-9)
    data = three["constant_data"].to_dataset()
    shares = [data["blq_qpcr"].values[i : i + 3, j].mean() for i in (0, 3) for j in (0, 1)]
    np.testing.assert_allclose(found["blq_observed"].values.ravel(), shares)


def test_new_patients_have_new_effects(three: xr.DataTree) -> None:
    moved = three.copy(deep=True)
    posterior = moved["posterior"].to_dataset()
    moved["posterior"] = posterior.assign(eta_a=posterior["eta_a"] + 50.0)
    xr.testing.assert_equal(vpc(three, replicates=100), vpc(moved, replicates=100))
    own = vpc(moved, replicates=100, patients="trial")
    assert float(own["median"].min()) > 1e15
    still = vpc(three, replicates=8000, patients="trial")  # effects of 0: only the residual error is left
    ends = stats.norm.ppf([0.025, 0.975], A + B * DAYS[0], SIGMA)
    np.testing.assert_allclose(np.log(still["sample_lower"][0, 0]), ends[0], atol=0.06)
    np.testing.assert_allclose(np.log(still["sample_upper"][0, 0]), ends[1], atol=0.06)


def test_an_observed_quantile_among_blq_samples_is_not_drawn() -> None:
    doses = dict.fromkeys(("a", "b", "c"), 1e8)
    samples = {"a": [(7, 100.0), (14, None)], "b": [(7, 300.0), (14, None)], "c": [(7, None), (14, 90.0)]}
    fit = fit_of(line_trial(samples, doses, LLOQ), line_spec(), {**TRUTH, "d0": 0.0, "ld1": 0.0}, draws=20)
    found = vpc(fit, replicates=40)
    assert found["observed"].sel(quantile=0.5).values.ravel().tolist() == pytest.approx([100.0, np.nan], nan_ok=True)
    assert np.isnan(found["observed"].sel(quantile=0.1)).all()
    assert found["blq_observed"].values.ravel().tolist() == pytest.approx([1 / 3, 2 / 3])
    assert found["sample_level"].values.tolist() == pytest.approx([100, LLOQ, 300, LLOQ, LLOQ, 90])


def test_quantiles_with_blq_agree_with_numpy() -> None:
    rng = np.random.default_rng(5)
    for n in (1, 2, 3, 8):
        values = rng.normal(size=(4, n))
        for q in (0.1, 0.5, 0.9):
            np.testing.assert_allclose(quantile_with_blq(values, q), np.quantile(values, q, axis=-1))
            hidden = np.where(values < 0, -np.inf, values)
            told = quantile_with_blq(hidden, q)
            low = np.quantile(hidden, q, axis=-1, method="lower")
            assert (np.isneginf(told) == np.isneginf(low)).all()


def test_prediction_correction_takes_dose_and_time_out() -> None:
    rng = np.random.default_rng(6)
    doses = {f"P{i}": (2.5e7, 1e8, 2e8)[i % 3] for i in range(9)}
    days = {name: 7.0 + rng.uniform(-0.4, 0.4) for name in doses}
    slope = 2.0
    samples = {
        name: [(round(days[name], 3), float(np.exp(A + slope * np.log(doses[name] / 1e8) + B * round(days[name], 3))))]
        for name in doses
    }
    truth = {**TRUTH, "cov_a_dose": slope, "d0": 0.0, "ld1": 0.0}
    fit = fit_of(line_trial(samples, doses, 1e-6), line_spec(), truth, draws=50)
    found = vpc(fit, prediction_corrected=True, by_dose=False, replicates=100)
    assert found["samples"].values.tolist() == [[9]]
    level = found["sample_level"].values
    typical = [A + slope * np.log(doses[n] / 1e8) + B * round(days[n], 3) for n in doses]
    np.testing.assert_allclose(level, np.exp(np.median(typical)), rtol=1e-9)  # all are typical: nothing is left
    raw = vpc(fit, by_dose=False, replicates=100)["sample_level"].values
    assert raw.max() / raw.min() > 50


def test_derived_exposures_are_those_of_the_nca(example_fit: xr.DataTree) -> None:
    found = vpc(example_fit, replicates=100)
    table = nca(cm.read_trial(cm.example_path("cd7_ssc")))
    for name in found["parameter"].values:
        own = table[table["parameter"] == name].set_index("subject")["value"]
        np.testing.assert_allclose(found["patient"].sel(parameter=name), own[found["subject"].values])
        for label, dose in (("2.5e7 cells", 2.5e7), ("1e8 cells", 1e8)):
            mean = table[(table["parameter"] == name) & (table["dose"] == dose)]["value"].median()
            at = {"parameter": name, "group": label}
            assert float(found["exposure_observed"].sel(at)) == pytest.approx(mean)
            assert found["patient_lower"].sel(at) < found["exposure_lower"].sel(at) < found["exposure_upper"].sel(at)


def test_visits_find_the_schedule_of_scattered_times() -> None:
    rng = np.random.default_rng(7)
    nominal = np.array([1, 3, 5, 7, 10, 12, 14, 17, 21, 28, 60, 90, 180, 360], dtype=float)
    time = nominal * np.exp(0.02 * rng.standard_normal((6, 14)))
    time[2, 3] = np.nan  # missed
    subject, visit = np.nonzero(~np.isnan(time))
    found = visits(time[subject, visit], subject)
    np.testing.assert_array_equal(found, visit)
    shuffled = rng.permutation(len(found))
    np.testing.assert_array_equal(visits(time[subject, visit][shuffled], subject[shuffled]), visit[shuffled])


def test_without_a_common_schedule_bins_are_ranges_of_time() -> None:
    rng = np.random.default_rng(8)
    time, subject = np.sort(rng.uniform(1, 100, 200)), rng.integers(0, 20, 200)
    found = visits(time, subject)
    assert (np.diff(found) >= 0).all()
    for number in np.unique(found):
        own = time[found == number]
        assert np.ptp(own) <= max(1.0, 0.22 * own.max())
    assert found.max() < 30


def test_stated_bins(three: xr.DataTree) -> None:
    assert stated_bins(np.array([0.5, 1.0, 2.0]), [0, 1, 1.5]).tolist() == [0, 0, -1]
    found = vpc(three, bins=[0, 10], replicates=40)
    assert found.attrs["samples_in_no_bin"] == 6
    assert found["samples"].values.tolist() == [[3], [3]]
    with pytest.raises(ValueError, match="accepted: two or more increasing days"):
        vpc(three, bins=[5, 5], replicates=40)
    with pytest.raises(ValueError, match="accepted: qpcr"):
        vpc(three, assay="elisa")


def test_an_lloq_that_only_blq_rows_give_is_the_trials() -> None:
    doses = dict.fromkeys(("a", "b"), 1e8)
    samples = {"a": [(7.0, 100.0), (14.0, None)], "b": [(7.0, 300.0), (14.0, 90.0)]}
    trial = line_trial(samples, doses, LLOQ)
    for least, assumed in ((90.0, 3), (50.0, 0)):  # a quantified level below the one LLOQ: it is not everybody's
        trial.observations["lloq"] = trial.observations["lloq"].where(trial.observations["blq"])
        trial.observations.loc[trial.observations["level"] == 90.0, "level"] = least
        found = vpc(fit_of(trial, line_spec(), {**TRUTH, "d0": 0.0, "ld1": 0.0}, draws=50), replicates=100)
        assert (found.attrs["lloq_assumed"], found.attrs["lloq_unknown"]) == (assumed, 3 - assumed)
        assert found["blq_observed"].values.tolist() == [[0.0, 0.5]]
        assert bool(found["blq_median"].notnull().all()) == (assumed == 3)


def test_a_trial_without_dose() -> None:
    trial = cm.read_trial(cm.example_path("liu2022_cart_ball"))
    spec = cm.load_model("kinetics-only")
    truth = {name: 0.5 if name.startswith(("omega", "sigma")) else 1.0 for name, _ in spec.priors()}
    truth |= {"cmax_pop": 300.0, "tmax_pop": 10.0, "fb_pop": 0.01, "alpha_pop": 0.2, "beta_pop": 0.01}
    found = vpc(fit_of(trial, spec, truth, draws=50), replicates=100)
    share = float((found["blq_observed"] * found["samples"]).sum() / found["samples"].sum())
    assert share == pytest.approx(trial.observations["blq"].mean())
    assert found["group"].values.tolist() == ["dose not recorded"]
