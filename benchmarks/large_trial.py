"""A SIMULATED trial of 1,000 patients and 14,000 samples: seconds to its posterior on two cores, and the truth in it.

    python benchmarks/large_trial.py            # 5 minutes; writes benchmarks/records/large_trial.csv
    python benchmarks/large_trial.py --quick    # 60 patients, 300 + 300 draws; writes nothing

The bundled trial's scenario (`cd7-ssc`) with 1,000 patients over its three dose groups and no sample missed, through
`cartmodel.fit` in a process of its own. Recorded: seconds of the fit and of its parts (compilation, sampling, and the
rest, which is mostly the predictive draws of all samples), peak memory, the verdict of the gates, the share of patients
whose true AUC0-28 lies in their nominal 95% interval, and which true population values lie outside theirs: of 22 about
one does.
"""

import json
import time
from typing import Any

import numpy as np
import xarray as xr
from measured import in_fresh_process, parser_of, peak_mib, scaled_scenario, show, where, write_record

import cartmodel as cm

BLOCK = 100  # draws at a time: a thousand patients' exposures of all draws at once would be the peak of the memory


def fit_one(patients: int, seed: int, draws: int | None) -> dict[str, Any]:
    """Simulate, fit, and hold the fit to the truth."""
    scenario = scaled_scenario(patients, missed=0.0)
    simulated = cm.simulate_trial(scenario, seed=seed)
    trial = cm.read_trial(simulated.table)
    started = time.perf_counter()
    fit = cm.fit(trial, "cd7-ssc", draws=draws, cores=2, random_seed=seed, progressbar=False, say=print)
    seconds = time.perf_counter() - started
    parts = json.loads(fit.attrs["seconds"])
    peak = peak_mib()
    verdict = cm.diagnose(fit)
    table = cm.parameter_table(fit).set_index("parameter")
    outside = [name for name in scenario.truth if not inside(fit["posterior"][name], scenario.truth[name])]
    truth = simulated.truth.set_index("subject")["auc_0_28"]
    covered = coverage(fit, truth.loc[fit["posterior"]["subject"].values].to_numpy())
    return {
        "patients": patients,
        "samples": len(trial.observations),
        "fit_s": seconds,
        "compile_s": parts["compile"],
        "sample_s": parts["sample"],
        "rest_s": seconds - parts["compile"] - parts["sample"],
        "peak_mib": peak,
        "rungs": len(json.loads(fit.attrs["ladder"])),
        "trusted": verdict.trusted,
        "verdict": verdict.verdict,
        "ess_min": table["ess_bulk"].min(),
        "auc_covered": covered,
        "true_values": len(scenario.truth),
        "outside": " ".join(outside),
    }


def inside(draws: xr.DataArray, true: float) -> bool:
    low, high = np.quantile(draws.values, [0.025, 0.975])
    return bool(low <= true <= high)


def coverage(fit: xr.DataTree, true: np.ndarray) -> float:
    """Return the share of patients whose true AUC0-28 lies in their 95% interval."""
    draws = fit["posterior"].sizes["draw"]
    blocks = [fit.isel(draw=slice(start, start + BLOCK)) for start in range(0, draws, BLOCK)]
    areas = xr.concat([cm.exposure(block)["auc_0_28"] for block in blocks], dim="draw")
    low, high = np.quantile(areas.transpose("chain", "draw", "subject").values, [0.025, 0.975], axis=(0, 1))
    return float(((low <= true) & (true <= high)).mean())


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--patients", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    settings = parser.parse_args()
    measured = where()
    patients = settings.patients or (60 if settings.quick else 1000)
    draws = 300 if settings.quick else None
    rows = [in_fresh_process(fit_one, patients, seed, draws) | {"trial_seed": seed} for seed in settings.seeds]
    print("SIMULATED trials")
    show([{key: value for key, value in row.items() if key != "verdict"} for row in rows])
    for row in rows:
        print(row["verdict"])
    write_record("large_trial", rows, measured, settings)


if __name__ == "__main__":
    main()
