"""DLT against dose and exposure: the limits of the model by closed forms, its posterior by a brute-force grid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, logit, ndtr, ndtri
from scipy.stats import norm

from cartmodel.decision.exposure_toxicity import (
    ExposureToxicity,
    FollowedPatient,
    ToxicityDraws,
    log_likelihood,
    new_patient_risks,
    remaining_risk,
    toxicity_draws,
)
from cartmodel.decision.onset import day_shares, early_and_late, uniform
from cartmodel.escalation.blrm import BlrmModel
from cartmodel.escalation.state import State
from cartmodel.spec import load_model

SPEC = load_model("cd7-ssc")
assert SPEC.toxicity is not None
MODEL = ExposureToxicity(SPEC.toxicity.d0, SPEC.toxicity.ld1)
DOSES = np.array([0.25e8, 1e8, 2e8])
PLACE = np.log(DOSES / 1e8)
EDGES = np.array([1.0, 3.0, 7.0, 14.0, 21.0, 28.0])
SHARES = day_shares(early_and_late, EDGES)


def known(a: float, b0: float, b1: float) -> ToxicityDraws:
    return ToxicityDraws(np.array([[[a, b0, b1]]]), np.ones(1))


def new_patients(kappa: float, omega: float, patients: int = 4001) -> np.ndarray:
    """ln exposure kappa l + omega z at every bin, z at the midpoints of equal shares of the normal."""
    z = ndtri((np.arange(patients) + 0.5) / patients)
    x = kappa * PLACE[:, None] + omega * z
    return np.repeat(x[None, :, :, None], len(EDGES), axis=-1)


# --- The limits of section 9 -----------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b0", "b1", "kappa", "omega"), [(-1.7, 0.8, 0.4, 0.15, 0.9), (0.5, 0.1, 1.5, 0.6, 1.4)])
def test_the_probit_twin_has_its_closed_form(a: float, b0: float, b1: float, kappa: float, omega: float) -> None:
    risks = new_patient_risks(
        replace(MODEL, link="probit"), known(a, b0, b1), PLACE, new_patients(kappa, omega), SHARES
    )
    exact = ndtr((a + (b0 + b1 * kappa) * PLACE) / np.sqrt(1 + (b1 * omega) ** 2))
    np.testing.assert_allclose(risks.mean(axis=-1)[0, 0], exact, atol=2e-4)


def test_the_logistic_rate_is_the_integral_over_a_new_patient() -> None:
    a, b0, b1, kappa, omega = -1.2, 0.7, 0.9, 0.3, 1.1
    risks = new_patient_risks(MODEL, known(a, b0, b1), PLACE, new_patients(kappa, omega), SHARES)
    for k, place in enumerate(PLACE):
        exact = quad(lambda z, at=place: expit(a + b0 * at + b1 * (kappa * at + omega * z)) * norm.pdf(z), -9, 9)[0]
        assert risks[0, 0, k].mean() == pytest.approx(exact, abs=2e-4)
    assert risks[0, 0, 0].mean() != pytest.approx(expit(a + (b0 + b1 * kappa) * PLACE[0]), abs=5e-3)  # no plug-in mean


def test_without_effects_of_dose_the_curve_is_flat() -> None:
    rate = new_patient_risks(MODEL, known(-1.0, 0.0, 0.8), PLACE, new_patients(0.0, 1.0), SHARES).mean(axis=-1)
    np.testing.assert_allclose(rate[0, 0], rate[0, 0, 0], rtol=1e-14)


def test_without_spread_of_exposure_the_slopes_add_up() -> None:
    rate = new_patient_risks(MODEL, known(-1.0, 0.5, 0.8), PLACE, new_patients(0.3, 0.0, 3), SHARES).mean(axis=-1)
    np.testing.assert_allclose(rate[0, 0], expit(-1.0 + (0.5 + 0.8 * 0.3) * PLACE), rtol=1e-12)


@pytest.mark.parametrize("dlts", [(0, 0, 0), (0, 1, 1), (1, 2, 0)])
def test_without_effect_of_exposure_it_is_the_blrm(dlts: tuple[int, ...]) -> None:
    """Against the room escalation's BLRM, by quadrature, itself held to published values."""
    patients = [FollowedPatient(f"{k}{i}", DOSES[k], i < y) for k, y in enumerate(dlts) for i in range(3)]
    log_dose = np.log([p.dose / 1e8 for p in patients])
    nothing = np.random.default_rng(1).standard_normal((1, len(patients), len(EDGES)))  # b1 = 0: it must not matter
    drawn = toxicity_draws(
        replace(MODEL, slope=None), patients, log_dose, nothing, EDGES, SHARES, nodes=16384, resampled=16000
    )
    rate = expit(drawn.parameters[0, :, :1] + drawn.parameters[0, :, 1:2] * PLACE)
    blrm = BlrmModel(tuple(DOSES), 1e8, mean=(float(logit(0.15)), -0.25), sd=(1.25, 0.5))
    exact = blrm.posterior(State((3, 3, 3), dlts))
    np.testing.assert_allclose(rate.mean(axis=0), exact.mean, atol=2e-3)
    np.testing.assert_allclose((rate > 0.33).mean(axis=0), exact.intervals[:, 2:].sum(axis=1), atol=5e-3)


