"""Advice against a second computation from the same stored draws, which shares no code with the package."""

import numpy as np
import pytest
import xarray as xr
from decision.conftest import DOSES, make_fit
from oracles import advice as oracle

from cartmodel.decision.advice import advise
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.decision.onset import uniform

EFFECTS = ("cmax", "tmax", "c0", "alpha", "fb", "beta")
DAYS = np.array([1.0, 2.0, 3.0, 5.0, 7.0, 9.0, 10.0, 14.0, 21.0, 28.0])
FOLLOWED = [
    oracle.Followed(k, DOSES[k // 3], k in (3, 7), 9.0 if k in (3, 7) else 14.0 if k == 8 else 28.0) for k in range(9)
]
PATIENTS = [FollowedPatient(f"S{p.subject + 1:02}", p.dose, p.dlt, p.day if p.day < 28 else None) for p in FOLLOWED]


def stored(fit: xr.DataTree) -> tuple[list[dict[str, float]], list[dict[str, np.ndarray]]]:
    """Return the population parameters and the patients' effects of each draw as plain numbers."""
    posterior = fit["posterior"].to_dataset()
    draws, effects = [], []
    for chain in range(posterior.sizes["chain"]):
        for draw in range(posterior.sizes["draw"]):
            one = posterior.isel(chain=chain, draw=draw)
            draws.append({str(name): float(one[name]) for name in posterior.data_vars if one[name].ndim == 0})
            effects.append({name: one[f"eta_{name}"].to_numpy() for name in EFFECTS})
    return draws, effects


def told(fit: xr.DataTree, new: int) -> dict[str, np.ndarray]:
    draws, effects = stored(fit)
    return oracle.advice(
        draws, effects, np.repeat(DOSES, 3), FOLLOWED, np.array(DOSES), DAYS,
        limit=0.33, target=0.5, gain=1.2, new=new, nodes=2000, seed=3,
    )  # fmt: skip


def test_without_differences_between_patients() -> None:
    """What has no new patients' noise is equal; the rates over the limit by other nodes of the prior, near 0.01."""
    fit = make_fit(draws=75, **{f"omega_{name}": 0.0 for name in EFFECTS})
    wanted, found = told(fit, new=1), advise(fit, patients=PATIENTS, onset=uniform, n=1).table
    np.testing.assert_allclose(found["p_gain"][:2], wanted["p_gain"], atol=1e-12)
    np.testing.assert_allclose(found["p_remission"], wanted["p_remission"], atol=1e-12)
    for column in ("p_over", "p_over_cut", "p_best"):
        np.testing.assert_allclose(found[column], wanted[column], atol=0.04, err_msg=column)


@pytest.fixture(scope="module")
def divided() -> xr.DataTree:
    """A fit in whose first half both patients with a DLT were much exposed and the exposure rises with the dose."""
    half = np.where(np.arange(2)[:, None] == 0, 1.0, -1.0) * np.ones((2, 75))
    fit = make_fit(draws=75, cov_cmax_dose=0.3 + 0.8 * half + np.random.default_rng(2).normal(0, 0.01, (2, 75)))
    eta = fit["posterior"].to_dataset()["eta_cmax"].copy()
    eta[:] = eta + 4.0 * half[..., None] * np.isin(np.arange(9), (3, 7))
    fit["posterior"]["eta_cmax"] = eta
    return fit


def test_with_patients_who_differ(divided: xr.DataTree) -> None:
    wanted = told(divided, new=60)
    runs = [advise(divided, patients=PATIENTS, onset=uniform, n=60, random_seed=seed).table for seed in (1, 2, 3)]
    # The DLTs speak for one half of the draws: the joint answer is not the cut one.
    assert np.abs(wanted["p_over"] - wanted["p_over_cut"]).max() > 0.06
    for column, values in wanted.items():
        found = np.mean([run[column].to_numpy()[: len(values)] for run in runs], axis=0)
        np.testing.assert_allclose(found, values, atol=0.03, err_msg=column)
