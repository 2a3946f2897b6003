"""Samplers whose answers are known: they draw from the prior, exactly or wrongly. Importable by a fresh process."""

import time
from typing import Any

import numpy as np
import xarray as xr

import cartmodel as cm
from cartmodel.inference.samplers import Sampling


def draw(rng: np.random.Generator, prior: Any, shape: tuple[int, ...]) -> np.ndarray:
    z = rng.standard_normal(shape)
    match prior.dist:
        case "LogNormal":
            return prior.median * np.exp(prior.sigma * z)
        case "Normal":
            return prior.mu + prior.sigma * z
        case "HalfNormal":
            return np.abs(prior.sigma * z)
        case "LogitNormal":
            return 1 / (1 + np.exp(-(prior.mu + prior.sigma * z)))
        case _:
            return rng.beta(prior.alpha, prior.beta, shape)


def exact(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Independent draws of the prior: two leapfrog steps each, it says, and three divergences."""
    rng = np.random.default_rng(sampling.random_seed)
    shape, subjects = (sampling.chains, sampling.draws), target.data["subject"].values
    found: dict[str, Any] = {name: (("chain", "draw"), draw(rng, p, shape)) for name, p in target.spec.priors()}
    for name in target.spec.random:
        z = rng.standard_normal((*shape, len(subjects)))
        found[f"eta_{name}"] = (("chain", "draw", "subject"), found[f"omega_{name}"][1][..., None] * z)
    posterior = xr.Dataset(found, coords={"subject": subjects})
    diverging = np.zeros(shape, dtype=bool)
    diverging[0, :3] = True
    stats = xr.Dataset({"n_steps": (("chain", "draw"), np.full(shape, 2)), "diverging": (("chain", "draw"), diverging)})
    return xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": stats})


def shifted(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Fast and wrong: the median of Cmax half a prior SD too high."""
    tree = exact(target, sampling)
    posterior = tree["posterior"].to_dataset()
    posterior["cmax_pop"] = posterior["cmax_pop"] * np.exp(0.5 * target.spec.typical["cmax"].sigma)
    return xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": tree["sample_stats"].to_dataset()})


def narrow(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Right means, SDs a third too small, as of a mean-field approximation; it says that it is one."""
    tree = exact(target, sampling)
    posterior = tree["posterior"].to_dataset()
    for name in ("d0", "ld1"):
        middle = getattr(target.spec.toxicity, name).mu
        posterior[name] = middle + (posterior[name] - middle) * 2 / 3
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()})
    tree.attrs = {"approximation": "narrow", "gradients": 10, "sampling_time": 0.5, "compile_time": 2.0}
    return tree


def frozen(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Chains that never move."""
    tree = exact(target, sampling)
    posterior = tree["posterior"].to_dataset()
    still = posterior.isel(draw=0, drop=True).expand_dims(draw=posterior.sizes["draw"], axis=1)
    return xr.DataTree.from_dict({"/posterior": still, "/sample_stats": xr.Dataset()})


def broken(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    raise RuntimeError("boom")


def slow(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    time.sleep(60)
    raise AssertionError("nobody ended it")


class PanicError(BaseException):
    pass


def panic(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    raise PanicError("a panic of Rust is not an Exception")


def nothing(target: cm.Target, sampling: Sampling) -> None:
    """Return nothing at all."""


def flat(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Draws without chains."""
    tree = exact(target, sampling)
    return xr.DataTree.from_dict(
        {"posterior": tree["posterior"].to_dataset().isel(chain=0), "sample_stats": tree["sample_stats"].to_dataset()}
    )


def partial(target: cm.Target, sampling: Sampling) -> xr.DataTree:
    """Draws without a parameter of the model."""
    tree = exact(target, sampling)
    return xr.DataTree.from_dict(
        {
            "posterior": tree["posterior"].to_dataset().drop_vars("tmax_pop"),
            "sample_stats": tree["sample_stats"].to_dataset(),
        }
    )
