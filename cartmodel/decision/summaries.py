"""Weighted draws as columns of a table."""

import arviz_stats
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


def above(values: Draw, limit: float) -> Draw:
    """Return 1 where a value is above a limit, else 0; NaN where undefined."""
    return np.where(np.isnan(values), np.nan, values > limit)


def share(hits: Draw, weights: Draw) -> list[float]:
    """Return the weight of the draws with an event, for each row (the last axis); NaN where any is undefined."""
    return [float(np.sum(weights * hits[..., k])) for k in range(hits.shape[-1])]


def probability(table: pd.DataFrame, name: str, hits: Draw, weights: Draw, chains: int) -> None:
    """Add the probability of an event and, as ``name_mcse``, its Monte Carlo standard error.

    Parameters
    ----------
    hits : ndarray (draw, resampled, row)
        1 where it happens, 0 where not, NaN where undefined; draws chain after chain.
    weights : ndarray (draw, resampled)
        Of the draws; they sum to 1.
    chains : int
        How many chains the draws come from.
    """
    table[name] = share(hits, weights)
    table[f"{name}_mcse"] = [share_error(hits[..., k], weights, chains) for k in range(hits.shape[-1])]


def share_error(hits: Draw, weights: Draw, chains: int) -> float:
    """Return the Monte Carlo standard error of the weighted share of dependent draws.

    The delta method for self-normalised weights: each draw enters as its weight times its distance from the share, and
    the mean of these has the error that ArviZ finds from their effective sample size. NaN where the draws of
    each chain agree, which tells nothing of it, and with fewer than 4 draws a chain.

    Parameters
    ----------
    hits, weights : ndarray (draw, resampled)
        Draws chain after chain; the weights sum to 1.
    chains : int
        How many chains they come from.

    References
    ----------
    Vehtari A. et al. (2021), Bayesian Analysis 16:667-718, for the effective sample size; Owen A.B. (2013), Monte Carlo
    theory, methods and examples, section 9.2, for the weights.

    Examples
    --------
    >>> even = np.full((400, 1), 1 / 400)
    >>> hits = 1.0 * (np.random.default_rng(1).random((400, 1)) < 0.2)
    >>> round(share_error(hits, even, chains=4), 3)  # of independent draws sqrt(0.2 x 0.8 / 400) = 0.02
    0.02
    """
    distance = np.sum(weights * (hits - np.sum(weights * hits)), axis=1) * len(weights)
    by_chain = distance.reshape(chains, -1)
    if np.isnan(by_chain).any() or by_chain.shape[1] < 4 or not np.ptp(by_chain, axis=1).any():
        return float("nan")
    return float(arviz_stats.mcse(by_chain, method="mean"))
