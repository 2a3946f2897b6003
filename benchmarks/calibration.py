"""Fit the default model to the eleven bundled simulated trials and hold the fits to the truth.

Records, for seeds 1 to 11 (fixed beforehand, none reseeded): the rungs of the ladder climbed, the worst R-hat and ESS,
the verdict, seconds, and the share of patients whose true AUC0-28 lies in their nominal 95% interval.

    python benchmarks/calibration.py            # about 10 minutes on two cores; writes records/calibration.csv
"""

import argparse
import json
import time
from pathlib import Path

import pandas as pd

import cartmodel as cm

RECORD = Path(__file__).parent / "records" / "calibration.csv"


def one(seed: int) -> dict[str, object]:
    path = cm.example_path("cd7_ssc", seed=seed)
    truth = pd.read_csv(path.with_name(path.name.replace("trial", "truth")), dtype={"subject": str}).set_index(
        "subject"
    )
    started = time.perf_counter()
    fit = cm.fit(cm.read_trial(path), "cd7-ssc", random_seed=seed, progressbar=False, say=print)
    seconds = time.perf_counter() - started
    interval = cm.exposure(fit)["auc_0_28"].quantile([0.025, 0.975], dim=("chain", "draw"))
    true = truth.loc[interval["subject"].values, "auc_0_28"].to_numpy()
    low, high = interval.transpose("quantile", "subject").values
    covered = (low <= true) & (true <= high)
    table = cm.parameter_table(fit)
    diagnosis = cm.diagnose(fit)
    return {
        "seed": seed,
        "trusted": diagnosis.trusted,
        "rungs": len(json.loads(fit.attrs["ladder"])),
        "rhat": table["rhat"].max().round(4),
        "ess_bulk": round(table["ess_bulk"].min()),
        "ess_tail": round(table["ess_tail"].min()),
        "verdict": diagnosis.verdict,
        "patients": len(covered),
        "covered": int(covered.sum()),
        "seconds": round(seconds, 1),
        "versions": fit.attrs["versions"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 12)))
    parser.add_argument("--out", type=Path, default=RECORD)
    settings = parser.parse_args()
    rows = []
    for seed in settings.seeds:
        rows.append(one(seed))
        print({key: value for key, value in rows[-1].items() if key != "versions"}, flush=True)
        pd.DataFrame(rows).to_csv(settings.out, index=False)
    record = pd.DataFrame(rows)
    covered, patients = record["covered"].sum(), record["patients"].sum()
    share = f"{covered} of {patients} ({covered / patients:.1%}) true AUC0-28 covered"
    print(f"{record['trusted'].sum()} of {len(record)} fits pass their gates; {share}")


if __name__ == "__main__":
    main()
