"""Exposures and remission of 1,000 new patients at four doses from 4,000 draws: seconds and peak memory.

    python benchmarks/prediction.py            # 2 minutes; writes benchmarks/records/prediction.csv
    python benchmarks/prediction.py --quick    # 50 new patients; writes nothing
    python benchmarks/prediction.py --profile  # also prints where the time goes

The default model is fitted once to the bundled SIMULATED trial; `cartmodel.predict` then runs on the fit's file in a
process of its own, so that the memory is that of prediction alone. All that `predict` returns is computed: Cmax, Tmax,
AUC0-28, AUC0-90, P(remission), P(DLT). Two rows: ``kernel`` is what `predict` does; ``numpy`` has the same equations
evaluated by NumPy instead of machine code. Limits: 5 and 60 seconds, 2 GiB. ``first_s`` are the seconds of a first,
tiny prediction, which imports and compiles; they count for the limit. ``answer_mib`` is the size of what is returned,
``before_mib`` that of the process before, ``ns_each`` the seconds over doses x patients x draws, and ``difference`` the
largest relative difference of a mean exposure from that of the kernel.
"""

import cProfile
import pstats
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from measured import in_fresh_process, parser_of, peak_mib, show, where, write_record

import cartmodel as cm
from cartmodel.equations.exposure import exposures
from cartmodel.kinetics import vocabulary

DOSES = [2.5e7, 5e7, 1e8, 2e8]
SECONDS, MIB = {"kernel": 5.0, "numpy": 60.0}, 2048.0
BLOCK = 16_384  # curves at a time for NumPy: the arrays stay in the processor's cache


class NumpyExposures:
    """What `cartmodel.kernel.exposures.CompiledExposures` computes, without machine code."""

    def __init__(self, structure: str, windows: tuple[tuple[float, float], ...]) -> None:
        self.curve, self.windows = cm.structures[structure], windows

    def __call__(self, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return peak and areas of each curve."""
        count = len(next(iter(parameters.values())))
        blocks = [slice(start, start + BLOCK) for start in range(0, count, BLOCK)]
        found = [
            exposures(vocabulary, self.curve, {k: v[block] for k, v in parameters.items()}, self.windows)
            for block in blocks
        ]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def predict_once(path: Path, patients: int, way: str, *, profile: bool) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the row of one way and its mean exposures; a first prediction for one patient imports and compiles."""
    if way == "numpy":
        patch("cartmodel.prediction.predictions.CompiledExposures", NumpyExposures).start()
    fit = cm.read_fit(path)
    started = time.perf_counter()
    cm.predict(fit.isel(draw=slice(0, 2)), dose=DOSES, n=1)
    first, before = time.perf_counter() - started, peak_mib()
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    started = time.perf_counter()
    answer = cm.predict(fit, dose=DOSES, n=patients)
    seconds = time.perf_counter() - started
    profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats("cartmodel", 20)
    count = len(DOSES) * patients * answer.sizes["chain"] * answer.sizes["draw"]
    means = {name: float(answer[name].mean()) for name in ("peak_level", "peak_time", "auc_0_28", "auc_0_90")}
    row = {
        "way": way,
        "doses": len(DOSES),
        "patients": patients,
        "draws": answer.sizes["chain"] * answer.sizes["draw"],
        "first_s": first,
        "seconds": seconds,
        "ns_each": 1e9 * seconds / count,
        "before_mib": before,
        "peak_mib": peak_mib(),
        "answer_mib": answer.nbytes / 2**20,
    }
    return row, means


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--patients", type=int, help="new patients for each draw; default 1000")
    parser.add_argument("--fit", type=Path, help="a fit.nc of 4,000 draws; default: the example is fitted first")
    parser.add_argument("--profile", action="store_true", help="print where the time goes; it slows the run down")
    settings = parser.parse_args()
    measured = where()
    patients = settings.patients or (50 if settings.quick else 1000)
    with tempfile.TemporaryDirectory() as folder:
        path = settings.fit or Path(folder) / "fit.nc"
        if settings.fit is None:
            trial = cm.read_trial(cm.example_path("cd7_ssc"))
            cm.write_fit(cm.fit(trial, "cd7-ssc", draws=1000, progressbar=False), path)
        found = [in_fresh_process(predict_once, path, patients, way, profile=settings.profile) for way in SECONDS]
    rows, by_kernel = [row for row, _ in found], found[0][1]
    for row, means in found:
        row["difference"] = max(abs(means[name] / value - 1) for name, value in by_kernel.items())
        row["within"] = row["first_s"] + row["seconds"] <= SECONDS[row["way"]] and row["peak_mib"] <= MIB
    print("new patients of a fit to a SIMULATED trial")
    show(rows)
    write_record("prediction", rows, measured, settings)


if __name__ == "__main__":
    main()
