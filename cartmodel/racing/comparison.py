"""How far the answers of one run are from the right ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

ALARM = 1e-3
"""Probability that a right sampler is called wrong, at most: shared among the estimands (Bonferroni)."""


@dataclass(frozen=True)
class Comparison:
    """The answers of one run against the reference.

    Parameters
    ----------
    error_mean : float
        Largest error of a mean, in posterior SDs.
    error_sd : float
        Largest relative error of an SD.
    z : float
        Largest error of a mean or an SD, in Monte Carlo standard errors of run and reference together.
    z_limit : float
        What |z| of a right sampler stays below, with probability 1 - ``ALARM`` or more.
    worst : str
        The estimand of the largest |z|.
    count : int
        Number of estimands.
    """

    error_mean: float
    error_sd: float
    z: float
    z_limit: float
    worst: str
    count: int

    @property
    def agrees(self) -> bool:
        """Whether the run and the reference differ by no more than Monte Carlo error."""
        return self.z < self.z_limit


def compare(table: pd.DataFrame, reference: pd.DataFrame) -> Comparison:
    """Return how far answers are from the reference.

    Parameters
    ----------
    table, reference : pandas.DataFrame
        ``mean``, ``sd``, ``mcse_mean`` and ``mcse_sd`` by ``estimand``. What the reference does not have is not judged.

    Raises
    ------
    ValueError
        If an estimand of the reference has no answer: other questions were asked.

    Examples
    --------
    >>> right = pd.DataFrame({"mean": 0.0, "sd": 1.0, "mcse_mean": 0.01, "mcse_sd": 0.01}, index=["x"])
    >>> compare(right.assign(mean=0.5), right).agrees
    False
    """
    missing = [name for name in reference.index if name not in table.index]
    if missing:
        raise ValueError(f"no answer to estimands of the reference: {', '.join(missing)}")
    run, right = table.loc[reference.index], reference
    gaps = {name: (run[name] - right[name]).abs() for name in ("mean", "sd")}
    z = pd.concat([gaps[name] / np.hypot(run[f"mcse_{name}"], right[f"mcse_{name}"]) for name in gaps], axis=1).max(
        axis=1, skipna=False
    )
    z = z.fillna(np.inf)  # draws that never move have no Monte Carlo error: nothing excuses them
    return Comparison(
        error_mean=float((gaps["mean"] / right["sd"]).max()),
        error_sd=float((gaps["sd"] / right["sd"]).max()),
        z=float(z.max()),
        z_limit=float(norm.isf(ALARM / (4 * len(run)))),  # two answers an estimand, two sides
        worst=str(z.idxmax()),
        count=len(run),
    )
