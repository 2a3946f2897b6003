"""Fit `kinetics-only` to the real digitised B-ALL time courses: the 28 bundled patients, and the 21 without any flag.

python benchmarks/liu2022.py        # about 5 minutes on two cores; writes benchmarks/records/liu2022.csv
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

import cartmodel as cm

RECORD = Path(__file__).parent / "records" / "liu2022.csv"


def derived(fit: object) -> dict[str, object]:
    posterior = fit["posterior"].to_dataset()  # pyright: ignore
    rho = np.log1p(posterior["cmax_pop"] / posterior["c0_pop"]) / posterior["tmax_pop"]
    return {
        "Tmax (d)": posterior["tmax_pop"],
        "doubling time (d)": np.log(2) / rho,
        "contraction half-life (d)": np.log(2) / posterior["alpha_pop"],
        "persistence half-life (d)": np.log(2) / posterior["beta_pop"],
        "Cmax (cells/uL)": posterior["cmax_pop"],
        "omega Cmax": posterior["omega_cmax"],
        "omega C0": posterior["omega_c0"],
        "omega Tmax": posterior["omega_tmax"],
        "residual SD of ln": posterior["sigma_blood"],
    }


def main() -> None:
    folder = cm.example_path("liu2022_cart_ball").parent
    table = pd.read_csv(folder / "trial.csv", dtype=str, keep_default_na=False)
    tidy = pd.read_csv(folder / "tidy.csv", dtype={"subject": str})
    flagged = set(tidy.loc[(tidy["analyte"] == "CAR_T") & tidy["flag"].notna(), "subject"])
    rows = []
    for label, kept in (("28 patients", table), ("21 unflagged patients", table[~table["subject"].isin(flagged)])):
        fit = cm.fit(cm.read_trial(kept), "kinetics-only", progressbar=False, say=print)
        print(label, cm.diagnose(fit).verdict)
        for name, values in derived(fit).items():
            low, median, high = values.quantile([0.025, 0.5, 0.975]).values
            row = {"patients": label, "quantity": name, "median": median, "lower": low, "upper": high}
            rows.append(row | {"trusted": cm.diagnose(fit).trusted, "rungs": len(json.loads(fit.attrs["ladder"]))})
    record = pd.DataFrame(rows)
    record.to_csv(RECORD, index=False, float_format="%.4g")
    print(record.to_string(index=False, float_format=lambda v: f"{v:.3g}"))


if __name__ == "__main__":
    main()
