"""A trial as it really grows: three patients at one dose, patients without samples, all BLQ, outcomes still pending."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import cartmodel as cm


def cohort() -> pd.DataFrame:
    """Three patients at the lowest dose: one well sampled, one all BLQ, one without a sample but with a DLT."""
    days = [1.0, 3.0, 7.0, 10.0, 14.0, 28.0]
    level = [np.nan, 120.0, 5200.0, 30500.0, 18000.0, 1900.0]
    first = pd.DataFrame({"subject": "001", "time": days, "level": level, "blq": [1, 0, 0, 0, 0, 0], "lloq": 50.0})
    second = pd.DataFrame({"subject": "1", "time": days, "level": np.nan, "blq": 1, "lloq": 50.0})
    third = pd.DataFrame({"subject": ["C"], "dlt": [1]})
    table = pd.concat([first.assign(dlt=0, criss_step1=0, criss_lp=3.2), second, third], ignore_index=True)
    return table.assign(dose=0.25e8, unit="copies/ug")


@pytest.fixture(scope="module")
def small_fit() -> xr.DataTree:
    return cm.fit(cm.read_trial(cohort()), "cd7-ssc", draws=300, progressbar=False)


def test_three_patients_at_one_dose_fit(small_fit: xr.DataTree) -> None:
    assert small_fit["posterior"].sizes["subject"] == 3
    table = cm.parameter_table(small_fit).set_index("parameter")
    assert table.loc["ld1", "moved"] == "prior-dominated"
    assert np.isfinite(table["median"]).all()


def test_a_dlt_without_kinetics_counts(small_fit: xr.DataTree) -> None:
    """The probability after one DLT in two known patients is that of a grid posterior by scipy."""
    from scipy.special import expit
    from scipy.stats import norm

    d0, ld1 = np.meshgrid(np.linspace(-8, 5, 801), np.linspace(-3, 2.5, 401), indexing="ij")
    p = expit(d0 + np.exp(ld1) * np.log(0.25))
    weight = norm.pdf(d0, -1.7346010553881064, 1.25) * norm.pdf(ld1, -0.25, 0.5) * p * (1 - p)
    exact = float((weight * p).sum() / weight.sum())
    new = cm.predict(small_fit, n=1)
    assert float(new["dlt"].mean()) == pytest.approx(exact, abs=0.03)
    outcomes = cm.outcome_table(small_fit).set_index("outcome")
    assert (outcomes.loc["dlt", "events"], outcomes.loc["dlt", "observed"]) == (1, 2)


def test_pending_is_not_no(small_fit: xr.DataTree) -> None:
    outcomes = cm.outcome_table(small_fit).set_index("outcome")
    assert (outcomes.loc["remission", "events"], outcomes.loc["remission", "observed"]) == (1, 1)
    said = " ".join(cm.summarise(small_fit).limits)
    assert "ACR-CRISS of 2 patients" in said
    assert "DLT of 1 patient" in said
    assert "1 of 3 patients have no sample" in said
    assert "All patients had one dose" in said


def test_a_patient_without_samples_is_like_a_new_one(small_fit: xr.DataTree) -> None:
    known = np.log(cm.exposure(small_fit)["auc_0_28"].sel(subject="C"))
    new = np.log(cm.predict(small_fit, n=20)["auc_0_28"])
    assert float(known.mean()) == pytest.approx(float(new.mean()), abs=0.25)
    assert float(known.std()) == pytest.approx(float(new.std()), rel=0.25)


def test_a_bad_fit_says_so(small_fit: xr.DataTree) -> None:
    diagnosis = cm.diagnose(small_fit.isel(draw=slice(0, 20), missing_dims="ignore"))
    assert not diagnosis.trusted
    assert "can NOT be trusted" in diagnosis.verdict
