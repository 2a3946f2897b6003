"""The exposure-informed design: against scipy's Student t, dense sums over the prior, and the BLRM."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from cartmodel.escalation.blrm import BlrmModel
from cartmodel.escalation.state import State
from cartmodel.virtual import VirtualScenario, load_virtual_scenario, simulate_trials
from cartmodel.virtual.by_date import EvaluablePatient
from cartmodel.virtual.exposure_blrm import ExposureBlrm
from cartmodel.virtual.exposure_regression import exposure_regression, observed_area

DOSES = (0.25e8, 1e8, 2e8)
PRIOR = {"mean": (-1.7346010553881064, -0.25), "sd": (1.25, 0.5)}  # of the model file


def patient(dose: float, dlt: bool, log_area: float, day: float = 7.0) -> EvaluablePatient:
    """A patient whose level is the same on all days, so that ln AUC to any day t is ``log_area + ln(t / 28)``.

    The straight line from nothing at day 0 is at day 1e-9.
    """
    time = np.array([1e-9, 1.0, 10.0, 28.0])
    level = np.full(4, np.exp(log_area) / 28.0)
    return EvaluablePatient(dose, day if dlt else 28.0, dlt, 100.0, time, level)


def trial_of(counts: tuple[tuple[int, int], ...], log_area=lambda level, k: 0.0) -> list[EvaluablePatient]:
    return [
        patient(DOSES[level], k < dlt, log_area(level, k)) for level, (n, dlt) in enumerate(counts) for k in range(n)
    ]


def test_areas_by_hand_and_nothing_after_the_day() -> None:
    time, level = [1.0, 3.0, 7.0, np.nan], [2.0, 4.0, 100.0, 9.0]
    assert observed_area(time, level, 7.0) == pytest.approx(1 + 6 + 208)
    assert observed_area(time, level, 6.9) == pytest.approx(1 + 6 + 3.9 * 4)  # the sample of day 7 is not looked at
    assert np.isnan(observed_area(time, level, 0.5))


def test_prediction_is_what_integrating_the_joint_density_gives() -> None:
    """P(y_new < c) by sums over kappa and omega^2, mu integrated as a normal law, against Student t."""
    dose, y = np.array([-1.4, -1.4, 0.0, 0.7]), np.array([9.1, 11.0, 11.5, 10.4])
    found = exposure_regression(dose, y)
    new = 0.7
    location, scale, df = found.predicted(np.array([new]))

    def density(kappa: float, log_variance: float) -> float:
        variance = np.exp(log_variance)
        rest = y - kappa * dose
        of_mu = stats.norm.pdf(rest, rest.mean(), variance**0.5).prod() * (2 * np.pi * variance / len(y)) ** 0.5
        prior = stats.norm.pdf(kappa, 0.5, (variance / 4) ** 0.5) * stats.invgamma.pdf(variance, 2, scale=1)
        return of_mu * prior * variance

    def below(kappa: float, log_variance: float, c: float) -> float:
        variance = np.exp(log_variance)
        centre = (y - kappa * dose).mean() + kappa * new
        return density(kappa, log_variance) * stats.norm.cdf(c, centre, (variance * (1 + 1 / len(y))) ** 0.5)

    kappa, log_variance = np.linspace(-12, 13, 1501)[:, None], np.linspace(-5, 7, 401)[None]
    rest = y[:, None, None] - kappa * dose[:, None, None]
    variance = np.exp(log_variance)
    centre = rest.mean(axis=0)
    of_mu = np.exp(-0.5 * ((rest - centre) ** 2).sum(axis=0) / variance) * variance ** (-(len(y) - 1) / 2)
    prior = stats.norm.pdf(kappa, 0.5, (variance / 4) ** 0.5) * stats.invgamma.pdf(variance, 2, scale=1) * variance
    weight = of_mu * prior
    assert weight[700, 100] / weight[800, 200] == pytest.approx(
        density(kappa[700, 0], log_variance[0, 100]) / density(kappa[800, 0], log_variance[0, 200]), rel=1e-9
    )
    for c in (8.0, 10.0, 11.0, 13.5):
        share = stats.norm.cdf(c, centre + kappa * new, (variance * (1 + 1 / len(y))) ** 0.5)
        wanted = np.sum(weight * share) / weight.sum()
        assert stats.t.cdf(c - found.mean[0], df, location[0], scale[0]) == pytest.approx(wanted, abs=2e-5)
    assert below(0.5, 0.0, 99.0) == pytest.approx(density(0.5, 0.0))


@pytest.mark.parametrize("shift", [-30.0, 8.0])
def test_the_unit_of_the_assay_does_not_matter(shift: float) -> None:
    rng = np.random.default_rng(1)
    areas = rng.normal(11.0, 1.0, (3, 6))
    patients = trial_of(((3, 0), (6, 2), (3, 1)), lambda level, k: areas[level, k] + shift)
    plain = trial_of(((3, 0), (6, 2), (3, 1)), lambda level, k: areas[level, k])
    np.testing.assert_allclose(ExposureBlrm().p_over(patients, DOSES), ExposureBlrm().p_over(plain, DOSES), atol=1e-9)


@pytest.mark.parametrize(
    "counts",
    [((3, 0), (0, 0), (0, 0)), ((3, 1), (0, 0), (0, 0)), ((6, 1), (3, 2), (0, 0)), ((3, 0), (6, 2), (9, 3)),
     ((3, 3), (0, 0), (0, 0)), ((0, 0), (0, 0), (18, 0))],
)  # fmt: skip
def test_without_exposure_it_is_the_blrm(counts: tuple[tuple[int, int], ...]) -> None:
    state = State(tuple(n for n, _ in counts), tuple(dlt for _, dlt in counts))
    wanted = BlrmModel(DOSES, 1e8, **PRIOR).posterior(state).intervals[:, 2:].sum(axis=1)
    rng = np.random.default_rng(3)
    found = ExposureBlrm(exposure=False).p_over(trial_of(counts, lambda level, k: rng.normal()), DOSES)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def dense(patients: list[EvaluablePatient], x: np.ndarray, new) -> np.ndarray:
    """P(rate > 0.33) by plain sums over grids of a, c and b1, and quantiles of Student t: no code of the design."""
    a = np.linspace(-1.7346010553881064 - 6 * 1.25, -1.7346010553881064 + 5 * 1.25, 161)[:, None, None]
    z = np.linspace(-4.5, 4.5, 25)[:, None]
    b0 = np.exp(-0.25 + 0.5 * z)
    b1 = np.linspace(0.0, 2.3, 47)
    prior = stats.norm.pdf(a, -1.7346010553881064, 1.25) * stats.norm.pdf(z) * stats.norm.pdf(b1, 0.3, 0.4)
    prior = prior * np.where((b1 == 0) | (b1 == b1[-1]), 0.5, 1.0)
    weight = prior
    for one, exposure in zip(patients, x, strict=True):
        p = expit(a + b0 * np.log(one.infused / 1e8) + b1 * exposure)
        weight = weight * (p if one.dlt else 1 - p)
    weight = weight / weight.sum()
    found = []
    t = stats.t.ppf((np.arange(80) + 0.5) / 80, new[2])
    for d, dose in enumerate(DOSES):
        base = a + b0 * np.log(dose / 1e8)
        rate = np.zeros(weight.shape)
        for one in t:
            rate += expit(base + b1 * (new[0][d] + new[1][d] * one)) / len(t)
        # P(rate > limit) by linear interpolation in a between the nodes, where the rate passes the limit
        above = np.clip((rate - 0.33) / np.maximum(np.gradient(rate, axis=0), 1e-12) + 0.5, 0, 1)
        found.append(float(np.sum(weight * above)))
    return np.array(found)


@pytest.mark.parametrize("counts", [((3, 0), (3, 1), (0, 0)), ((3, 0), (6, 2), (3, 1)), ((3, 1), (6, 3), (0, 0))])
def test_with_exposure_it_is_the_dense_sum(counts: tuple[tuple[int, int], ...]) -> None:
    """With a constant level, relative areas to any day are those to day 28: x is the residual from the regression."""
    rng = np.random.default_rng(5)
    drawn = rng.normal(11.0, 1.2, (3, 9))
    # those with a DLT have the higher exposures
    areas = -np.sort(-drawn, axis=1)
    patients = trial_of(counts, lambda level, k: areas[level, k])
    log_dose = np.log([one.infused / 1e8 for one in patients])
    y = np.array([areas[level, k] for level, (n, _) in enumerate(counts) for k in range(n)])
    regression = exposure_regression(log_dose, y)
    new = regression.predicted(np.log(np.array(DOSES) / 1e8))
    found = ExposureBlrm().p_over(patients, DOSES)
    np.testing.assert_allclose(found, dense(patients, y - regression.mean[0], new), atol=2e-3)
    assert np.abs(found - ExposureBlrm(exposure=False).p_over(patients, DOSES)).max() > 0.01


def test_patients_alike_in_exposure_tell_what_the_dose_tells() -> None:
    """omega = 0: x = kappa l exactly, so the posterior is that of a dose model with slope b0 + b1 kappa; with kappa = 0
    it is the BLRM, whatever b1 is."""
    patients = trial_of(((3, 0), (6, 2), (3, 2)))
    dose = np.log([one.infused / 1e8 for one in patients])
    place = np.log(np.array(DOSES) / 1e8)
    state = State((3, 6, 3), (0, 2, 2))
    wanted = BlrmModel(DOSES, 1e8, **PRIOR).posterior(state).intervals[:, 2:].sum(axis=1)
    still = np.zeros(3), np.full(3, 1e-9), 4.0
    flat = ExposureBlrm()._p_over(patients, dose, np.zeros(len(dose)), still, still, place)
    np.testing.assert_allclose(flat, wanted, atol=2e-5)
    kappa = 0.8
    steep = ExposureBlrm()._p_over(patients, dose, kappa * dose, still, (kappa * place, still[1], 4.0), place)

    def tail(b1: float, c: float, d: int) -> tuple[float, float]:
        slope = np.exp(c) + b1 * kappa
        a = np.linspace(-12, 6, 1201)
        eta = a[:, None] + slope * dose
        hit = np.array([one.dlt for one in patients])
        weight = stats.norm.pdf(a, PRIOR["mean"][0], 1.25) * np.where(hit, expit(eta), expit(-eta)).prod(axis=1)
        cut = np.log(0.33 / 0.67) - slope * place[d]
        part = np.interp(cut, a, integrate.cumulative_trapezoid(weight, a, initial=0))
        whole = integrate.trapezoid(weight, a)
        prior = stats.norm.pdf(c, -0.25, 0.5) * stats.norm.pdf(b1, 0.3, 0.4)
        return prior * (whole - part), prior * whole

    for d in range(3):
        parts = np.array([[tail(b1, c, d) for c in np.linspace(-2.5, 2.0, 19)] for b1 in np.linspace(0, 2.1, 22)])
        over = integrate.trapezoid(integrate.trapezoid(parts, axis=1), axis=0)
        assert steep[d] == pytest.approx(over[0] / over[1], abs=5e-4)


def test_exposure_after_the_onset_changes_nothing_on_that_patients_risk() -> None:
    """Two trials whose only difference is a DLT patient's levels after the onset, with the curve not yet complete."""
    patients = trial_of(((3, 0), (3, 1), (0, 0)), lambda level, k: 10.0 + level + 0.3 * k)
    hit = next(k for k, one in enumerate(patients) if one.dlt)
    early = replace(patients[hit], followed=12.0)
    surge = np.where(early.time > early.days, 1e6 * early.level, early.level)
    other = [replace(early, level=surge) if k == hit else one for k, one in enumerate(patients)]
    same = [early if k == hit else one for k, one in enumerate(patients)]
    np.testing.assert_allclose(ExposureBlrm().p_over(other, DOSES), ExposureBlrm().p_over(same, DOSES), atol=1e-12)


