"""What the answers of samplers are compared on: population parameters, AUC0-28 and remission by dose."""

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import remission_probability
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.population import population
from cartmodel.prediction.words import dose_number
from cartmodel.spec import ModelSpec, exposure_name
from cartmodel.spec.priors import LogitNormal, LogNormal

_BLOCK = 400_000  # patients x draws at a time: bounds memory


def estimands(spec: ModelSpec, posterior: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Return the draws of everything that a race compares.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    posterior : xarray.Dataset
        Population parameters and ``eta_<parameter>`` over (chain, draw) and ``subject``.
    data : xarray.Dataset
        The trial, from ``cartmodel.equations.design``.

    Returns
    -------
    xarray.Dataset
        Over (chain, draw): every population parameter; the log of those with a log-normal prior and the logit of those
        with a logit-normal one; ``ln auc_0_28[<dose>]`` (of the first window), the mean log exposure of the patients of
        a dose, which is the log of their geometric mean, and ``auc_0_28[<dose>]``, that mean itself;
        ``remission[<dose>]``, their mean probability of remission. All are functions of the draws alone: no new
        patients, whose own Monte Carlo error would blur a comparison.
    """
    told = [name for name, _ in spec.priors()] + (["corr"] if spec.correlation is not None else [])
    found = {str(name): values for name, values in population(posterior[told]).data_vars.items()}
    for name, prior in spec.priors():
        if isinstance(prior, LogNormal):
            found[f"ln {name}"] = xr.apply_ufunc(np.log, found[name])
        elif isinstance(prior, LogitNormal):
            found[f"logit {name}"] = xp.logit(found[name])
    size = max(1, _BLOCK // max(1, posterior.sizes["chain"] * data.sizes["subject"]))
    blocks = [
        _by_dose(spec, posterior.isel(draw=slice(start, start + size)), data)
        for start in range(0, posterior.sizes["draw"], size)
    ]
    by_dose = xr.concat(blocks, dim="draw")
    found |= {str(name): values for name, values in by_dose.data_vars.items()}
    return xr.Dataset({name: values.transpose("chain", "draw") for name, values in found.items()})


def _by_dose(spec: ModelSpec, posterior: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    source = Draws(posterior, data)
    parameters = individual_parameters(spec, source)
    window = spec.windows[0]
    log_area = xp.log(spec.curve.integral(xp, *window, **parameters))
    chance = None
    if spec.response is not None:
        chance = remission_probability(spec, source, response_exposure(xp, spec, parameters))
    found: dict[str, xr.DataArray] = {}
    for label, treated in _groups(spec, data).items():
        name = f"{exposure_name(*window)}[{label}]"
        mean = log_area.isel(subject=treated).mean("subject")
        found[f"ln {name}"], found[name] = mean, xr.apply_ufunc(np.exp, mean)
        if chance is not None:
            found[f"remission[{label}]"] = chance.isel(subject=treated).mean("subject")
    return xr.Dataset(found)


def _groups(spec: ModelSpec, data: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the positions of the patients of each dose; of all, where the model uses none."""
    dose = data["dose"].values
    if not spec.uses_dose:
        return {"all": np.arange(len(dose))}
    return {dose_number(float(value)): np.flatnonzero(dose == value) for value in np.unique(dose)}


def summarise_estimands(draws: xr.Dataset) -> pd.DataFrame:
    """Return the answers of one run.

    Parameters
    ----------
    draws : xarray.Dataset
        From `estimands`.

    Returns
    -------
    pandas.DataFrame
        By ``estimand``: ``mean`` and ``sd`` with their Monte Carlo standard errors ``mcse_mean`` and ``mcse_sd``,
        ``ess_bulk``, ``ess_tail`` and ``rhat``, all from ArviZ (Vehtari et al., Bayesian Analysis 2021;16:667).
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # chains that never move have no finite R-hat
        columns = {
            "mean": draws.mean(("chain", "draw")),
            "sd": draws.std(("chain", "draw"), ddof=1),
            "mcse_mean": arviz_stats.mcse(draws, method="mean"),
            "mcse_sd": arviz_stats.mcse(draws, method="sd"),
            "ess_bulk": arviz_stats.ess(draws, method="bulk"),
            "ess_tail": arviz_stats.ess(draws, method="tail"),
            "rhat": arviz_stats.rhat(draws),
        }
    index = pd.Index([str(name) for name in draws.data_vars], name="estimand")
    return pd.DataFrame(
        {name: [float(values[v]) for v in draws.data_vars] for name, values in columns.items()}, index=index
    )
