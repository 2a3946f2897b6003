"""EffTox: worked numbers of the domain file, the posterior by quasi-Monte Carlo, decisions."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.efftox import EffTox

PRIORS = {
    "alpha": (-7.9593, 3.5487),
    "beta": (1.5482, 3.5018),
    "gamma": (0.7367, 2.5423),
    "zeta": (3.4181, 2.4406),
    "eta": (0.0, 0.2),
    "psi": (0.0, 1.0),
}
DEMO = EffTox(doses=(1.0, 2.0, 4.0, 6.6, 10.0), **PRIORS)


def test_the_exponent_of_the_contour() -> None:
    """Section 8 of the domain file and the R package 'trialr': .97737."""
    assert DEMO.exponent == pytest.approx(0.97737, abs=5e-6)
    for efficacy, toxicity in DEMO.contour:
        assert DEMO.utility(np.array(efficacy), np.array(toxicity)) == pytest.approx(0, abs=1e-12)
    assert DEMO.utility(np.array(1.0), np.array(0.0)) == 1


def test_worked_posterior() -> None:
    """Section 8: within .01, as MCMC in the peers; its toxicities differ from ours by up to .006."""
    found = DEMO.posterior(BenefitState.of("1NNE 2EEB", 5))
    np.testing.assert_allclose(found.toxicity, [0.090, 0.100, 0.216, 0.316, 0.364], atol=0.007)
    np.testing.assert_allclose(found.efficacy, [0.409, 0.792, 0.930, 0.957, 0.964], atol=0.002)
    assert found.utility.round(2).tolist() == [-0.33, 0.42, 0.52, 0.43, 0.36]
    assert DEMO.decide(BenefitState.of("1NNE 2EEB", 5)).dose == 3


def by_quasi_monte_carlo(outcomes: str, seed: int) -> np.ndarray:
    """The joint likelihood as the domain file writes it, averaged over a Sobol sequence of the prior."""
    z = stats.norm.ppf(stats.qmc.Sobol(6, seed=seed).random_base2(16))
    alpha, beta, gamma, zeta, eta, psi = (
        mean + sd * column for (mean, sd), column in zip(PRIORS.values(), z.T, strict=True)
    )
    x = np.log(DEMO.doses) - np.mean(np.log(DEMO.doses))
    p_t = expit(alpha[:, None] + beta[:, None] * x)
    p_e = expit(gamma[:, None] + zeta[:, None] * x + eta[:, None] * x**2)
    both = (np.exp(psi) - 1) / (np.exp(psi) + 1)
    weight = np.ones(len(z))
    for word in outcomes.split():
        t, e = p_t[:, int(word[0]) - 1], p_e[:, int(word[0]) - 1]
        for letter in word[1:]:
            a, b = {"N": (0, 0), "E": (1, 0), "T": (0, 1), "B": (1, 1)}[letter]
            apart = e**a * (1 - e) ** (1 - a) * t**b * (1 - t) ** (1 - b)
            weight *= apart + (-1) ** (a + b) * e * (1 - e) * t * (1 - t) * both
    weight /= weight.sum()
    return np.array([weight @ p_t, weight @ p_e, weight @ (p_t < 0.30), weight @ (p_e > 0.50)])


@pytest.mark.parametrize("outcomes", ["1NNE 2EEB", "1NTN", "1NNN 2NNB 3EBT"])
def test_posterior_by_quasi_monte_carlo(outcomes: str) -> None:
    """Within the error that eight scrambled sequences show."""
    known = DEMO.posterior(BenefitState.of(outcomes, 5))
    found = np.array([known.toxicity, known.efficacy, known.tolerable, known.effective])
    runs = np.array([by_quasi_monte_carlo(outcomes, seed) for seed in range(8)])
    error = runs.std(axis=0, ddof=1) / len(runs) ** 0.5
    assert error.max() < 4e-3
    assert np.all(np.abs(found - runs.mean(axis=0)) < 5.5 * error + 5e-4)


def test_a_narrow_prior_of_the_association_is_independence() -> None:
    """With psi fixed at 0 toxicity and efficacy do not know of each other: the letters may be paired anew."""
    apart = EffTox(doses=(1.0, 2.0, 4.0), **(PRIORS | {"psi": (0.0, 1e-6)}))
    one = apart.posterior(BenefitState.of("1NNB 2EEN", 3))
    two = apart.posterior(BenefitState.of("1NTE 2EEN", 3))
    np.testing.assert_allclose(one.toxicity, two.toxicity, atol=1e-9)
    np.testing.assert_allclose(one.efficacy, two.efficacy, atol=1e-9)


def test_no_dose_is_skipped_and_none_may_be_admissible() -> None:
    assert DEMO.decide(BenefitState.of("1NNN", 5)).dose == 2
    assert DEMO.decide(BenefitState(((0, 0, 0, 0),) * 5)).dose == 1
    toxic = DEMO.decide(BenefitState.of("1TTT 1TTT", 5))
    assert (toxic.action, toxic.dose) == ("stop", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doses": (2.0, 1.0)}, "above 0 and rising"),
        ({"eta": (0.0, 0.0)}, "SDs above 0"),
        ({"contour": ((0.5, 0.0), (1.0, 0.65), (0.4, 0.25))}, "the third point between"),
        ({"toxicity_limit": 1.0}, "above 0, below 1"),
    ],
)
def test_bad_designs_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EffTox(**({"doses": (1.0, 2.0, 4.0)} | PRIORS | change))
    with pytest.raises(ValueError, match="3 dose levels; accepted: 5"):
        DEMO.posterior(BenefitState.of("1NNN", 3))
