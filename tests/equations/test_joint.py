"""The joint model, equation by equation: what it tells a source that it observes."""

import numpy as np
import pytest
import xarray as xr
from oracles import curves
from scipy import stats
from scipy.special import expit

from cartmodel.equations.exposure import exposures, response_exposure
from cartmodel.equations.joint import joint
from cartmodel.equations.observations import CombinedLevel, LogAdditiveLevel
from cartmodel.equations.response import remission_probability, toxicity_logit
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec, load_model

WORDS = {"reason": "test", "source": "test"}
POSITIVE = WORDS | {"dist": "LogNormal", "median": 0.3, "sigma": 0.5}
ASSAYS = {
    "qpcr": {"unit": "copies/ug", "residual": "log_additive", "sigma": POSITIVE},
    "flow": {
        "unit": "cells/uL",
        "residual": "combined",
        "sigma_proportional": POSITIVE,
        "sigma_additive": POSITIVE,
        "scale": POSITIVE,
    },
}
VALUES = {
    "cmax_pop": 4e4, "tmax_pop": 11.0, "c0_pop": 8.0, "alpha_pop": 0.17, "fb_pop": 0.01, "beta_pop": 0.0116,
    "cov_cmax_dose": 0.15, "cov_tmax_dose": -0.05, "cov_c0_dose": 1.0,
    "sigma_qpcr": 0.5, "sigma_proportional_flow": 0.3, "sigma_additive_flow": 2.0, "scale_flow": 0.02,
    "q_step1": 0.06, "k0": 1.7, "k1": 1.1, "tau": 4.0, "d0": -1.7, "ld1": -0.3, "a0": 0.4, "a1": 0.6,
} | {f"omega_{name}": 0.5 for name in ("cmax", "tmax", "c0", "alpha", "fb", "beta")}  # fmt: skip
DOSES = (0.25e8, 2e8)
TIMES = ((3.0, 14.0), (28.0, 60.0))
CRISS = load_model("cd7-ssc")
BINARY = load_model("cd7-ssc-binary")


def source(spec: ModelSpec) -> Draws:
    population = xr.Dataset({name: (("chain", "draw"), [[value]]) for name, value in VALUES.items()})
    data = xr.Dataset({"log_dose": ("subject", np.log(np.array(DOSES) / 1e8))})
    for assay in spec.assays:
        data[f"time_{assay}"] = (("subject", f"sample_{assay}"), np.array(TIMES))
        data[f"blq_{assay}"] = (("subject", f"sample_{assay}"), np.zeros((2, 2)))
    return Draws(population, data, new_patients="typical")


def plain(dose: float) -> tuple[curves.Curve, list[float]]:
    """The typical patient of a dose, in plain Python, and where the curve bends."""
    x = np.log(dose / 1e8)
    own = {
        "cmax": 4e4 * np.exp(0.15 * x), "tmax": 11 * np.exp(-0.05 * x), "c0": 8 * np.exp(x),
        "alpha": 0.17, "fb": 0.01, "beta": 0.0116,
    }  # fmt: skip
    return curves.smooth(**own, width=0.05), curves.bends(own["tmax"], 0.05)


def test_each_assay_sees_the_curve_on_its_own_scale_with_its_own_residual() -> None:
    spec = CRISS.replace(assays=ASSAYS)
    heard = source(spec)
    joint(spec, heard)
    qpcr, flow = heard.observables["level_qpcr"], heard.observables["level_flow"]
    assert isinstance(qpcr, LogAdditiveLevel)
    assert isinstance(flow, CombinedLevel)
    expected = np.array([[np.log(plain(dose)[0](t)) for t in times] for dose, times in zip(DOSES, TIMES, strict=True)])
    order = ("chain", "draw", "subject", "sample_qpcr")
    np.testing.assert_allclose(qpcr.log_level.transpose(*order).values[0, 0], expected, rtol=1e-12)
    order = ("chain", "draw", "subject", "sample_flow")
    np.testing.assert_allclose(
        flow.log_level.transpose(*order).values[0, 0], np.array(expected) + np.log(0.02), rtol=1e-12
    )
    assert float(qpcr.sigma.squeeze()) == 0.5
    assert (float(flow.sigma_proportional.squeeze()), float(flow.sigma_additive.squeeze())) == (0.3, 2.0)


