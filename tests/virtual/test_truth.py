"""The truth of a scenario against closed forms, scipy's quadrature and shares of simulated patients."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from cartmodel.kinetics import structures, vocabulary
from cartmodel.virtual import VirtualScenario, load_virtual_scenario, true_rates
from cartmodel.virtual.hazard import onset_days
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.response import remissions
from cartmodel.virtual.scenario import ExposureHazard, Manufacture, Onset, Remission, Toxicity
from cartmodel.virtual.streams import Streams

TRIALS = 10_000


def shares(scenario: VirtualScenario, *, trials: int = TRIALS, patients: int = 2) -> Potential:
    potential = Potential(scenario, Streams(11, 0, trials))
    potential.reach(patients)
    return potential


def near(share: np.ndarray, wanted: np.ndarray, count: int) -> bool:
    wanted = np.asarray(wanted)
    return bool(np.all(np.abs(share - wanted) <= 4 * np.sqrt(wanted * (1 - wanted) / count) + 1e-12))


def typical(sigma: float, cov: float = 0.5, seed: float = 0.0) -> VirtualScenario:
    """Only Cmax varies and depends on the dose, so the exposure is a number times exp(sigma z)."""
    scenario = load_virtual_scenario("exposure-only")
    changes = {name: 0.0 for name in scenario.kinetics.truth if name.startswith(("omega_", "cov_"))}
    truth = scenario.kinetics.truth | changes | {"omega_cmax": sigma, "cov_cmax_dose": cov, "cov_c0_dose": seed}
    return scenario.model_copy(
        update={
            "kinetics": scenario.kinetics.model_copy(update={"truth": truth}),
            "manufacture": Manufacture(),
            "dropout_per_month": 0.0,
        }
    )


@pytest.mark.parametrize("cause", [
    ExposureHazard(hazard=0.4, reference=3e5),
    ExposureHazard(hazard=0.6, reference=2e5, power=2.0, saturation=0.5),
])  # fmt: skip
def test_the_rate_of_an_exposure_driven_dlt_by_quadrature(cause: ExposureHazard) -> None:
    """The law of AUC(0, 28) is integrated by scipy over the one random effect; the curve itself by scipy.quad."""
    sigma = 0.8
    toxicity = Toxicity(exposure=cause, follow_up=28.0)
    scenario = typical(sigma).model_copy(update={"toxicity": toxicity})
    truth = scenario.kinetics.truth
    curve = structures["stein_smooth"]

    def risk(z: float, dose: float) -> float:
        known = {name: truth[f"{name}_pop"] for name in curve.parameters}
        known["cmax"] *= (dose / 1e8) ** 0.5 * np.exp(sigma * z)

        def level(t: float) -> float:
            return float(np.exp(curve.log_level(vocabulary, t, **known)))

        area = integrate.quad(level, 0, 28, points=[known["tmax"]], limit=200)
        x = (area[0] / cause.reference) ** cause.power
        return -np.expm1(-cause.hazard * x / (1 + cause.saturation * x))

    nodes, weights = np.polynomial.hermite_e.hermegauss(14)
    weights = weights / weights.sum()
    wanted = [sum(w * risk(z, dose) for z, w in zip(nodes, weights, strict=True)) for dose in scenario.doses]
    np.testing.assert_allclose(true_rates(scenario)["dlt"], wanted, atol=3e-4)
    potential = shares(scenario)
    assert near((potential.onset <= 28).mean(axis=(0, 1)), np.array(wanted), 2 * TRIALS)


def test_the_day_of_a_dlt_solves_the_hazard() -> None:
    """Against scipy's brentq, one patient at a time, with all causes at once."""
    toxicity = Toxicity(
        onset=(Onset(probability=(0.3, 0.6), within=28.0, median=20.0, sigma=0.4),),
        exposure=ExposureHazard(hazard=0.5, reference=2e5, saturation=0.2),
        follow_up=60.0,
    )
    curve = structures["stein_smooth"]
    one = {"cmax": 4e4, "tmax": 11.0, "c0": 8.0, "alpha": 0.17, "fb": 0.01, "beta": 0.0116}
    rng = np.random.default_rng(3)
    threshold = rng.exponential(size=(40, 1, 2))
    parameters = {name: np.full((40, 1, 1), value) for name, value in one.items()}
    found = onset_days(toxicity, curve, threshold, np.arange(2), 0.0, parameters)

    def hazard(t: float, level: int) -> float:
        law = stats.lognorm(s=0.4, scale=20.0)
        timed = -np.log1p(-(0.3, 0.6)[level]) * law.cdf(t) / law.cdf(28.0)
        x = float(curve.integral(vocabulary, 0.0, t, **one)) / 2e5
        return timed + 0.5 * x / (1 + 0.2 * x)

    for place in np.ndindex(40, 2):
        wanted, level = threshold[place[0], 0, place[1]], place[1]
        day = found[place[0], 0, level]
        if hazard(60.0, level) < wanted:
            assert np.isinf(day)
        else:
            root = optimize.brentq(lambda t, level=level, wanted=wanted: hazard(t, level) - wanted, 1e-6, 60.0)
            assert abs(day - root) < 1e-3


