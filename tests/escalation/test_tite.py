"""TITE-CRM and TITE-BOIN: worked and published numbers, limits where nobody is pending, plain second tellings."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from cartmodel.escalation.boin import boin
from cartmodel.escalation.crm import CrmModel, crm
from cartmodel.escalation.dated import DatedPatient, DatedState
from cartmodel.escalation.skeleton import indifference_skeleton
from cartmodel.escalation.state import State
from cartmodel.escalation.tite_boin import TiteBoin, tite_boin_rate
from cartmodel.escalation.tite_crm import TiteCrm, tite_crm, tite_posterior
from cartmodel.escalation.weights import adaptive_weights, linear_weights, onset_weights

SKELETON = indifference_skeleton(0.07, 0.30, mtd=2, doses=3)
MODEL = CrmModel(SKELETON, 0.30)
# Section 5 of the domain file: 3 complete at level 1, at level 2 a DLT on day 9 and two pending.
WORKED = DatedState(
    (*(DatedPatient(1, 28),) * 3, DatedPatient(2, 9, dlt=True), DatedPatient(2, 21), DatedPatient(2, 5)), 3, current=2
)


def complete(state: State) -> DatedState:
    """The same counts, every window over."""
    patients = []
    for level, (n, dlt) in enumerate(zip(state.n, state.dlt, strict=True), start=1):
        patients += [DatedPatient(level, 5, dlt=True)] * dlt + [DatedPatient(level, 28)] * (n - dlt)
    return DatedState(tuple(patients), state.doses, current=state.current)


def test_worked_tite_crm() -> None:
    np.testing.assert_array_equal(linear_weights(WORKED).round(3), [1, 1, 1, 1, 0.75, 0.179])
    assert tite_posterior(MODEL, WORKED).plug_in.round(4).tolist() == [0.1627, 0.2928, 0.4356]
    decision = TiteCrm(MODEL).decide(WORKED)
    assert (decision.action, decision.dose) == ("stay", 2)


@pytest.mark.parametrize("weights", [linear_weights, adaptive_weights])
def test_tite_crm_by_adaptive_quadrature(weights) -> None:
    w = weights(WORKED)

    def density(b: float) -> float:
        value = math.exp(-(b**2) / (2 * 1.34))
        for patient, weight in zip(WORKED.patients, w, strict=True):
            p = weight * SKELETON[patient.dose - 1] ** math.exp(b)
            value *= p if patient.dlt else 1 - p
        return value

    total, _ = quad(density, -12, 12, limit=300, epsabs=1e-14)
    mean, _ = quad(lambda b: b * density(b) / total, -12, 12, limit=300)
    assert tite_posterior(MODEL, WORKED, weights).mean == pytest.approx(mean, abs=1e-7)


def test_adaptive_weights_as_the_paper_defines_them() -> None:
    """Cheung and Chappell (2000), told patient by patient; two DLTs on one day included."""
    dlts, follow_ups = [4.0, 9.0, 9.0, 20.0], [1.0, 4.0, 8.5, 9.0, 27.0, 28.0]
    patients = [DatedPatient(1, t, dlt=True) for t in dlts] + [DatedPatient(1, u) for u in follow_ups]
    knots = [0.0, *sorted(dlts), 28.0]
    wanted = [1.0] * len(dlts)
    for u in follow_ups:
        k = max(i for i, t in enumerate(knots) if t <= u)
        wanted.append(1.0 if u >= 28 else (k + (u - knots[k]) / (knots[k + 1] - knots[k])) / (len(dlts) + 1))
    np.testing.assert_allclose(adaptive_weights(DatedState(tuple(patients), 1)), wanted, rtol=1e-12)


def test_weights_from_an_onset_distribution() -> None:
    """A mixture of early and late onsets; a uniform onset gives the linear weights."""
    cdf = lambda t: 0.7 * stats.expon(scale=3).cdf(t) + 0.3 * stats.norm(20, 3).cdf(t)  # noqa: E731
    wanted = [1, 1, 1, 1, cdf(21) / cdf(28), cdf(5) / cdf(28)]
    np.testing.assert_allclose(onset_weights(cdf)(WORKED), wanted, rtol=1e-12)
    uniform = onset_weights(stats.uniform(0, 40).cdf)
    np.testing.assert_allclose(uniform(WORKED), linear_weights(WORKED), rtol=1e-12)
    with pytest.raises(ValueError, match="onset distribution"):
        onset_weights(lambda t: 0 * t)(WORKED)


@pytest.mark.parametrize("n", [(3, 3, 0), (6, 3, 3), (3, 6, 9), (9, 9, 0)])
@pytest.mark.parametrize("dlt", [(0, 0, 0), (0, 2, 0), (1, 1, 0), (0, 3, 0)])
def test_without_pending_patients_they_are_crm_and_boin(n: tuple[int, ...], dlt: tuple[int, ...]) -> None:
    for current in (1, 2, 3):
        if not n[current - 1]:
            continue
        state = State(n, dlt, current)
        trial = complete(state)
        found = tite_posterior(MODEL, trial)
        np.testing.assert_allclose(found.posterior_mean, MODEL.posterior(state).posterior_mean, rtol=1e-12)
        for dated, plain in ((TiteCrm(MODEL), crm(SKELETON)), (TiteBoin(0.30), boin(0.30))):
            one, two = dated.decide(trial), plain.decide(state)
            assert (one.action, one.dose, one.cohort) == (two.action, two.dose, two.cohort)


# Yuan et al. (2018), target 0.20, n = 9: escalate from, or de-escalate up to, this standardised follow-up.
PUBLISHED = [
    (1, 3, "E", 0.77),
    (1, 4, "E", 2.15),
    (2, 1, "D", 0.52),
    (2, 2, "D", 1.59),
    (2, 3, "D", 2.66),
    (2, 4, "D", 3.73),
]


@pytest.mark.parametrize(("dlt", "pending", "letter", "cut"), PUBLISHED)
def test_published_cut_offs_of_tite_boin(dlt: int, pending: int, letter: str, cut: float) -> None:
    design = TiteBoin(0.20)
    above, below = design.letter(9, dlt, pending, cut + 0.01), design.letter(9, dlt, pending, cut - 0.01)
    assert (above if letter == "E" else below) == letter
    assert (below if letter == "E" else above) != letter


def test_the_rate_by_effective_sample_size() -> None:
    assert tite_boin_rate(9, 1, 3, 1.5, target=0.2, rate="effective-sample-size") == pytest.approx(1 / 7.5)
    assert math.isnan(tite_boin_rate(3, 0, 3, 0.0, target=0.2, rate="effective-sample-size"))
    with pytest.raises(ValueError, match="2 DLTs, 2 pending of 3 patients"):
        tite_boin_rate(3, 2, 2, 1.0, target=0.2)


def test_waiting_never_delays_a_de_escalation_or_an_elimination() -> None:
    early = [DatedPatient(1, 28)] * 3 + [DatedPatient(2, 3)] * 4 + [DatedPatient(2, 2, dlt=True)] * 3
    decision = TiteBoin(0.30).decide(DatedState(tuple(early), 3, current=2))
    assert (decision.action, decision.dose) == ("de-escalate", 1)
    late = [DatedPatient(1, 20, dlt=True)] * 3 + [DatedPatient(2, 3)] * 3
    decision = TiteBoin(0.30).decide(DatedState(tuple(late), 3, current=2))
    assert (decision.action, decision.dose) == ("stop", None)


def test_the_mtd_is_named_when_the_last_window_is_over() -> None:
    patients = [DatedPatient(1, 28)] * 17 + [DatedPatient(1, 27)]
    for design in (TiteBoin(0.30), TiteCrm(MODEL)):
        assert design.decide(DatedState(tuple(patients), 3)).action == "suspend"
        assert design.decide(DatedState((*patients[:17], DatedPatient(1, 28)), 3)).action == "stop"


def test_the_first_group() -> None:
    for design in (TiteBoin(0.30), TiteCrm(MODEL)):
        decision = design.decide(DatedState((), 3))
        assert (decision.action, decision.dose, decision.cohort) == ("stay", 1, 3)


def test_a_dlt_after_the_window_does_not_count() -> None:
    trial = DatedState((DatedPatient(1, 40, dlt=True), DatedPatient(1, 28, dlt=True)), 1)
    assert trial.counts == State((2,), (1,))
    assert not trial.pending.any()


@pytest.mark.parametrize(
    ("patient", "message"),
    [(DatedPatient(4, 3), "patient 2: dose level 4; accepted: 1 to 3"), (DatedPatient(1, -3), "patient 2: -3 days")],
)
def test_impossible_patients_are_refused(patient: DatedPatient, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DatedState((DatedPatient(1, 3), patient), 3)


def test_tite_crm_does_not_climb_on_patients_whom_nobody_has_followed() -> None:
    """Skeleton of section 4: 0 of 3 complete escalates; 0 of 3 after an hour is the prior, and waits."""
    design = tite_crm((0.1687, 0.3, 0.4429))
    fresh = DatedState(tuple(DatedPatient(1, 0.04) for _ in range(3)), 3)
    assert design.decide(fresh).action == "suspend"
    assert tite_crm((0.1687, 0.3, 0.4429), suspend_above=1).decide(fresh).action == "escalate"
    one_pending = DatedState((DatedPatient(1, 28), DatedPatient(1, 28), DatedPatient(1, 14)), 3)
    assert design.decide(one_pending).action == "escalate"
    with pytest.raises(ValueError, match="a share from 0 to 1"):
        tite_crm((0.1687, 0.3, 0.4429), suspend_above=2)
