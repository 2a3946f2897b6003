"""Slopes, ratios, rates and probabilities with closed forms."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from checks.conftest import fit_of, line_spec, line_trial
from scipy import stats
from scipy.special import logit

import cartmodel as cm
from cartmodel.checks.courses import clinical_courses
from cartmodel.checks.covariates import covariate_effects
from cartmodel.checks.outcomes import dlt_by_dose, exposure_response
from cartmodel.checks.proportionality import dose_proportionality, power_slope
from cartmodel.trial import TrialData

DOSES = {"a": 2.5e7, "b": 2.5e7, "c": 1e8, "d": 1e8, "e": 2e8, "f": 2e8}
GAMMA = 0.6


def dosed(draws: int = 2000) -> xr.DataTree:
    """Return a fit whose exposures are dose^gamma with gamma ~ Normal(0.6, 0.2)."""
    trial = line_trial({name: [(1.0, 100.0)] for name in DOSES}, DOSES, 1.0)
    at = stats.norm.ppf((np.arange(2 * draws) + 0.5) / (2 * draws)).reshape(draws, 2).T
    truth = {"a_pop": 5.0, "b_pop": -0.1, "omega_a": 0.5, "omega_b": 0.0, "sigma_qpcr": 0.3, "ld1": -0.25}
    return fit_of(trial, line_spec(), {**truth, "cov_a_dose": GAMMA + 0.2 * at, "d0": -1.5 + 0.8 * at}, draws=draws)


def test_the_slope_is_that_of_the_power_model() -> None:
    found = dose_proportionality(dosed())
    assert set(found["of"]) == {"patients", "population"}
    np.testing.assert_allclose(found.loc[found["exposure"] != "peak_time", "slope"], GAMMA, atol=0.01)
    kept = found[found["exposure"] == "auc_0_28"]
    np.testing.assert_allclose(kept["lower"], GAMMA - 0.2 * 1.96, atol=0.01)
    np.testing.assert_allclose(kept["upper"], GAMMA + 0.2 * 1.96, atol=0.01)
    # Smith et al. 2000: 1 + ln(0.8)/ln(r) and 1 + ln(1.25)/ln(r) with r = 8
    np.testing.assert_allclose(kept["low_limit"], 0.892690, atol=1e-6)
    np.testing.assert_allclose(kept["high_limit"], 1.107309, atol=1e-6)
    expected = np.diff(stats.norm.cdf([0.892690, 1.107310], GAMMA, 0.2))[0]
    np.testing.assert_allclose(kept["p_proportional"], expected, atol=0.005)


def test_the_line_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    dose, exposures = np.array([1.0, 1.0, 4.0, 9.0]), np.exp(rng.normal(size=(3, 4)))
    by_scipy = [stats.linregress(np.log(dose), np.log(row)).slope for row in exposures]
    np.testing.assert_allclose(power_slope(dose, exposures), by_scipy)


def test_one_dose_has_no_slope() -> None:
    trial = line_trial({"a": [(1.0, 5.0)], "b": [(1.0, 6.0)]}, {"a": 1e8, "b": 1e8}, 1.0)
    truth = {"a_pop": 1.0, "b_pop": -0.1, "omega_a": 0.5, "omega_b": 0.0, "sigma_qpcr": 0.3, "cov_a_dose": 0.5}
    fit = fit_of(trial, line_spec(), {**truth, "d0": 0.0, "ld1": 0.0}, draws=30)
    found = dose_proportionality(fit)
    assert found["slope"].isna().all()
    assert set(found["reason"]) == {"the trial has 1 known dose; two are needed"}
    assert not len(covariate_effects(fit))


def test_ratios_are_powers_of_the_dose() -> None:
    found = covariate_effects(dosed())
    assert found["value"].drop_duplicates().tolist() == ["2.5e7 cells", "2e8 cells"]
    assert set(found["reference"]) == {"1e8 cells"}
    row = found[(found["value"] == "2e8 cells") & (found["exposure"] == "auc_0_28")].iloc[0]
    assert row["median"] == pytest.approx(2**GAMMA, rel=0.01)
    assert row["lower"] == pytest.approx(2 ** (GAMMA - 0.392), rel=0.01)
    below = stats.norm.cdf(np.log2(1.25), GAMMA, 0.2)
    assert row["p_above"] == pytest.approx(1 - below, abs=0.005)
    assert row["p_within"] + row["p_above"] + row["p_below"] == pytest.approx(1.0)
    assert row["n"] == 2


def test_comedication_is_a_contrast_where_the_model_knows_it() -> None:
    rows = ["subject,dose,time,assay,level,unit,blq,lloq,tocilizumab_day"]
    rows += [f"{s},1e8,{t},qpcr,500,copies/ug,0,50,{d}" for s, d in (("a", 4), ("b", 6), ("c", "")) for t in (7, 14)]
    frame = pd.DataFrame([row.split(",") for row in rows[1:]], columns=rows[0].split(","))
    trial = cm.read_trial(frame)
    name = next(n for n in cm.list_models() if "tocilizumab_day" in cm.load_model(n).curve.inputs)
    spec = cm.load_model(name)
    from cartmodel.prediction.prior import prior_draws

    draws = prior_draws(spec, 40)
    truth = {n: np.broadcast_to(draws[n].values, (2, 40)) for n in draws.data_vars}
    found = covariate_effects(fit_of(trial, spec, truth, draws=40))
    assert "tocilizumab on day 5" in set(found["value"])
    assert set(found.loc[found["covariate"] == "tocilizumab", "n"]) == {2}


def test_the_probability_of_being_over_the_limit() -> None:
    found = dlt_by_dose(dosed())
    assert found is not None
    at = found.set_index("dose")
    assert at.loc[1e8, "p_over"] == pytest.approx(stats.norm.sf(logit(0.33), -1.5, 0.8), abs=0.003)
    moved = np.exp(-0.25) * np.log(2.0)
    assert at.loc[2e8, "p_over"] == pytest.approx(stats.norm.sf(logit(0.33) - moved, -1.5, 0.8), abs=0.003)
    assert (at["observed"] == 0).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        dlt_by_dose(dosed(30), limit=33)


def test_observed_rates_have_exact_intervals(example_fit: xr.DataTree) -> None:
    found = exposure_response(example_fit, bins=3)
    assert found is not None
    assert int(found["patients"].sum()) == 18
    for i in range(3):
        k, n = int(found["events"][i]), int(found["patients"][i])
        low = 0.0 if k == 0 else stats.beta.ppf(0.025, k, n - k + 1)
        high = 1.0 if k == n else stats.beta.ppf(0.975, k + 1, n - k)
        assert float(found["rate_lower"][i]) == pytest.approx(low, abs=1e-8)
        assert float(found["rate_upper"][i]) == pytest.approx(high, abs=1e-8)
        own = (found["patient"] >= found["first"][i]) & (found["patient"] <= found["last"][i])
        assert int(found["outcome"].where(own).sum()) == k
    assert exposure_response(dosed(30)) is None


TABLE = """\
subject,dose,time,assay,level,unit,blq,lloq,criss_step1,criss_lp,dlt
a,1e8,3,qpcr,,copies/ug,1,50,0,1.2,0
a,1e8,7,qpcr,900,copies/ug,0,50,0,1.2,0
a,1e8,14,qpcr,300,copies/ug,0,50,0,1.2,0
a,1e8,60,qpcr,,copies/ug,1,50,0,1.2,0
b,2e8,7,qpcr,500,copies/ug,0,50,1,,1
b,2e8,28,qpcr,800,copies/ug,0,50,1,,1
c,2e8,,,,,,,,,
"""


def test_courses(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    trial: TrialData = cm.read_trial(path)
    found = clinical_courses(trial).set_index("subject")
    assert found.loc["a", ["first_seen", "peak_day", "last_seen", "last_sample"]].tolist() == [7, 7, 14, 60]
    assert found["lost"].tolist() == [True, False, False]
    assert found["criss_probability"].tolist() == pytest.approx([1 / (1 + np.exp(-1.2)), 0.0, np.nan], nan_ok=True)
    assert found["response"].tolist() == pytest.approx([1.0, 0.0, np.nan], nan_ok=True)
    assert found["follow_up"].tolist() == pytest.approx([60, 28, np.nan], nan_ok=True)
    assert not found["follow_up_recorded"].any()
