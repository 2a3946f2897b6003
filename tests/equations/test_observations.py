"""What is observed: M3 terms of section 7.4, and every density against SciPy's."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from cartmodel.equations.observations import Bernoulli, CombinedLevel, LogAdditiveLevel, StudentT
from cartmodel.kinetics import vocabulary as xp


def log_density(observable, value) -> np.ndarray:
    return np.asarray(observable.log_density(xp, np.asarray(value, float), *observable.parts))


# --- Section 7.4 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curve", "sigma", "lloq", "probability", "log_probability"),
    [
        (30, 0.56, 50, 0.81916528, -0.19946941),
        (100, 0.56, 50, 0.10790201, -2.22653179),
        (10, 0.6, 25, 0.93663829, -0.06545810),
    ],
)
def test_a_blq_sample_weighs_what_section_7_4_says(curve, sigma, lloq, probability, log_probability) -> None:
    found = float(log_density(LogAdditiveLevel(np.log(curve), sigma, 1.0), np.log(lloq)))
    assert abs(found - log_probability) <= 0.5e-8
    assert abs(np.exp(found) - probability) <= 0.5e-8


def test_a_quantified_sample_weighs_what_section_7_4_says() -> None:
    assert abs(float(log_density(LogAdditiveLevel(np.log(100), 0.56, 0.0), np.log(120))) + 0.3921193206) <= 0.5e-10


# --- Against SciPy --------------------------------------------------------------------------------


def levels(seed: int = 3, count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ln curves, ln values and BLQ flags."""
    rng = np.random.default_rng(seed)
    curve = rng.uniform(np.log(0.5), np.log(1e6), count)
    return curve, curve + rng.normal(0, 1.5, count), 1.0 * (rng.random(count) < 0.5)


def test_log_additive_levels_are_normal_on_the_log_scale_and_censored() -> None:
    curve, value, blq = levels()
    expected = np.where(blq == 1, stats.norm.logcdf(value, curve, 0.7), stats.norm.logpdf(value, curve, 0.7))
    np.testing.assert_allclose(log_density(LogAdditiveLevel(curve, 0.7, blq), value), expected, rtol=1e-12)


@pytest.mark.parametrize(("proportional", "additive"), [(0.3, 20.0), (0.5, 1e-6), (1e-6, 50.0)])
def test_combined_levels_are_normal_on_the_natural_scale_and_censored(proportional: float, additive: float) -> None:
    curve, value, blq = levels()
    if proportional < 0.01:  # keep the values within reach of a noise that does not grow with the curve
        value = np.log(np.exp(curve) + np.abs(value - curve) * additive)
    sd = np.sqrt((proportional * np.exp(curve)) ** 2 + additive**2)
    natural = np.exp(value)
    density = stats.norm.logpdf(natural, np.exp(curve), sd) + value  # that of the ln level: times the level
    expected = np.where(blq == 1, stats.norm.logcdf(natural, np.exp(curve), sd), density)
    np.testing.assert_allclose(
        log_density(CombinedLevel(curve, proportional, additive, blq), value), expected, rtol=1e-9
    )


@pytest.mark.parametrize("lloq", [50.0, 1.0, 1e-12])
@pytest.mark.parametrize(
    "level",
    [LogAdditiveLevel(np.log(60), 0.6, 0.0), CombinedLevel(np.log(60), 0.3, 10.0, 0.0)],
    ids=["additive", "combined"],
)
def test_quantified_and_blq_share_one_probability_of_1(level, lloq: float) -> None:
    """With the limit at 0 nothing is censored: the density alone integrates to 1, but for P(level < 0)."""

    def density(value: float) -> float:
        return float(np.exp(log_density(level, value)))

    above = sum(
        quad(density, a, b, epsabs=1e-12, limit=200)[0] for a, b in [(np.log(lloq), 4.0), (4.0, 5.0), (5.0, 12.0)]
    )
    parts = (*level.parts[:-1], 1.0)
    below = float(np.exp(level.log_density(xp, np.log(lloq), *parts)))
    assert above + below == pytest.approx(1.0, abs=1e-9)
    if lloq < 1e-9:
        floor = stats.norm.cdf(0.0, 60, np.hypot(18, 10)) if isinstance(level, CombinedLevel) else 0.0
        assert below == pytest.approx(floor, abs=1e-12)


def test_terms_stay_finite_far_from_the_curve() -> None:
    far = np.array([-60.0, -20, -5, 5, 20, 60])
    for blq in (0.0, 1.0):
        assert np.isfinite(log_density(LogAdditiveLevel(np.log(100) + far, 0.3, blq), np.log(50))).all()
        assert np.isfinite(log_density(CombinedLevel(np.log(100) + far, 0.3, 5.0, blq), np.log(50))).all()


@pytest.mark.parametrize("nu", [4.0, 3.0, 30.0])
def test_student_t(nu: float) -> None:
    value, centre, scale = np.linspace(-40, 40, 81), 1.5, 4.4
    np.testing.assert_allclose(
        log_density(StudentT(nu, centre, scale), value), stats.t.logpdf(value, nu, centre, scale), rtol=1e-12
    )


def test_bernoulli() -> None:
    logit = np.linspace(-30, 30, 61)
    for outcome in (0.0, 1.0):
        expected = stats.logistic.logcdf(logit if outcome else -logit)
        np.testing.assert_allclose(log_density(Bernoulli(logit), outcome), expected, rtol=1e-12, atol=1e-14)
        assert stats.bernoulli.logpmf(int(outcome), 1 / (1 + np.exp(0.7))) == pytest.approx(
            float(log_density(Bernoulli(-0.7), outcome)), rel=1e-14
        )


# --- Draws follow the densities -------------------------------------------------------------------

MANY = np.zeros(4000)


def test_draws_of_each_level_and_of_student_t_follow_their_distribution() -> None:
    drawn = LogAdditiveLevel(MANY + 2.0, 0.5, 0.0).sample(np.random.default_rng(1), MANY + 2.0, 0.5, 0.0)
    assert stats.kstest(drawn, stats.norm(2.0, 0.5).cdf).pvalue > 0.01
    drawn = np.exp(CombinedLevel(0, 0, 0, 0).sample(np.random.default_rng(2), MANY + np.log(60), 0.3, 10.0, 0.0))
    above = drawn[drawn > 0]
    shape = stats.truncnorm(-60 / np.hypot(18, 10), np.inf, 60, np.hypot(18, 10))
    assert stats.kstest(above, shape.cdf).pvalue > 0.01
    drawn = StudentT(4.0, 0, 0).sample(np.random.default_rng(3), MANY + 1.0, 4.4)
    assert stats.kstest(drawn, stats.t(4.0, 1.0, 4.4).cdf).pvalue > 0.01


def test_a_combined_draw_below_zero_is_below_every_limit() -> None:
    drawn = CombinedLevel(0, 0, 0, 0).sample(np.random.default_rng(2), MANY + np.log(5), 0.1, 10.0, 0.0)
    share = stats.norm.cdf(0, 5, np.hypot(0.5, 10))
    assert np.mean(drawn == -np.inf) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / MANY.size))


def test_draws_of_an_outcome_have_its_probability() -> None:
    drawn = Bernoulli(0).sample(np.random.default_rng(4), MANY - 1.0)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    p = 1 / (1 + np.e)
    assert drawn.mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / MANY.size))
