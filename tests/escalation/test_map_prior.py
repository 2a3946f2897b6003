"""MAP priors: closed forms without data, nested quadrature with, the pooled BLRM as a limit, conflict."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from cartmodel.escalation.blrm import BlrmModel
from cartmodel.escalation.blrm_mixture import NormalComponent
from cartmodel.escalation.map_prior import HistoricalTrial, map_prior, robust_blrm
from cartmodel.escalation.state import State

DOSES = (0.25e8, 1e8, 2e8)
WIDE = {"reference": 1e8, "mean": (-1.1, 0.0), "sd": (2.0, 1.0), "between": (0.5, 0.25)}
EARLIER = [
    HistoricalTrial("SIMULATED A", (0.5e8, 1e8, 2e8), (6, 6, 6), (0, 1, 2)),
    HistoricalTrial("SIMULATED B", (1e8, 2e8), (6, 10), (0, 2)),
]


def test_without_history_it_is_the_prior_predictive() -> None:
    """Variance sd^2 + E[tau^2] = sd^2 + scale^2, of a half-normal tau."""
    (part,) = map_prior([], **WIDE, vague=0, components=1).components
    assert part.mean == pytest.approx((-1.1, 0.0), abs=1e-6)
    assert part.sd == pytest.approx((math.hypot(2.0, 0.5), math.hypot(1.0, 0.25)), rel=2e-3)
    assert part.correlation == pytest.approx(0, abs=1e-9)


def test_trials_that_do_not_differ_are_pooled() -> None:
    """Between-trial SDs near 0: the MAP is the posterior of a BLRM of all patients, here by its own quadrature."""
    settings = WIDE | {"between": (1e-3, 1e-3)}
    prior = map_prior(EARLIER, **settings, vague=0, components=3)
    ours = prior.models(DOSES).posterior(State.empty(3))
    pooled = BlrmModel((0.25e8, 0.5e8, 1e8, 2e8), 1e8, (-1.1, 0.0), (2.0, 1.0))
    theirs = pooled.posterior(State((0, 6, 12, 16), (0, 0, 1, 4)))
    np.testing.assert_allclose(ours.mean, theirs.mean[[0, 2, 3]], atol=4e-3)
    np.testing.assert_allclose(ours.intervals, theirs.intervals[[0, 2, 3]], atol=0.02)
    assert prior.divergence < 0.02


def test_one_parameter_by_nested_quadrature() -> None:
    """Slope fixed, both trials at the reference dose: p(a* | data) from integrals over tau, mu and each trial's a."""
    history = [HistoricalTrial("A", (1e8,), (9,), (2,)), HistoricalTrial("B", (1e8,), (12,), (1,))]
    settings = {"reference": 1e8, "mean": (-1.1, 0.0), "sd": (2.0, 0.01), "between": (0.7, 0.001)}
    (part,) = map_prior(history, **settings, vague=0, components=1).components
    node, weight = np.polynomial.legendre.leggauss(40)
    tau, w_tau = 3.5 * 0.7 * (node + 1) / 2, weight
    z, w_z = np.polynomial.hermite_e.hermegauss(60)
    mu = np.linspace(-1.1 - 12, -1.1 + 12, 1201)
    total = first = second = 0.0
    for t, w in zip(tau, w_tau, strict=True):
        density = stats.norm.pdf(mu, -1.1, 2.0) * stats.halfnorm.pdf(t, scale=0.7) * w
        for n, y in ((9, 2), (12, 1)):
            p = expit(mu[:, None] + t * z)
            density = density * (stats.binom.pmf(y, n, p) @ w_z)
        total += density.sum()
        first += density @ mu
        second += density @ (mu**2 + t**2)
    mean = first / total
    assert part.mean[0] == pytest.approx(mean, abs=5e-3)
    assert part.sd[0] == pytest.approx(math.sqrt(second / total - mean**2), rel=5e-3)


def test_what_few_components_cost_is_what_is_said() -> None:
    """One earlier trial, 0/3 and 1/3 here: P(over) at level 2 by 2, 3, 4 and 5 components, and the divergence."""
    state, over, lost = State((3, 3, 0), (0, 1, 0), 2), [], []
    for components in (2, 3, 4, 5):
        prior = map_prior([HistoricalTrial("A", DOSES, (6, 6, 6), (0, 1, 2))], **WIDE, components=components)
        over.append(prior.models(DOSES).posterior(state).intervals[1, 2:].sum())
        lost.append(prior.divergence)
    assert 0.01 < over[0] - over[3] < 0.016
    assert abs(over[1] - over[3]) < 0.003
    assert abs(over[2] - over[3]) < 0.001
    assert lost[0] > lost[1] > 0.002 > lost[2] > lost[3]


