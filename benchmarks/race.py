"""Race samplers on the posteriors of `benchmarks/posteriors`.

    python benchmarks/race.py --out race                      # all of both, three seeds: hours
    python benchmarks/race.py --only default-18 --sampler nutpie --sampler pymc --seeds 1

Results are written after each sampler; rows that `race.csv` of that folder holds already are kept and not run again, so
that a race can be broken off and gone on with, or extended; what failed is run again. `docs/samplers.md` explains the
columns. Stan runs where CARTMODEL_STAN_PYTHON names an interpreter with pystan.
"""

import argparse
from pathlib import Path

import pandas as pd

from cartmodel.inference.samplers import Sampling, samplers
from cartmodel.racing.posteriors import list_posteriors, read_posterior
from cartmodel.racing.race import COLUMNS, other_settings, race
from cartmodel.racing.results import write_race
from cartmodel.racing.samplers import RACERS
from cartmodel.registry import nearest

FOLDER = Path(__file__).parent / "posteriors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(list_posteriors(FOLDER)))
    parser.add_argument("--sampler", action="append", help="may be repeated; default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--tune", type=int, default=1000)
    parser.add_argument("--target-accept", type=float, default=0.9)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=900.0, help="seconds for one run")
    parser.add_argument("--out", type=Path, default=Path("race"))
    given = parser.parse_args()
    for kind, names, known in (
        ("posterior", given.only, list_posteriors(FOLDER)),
        ("sampler", given.sampler or [], samplers),
    ):
        for name in names:
            if name not in known:
                parser.error(f"unknown {kind} '{name}': {nearest(name, known)}")
    sampling = Sampling(given.draws, given.tune, 4, given.cores, given.target_accept, progressbar=False)
    stored, written = given.out / "race.csv", []
    rows = pd.read_csv(stored) if stored.exists() else pd.DataFrame(columns=list(COLUMNS))
    if other := other_settings(rows, sampling):
        parser.error(f"{stored} holds rows of {other}; accepted: the same settings and processor, or another --out")
    rows = rows[rows["status"] != "failed"]
    known = set(zip(rows["posterior"], rows["sampler"], rows["seed"], strict=True))
    for posterior in given.only:
        for sampler in given.sampler or RACERS:
            seeds = [seed for seed in given.seeds if (posterior, sampler, seed) not in known]
            if not seeds:
                continue
            new = race(
                [read_posterior(FOLDER, posterior)],
                [sampler],
                seeds=seeds,
                sampling=sampling,
                time_limit=given.time_limit,
                say=lambda text: print(text, flush=True),
            )
            rows = pd.concat([frame for frame in (rows, new) if len(frame)], ignore_index=True)
            written = write_race(rows, given.out)
    for path in written:
        print(path)


if __name__ == "__main__":
    main()
