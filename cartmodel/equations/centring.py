"""How far each random effect is centred: chosen from what the data can say about it, never by the user."""

import numpy as np
import xarray as xr

from cartmodel.kinetics import vocabulary as xp
from cartmodel.spec import ModelSpec
from cartmodel.spec.priors import quantile

_STEP = 1e-4
_SMALL_OMEGA = 0.25  # quantile of the prior: centring hurts when omega is small, so ask what the data say when it is


def centring_weights(spec: ModelSpec, data: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the centring weight of each parameter and subject: the share of its effect's variance that samples remove.

    With J the slopes of the ln levels in the standardised random effects at the prior's centre (the lower quartile of
    omega), over the residual SD and counting the quantified samples, the effects' posterior covariance is V = (I +
    J'J)^-1 to first order. The weight is 1 - diag(V): near 1 for an effect that the data pin down (centred), near 0 for
    one that they leave to the prior (non-centred). It changes how fast the sampler moves, never the posterior.
    """
    curve = spec.curve
    names = list(curve.varying)
    medians = {name: quantile(spec.typical[name], 0.5) for name in curve.parameters}
    known = {name: data[name].values[:, None] for name in curve.inputs}
    scales = {name: float(quantile(spec.random[name], _SMALL_OMEGA)) for name in names}
    subjects, links = data.sizes["subject"], curve.parameters
    information = np.zeros((subjects, len(names), len(names)))
    for assay_name, assay in spec.assays.items():
        time = data[f"time_{assay_name}"].values

        def log_level(shift: dict[str, float], time: np.ndarray = time) -> np.ndarray:
            values = {n: p.link(xp, medians[n]) + scales.get(n, 0.0) * shift.get(n, 0.0) for n, p in links.items()}
            return curve.log_level(xp, time, **{n: links[n].inverse(xp, v) for n, v in values.items()}, **known)

        sigma = float(quantile(assay.sigma if assay.sigma is not None else assay.sigma_proportional, 0.5))
        quantified = data[f"seen_level_{assay_name}"].values * (1.0 - data[f"blq_{assay_name}"].values)
        slopes = [(log_level({n: _STEP}) - log_level({n: -_STEP})) / (2 * _STEP) / sigma for n in names]
        jacobian = np.stack(slopes, axis=-1) * quantified[..., None]
        information += np.einsum("sji,sjk->sik", jacobian, jacobian)
    covariance = np.linalg.inv(np.eye(len(names)) + information)
    weights = 1.0 - np.diagonal(covariance, axis1=1, axis2=2)
    return {name: np.clip(weights[:, i], 0.0, 1.0) for i, name in enumerate(names)}
