"""Approximations of the posterior, registered like samplers: their draws are independent, and wrong by a bias."""

import time
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import minimize

from cartmodel.errors import SamplerError
from cartmodel.inference.samplers import Sampling, load, sampler, stored_variables
from cartmodel.inference.target import Target

_STARTS = 4
_ADVI_STEPS = 30_000


@sampler("laplace")
def laplace(target: Target, sampling: Sampling) -> xr.DataTree:
    """Draw from the normal distribution at the mode of the compiled density, in its unbounded coordinates."""
    density, evaluated = target.density, 0
    started = time.perf_counter()

    def downhill(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal evaluated
        evaluated += 1
        value, gradient = density(x)
        return (-value, -gradient) if np.isfinite(value) else (np.inf, np.zeros_like(x))

    climbs = [
        minimize(
            downhill,
            density.start(sampling.random_seed + start),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 20_000, "maxfun": 40_000, "maxcor": 30},
        )
        for start in range(_STARTS)
    ]
    mode = min(climbs, key=lambda climb: climb.fun).x
    step = 1e-4
    curvature = np.array(
        [(downhill(mode + step * unit)[1] - downhill(mode - step * unit)[1]) / (2 * step) for unit in np.eye(len(mode))]
    )
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    if not (np.isfinite(values).all() and values[0] > 0):
        raise SamplerError(f"no normal approximation: the smallest curvature at the mode is {values[0]:.2g}")
    rng = np.random.default_rng(sampling.random_seed)
    normal = rng.standard_normal((sampling.chains, sampling.draws, len(mode)))
    return _approximation(
        "Laplace",
        density.values(mode + (normal / np.sqrt(values)) @ vectors.T),
        started,
        gradients=evaluated,
    )


@sampler("advi")
def advi(target: Target, sampling: Sampling) -> xr.DataTree:
    """Draw from the mean-field normal distribution that PyMC's ADVI fits."""
    with target.model as model:
        started = time.perf_counter()
        fitted = load("pymc").fit(
            _ADVI_STEPS, method="advi", random_seed=sampling.random_seed, progressbar=sampling.progressbar
        )
        tree = fitted.sample(sampling.draws * sampling.chains, random_seed=sampling.random_seed)
    return _approximation("ADVI", _kept(tree, model, sampling), started, gradients=_ADVI_STEPS)


@sampler("pathfinder")
def pathfinder(target: Target, sampling: Sampling) -> xr.DataTree:
    """Draw from the multi-path Pathfinder of pymc-extras, resampled by importance (extra ``pymc-extras``)."""
    fit_pathfinder = load("pymc_extras").fit_pathfinder
    with target.model as model:
        started = time.perf_counter()
        tree = fit_pathfinder(
            num_paths=8,
            num_draws=sampling.draws * sampling.chains,
            parallel=False,
            progressbar=sampling.progressbar,
            random_seed=sampling.random_seed,
        )
    return _approximation("Pathfinder", _kept(tree, model, sampling), started)


def _kept(tree: xr.DataTree, model: Any, sampling: Sampling) -> xr.Dataset:
    """Return a single chain of independent draws cut into several."""
    posterior = tree["posterior"].to_dataset()[stored_variables(model)].isel(chain=0, drop=True)
    chains = [
        posterior.isel(draw=slice(chain * sampling.draws, (chain + 1) * sampling.draws))
        .drop_vars("draw", errors="ignore")
        .assign_coords(draw=np.arange(sampling.draws))
        for chain in range(sampling.chains)
    ]
    return xr.concat(chains, dim="chain").assign_coords(chain=np.arange(sampling.chains))


def _approximation(name: str, posterior: xr.Dataset, started: float, **told: Any) -> xr.DataTree:
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()})
    tree.attrs = {"approximation": name, "sampling_time": time.perf_counter() - started, **told}
    return tree