def test_a_patient_without_samples_has_the_exposure_of_a_new_one() -> None:
    patients = trial_of(((3, 0), (3, 1), (0, 0)), lambda level, k: 10.0 + level + 0.3 * k)
    unseen = [replace(one, level=np.full(4, np.nan)) if one.dlt else one for one in patients]
    found = ExposureBlrm().p_over(unseen, DOSES)
    assert np.all((found > 0) & (found < 1))
    assert np.abs(found - ExposureBlrm().p_over(patients, DOSES)).max() > 1e-3
    nobody = ExposureBlrm().p_over([replace(one, level=np.full(4, np.nan)) for one in patients], DOSES)
    assert np.all(np.diff(nobody) > 0)


def test_higher_exposure_of_those_with_a_dlt_says_that_exposure_matters() -> None:
    """Exposures that rise steeply with the dose, and DLTs where the exposure is high: the top dose becomes riskier."""
    low = trial_of(((3, 0), (6, 2), (0, 0)), lambda level, k: 10.0 + level - 1.5 * (k < 2))
    high = trial_of(((3, 0), (6, 2), (0, 0)), lambda level, k: 10.0 + level + 1.5 * (k < 2))
    assert ExposureBlrm().p_over(high, DOSES)[2] > ExposureBlrm().p_over(low, DOSES)[2] + 0.02


