"""The CRM: worked values of dfcrm and trialr, adaptive quadrature, exact operating characteristics."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

from cartmodel.escalation.crm import CrmModel, crm
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.outcomes import state_of
from cartmodel.escalation.skeleton import indifference_skeleton
from cartmodel.escalation.state import State

SKELETON = indifference_skeleton(0.07, 0.30, mtd=2, doses=3)

# Section 4 of the domain file, R package 'dfcrm': outcomes, E[b], Var[b], plug-in probabilities, next (no skipping).
WORKED = [
    ("1NNN", 0.72906, 0.73446, [0.0250, 0.0824, 0.1848], 2),
    ("1NNN 2NNT", 0.18173, 0.24629, [0.1183, 0.2360, 0.3765], 2),
    ("1NNN 2NNT 2NNT", 0.08100, 0.16641, [0.1452, 0.2710, 0.4135], 2),
    ("1NNN 2NTT", -0.24732, 0.24493, [0.2491, 0.3906, 0.5294], 1),
    ("1NTT", -1.07135, 0.43513, [0.5436, 0.6620, 0.7565], 1),
]


def test_skeletons() -> None:
    """Section 4 of the domain file, getprior of 'dfcrm'."""
    assert [round(p, 4) for p in SKELETON] == [0.1687, 0.3000, 0.4429]
    five = indifference_skeleton(0.05, 0.25, mtd=3, doses=5)
    assert [round(p, 4) for p in five] == [0.0840, 0.1567, 0.2500, 0.3545, 0.4603]


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
def test_skeletons_have_the_indifference_interval(curve: str) -> None:
    """Lee and Cheung (2009): where the curve through one dose at target + d meets the next dose at target - d."""
    skeleton = indifference_skeleton(0.05, 0.25, mtd=2, doses=4, curve=curve)
    model = CrmModel(skeleton, 0.25, curve)
    for lower in range(3):
        log_p = lambda b, k=lower: model.log_probabilities(np.array([b]))[0][k, 0]  # noqa: E731
        low, high = -5.0, 5.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if log_p(middle) > math.log(0.20) else (low, middle)
        assert math.exp(log_p(low, lower + 1)) == pytest.approx(0.30, abs=1e-9)


@pytest.mark.parametrize(("outcomes", "mean", "variance", "plug_in", "following"), WORKED)
def test_worked_posteriors(outcomes: str, mean: float, variance: float, plug_in: list[float], following: int) -> None:
    posterior = CrmModel(SKELETON, 0.30).posterior(state_of(outcomes, doses=3))
    assert round(posterior.mean, 5) == mean
    assert round(posterior.variance, 5) == variance
    assert posterior.plug_in.round(4).tolist() == plug_in
    assert crm(SKELETON).decide(state_of(outcomes, doses=3)).dose == following


def test_posterior_means_are_named_apart() -> None:
    """Section 4 of the domain file: trialr's numbers for the second row."""
    posterior = CrmModel(SKELETON, 0.30).posterior(state_of("1NNN 2NNT", doses=3))
    assert posterior.posterior_mean.round(4).tolist() == [0.1474, 0.2522, 0.3766]


