"""Random effects of the patients, and how far they shrink."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES

SHRINKAGE = "1 - Var_i(E[eta_i | y]) / E[omega^2]: 0 where the patients' data say all, 1 where they say nothing"
_DRAWS = ("chain", "draw")


def random_effects(fit: xr.DataTree) -> xr.Dataset:
    """Return the random effects of every patient, with their shrinkage.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Returns
    -------
    xarray.Dataset
        Over ``effect`` (parameters of the curve) and ``subject``: ``mean``, ``median``, ``lower`` and ``upper`` (95%)
        of eta, on the scale (log, logit) on which it acts; ``standardised``, the mean of eta / omega. Over ``effect``:
        ``omega`` (posterior median), ``shrinkage`` (see `shrinkage`) and ``dose_correlation`` (Spearman's, of the means
        with the dose; NaN with fewer than two doses). Coordinate ``dose`` (cells) per subject.
    """
    spec = spec_of(fit)
    posterior = group(fit, "posterior")
    names = list(spec.curve.varying)
    eta = xr.concat([posterior[f"eta_{name}"] for name in names], dim="effect").assign_coords(effect=names)
    omega = xr.concat([posterior[f"omega_{name}"] for name in names], dim="effect").assign_coords(effect=names)
    found = eta.quantile(QUANTILES, dim=_DRAWS)
    effects = xr.Dataset(
        {name: found.isel(quantile=i, drop=True) for i, name in enumerate(("lower", "median", "upper"))}
    )
    effects["mean"] = eta.mean(_DRAWS)
    effects["standardised"] = (eta / omega).mean(_DRAWS)
    effects["omega"] = omega.median(_DRAWS)
    effects = effects.transpose("effect", "subject").assign_coords(
        subject=group(fit, "constant_data")["subject"], dose=("subject", group(fit, "constant_data")["dose"].values)
    )
    effects["shrinkage"] = ("effect", shrinkage(fit)["shrinkage"].to_numpy())
    dose = pd.Series(effects["dose"].values)
    several = len(dose.dropna().unique()) > 1
    effects["dose_correlation"] = (
        "effect",
        [dose.corr(pd.Series(row), method="spearman") if several else np.nan for row in effects["mean"].values],
    )
    effects.attrs = {"shrinkage": SHRINKAGE}
    return effects


def shrinkage(fit: xr.DataTree) -> pd.DataFrame:
    r"""Return the Bayesian shrinkage of each random effect, in its variance form.

    Returns
    -------
    pandas.DataFrame
        One row an effect: ``effect``; ``shrinkage`` = :math:`1 - Var_i(E[\eta_i | y]) / E[\omega^2]`, with the
        patients' sample variance (n - 1); ``shrinkage_sd`` = :math:`1 - \sqrt{1 - shrinkage}`, the form on SDs that
        other programs print; ``n``; ``definition`` in words. NaN with one patient.

    Notes
    -----
    With known omega and n samples of a mean with SD sigma each, the expectation is
    :math:`\sigma^2 / (\sigma^2 + n \omega^2)`. With few patients it scatters and may be below 0.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.shrinkage(cm.read_fit("run/fit.nc"))  # doctest: +SKIP
    """
    spec = spec_of(fit)
    posterior = group(fit, "posterior")
    rows = []
    for name in spec.curve.varying:
        eta, omega = posterior[f"eta_{name}"], posterior[f"omega_{name}"]
        n = eta.sizes["subject"]
        value = float(1.0 - eta.mean(_DRAWS).var("subject", ddof=1) / (omega**2).mean()) if n > 1 else np.nan
        sd = 1.0 - np.sqrt(1.0 - value) if value <= 1 else np.nan
        rows.append({"effect": name, "shrinkage": value, "shrinkage_sd": sd, "n": n, "definition": SHRINKAGE})
    return pd.DataFrame(rows)
