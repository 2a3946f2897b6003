"""Turn a trial in long form (CSV) into ``data.json`` for ``run.py``; runs in the project's own Python."""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE_DOSE = 1e8  # cells
UNITS = {"copies/ug", "copies/µg", "copies/μg"}  # ASCII, micro sign, Greek mu
OUTCOMES = ("dlt", "criss_step1", "criss_lp")


def number(column: pd.Series) -> pd.Series:
    """Read a text column as numbers, with yes/no words as 1/0 and blanks as missing."""
    words = {"true": "1", "false": "0", "yes": "1", "no": "0", "": None}
    return pd.to_numeric(column.str.strip().str.lower().replace(words))


def stan_data(csv: Path, width: float = 0.05, auc_end: float = 28.0) -> dict:
    """Return ``{"stan": data block, "subjects": labels in Stan's order}``.

    Subjects without samples, and outcomes still pending, stay: the first inform nothing but their own outcomes and
    are drawn from the population, the second are left out of the likelihood.
    """
    frame = pd.read_csv(csv, dtype=str, keep_default_na=False)
    if frame.drop_duplicates(["subject", "study", "dose", *OUTCOMES])["subject"].duplicated().any():
        raise ValueError("a subject's study, dose and outcomes must be the same on all its rows")
    for name in ("dose", "time", "level", "blq", "lloq", *OUTCOMES):
        frame[name] = number(frame[name])
    subjects = list(dict.fromkeys(frame["subject"]))
    frame["index"] = frame["subject"].map({s: k + 1 for k, s in enumerate(subjects)})
    who = frame.groupby("index", sort=True)[["dose", *OUTCOMES]].first()

    samples = frame[frame["time"] > 0]
    blq = samples["blq"].fillna(0) == 1
    quantified = samples[~blq & samples["level"].notna()]
    below = samples[blq]
    if not set(samples["unit"]) <= UNITS:
        raise ValueError(f"unknown unit: {sorted(set(samples['unit']) - UNITS)}")
    if who["dose"].isna().any() or below["lloq"].isna().any() or (quantified["level"] <= 0).any():
        raise ValueError("a dose or a limit of quantification is blank, or a quantified level is not positive")
    both = pd.concat([quantified, below])

    step1 = who["criss_step1"].dropna()
    lp = who.loc[who["criss_step1"] == 0, "criss_lp"].dropna()
    dlt = who["dlt"].dropna()
    block = {
        "n_subject": len(subjects),
        "x": np.log(who["dose"] / REFERENCE_DOSE).tolist(),
        "width": width,
        "auc_end": auc_end,
        "n_quant": len(quantified),
        "n_blq": len(below),
        "subject": both["index"].tolist(),
        "t": both["time"].tolist(),
        "ln_level": np.log(quantified["level"]).tolist(),
        "ln_lloq": np.log(below["lloq"]).tolist(),
        "n_step1": len(step1),
        "step1": step1.astype(int).tolist(),
        "n_lp": len(lp),
        "lp_subject": lp.index.tolist(),
        "lp": lp.tolist(),
        "n_dlt": len(dlt),
        "dlt_subject": dlt.index.tolist(),
        "dlt": dlt.astype(int).tolist(),
    }
    return {"stan": block, "subjects": subjects}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=float, default=0.05, help="smoothing width W of the peak, days")
    parser.add_argument("--auc-end", type=float, default=28.0, help="end of the exposure window, days")
    args = parser.parse_args()
    args.out.write_text(json.dumps(stan_data(args.csv, args.width, args.auc_end)))


if __name__ == "__main__":
    main()
