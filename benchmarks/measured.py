"""What the speed benchmarks share: larger SIMULATED trials, fresh processes, and records that say where they were made.

Nothing to run here. Seconds compare only within one run on one machine, so each script times all that it compares in
that run, and its record holds ratios beside the seconds.
"""

import argparse
import csv
import os
import platform
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

import cartmodel as cm

RECORDS = Path(__file__).parent / "records"
PACKAGES = ("cartmodel", "numpy", "xarray", "arviz-stats", "llvmlite", "numba", "nutpie", "pymc", "pytensor")


def scaled_scenario(patients: int, **changes: Any) -> cm.Scenario:
    """Return the scenario of the bundled trial with more patients, spread evenly over its dose groups."""
    scenario = cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")
    count = len(scenario.groups)
    groups = tuple(
        group.model_copy(update={"patients": patients // count + (place < patients % count)})
        for place, group in enumerate(scenario.groups)
    )
    return scenario.model_copy(update={"groups": groups} | changes)


def scaled_trial(patients: int, seed: int = 1) -> cm.TrialData:
    """Return a SIMULATED trial of so many patients; with 18 and seed 1 it is the bundled one."""
    return cm.read_trial(cm.simulate_trial(scaled_scenario(patients), seed=seed).table)


def in_fresh_process[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the function's answer from a new process, whose peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *args, **kwargs).result()


def peak_mib() -> float:
    """Return the highest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def where() -> dict[str, Any]:
    """Return the columns that say where and with what a number was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "threads": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that all of these scripts have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short version; writes no record unless --out is given")
    parser.add_argument("--out", type=Path, help="the record; default: benchmarks/records/<name>.csv")
    return parser


def show(rows: list[dict[str, Any]]) -> None:
    """Print a small table."""
    print(pd.DataFrame(rows).to_string(index=False, float_format=lambda value: f"{value:.4g}"), flush=True)


def write_record(name: str, rows: list[dict[str, Any]], measured: dict[str, Any], settings: argparse.Namespace) -> None:
    """Write the record of a run; a quick one is no record, and goes only where it is told to."""
    path = settings.out or (None if settings.quick else RECORDS / f"{name}.csv")
    if path is not None:
        table = pd.DataFrame([row | measured for row in rows])
        table.to_csv(path, index=False, float_format="%.6g", quoting=csv.QUOTE_MINIMAL)
        print(f"wrote {path}")


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
