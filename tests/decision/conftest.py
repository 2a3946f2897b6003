"""Fits made without MCMC: chosen draws of the population, with the groups that an advice reads."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cartmodel.equations.design import design
from cartmodel.prediction.fitfile import FORMAT
from cartmodel.prediction.prior import prior_draws
from cartmodel.spec import ModelSpec, load_model
from cartmodel.trial import read_trial

DOSES = (0.25e8, 1e8, 2e8)
DRAWS = 100


def trial_table(study: str = "SIMULATED trial") -> pd.DataFrame:
    """Return nine patients, three at each dose: no DLT, none, one of three; the last still pending."""
    rows = []
    for k in range(9):
        dlt = {5: 1, 8: ""}.get(k, 0)
        common = {"study": study, "subject": f"S{k + 1:02}", "dose": DOSES[k // 3], "unit": "copies/ug", "dlt": dlt}
        rows += [common | {"time": t, "level": 100.0 * 2 ** min(t, 10)} for t in (3, 7, 10)]
    return pd.DataFrame(rows)


def make_fit(
    spec: ModelSpec | None = None, study: str = "SIMULATED trial", draws: int = DRAWS, **population: float | np.ndarray
) -> xr.DataTree:
    """Return a fit with draws of the prior in which some parameters are set; etas are 0 where omega is.

    A number is set with a spread of 1e-9: what is constant has no convergence to judge.
    """
    spec = load_model("cd7-ssc") if spec is None else spec
    trial = read_trial(trial_table(study))
    data = design(trial, spec)
    chains = [prior_draws(spec, draws, seed).assign_coords(chain=[seed]) for seed in range(2)]
    posterior = xr.concat(chains, dim="chain", data_vars="minimal")
    rng = np.random.default_rng(1)
    for name, value in population.items():
        shape = posterior[name].shape
        posterior[name] = posterior[name] * 0 + (value + 1e-9 * rng.random(shape) if np.ndim(value) == 0 else value)
    for name in spec.curve.varying:
        z = xr.DataArray(rng.standard_normal((2, draws, 9)), dims=("chain", "draw", "subject"))
        posterior[f"eta_{name}"] = (posterior[f"omega_{name}"] * z).assign_coords(subject=data["subject"])
    observed = [str(n) for n in data.data_vars if f"seen_{n}" in data]
    groups = {
        "posterior": posterior,
        "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, draws), bool))}),
        "observed_data": xr.Dataset({n: data[n].where(data[f"seen_{n}"] > 0) for n in observed}),
        "constant_data": data.drop_vars(observed),
    }
    fit = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    fit.attrs = {
        "format": FORMAT,
        "trial": trial.name,
        "simulated": int(trial.simulated),
        "method": "joint",
        "model": spec.name,
        "spec": spec.model_dump_json(exclude_none=True),
        "trial_notes": json.dumps([]),
    }
    return fit


@pytest.fixture
def fit_of() -> Callable[..., xr.DataTree]:
    return make_fit


@pytest.fixture(scope="session")
def fit() -> xr.DataTree:
    return make_fit()
