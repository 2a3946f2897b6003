"""PyTensor without compilation: graphs are walked through in NumPy, not optimised, which starts in a second."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from oracles.points import Point, prior_point, sampled
from pytensor.compile.mode import Mode

from cartmodel.equations.centring import centring_weights
from cartmodel.equations.design import design
from cartmodel.spec import ModelSpec
from cartmodel.symbolic.model import build
from cartmodel.trial import TrialData

PLAIN = Mode("py", None)


class Built:
    """A PyMC model with functions of its coordinates."""

    def __init__(self, spec: ModelSpec, trial: TrialData) -> None:
        self.spec, self.trial = spec, trial
        self.data = design(trial, spec)
        self.weights = centring_weights(spec, self.data)
        self.model: pm.Model = build(trial, spec)
        self.names = [variable.name for variable in self.model.value_vars]

    @property
    def patients(self) -> int:
        return self.data.sizes["subject"]

    def function(self, outputs: Any) -> Callable[[dict[str, Any]], Any]:
        compiled = self.model.compile_fn(
            outputs, inputs=self.model.value_vars, mode=PLAIN, point_fn=False, on_unused_input="ignore"
        )
        return lambda point: compiled(*(point[name] for name in self.names))

    @functools.cached_property
    def _natural(self) -> Callable[[dict[str, Any]], list[np.ndarray]]:
        densities = [pt.sum(x) for x in self.model.logp(vars=self.model.basic_RVs, jacobian=False, sum=False)]
        effects = self.model.replace_rvs_by_values([self.model[name] for name in self._effects])
        return self.function([*densities, *effects])

    @property
    def _effects(self) -> list[str]:
        return [f"{kind}_{name}" for kind in ("eta", "omega") for name in self.spec.random]

    def terms(self, point: dict[str, Any]) -> dict[str, float]:
        """Return ln density of each variable without Jacobians, by name."""
        names = [variable.name for variable in self.model.basic_RVs]
        return dict(zip(names, map(float, self._natural(point)[: len(names)]), strict=True))

    def effects(self, point: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return the random effects and SDs that PyMC reports."""
        return dict(zip(self._effects, self._natural(point)[-len(self._effects) :], strict=True))

    @functools.cached_property
    def log_density(self) -> Callable[[dict[str, Any]], float]:
        """ln density over the sampled coordinates."""
        call = self.function([pt.sum(x) for x in self.model.logp(sum=False)])
        return lambda point: float(sum(map(float, call(point))))

    @functools.cached_property
    def gradient(self) -> Callable[[dict[str, Any]], dict[str, np.ndarray]]:
        total = functools.reduce(operator.add, [pt.sum(x) for x in self.model.logp(sum=False)])
        call = self.function(pt.grad(total, self.model.value_vars))
        return lambda point: dict(zip(self.names, call(point), strict=True))

    @functools.cached_property
    def cholesky(self) -> Callable[[np.ndarray], np.ndarray]:
        value = self.model.rvs_to_values[self.model["corr_chol"]]
        (factor,) = self.model.replace_rvs_by_values([self.model["corr_chol"]])
        compiled = self.model.compile_fn(factor, inputs=[value], mode=PLAIN, point_fn=False)
        return lambda coordinates: np.asarray(compiled(coordinates))

    def prior_point(self, rng: np.random.Generator, **options: Any) -> Point:
        point = prior_point(self.spec, self.patients, rng, **options)
        if self.spec.correlation is not None:
            k = len(self.spec.random)
            point.corr_coordinates = 0.4 * rng.standard_normal(k * (k - 1) // 2)
            point.corr = self.cholesky(point.corr_coordinates)
            omega = np.array([point.population[f"omega_{name}"] for name in self.spec.random])
            eta = omega[:, None] * (point.corr @ rng.standard_normal((k, self.patients)))
            point.eta = dict(zip(self.spec.random, eta, strict=True))
        return point

    def coordinates(self, point: Point) -> dict[str, np.ndarray]:
        return sampled(self.spec, self.data, self.weights, point)


@pytest.fixture(scope="session")
def built() -> Callable[[ModelSpec, TrialData], Built]:
    return Built
