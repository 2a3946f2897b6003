"""The registry of samplers: each turns a posterior into draws, under one set of names."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import xarray as xr

from cartmodel.errors import SamplerError
from cartmodel.inference.target import Target
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


type Sampler = Callable[[Target, Sampling], xr.DataTree]

samplers = Registry[Sampler]("sampler")


def sampler(name: str) -> Callable[[Sampler], Sampler]:
    """Return a decorator that registers a function ``(target, sampling) -> DataTree`` as a sampler.

    The function takes the posterior as ``target.model`` (PyMC) or ``target.density`` (machine code). The tree must hold
    the groups ``posterior`` and ``sample_stats``.
    """

    def register(function: Sampler) -> Sampler:
        samplers.add(name, function)
        return function

    return register


@sampler("nutpie")
def nutpie(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample the compiled density with nutpie; draws are the same, bit for bit, on any number of cores."""
    return run_nutpie(target, sampling)


def run_nutpie(target: Target, sampling: Sampling, **adaptation: Any) -> xr.DataTree:
    """Return nutpie's draws of the compiled density; ``adaptation`` goes to ``nutpie.sample`` as it is."""
    density = target.density
    tree = sample_nutpie(_as_nutpie_takes_it(density), sampling, **adaptation)
    posterior = density.values(tree["posterior"].to_dataset()["x"].values)
    return xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": tree["sample_stats"].to_dataset()})


def sample_nutpie(compiled: Any, sampling: Sampling, **adaptation: Any) -> xr.DataTree:
    """Return nutpie's draws of a model that it compiled, or that looks like one."""
    return load("nutpie").sample(
        compiled,
        draws=sampling.draws,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=sampling.cores,
        seed=sampling.random_seed,
        target_accept=sampling.target_accept,
        progress_bar=sampling.progressbar,
        save_warmup=False,
        **adaptation,
    )


def _as_nutpie_takes_it(density: Any) -> Any:
    compiled = load("nutpie.compile_pymc").CompiledPyMCModel

    class At:
        def __init__(self, address: int) -> None:
            self.address, self.density = address, density

    size = density.size
    return compiled(
        dims={},
        compiled_logp_func=At(density.address),
        compiled_expand_func=At(density.copy_address),
        initial_point_func=density.start,
        shared_data={},
        shared_var_keys={},
        user_data=density.columns,
        n_expanded=size,
        shape_info=(["x"], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={"x": (size,)},
        _coords={},
    )


@sampler("pymc")
def pymc(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample with PyMC's own NUTS."""
    return sample_pymc(target, sampling, "pymc")


@sampler("numpyro")
def numpyro(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample with numpyro's NUTS (extra ``numpyro``)."""
    load("numpyro")
    return sample_pymc(target, sampling, "numpyro")


def sample_pymc(target: Target, sampling: Sampling, name: str) -> xr.DataTree:
    """Return the draws of one of the samplers behind ``pymc.sample``.

    It is always named: PyMC silently takes nutpie where it is installed.
    """
    with target.model as model:
        return load("pymc").sample(
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            cores=sampling.cores,
            random_seed=sampling.random_seed,
            target_accept=sampling.target_accept,
            progressbar=sampling.progressbar,
            nuts_sampler=name,
            var_names=stored_variables(model),
            compute_convergence_checks=False,
            quiet=not sampling.progressbar,
        )


def stored_variables(model: Any) -> list[str]:
    """Return the variables of a PyMC model that a fit keeps: all but the sampled coordinates ``z`` of the effects."""
    names = [str(v.name) for v in [*model.free_RVs, *model.deterministics]]
    return [name for name in names if not name.startswith("z_") and name not in ("z", "corr_chol")]


def load(module: str) -> Any:
    """Return a module that a sampler needs.

    Raises
    ------
    SamplerError
        If it is not installed.
    """
    package = module.split(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise SamplerError(
            f"sampler needs the package '{package}', which is not installed: pip install 'cartmodel[{package}]'"
        ) from error
