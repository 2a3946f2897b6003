"""Exposures of the typical patient at any covariates."""

from typing import Any

import numpy as np
import xarray as xr

from cartmodel.equations.design import NEVER
from cartmodel.equations.exposure import exposures
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec


def typical_exposures(
    spec: ModelSpec, posterior: xr.Dataset, *, dose: xr.DataArray | float | None = None, **inputs: xr.DataArray | float
) -> xr.Dataset:
    """Return Cmax, Tmax and the areas of a patient whose random effects are 0, at each draw.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    posterior : xarray.Dataset
        Draws of the population parameters.
    dose : xarray.DataArray or float, optional
        Cells; default: the model's reference.
    **inputs : xarray.DataArray or float
        Days of what the curve must know, such as ``tocilizumab_day``; default: never.
    """
    reference = spec.dose.reference if spec.dose is not None else 1.0
    given = reference if dose is None else dose
    known: dict[str, Any] = {"log_dose": xr.DataArray(np.log(given / reference))}
    known |= {name: xr.DataArray(inputs.get(name, NEVER)) for name in spec.curve.inputs}
    source = Draws(posterior.drop_dims("subject", errors="ignore"), xr.Dataset(known), new_patients="typical")
    found = exposures(xp, spec.curve, individual_parameters(spec, source), spec.windows)
    return xr.Dataset(found)
