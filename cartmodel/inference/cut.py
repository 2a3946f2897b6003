"""The second stage of a two-stage ('cut') fit: the response, given draws of the kinetics, without feedback."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import arviz_stats
import numpy as np
import pymc as pm
import pytensor
import xarray as xr

from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.observations import Observable
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import observe_response
from cartmodel.inference.diagnosis import Gate
from cartmodel.inference.samplers import Sampling, load, sample_nutpie
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group
from cartmodel.spec import ModelSpec
from cartmodel.symbolic import vocabulary
from cartmodel.symbolic.symbols import random_variable

REPLICATES = 400


class _Replicates:
    """The response of every replicate at once: one set of response parameters for each kept draw of the kinetics."""

    xp: Any = vocabulary

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data

    def random(self, name: str, prior: Any) -> Any:
        return random_variable(name, prior, dims="replicate")[:, None]

    def known(self, name: str) -> Any:
        return self._data[name].values

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        raise TypeError("the second stage has no kinetics")

    def per_sample(self, value: Any) -> Any:
        return value

    def observe(self, name: str, observable: Observable) -> None:
        density = observable.log_density(vocabulary, self._data[name].values, *observable.parts)
        pm.Potential(name, (self._data[f"seen_{name}"].values * density).sum())


def cut_response(
    spec: ModelSpec, posterior: xr.Dataset, data: xr.Dataset, settings: Sampling
) -> tuple[xr.Dataset, Gate]:
    """Return `REPLICATES` draws of the kinetics with the response drawn given each, and whether that stage mixed.

    For every kept draw of the kinetics the response has a posterior of its own; all are sampled side by side as
    independent blocks of one model, and one draw of each block goes with its draw of the kinetics (multiple imputation;
    Plummer, Stat Comput 2015;25:37).
    """
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    each = min(REPLICATES // chains, draws)
    kept = posterior.isel(draw=np.linspace(0, draws - 1, each).round().astype(int))
    u = response_exposure(Draws.xp, spec, individual_parameters(spec, Draws(kept, data)))
    u = u.transpose("chain", "draw", "subject").values.reshape(chains * each, -1)
    with pm.Model(coords={"replicate": np.arange(len(u))}) as model:
        observe_response(spec, _Replicates(data), pm.Data("u", u))
    sampling = replace(settings, draws=250, tune=500, target_accept=0.9)
    stage = group(_draws(model, sampling), "posterior")
    names = [str(v.name) for v in model.free_RVs]
    rhat = arviz_stats.rhat(stage[names])
    worst = max(float(rhat[name].quantile(0.99)) for name in names)
    gate = Gate(
        "second stage", worst < 1.05, f"second stage: 99% of the R-hats of its {len(u)} blocks are below {worst:.3f}"
    )
    last = stage[names].isel(chain=0, draw=-1, drop=True)
    response = {name: (("chain", "draw"), last[name].values.reshape(chains, each)) for name in names}
    return kept.assign(response).assign_coords(draw=np.arange(each)), gate


def _draws(model: pm.Model, sampling: Sampling) -> xr.DataTree:
    """Return nutpie's draws of a PyMC model, without fastmath: with it a cold and a warm cache give different ones."""
    nutpie = load("nutpie")
    with pytensor.config.change_flags(numba__fastmath=False), warnings.catch_warnings():
        # Of the C back end, which is not used here: numba brings its own linear algebra.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        compiled = nutpie.compile_pymc_model(model)
    return sample_nutpie(compiled, sampling)
