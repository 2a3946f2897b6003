"""Exact operating characteristics of dose-escalation designs: seconds, states, and seconds over those of BOIN.

    python benchmarks/exact_designs.py          # 2 idle minutes; writes benchmarks/records/exact_designs.csv
    python benchmarks/exact_designs.py --quick  # three doses, groups of three, 18 and 36 patients; writes nothing

Each design is made anew, so that nothing it remembers is measured. ``limit_s`` is what is asked for: the 3+3 in
milliseconds; three doses and groups of three within 2 s; groups of one, or five doses, within a minute. It is held
against ``cpu_s``, the seconds of one core, which other work on the machine lengthens little. ``over_boin`` is against
BOIN at three doses, groups of three and 18 patients in the same run.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from measured import parser_of, show, where, write_record

import cartmodel as cm
from cartmodel.escalation.design import Design

TRUTH = {3: [0.10, 0.25, 0.40], 5: [0.05, 0.10, 0.20, 0.30, 0.45]}
CELLS = {3: (0.25e8, 1e8, 2e8), 5: (0.1e8, 0.25e8, 0.5e8, 1e8, 2e8)}
LOGISTIC: dict[str, Any] = {"reference": 1e8, "mean": (math.log(0.15 / 0.85), -0.25), "sd": (1.25, 0.5)}


def designs_of(doses: int) -> dict[str, Callable[..., Design]]:
    skeleton = cm.indifference_skeleton(0.07, 0.30, (doses + 1) // 2, doses)
    return {
        "boin": cm.boin,
        "crm": lambda **conduct: cm.crm(skeleton, **conduct),
        "blrm": lambda **conduct: cm.blrm(CELLS[doses], **LOGISTIC, **conduct),
    }


def measure(make: Callable[[], Design], doses: int) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.thread_time()
    found = cm.operating_characteristics(make(), TRUTH[doses])
    return {"states": found.states, "seconds": time.perf_counter() - wall, "cpu_s": time.thread_time() - cpu}


def main() -> None:
    settings = parser_of(__doc__).parse_args()
    measured = where()
    cases = [(3, 3, 18), (3, 3, 36)] + ([] if settings.quick else [(3, 1, 18), (3, 1, 36), (5, 3, 36)])
    measure(cm.nct06871644, 3)  # imports
    quickest = min((measure(cm.nct06871644, 3) for _ in range(5)), key=lambda row: row["cpu_s"])
    rows: list[dict[str, Any]] = [{"design": "nct06871644", "doses": 3, "cohort": 3, "patients": 18} | quickest]
    for doses, cohort, patients in cases:
        for name, make in designs_of(doses).items():
            case = {"design": name, "doses": doses, "cohort": cohort, "patients": patients}
            rows.append(case | measure(lambda make=make, c=cohort, n=patients: make(cohort=c, max_patients=n), doses))
            show([rows[-1]])
    yardstick = rows[1]["cpu_s"]
    for row in rows:
        simple = row["doses"] == 3 and row["cohort"] == 3
        row["over_boin"] = row["cpu_s"] / yardstick
        row["limit_s"] = 0.05 if row["design"] == "nct06871644" else 2.0 if simple else 60.0
        row["within"] = row["cpu_s"] <= row["limit_s"]
    show(rows)
    write_record("exact_designs", rows, measured, settings)


if __name__ == "__main__":
    main()