def test_all_outcomes_and_levels_are_observed_and_nothing_else() -> None:
    for spec, outcomes in ((CRISS, {"criss_step1", "criss_lp", "dlt"}), (BINARY, {"remission", "dlt"})):
        heard = source(spec)
        joint(spec, heard)
        assert set(heard.observables) == {"level_qpcr", *outcomes}
        without = spec.replace(response=None, toxicity=None)
        heard = source(without)
        joint(without, heard)
        assert set(heard.observables) == {"level_qpcr"}


def parameters(dose: float) -> dict[str, xr.DataArray]:
    x = np.log(dose / 1e8)
    own = {"cmax": 4e4 * np.exp(0.15 * x), "tmax": 11 * np.exp(-0.05 * x), "c0": 8 * np.exp(x)}
    own |= {"alpha": 0.17, "fb": 0.01, "beta": 0.0116}
    return {name: xr.DataArray([value], dims="subject") for name, value in own.items()}


@pytest.mark.parametrize("dose", DOSES)
def test_exposures_are_the_peak_and_the_areas_of_the_same_curve(dose: float) -> None:
    level, bends = plain(dose)
    found = exposures(xp, CRISS.curve, parameters(dose), ((0.0, 28.0), (0.5, 90.0)))
    assert list(found) == ["peak_level", "peak_time", "auc_0_28", "auc_0p5_90"]
    time, height = curves.highest(level, 5.0, 20.0)
    assert found["peak_level"].item() == pytest.approx(height, rel=1e-9)
    assert found["peak_time"].item() == pytest.approx(time, abs=1e-5)
    assert found["auc_0_28"].item() == pytest.approx(curves.area(level, 0, 28, bends), rel=1e-7)
    assert found["auc_0p5_90"].item() == pytest.approx(curves.area(level, 0.5, 90, bends), rel=1e-7)


@pytest.mark.parametrize("dose", DOSES)
def test_the_response_depends_on_the_exposure_that_the_model_file_names(dose: float) -> None:
    level, bends = plain(dose)
    peak = BINARY.replace(response=BINARY.response.model_dump() | {"exposure": "peak_level", "centre": 10.0})
    later = BINARY.replace(response=BINARY.response.model_dump() | {"exposure": "auc_0_90", "centre": 12.0})
    found = [response_exposure(xp, spec, parameters(dose)).item() for spec in (CRISS, peak, later)]
    expected = [
        np.log(curves.area(level, 0, 28, bends)) - 12.5,
        np.log(curves.highest(level, 5.0, 20.0)[1]) - 10.0,
        np.log(curves.area(level, 0, 90, bends)) - 12.0,
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


def test_probability_of_remission() -> None:
    u = xr.DataArray([-1.0, 0.0, 0.7], dims="patient")
    found = remission_probability(CRISS, source(CRISS), u).squeeze()
    expected = (1 - 0.06) * stats.t(4, 1.7 + 1.1 * u.to_numpy(), 4.0).sf(np.log(0.6 / 0.4))  # LP >= logit 0.6
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)
    found = remission_probability(BINARY, source(BINARY), u).squeeze()
    np.testing.assert_allclose(found.values, expit(0.4 + 0.6 * u.to_numpy()), rtol=1e-12)


def test_probability_of_toxicity_rises_with_the_dose() -> None:
    found = toxicity_logit(CRISS, source(CRISS)).squeeze()
    np.testing.assert_allclose(found.values, -1.7 + np.exp(-0.3) * np.log([0.25, 2.0]), rtol=1e-13)


def test_what_a_model_lacks_is_refused() -> None:
    none = CRISS.replace(response=None, toxicity=None)
    with pytest.raises(ValueError, match="no response"):
        response_exposure(xp, none, parameters(1e8))
    with pytest.raises(ValueError, match="no response"):
        remission_probability(none, source(none), xr.DataArray(0.0))
    with pytest.raises(ValueError, match="no toxicity"):
        toxicity_logit(none, source(none))
