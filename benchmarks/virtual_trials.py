"""Virtual trials a minute: counts designs, full kinetic trials, designs of dates; one process and two Dask workers.

    python benchmarks/virtual_trials.py            # about 4 minutes; writes benchmarks/records/virtual_trials.csv
    python benchmarks/virtual_trials.py --quick    # a tenth of the trials; writes nothing

Each row simulates a truth through one design, from nothing: patients, DLTs, calendar, decisions. ``samples``: with
every patient's exposures, outcomes and samples. ``per_minute`` are trials; the targets are 100,000 of counts designs
and 10,000 with samples, on two cores; nothing is asked of designs of dates or of efficacy. A first, small study
imports and warms; the start of the cluster of two workers is in ``seconds``. ``per_cpu_minute`` are trials a minute
of one processor's own time (one process only): what a machine does that has nothing else to do. On a busy one,
``load_before`` says so and ``per_minute`` is less.
"""

import time
from typing import Any

from measured import parser_of, peak_mib, show, where, write_record

import cartmodel as cm

COUNTS, SAMPLES = 100_000.0, 10_000.0  # trials a minute that are asked for
ROWS: tuple[tuple[str, str, bool, int, int], ...] = (
    ("dose-only", "nct06871644", False, 40_000, 1),
    ("dose-only", "boin", False, 40_000, 1),
    ("exposure-only", "nct06871644", False, 20_000, 1),
    ("exposure-only", "boin", False, 20_000, 1),
    ("exposure-only", "boin", False, 100_000, 2),
    ("exposure-only", "boin", True, 6_000, 1),
    ("exposure-only", "boin", True, 20_000, 2),
    ("late-onset", "tite-boin", False, 500, 1),
    ("late-onset", "tite-crm: skeleton = [0.0840, 0.1567, 0.2500]; target = 0.25", False, 500, 1),
    ("hump", "boin12: max_patients = 18", False, 2_000, 1),
)


def measure(truth: str, design: str, records: bool, trials: int, workers: int) -> dict[str, Any]:
    scenario = cm.load_virtual_scenario(truth)
    started, busy = time.perf_counter(), time.process_time()
    cm.simulate_trials(scenario, [design], trials=trials, records=records, workers=workers, progressbar=False)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    asked = design in ("boin", "nct06871644")
    target = (SAMPLES if records else COUNTS) if asked else float("nan")
    per_minute = 60 * trials / seconds
    return {
        "truth": truth,
        "design": design,
        "samples": records,
        "workers": workers,
        "trials": trials,
        "seconds": seconds,
        "per_minute": per_minute,
        "per_cpu_minute": 60 * trials / busy if workers == 1 else float("nan"),
        "ratio_to_target": per_minute / target,
        "peak_mib": peak_mib(),
    }


def main() -> None:
    settings = parser_of(__doc__).parse_args()
    measured = where()
    measure("exposure-only", "boin", True, 50, 1)
    rows = [
        measure(truth, design, records, trials // 10 if settings.quick else trials, workers)
        for truth, design, records, trials, workers in ROWS
    ]
    print("SIMULATED virtual trials")
    show(rows)
    write_record("virtual_trials", rows, measured, settings)


if __name__ == "__main__":
    main()
