"""What a sampler is given: one posterior, as a PyMC model and as machine code."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import xarray as xr

from cartmodel.equations.centring import centring_weights
from cartmodel.equations.design import design
from cartmodel.inference.density import Density
from cartmodel.spec import ModelSpec
from cartmodel.trial import TrialData

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True)
class Target:
    """The posterior of a trial under a model, in the forms that samplers take; each is made when first asked for.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    spec : ModelSpec
        From `load_model`.

    Examples
    --------
    >>> import cartmodel as cm
    >>> target = cm.Target(cm.read_trial(cm.example_path("cd7_ssc")), cm.load_model("cd7-ssc"))
    >>> log_density, gradient = target.density(target.density.start(seed=1))
    >>> gradient.shape
    (130,)
    """

    trial: TrialData
    spec: ModelSpec

    @cached_property
    def data(self) -> xr.Dataset:
        """The trial's arrays, from ``cartmodel.equations.design``."""
        return design(self.trial, self.spec)

    @cached_property
    def density(self) -> Density:
        """The log density and its gradient as machine code, in unbounded coordinates."""
        return Density(self.spec, self.data, centring_weights(self.spec, self.data))

    @cached_property
    def model(self) -> "pm.Model":
        """The PyMC model."""
        from cartmodel.symbolic.model import build  # importing PyMC takes seconds, and the kernel does without

        return build(self.trial, self.spec)
