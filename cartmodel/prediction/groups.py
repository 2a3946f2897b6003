"""The predictive and log-likelihood groups of a fit, by the NumPy interpreter."""

import numpy as np
import xarray as xr

from cartmodel.equations.joint import joint
from cartmodel.prediction.draws import Draws
from cartmodel.spec import ModelSpec

_MOST = 4_000_000  # replicated samples: all draws of a trial with 70 patients, 300 of one with 1,000


def predictive_group(spec: ModelSpec, posterior: xr.Dataset, data: xr.Dataset, seed: int) -> xr.Dataset:
    """Return replicated data for the patients of the trial.

    Returns
    -------
    xarray.Dataset
        ``level_<assay>``: ln level as the assay would report it, clamped at ln LLOQ; ``latent_level_<assay>``: the
        same, not clamped; the outcomes. NaN where the grid is padded. Of a large trial, for every k-th draw only.
    """
    cells = sum(data[f"blq_{assay}"].size for assay in spec.assays)
    every = -(-posterior.sizes["chain"] * posterior.sizes["draw"] * cells // _MOST)
    source = Draws(posterior.isel(draw=slice(None, None, every)), data, seed=seed)
    joint(spec, source)
    drawn = source.sample_observed()
    for assay in spec.assays:
        name = f"level_{assay}"
        latent = drawn[name].where(data[f"seen_{name}"] > 0)
        floor = xr.apply_ufunc(np.log, data[f"lloq_{assay}"]).fillna(-np.inf)
        drawn[f"latent_{name}"] = latent.astype("float32")
        drawn[name] = np.maximum(latent, floor).astype("float32")
    return drawn.transpose("chain", "draw", ...)


def log_likelihood_group(spec: ModelSpec, posterior: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Return the log density of every sample and outcome at each draw."""
    source = Draws(posterior, data)
    joint(spec, source)
    return source.pointwise_log_likelihood().transpose("chain", "draw", ...)
