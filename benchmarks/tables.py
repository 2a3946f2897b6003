"""Seconds and memory to read and check tables of 200,000 rows, each in a process of its own.

    python benchmarks/tables.py          # about a minute; writes records/tables.csv
    python benchmarks/tables.py --quick  # 20,000 rows; writes nothing

The tables are SIMULATED: 20 samples a patient, a fifth of them BLQ, as a long CSV, an ADPC as CSV and as SAS transport,
a NONMEM data set, and a DataFrame. ``seconds`` is the wall clock of `read_trial` with all its checks, ``cpu_seconds``
the processor time of the same, ``mib`` the highest memory of the whole process, imports and all. ``ratio`` is to
``csv_only``: Python's own csv module over the long CSV, which reads its cells and checks nothing.
"""

import csv
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measured import in_fresh_process, parser_of, peak_mib, show, where, write_record

import cartmodel as cm
from cartmodel.submission.export import write_xpt


def read(what: str, path: Path, told: dict[str, Any]) -> dict[str, float]:
    """Return seconds and memory of one reading; for a process of its own."""
    source = pd.read_csv(path, dtype={"subject": str}) if what == "frame" else path
    started, processor = time.perf_counter(), time.process_time()
    if what == "csv_only":
        with path.open(newline="") as file:
            samples = sum(1 for _ in csv.reader(file)) - 1
    else:
        samples = len(cm.read_trial(source, **told).observations)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return {"samples": samples, "seconds": seconds, "cpu_seconds": processor, "mib": peak_mib()}


def long_table(rows: int) -> pd.DataFrame:
    """Return a SIMULATED long table of samples."""
    rng = np.random.default_rng(1)
    subject = np.arange(rows) // 20
    level = np.round(np.exp(rng.normal(6.0, 2.5, rows)), 2)
    blq = level < 50
    return pd.DataFrame(
        {
            "subject": [f"S{number:05}" for number in subject],
            "assay": "qpcr",
            "time": (np.arange(rows) % 20 + 1) * 7.0 + np.round(rng.random(rows), 2),
            "level": np.where(blq, np.nan, level),
            "unit": "copies/ug",
            "blq": blq.astype(int),
            "lloq": 50.0,
            "dose": 1e8,
            "study": "SIMULATED",
        }
    )


def main() -> None:
    settings = parser_of(__doc__).parse_args()
    rows = 20_000 if settings.quick else 200_000
    measured = where()
    table = long_table(rows)
    blq = table["blq"] == 1
    adpc = pd.DataFrame(
        {
            "STUDYID": "SIMULATED", "USUBJID": table["subject"], "PARAMCD": "QPCR", "ASSAY": "qpcr",
            "AFRLT": table["time"], "FRLTU": "DAYS", "AVAL": table["level"], "AVALU": "copies/ug", "ALLOQ": 50.0,
            "BLQFL": np.where(blq, "Y", "N"), "DOSEA": 1e8, "DOSEU": "cells",
        }
    )  # fmt: skip
    data_set = pd.DataFrame(
        {
            "ID": np.arange(rows) // 20 + 1, "TIME": table["time"], "DV": table["level"].fillna(50.0), "AMT": ".",
            "EVID": 0, "MDV": 0, "CENS": table["blq"], "LLOQ": 50.0, "DOSEA": 1e8,
        }
    )  # fmt: skip
    units = {"units": {"time": "day", "level": "copies/ug", "dose": "cells"}}
    records: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table.to_csv(folder / "long.csv", index=False)
        adpc.to_csv(folder / "adpc.csv", index=False)
        write_xpt(adpc, folder / "adpc.xpt", name="ADPC", labels={})
        data_set.to_csv(folder / "nonmem.csv", index=False)
        cases = {
            "csv_only": ("long.csv", {}), "long": ("long.csv", {}), "frame": ("long.csv", {}),
            "adpc_csv": ("adpc.csv", {}), "adpc_xpt": ("adpc.xpt", {}), "nonmem": ("nonmem.csv", units),
        }  # fmt: skip
        for what, (file, told) in cases.items():
            found = in_fresh_process(read, what, folder / file, told)
            if found["samples"] != rows:
                raise SystemExit(f"{what}: {found['samples']} samples of {rows} were read")
            records.append(
                {"what": what, **found, "ratio": found["cpu_seconds"] / (records or [found])[0]["cpu_seconds"]}
            )
    show(records)
    write_record("tables", records, measured, settings)


if __name__ == "__main__":
    main()
