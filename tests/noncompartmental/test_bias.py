"""The bias of a schedule: one patient from section 7.2 of the domain file, and its prior-predictive figures of 6.6."""

import numpy as np
import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.noncompartmental import schedule_bias
from cartmodel.spec import ModelSpec

NOMINAL = (1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360)


@pytest.fixture(scope="module")
def exact() -> ModelSpec:
    """The default model with the paper's sharp peak, of which section 6.6 speaks."""
    return cm.load_model("cd7-ssc").replace(name="exact", structure="stein")


@pytest.fixture(scope="module")
def typical(exact: ModelSpec) -> ModelSpec:
    """A population of one kind of patient: the published one of section 7.2."""
    why = {"reason": "a known patient", "source": "Stein 2019"}
    centres = {"cmax": 24000.0, "tmax": 9.3, "c0": 24000 / 3900, "alpha": 0.16, "beta": 0.0032}
    narrow = {name: {"dist": "LogNormal", "median": value, "sigma": 1e-13, **why} for name, value in centres.items()}
    narrow["fb"] = {"dist": "LogitNormal", "mu": float(np.log(0.0079 / 0.9921)), "sigma": 1e-13, **why}
    alike = {name: {"dist": "HalfNormal", "sigma": 1e-13, **why} for name in narrow}
    return exact.replace(name="typical", typical=narrow, random=alike)


def bias_of(spec: ModelSpec, days: tuple[float, ...], **options: object) -> pd.DataFrame:
    return schedule_bias(spec, days, lloq=50, **options).set_index("parameter")


def test_the_published_patient_is_missed_by_what_section_7_2_says(typical: ModelSpec) -> None:
    found = bias_of(typical, NOMINAL, n=3)
    assert found.loc["cmax", "bias"] == pytest.approx(100 * (21476.7271601 / 24000 - 1), rel=1e-9)
    assert found.loc["tmax", "bias"] == pytest.approx(10 - 9.3, rel=1e-9)
    assert found.loc["auc_0_28", "bias"] == pytest.approx(100 * (170368.944027 / 171774.285180 - 1), rel=2e-9)
    assert found.loc["auc_0_90", "bias"] == pytest.approx(100 * (193456.853440 / 189285.685411 - 1), rel=2e-9)
    assert found["lower"].tolist() == pytest.approx(found["bias"].tolist(), rel=1e-6)
    assert found["n"].tolist() == [3, 3, 3, 3]


def test_a_sample_at_the_peak_leaves_no_bias_of_cmax(typical: ModelSpec) -> None:
    found = bias_of(typical, (*NOMINAL, 9.3), n=2)
    assert found.loc[["cmax", "tmax"], "bias"].to_numpy() == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize(("more", "percent"), [((), -22), ((12, 17), -14)])
def test_the_nominal_schedule_misses_the_peak_as_section_6_6_says(
    exact: ModelSpec, more: tuple[float, ...], percent: float
) -> None:
    # Printed to a whole percent, for all three doses; the Monte Carlo error of this median is 0.2.
    assert bias_of(exact, NOMINAL + more, n=20_000).loc["cmax", "bias"] == pytest.approx(percent, abs=1.0)


def test_noisy_peaks_are_too_low_all_the_same(exact: ModelSpec) -> None:
    doses = (0.25e8, 1e8, 2e8)
    peaks = [bias_of(exact, NOMINAL, n=10_000, noise=True, dose=dose).loc["cmax"] for dose in doses]
    # Section 6.6: medians over the three dose groups together, here the geometric mean of three medians, each +-1.3%.
    assert np.exp(np.mean([np.log(peak["observed"]) for peak in peaks])) == pytest.approx(31_300, rel=0.03)
    assert np.exp(np.mean([np.log(peak["truth"]) for peak in peaks])) == pytest.approx(39_000, rel=0.03)


def test_the_smooth_peak_of_the_default_model_is_missed_by_about_a_fifth() -> None:
    assert bias_of(cm.load_model("cd7-ssc"), NOMINAL, n=10_000).loc["cmax", "bias"] == pytest.approx(-20, abs=1.0)


def test_further_samples_never_lower_an_observed_peak(exact: ModelSpec) -> None:
    few, many = bias_of(exact, NOMINAL, n=500), bias_of(exact, (*NOMINAL, 12, 17), n=500)
    columns = ["bias", "lower", "upper"]
    assert (many.loc["cmax", columns] >= few.loc["cmax", columns]).all()
    assert many.loc["cmax", "truth"] == few.loc["cmax", "truth"]


def test_a_schedule_that_ends_early_has_no_late_area(exact: ModelSpec) -> None:
    found = bias_of(exact, (7, 10, 14, 21, 28), n=50)
    assert found["n"].to_dict() == {"cmax": found.loc["tmax", "n"], "tmax": found.loc["tmax", "n"]} | {
        "auc_0_28": found.loc["tmax", "n"],
        "auc_0_90": 0,
    }
    assert found.loc["auc_0_90"].drop(["unit", "n"]).isna().all()


@pytest.mark.parametrize(
    ("days", "options", "message"),
    [
        ((0, 7), {}, r"days=\(0, 7\); accepted: one or more different days after the infusion"),
        ((7, 7), {}, "accepted: one or more different days"),
        ((), {}, "accepted: one or more different days"),
        ((7,), {"dose": -1.0}, "dose=-1.0; accepted: a number > 0"),
        ((7,), {"n": 0}, "n=0; accepted"),
    ],
)
def test_a_wrong_question_is_refused(
    exact: ModelSpec, days: tuple[float, ...], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        bias_of(exact, days, **options)


def test_a_model_without_dose_takes_none() -> None:
    spec = cm.load_model("stein2019")
    assert spec.dose is None
    with pytest.raises(ValueError, match="uses no dose"):
        bias_of(spec, NOMINAL, dose=1e8)