@pytest.mark.parametrize("curve", ["empiric", "logistic"])
@pytest.mark.parametrize(
    ("n", "dlt"),
    [
        ((3, 3, 0), (0, 1, 0)),
        ((3, 0, 0), (3, 0, 0)),
        ((3, 6, 27), (0, 1, 9)),
        ((0, 0, 36), (0, 0, 0)),
        ((36, 0, 0), (36, 0, 0)),
    ],
)
def test_posteriors_by_adaptive_quadrature(curve: str, n: tuple[int, ...], dlt: tuple[int, ...]) -> None:
    model = CrmModel(SKELETON, 0.30, curve)
    found = model.posterior(State(n, dlt))

    def p(b: float, dose: int) -> float:
        if curve == "empiric":
            return SKELETON[dose] ** math.exp(b)
        x = math.log(SKELETON[dose] / (1 - SKELETON[dose])) - 3
        return 1 / (1 + math.exp(min(-3 - math.exp(b) * x, 700)))

    def log_density(b: float) -> float:
        total = -(b**2) / (2 * 1.34)
        for dose in range(3):
            q = min(max(p(b, dose), 1e-300), 1 - 1e-16)
            total += dlt[dose] * math.log(q) + (n[dose] - dlt[dose]) * math.log1p(-q)
        return total

    grid = np.linspace(-9, 9, 721)
    peak = max(log_density(b) for b in grid)
    mode = float(grid[np.argmax([log_density(b) for b in grid])])

    def integral(f, end: float = 11.0) -> float:
        cuts = [-11.0, *(cut for cut in (mode - 1, mode, mode + 1) if cut < end), end]
        return sum(
            quad(lambda b: f(b) * math.exp(log_density(b) - peak), a, z, limit=400, epsabs=1e-13)[0]
            for a, z in pairwise(cuts)
        )

    total = integral(lambda b: 1.0)
    mean = integral(lambda b: b) / total
    assert found.mean == pytest.approx(mean, abs=1e-8)
    assert found.variance == pytest.approx(integral(lambda b: (b - mean) ** 2) / total, abs=1e-8)
    np.testing.assert_allclose(found.plug_in, [p(mean, dose) for dose in range(3)], atol=1e-8)
    averages = [integral(lambda b, d=dose: p(b, d)) / total for dose in range(3)]
    np.testing.assert_allclose(found.posterior_mean, averages, atol=1e-8)
    for dose in range(3):
        jump = brentq(lambda b, d=dose: p(b, d) - 0.30, -9, 9)  # the probability falls in b
        assert found.exceeds[dose] == pytest.approx(integral(lambda b: 1.0, jump) / total, abs=1e-8)


def test_the_published_help_example_of_dfcrm() -> None:
    """dfcrm's crm() help: skeleton, target 0.2, ten patients; values in section 4 of the domain file."""
    level = [3, 4, 4, 3, 3, 4, 3, 2, 2, 2]
    y = [0, 0, 1, 0, 0, 1, 1, 0, 0, 0]
    n = tuple(level.count(d) for d in range(1, 7))
    dlt = tuple(sum(t for d, t in zip(level, y, strict=True) if d == k) for k in range(1, 7))
    posterior = CrmModel((0.05, 0.10, 0.20, 0.35, 0.50, 0.70), 0.20).posterior(State(n, dlt))
    assert posterior.plug_in.round(4).tolist() == [0.0887, 0.1553, 0.2721, 0.4278, 0.5708, 0.7494]
    assert int(np.argmin(np.abs(posterior.plug_in - 0.20))) + 1 == 2


def test_without_data_the_posterior_is_the_prior() -> None:
    posterior = CrmModel(SKELETON, 0.30).posterior(State.empty(3))
    assert posterior.mean == pytest.approx(0, abs=1e-12)
    assert posterior.variance == pytest.approx(1.34, rel=1e-10)
    reaches = np.log(np.log(0.30) / np.log(SKELETON))
    np.testing.assert_allclose(posterior.exceeds, stats.norm(0, 1.34**0.5).cdf(reaches), atol=1e-10)


def test_worked_operating_characteristics() -> None:
    """Section 7 of the domain file, scenarios B and C."""
    exact = operating_characteristics(crm(SKELETON), [(0.10, 0.25, 0.40), (0.30, 0.45, 0.60)])
    np.testing.assert_array_equal(exact.mtd[0].round(4), [0.0021, 0.0908, 0.5086, 0.3986])
    np.testing.assert_array_equal(exact.mtd[1].round(4), [0.1253, 0.6298, 0.2225, 0.0224])


def test_it_stops_when_the_lowest_dose_is_too_toxic() -> None:
    decision = crm(SKELETON).decide(state_of("1TTT", doses=3))
    assert (decision.action, decision.dose) == ("stop", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"skeleton": (0.3, 0.2)}, "skeleton"),
        ({"skeleton": (0.1, 0.97), "curve": "logistic"}, r"below 0\.9526"),
        ({"skeleton": (0.1, 0.3), "curve": "probit"}, "'empiric', 'logistic'"),
        ({"skeleton": (0.1, 0.3), "estimate": "median"}, "'plug-in', 'posterior-mean'"),
        ({"skeleton": (0.1, 0.3), "variance": 0}, "variance 0; accepted: above 0"),
    ],
)
def test_bad_models_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        crm(**arguments)


def test_another_number_of_doses_is_refused() -> None:
    with pytest.raises(ValueError, match="2 dose levels; accepted: 3"):
        crm(SKELETON).decide(State((3, 0), (0, 0)))
