"""Effective draws of the worst population parameter per second of sampling: cartmodel, Stan, PyMC's own sampler.

    python benchmarks/efficiency.py --stan-python stan-env/bin/python    # half an hour; writes records/efficiency.csv
    python benchmarks/efficiency.py --stan-python ... --pymc-seeds 1 2 3
    python benchmarks/efficiency.py --quick                              # one trial, 300 + 300 draws; writes nothing

Side by side, trial by trial, on the eleven bundled SIMULATED trials: the default joint model, 4 chains of 1000 + 1000
on two cores (Stan takes as many as there are) at target acceptance 0.85. Seconds are wall-clock seconds of sampling
with warm-up; building and compiling stand apart (``compile_s``; of Stan's program 0 once it is built). One estimator
for all: arviz_stats' bulk ESS, of the same population parameters. For Stan ``own_s`` is its own clock, the chains'
seconds shared out over the cores, without the start-up of its processes or the reading of draws; ``ratio_own`` is
cartmodel against that, so the more favourable to Stan. Same answer: ``z_max`` is the largest difference of posterior
means over all parameters, in Monte Carlo standard errors (of 22 such the largest is below 3.1 in 19 runs of 20).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import arviz_stats
import numpy as np
import xarray as xr
from measured import parser_of, show, where, write_record

import cartmodel as cm
from cartmodel.inference.diagnosis import diagnose_draws
from cartmodel.inference.samplers import Sampling, load, samplers
from cartmodel.prediction.fitfile import group
from cartmodel.prediction.population import population

STAN = Path(__file__).parent / "stan"
STAN_NAMES = {"sigma": "sigma_qpcr"}  # all others are the same


@dataclass(frozen=True)
class Run:
    """Draws of the population parameters, the sampler's statistics, and what they cost."""

    draws: xr.Dataset
    stats: xr.Dataset
    compile_s: float
    sample_s: float
    own_s: float = float("nan")


def by_cartmodel(path: Path, sampling: Sampling) -> Run:
    target = cm.Target(cm.read_trial(path), cm.load_model("cd7-ssc"))
    started = time.perf_counter()
    _ = target.density
    compiled = time.perf_counter()
    tree = samplers["nutpie"](target, sampling)
    seconds = time.perf_counter() - compiled
    return Run(population(group(tree, "posterior")), group(tree, "sample_stats"), compiled - started, seconds)


def by_pymc(path: Path, sampling: Sampling) -> Run:
    """PyMC's own NUTS; it says itself how long its sampling took, the rest is building and compiling."""
    target = cm.Target(cm.read_trial(path), cm.load_model("cd7-ssc"))
    started = time.perf_counter()
    tree = samplers["pymc"](target, sampling)
    seconds = time.perf_counter() - started
    posterior = group(tree, "posterior")
    sampled = float(posterior.attrs["sampling_time"])
    return Run(population(posterior), group(tree, "sample_stats"), seconds - sampled, sampled)


def stan_runner(python: Path, cache: Path) -> Callable[[Path, Sampling], Run]:
    """Return the sampler that runs the Stan program in its own Python; the first run builds it."""

    def by_stan(path: Path, sampling: Sampling) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            data, out, stored = (Path(folder) / name for name in ("data.json", "out.json", "draws.npz"))
            subprocess.run([sys.executable, STAN / "data.py", path, data], check=True)
            settings = {"chains": sampling.chains, "draws": sampling.draws, "warmup": sampling.tune}
            settings |= {"seed": sampling.random_seed, "adapt-delta": sampling.target_accept}
            options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
            files = ["--cache-dir", str(cache), "--draws-file", str(stored)]
            command = [python, STAN / "run.py", data, out, *options, *files]
            subprocess.run(command, check=True, capture_output=True)
            result = json.loads(out.read_text(encoding="utf-8"))
            with np.load(stored) as arrays:
                names = [STAN_NAMES.get(name, name) for name in map(str, arrays["names"])]
                draws = {name: arrays["draws"][:, :, k] for k, name in enumerate(names)}
                diverging = arrays["divergent"]
        build = result["build"]
        own = sum(sum(chain.values()) for chain in result["sampling"]["chains"]) / min(sampling.cores, sampling.chains)
        return Run(
            xr.Dataset({name: (("chain", "draw"), values) for name, values in draws.items()}),
            xr.Dataset({"diverging": (("chain", "draw"), diverging)}),
            0.0 if build["from_cache"] else build["seconds"],
            result["sampling"]["seconds"],
            own,
        )

    return by_stan


