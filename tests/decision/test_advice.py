"""Advice from fits whose answers are known in closed form."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import norm
from scipy.stats import t as student

import cartmodel as cm
from cartmodel.decision.advice import Criteria, _recommended, advise
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.decision.onset import uniform
from cartmodel.decision.summaries import above, probability, share_error, weighted_quantile
from cartmodel.decision.utility import Utility
from cartmodel.escalation.blrm import BlrmModel
from cartmodel.escalation.state import State

STILL = {f"omega_{name}": 0.0 for name in ("cmax", "tmax", "c0", "alpha", "fb", "beta")}
RNG = np.random.default_rng(11)


def proportional(kappa: np.ndarray | float) -> dict[str, object]:
    """Peak and start grow with the dose to the power kappa, and nothing else does: so does every area."""
    return {"cov_cmax_dose": kappa, "cov_c0_dose": kappa, "cov_tmax_dose": 0.0}


def test_the_gain_of_the_next_dose_in_closed_form(fit_of: Callable[..., xr.DataTree]) -> None:
    kappa = RNG.normal(0.2, 0.2, (2, 100))
    told = advise(fit_of(**proportional(kappa)), [1e8, 2e8], n=7).table
    assert told["p_gain"][0] == pytest.approx(np.mean(2**kappa > 1.2), abs=1e-12)
    assert told["gain_median"][0] == pytest.approx(np.median(2**kappa), rel=0.02)
    assert np.isnan(told["p_gain"][1])
    assert "no higher dose" in told["note"][1]


def test_remission_without_effect_of_exposure_in_closed_form(fit_of: Callable[..., xr.DataTree]) -> None:
    k0 = RNG.normal(0.5, 2.0, (2, 100))
    told = advise(fit_of(k0=k0, k1=0.0, tau=4.0, q_step1=0.05), n=5, target=0.6).table
    rate = 0.95 * student.sf((0.4054651081081644 - k0) / 4.0, 4.0)
    np.testing.assert_allclose(told["p_remission"], np.mean(rate > 0.6), atol=1e-12)
    np.testing.assert_allclose(told["remission_median"], np.median(rate), atol=0.01)


def test_the_utility_in_closed_form_and_its_plateau(fit_of: Callable[..., xr.DataTree]) -> None:
    fit = fit_of(**STILL, **proportional(0.5), k0=0.0, k1=3.0, tau=4.0, q_step1=0.0)
    seen = float(cm.exposure(fit)["auc_0_28"].median(("chain", "draw")).max())
    doses = [2e8, 1e9, 1e10]
    told = advise(fit, doses, n=3, slope=None)
    # Far above the trial the remission rate goes to 1, but counts as at the highest exposure seen.
    assert told.table["remission_median"][2] > told.table["remission_median"][0] + 0.2
    draws = cm.exposure(fit)["auc_0_28"].to_numpy()[..., 0] * 8**0.5  # of the first patient, at 0.25e8, taken to 2e8
    capped = student.sf((0.4054651081081644 - 3.0 * (np.log(np.minimum(draws * 50**0.5, seen)) - 12.5)) / 4.0, 4.0)
    top = advise(fit, doses, n=3, slope=None, utility=Utility(100, 0, 100, 0)).table  # remission alone
    assert top["utility_median"][2] == pytest.approx(100 * np.median(capped), rel=0.02)
    assert top["utility_median"][2] < 100 * told.table["remission_median"][2] - 5


@pytest.mark.parametrize("days", [None, 14.0])
def test_without_effect_of_exposure_the_dlt_rate_is_the_blrms(fit: xr.DataTree, days: float | None) -> None:
    """By quadrature; with pending patients by a grid over the BLRM's two parameters."""
    doses = (0.25e8, 1e8, 2e8)
    patients = [
        FollowedPatient(f"S{k + 1:02}", doses[k // 3], k == 5, 9.0 if k == 5 else days if k > 5 else None)
        for k in range(9)
    ]
    told = advise(fit, patients=patients, slope=None, onset=uniform, n=2).table
    if days is None:
        blrm = BlrmModel(doses, 1e8, mean=(float(logit(0.15)), -0.25), sd=(1.25, 0.5))
        exact = blrm.posterior(State((3, 3, 3), (0, 1, 0))).intervals[:, 2:].sum(axis=1)
    else:
        exact = tite_grid(np.array([28, 28, 28, 28, 28, 28, 14, 14, 14]) / 28, np.arange(9) == 5, doses)
    np.testing.assert_allclose(told["p_over"], exact, atol=0.03)  # 100 draws with 4 nodes each
    np.testing.assert_allclose(told["p_over_cut"], told["p_over"], atol=0.03)
    np.testing.assert_allclose(told["p_over_dose_only"], exact, atol=0.01)


def tite_grid(weights: np.ndarray, dlt: np.ndarray, doses: tuple[float, ...]) -> np.ndarray:
    a, c = np.meshgrid(np.linspace(-9, 6, 600), np.linspace(-3, 2.5, 300), indexing="ij")
    log_density = -0.5 * ((a - logit(0.15)) / 1.25) ** 2 - 0.5 * ((c + 0.25) / 0.5) ** 2
    for k in range(9):
        p = 1 / (1 + np.exp(-(a + np.exp(c) * np.log(doses[k // 3] / 1e8))))
        log_density += np.log(p) if dlt[k] else np.log1p(-weights[k] * p)
    density = np.exp(log_density - log_density.max())
    over = [1 / (1 + np.exp(-(a + np.exp(c) * np.log(d / 1e8)))) > 0.33 for d in doses]
    return np.array([np.sum(density * o) / density.sum() for o in over])


def test_the_words_say_what_the_numbers_rest_on(fit: xr.DataTree) -> None:
    told = advise(fit, [0.25e8, 2e8, 4e8], n=5)
    assert told.simulated
    assert not told.trusted
    for part in ("SIMULATED", "NOT be trusted", "EXTRAPOLATED", "protocol's rule decides"):
        assert part in told.text
    assert "prior" in told.text
    assert told.table["extrapolated"].tolist() == [False, False, True]
    assert "The day of the DLT of S06 is not given" in told.text
    assert "Without a known DLT status, adding nothing to the DLT numbers: S09" in told.text
    real = advise(fit, n=2)
    assert real.table["patients"].tolist() == [3, 3, 2]
    assert real.table["dlts"].tolist() == [0, 1, 0]


def test_a_real_trial_is_not_called_simulated(fit_of: Callable[..., xr.DataTree]) -> None:
    assert "SIMULATED" not in advise(fit_of(study="A real trial"), n=2).text


def test_pending_patients_known_and_unknown_to_the_fit(fit: xr.DataTree) -> None:
    patients = [FollowedPatient("S01", 0.25e8, False, 5.0), FollowedPatient("new", 1.5e8, False, 20.0)]
    told = advise(fit, patients=patients, n=5)
    assert told.pending["kinetics"].tolist() == [True, False]
    assert told.pending["days"].tolist() == [5.0, 20.0]
    assert (told.pending["upper"] > told.pending["lower"]).all()
    assert "The fit does not know new" in told.text
    assert "none of these, and counted on the curve: new (1.5e8)" in told.text


def test_a_dlt_raises_the_risk_and_follow_up_lowers_it(fit: xr.DataTree) -> None:
    def over(dlt: bool | None, days: float | None) -> float:
        return float(advise(fit, [1e8], patients=[FollowedPatient("S04", 1e8, dlt, days)], n=20).table["p_over"][0])

    risks = [over(True, 5.0), over(None, None), over(False, 5.0), over(False, None)]
    assert risks == sorted(risks, reverse=True)
    assert risks[0] > risks[1] + 0.1


def test_more_exposed_patients_with_dlts_make_exposure_matter(fit_of: Callable[..., xr.DataTree]) -> None:
    """DLTs in the patients with the highest exposure: the slope rises above its prior, and the joint weights differ."""
    fit = fit_of(omega_cmax=1.0)
    area = cm.exposure(fit)["auc_0_28"].median(("chain", "draw"))
    eta = fit["posterior"]["eta_cmax"].to_dataset(name="e")["e"].copy()
    eta[:, :, :] = np.where(np.arange(9) % 3 == 0, 2.0, -1.0)
    fit["posterior"]["eta_cmax"] = eta
    doses = (0.25e8, 1e8, 2e8)

    def slope(who: int) -> float:
        patients = [
            FollowedPatient(f"S{k + 1:02}", doses[k // 3], k % 3 == who, 20.0 if k % 3 == who else None)
            for k in range(9)
        ]
        note = next(n for n in advise(fit, patients=patients, n=3).notes if n.startswith("The effect of exposure"))
        return float(note.split("mean ")[1].split(" ")[0])

    assert area.sizes["subject"] == 9
    assert slope(0) > 0.55 > 0.4 > slope(1)


def autocorrelated(rng: np.random.Generator, chains: int, draws: int, rho: float) -> np.ndarray:
    """Standard normal AR(1) draws, each chain from its stationary law."""
    z = rng.standard_normal((chains, draws))
    for k in range(1, draws):
        z[:, k] = rho * z[:, k - 1] + np.sqrt(1 - rho**2) * z[:, k]
    return z


@pytest.mark.parametrize(("rho", "tilt"), [(0.0, 0.0), (0.8, 0.0), (0.0, 0.7), (0.7, 0.5)])
def test_the_monte_carlo_error_is_that_of_repeated_runs(rho: float, tilt: float) -> None:
    """Shares of AR(1) draws, weighted from N(0, 1) to N(tilt, 1): the truth is normal, the spread that of 150 runs."""
    rng = np.random.default_rng(5)
    found, errors = [], []
    for _ in range(150):
        z = autocorrelated(rng, 4, 500, rho).ravel()[:, None]
        weights = np.exp(tilt * z) / np.exp(tilt * z).sum()
        table = pd.DataFrame(index=[0])
        probability(table, "p", above(z[..., None], 1.0), weights, 4)
        found.append(table["p"][0])
        errors.append(table["p_mcse"][0])
    truth = norm.sf(1.0 - tilt)
    assert abs(np.mean(found) - truth) < 4 * np.std(found) / 150**0.5 + 0.002
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.2)
    assert np.mean(np.abs(np.array(found) - truth) < 2 * np.array(errors)) > 0.9


def test_an_error_that_cannot_be_told_is_missing() -> None:
    even = np.full((40, 1), 1 / 40)
    assert np.isnan(share_error(np.ones((40, 1)), even, 4))
    assert np.isnan(share_error(np.repeat([1.0, 0.0], 20)[:, None], even, 2))
    assert np.isnan(share_error(np.arange(40)[:, None] % 2.0, even, 20))
    assert np.isnan(share_error(np.where(np.arange(40)[:, None] == 3, np.nan, 1.0), even, 4))


def test_a_threshold_within_two_monte_carlo_errors_is_said(fit: xr.DataTree) -> None:
    told = advise(fit, n=10)
    assert told.table["p_over_mcse"][2] == pytest.approx(
        np.sqrt(told.table["p_over"][2] * (1 - told.table["p_over"][2]) / 200), rel=0.5
    )
    assert told.unsettled == ()
    assert "NOT SETTLED" not in told.text
    assert f"(Monte Carlo error {told.table['p_over_mcse'][2]:.2g})" in told.text
    close = advise(fit, n=10, overdose=float(told.table["p_over"][2]) + 1e-6)
    assert close.recommended == 2e8
    assert close.unsettled == (2e8,)
    assert "NOT SETTLED BY THESE DRAWS: at 2e8 cells" in close.text


def test_models_without_outcomes_say_why(fit_of: Callable[..., xr.DataTree]) -> None:
    spec = cm.load_model("cd7-ssc").replace(name="bare", response=None, toxicity=None)
    told = advise(fit_of(spec), n=2)
    assert told.table[["p_over", "p_remission", "p_best"]].isna().all(axis=None)
    assert told.table["p_gain"][:2].notna().all()
    assert told.recommended is None
    assert "the model has no DLT; the model has no remission" in told.table["note"][0]


def test_recommended_is_the_highest_within_overdose_control(fit: xr.DataTree) -> None:
    told = advise(fit, [0.25e8, 1e8, 2e8, 4e8, 8e8], n=10)
    rows = told.table[told.table["dose"] <= 4e8]  # one above those treated
    assert told.recommended == rows.loc[rows["p_over"] < 0.25, "dose"].max()
    falling = told.table.assign(p_over=[0.1, 0.4, 0.1, 0.1, 0.1])
    followed = [FollowedPatient("P1", 2e8, None)]
    assert _recommended(falling, followed, told.criteria) == 0.25e8  # not above a dose that is too toxic
    strict = advise(fit, n=10, limit=0.01, overdose=0.01)
    assert strict.recommended is None
    assert "no dose is left" in strict.text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"doses": [-1.0]}, "positive numbers of cells"),
        ({"doses": []}, "positive numbers of cells"),
        ({"limit": 1.0}, "limit=1.0"),
        ({"gain": 0.0}, "gain=0.0"),
        ({"n": 0}, "n=0"),
    ],
)
def test_bad_settings_are_named(fit: xr.DataTree, settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        advise(fit, **settings)  # pyright: ignore[reportArgumentType]


def test_a_model_without_dose_is_refused(fit_of: Callable[..., xr.DataTree]) -> None:
    spec = cm.load_model("cd7-ssc").replace(name="none", dose=None, covariates={}, response=None, toxicity=None)
    with pytest.raises(ValueError, match="uses no dose"):
        advise(fit_of(spec))


def test_criteria_and_utilities_are_checked() -> None:
    with pytest.raises(ValueError, match=r"limit=0.*window=0"):
        Criteria(limit=0, window=0)
    with pytest.raises(ValueError, match="accepted"):
        Utility(remission=50, neither=60)
    assert Utility().of(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])).tolist() == [100, 40, 60, 0]


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=8), st.floats(0.01, 0.99))
def test_weighted_quantiles_are_those_of_repeated_values(pairs: list[tuple[int, int]], q: float) -> None:
    values, counts = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    repeated = np.sort(np.repeat(values, counts.astype(int)))
    expected = np.quantile(repeated, q, method="inverted_cdf")
    found = weighted_quantile(values, counts, q)
    place = q * counts.sum()
    assert found == expected or abs(place - round(place)) < 1e-9  # on a step either side will do
