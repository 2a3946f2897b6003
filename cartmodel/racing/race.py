"""Race samplers: every sampler on every posterior with every seed, a row each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.errors import SamplerError
from cartmodel.inference.diagnosis import ESS_MIN, RHAT_MAX
from cartmodel.inference.samplers import Sampler, Sampling, samplers
from cartmodel.racing.apart import in_time, told
from cartmodel.racing.comparison import compare
from cartmodel.racing.machine import machine
from cartmodel.racing.measure import Run, measure
from cartmodel.racing.posteriors import Posterior
from cartmodel.racing.samplers import RACERS

COLUMNS = (
    "posterior", "simulated", "sampler", "seed", "status", "error", "approximation", "compile_seconds",
    "sample_seconds", "chains", "draws", "tune", "target_accept", "cores", "gradients", "divergences", "rhat",
    "ess_bulk", "ess_tail", "converged", "ess_per_second", "ess_per_gradient", "error_mean", "error_sd", "z",
    "z_limit", "worst", "agrees", "cpu", "threads", "versions",
)  # fmt: skip
"""The columns of a race, explained in ``docs/samplers.md``."""


def race(
    posteriors: Iterable[Posterior],
    names: Sequence[str] = RACERS,
    *,
    seeds: Sequence[int] = (1, 2, 3),
    sampling: Sampling | None = None,
    time_limit: float | None = 900.0,
    say: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Return the rows of a race.

    Parameters
    ----------
    posteriors : iterable of Posterior
        From `read_posterior`, or of your own trial; without a reference the columns of errors are blank.
    names : sequence of str
        Registered samplers.
    seeds : sequence of int
        One run each.
    sampling : Sampling, optional
        Settings of all runs but their seed.
    time_limit : float or None
        Seconds for one run, in a process of its own; what takes longer is ended and its row says so. None runs here,
        without limit: for samplers defined in a notebook.
    say : callable, optional
        Takes a sentence after each run.

    Returns
    -------
    pandas.DataFrame
        One row a run. ``status`` is ``done``, ``failed`` or ``out of time``: a sampler that is not installed or breaks
        is a row with its ``error``, and the race goes on. After a seed that was out of time the others of that sampler
        on that posterior are not tried, and their rows say so.

    Raises
    ------
    UnknownNameError
        If a sampler is not registered: a misspelt name is not a broken sampler.

    Examples
    --------
    >>> import cartmodel as cm
    >>> trial, spec = cm.read_trial(cm.example_path("cd7_ssc")), cm.load_model("cd7-ssc")
    >>> rows = race([Posterior("mine", trial, spec)], ["nutpie", "numpyro"])  # doctest: +SKIP
    """
    runs: list[tuple[str, Sampler]] = [(name, samplers[name]) for name in names]
    settings = sampling or Sampling(progressbar=False)
    made_on = machine()
    rows: list[dict[str, Any]] = []
    for posterior in posteriors:
        for name, run in runs:
            late = None
            for seed in seeds:
                row = _row(posterior, run, replace(settings, random_seed=seed), time_limit) if late is None else late
                if row["status"] == "out of time" and late is None:
                    late = row | {"error": f"not tried: seed {seed} was {row['error']}"}
                row = row | {"posterior": posterior.name, "simulated": posterior.trial.simulated}
                row |= {"sampler": name, "seed": seed, "cpu": made_on["cpu"], "threads": made_on["threads"]}
                row["versions"] = "; ".join(f"{key} {value}" for key, value in made_on["versions"].items())
                rows.append(row)
                if say is not None:
                    say(_sentence(row))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def other_settings(rows: pd.DataFrame, sampling: Sampling) -> str:
    """Return the settings and processors of a race's rows that differ from those of today, in words; empty if none.

    Seeds and versions may differ within a race: each row tells its own.

    Examples
    --------
    >>> settings = Sampling(progressbar=False)
    >>> other_settings(pd.DataFrame(columns=list(COLUMNS)), settings)
    ''
    """
    mine = {name: getattr(sampling, name) for name in ("chains", "draws", "tune", "target_accept", "cores")}
    mine["cpu"] = machine()["cpu"]
    differ = {f"{name} {value}" for name in mine for value in rows[name].dropna().unique() if value != mine[name]}
    return ", ".join(sorted(differ))


def _row(posterior: Posterior, run: Sampler, sampling: Sampling, limit: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "chains": sampling.chains, "draws": sampling.draws, "tune": sampling.tune, "cores": sampling.cores,
        "target_accept": sampling.target_accept,
    }  # fmt: skip
    try:
        if limit is None:
            measured = measure(posterior, run, sampling)
        else:
            measured = in_time(measure, posterior, run, sampling, seconds=limit)
        return row | {"status": "done", "error": ""} | _costs(measured) | _errors(posterior, measured)
    except TimeoutError as error:
        return row | {"status": "out of time", "error": str(error)}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of nutpie's Rust side is not even an Exception
        return row | {"status": "failed", "error": told(error)}


def _costs(run: Run) -> dict[str, Any]:
    rhat = float(run.table["rhat"].max(skipna=False))
    ess, tail = (float(run.table[name].min(skipna=False)) for name in ("ess_bulk", "ess_tail"))
    found = {
        "approximation": run.approximation,
        "compile_seconds": run.compile_seconds,
        "sample_seconds": run.sample_seconds,
        "gradients": run.gradients,
        "divergences": run.divergences,
    }
    if run.approximation:  # draws of a wrong distribution, however many, are no effective draws of the right one
        return found
    return found | {
        "rhat": rhat,
        "ess_bulk": ess,
        "ess_tail": tail,
        "converged": rhat < RHAT_MAX and min(ess, tail) > ESS_MIN,
        "ess_per_second": ess / run.sample_seconds,
        "ess_per_gradient": ess / run.gradients if run.gradients else np.nan,
    }


def _errors(posterior: Posterior, run: Run) -> dict[str, Any]:
    if posterior.reference is None:
        return {}
    if not np.isfinite(run.table[["mean", "sd"]].to_numpy()).all():
        raise SamplerError("its draws are not finite")
    found = compare(run.table, posterior.reference)
    told_apart = ("error_mean", "error_sd", "z", "z_limit", "worst", "agrees")
    return {name: getattr(found, name) for name in told_apart}


def _sentence(row: dict[str, Any]) -> str:
    run = f"{row['posterior']}, {row['sampler']}, seed {row['seed']}"
    if row["status"] != "done":
        return f"{run}: {row['status']}: {row['error']}"
    seconds = f"{row['compile_seconds']:.1f} + {row['sample_seconds']:.1f} s"
    ess = f", ESS/s {row['ess_per_second']:.1f}" if "ess_per_second" in row else ""
    error = f", error {row['error_mean']:.2f} SD, {'agrees' if row['agrees'] else 'WRONG'}" if "agrees" in row else ""
    return f"{run}: {seconds}{ess}{error}"
