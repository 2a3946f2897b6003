"""Fit a model to a trial."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from cartmodel.equations.design import design, doubts
from cartmodel.errors import CartmodelError, SamplerError
from cartmodel.inference.diagnosis import Diagnosis, diagnose_draws
from cartmodel.inference.samplers import Sampler, Sampling, samplers
from cartmodel.inference.target import Target
from cartmodel.prediction.fitfile import FORMAT, covariates_text, group
from cartmodel.prediction.groups import log_likelihood_group, predictive_group
from cartmodel.prediction.population import population
from cartmodel.prediction.prior import prior_draws
from cartmodel.spec import ModelSpec, load_model
from cartmodel.trial import TrialData

LADDER = ((1000, 1000, 0.85), (2000, 2000, 0.95), (4000, 2000, 0.99))
"""Draws, tuning steps and target acceptance of the first run and of each fresh repeat after a missed gate."""

_NAMES = {"depth": "tree_depth", "logp": "lp", "mean_tree_accept": "acceptance_rate"}
_PACKAGES = ("cartmodel", "pymc", "pytensor", "nutpie", "arviz-stats", "numpy", "scipy", "xarray", "pandas", "numba")


def fit(
    trial: TrialData,
    model: ModelSpec | str | Path = "cd7-ssc",
    *,
    method: Literal["joint", "cut"] = "joint",
    sampler: str = "nutpie",
    random_seed: int = 1,
    chains: int = 4,
    cores: int = 2,
    draws: int | None = None,
    tune: int | None = None,
    target_accept: float | None = None,
    log_likelihood: bool = False,
    progressbar: bool = True,
    say: Callable[[str], None] | None = None,
) -> xr.DataTree:
    """Return the fit of a model to all patients of a trial.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    model : ModelSpec, str or Path
        A model, its name or its file.
    method : {"joint", "cut"}
        ``"cut"`` fits the kinetics without the response, then (by nutpie) the response to draws of the kinetics: two
        stages, no feedback.
    sampler : str
        A registered sampler: ``nutpie``, ``pymc``, ``numpyro``.
    random_seed : int
        The same seed gives the same draws on any number of cores.
    chains, cores : int
        Chains, and how many run at once.
    draws, tune, target_accept : optional
        Settings of a single run. By default the ladder: 1000 draws a chain and, after a missed gate, a fresh run with
        2000 and then 4000 draws at a higher acceptance target.
    log_likelihood : bool
        Add the pointwise log-likelihood group.
    progressbar : bool
        Show progress.
    say : callable, optional
        Takes a sentence when a run missed a gate and is repeated.

    Returns
    -------
    xarray.DataTree
        Groups posterior, sample_stats, prior, posterior_predictive, observed_data, constant_data (and log_likelihood).
        The attributes hold the model file's content, digests, sampler, seed, versions, timings and the record of the
        ladder.

    Raises
    ------
    TrialModelError
        If the trial and the model do not fit together.
    SamplerError
        If the sampler is not installed or failed.
    """
    spec = model if isinstance(model, ModelSpec) else load_model(model)
    kinetics = spec.replace(response=None) if method == "cut" and spec.response is not None else spec
    rungs = _rungs(draws, tune, target_accept)
    settings = Sampling(chains=chains, cores=cores, random_seed=random_seed, progressbar=progressbar)
    data = design(trial, spec)
    target = Target(trial, kinetics)
    tree, record = _climb(target, sampler, rungs, settings, say or (lambda _: None))
    posterior = group(tree, "posterior")
    if method == "cut" and spec.response is not None:
        from cartmodel.inference.cut import cut_response  # brings PyMC, which takes seconds to import

        started = time.perf_counter()
        posterior, mixing = cut_response(spec, posterior, data, settings)
        record["ladder"][-1]["gates"].append(asdict(mixing))
        record["seconds"]["response"] = time.perf_counter() - started
    groups = {
        "posterior": posterior,
        "sample_stats": group(tree, "sample_stats"),
        "prior": prior_draws(spec, 2000, random_seed),
        "posterior_predictive": predictive_group(spec, posterior, data, random_seed),
        "observed_data": _observed(data),
        "constant_data": data[[name for name in data.data_vars if f"seen_{name}" not in data]],
    }
    if log_likelihood:
        groups["log_likelihood"] = log_likelihood_group(spec, posterior, data)
    fitted = xr.DataTree.from_dict({f"/{name}": content for name, content in groups.items()})
    fitted.attrs = _attributes(trial, spec, method, sampler, random_seed, record)
    return fitted


def _observed(data: xr.Dataset) -> xr.Dataset:
    """Return what was observed, NaN where the grid is padded or an outcome pending."""
    names = [str(name) for name in data.data_vars if f"seen_{name}" in data]
    return xr.Dataset({name: data[name].where(data[f"seen_{name}"] > 0) for name in names})


def _rungs(draws: int | None, tune: int | None, target_accept: float | None) -> tuple[tuple[int, int, float], ...]:
    if draws is None and tune is None and target_accept is None:
        return LADDER
    first = LADDER[0]
    drawn = first[0] if draws is None else draws
    tuned = tune if tune is not None else first[1] if draws is None else draws
    return ((drawn, tuned, first[2] if target_accept is None else target_accept),)


def _climb(
    target: Target,
    sampler: str,
    rungs: tuple[tuple[int, int, float], ...],
    settings: Sampling,
    say: Callable[[str], None],
) -> tuple[xr.DataTree, dict[str, Any]]:
    """Return the first run that passes the gates, or the last one, with the record of all."""
    run = samplers[sampler]
    try:
        return _run_rungs(target, sampler, run, rungs, settings, say)
    except CartmodelError:
        raise
    except BaseException as error:  # a panic of nutpie's Rust side is not even an Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise SamplerError(f"sampler '{sampler}' failed: {type(error).__name__}: {error}") from error


def _run_rungs(
    target: Target,
    sampler: str,
    run: Sampler,
    rungs: tuple[tuple[int, int, float], ...],
    settings: Sampling,
    say: Callable[[str], None],
) -> tuple[xr.DataTree, dict[str, Any]]:
    started = time.perf_counter()
    if sampler == "nutpie":
        _ = target.density  # made here, so that it is timed apart
    record: dict[str, Any] = {"seconds": {"compile": time.perf_counter() - started, "sample": 0.0}, "ladder": []}
    tree = xr.DataTree()
    for number, (draws, tune, target_accept) in enumerate(rungs):
        seed = int(np.random.SeedSequence([settings.random_seed, number]).generate_state(1)[0])
        sampling = replace(settings, draws=draws, tune=tune, target_accept=target_accept, random_seed=seed)
        started = time.perf_counter()
        tree = _tidy(run(target, sampling))
        record["seconds"]["sample"] += time.perf_counter() - started
        diagnosis = diagnose_draws(population(group(tree, "posterior")), group(tree, "sample_stats"))
        record["ladder"].append(_rung(sampling, diagnosis))
        if diagnosis.trusted:
            break
        if number + 1 < len(rungs):
            missed = "; ".join(gate.found for gate in diagnosis.gates if not gate.passed)
            more = f"Repeating with {rungs[number + 1][0]} draws a chain."
            say(f"Run {number + 1} ({draws} draws a chain) missed a gate: {missed}. {more}")
    return tree, record


def _rung(sampling: Sampling, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "draws": sampling.draws,
        "tune": sampling.tune,
        "target_accept": sampling.target_accept,
        "seed": sampling.random_seed,
        "passed": diagnosis.trusted,
        "gates": [asdict(gate) for gate in diagnosis.gates],
    }


def _tidy(tree: xr.DataTree) -> xr.DataTree:
    """Return posterior and sample_stats alone, under ArviZ's names, whatever the sampler."""
    posterior = group(tree, "posterior")
    used = {dim for name in posterior.data_vars for dim in posterior[name].dims}
    posterior = posterior.drop_vars([c for c in posterior.coords if c not in used])
    stats = group(tree, "sample_stats")
    plain = stats[
        [n for n, v in stats.data_vars.items() if set(v.dims) == {"chain", "draw"} and v.dtype.kind in "biuf"]
    ]
    plain = plain.rename({old: new for old, new in _NAMES.items() if old in plain and new not in plain})
    plain = plain.drop_vars([c for c in plain.coords if c not in ("chain", "draw")])
    for dataset in (posterior, plain):
        dataset.attrs = {}
    return xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": plain})


def _attributes(
    trial: TrialData, spec: ModelSpec, method: str, sampler: str, seed: int, record: dict[str, Any]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "trial": trial.name,
        "simulated": int(trial.simulated),
        "trial_digest": trial.digest,
        "covariates": covariates_text(trial),
        "trial_notes": json.dumps((*trial.notes, *doubts(trial, spec))),
        "model": spec.name,
        "model_digest": spec.digest,
        "spec": spec.model_dump_json(exclude_none=True),
        "method": method,
        "sampler": sampler,
        "random_seed": seed,
        "versions": json.dumps({package: version(package) for package in _PACKAGES}),
        "seconds": json.dumps(record["seconds"]),
        "ladder": json.dumps(record["ladder"]),
    }
