"""Weighted draws as columns of a table."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartmodel.prediction.interval import QUANTILES

type Draw = NDArray[np.float64]


def weighted_quantile(values: Draw, weights: Draw, q: float) -> float:
    """Return the smallest value below or at which a share q of the weights lies; NaN if any value is.

    Examples
    --------
    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([0.1, 0.1, 0.8]), 0.5)
    2.0
    """
    if np.isnan(values).any():
        return float("nan")
    order = np.argsort(values, axis=None, kind="stable")
    reached = np.cumsum(weights.ravel()[order])
    place = int(np.searchsorted(reached, q * reached[-1]))
    return float(values.ravel()[order][min(place, values.size - 1)])


def spread(table: pd.DataFrame, name: str, values: Draw, weights: Draw) -> None:
    """Add median and ends of the 95% interval: values (draw, resampled, row), weights (draw, resampled)."""
    prefix = f"{name}_" if name else ""
    for column, q in zip(("lower", "median", "upper"), QUANTILES, strict=True):
        table[prefix + column] = [weighted_quantile(values[..., k], weights, q) for k in range(values.shape[-1])]


def share_above(values: Draw, limit: float, weights: Draw) -> list[float]:
    """Return the weight of the draws above a limit, for each row (the last axis); NaN where undefined."""
    return [
        float("nan") if np.isnan(values[..., k]).any() else float(np.sum(weights * (values[..., k] > limit)))
        for k in range(values.shape[-1])
    ]
