"""The BLRM: worked posteriors, nested adaptive quadrature, overdose control, exact operating characteristics."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from cartmodel.escalation.blrm import BlrmModel, blrm
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.outcomes import state_of
from cartmodel.escalation.state import Decision, State

DOSES = (0.25e8, 1e8, 2e8)  # CAR-T cells of NCT06871644
CALIBRATED = {"reference": 1e8, "mean": (math.log(0.15 / 0.85), -0.25), "sd": (1.25, 0.5)}
VAGUE = {"reference": 1e8, "mean": (math.log(0.25 / 0.75), 0.0), "sd": (2.0, 1.0)}
# 0/3 at 1, 0/4 at 2.5, 0/5 at 5, 0/4 at 10, 2/2 at 25 mg: Neuenschwander et al. (2008), section 6 of the domain file.
MG = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
HISTORY = State((3, 4, 5, 4, 0, 0, 2, 0), (0, 0, 0, 0, 0, 0, 2, 0), 7)
WORKED = [
    (10, 0.1272, [0.8084, 0.1701, 0.0214, 0.0000]),
    (15, 0.1918, [0.5785, 0.3269, 0.0939, 0.0008]),
    (20, 0.2527, [0.3768, 0.4016, 0.2161, 0.0055]),
    (25, 0.3089, [0.2332, 0.3948, 0.3518, 0.0202]),
    (30, 0.3601, [0.1405, 0.3427, 0.4661, 0.0507]),
]


@pytest.mark.parametrize(("dose", "mean", "intervals"), WORKED)
def test_worked_posterior(dose: float, mean: float, intervals: list[float]) -> None:
    """Section 6 of the domain file; within 0.005 of crmPack with JAGS."""
    model = BlrmModel(MG, 250, (2.15, 0.52), (0.84, 0.80), 0.134 / (0.84 * 0.80), (0.20, 0.35, 0.60))
    posterior = model.posterior(HISTORY)
    level = MG.index(dose)
    assert posterior.mean[level].round(4) == mean
    assert posterior.intervals[level].round(4).tolist() == intervals


def test_worked_overdose_control() -> None:
    """Section 6 of the domain file; OncoBayes2 has .3638 .4255 .2117 within its Monte Carlo error. EWOC picks 20."""
    posterior = BlrmModel(MG, 250, (0, 0), (2, 1)).posterior(HISTORY)
    assert posterior.intervals[5].round(4).tolist() == [0.3628, 0.4255, 0.2117]
    assert posterior.mean[5].round(4) == 0.2274
    assert posterior.intervals[6].round(4).tolist() == [0.2696, 0.4126, 0.3178]
    decision = blrm(MG, reference=250, mean=(0, 0), sd=(2, 1), max_patients=60).decide(HISTORY)
    assert decision.dose == 20 / 5 + 2  # the sixth level, 20 mg
    assert decision.admissible == (1, 2, 3, 4, 5, 6)


def test_worked_losses() -> None:
    """Losses 1, 0, 1, 2 of the four intervals, by hand from the worked posterior: .674 .604 .625 .708 at 15-30 mg."""
    prior = {"reference": 250, "mean": (2.15, 0.52), "sd": (0.84, 0.80), "correlation": 0.134 / (0.84 * 0.80)}
    settings = prior | {"cuts": (0.20, 0.35, 0.60), "max_patients": 60}
    decision = blrm(MG, **settings, loss=(1, 0, 1, 2)).decide(HISTORY)
    assert decision.dose == 6
    assert "smallest expected loss, 0.604" in decision.reason
    timid = blrm(MG, **settings, loss=(0, 0, 5, 50), overdose=0.99).decide(HISTORY)
    assert timid.dose == 1  # where only toxicity counts
    with pytest.raises(ValueError, match="4 numbers, one for each interval"):
        blrm(MG, **settings, loss=(1, 0, 1))


def by_nested_quadrature(prior: dict, state: State, dose: int, cut: float) -> tuple[float, float]:
    """Posterior mean of a DLT probability, and the probability that it is below a cut, by SciPy's adaptive rules."""
    (mean_a, mean_c), (sd_a, sd_c) = prior["mean"], prior["sd"]
    x = [math.log(d / prior["reference"]) for d in DOSES]

    def log_density(a: np.ndarray, c: float) -> np.ndarray:
        total = -0.5 * ((a - mean_a) / sd_a) ** 2 - 0.5 * ((c - mean_c) / sd_c) ** 2
        for n, y, place in zip(state.n, state.dlt, x, strict=True):
            eta = a + math.exp(c) * place
            total -= y * np.logaddexp(0, -eta) + (n - y) * np.logaddexp(0, eta)
        return total

    coarse = np.linspace(-12, 12, 41)
    peak = max(log_density(mean_a + sd_a * coarse, c).max() for c in mean_c + sd_c * coarse)

    def inner(c: float) -> tuple[float, float, float]:
        a = mean_a + sd_a * np.linspace(-14, 14, 29)
        edge = min(max(math.log(cut / (1 - cut)) - math.exp(c) * x[dose], a[0]), a[-1])
        low = [*a[a < edge], edge]
        high = [edge, *a[a > edge]]
        rule, weight = np.polynomial.legendre.leggauss(12)

        def piece(begin: float, end: float) -> tuple[float, float]:
            at = begin + (end - begin) * (rule + 1) / 2
            density = np.exp(log_density(at, c) - peak) * weight * (end - begin) / 2
            return float(density.sum()), float(density @ expit(at + math.exp(c) * x[dose]))

        below = [piece(*ends) for ends in pairwise(low)]
        above = [piece(*ends) for ends in pairwise(high)]
        mass_below = sum(p[0] for p in below)
        return mass_below, mass_below + sum(p[0] for p in above), sum(p[1] for p in (*below, *above))

    known: dict[float, tuple[float, float, float]] = {}

    def of(c: float, which: int) -> float:
        if c not in known:
            known[c] = inner(c)
        return known[c][which]

    cuts = mean_c + sd_c * np.array([-14, -7, -2, 0, 2, 7, 14])
    below, total, mean = (
        sum(quad(of, s, e, args=(k,), epsabs=1e-9, epsrel=1e-8)[0] for s, e in pairwise(cuts)) for k in range(3)
    )
    return mean / total, below / total


