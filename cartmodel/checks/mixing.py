"""Which parameters a sampler explored worst."""

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group
from cartmodel.prediction.population import population


def independent_draws(draws: xr.Dataset) -> xr.Dataset:
    """Return every so many-th draw of each chain, so that about as many are left as the worst parameter has effective.

    A test that takes draws for independent rejects chains that agree, if they are only slow. At least 20 draws of each
    chain are left (all, of shorter ones).

    Parameters
    ----------
    draws : xarray.Dataset
        Parameters over (chain, draw).
    """
    with np.errstate(all="ignore"):  # of a parameter that never moved
        least = min(float(values) for values in arviz_stats.ess(draws).data_vars.values())
    total, length = draws.sizes["chain"] * draws.sizes["draw"], draws.sizes["draw"]
    step = int(np.ceil(total / least)) if least > 0 else length
    return draws.isel(draw=slice(None, None, max(1, min(step, length // 20))))


def worst_mixing(fit: xr.DataTree, n: int = 4) -> pd.DataFrame:
    """Return the population parameters with the fewest effective draws, the worst first.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    n : int
        How many.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``rhat``, ``ess_bulk``, ``ess_tail``; in order of the smaller of the two ESS, those that
        never moved first.
    """
    draws = population(group(fit, "posterior"))
    with np.errstate(all="ignore"):  # of a parameter that never moved
        found = {
            "rhat": arviz_stats.rhat(draws),
            "ess_bulk": arviz_stats.ess(draws),
            "ess_tail": arviz_stats.ess(draws, method="tail"),
        }
    names = [str(name) for name in draws.data_vars]
    table = pd.DataFrame({"parameter": names} | {k: [float(v[name]) for name in names] for k, v in found.items()})
    still = [bool(np.ptp(draws[name].values) == 0) for name in names]
    least = table[["ess_bulk", "ess_tail"]].min(axis=1).fillna(-1.0).mask(pd.Series(still), -2.0)
    return table.iloc[least.argsort(kind="stable")[:n]].reset_index(drop=True)