# --- The likelihood and its posterior --------------------------------------------------------------


def slow_log_likelihood(a: float, b0: float, b1: float, patients, log_dose, x) -> float:
    total = 0.0
    for patient, place, own in zip(patients, log_dose, x, strict=True):
        g = [expit(a + b0 * place + b1 * value) for value in own]
        if patient.dlt is None:
            continue
        if patient.dlt and patient.days is not None:
            at = [k for k, edge in enumerate(EDGES) if edge <= patient.days]
            total += np.log(g[at[-1] if at else 0])
        elif patient.dlt:
            total += np.log(sum(s * v for s, v in zip(SHARES, g, strict=True)))
        else:
            until = 28.0 if patient.days is None else patient.days
            total += np.log(1 - sum(s * v for s, v, e in zip(SHARES, g, EDGES, strict=True) if e <= until))
    return total


PATIENTS = (
    FollowedPatient("a", DOSES[0], False),
    FollowedPatient("b", DOSES[0], False, 7.0),
    FollowedPatient("c", DOSES[1], True, 3.0),
    FollowedPatient("d", DOSES[1], True),
    FollowedPatient("e", DOSES[2], False, 0.0),
    FollowedPatient("f", DOSES[2], None),
    FollowedPatient("g", DOSES[2], True, 0.0),
    FollowedPatient("h", DOSES[2], False, 21.0),
)
LOG_DOSE = np.log([p.dose / 1e8 for p in PATIENTS])
X = np.random.default_rng(3).standard_normal((2, len(PATIENTS), len(EDGES)))


@settings(deadline=None)
@given(st.floats(-4, 2), st.floats(0, 3), st.floats(0, 3))
def test_the_likelihood_written_slowly(a: float, b0: float, b1: float) -> None:
    fast = log_likelihood(MODEL, np.array([[a, b0, b1]]), PATIENTS, LOG_DOSE, X, EDGES, SHARES)
    for draw in range(2):
        assert fast[draw, 0] == pytest.approx(slow_log_likelihood(a, b0, b1, PATIENTS, LOG_DOSE, X[draw]), abs=1e-9)


def test_exposure_after_a_dlt_changes_nothing() -> None:
    other = X.copy()
    other[:, 2, 2:] += 5.0  # after day 3, the day of its DLT
    nodes = np.array([[-1.0, 0.5, 1.0]])
    same = [log_likelihood(MODEL, nodes, PATIENTS, LOG_DOSE, x, EDGES, SHARES) for x in (X, other)]
    np.testing.assert_array_equal(*same)
    other[:, 2, 1] += 1.0
    assert not np.allclose(log_likelihood(MODEL, nodes, PATIENTS, LOG_DOSE, other, EDGES, SHARES), same[0])


