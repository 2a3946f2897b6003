"""The source that answers with PyMC variables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from pytensor import tensor

from cartmodel.equations.observations import Observable
from cartmodel.errors import SamplerError
from cartmodel.spec.priors import Beta, HalfNormal, LogitNormal, LogNormal, Normal
from cartmodel.symbolic import vocabulary

pt: Any = tensor  # by its annotations most functions return something without operators


class Symbols:
    """PyMC variables for the equations, inside an open ``pm.Model``.

    Parameters
    ----------
    data : xarray.Dataset
        The trial, from ``cartmodel.equations.design``.
    weights : mapping of str to array
        How far each random effect is centred, per subject: 0 is non-centred, 1 is centred.
    fold : bool
        Sample an SD with a half-normal prior as the absolute value of a normal variable. With the sign, SD times
        standard effect has no edge at 0, where weakly informed SDs live: fewer divergences, two to three times the
        effective draws (``docs/performance.md``).
    """

    xp: Any = vocabulary

    def __init__(self, data: xr.Dataset, weights: Mapping[str, np.ndarray], *, fold: bool) -> None:
        self._data, self._weights, self._fold = data, weights, fold
        self._variables: dict[str, Any] = {}
        self._signed: dict[str, Any] = {}

    def random(self, name: str, prior: Any) -> Any:
        """Return the random variable ``name``, made when it is first asked for."""
        if name not in self._variables:
            if self._fold and isinstance(prior, HalfNormal):
                self._signed[name] = pm.Normal(f"z_{name}", sigma=np.float64(prior.sigma))
                self._variables[name] = pm.Deterministic(name, pt.abs(self._signed[name]))
            else:
                self._variables[name] = random_variable(name, prior)
        return self._variables[name]

    def known(self, name: str) -> Any:
        """Return a quantity of the trial as ``pm.Data``, so that new data need no new compilation."""
        if name not in self._variables:
            array = self._data[name]
            self._variables[name] = pm.Data(name, array.values, dims=tuple(map(str, array.dims)))
        return self._variables[name]

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        """Return centre + eta of each parameter, partly centred.

        For a weight w the sampled coordinate is z ~ Normal(w centre, omega^w), and eta = omega^(1 - w) (z - w centre):
        Papaspiliopoulos, Roberts & Skoeld (Stat Sci 2007;22:59) with an exponent for the scale, as in Gorinova, Moore &
        Hoffman (ICML 2020).
        """
        if correlation is not None:
            return self._correlated(centres, omegas, correlation)
        values: dict[str, Any] = {}
        for name, omega in omegas.items():
            signed = self._signed.get(f"omega_{name}")
            if signed is not None:
                eta = pm.Deterministic(f"eta_{name}", signed * pm.Normal(f"z_{name}", dims="subject"), dims="subject")
                values[name] = centres[name] + eta
                continue
            weight = self._weight(name)
            location = weight * centres[name]
            z = pm.Normal(f"z_{name}", location, omega**weight, dims="subject")
            eta = pm.Deterministic(f"eta_{name}", omega ** (1.0 - weight) * (z - location), dims="subject")
            values[name] = centres[name] + eta
        return values

    def _correlated(self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any) -> dict[str, Any]:
        if pm.__version__.startswith("6.3."):
            raise SamplerError(
                "a correlation of the random effects needs PyMC 6.4 or newer, and this is "
                f"{pm.__version__}: the density of its LKJCorr lacks the Cholesky factor's Jacobian; accepted: "
                "PyMC 6.4, or the sampler 'nutpie', which does not use it"
            )
        names = list(omegas)
        chol = pm.LKJCorr("corr_chol", n=len(names), eta=np.float64(correlation.eta))
        pm.Deterministic("corr", chol @ chol.T, dims=("parameter", "parameter_"))
        weight = pt.stack([self._weight(name) for name in names])
        scale = pt.stack([omegas[name] for name in names])[:, None]
        location = weight * pt.stack([pt.broadcast_to(centres[name], weight[0].shape) for name in names])

        def log_density(z: Any, location: Any, scale: Any, weight: Any, chol: Any) -> Any:
            e = pt.linalg.solve_triangular(chol, (z - location) * scale**-weight, lower=True)
            normal = -0.5 * pt.sum(e**2) - 0.5 * np.log(2.0 * np.pi) * z.size
            return normal - pt.sum(weight * pt.log(scale)) - z.shape[1] * pt.sum(pt.log(pt.diag(chol)))

        def draw(location: Any, scale: Any, weight: Any, chol: Any, rng: Any = None, size: Any = None) -> Any:
            return location + scale**weight * (chol @ rng.standard_normal(location.shape))

        z = pm.CustomDist(
            "z", location, scale, weight, chol,
            logp=log_density, random=draw, signature="(k,n),(k,o),(k,n),(k,k)->(k,n)", dims=("parameter", "subject"),
        )  # fmt: skip
        eta = scale ** (1.0 - weight) * (z - location)
        return {
            name: centres[name] + pm.Deterministic(f"eta_{name}", eta[i], dims="subject")
            for i, name in enumerate(names)
        }

    def _weight(self, name: str) -> Any:
        return pm.Data(f"centring_{name}", self._weights[name], dims="subject")

    def per_sample(self, value: Any) -> Any:
        """Return a quantity per subject as a column."""
        return value[:, None] if getattr(value, "ndim", 0) else value

    def observe(self, name: str, observable: Observable) -> None:
        """Add an observed variable; padded samples and pending outcomes weigh nothing."""
        array = self._data[name]
        seen = self.known(f"seen_{name}")

        def log_density(value: Any, seen: Any, *parts: Any) -> Any:
            return seen * observable.log_density(vocabulary, value, *parts)

        def draw(seen: Any, *parts: Any, rng: Any = None, size: Any = None) -> Any:
            return observable.sample(rng, *parts)

        observed = pm.Data(f"observed_{name}", array.values, dims=tuple(map(str, array.dims)))
        pm.CustomDist(
            name, seen, *observable.parts,
            logp=log_density, random=draw, observed=observed, dims=tuple(map(str, array.dims)),
        )  # fmt: skip


def random_variable(name: str, prior: Any, dims: str | None = None) -> Any:
    """Return the PyMC variable of a prior, inside an open model."""
    # PyTensor makes float32 constants of plain floats that single precision holds, such as 0.5, and takes their
    # logarithms in it.
    numbers: dict[str, Any] = {key: np.float64(value) for key, value in prior if isinstance(value, float)}
    match prior:
        case Normal():
            return pm.Normal(name, **numbers, dims=dims)
        case LogNormal():
            return pm.LogNormal(name, np.log(numbers["median"]), numbers["sigma"], dims=dims)
        case LogitNormal():
            # PyMC gives this one no transform of its own, and would sample it between edges at 0 and 1.
            return pm.LogitNormal(name, **numbers, dims=dims, default_transform=pm.distributions.transforms.logodds)
        case HalfNormal():
            return pm.HalfNormal(name, **numbers, dims=dims)
        case Beta():
            return pm.Beta(name, **numbers, dims=dims)
        case _:
            raise TypeError(f"{name}: not a prior: {prior!r}")
