"""Fits made without MCMC: draws of the prior, with random effects to match."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cartmodel.equations.design import design
from cartmodel.prediction.fitfile import FORMAT
from cartmodel.prediction.prior import prior_draws
from cartmodel.spec import ModelSpec, load_model
from cartmodel.trial import TrialData, read_trial

HEADER = "study,subject,dose,time,assay,level,unit,blq,lloq,criss_step1,criss_lp,dlt"
PATIENTS = (  # subject, dose, criss_step1, criss_lp, dlt, samples
    ("$x$", 2.5e7, 0, 6.3, 0, (("2", ""), ("10", "8000"), ("28", "900"), ("180", ""))),
    ("a_b^2", 2.5e7, 0, -3.0, 0, (("3", ""), ("9", ""))),
    ("no $amples", 1e8, "", "", 1, ()),
    ("\N{CJK UNIFIED IDEOGRAPH-60A3}-004-with-a-name-that-is-long", 1e8, 1, "", 0, (("7", "300"), ("14", "52000"))),
    ("S05", 2e8, 0, 1.0, "", (("7", "3000"), ("14", "20000"), ("60", "200"), ("90", ""))),
)
BLQ = 5


def table(patients: tuple = PATIENTS, *, study: str = "SIMULATED $tudy_1", dosed: bool = True) -> str:
    rows = [HEADER]
    for subject, dose, step1, lp, dlt, samples in patients:
        start = f"{study},{subject},{dose if dosed else ''}"
        outcome = f"{step1},{lp},{dlt}"
        rows += [f"{start},{time},qpcr,{level},copies/ug,{int(not level)},50,{outcome}" for time, level in samples] or [
            f"{start},,,,,,,{outcome}"
        ]
    return "\n".join(rows) + "\n"


def trial_of(text: str, folder: Path) -> TrialData:
    path = folder / "trial.csv"
    path.write_text(text, encoding="utf-8")
    return read_trial(path)


def fake_fit(trial: TrialData, spec: ModelSpec, draws: int = 60) -> xr.DataTree:
    data = design(trial, spec)
    chains = [prior_draws(spec, draws, seed).assign_coords(chain=[seed]) for seed in (0, 1)]
    posterior = xr.concat(chains, dim="chain", data_vars="minimal")
    rng = np.random.default_rng(1)
    shape = (2, draws, data.sizes["subject"])
    for name in spec.curve.parameters:
        eta = xr.DataArray(
            rng.standard_normal(shape), dims=("chain", "draw", "subject"), coords={"subject": data["subject"]}
        )
        posterior[f"eta_{name}"] = posterior[f"omega_{name}"] * eta
    observed = [str(n) for n in data.data_vars if f"seen_{n}" in data]
    groups = {
        "posterior": posterior,
        "prior": prior_draws(spec, 500),
        "observed_data": xr.Dataset({n: data[n].where(data[f"seen_{n}"] > 0) for n in observed}),
        "constant_data": data.drop_vars(observed),
    }
    fit = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    fit.attrs = {
        "format": FORMAT,
        "trial": trial.name,
        "simulated": int(trial.simulated),
        "model": spec.name,
        "spec": spec.model_dump_json(exclude_none=True),
        "trial_notes": json.dumps(trial.notes),
    }
    return fit


def two_assays(folder: Path) -> tuple[TrialData, xr.DataTree]:
    """Return a trial with one sample by flow cytometry, and a fit of both assays."""
    spec = load_model("cd7-ssc")
    words = {"reason": "a test", "source": "a test"}
    flow = {
        "unit": "cells/uL",
        "residual": "log_additive",
        "sigma": {"dist": "LogNormal", "median": 0.5, "sigma": 0.2, **words},
        "scale": {"dist": "LogNormal", "median": 0.01, "sigma": 0.1, **words},
    }
    both = {**spec.model_dump(mode="json", exclude_none=True)["assays"], "flow": flow}
    trial = trial_of(table() + "SIMULATED $tudy_1,S05,2e8,9,flow,40,cells/uL,0,0.5,0,1.0,\n", folder)
    return trial, fake_fit(trial, spec.replace(name="two-assays", assays=both))


@pytest.fixture
def trial(tmp_path: Path) -> TrialData:
    return trial_of(table(), tmp_path)


@pytest.fixture(scope="session")
def fit(tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    return fake_fit(trial_of(table(), tmp_path_factory.mktemp("trial")), load_model("cd7-ssc"))


@pytest.fixture(scope="session")
def undosed(tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    """Return the fit of a kinetics-only model, without dose and outcomes, to a real trial without dose."""
    trial = trial_of(table(study="A real trial", dosed=False), tmp_path_factory.mktemp("trial"))
    spec = load_model("cd7-ssc").replace(name="no-dose", dose=None, covariates={}, response=None, toxicity=None)
    return fake_fit(trial, spec)


@pytest.fixture(scope="session")
def two_patients(tmp_path_factory: pytest.TempPathFactory) -> xr.DataTree:
    return fake_fit(trial_of(table(PATIENTS[:2]), tmp_path_factory.mktemp("trial")), load_model("cd7-ssc"))
