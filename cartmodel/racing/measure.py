"""One run of one sampler on one posterior, measured."""

import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.errors import SamplerError
from cartmodel.inference.samplers import Sampler, Sampling
from cartmodel.inference.target import Target
from cartmodel.racing.estimands import estimands, summarise_estimands
from cartmodel.racing.posteriors import Posterior

_ACCEPTED = "accepted: a DataTree with posterior (chain, draw; every parameter of the model) and sample_stats"


@dataclass(frozen=True, eq=False)
class Run:
    """What one run gave and cost.

    Parameters
    ----------
    table : pandas.DataFrame
        Its answers, from `summarise_estimands`.
    compile_seconds, sample_seconds : float
        Before the sampler moves, and from then on, warm-up included. A sampler that does not tell them apart has its
        own compilation in ``sample_seconds``; NaN where nothing was compiled anew.
    gradients : float
        Gradient evaluations: of the draws kept, without warm-up, for MCMC; of all steps for an approximation; NaN where
        not told.
    divergences : float
        Among the draws kept; NaN for an approximation.
    approximation : str
        Its name, or empty for MCMC.
    """

    table: pd.DataFrame
    compile_seconds: float
    sample_seconds: float
    gradients: float
    divergences: float
    approximation: str


class _Timed:
    """A target that counts the seconds in which its forms are made."""

    def __init__(self, target: Target) -> None:
        self._target, self.seconds = target, 0.0

    def __getattr__(self, name: str) -> Any:
        started = time.perf_counter()
        try:
            return getattr(self._target, name)
        finally:
            self.seconds += time.perf_counter() - started


def measure(posterior: Posterior, run: Sampler, sampling: Sampling) -> Run:
    """Return the answers and the cost of one run.

    Parameters
    ----------
    posterior : Posterior
        What to sample.
    run : callable
        The sampler. Its tree may tell, as attributes, ``sampling_time`` and ``compile_time`` (seconds), ``gradients``
        and ``approximation``; ``sampling_time`` is also looked for where PyMC puts it.
    sampling : Sampling
        Settings of the run.

    Raises
    ------
    SamplerError
        If the sampler returns anything but such a tree, with every parameter of the model over chain and draw.
    """
    for package in (
        "pymc",
        "nutpie.compile_pymc",
    ):  # seconds to import, and no property of the sampler that comes first
        with suppress(ImportError):
            import_module(package)
    target = _Timed(posterior.target())
    data = target.data
    target.seconds, started = 0.0, time.perf_counter()
    tree = run(cast("Target", target), sampling)
    total = time.perf_counter() - started
    draws, stats = _groups(tree)
    sampled = _told(tree, "sampling_time", default=total - target.seconds)
    steps = stats["n_steps"].sum() if "n_steps" in stats else np.nan
    return Run(
        table=summarise_estimands(_estimands(posterior, draws, data)),
        compile_seconds=_told(tree, "compile_time", default=total - sampled),
        sample_seconds=sampled,
        gradients=_told(tree, "gradients", default=float(steps)),
        divergences=float(stats["diverging"].sum()) if "diverging" in stats else np.nan,
        approximation=str(tree.attrs.get("approximation", "")),
    )


def _groups(tree: Any) -> tuple[xr.Dataset, xr.Dataset]:
    if not isinstance(tree, xr.DataTree) or not {"posterior", "sample_stats"} <= set(tree.children):
        what = f"groups {sorted(tree.children)}" if isinstance(tree, xr.DataTree) else f"a {type(tree).__name__}"
        raise SamplerError(f"the sampler returned {what}; {_ACCEPTED}")
    draws = tree["posterior"].to_dataset()
    if not {"chain", "draw"} <= set(draws.sizes):
        raise SamplerError(f"the sampler returned draws over {sorted(map(str, draws.sizes))}; {_ACCEPTED}")
    return draws, tree["sample_stats"].to_dataset()


def _estimands(posterior: Posterior, draws: xr.Dataset, data: Any) -> xr.Dataset:
    try:
        return estimands(posterior.spec, draws, data)
    except KeyError as error:
        raise SamplerError(f"the sampler returned draws without {error}; {_ACCEPTED}") from error


def _told(tree: xr.DataTree, name: str, default: float) -> float:
    places = [tree.attrs, tree["sample_stats"].attrs, tree["posterior"].attrs]
    return float(next((place[name] for place in places if name in place), default))
