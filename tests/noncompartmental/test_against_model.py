"""NCA and model side by side: a posterior whose curves are known, so that both routes have closed forms."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import cartmodel as cm
from cartmodel.equations.design import design
from cartmodel.errors import TrialModelError
from cartmodel.noncompartmental import compare_nca
from cartmodel.prediction.fitfile import FORMAT
from cartmodel.prediction.prior import prior_draws
from cartmodel.trial import TrialData


@pytest.fixture(scope="module")
def trial() -> TrialData:
    return cm.read_trial(cm.example_path("cd7_ssc"))


def fit_of(trial: TrialData, spread: float = 1.0, draws: int = 40) -> xr.DataTree:
    """Return a fit whose posterior is the prior, with random effects of every patient."""
    spec = cm.load_model("cd7-ssc")
    data = design(trial, spec)
    posterior = prior_draws(spec, draws, 1).assign_coords(chain=[0])
    shape, rng = (1, draws, data.sizes["subject"]), np.random.default_rng(2)
    for name in spec.curve.parameters:
        eta = xr.DataArray(rng.standard_normal(shape), dims=("chain", "draw", "subject"))
        posterior[f"eta_{name}"] = spread * posterior[f"omega_{name}"] * eta.assign_coords(subject=data["subject"])
    fit = xr.DataTree.from_dict({"/posterior": posterior, "/constant_data": data})
    fit.attrs = {
        "format": FORMAT, "trial": trial.name, "simulated": 1, "model": spec.name, "trial_digest": trial.digest,
        "spec": spec.model_dump_json(exclude_none=True), "trial_notes": json.dumps([]),
    }  # fmt: skip
    return fit


@pytest.fixture(scope="module")
def fit(trial: TrialData) -> xr.DataTree:
    return fit_of(trial)


def test_the_two_routes_stand_side_by_side_for_every_patient(fit: xr.DataTree, trial: TrialData) -> None:
    table = compare_nca(fit, trial)
    assert table.groupby("exposure", sort=False).size().to_dict() == dict.fromkeys(
        ("cmax", "tmax", "auc_0_28", "auc_0_90"), 18
    )
    observed = cm.nca(trial).set_index(["subject", "parameter"])
    model = cm.exposure(fit)
    for row in table.to_dict("records"):
        given = observed.loc[(row["subject"], row["exposure"])]
        assert row["nca"] == pytest.approx(given["value"], rel=1e-15, nan_ok=True)
        assert (row["reason"], row["unit"]) == (given["reason"], given["unit"])
        name = {"cmax": "peak_level", "tmax": "peak_time"}.get(row["exposure"], row["exposure"])
        draws = model[name].sel(subject=row["subject"]).values.ravel()
        assert row["model"] == pytest.approx(np.median(draws), rel=1e-12)
        assert (row["lower"], row["upper"]) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), rel=1e-12)
        if not np.isnan(row["nca"]):
            assert row["ratio"] == pytest.approx(row["nca"] / np.median(draws), rel=1e-12)
            assert row["inside"] == (row["lower"] <= row["nca"] <= row["upper"])


def test_what_nca_cannot_give_the_model_still_gives(fit: xr.DataTree, trial: TrialData) -> None:
    short = trial.observations[trial.observations["time"] < 40]
    cut = replace(trial, observations=short.reset_index(drop=True))
    table = compare_nca(fit_of(cut), cut).set_index("exposure")
    late = table.loc["auc_0_90"]
    assert late["nca"].isna().all()
    assert late["reason"].str.startswith("no sample from day 84 on").all()
    assert late[["model", "lower", "upper"]].notna().all().all()
    assert late[["ratio", "inside"]].isna().all().all()


def test_another_trial_is_refused_with_what_is_apart(fit: xr.DataTree, trial: TrialData) -> None:
    renamed = replace(trial, subjects=trial.subjects.rename(index={"S01": "X1"}))
    with pytest.raises(TrialModelError, match="patients: not those of the fit: S01, X1"):
        compare_nca(fit, renamed)
    changed = trial.observations.assign(level=trial.observations["level"] * 2)
    with pytest.raises(TrialModelError, match="data: not those that were fitted"):
        compare_nca(fit, replace(trial, observations=changed))
    with pytest.raises(TrialModelError, match="unit of assay 'qpcr': cells/uL; accepted: copies/ug"):
        compare_nca(fit, replace(trial, units={"qpcr": "cells/uL"}))
    with pytest.raises(TrialModelError, match="assays: none"):
        compare_nca(fit, replace(trial, units={}))
