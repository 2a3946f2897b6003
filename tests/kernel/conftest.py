"""Compiled densities with points of the prior in their coordinates."""

from collections.abc import Callable

import numpy as np
import pytest
from oracles.points import Point, prior_point, sampled, trial_table

from cartmodel.equations.centring import centring_weights
from cartmodel.equations.design import design
from cartmodel.inference.density import Density
from cartmodel.spec import ModelSpec
from cartmodel.trial import read_trial


class Compiled:
    """The compiled density of a model file on a small trial with every kind of patient."""

    def __init__(self, spec: ModelSpec, **table: object) -> None:
        self.spec, self.data = spec, design(read_trial(trial_table(spec, **table)), spec)
        self.weights = centring_weights(spec, self.data)
        self.density = Density(spec, self.data, self.weights)
        self.partials = [name for name in self.density.priors if name.startswith("partial:")]

    def point(self, rng: np.random.Generator) -> Point:
        point = prior_point(self.spec, self.data.sizes["subject"], rng)
        if self.spec.correlation is not None:
            point.corr_coordinates = 0.4 * rng.standard_normal(len(self.partials))
            point.corr = self.cholesky(point.corr_coordinates)
        return point

    def cholesky(self, coordinates: np.ndarray) -> np.ndarray:
        """The Cholesky factor from tanh of the coordinates as partial correlations, by the textbook's recursion."""
        names = list(self.spec.curve.parameters)
        partial = {
            name.removeprefix("partial:"): np.tanh(y) for name, y in zip(self.partials, coordinates, strict=True)
        }
        factor = np.zeros((len(names), len(names)))
        for i, row in enumerate(names):
            for j, column in enumerate(names[:i]):
                factor[i, j] = partial[f"{row}:{column}"] * np.sqrt(1 - np.sum(factor[i, :j] ** 2))
            factor[i, i] = np.sqrt(1 - np.sum(factor[i, :i] ** 2))
        return factor

    def coordinates(self, point: Point) -> np.ndarray:
        found = sampled(self.spec, self.data, self.weights, point)
        plain = {name.removesuffix("_log__").removesuffix("_logodds__"): value for name, value in found.items()}
        shared = []
        for name in self.density.priors:
            if name in self.partials:
                shared.append(point.corr_coordinates[self.partials.index(name)])
            else:
                shared.append(float(plain.get(f"z_{name}", plain.get(name))))
        own = found["z"].ravel() if "z" in found else [found[f"z_{name}"] for name in self.density.effects]
        return np.concatenate([shared, np.ravel(own)])


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Compiled]:
    return Compiled