@pytest.mark.parametrize(
    ("prior", "n", "dlt", "dose"),
    [
        (CALIBRATED, (3, 3, 0), (0, 1, 0), 1),
        (VAGUE, (3, 0, 0), (3, 0, 0), 0),
        (VAGUE, (6, 15, 15), (0, 3, 8), 2),
        (VAGUE | {"mean": (0.0, 0.0)}, (9, 26, 1), (3, 22, 1), 0),  # steep slopes
        ({"reference": 1e8, "mean": (2.15, 0.52), "sd": (0.84, 0.8)}, (6, 24, 6), (0, 0, 0), 2),  # against the prior
    ],
)
def test_posteriors_by_nested_quadrature(prior: dict, n: tuple[int, ...], dlt: tuple[int, ...], dose: int) -> None:
    state = State(n, dlt)
    found = BlrmModel(DOSES, **prior, most_patients=36).posterior(state)
    mean, below = by_nested_quadrature(prior, state, dose, 0.33)
    assert found.mean[dose] == pytest.approx(mean, abs=1e-6)
    assert found.intervals[dose, :2].sum() == pytest.approx(below, abs=1e-6)


def test_without_data_a_is_normal_at_the_reference() -> None:
    posterior = BlrmModel(DOSES, **VAGUE).posterior(State.empty(3))
    prior = stats.norm(VAGUE["mean"][0], 2.0)
    wanted = np.diff([0, *prior.cdf(np.log([0.16 / 0.84, 0.33 / 0.67])), 1])
    np.testing.assert_allclose(posterior.intervals[1], wanted, atol=1e-8)


