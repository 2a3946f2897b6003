"""Draws of the prior, without PyMC."""

import numpy as np
import xarray as xr

from cartmodel.prediction.draws import generator
from cartmodel.spec import ModelSpec
from cartmodel.spec.priors import quantile


def prior_draws(spec: ModelSpec, draws: int, seed: int = 0) -> xr.Dataset:
    """Return independent draws of all population parameters from their priors.

    Returns
    -------
    xarray.Dataset
        One variable a parameter, over ``chain`` (1) and ``draw``; ``corr`` (parameter, parameter_) where the model
        correlates the effects.

    Examples
    --------
    >>> import cartmodel as cm
    >>> from cartmodel.prediction.prior import prior_draws
    >>> prior_draws(cm.load_model("cd7-ssc"), 1000)["cmax_pop"].sizes["draw"]
    1000
    """
    drawn = {
        name: (("chain", "draw"), np.asarray(quantile(prior, generator(seed, name).random((1, draws)))))
        for name, prior in spec.priors()
    }
    dataset = xr.Dataset(drawn, coords={"chain": [0], "draw": np.arange(draws)})
    if spec.correlation is not None:
        names = list(spec.curve.varying)
        corr = lkj_draws(len(names), spec.correlation.eta, draws, generator(seed, "corr"))
        dataset["corr"] = (("chain", "draw", "parameter", "parameter_"), corr[None])
        dataset = dataset.assign_coords(parameter=names, parameter_=names)
    return dataset


def lkj_draws(n: int, eta: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return LKJ-distributed correlation matrices, by the onion method (Lewandowski, Kurowicka & Joe 2009)."""
    corr = np.broadcast_to(np.eye(n), (draws, n, n)).copy()
    chol = np.zeros((draws, n, n))
    chol[:, 0, 0] = 1.0
    b = eta + 0.5 * (n - 2)
    for k in range(1, n):
        squared = rng.beta(0.5 * k, b, draws)
        b -= 0.5
        direction = rng.standard_normal((draws, k))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        chol[:, k, :k] = np.sqrt(squared)[:, None] * direction
        chol[:, k, k] = np.sqrt(1.0 - squared)
    corr[:] = chol @ chol.transpose(0, 2, 1)
    return corr