class Told:
    """The design, keeping what it was shown."""

    def __init__(self, design: ExposureBlrm) -> None:
        self.design, self.seen = design, []

    def decide(self, trial, /):
        if not trial.dated.pending.any():
            self.seen.append(trial)
        return self.design.decide(trial)


def test_what_it_is_shown_is_the_table_of_the_day() -> None:
    from cartmodel.virtual import TrialSoFar

    told = Told(ExposureBlrm(max_patients=9))
    Told.decide.__annotations__["trial"] = TrialSoFar
    scenario = load_virtual_scenario("exposure-only").model_copy(update={"dropout_per_month": 0.3})
    simulate_trials(scenario, {"it": told}, trials=4, progressbar=False)
    looked = 0
    for trial in told.seen:
        if trial.counts.patients < 6:
            continue
        table, looked = trial.table.groupby("subject"), looked + 1
        assert len(trial.evaluable) == trial.counts.patients
        assert sum(one.dlt for one in trial.evaluable) == sum(trial.counts.dlt)
        for one in trial.evaluable:
            taken = np.isfinite(one.level)
            same = [
                np.isclose(rows["dose"].iloc[0], one.infused)
                and len(rows.dropna(subset="time")) == taken.sum()
                and np.allclose(rows["time"].dropna(), one.time[taken])
                and np.allclose(rows["level"].fillna(25.0)[rows["time"].notna()], one.level[taken], rtol=6e-4)
                for _, rows in table
            ]
            assert sum(same) == 1
    assert looked >= 4


