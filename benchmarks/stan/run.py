"""Build, sample or evaluate ``cd7_ssc.stan`` and write plain files.

Runs in its own interpreter (Python 3.12 with pystan, which has no working build for 3.13), so it imports nothing from
the package under test and talks to its caller through JSON and npz only.
"""

import argparse
import json
import math
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

PROGRAM = Path(__file__).with_name("cd7_ssc.stan")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="data.json made by data.py")
    parser.add_argument("out", type=Path, help="results, JSON")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--warmup", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--adapt-delta", type=float, default=0.95)
    parser.add_argument("--max-treedepth", type=int, default=10)
    parser.add_argument("--draws-file", type=Path, help="all draws, npz: `names` and `draws` (chain, draw, parameter)")
    parser.add_argument("--log-prob", type=Path, metavar="POINTS", help="no sampling: log densities at these points")
    parser.add_argument("--cache-dir", type=Path, help="where compiled models are kept; a fresh one times the build")
    return parser.parse_args()


def build(stan_data, seed, cache_dir):
    """Compile the program, or find it compiled; the seconds mean something only when ``from_cache`` is false."""
    if cache_dir:  # httpstan asks appdirs, which asks this variable (on Linux)
        os.environ["XDG_CACHE_HOME"] = str(cache_dir.resolve())
    import httpstan.cache
    import httpstan.models
    import stan

    program = PROGRAM.read_text()
    cached = httpstan.models.calculate_model_name(program) in httpstan.cache.list_model_names()
    start = time.perf_counter()
    model = stan.build(program, data=stan_data, random_seed=seed)
    return model, {"seconds": time.perf_counter() - start, "from_cache": cached}


def drop_stored_fits(model):
    """Forget earlier fits: given a seed pystan replays a stored fit, and a replay has no honest sampling time."""
    import httpstan.cache

    for stored in httpstan.cache.model_directory(model.model_name).glob("fits/*.jsonlines.gz"):
        stored.unlink()


def versions():
    import httpstan

    header = (Path(httpstan.__file__).parent / "include/stan/version.hpp").read_text()
    stan_version = ".".join(re.findall(r"#define STAN_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    gxx = shutil.which("g++")
    compiler = (
        gxx and subprocess.run([gxx, "-dumpfullversion"], capture_output=True, text=True, check=False).stdout.strip()
    )
    return {
        "python": platform.python_version(),
        "stan": stan_version,
        "g++": compiler,
        **{name: version(name) for name in ("pystan", "httpstan", "numpy")},
    }


def chain_seconds(fit):
    """Stan's own clock, one entry per chain: unlike the wall clock it leaves out start-up and reading the draws."""
    found = []
    for output in fit.stan_outputs:
        text = output.decode()
        found.append({k.lower(): float(s) for s, k in re.findall(r"([\d.e+-]+) seconds \((Warm-up|Sampling)\)", text)})
    return found


def worker_seconds():
    """Processor time of the chains, the measure to trust on a shared machine; counted only once the workers end."""
    import httpstan.services_stub

    httpstan.services_stub.executor.shutdown()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def sample(model, args):
    drop_stored_fits(model)
    earlier = resource.getrusage(resource.RUSAGE_CHILDREN)  # the compiler
    load = os.getloadavg()[0]
    start = time.perf_counter()
    fit = model.sample(
        num_chains=args.chains,
        num_samples=args.draws,
        num_warmup=args.warmup,
        delta=args.adapt_delta,
        max_depth=args.max_treedepth,
    )
    seconds = time.perf_counter() - start
    cpu_seconds = worker_seconds() - earlier.ru_utime - earlier.ru_stime
    drop_stored_fits(model)

    def by_chain(name):  # pystan runs draws and chains together, chains fastest
        return np.moveaxis(fit[name].reshape(-1, args.draws, args.chains, order="C"), 0, -1).swapaxes(0, 1)

    names, blocks = [], []
    for name, dims in zip(model.param_names, model.dims, strict=True):  # scalars and vectors, nothing deeper
        names += [f"{name}[{k + 1}]" for k in range(dims[0])] if dims else [name]
        blocks.append(by_chain(name))
    draws = np.concatenate(blocks, axis=-1)
    if args.draws_file:
        np.savez_compressed(
            args.draws_file,
            names=np.array(names),
            draws=draws,
            divergent=by_chain("divergent__")[..., 0].astype(bool),
            lp=by_chain("lp__")[..., 0],
        )
    flat = draws.reshape(-1, len(names))
    q = np.quantile(flat, [0.025, 0.5, 0.975], axis=0)
    columns = {"mean": flat.mean(0), "sd": flat.std(0, ddof=1), "q2.5": q[0], "q50": q[1], "q97.5": q[2]}
    settings = ("chains", "draws", "warmup", "seed", "adapt_delta", "max_treedepth")
    return {
        "settings": {name: getattr(args, name) for name in settings},
        "sampling": {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "load_before": load,
            "cores": os.cpu_count(),
            "chains": chain_seconds(fit),
        },
        "divergences": int(fit["divergent__"].sum()),
        "max_treedepth_hits": int((fit["treedepth__"] >= args.max_treedepth).sum()),
        "leapfrog_steps": int(fit["n_leapfrog__"].sum()),
        "summary": {name: {k: float(v[i]) for k, v in columns.items()} for i, name in enumerate(names)},
    }


def as_stan_point(point, names):
    """Natural values (`cmax_pop`, `fb_pop`) to the scales the program samples (`ln_cmax_pop`, `logit_fb_pop`).

    Returns them with ln |d sampled / d natural|, which turns the density over one into the density over the other.
    """
    stan_point, log_jacobian = {}, 0.0
    for name, value in point.items():
        if name == "fb_pop":
            stan_point["logit_fb_pop"] = math.log(value) - math.log1p(-value)
            log_jacobian -= math.log(value) + math.log1p(-value)
        elif f"ln_{name}" in names and not isinstance(value, list):
            stan_point[f"ln_{name}"] = math.log(value)
            log_jacobian -= math.log(value)
        else:
            stan_point[name] = value
    return stan_point, log_jacobian


def log_densities(model, points):
    """Log density at each point, up to one constant per data set, and the likelihood parts, which are absolute."""
    rows = []
    for point in points:
        stan_point, log_jacobian = as_stan_point(point, model.param_names)
        free = model.unconstrain_pars(stan_point)
        values = dict(zip(model.constrained_param_names, model.constrain_pars(free), strict=True))
        density = model.log_prob(free, adjust_transform=False)
        rows.append(
            {
                "log_density": density,
                "log_density_natural": density + log_jacobian,
                "log_likelihood": {k: v for k, v in values.items() if k.startswith("ll_")},
                "values": {k: v for k, v in values.items() if not k.startswith("ll_")},
            }
        )
    return rows


def main():
    args = arguments()
    model, timing = build(json.loads(args.data.read_text())["stan"], args.seed, args.cache_dir)
    result = {"program": PROGRAM.name, "versions": versions(), "build": timing}
    if args.log_prob:
        result["points"] = log_densities(model, json.loads(args.log_prob.read_text()))
    else:
        result |= sample(model, args)
    args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    sys.exit(main())