def test_the_reference_dose_moves_the_prior_and_not_the_model() -> None:
    """With the slope fixed, another reference is a shift of the prior mean of a."""
    narrow = {"sd": (1.25, 1e-4)}
    state = State((3, 3, 0), (0, 1, 0))
    one = BlrmModel(DOSES, 1e8, (-1.0, 0.0), **narrow).posterior(state)
    two = BlrmModel(DOSES, 2e8, (-1.0 + math.log(2), 0.0), **narrow).posterior(state)
    np.testing.assert_allclose(one.intervals, two.intervals, atol=1e-4)


def test_units_of_the_dose_do_not_matter() -> None:
    state = State((3, 3, 0), (0, 1, 0))
    cells = BlrmModel(DOSES, **CALIBRATED).posterior(state)
    millions = BlrmModel(tuple(d / 1e6 for d in DOSES), **(CALIBRATED | {"reference": 100.0})).posterior(state)
    np.testing.assert_allclose(cells.intervals, millions.intervals, atol=1e-12)


@pytest.mark.parametrize(
    ("prior", "outcomes", "level", "over"),
    [
        (VAGUE, "1NNT", 1, 0.31),
        (CALIBRATED, "1NNT", 1, 0.11),
        (CALIBRATED, "1NNN 2NNT", 2, 0.18),
        (CALIBRATED, "1NTT", 1, 0.40),
    ],
)
def test_worked_prior_calibration(prior: dict, outcomes: str, level: int, over: float) -> None:
    """Section 6 of the domain file, 'Calibrate the prior'."""
    posterior = BlrmModel(DOSES, **prior).posterior(state_of(outcomes, doses=3))
    assert posterior.intervals[level - 1, 2].round(2) == over


class ByGauss:
    """The BLRM design told anew: Gauss-Legendre panels that end where the indicators jump; conduct of section 7."""

    def __init__(self, prior: dict, patients: int) -> None:
        (mean_a, mean_c), (sd_a, sd_c) = prior["mean"], prior["sd"]
        x = [math.log(d / prior["reference"]) for d in DOSES]
        rule, weight = np.polynomial.legendre.leggauss(60)
        self.patients = patients
        self.pieces = []
        for dose in range(3):
            points = []  # a, c, ln of weight times prior, place among the intervals
            for c, w_c in zip(mean_c + sd_c * 7 * rule, weight, strict=True):
                jumps = [math.log(cut / (1 - cut)) - math.exp(c) * x[dose] for cut in (0.16, 0.33)]
                edges = [mean_a - 7 * sd_a, *(min(max(j, mean_a - 7 * sd_a), mean_a + 7 * sd_a) for j in jumps)]
                for place, (low, high) in enumerate(pairwise([*edges, mean_a + 7 * sd_a])):
                    for a, w_a in zip(low + (high - low) * (rule + 1) / 2, weight * (high - low) / 2, strict=True):
                        if w_a > 0:
                            log_prior = -0.5 * ((a - mean_a) / sd_a) ** 2 - 0.5 * ((c - mean_c) / sd_c) ** 2
                            points.append((a, c, log_prior + math.log(w_c * w_a), place))
            a, c, log_weight, place = np.array(points).T
            eta = a + np.exp(c) * np.array(x)[:, None]
            self.pieces.append((-np.logaddexp(0, -eta), -np.logaddexp(0, eta), log_weight, place))

    def intervals(self, state: State) -> np.ndarray:
        n, y = np.array(state.n, float), np.array(state.dlt, float)
        rows = []
        for log_p, log_q, log_weight, place in self.pieces:
            density = np.exp(y @ log_p + (n - y) @ log_q + log_weight)
            rows.append([density[place == k].sum() / density.sum() for k in range(3)])
        return np.array(rows)

    def decide(self, state: State, /) -> Decision:
        if not state.patients:
            return Decision("stay", 1, "", cohort=3)
        intervals = self.intervals(state)
        safe = [d for d in (1, 2, 3) if intervals[d - 1, 2] < 0.25]
        if not safe:
            return Decision("stop", None, "")
        last = state.patients >= self.patients
        left = [d for d in safe if (state.n[d - 1] if last else d <= state.highest + 1)]
        best = max(left, key=lambda d: intervals[d - 1, 1], default=None)
        return Decision("stop", best, "") if last else Decision("stay", best, "", cohort=3)