def test_without_exposure_trials_are_those_of_the_blrm_posterior(plain: VirtualScenario) -> None:
    """Every decision again, from the counts of the day: the highest dose that overdose control allows."""
    done = simulate_trials(plain, {"it": ExposureBlrm(exposure=False)}, trials=25, progressbar=False)["it"]
    model = BlrmModel(DOSES, 1e8, **PRIOR)
    for trial in range(1, 26):
        state, decided = State.empty(3), done.decided(trial)
        for place, row in enumerate(decided.itertuples(), start=1):
            if state.patients:
                over = model.posterior(state).intervals[:, 2:].sum(axis=1)
                open_ = [level for level in (1, 2, 3) if over[level - 1] < 0.25]
                tried = max(level for level in (1, 2, 3) if state.n[level - 1])
                reach = tried if state.patients >= 18 else tried + 1
                allowed = [level for level in open_ if level <= reach]
                assert (None if pd.isna(row.dose) else row.dose) == max(allowed, default=None)
            group = done.patients(trial)[lambda t, place=place: t["group"] == place]
            if len(group):
                state = state.add(int(group["level"].iloc[0]), len(group), int(group["dlt"].sum()))


def test_mistakes_are_named() -> None:
    for settings, words in (({"limit": 1.2}, "limit 1.2"), ({"cohort": 0}, "cohort 0")):
        with pytest.raises(ValueError, match=words):
            ExposureBlrm(**settings)
    with pytest.raises(ValueError, match="'kinetics-only' has no dose or no toxicity"):
        ExposureBlrm(model="kinetics-only")
