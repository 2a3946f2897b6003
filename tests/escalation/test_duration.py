"""The law of a trial's duration: closed forms, SciPy's gamma law, and simulated calendars."""

import numpy as np
import pytest
from scipy import stats

from cartmodel.escalation.boin import boin
from cartmodel.escalation.duration import trial_duration
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.simulate import simulate_counts
from cartmodel.escalation.three_plus_three import nct06871644

TRUTH = (0.10, 0.25, 0.40)
MONTH = 365.25 / 12


def test_a_trial_of_one_group_is_a_shifted_gamma() -> None:
    lasts = trial_duration(operating_characteristics(boin(max_patients=3), [0.3]), 2.0, stagger=7, wait=5)
    law = stats.gamma(3, loc=28 + 5 + 2 * 7, scale=MONTH / 2)
    np.testing.assert_allclose(lasts.mean, law.mean(), rtol=1e-12)
    days = [10, 47, 60, 100, 200]
    np.testing.assert_allclose(lasts.cdf(days)[0], law.cdf(days), atol=1e-12)
    np.testing.assert_allclose(lasts.quantile(0.9), law.ppf(0.9), rtol=1e-8)


def test_patients_and_groups_of_the_protocol() -> None:
    """Groups are of three: their law is that of the patients, and its mean is E[N] / 3 (section 1.5: 11.07)."""
    exact = operating_characteristics(nct06871644(), TRUTH)
    np.testing.assert_allclose(exact.groups[0], exact.total[0, ::3], atol=1e-15)
    np.testing.assert_allclose(exact.groups[0] @ np.arange(7), exact.patients.sum() / 3, rtol=1e-12)
    assert round(float(exact.patients.sum()), 2) == 11.07
    np.testing.assert_allclose(exact.course.sum(), 1, rtol=1e-12)


def test_mean_by_hand() -> None:
    exact = operating_characteristics(nct06871644(), [TRUTH, (0.3, 0.45, 0.6)])
    lasts = trial_duration(exact, 1.5, stagger=3)
    n = exact.patients.sum(axis=1)
    np.testing.assert_allclose(lasts.mean, n * MONTH / 1.5 + n / 3 * 28 + (n - n / 3) * 3, rtol=1e-12)


def test_simulated_calendars_agree() -> None:
    """Every trial patient by patient: waits are exponential, a group opens 28 days after the last infusion."""
    trials, rng = 20_000, np.random.default_rng(7)
    counts = simulate_counts(nct06871644(), TRUTH, trials=trials, random_seed=1).n.sum(axis=1)
    days = np.zeros(trials)
    for patient in range(counts.max()):
        inside = patient < counts
        days += np.where(inside, rng.exponential(MONTH, trials), 0.0)
        days += np.where(inside & (patient % 3 > 0), 7.0, 0.0)
        days += np.where(inside & (patient % 3 == 2), 28.0, 0.0)
    lasts = trial_duration(operating_characteristics(nct06871644(), TRUTH), 1.0, stagger=7)
    assert abs(days.mean() - lasts.mean[0]) < 4 * days.std() / trials**0.5
    at = np.array([150.0, 300.0, 450.0, 600.0])
    wanted = lasts.cdf(at)[0]
    found = (days[:, None] <= at).mean(axis=0)
    assert np.all(np.abs(found - wanted) < 4 * (wanted * (1 - wanted) / trials) ** 0.5)


@pytest.mark.parametrize(
    "settings", [{"per_month": 0}, {"per_month": 1, "stagger": -1}, {"per_month": 1, "window": -1}]
)
def test_bad_calendars_are_refused(settings: dict) -> None:
    exact = operating_characteristics(boin(max_patients=3), [0.3])
    with pytest.raises(ValueError, match="accepted"):
        trial_duration(exact, **settings)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        trial_duration(exact, 1.0).quantile(1.0)
