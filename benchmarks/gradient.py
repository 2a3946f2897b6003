"""Log density with its gradient, per call: the compiled equations against a kernel fused by hand.

    python benchmarks/gradient.py            # 2 minutes; writes benchmarks/records/gradient.csv
    python benchmarks/gradient.py --quick    # 18 and 180 patients, without PyMC; writes nothing

Side by side on SIMULATED trials of 18, 180 and 1,800 patients, each size in a process of its own:

``hand_likelihood``, ``hand``  `hand_fused.fused` without and with ln AUC0-28
``kinetics``   `Target.density` of the default model without response and toxicity, against ``hand_likelihood``. A model
               has priors, so this is the likelihood *with* the random effects and their priors
``joint``      `Target.density` of the default model, the whole posterior, against ``hand``
``pymc``       the same posterior as PyMC's graph compiled by numba, called from Python as a PyMC sampler calls it

Calls go through compiled loops, as nutpie makes them, over points drawn around the trial; all kernels see the same
patients. ``us`` is the best round, ``ratio`` the median over rounds of the ratio within a round, since rounds of a busy
machine differ more than kernels. ``slope`` is that of ln seconds on ln samples over all sizes: 1 is linear, and less
means that small trials leave vectors half empty. Memory: ``peak_mib`` of the process before PyMC is imported,
``grown_mib`` what 10,000 more calls of the joint density added.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from hand_fused import PARAMETERS, empty_slopes, fused, grid_of
from measured import in_fresh_process, parser_of, peak_mib, scaled_trial, show, where, write_record

import cartmodel as cm
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws

POINTS = 16
AGAINST = {"kinetics": "hand_likelihood"}
SIGNATURE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)


@dataclass(frozen=True)
class Timed:
    """Something to time: ``calls(n)`` makes n calls."""

    name: str
    calls: Callable[[int], Any]


def compiled(name: str, target: cm.Target, points: np.ndarray) -> Timed:
    """Return the compiled density, called by its address from a compiled loop."""
    density = target.density
    if not all(np.isfinite(density(x)[0]) for x in points):
        raise ValueError("a point without density would be timed, which takes other paths than those of a sampler")
    function, size = SIGNATURE(density.address), density.size
    arrays = (points, np.empty(size), np.empty(1), density.columns)

    @nb.njit
    def calls(count, points, gradient, value, columns):
        failed = 0
        for k in range(count):
            failed += function(size, points[k % POINTS].ctypes, gradient.ctypes, value.ctypes, columns.ctypes)
        return failed

    return Timed(name, lambda count: calls(count, *arrays))


def individuals(target: cm.Target, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hand-fused kernel's parameters at points of a density: (point, 6, subject), and sigma (point,)."""
    draws = target.density.values(points[None])
    values = individual_parameters(target.spec, Draws(draws, target.data))
    linked = (target.spec.curve.parameters[name].link(xp, values[name]) for name in PARAMETERS)
    theta = np.stack([value.transpose("chain", "draw", "subject").values[0] for value in linked], axis=1)
    return theta, draws["sigma_qpcr"].values[0]


def by_hand(name: str, target: cm.Target, points: np.ndarray, *, with_area: bool) -> Timed:
    """Return the hand-fused kernel at the individual parameters of the same points."""
    theta, sigma = individuals(target, points)
    grid, out = grid_of(target.data), empty_slopes(target.data.sizes["subject"])

    @nb.njit
    def calls(count, theta, sigma, grid, out):
        total = 0.0
        for k in range(count):
            total += fused(theta[k % POINTS], sigma[k % POINTS], grid, out, with_area)[0]
        return total

    return Timed(name, lambda count: calls(count, theta, sigma, grid, out))


def by_pymc(target: cm.Target) -> Timed:
    """Return PyMC's function of raveled inputs; its compilation takes seconds."""
    function = target.model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA")
    start = np.concatenate([np.ravel(value) for value in target.model.initial_point(0).values()])
    points = start + 0.1 * np.random.default_rng(1).standard_normal((POINTS, len(start)))

    def calls(count: int) -> None:
        for k in range(count):
            function([points[k % POINTS]])

    return Timed("pymc", calls)


def rounds(kernels: list[Timed], count: int, seconds: float) -> dict[str, np.ndarray]:
    """Return seconds a call of each kernel in each round; in a round they take turns."""
    often: dict[str, int] = {}
    for kernel in kernels:
        kernel.calls(1)  # compiles
        started = time.perf_counter()
        kernel.calls(5)
        often[kernel.name] = max(5, int(5 * seconds / (time.perf_counter() - started)))
    found: dict[str, list[float]] = {kernel.name: [] for kernel in kernels}
    for _ in range(count):
        for kernel in kernels:
            started = time.perf_counter()
            kernel.calls(often[kernel.name])
            found[kernel.name].append((time.perf_counter() - started) / often[kernel.name])
    return {name: np.array(values) for name, values in found.items()}


def measure(patients: int, *, quick: bool) -> list[dict[str, Any]]:
    """Return a row for each kernel at one size."""
    spec, trial = cm.load_model("cd7-ssc"), scaled_trial(patients)
    target, alone = cm.Target(trial, spec), cm.Target(trial, spec.replace(response=None, toxicity=None))
    joint, kinetics = (np.stack([t.density.start(seed) for seed in range(POINTS)]) for t in (target, alone))
    kernels = [
        by_hand("hand_likelihood", target, joint, with_area=False),
        by_hand("hand", target, joint, with_area=True),
        compiled("kinetics", alone, kinetics),
        compiled("joint", target, joint),
    ]
    found = rounds(kernels, 5 if quick else 25, 0.02 if quick else 0.1)
    before = peak_mib()
    kernels[-1].calls(1_000 if quick else 10_000)
    memory = {"peak_mib": before, "grown_mib": peak_mib() - before}
    if not quick:
        # PyMC's rounds come after: its threads and allocations must not stand in those of the others
        found |= rounds([by_pymc(target)], 5, 0.1)
    samples = int(target.data["seen_level_qpcr"].sum())
    rows = []
    for name, seconds in found.items():
        base = found[AGAINST.get(name, "hand")]
        ratio = np.median(seconds / base) if len(seconds) == len(base) else np.median(seconds) / np.median(base)
        row = {"patients": patients, "samples": samples, "kernel": name, "us": 1e6 * seconds.min()}
        row |= {"ns_a_sample": 1e9 * seconds.min() / samples, "against": AGAINST.get(name, "hand"), "ratio": ratio}
        rows.append(row | (memory if name == "joint" else {}))
    return rows


def with_slopes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add how the seconds of each kernel grow with the number of samples."""
    slopes = {}
    for name in {row["kernel"] for row in rows}:
        own = [row for row in rows if row["kernel"] == name]
        logs = [(np.log(row["samples"]), np.log(row["us"])) for row in own]
        slopes[name] = np.polyfit(*np.transpose(logs), 1)[0] if len(own) > 1 else np.nan
    return [row | {"slope": slopes[row["kernel"]]} for row in rows]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--patients", type=int, nargs="+", help="sizes; default 18 180 1800")
    settings = parser.parse_args()
    measured = where()
    sizes = settings.patients or ([18, 180] if settings.quick else [18, 180, 1800])
    rows = with_slopes([row for size in sizes for row in in_fresh_process(measure, size, quick=settings.quick)])
    print("SIMULATED trials; log density with gradient, per call")
    show(rows)
    write_record("gradient", rows, measured, settings)


if __name__ == "__main__":
    main()
