"""Non-compartmental analysis: seconds for many profiles, ours against pkpdutils, side by side.

    python benchmarks/nca.py            # 2 minutes; writes benchmarks/records/nca.csv
    python benchmarks/nca.py --quick    # 10,000 profiles, ours alone; writes nothing

SIMULATED profiles on the nominal schedule with jittered days: 1,000, 10,000 and 100,000 of them. ``table`` are the
seconds of `nca` of a whole trial, reasons and all; ``arrays`` those of the parameters alone (`nca_parameters`);
``pkpdutils`` those of the same parameters and partial areas by pkpdutils, its batch already made. The best of three
rounds; ``ratio`` is pkpdutils / arrays in one run.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from measured import parser_of, show, where, write_record

import cartmodel as cm
from cartmodel.noncompartmental import Profiles, nca_parameters

NOMINAL = np.array([1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360.0])
LLOQ = 50.0
ROUNDS = 3


def profiles_of(n: int) -> Profiles:
    """Return n simulated patients of about the default model."""
    rng = np.random.default_rng(1)
    days = np.sort(NOMINAL * np.exp(0.03 * rng.standard_normal((n, 12))), axis=1)
    tmax = 11 * np.exp(0.25 * rng.standard_normal((n, 1)))
    cmax, c0 = (centre * np.exp(rng.standard_normal((n, 1))) for centre in (4e4, 8.0))
    late = cmax * (0.99 * np.exp(-0.17 * (days - tmax)) + 0.01 * np.exp(-0.0116 * (days - tmax)))
    rise = c0 * (cmax / c0) ** np.minimum(days / tmax, 1.0)
    level = np.where(days < tmax, rise, late) * np.exp(0.5 * rng.standard_normal((n, 12)))
    return Profiles(days, np.where(level < LLOQ, np.nan, level), LLOQ)


def trial_of(profiles: Profiles) -> "cm.TrialData":
    """Return the same profiles as a trial."""
    one = cm.read_trial(cm.example_path("cd7_ssc"))
    n = len(profiles.time)
    names = [f"S{i:06d}" for i in range(n)]
    first = one.subjects.iloc[:1]
    subjects = pd.concat([first] * n).set_axis(pd.Index(names, name="subject"))
    level = profiles.level.ravel()
    blank = one.observations.iloc[np.zeros(level.size, int)].reset_index(drop=True)
    observations = blank.assign(
        subject=np.repeat(names, 12), time=profiles.time.ravel(), level=level, blq=np.isnan(level), lloq=LLOQ
    )
    return replace(one, subjects=subjects, observations=observations)


def pkpdutils_of(profiles: Profiles) -> Callable[[], Any]:
    """Return the analysis by pkpdutils of the same profiles."""
    from pkpdutils import Dose, NCAOptions, Route, Timecourse, Timecourses
    from pkpdutils.nca import nca
    from pkpdutils.nca.options import BLQRules

    dose = Dose(amount=100, unit="mg", route=Route.ORAL)
    curves = [
        Timecourse(time=t, value=c, time_unit="day", unit="ng/ml", dose=dose)
        for t, c in zip(profiles.time, np.nan_to_num(profiles.level), strict=True)
    ]
    batch = Timecourses.from_timecourses(curves)
    options = NCAOptions(
        auc_method="linear_log", lloq=LLOQ, blq=BLQRules(first="zero", middle="drop", last="zero"),
        partial_aucs={"auc_0_28": (0.0, 28.0), "auc_0_90": (0.0, 90.0)}, n_workers=1,
    )  # fmt: skip
    return lambda: nca(batch, options=options)


def seconds(call: Callable[[], Any]) -> float:
    """Return the best of some rounds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        rounds.append(time.perf_counter() - start)
    return min(rounds)


def main() -> None:
    settings = parser_of(__doc__).parse_args()
    quick, measured = settings.quick, where()
    rows: list[dict[str, Any]] = []
    for n in (10_000,) if quick else (1_000, 10_000, 100_000):
        profiles = profiles_of(n)
        row: dict[str, Any] = {"profiles": n, "samples": n * 12}
        row["arrays"] = seconds(lambda profiles=profiles: nca_parameters(profiles))
        trial = trial_of(profiles)
        row["table"] = seconds(lambda trial=trial: cm.nca(trial))
        if not quick and n <= 10_000:
            row["pkpdutils"] = seconds(pkpdutils_of(profiles))
            row["ratio"] = row["pkpdutils"] / row["arrays"]
        rows.append(row)
    show(rows)
    write_record("nca", rows, measured, settings)


if __name__ == "__main__":
    main()
