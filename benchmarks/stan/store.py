"""Store the answer of the Stan program as a small record: mean, SD, quantiles, Monte Carlo errors of every estimand.

    python benchmarks/stan/store.py out.json draws.npz data.json --command "..." > records/stan_cd7_ssc.json

``data.json`` is what ``data.py`` wrote; the record names the patients of ``ln_auc28``.
"""

import argparse
import json
import re

import arviz_stats
import numpy as np
import xarray as xr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("out", "draws", "data"):
        parser.add_argument(name)
    parser.add_argument("--command", required=True, help="the commands that made the draws")
    settings = parser.parse_args()
    with np.load(settings.draws) as stored:
        names, draws = [str(name) for name in stored["names"]], stored["draws"]
        divergences = int(stored["divergent"].sum())
    with open(settings.data, encoding="utf-8") as file:
        subjects = json.load(file)["subjects"]
    with open(settings.out, encoding="utf-8") as file:
        run = json.load(file)
    wanted = [name for name in names if name.startswith("ln_auc28") or not re.search(r"[\[.]|^ll_", name)]
    dataset = xr.Dataset({name: (("chain", "draw"), draws[:, :, names.index(name)]) for name in wanted})
    estimands = {}
    for name in wanted:
        values = dataset[[name]]
        estimands[_named(name, subjects)] = {
            "mean": float(values[name].mean()),
            "sd": float(values[name].std(ddof=1)),
            "mcse_mean": float(arviz_stats.mcse(values)[name]),
            "mcse_sd": float(arviz_stats.mcse(values, method="sd")[name]),
            "quantiles": {str(p): float(values[name].quantile(p)) for p in (0.025, 0.5, 0.975)},
            "rhat": float(arviz_stats.rhat(values)[name]),
            "ess_bulk": float(arviz_stats.ess(values)[name]),
        }
    record = {"command": settings.command, "divergences": divergences, "run": _plain(run), "estimands": estimands}
    print(json.dumps(record, indent=1))


def _named(name: str, subjects: list[str]) -> str:
    if not name.startswith("ln_auc28"):
        return name
    return f"ln_auc28[{subjects[int(name.strip(']').replace('[', '.').split('.')[-1]) - 1]}]"


def _plain(run: dict[str, object]) -> dict[str, object]:
    return {key: run[key] for key in ("versions", "build", "sampling") if key in run}


if __name__ == "__main__":
    main()
