"""The source that answers with labelled draws: of a posterior, of a prior, or the one draw that is a known truth."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import xarray as xr

from cartmodel.equations.observations import Observable
from cartmodel.errors import UnknownNameError
from cartmodel.kinetics import vocabulary
from cartmodel.registry import nearest


def generator(seed: int, name: str) -> np.random.Generator:
    """Return a random generator of its own for each seed and name: no result depends on the order of the calls."""
    return np.random.default_rng([seed, crc32(name.encode())])


class Draws:
    """Draws for the equations, as xarray objects that broadcast by dimension name.

    Parameters
    ----------
    population : xarray.Dataset
        Population parameters, over any dimensions (``chain`` and ``draw``); with ``eta_<parameter>`` over ``subject``
        where the patients are those of the fit.
    data : xarray.Dataset
        What is known of the patients: ``log_dose`` and, where levels are asked for, ``time_<assay>`` and
        ``blq_<assay>``.
    seed : int
        Seed of the random effects of new patients.
    new_patients : {"random", "typical"} or None
        None takes the etas of ``population``; ``"random"`` draws a fresh random effect for each patient and draw;
        ``"typical"`` sets them to 0.
    """

    xp: Any = vocabulary

    def __init__(
        self, population: xr.Dataset, data: xr.Dataset, *, seed: int = 0, new_patients: str | None = None
    ) -> None:
        self._population, self._data, self._seed, self._new = population, data, seed, new_patients
        self.observables: dict[str, Observable] = {}

    def random(self, name: str, prior: Any) -> xr.DataArray:
        """Return the draws of a population parameter."""
        if name not in self._population:
            raise UnknownNameError(f"the draws hold no '{name}': {nearest(name, map(str, self._population.data_vars))}")
        return self._population[name]

    def known(self, name: str) -> xr.DataArray:
        """Return a known quantity of the patients."""
        return self._data[name]

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        """Return centre + eta of each parameter."""
        if self._new is None:
            return {name: centre + self._population[f"eta_{name}"] for name, centre in centres.items()}
        if self._new == "typical":
            return dict(centres)
        standard = {name: self._standard_normal(name, omega) for name, omega in omegas.items()}
        if correlation is not None:
            standard = _correlate(standard, self._population["corr"])
        return {name: centres[name] + omegas[name] * standard[name] for name in omegas}

    def _standard_normal(self, name: str, like: xr.DataArray) -> xr.DataArray:
        shape = xr.broadcast(like, self._data["subject"])[0]  # not over doses: the same patients at each
        return shape.copy(data=generator(self._seed, f"eta_{name}").standard_normal(shape.shape))

    def per_sample(self, value: Any) -> Any:
        """Return the value as it is: xarray broadcasts by name."""
        return value

    def observe(self, name: str, observable: Observable) -> None:
        """Keep the distribution of what is observed, for `sample_observed` and `pointwise_log_likelihood`."""
        self.observables[name] = observable

    def sample_observed(self) -> xr.Dataset:
        """Return a random value of everything observed: ln levels not censored, outcomes."""
        drawn = {}
        for name, observable in self.observables.items():
            parts = xr.broadcast(*observable.parts)
            values = observable.sample(generator(self._seed, f"observed_{name}"), *(part.values for part in parts))
            drawn[name] = parts[0].copy(data=values)
        return xr.Dataset(drawn)

    def pointwise_log_likelihood(self) -> xr.Dataset:
        """Return the log density of every sample and outcome at each draw; NaN where padded or pending."""
        pointwise = {}
        for name, observable in self.observables.items():
            density = observable.log_density(vocabulary, self._data[name], *observable.parts)
            pointwise[name] = density.where(self._data[f"seen_{name}"] > 0)
        return xr.Dataset(pointwise)


def _correlate(standard: Mapping[str, xr.DataArray], corr: xr.DataArray) -> dict[str, xr.DataArray]:
    names = list(standard)
    chol = corr.copy(data=np.linalg.cholesky(corr.transpose(..., "parameter", "parameter_").values))
    stacked = xr.concat([standard[name] for name in names], dim="parameter_").assign_coords(parameter_=names)
    mixed = (chol * stacked).sum("parameter_")
    return {name: mixed.sel(parameter=name, drop=True) for name in names}
