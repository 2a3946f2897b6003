"""Metamorphic relations of section 7.15: what a change of the trial must and must not change."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from oracles import priors
from oracles.points import NAN, PATIENTS, Point, as_draws, trial_table
from scipy import stats

from cartmodel.equations.design import design
from cartmodel.equations.joint import joint
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec, load_model
from cartmodel.trial import read_trial

SPEC = load_model("cd7-ssc")
SCALE = 37.3


@pytest.fixture(scope="module")
def original(built: Callable):
    return built(SPEC, read_trial(trial_table(SPEC)))


def log_likelihood(spec: ModelSpec, table: pd.DataFrame, point: Point) -> float:
    data = design(read_trial(table), spec)
    source = Draws(as_draws(point, spec, data), data)
    joint(spec, source)
    return float(sum(part.sum() for part in source.pointwise_log_likelihood().values()))


def rescaled(factor: float) -> ModelSpec:
    content = SPEC.model_dump(mode="json", exclude_none=True)
    for name in ("cmax", "c0"):
        content["typical"][name]["median"] *= factor
    content["response"]["centre"] += np.log(factor)
    return SPEC.replace(typical=content["typical"], response=content["response"])


def test_another_unit_of_the_levels_changes_nothing(original, built: Callable) -> None:
    spec = rescaled(SCALE)
    other = built(spec, read_trial(trial_table(SPEC, factor=SCALE)))
    for name, weights in original.weights.items():
        np.testing.assert_allclose(other.weights[name], weights, rtol=1e-9)
    for seed in range(3):
        point = original.prior_point(np.random.default_rng([1, seed]))
        moved = Point(dict(point.population), point.eta, point.signs)
        for name in ("cmax_pop", "c0_pop"):
            moved.population[name] *= SCALE
        here, there = original.coordinates(point), other.coordinates(moved)
        assert other.log_density(there) == pytest.approx(original.log_density(here), rel=1e-10)
        assert original.log_density(here) != pytest.approx(original.log_density(there), rel=1e-3)


def test_the_order_of_the_patients_changes_nothing(original, built: Callable) -> None:
    order = np.random.default_rng(1).permutation(len(PATIENTS))
    names = tuple(PATIENTS)
    other = built(SPEC, read_trial(trial_table(SPEC, tuple(names[k] for k in order))))
    point = original.prior_point(np.random.default_rng(2))
    moved = Point(point.population, {name: eta[order] for name, eta in point.eta.items()}, point.signs)
    expected = original.log_density(original.coordinates(point))
    assert other.log_density(other.coordinates(moved)) == pytest.approx(expected, rel=1e-12)


def test_a_patient_of_whom_nothing_is_known_adds_only_the_density_of_his_effects(original, built: Callable) -> None:
    names = tuple(PATIENTS)
    assert names[-1] == "nothing"
    fewer = built(SPEC, read_trial(trial_table(SPEC, names[:-1])))
    point = original.prior_point(np.random.default_rng(3))
    without = Point(point.population, {name: eta[:-1] for name, eta in point.eta.items()}, point.signs)
    lost = sum(stats.norm.logpdf(eta[-1], 0, point.population[f"omega_{name}"]) for name, eta in point.eta.items())
    for name in point.eta:  # without a sample every effect is sampled as a standard normal
        assert original.weights[name][-1] == pytest.approx(0.0, abs=1e-12)
        lost += np.log(point.population[f"omega_{name}"])
    expected = original.log_density(original.coordinates(point)) - lost
    assert fewer.log_density(fewer.coordinates(without)) == pytest.approx(expected, rel=1e-10)


def test_outcomes_that_the_model_does_not_observe_change_nothing(original) -> None:
    table = trial_table(SPEC)
    point = original.prior_point(np.random.default_rng(4))
    expected = log_likelihood(SPEC, table, point)
    assert log_likelihood(SPEC, table.assign(remission=1 - table["remission"]), point) == pytest.approx(
        expected, rel=1e-14
    )
    assert log_likelihood(SPEC, table.assign(dlt=1 - table["dlt"]), point) != pytest.approx(expected, rel=1e-6)


def test_a_pending_outcome_is_not_an_outcome_without_event(original) -> None:
    table = trial_table(SPEC)
    point = original.prior_point(np.random.default_rng(5))
    logit = point.population["d0"] + np.exp(point.population["ld1"]) * np.log(0.25)
    settled = table.assign(dlt=table["dlt"].where(table["subject"] != "all BLQ", 0.0))
    found = log_likelihood(SPEC, settled, point) - log_likelihood(SPEC, table, point)
    assert found == pytest.approx(-np.log1p(np.exp(logit)), rel=1e-9)


def test_a_linear_predictor_after_a_step_1_event_weighs_nothing(original) -> None:
    table = trial_table(SPEC)
    point = original.prior_point(np.random.default_rng(6))
    added = table.assign(criss_lp=table["criss_lp"].where(table["subject"] != "step 1", 3.0))
    assert log_likelihood(SPEC, added, point) == pytest.approx(log_likelihood(SPEC, table, point), rel=1e-14)


def test_a_limit_below_every_level_censors_nothing(original) -> None:
    table = trial_table(SPEC)
    quantified = table[(table["blq"] != 1) | table["time"].isna()]
    point = original.prior_point(np.random.default_rng(7))
    sampled = quantified["time"].notna()
    expected = log_likelihood(SPEC, quantified.assign(lloq=NAN), point)
    tiny = quantified.assign(lloq=np.where(sampled, 1e-12, NAN))
    assert log_likelihood(SPEC, tiny, point) == pytest.approx(expected, rel=1e-14)


def test_the_density_falls_by_the_m3_term_of_each_blq_sample(original) -> None:
    table = trial_table(SPEC, ("all BLQ", "toxic"))
    point = original.prior_point(np.random.default_rng(8))
    point.eta = {name: eta[:2] for name, eta in point.eta.items()}
    first = table[(table["subject"] == "all BLQ") & (table["time"] == 1.0)]
    less = log_likelihood(SPEC, table.drop(first.index), point)
    data = design(read_trial(table), SPEC)
    source = Draws(as_draws(point, SPEC, data), data)
    joint(SPEC, source)
    log_level = float(source.observables["level_qpcr"].log_level.sel(subject="all BLQ").isel(sample_qpcr=0).squeeze())
    term = stats.norm.logcdf(np.log(float(first["lloq"].iloc[0])), log_level, point.population["sigma_qpcr"])
    assert log_likelihood(SPEC, table, point) - less == pytest.approx(term, rel=1e-9)


@pytest.mark.parametrize("reference", [1e7, 2.5e8])
def test_another_reference_dose_is_another_name_for_the_same_curves(original, reference: float) -> None:
    dose = SPEC.dose.model_dump() | {"reference": reference}
    spec = SPEC.replace(dose=dose)
    table, shift = trial_table(SPEC), np.log(reference / SPEC.dose.reference)
    point = original.prior_point(np.random.default_rng(9))
    moved = Point(dict(point.population), point.eta, point.signs)
    for name in ("cmax", "tmax", "c0"):
        moved.population[f"{name}_pop"] *= np.exp(point.population[f"cov_{name}_dose"] * shift)
    moved.population["d0"] += np.exp(point.population["ld1"]) * shift
    expected = log_likelihood(SPEC, table, point)
    assert log_likelihood(spec, table, moved) == pytest.approx(expected, rel=1e-11)
    assert log_likelihood(spec, table, point) != pytest.approx(expected, rel=1e-4)


def test_centring_changes_how_a_point_is_written_but_never_its_density(original, built: Callable, monkeypatch) -> None:
    """With any weights, density times the change of scale from coordinates to effects is the same."""
    point = original.prior_point(np.random.default_rng(10))
    free = [name for name in SPEC.random if SPEC.random[name].dist != "HalfNormal"]

    def of_effects(model) -> float:
        density = sum(model.terms(model.coordinates(point)).values())
        return density - sum(np.sum(1 - model.weights[n]) * np.log(point.population[f"omega_{n}"]) for n in free)

    expected = of_effects(original)
    for weight in (0.0, 0.35, 1.0):
        fixed = {name: np.full(original.patients, weight) for name in SPEC.random}
        monkeypatch.setattr("cartmodel.symbolic.model.centring_weights", lambda *_, w=fixed: w)
        other = built(SPEC, original.trial)
        other.weights = fixed
        assert of_effects(other) == pytest.approx(expected, rel=1e-11)


def test_centring_follows_the_information(original) -> None:
    """Effects of well-sampled patients are more centred than those of others; without a sample not at all."""
    names = list(PATIENTS)
    for weights in original.weights.values():
        assert ((weights >= 0) & (weights <= 1)).all()
        assert weights[names.index("no sample")] == pytest.approx(0.0, abs=1e-12)
        assert weights[names.index("all BLQ")] == pytest.approx(0.0, abs=1e-12)
    assert original.weights["cmax"][names.index("all")] > 0.5
    assert original.weights["cmax"][names.index("all")] > original.weights["cmax"][names.index("pending")]


def test_prior_quantiles_of_the_package_are_scipys() -> None:
    from cartmodel.spec.priors import quantile

    for _, prior in [*SPEC.priors(), *load_model("kinetics-only").priors()]:
        for p in (0.001, 0.3, 0.5, 0.99):
            assert float(quantile(prior, p)) == pytest.approx(priors.quantile(prior, p), rel=1e-12)
