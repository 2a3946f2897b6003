"""Curves of the patients of a fit, from thinned draws."""

import numpy as np
import xarray as xr

from cartmodel.checks.thinning import thinned
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES

_MOST = 400  # draws of the curves


def individual_curves(fit: xr.DataTree, days: np.ndarray, assay: str) -> xr.Dataset:
    """Return the curve of each patient at the own dose, as an assay would measure it.

    Returns
    -------
    xarray.Dataset
        ``median``, ``lower`` and ``upper`` (95% interval of the curve, without residual error), and the same of the
        typical patient at that dose: ``typical``, ``typical_lower``, ``typical_upper``, over (subject, time).
    """
    spec = spec_of(fit)
    posterior = thinned(group(fit, "posterior"), _MOST)
    known = group(fit, "constant_data")
    time = xr.DataArray(days, dims="time", coords={"time": days})
    scale = posterior[f"scale_{assay}"] if spec.assays[assay].scale is not None else 1.0
    own, typical = (
        scale
        * np.exp(
            spec.curve.log_level(xp, time, **individual_parameters(spec, Draws(posterior, known, new_patients=who)))
        )
        for who in (None, "typical")
    )
    over = ("chain", "draw")
    curves: dict[str, xr.DataArray] = {}
    for curve, names in ((own, ("lower", "median", "upper")), (typical, ("typical_lower", "typical", "typical_upper"))):
        found = curve.quantile(QUANTILES, dim=over)
        curves |= {name: found.isel(quantile=i, drop=True) for i, name in enumerate(names)}
    return xr.Dataset(curves).broadcast_like(known["subject"]).transpose("subject", "time")
