"""Wall-clock seconds from nothing to a posterior that passes its gates: whole processes, cold and warm, and refits.

    python benchmarks/cold_start.py --stan-python stan-env/bin/python    # 8 minutes; writes records/cold_start.csv
    python benchmarks/cold_start.py --quick                              # one cold and one warm process; writes nothing

``cold``     a process that reads the bundled SIMULATED trial, fits the default model and checks its verdict, with the
             caches of numba, PyTensor, Matplotlib and XDG in an empty directory; ``--fresh-pycache`` adds Python's own
             bytecode. What stays warm is the operating system's cache of files, which only root can empty
``warm``     the same once more with the caches that the cold one left
``refit_seed``, ``refit_trial``    in a process that has made its first fit: another seed, another trial
``stan``     ``benchmarks/stan/run.py`` with an empty cache, its process from start to end: build and 4 x (1000 + 1000)
``stan_warm``    the same with the build kept

``ratio`` is to ``stan``. Times are medians over the repeats (`--repeats`, default 3; Stan's build once).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from measured import parser_of, show, where, write_record

import cartmodel as cm

STAN = Path(__file__).parent / "stan"

FIT = """
import cartmodel as cm
fit = cm.fit(cm.read_trial(cm.example_path("cd7_ssc")), "cd7-ssc", progressbar=False)
verdict = cm.diagnose(fit)
assert verdict.trusted, verdict.verdict
"""

REFITS = """
import json, time
import cartmodel as cm
cm.fit(cm.read_trial(cm.example_path("cd7_ssc")), "cd7-ssc", progressbar=False)
found = {}
for name, options, path in (
    ("refit_seed", {"random_seed": 2}, cm.example_path("cd7_ssc")),
    ("refit_trial", {}, cm.example_path("cd7_ssc", seed=2)),
):
    started = time.perf_counter()
    fit = cm.fit(cm.read_trial(path), "cd7-ssc", progressbar=False, **options)
    trusted = cm.diagnose(fit).trusted
    seconds, rungs = time.perf_counter() - started, len(json.loads(fit.attrs["ladder"]))
    found[name] = {"seconds": seconds, "trusted": trusted, "rungs": rungs}
print(json.dumps(found))
"""


def caches_in(folder: Path, *, fresh_pycache: bool) -> dict[str, str]:
    """Return an environment in which everything that is cached between processes is cached in a folder."""
    own = {
        "NUMBA_CACHE_DIR": folder / "numba",
        "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        "MPLCONFIGDIR": folder / "matplotlib",
        "XDG_CACHE_HOME": folder / "xdg",
    } | ({"PYTHONPYCACHEPREFIX": folder / "pycache"} if fresh_pycache else {})
    return os.environ | {name: str(value) for name, value in own.items()}


def seconds_of(command: list[Any], environment: dict[str, str] | None = None, *, warnings: bool = True) -> float:
    started = time.perf_counter()
    stderr = None if warnings else subprocess.DEVNULL
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=stderr)
    return time.perf_counter() - started


def ours(settings: argparse.Namespace, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of cold and warm processes, pair by pair."""
    found: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            environment = caches_in(Path(folder), fresh_pycache=settings.fresh_pycache)
            for name in found:
                found[name].append(seconds_of([sys.executable, "-c", FIT], environment))
    return found


def refits(repeats: int) -> dict[str, list[float]]:
    """Return the seconds of fits in a process that has made one before."""
    found: dict[str, list[float]] = {"refit_seed": [], "refit_trial": []}
    for _ in range(repeats):
        output = subprocess.run([sys.executable, "-c", REFITS], check=True, capture_output=True, text=True).stdout
        for name, run in json.loads(output.splitlines()[-1]).items():
            found[name].append(run["seconds"])
            print(f"{name}: {run}", flush=True)
    return found


def stan(python: Path) -> dict[str, list[float]]:
    """Return the seconds of Stan's process with and without its build."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, out = folder / "data.json", folder / "out.json"
        subprocess.run([sys.executable, STAN / "data.py", cm.example_path("cd7_ssc"), data], check=True)
        command = [python, STAN / "run.py", data, out, "--adapt-delta", "0.85", "--cache-dir", folder / "cache"]
        found = {}
        for kind in ("stan", "stan_warm"):
            found[kind] = [seconds_of(command, warnings=False)]  # Stan has many while it warms up
            result = json.loads(out.read_text(encoding="utf-8"))
            print(f"{kind}: build {result['build']}, sampling {result['sampling']['seconds']:.1f} s", flush=True)
    return found


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--fresh-pycache", action="store_true", help="an empty cache of Python's bytecode, too")
    parser.add_argument("--stan-python", type=Path, help="a Python with pystan; without it no Stan")
    settings = parser.parse_args()
    measured = where()
    found = ours(settings, 1 if settings.quick else settings.repeats)
    if not settings.quick:
        found |= refits(settings.repeats)
    if settings.stan_python:
        found |= stan(settings.stan_python)
    whole = median(found["stan"]) if "stan" in found else float("nan")
    rows = [
        {"what": name, "seconds": median(values), "best": min(values), "worst": max(values), "repeats": len(values)}
        | {"ratio": median(values) / whole, "fresh_pycache": settings.fresh_pycache}
        for name, values in found.items()
    ]
    print("the bundled SIMULATED trial; seconds of wall clock")
    show(rows)
    write_record("cold_start", rows, measured, settings)


if __name__ == "__main__":
    main()