def test_dlts_of_the_dose_alone_have_their_probability_and_their_days(plain: VirtualScenario) -> None:
    potential = shares(plain)
    within = potential.onset <= 28
    p = np.array([0.10, 0.25, 0.40])
    assert near(within.mean(axis=(0, 1)), p, 2 * TRIALS)
    np.testing.assert_allclose(true_rates(plain)["dlt"], p, atol=1e-12)
    law = stats.lognorm(s=0.5, scale=7.0)
    for level in range(3):
        days = potential.onset[..., level][within[..., level]]
        # Competing with nothing: 1 - exp(-H(t)) = 1 - (1 - p)^(F(t)/F(28)), given that it is within 28 days.
        distribution = lambda t, p=p[level]: (1 - (1 - p) ** (law.cdf(t) / law.cdf(28))) / p  # noqa: E731
        assert stats.kstest(days, distribution).pvalue > 1e-4


def test_late_dlts_have_their_share() -> None:
    scenario = load_virtual_scenario("late-onset")
    early, late = scenario.toxicity.onset
    law = [stats.lognorm(s=c.sigma, scale=c.median) for c in (early, late)]
    alone = [-np.log1p(-np.array(c.probability)) / f.cdf(c.within) for c, f in zip((early, late), law, strict=True)]
    hazard = [sum(most * f.cdf(t) for most, f in zip(alone, law, strict=True)) for t in (28.0, 90.0)]
    wanted = np.exp(-hazard[0]) - np.exp(-hazard[1])
    rates = true_rates(scenario)
    np.testing.assert_allclose(rates["late_dlt"], wanted, atol=1e-12)
    potential = shares(scenario)
    infused = np.isfinite(potential.infused)
    late_share = ((potential.onset > 28) & (potential.onset <= 90)).sum(axis=(0, 1)) / infused.sum(axis=(0, 1))
    assert near(late_share, wanted, 2 * TRIALS)


def test_products_fall_short_as_a_log_normal_says(plain: VirtualScenario) -> None:
    made = Manufacture(days=20.0, days_sigma=0.3, cells=1.5e8, cells_sigma=0.6, minimum=0.5)
    potential = shares(plain.model_copy(update={"manufacture": made}))
    doses = np.array(plain.doses)
    law = stats.lognorm(s=0.6, scale=1.5e8)
    lost, short = law.cdf(0.5 * doses), law.cdf(doses)
    assert near(np.isnan(potential.infused).mean(axis=(0, 1)), lost, 2 * TRIALS)
    assert near((potential.infused < doses).mean(axis=(0, 1)), short - lost, 2 * TRIALS)
    assert np.all(np.isinf(potential.onset[np.isnan(potential.infused)]))
    assert stats.kstest(potential.making[:, 0], stats.lognorm(s=0.3, scale=20.0).cdf).pvalue > 1e-4
    rates = true_rates(plain.model_copy(update={"manufacture": made}))
    np.testing.assert_allclose(rates["not_infused"], lost, atol=2e-3)
    np.testing.assert_allclose(rates["short"], (short - lost) / (1 - lost), atol=2e-3)


def test_patients_leave_and_arrive_at_their_rates(plain: VirtualScenario) -> None:
    accrual = plain.accrual.model_copy(update={"law": "poisson"})
    potential = shares(plain.model_copy(update={"dropout_per_month": 0.2, "accrual": accrual}))
    assert stats.kstest(potential.leaves.ravel(), stats.expon(scale=30.4375 / 0.2).cdf).pvalue > 1e-4
    assert stats.kstest(potential.gap.ravel(), stats.expon(scale=30.4375 / 2.0).cdf).pvalue > 1e-4


def test_remission_by_the_acting_exposure(plain: VirtualScenario) -> None:
    """With an acting exposure of its own at each level: (1 - q) P(T4 >= (threshold - k0 - k1 v) / tau), by scipy."""
    scenario = plain.model_copy(update={"remission": Remission(levels=(-1.0, 0.0, 2.0))})
    v = np.array([-1.0, 0.0, 2.0])
    wanted = 0.95 * stats.t(4).sf((np.log(1.5) - 2.0 - 1.5 * v) / 4.0)
    np.testing.assert_allclose(true_rates(scenario)["remission"], wanted, atol=1e-9)
    found = remissions(shares(scenario), np.empty((TRIALS, 0, len(v))))
    assert near(found.mean(axis=(0, 1)), wanted, 2 * TRIALS)
    utility = 100 * wanted * 0.9 + 40 * (1 - wanted) * 0.9 + 60 * wanted * 0.1
    assert true_rates(scenario)["utility"][0] == pytest.approx(utility[0], abs=1e-6)


def test_dose_exposure_from_flat_to_proportional() -> None:
    for cov in (0.0, 1.0):
        rates = true_rates(typical(0.8, cov, cov), points=512)
        assert rates["exposure"][2] / rates["exposure"][0] == pytest.approx(8.0**cov, rel=1e-6)


def test_a_population_of_its_own_for_each_trial() -> None:
    scenario = load_virtual_scenario("exposure-only")
    drawn = scenario.model_copy(
        update={"kinetics": scenario.kinetics.model_copy(update={"truth": {}, "draws": "prior"})}
    )
    whole, part = shares(drawn, trials=40), Potential(drawn, Streams(11, 17, 5))
    part.reach(2)
    np.testing.assert_array_equal(whole.onset[17:22, :6], part.onset[:, :6])
    median = np.asarray(whole.population["cmax_pop"]).ravel()
    assert len(np.unique(median)) > 35
