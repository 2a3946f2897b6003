"""Exposures and remission of 1,000 new patients at four doses from 4,000 draws: seconds and peak memory.

    python benchmarks/prediction.py            # 5 minutes; writes benchmarks/records/prediction.csv
    python benchmarks/prediction.py --quick    # 50 new patients; writes nothing
    python benchmarks/prediction.py --profile  # also prints where the time goes

The default model is fitted once to the bundled SIMULATED trial; `cartmodel.predict` then runs on the fit's file in a
process of its own, so that the memory is that of prediction alone. All that `predict` returns is computed: Cmax, Tmax,
AUC0-28, AUC0-90, P(remission), P(DLT). Limits: 60 seconds and 2 GiB. ``first_s`` are the seconds of a first, tiny
prediction, which imports and compiles; they count for the limit. ``answer_mib`` is the size of what is returned,
``before_mib`` that of the process before, and ``ns_each`` the seconds over doses x patients x draws.
"""

import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import Any

from measured import in_fresh_process, parser_of, peak_mib, show, where, write_record

import cartmodel as cm

DOSES = [2.5e7, 5e7, 1e8, 2e8]
SECONDS, MIB = 60.0, 2048.0


def predict_once(path: Path, patients: int, *, profile: bool) -> dict[str, Any]:
    """Read a fit and predict; a first prediction for one patient imports and compiles what is needed."""
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
    return {
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
        row = in_fresh_process(predict_once, path, patients, profile=settings.profile)
    row["within"] = row["first_s"] + row["seconds"] <= SECONDS and row["peak_mib"] <= MIB
    print("new patients of a fit to a SIMULATED trial")
    show([row])
    write_record("prediction", [row], measured, settings)


if __name__ == "__main__":
    main()
