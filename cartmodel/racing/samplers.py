"""The further samplers of a race; importing this module registers them, with the approximations and Stan."""

import time
from typing import Any

import xarray as xr

from cartmodel.inference.samplers import (
    Sampling,
    load,
    run_nutpie,
    sample_nutpie,
    sampler,
    stored_variables,
)
from cartmodel.inference.target import Target
from cartmodel.racing import approximations, blackjax, stan

__all__ = ["RACERS", "approximations", "blackjax", "nutpie_flow", "nutpie_low_rank", "nutpie_pymc", "stan"]

RACERS = (
    "nutpie", "nutpie-low-rank", "nutpie-pymc", "nutpie-flow", "pymc", "numpyro", "blackjax", "stan", "pathfinder",
    "laplace", "advi",
)  # fmt: skip
"""Who runs unless others are named."""


@sampler("nutpie-low-rank")
def nutpie_low_rank(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample the compiled density with nutpie; its mass matrix is diagonal plus low rank."""
    return run_nutpie(target, sampling, adaptation="low_rank")


@sampler("nutpie-pymc")
def nutpie_pymc(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample PyMC's graph, compiled by numba, with nutpie: what a user of PyMC gets."""
    model = target.model
    return _run(load("nutpie").compile_pymc_model(model, var_names=stored_variables(model)), sampling)


@sampler("nutpie-flow")
def nutpie_flow(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample PyMC's graph, compiled by JAX, with nutpie through a normalizing flow (extra ``flowjax``)."""
    load("flowjax")
    model = target.model
    compiled = load("nutpie").compile_pymc_model(
        model, var_names=stored_variables(model), backend="jax", gradient_backend="jax"
    )
    return _run(compiled.with_transform_adapt(), sampling, adaptation="flow")


def _run(compiled: Any, sampling: Sampling, **adaptation: Any) -> xr.DataTree:
    started = time.perf_counter()
    tree = sample_nutpie(compiled, sampling, **adaptation)
    tree.attrs["sampling_time"] = time.perf_counter() - started
    return tree
