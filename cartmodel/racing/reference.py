"""Reference answers: long runs that passed strict criteria, checked by a second implementation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd

from cartmodel.inference.samplers import Sampling, samplers
from cartmodel.racing.comparison import compare
from cartmodel.racing.estimands import estimands, summarise_estimands
from cartmodel.racing.machine import machine
from cartmodel.racing.posteriors import Posterior

CRITERIA: Mapping[str, tuple[str, float]] = {
    "largest R-hat": ("below", 1.005),
    "smallest bulk ESS": ("above", 2000.0),
    "smallest tail ESS": ("above", 2000.0),
    "largest MCSE of a mean / SD": ("below", 0.025),
    "divergent share of the draws": ("below", 0.0005),
    "smallest E-BFMI": ("above", 0.3),
}
"""What a reference must pass. A few divergences in ten thousand draws are let through, counted, and answered by the
second implementation: they warn of a region not reached, and agreement of another sampler says that it was."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference answers of a posterior.

    Parameters
    ----------
    table : pandas.DataFrame
        From `summarise_estimands`.
    record : dict
        How it was made, on what, and what was found for each criterion.
    """

    table: pd.DataFrame
    record: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every criterion was met."""
        return all(item["passed"] for item in self.record["criteria"].values())


def make_reference(
    posterior: Posterior,
    *,
    draws: int = 10_000,
    tune: int = 2000,
    chains: int = 4,
    target_accept: float = 0.95,
    random_seed: int = 1,
    cores: int = 1,
) -> Reference:
    """Return reference answers from one long run of nutpie, none of its draws left out.

    Parameters
    ----------
    posterior : Posterior
        From `read_posterior`, or of your own trial.
    draws, tune, chains, target_accept, random_seed, cores :
        Settings of the run.
    """
    target = posterior.target()
    sampling = Sampling(draws, tune, chains, cores, target_accept, random_seed, progressbar=False)
    tree = samplers["nutpie"](target, sampling)
    stats = tree["sample_stats"].to_dataset()
    table = summarise_estimands(estimands(posterior.spec, tree["posterior"].to_dataset(), target.data))
    found = {
        "largest R-hat": table["rhat"].max(),
        "smallest bulk ESS": table["ess_bulk"].min(),
        "smallest tail ESS": table["ess_tail"].min(),
        "largest MCSE of a mean / SD": (table["mcse_mean"] / table["sd"]).max(),
        "divergent share of the draws": float(stats["diverging"].mean()),
        "smallest E-BFMI": float(np.min(np.asarray(arviz_stats.bfmi(stats["energy"].values)))),
    }
    record = {
        "posterior": posterior.name,
        "trial_digest": posterior.trial.digest,
        "model": posterior.spec.name,
        "model_digest": posterior.spec.digest,
        "made_by": {
            "sampler": "nutpie", "draws": draws, "tune": tune, "chains": chains, "target_accept": target_accept,
            "random_seed": random_seed,
        },
        "divergences": int(stats["diverging"].sum()),
        "criteria": {name: _judged(name, float(value)) for name, value in found.items()},
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "second_checks": {},
    }  # fmt: skip
    return Reference(table, record)


def _judged(name: str, value: float) -> dict[str, Any]:
    way, limit = CRITERIA[name]
    passed = value < limit if way == "below" else value > limit
    return {"found": float(f"{value:.4g}"), "wanted": f"{way} {limit:g}", "passed": bool(passed)}


def second_check(posterior: Posterior, reference: Reference, sampler: str, sampling: Sampling) -> Reference:
    """Return a reference with the answers of another sampler held against it.

    Parameters
    ----------
    posterior : Posterior
        Of the reference.
    reference : Reference
        From `make_reference` or `read_reference`.
    sampler : str
        A registered sampler, best one that shares no code with the reference's: ``pymc``, ``stan``.
    sampling : Sampling
        Settings of its run.
    """
    target = posterior.target()
    tree = samplers[sampler](target, sampling)
    table = summarise_estimands(estimands(posterior.spec, tree["posterior"].to_dataset(), target.data))
    found = compare(table, reference.table)
    check = {
        "draws": sampling.draws, "tune": sampling.tune, "chains": sampling.chains,
        "target_accept": sampling.target_accept, "random_seed": sampling.random_seed,
        "largest R-hat": float(table["rhat"].max()), "smallest bulk ESS": float(table["ess_bulk"].min()),
        "estimands": found.count, "largest |z|": found.z, "at": found.worst, "limit of |z|": found.z_limit,
        "largest error of a mean / SD": found.error_mean, "largest relative error of an SD": found.error_sd,
        "agrees": found.agrees,
    }  # fmt: skip
    checks = reference.record["second_checks"] | {sampler: check}
    return Reference(reference.table, reference.record | {"second_checks": checks})


def write_reference(reference: Reference, folder: Path) -> None:
    """Write ``reference.csv`` and ``reference.json`` into the folder of a posterior."""
    folder.mkdir(parents=True, exist_ok=True)
    reference.table.to_csv(folder / "reference.csv", float_format="%.6g", lineterminator="\n")
    text = json.dumps(reference.record, indent=1, ensure_ascii=False)
    (folder / "reference.json").write_text(text + "\n", encoding="utf-8")


def read_reference(folder: Path) -> Reference:
    """Return what `write_reference` wrote."""
    table = pd.read_csv(folder / "reference.csv", index_col="estimand")
    return Reference(table, json.loads((folder / "reference.json").read_text(encoding="utf-8")))