def grid_posterior() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes, their posterior weights and the evidence of each draw of X: normal densities on a dense grid."""
    a = logit(0.15) + 1.25 * np.linspace(-5, 5, 61)
    c = -0.25 + 0.5 * np.linspace(-5, 5, 41)
    b1 = np.linspace(0.0, 2.3, 60)
    grid = np.stack(np.meshgrid(a, np.exp(c), b1, indexing="ij"), axis=-1).reshape(-1, 3)
    density = [norm.pdf(a, logit(0.15), 1.25), norm.pdf(c, -0.25, 0.5), norm.pdf(b1, 0.3, 0.4)]
    density[2][0] /= 2  # trapezoids: the grid begins at the cut
    density[2][-1] /= 2
    prior = np.einsum("i,j,k->ijk", *(d / d.sum() for d in density)).ravel()
    log_l = log_likelihood(MODEL, grid, PATIENTS, LOG_DOSE, X, EDGES, SHARES)
    weight = prior * np.exp(log_l)
    return grid, weight / weight.sum(axis=1, keepdims=True), weight.sum(axis=1)


def test_the_posterior_is_that_of_a_dense_grid() -> None:
    grid, weight, evidence = grid_posterior()
    drawn = toxicity_draws(MODEL, PATIENTS, LOG_DOSE, X, EDGES, SHARES, nodes=16384, resampled=8000)
    np.testing.assert_allclose(drawn.parameters.mean(axis=1), weight @ grid, atol=0.02)
    np.testing.assert_allclose(
        drawn.parameters.std(axis=1), np.sqrt(weight @ grid**2 - (weight @ grid) ** 2), atol=0.02
    )
    np.testing.assert_allclose(drawn.evidence, evidence / evidence.sum(), atol=2e-3)
    assert drawn.evidence[0] != pytest.approx(0.5, abs=0.02)  # the DLTs tell the two kinetics apart


def test_the_default_number_of_nodes_is_enough_on_average() -> None:
    """Fresh nodes in every block of 50 draws: the error of one block averages out."""
    grid, weight, _ = grid_posterior()
    many = np.repeat(X[:1], 200, axis=0)
    drawn = toxicity_draws(MODEL, PATIENTS, LOG_DOSE, many, EDGES, SHARES)
    np.testing.assert_allclose(drawn.parameters.mean(axis=(0, 1)), weight[0] @ grid, atol=0.05)
    assert drawn.effective == pytest.approx(200, rel=0.05)


def test_results_depend_on_the_seed_alone() -> None:
    drawn = [toxicity_draws(MODEL, PATIENTS, LOG_DOSE, X, EDGES, SHARES, random_seed=s).parameters for s in (1, 1, 2)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_the_prior_of_the_slope_is_a_cut_normal() -> None:
    u = np.random.default_rng(5).random((20_000, 3))
    b1 = MODEL.parameters(u)[:, 2]
    assert b1.min() >= 0
    alpha = -0.3 / 0.4
    mean = 0.3 + 0.4 * norm.pdf(alpha) / norm.sf(alpha)
    assert b1.mean() == pytest.approx(mean, abs=0.01)


# --- Pending patients and onsets --------------------------------------------------------------------


@pytest.mark.parametrize("days", [0.0, 3.0, 14.0])
def test_the_rest_of_the_window_of_a_pending_patient(days: float) -> None:
    """Without an effect of exposure: pi (1 - w) / (1 - w pi), w the share of the onsets by then."""
    pi = expit(-0.7 + 0.6 * PLACE[2])
    w = early_and_late(days) / early_and_late(28.0)
    found = remaining_risk(MODEL, known(-0.7, 0.6, 0.0), PLACE[2], np.zeros((1, len(EDGES))), EDGES, SHARES, days)
    assert found[0, 0] == pytest.approx(pi * (1 - w) / (1 - w * pi), rel=1e-12)


def test_a_pending_patient_with_more_exposure_to_come_is_at_more_risk() -> None:
    low, high = np.zeros((1, len(EDGES))), np.zeros((1, len(EDGES)))
    high[:, 3:] = 1.0
    risks = [remaining_risk(MODEL, known(-1, 0.5, 0.8), 0.0, x, EDGES, SHARES, 7.0)[0, 0] for x in (low, high)]
    assert risks[1] > risks[0]


def test_shares_of_the_window() -> None:
    assert SHARES.sum() == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(day_shares(uniform, EDGES), np.diff([0, *EDGES]) / 28, rtol=1e-12)
    with pytest.raises(ValueError, match="rising"):
        day_shares(lambda days: -days, EDGES)
    early = quad(lambda t: norm.pdf(np.log(t), np.log(5), 0.6) / t, 0, 7)[0]
    assert early_and_late(7.0) == pytest.approx(0.7 * early + 0.3 * 7 / 28, abs=1e-9)
