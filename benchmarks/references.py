"""Make the frozen trials and the reference answers of `benchmarks/posteriors`.

    python benchmarks/references.py --trials                      # the tables from their scenarios, seed 1
    python benchmarks/references.py --only one-cohort             # long runs; the default is all of them
    python benchmarks/references.py --only default-18 --second stan --draws 2000

Without `--second` a reference is made by nutpie on the compiled density. With it, the stored reference is held against
another sampler, and the comparison is added to `reference.json`.
"""

import argparse
import time
from pathlib import Path

import cartmodel as cm
import cartmodel.racing.samplers
from cartmodel.inference.samplers import Sampling
from cartmodel.racing.posteriors import list_posteriors, read_posterior
from cartmodel.racing.reference import make_reference, read_reference, second_check, write_reference

FOLDER = Path(__file__).parent / "posteriors"


def make_trials() -> None:
    for path in sorted(FOLDER.glob("*/scenario.toml")):
        table = cm.simulate_trial(cm.load_scenario(path), seed=1).table
        table.to_csv(path.with_name("trial.csv"), index=False, lineterminator="\n")
        print(path.parent.name, len(table), "samples,", f"{table['blq'].mean():.0%} BLQ", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", action="store_true", help="make the tables and stop")
    parser.add_argument("--only", nargs="+", default=list(list_posteriors(FOLDER)))
    parser.add_argument("--second", help="a sampler to hold the stored reference against")
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--tune", type=int, default=2000)
    parser.add_argument("--target-accept", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=1)
    settings = parser.parse_args()
    if settings.trials:
        make_trials()
        return
    for name in settings.only:
        started = time.perf_counter()
        posterior, folder = read_posterior(FOLDER, name), FOLDER / name
        run = {"draws": settings.draws, "tune": settings.tune, "cores": settings.cores}
        run |= {"target_accept": settings.target_accept, "random_seed": settings.seed}
        if settings.second:
            sampling = Sampling(**run, progressbar=False)
            reference = second_check(posterior, read_reference(folder), settings.second, sampling)
            told = str(reference.record["second_checks"][settings.second])
        else:
            reference = make_reference(posterior, **run)
            told = str({key: item["found"] for key, item in reference.record["criteria"].items()})
        write_reference(reference, folder)
        verdict = "passed" if reference.passed else "NOT PASSED"
        print(f"{name}: {verdict}, {time.perf_counter() - started:.0f} s; {told}", flush=True)


if __name__ == "__main__":
    main()
