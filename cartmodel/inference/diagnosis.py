"""Whether a fit can be trusted, and why."""

import json
from dataclasses import dataclass

import arviz_stats
import numpy as np
import xarray as xr

from cartmodel.prediction.fitfile import group
from cartmodel.prediction.population import population

RHAT_MAX = 1.01
ESS_MIN = 400.0


@dataclass(frozen=True)
class Gate:
    """One convergence criterion: what was asked, what was found, where it was worst."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a fit: its gates, and whether all were passed."""

    gates: tuple[Gate, ...]

    @property
    def trusted(self) -> bool:
        """Whether every gate was passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def verdict(self) -> str:
        """The verdict in plain words, with its reasons."""
        if self.trusted:
            return (
                "This fit can be trusted to be the model's posterior: "
                + "; ".join(gate.found for gate in self.gates)
                + "."
            )
        failed = "; ".join(gate.found for gate in self.gates if not gate.passed)
        return f"This fit can NOT be trusted: {failed}. Do not use its numbers for a decision."


def diagnose(fit: xr.DataTree) -> Diagnosis:
    """Return the verdict on a fit: R-hat, bulk and tail ESS of every population parameter, divergences, stuck chains.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Returns
    -------
    Diagnosis
        ``trusted``, ``verdict`` in words, and each gate.

    Notes
    -----
    Rank-normalised split R-hat and ESS: Vehtari et al., Bayesian Analysis 2021;16:667.
    """
    if fit.attrs["method"] == "cut":  # it keeps a few hundred draws of its kinetics: the whole run's verdict stands
        return Diagnosis(tuple(Gate(**gate) for gate in json.loads(fit.attrs["ladder"])[-1]["gates"]))
    return diagnose_draws(population(group(fit, "posterior")), group(fit, "sample_stats"))


def diagnose_draws(draws: xr.Dataset, stats: xr.Dataset) -> Diagnosis:
    """Return the verdict on draws of population parameters and the statistics of their sampler."""
    chains = draws.sizes["chain"]
    gates: list[Gate] = []
    for title, worst, value, good in _extremes(draws):
        gates.append(Gate(title, good, f"{title} {value} ({worst})"))
    divergences = int(stats["diverging"].sum()) if "diverging" in stats else 0
    gates.append(Gate("divergences", divergences == 0, f"{divergences or 'no'} divergence{'s' * (divergences != 1)}"))
    stuck = stuck_chains(draws)
    named = f"chains {', '.join(map(str, stuck))} stuck" if stuck else f"none of {chains} chains stuck"
    gates.append(Gate("stuck chains", not stuck, named))
    if chains < 2:
        gates.append(Gate("chains", False, "a single chain cannot show convergence"))
    return Diagnosis(tuple(gates))


def _extremes(draws: xr.Dataset) -> list[tuple[str, str, str, bool]]:
    rhat = arviz_stats.rhat(draws)
    rows = [("largest R-hat", rhat, "max", lambda v: v < RHAT_MAX, "{:.4f}")]
    for method in ("bulk", "tail"):
        ess = arviz_stats.ess(draws, method=method)
        rows.append((f"smallest {method} ESS", ess, "min", lambda v: v > ESS_MIN, "{:.0f}"))
    found: list[tuple[str, str, str, bool]] = []
    for title, dataset, way, good, form in rows:
        values = {str(name): float(dataset[name]) for name in dataset.data_vars}
        undefined = [name for name, value in values.items() if np.isnan(value)]
        worst = undefined[0] if undefined else (max if way == "max" else min)(values, key=lambda n: values[n])
        found.append((title, worst, form.format(values[worst]), bool(good(values[worst]))))
    return found


def stuck_chains(draws: xr.Dataset) -> list[int]:
    """Return the chains in which the first population parameter moved in less than half of the draws."""
    values = next(iter(draws.data_vars.values())).transpose("chain", "draw").values
    moved = (np.diff(values, axis=1) != 0).mean(axis=1)
    return [int(chain) for chain in np.flatnonzero(moved < 0.5)]