def test_effective_sample_size_is_that_of_the_beta_of_equal_moments() -> None:
    prior = map_prior(EARLIER, **WIDE, vague=0.2)
    robust, sharp, vague = (
        prior.models(DOSES),
        map_prior(EARLIER, **WIDE, vague=0).models(DOSES),
        BlrmModel(DOSES, 1e8, (-1.1, 0.0), (2.0, 1.0)),
    )
    a = np.random.default_rng(0).normal(-1.1, 2.0, 400_000)  # at the reference dose p does not depend on the slope
    p = expit(a)
    known = vague.posterior(State.empty(3))
    assert known.sd[1] == pytest.approx(p.std(), abs=3e-3)
    ess = known.mean * (1 - known.mean) / known.sd**2 - 1
    assert np.all(ess < robust.effective_sample_size())
    assert np.all(robust.effective_sample_size() < sharp.effective_sample_size())
    assert np.all(sharp.effective_sample_size() < 34)  # no more than the historical patients


def test_evidence_and_predictive_law() -> None:
    """The prior predictive law at the reference dose, by Gauss-Hermite quadrature of the logit-normal binomial."""
    model = BlrmModel(DOSES, 1e8, (-1.1, 0.0), (1.3, 0.8))
    z, w = np.polynomial.hermite_e.hermegauss(80)
    for k in range(7):
        wanted = stats.binom.pmf(k, 6, expit(-1.1 + 1.3 * z)) @ w / w.sum()
        found = math.comb(6, k) * math.exp(model.log_evidence(State((0, 6, 0), (0, k, 0), 2)))
        assert found == pytest.approx(wanted, rel=1e-6)
    law = map_prior(EARLIER, **WIDE).models(DOSES).predictive(2, 5)
    assert law.sum() == pytest.approx(1, abs=1e-9)


def test_a_mixture_is_updated_by_bayes_rule() -> None:
    """Two components by hand: weights times evidence, posterior the mixture of the posteriors."""
    prior = map_prior([], **WIDE, vague=0.3, components=1)
    mixture = prior.models(DOSES)
    state = State((3, 3, 0), (0, 2, 0), 2)
    evidence = np.exp([model.log_evidence(state) for model in mixture.models])
    weight = np.array([0.7, 0.3]) * evidence
    np.testing.assert_allclose(mixture.weights_after(state), weight / weight.sum(), rtol=1e-12)
    parts = [model.posterior(state) for model in mixture.models]
    wanted = sum(w * part.mean for w, part in zip(weight / weight.sum(), parts, strict=True))
    np.testing.assert_allclose(mixture.posterior(state).mean, wanted, rtol=1e-12)


def test_conflict_is_said_and_agreement_is_silent() -> None:
    mixture = map_prior(EARLIER, **WIDE).models(DOSES)
    assert mixture.conflict(State((3, 3, 0), (0, 0, 0), 2)) == ()
    words = mixture.conflict(State((3, 3, 0), (3, 3, 0), 2))
    assert words[0].startswith("prior-data conflict: the vague component went from 20% to 9")
    assert any("3 DLTs in 3 at dose level 2" in line for line in words)
    assert mixture.weights_after(State((3, 3, 0), (3, 3, 0), 2))[-1] > 0.9


def test_the_design_under_a_map_prior_is_bolder_than_under_the_vague_one_and_robust() -> None:
    """After 1 of 3 at the lowest dose the vague prior stops (section 6); harmless earlier trials let it go on."""
    prior = map_prior(EARLIER, **(WIDE | {"mean": (-1.1, 0.0)}))
    design = robust_blrm(DOSES, prior=prior)
    assert design.decide(State((3, 0, 0), (1, 0, 0))).enrols
    assert design.decide(State((3, 0, 0), (3, 0, 0))).dose is None


@pytest.mark.parametrize(
    ("change", "message"),
    [({"vague": 1.0}, "vague 1.0"), ({"between": (0.0, 0.1)}, "between"), ({"components": 0}, "components 0")],
)
def test_bad_priors_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        map_prior([], **(WIDE | change))


def test_bad_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="4 DLTs in 3 patients"):
        HistoricalTrial("A", (1e8,), (3,), (4,))
    with pytest.raises(ValueError, match="A: doses"):
        HistoricalTrial("A", (1e8, 2e8), (3,), (1,))
    assert NormalComponent(1.0, (0.0, 0.0), (1.0, 1.0)).correlation == 0
