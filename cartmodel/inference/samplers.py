"""The registry of samplers: each turns a ``pm.Model`` into draws, under one set of names."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pymc as pm
import pytensor
import xarray as xr

from cartmodel.errors import SamplerError
from cartmodel.registry import Registry


@dataclass(frozen=True)
class Sampling:
    """Settings of one run, under PyMC's names."""

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.9
    random_seed: int = 1
    progressbar: bool = True


type Sampler = Callable[[pm.Model, Sampling], xr.DataTree]

samplers = Registry[Sampler]("sampler")


def sampler(name: str) -> Callable[[Sampler], Sampler]:
    """Return a decorator that registers a function ``(model, sampling) -> DataTree`` as a sampler.

    The tree must hold the groups ``posterior`` and ``sample_stats``.
    """

    def register(function: Sampler) -> Sampler:
        samplers.add(name, function)
        return function

    return register


def stored_variables(model: pm.Model) -> list[str]:
    """Return the variables that a fit keeps: all but the sampled coordinates ``z`` of the random effects."""
    names = [str(v.name) for v in [*model.free_RVs, *model.deterministics]]
    return [name for name in names if not name.startswith("z_") and name not in ("z", "corr_chol")]


@sampler("nutpie")
def nutpie(model: pm.Model, sampling: Sampling) -> xr.DataTree:
    """Sample with nutpie; draws are the same, bit for bit, on any number of cores and from any compile cache."""
    return run_nutpie(compile_nutpie(model), sampling)


def compile_nutpie(model: pm.Model) -> Any:
    """Return the compiled model of nutpie, without fastmath: with it a cold and a warm cache give different draws."""
    nutpie_module = _load("nutpie")
    with pytensor.config.change_flags(numba__fastmath=False), warnings.catch_warnings():
        # Of the C back end, which is not used here: numba brings its own linear algebra.
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS", category=UserWarning)
        return nutpie_module.compile_pymc_model(model, var_names=stored_variables(model))


def run_nutpie(compiled: Any, sampling: Sampling) -> xr.DataTree:
    """Return the draws of a compiled model."""
    return _load("nutpie").sample(
        compiled,
        draws=sampling.draws,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=sampling.cores,
        seed=sampling.random_seed,
        target_accept=sampling.target_accept,
        progress_bar=sampling.progressbar,
        save_warmup=False,
    )


@sampler("pymc")
def pymc(model: pm.Model, sampling: Sampling) -> xr.DataTree:
    """Sample with PyMC's own NUTS."""
    return _sample(model, sampling, "pymc")


@sampler("numpyro")
def numpyro(model: pm.Model, sampling: Sampling) -> xr.DataTree:
    """Sample with numpyro's NUTS (extra ``numpyro``).

    JAX differentiates the smooth peak itself, and its gradient in Tmax is not finite far from the peak: chains that
    never move are reported as a failure, not as draws.
    """
    _load("numpyro")
    tree = _sample(model, sampling, "numpyro")
    first = next(iter(tree["posterior"].to_dataset().data_vars.values()))
    if bool((first == first.isel(draw=0)).all()):
        raise SamplerError(
            "sampler 'numpyro' failed: no chain ever moved, as JAX's gradient of this model is not finite"
        )
    return tree


def _sample(model: pm.Model, sampling: Sampling, name: Any) -> xr.DataTree:
    with model:
        return pm.sample(
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            cores=sampling.cores,
            random_seed=sampling.random_seed,
            target_accept=sampling.target_accept,
            progressbar=sampling.progressbar,
            nuts_sampler=name,  # always named: PyMC silently takes nutpie where it is installed
            var_names=stored_variables(model),
            compute_convergence_checks=False,
            quiet=not sampling.progressbar,
        )


def _load(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise SamplerError(
            f"sampler needs the package '{package}', which is not installed: pip install 'cartmodel[{package}]'"
        ) from error
