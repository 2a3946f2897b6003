"""The source that answers the model's equations with the truth of virtual patients."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartmodel.equations.observations import Observable
from cartmodel.kinetics import vocabulary
from cartmodel.prediction.prior import prior_draws
from cartmodel.spec import ModelSpec
from cartmodel.virtual.scenario import VirtualScenario

type Array = NDArray[np.float64]

_DRAWS = 4_000  # of a prior: each trial has one of them


class Truth:
    """Values for the equations over the axes trial, patient, and dose level or sample.

    Parameters
    ----------
    population : mapping of str to array
        The true population parameters, each a number or (trials, 1, 1); ``corr``, where effects are correlated, (k, k)
        or (trials, k, k).
    effects : mapping of str to ndarray (trials, patients)
        The standard normal effects of each patient, by parameter.
    known : mapping of str to ndarray
        What is known of the patients, over the three axes.
    """

    xp: Any = vocabulary

    def __init__(self, population: Mapping[str, Any], effects: Mapping[str, Array], known: Mapping[str, Any]) -> None:
        self._population, self._effects, self._known = population, effects, known
        self.observables: dict[str, Observable] = {}

    def random(self, name: str, prior: Any) -> Any:
        """Return the true population parameter."""
        return self._population[name]

    def known(self, name: str) -> Any:
        """Return a known quantity of the patients."""
        return self._known[name]

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        """Return centre + random effect for each parameter and patient."""
        standard = {name: self._effects[name] for name in omegas}
        if correlation is not None and "corr" in self._population:
            chol = np.linalg.cholesky(self._population["corr"])
            mixed = np.stack(list(standard.values()), axis=-1) @ np.swapaxes(chol, -1, -2)
            standard = {name: mixed[..., i] for i, name in enumerate(standard)}
        return {name: centres[name] + omegas[name] * standard[name][..., None] for name in omegas}

    def per_sample(self, value: Any) -> Any:
        """Return the value as it is: the last axis broadcasts."""
        return value

    def observe(self, name: str, observable: Observable) -> None:
        """Keep the distribution of what is observed."""
        self.observables[name] = observable


def population_of(scenario: VirtualScenario, pick: Array | None = None, *, seed: int = 0) -> dict[str, Any]:
    """Return the true population: that of the scenario or, of its draws, one for each of some numbers within 0 and 1.

    Parameters
    ----------
    scenario : VirtualScenario
        From `load_virtual_scenario`.
    pick : ndarray (trials,)
        Which draw each trial has; needed only where the scenario has draws.
    seed : int
        Of the draws of a prior.
    """
    spec, kinetics = scenario.spec, scenario.kinetics
    if kinetics.draws is None:
        truth: dict[str, Any] = {name: value for name, value in kinetics.truth.items() if not name.startswith("corr_")}
        if spec.correlation is not None:
            truth["corr"] = _correlations(spec, kinetics.truth)
        return truth
    if pick is None:
        raise ValueError("the scenario has draws; accepted: a number within 0 and 1 for each trial")
    drawn = kinetics.posterior
    if drawn is None:
        drawn = prior_draws(spec, _DRAWS, seed)
    flat = drawn.stack(sample=("chain", "draw"), create_index=False)
    flat = flat.isel(sample=np.minimum((pick * flat.sizes["sample"]).astype(int), flat.sizes["sample"] - 1))
    names = [name for name, _ in spec.priors()]
    chosen: dict[str, Any] = {name: flat[name].values[:, None, None] for name in names}
    if spec.correlation is not None:
        chosen["corr"] = flat["corr"].transpose("sample", "parameter", "parameter_").values
    return chosen


def _correlations(spec: ModelSpec, truth: Mapping[str, float]) -> Array:
    names = list(spec.curve.varying)
    corr = np.eye(len(names))
    for i, b in enumerate(names):
        for j, a in enumerate(names[:i]):
            corr[i, j] = corr[j, i] = truth.get(f"corr_{a}_{b}", 0.0)
    return corr
