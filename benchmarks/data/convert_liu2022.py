"""Writes the example trial liu2022_cart_ball in the form of a trial table, from the tidy table beside it.

Run as ``python benchmarks/data/convert_liu2022.py [folder]``; a test holds the committed ``trial.csv`` to its output.
"""

import csv
import io
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cartmodel" / "data" / "liu2022_cart_ball"
STUDY = "REAL, digitised: Liu et al. 2022 JITC"
HEADER = ("study", "subject", "time", "level", "unit", "blq", "lloq", "assay")


def converted(tidy: str) -> str:
    """Return the text of ``trial.csv``: CAR-T records of the 28 patients, values and limits as they stand."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for record in csv.DictReader(io.StringIO(tidy, newline="")):
        # The smooth curves to day 99 are probably group means, not patients.
        if record["analyte"] != "CAR_T" or record["flag"].startswith("smooth_99d"):
            continue
        values = (record["subject"], record["time_day"], record["value"], "cells/uL", record["blq"], record["lloq"])
        writer.writerow((STUDY, *values, "reported"))
    return out.getvalue()


def main(folder: Path) -> None:
    """Write ``trial.csv`` into a folder."""
    tidy = (FOLDER / "tidy.csv").read_text(encoding="utf-8")
    (folder / "trial.csv").write_text(converted(tidy), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
