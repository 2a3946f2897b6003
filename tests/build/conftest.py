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

from cartmodel.build.centring import centring_weights
from cartmodel.build.model import build
from cartmodel.equations.design import design
from cartmodel.spec import ModelSpec
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
        compiled = self.model.compile_fn(outputs, mode=PLAIN, point_fn=False)
        return lambda point: compiled(**{name: point[name] for name in self.names})

    @functools.cached_property
    def terms(self) -> Callable[[dict[str, Any]], dict[str, float]]:
        """ln density of each variable without Jacobians, by name."""
        variables = self.model.basic_RVs
        call = self.function([pt.sum(x) for x in self.model.logp(vars=variables, jacobian=False, sum=False)])
        return lambda point: dict(zip([v.name for v in variables], map(float, call(point)), strict=True))

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
    def effects(self) -> Callable[[dict[str, Any]], dict[str, np.ndarray]]:
        """The random effects and SDs that PyMC reports."""
        names = [f"{kind}_{name}" for kind in ("eta", "omega") for name in self.spec.random]
        call = self.function(self.model.replace_rvs_by_values([self.model[name] for name in names]))
        return lambda point: dict(zip(names, call(point), strict=True))

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