def test_operating_characteristics() -> None:
    """Against the design told anew; sections 6 and 7 of the domain file.

    The file's numbers have one state on the wrong side of .25: (3, 3, 6) patients, (0, 0, 4) DLTs, where Pr(over) at
    level 2 is .2462 by three quadratures. Overdose control at .246 does the same and gives the printed numbers.
    """
    truth = [(0.10, 0.25, 0.40), (0.30, 0.45, 0.60)]
    exact = operating_characteristics(blrm(DOSES, **CALIBRATED), truth)
    twin = operating_characteristics(ByGauss(CALIBRATED, 18), truth)
    assert exact.states == twin.states
    np.testing.assert_allclose(exact.mtd, twin.mtd, rtol=0, atol=1e-12)
    printed = operating_characteristics(blrm(DOSES, **CALIBRATED, overdose=0.246), truth)
    np.testing.assert_allclose(printed.mtd[0], [0.046, 0.389, 0.444, 0.122], atol=5.5e-4)
    np.testing.assert_allclose(printed.mtd[1], [0.565, 0.385, 0.048, 0.002], atol=5.5e-4)
    wrong_side = State((3, 3, 6), (0, 0, 4), 3)
    by_gauss = ByGauss(CALIBRATED, 18).intervals(wrong_side)[1, 2]
    by_nested = 1 - by_nested_quadrature(CALIBRATED, wrong_side, 1, 0.33)[1]
    assert BlrmModel(DOSES, **CALIBRATED).posterior(wrong_side).intervals[1, 2] == pytest.approx(by_nested, abs=1e-8)
    assert by_gauss == pytest.approx(by_nested, abs=1e-8)
    assert round(by_nested, 4) == 0.2462
    assert operating_characteristics(blrm(DOSES, **VAGUE), [0.05, 0.10, 0.15]).mtd[0, 0].round(2) == 0.15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": 0.0}, "reference 0.0; accepted: a dose above 0, in the unit of the doses"),
        ({"sd": (1.0, 0.0)}, "SDs above 0"),
        ({"correlation": 1.0}, "correlation"),
        ({"cuts": (0.33, 0.16)}, "rising within 0 and 1"),
        ({"overdose": 1.5}, "overdose 1.5"),
    ],
)
def test_bad_models_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        blrm(DOSES, **(CALIBRATED | change))


def test_the_reference_is_mandatory() -> None:
    with pytest.raises(TypeError, match="reference"):
        blrm(DOSES, mean=(0.0, 0.0), sd=(1.0, 1.0))


def test_states_beyond_the_grid_are_refused() -> None:
    model = BlrmModel(DOSES, **CALIBRATED, most_patients=18)
    with pytest.raises(ValueError, match="21 patients; accepted: up to 18"):
        model.posterior(State((21, 0, 0), (0, 0, 0)))
    with pytest.raises(ValueError, match="2 dose levels; accepted: 3"):
        model.posterior(State((3, 0), (0, 0)))
    certain = BlrmModel(DOSES, 1e8, (-20.0, 0.0), (0.6, 0.2), most_patients=60)
    with pytest.raises(ValueError, match="contradict the prior"):
        certain.posterior(State((30, 0, 0), (30, 0, 0)))
