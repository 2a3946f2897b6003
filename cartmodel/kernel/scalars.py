"""The source that answers with recorded scalars: the equations become the expression of the joint log density."""

from collections.abc import Callable, Mapping
from math import log, pi
from typing import Any

import numpy as np
import xarray as xr

from cartmodel.equations.observations import Observable
from cartmodel.kernel import vocabulary
from cartmodel.kernel.coordinates import cholesky, log_prior, partial_correlations, value_of
from cartmodel.kernel.expression import Loop, Node, Range, constant, total
from cartmodel.kernel.layout import Rows, groups, per_subject
from cartmodel.spec.priors import HalfNormal

_HALF_LOG_2PI = 0.5 * log(2.0 * pi)

type Column = Callable[[xr.Dataset], np.ndarray]


class Scalars:
    """Recorded scalars for the equations.

    Parameters
    ----------
    data : xarray.Dataset
        A trial from ``cartmodel.equations.design``; only its shape is used, the numbers come when the kernel runs.
    fold : bool
        Sample an SD with a half-normal prior as the absolute value of a normal coordinate.

    Attributes
    ----------
    columns : list of callable
        How each of the kernel's columns is taken from a trial and its centring weights.
    priors : dict
        The prior of each coordinate outside the loop over subjects, in the sampler's order.
    effects : list of str
        The parameters whose coordinates are per subject, in the sampler's order.
    """

    xp: Any = vocabulary

    def __init__(self, data: xr.Dataset, *, fold: bool) -> None:
        self._data, self._fold = data, fold
        self.columns: list[Column] = []
        self.priors: dict[str, Any] = {}
        self.effects: list[str] = []
        self._nodes: dict[str, Any] = {}
        self._signed: dict[str, Node] = {}
        self._prior: Any = 0.0
        self._own: Any = 0.0
        self._subject = Loop(None)
        self._samples: dict[str, Loop] = {}

    @property
    def log_density(self) -> Node:
        """The joint log density of everything that was asked for and observed."""
        filled = self._column(lambda trial: np.array([float(groups(trial))]), None)
        return self._prior + total(self._own, Range(self._subject, 0.0, filled))

    def random(self, name: str, prior: Any) -> Node:
        """Return the population parameter ``name``, made when it is first asked for."""
        if name not in self._nodes:
            x = Node("coordinate", (), None, len(self.priors))
            self.priors[name] = prior
            if self._fold and isinstance(prior, HalfNormal):
                self._signed[name] = x
            self._nodes[name] = value_of(vocabulary, prior, x, folded=self._fold)
            self._prior = self._prior + log_prior(vocabulary, prior, x, folded=self._fold)
        return self._nodes[name]

    def known(self, name: str) -> Node:
        """Return a quantity of the trial, per subject or per sample."""
        if name not in self._nodes:
            dims = self._data[name].dims
            if len(dims) == 1:
                self._nodes[name] = self._per_subject(name)
            else:
                assay = str(dims[1]).removeprefix("sample_")
                column: Column = lambda trial: Rows(trial, assay).per_sample(trial[name].values)  # noqa: E731
                self._nodes[name] = self._column(column, self._sample_loop(assay))
        return self._nodes[name]

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        """Return centre + eta of each parameter, partly centred as in ``cartmodel.symbolic.symbols``."""
        values: dict[str, Any] = {}
        scaled: dict[str, Any] = {}
        for name, omega in omegas.items():
            z = Node("coordinate", (), self._subject, len(self.effects))
            self.effects.append(name)
            signed = self._signed.get(f"omega_{name}")
            if signed is not None:
                values[name], scaled[name] = centres[name] + signed * z, z
                continue
            weight = self._per_subject(f"centring_{name}")
            log_omega = vocabulary.log(omega)
            scaled[name] = (z - weight * centres[name]) * vocabulary.exp(-weight * log_omega)
            values[name] = centres[name] + omega * scaled[name]
            self._own = self._own - weight * log_omega
        if correlation is not None:
            scaled = self._uncorrelated(scaled, correlation.eta)
        for standard in scaled.values():
            self._own = self._own - 0.5 * standard * standard - _HALF_LOG_2PI
        return values

    def _uncorrelated(self, scaled: Mapping[str, Node], eta: float) -> dict[str, Any]:
        """Return the effects over their Cholesky factor, and count its determinant."""
        names = list(scaled)
        priors = partial_correlations(names, eta)
        partials = {pair: self.random(f"partial:{pair[0]}:{pair[1]}", prior) for pair, prior in priors.items()}
        factor = cholesky(vocabulary, names, partials)
        standard: dict[str, Any] = {}
        for row in names:
            known = [factor[row, column] * standard[column] for column in standard]
            standard[row] = (scaled[row] - sum(known, constant(0.0))) / factor[row, row]
            self._own = self._own - vocabulary.log(factor[row, row])
        return standard

    def per_sample(self, value: Any) -> Any:
        """Return the value as it is: a scalar is a scalar in every loop."""
        return value

    def observe(self, name: str, observable: Observable) -> None:
        """Add the log density of what is observed."""
        value = self.known(name)
        if value.loop is self._subject:
            density = observable.log_density(vocabulary, value, *observable.parts)
            self._own = self._own + self.known(f"seen_{name}") * density
            return
        assay = name.removeprefix("level_")
        blq, loop = self.known(f"blq_{assay}"), self._sample_loop(assay)
        here = self._column(lambda trial: Rows(trial, assay).here, loop)
        start, middle, stop = (self._bound(assay, k) for k in range(3))
        for flag, bounds in ((0.0, (start, middle)), (1.0, (middle, stop))):
            parts = (flag if part is blq else part for part in observable.parts)
            density = observable.log_density(vocabulary, value, *parts)
            self._own = self._own + total(here * density, Range(loop, *bounds))

    def _bound(self, assay: str, place: int) -> Node:
        column = self._column(lambda trial: Rows(trial, assay).bounds[place], self._subject)
        return Node("bound", (), column.loop, column.data)

    def _per_subject(self, name: str) -> Node:
        return self._column(lambda trial: per_subject(trial[name].values), self._subject)

    def _sample_loop(self, assay: str) -> Loop:
        return self._samples.setdefault(assay, Loop(self._subject))

    def _column(self, column: Column, loop: Loop | None) -> Node:
        self.columns.append(column)
        return Node("column", (), loop, len(self.columns) - 1)