def row_of(seed: int, name: str, run: Run) -> dict[str, Any]:
    ess = {str(key): float(value) for key, value in arviz_stats.ess(run.draws).data_vars.items()}
    worst = min(ess, key=lambda key: ess[key])
    verdict = diagnose_draws(run.draws, run.stats)
    return {
        "trial_seed": seed,
        "sampler": name,
        "compile_s": run.compile_s,
        "sample_s": run.sample_s,
        "own_s": run.own_s,
        "ess_min": ess[worst],
        "worst": worst,
        "ess_per_s": ess[worst] / run.sample_s,
        "divergences": int(run.stats["diverging"].sum()),
        "trusted": verdict.trusted,
    }


def largest_z(run: Run, reference: Run) -> tuple[float, str]:
    """Return the largest standardised difference of posterior means, and where it is."""
    difference = run.draws.mean() - reference.draws.mean()
    error = np.sqrt(arviz_stats.mcse(run.draws) ** 2 + arviz_stats.mcse(reference.draws) ** 2)
    z = {str(name): abs(float(difference[name] / error[name])) for name in difference.data_vars}
    worst = max(z, key=lambda name: z[name])
    return z[worst], worst


def one_trial(seed: int, settings: argparse.Namespace, others: dict[str, Any], sampling: Sampling) -> list[Any]:
    """Return the rows of one trial: cartmodel, and each other sampler against it."""
    path = cm.example_path("cd7_ssc", seed=seed)
    ours = by_cartmodel(path, sampling)
    rows = [row_of(seed, "cartmodel", ours)]
    for name, sampler in others.items():
        if name == "pymc" and seed not in settings.pymc_seeds:
            continue
        run = sampler(path, sampling)
        run = replace(run, draws=run.draws[list(ours.draws.data_vars)])  # Stan's hold more
        row = row_of(seed, name, run)
        z, worst = largest_z(run, ours)
        row |= {"ratio": rows[0]["ess_per_s"] / row["ess_per_s"], "z_max": z, "z_worst": worst}
        row["ratio_own"] = row["ratio"] * run.own_s / run.sample_s
        rows.append(row)
    return rows


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", help="which bundled trials; default 1 to 11")
    parser.add_argument("--pymc-seeds", type=int, nargs="*", default=[], help="trials for PyMC's own sampler, too")
    parser.add_argument("--stan-python", type=Path, help="a Python with pystan; without it no Stan")
    parser.add_argument("--stan-cache", type=Path, help="where Stan's builds are kept; default: built anew")
    settings = parser.parse_args()
    seeds = settings.seeds or ([1] if settings.quick else list(range(1, 12)))
    length = 300 if settings.quick else 1000
    load("nutpie.compile_pymc")  # imported before any clock runs
    measured, rows = where(), []
    with tempfile.TemporaryDirectory() as folder:
        cache = settings.stan_cache or Path(folder)
        others: dict[str, Any] = {"stan": stan_runner(settings.stan_python, cache)} if settings.stan_python else {}
        others["pymc"] = by_pymc
        for seed in seeds:
            sampling = Sampling(length, length, 4, 2, target_accept=0.85, random_seed=seed, progressbar=False)
            rows += one_trial(seed, settings, others, sampling)
            print(f"trial {seed}: {rows[-1]}", flush=True)
    print("SIMULATED trials; effective draws of the worst population parameter per second of sampling")
    show(rows)
    for name in others:
        found = [row for row in rows if row["sampler"] == name]
        if found:
            median, own = (np.median([row[key] for row in found]) for key in ("ratio", "ratio_own"))
            z = max(row["z_max"] for row in found)
            told = f" ({own:.1f} by its own clock)" if name == "stan" else ""
            print(f"cartmodel against {name}: median of {len(found)} trials {median:.1f}{told}; largest z {z:.1f}")
    write_record("efficiency", rows, measured, settings)


if __name__ == "__main__":
    main()
