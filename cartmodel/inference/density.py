"""The log posterior density of one trial, in the coordinates that a sampler moves."""

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from cartmodel.equations.joint import joint
from cartmodel.equations.population import individual_parameters
from cartmodel.kernel.coordinates import PartialCorrelation, cholesky, effect, span_of, value_of
from cartmodel.kernel.machine import compile_density
from cartmodel.kernel.scalars import Scalars
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec
from cartmodel.spec.priors import HalfNormal

_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)


class Density:
    """The log posterior density of a trial with its gradient, as machine code generated from the equations.

    The equations are walked through once with recorded scalars, differentiated in reverse and compiled, in half a
    second. Another trial of the same model in the same process finds the code by its listing, in which every constant
    stands; nothing is kept on disk. A density cannot be pickled; a `Target` that was not used yet can.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    data : xarray.Dataset
        The trial, from ``cartmodel.equations.design``.
    weights : mapping of str to array
        How far each random effect is centred, per subject, from ``centring_weights``.

    Attributes
    ----------
    priors : dict
        The prior of each coordinate outside the loop over subjects, in order.
    effects : list of str
        The parameters with a coordinate for each subject; these follow, one parameter after the other.
    size : int
        Number of coordinates.
    address, copy_address, columns :
        The C functions that ``cartmodel.kernel.machine`` describes, and the pointers to the trial's numbers.
    """

    def __init__(self, spec: ModelSpec, data: xr.Dataset, weights: Mapping[str, np.ndarray]) -> None:
        source = Scalars(data, fold=spec.correlation is None)
        joint(spec, source)
        self._spec, self.priors, self.effects = spec, source.priors, source.effects
        self._engine, _ = compile_density(source.log_density, (len(source.priors), len(source.effects)))
        self.address: int = self._engine.get_function_address("density")
        self.copy_address: int = self._engine.get_function_address("copy")
        self._call = _CALL(self.address)
        self._trial = data.assign({f"centring_{name}": ("subject", weight) for name, weight in weights.items()})
        self._held = [np.ascontiguousarray(column(self._trial), dtype=np.float64) for column in source.columns]
        self.columns = np.array([column.ctypes.data for column in self._held], dtype=np.uintp)
        self.size: int = len(self.priors) + data.sizes["subject"] * len(self.effects)

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density and its gradient at coordinates ``x`` (size,)."""
        x = np.ascontiguousarray(x, dtype=np.float64)
        if x.shape != (self.size,):
            raise ValueError(f"coordinates have the shape {x.shape}, not ({self.size},)")
        gradient, value = np.empty(self.size), np.empty(1)
        self._call(self.size, x.ctypes.data, gradient.ctypes.data, value.ctypes.data, self.columns.ctypes.data)
        return float(value[0]), gradient

    def start(self, seed: int) -> np.ndarray:
        """Return a random starting point within a prior SD of the prior's centre, each effect within one of its own."""
        rng = np.random.default_rng(seed)
        spans = [span_of(prior, folded=self._folds(name)) for name, prior in self.priors.items()]
        shared = np.array([centre + scale * rng.uniform(-1.0, 1.0) for centre, scale in spans])
        population = self._population(shared)
        own: list[np.ndarray] = []
        for name, centre in self._centres(population).items():
            weight = self._trial[f"centring_{name}"]
            step = rng.uniform(-1.0, 1.0, weight.shape)
            own.append((weight * centre + population[f"omega_{name}"] ** weight * step).values)
        return np.concatenate([shared, *own])

    def values(self, x: np.ndarray) -> xr.Dataset:
        """Return population parameters and random effects at coordinates (chain, draw, size)."""
        count, subject = len(self.priors), self._trial["subject"]
        population = self._population(x[..., :count])
        z = x[..., count:].reshape(*x.shape[:-1], len(self.effects), len(subject))
        effects: dict[str, xr.DataArray] = {}
        for j, (name, centre) in enumerate(self._centres(population).items()):
            own = xr.DataArray(z[..., j, :], dims=("chain", "draw", "subject"), coords={"subject": subject})
            omega = f"omega_{name}"
            if self._folds(omega):
                effects[f"eta_{name}"] = own * x[..., list(self.priors).index(omega), None]
            else:
                weight = self._trial[f"centring_{name}"]
                eta = effect(xp, own, centre, population[omega], weight)
                effects[f"eta_{name}"] = eta.transpose("chain", "draw", "subject")
        stored = [name for name, prior in self.priors.items() if not isinstance(prior, PartialCorrelation)]
        corr = {"corr": self._correlation(population)} if self._spec.correlation is not None else {}
        return population[stored].assign(effects | corr)

    def _folds(self, name: str) -> bool:
        return self._spec.correlation is None and isinstance(self.priors[name], HalfNormal)

    def _population(self, shared: np.ndarray) -> xr.Dataset:
        dims = ("chain", "draw")[: shared.ndim - 1]
        return xr.Dataset(
            {
                name: (dims, value_of(xp, prior, shared[..., i], folded=self._folds(name)))
                for i, (name, prior) in enumerate(self.priors.items())
            }
        )

    def _centres(self, population: xr.Dataset) -> dict[str, Any]:
        """Return what each subject's parameters would be without random effects, on the scale of the effects."""
        typical = individual_parameters(self._spec, Draws(population, self._trial, new_patients="typical"))
        return {name: self._spec.curve.parameters[name].link(xp, typical[name]) for name in self.effects}

    def _correlation(self, population: xr.Dataset) -> xr.DataArray:
        partials = {
            (name.split(":")[1], name.split(":")[2]): population[name]
            for name, prior in self.priors.items()
            if isinstance(prior, PartialCorrelation)
        }
        names = list(self.effects)
        factor = cholesky(xp, names, partials)
        like = next(iter(partials.values()))
        rows = [
            xr.concat([factor.get((row, column), 0.0) + 0.0 * like for column in names], dim="parameter_")
            for row in names
        ]
        chol = xr.concat(rows, dim="parameter").assign_coords(parameter=names, parameter_=names)
        corr = (chol.rename(parameter_="k") * chol.rename(parameter="parameter_", parameter_="k")).sum("k")
        return corr.transpose("chain", "draw", "parameter", "parameter_")
