"""Exposures by NCA of a trial and of its replicates, treated alike."""

import numpy as np
import xarray as xr

from cartmodel.noncompartmental import Profiles, nca_parameters
from cartmodel.prediction.interval import INTERVAL, QUANTILES
from cartmodel.spec import exposure_name


def derived_exposures(
    seen: xr.Dataset,
    drawn: xr.DataArray,
    windows: tuple[tuple[float, float], ...],
    groups: list[tuple[str, np.ndarray]],
) -> xr.Dataset:
    """Return Cmax, Tmax and partial areas by NCA, of the trial's samples and of replicates censored in the same way.

    Parameters
    ----------
    seen : xarray.Dataset
        From `observed_levels`.
    drawn : xarray.DataArray
        From `replicated_levels`.
    windows : tuple of (float, float)
        Days of the areas.
    groups : list of (label, mask)
        From `dose_groups`.

    Returns
    -------
    xarray.Dataset
        See `vpc`. An exposure that the rules of the NCA leave undefined is left out of a median; of two samples of a
        patient at one time the first is taken.
    """
    time, blq, level = (seen[name].values for name in ("time", "blq", "log_level"))
    names = ["cmax", "tmax", *(exposure_name(*window) for window in windows)]
    own = _nca(time, np.where(blq, np.nan, level), windows, names)
    censored = drawn.values
    limit = np.nan_to_num(seen["log_lloq"].values, nan=-np.inf)
    censored = np.where(censored >= limit, censored, np.nan)
    stacked = censored.reshape(-1, censored.shape[-1])
    again = _nca(np.tile(time, (len(censored), 1)), stacked, windows, names)
    again = again.reshape(len(names), *censored.shape[:2])
    shape = (len(names), len(groups))
    medians = np.full((4, *shape), np.nan)
    single = np.full((2, *shape), np.nan)
    for j, (_, mask) in enumerate(groups):
        for i in range(len(names)):
            medians[0, i, j] = _median(own[i, mask])
            of_trials = _median(again[i][:, mask])
            if not np.isnan(of_trials).all():
                medians[1:, i, j] = np.nanquantile(of_trials, QUANTILES)
                single[:, i, j] = np.nanquantile(again[i][:, mask], INTERVAL)
    over = ("parameter", "group")
    keys = (
        "exposure_observed",
        "exposure_lower",
        "exposure_median",
        "exposure_upper",
        "patient_lower",
        "patient_upper",
    )
    found = dict(zip(keys, ((over, value) for value in (*medians, *single)), strict=True))
    coords = {"parameter": names, "group": [label for label, _ in groups], "subject": seen["subject"].values}
    return xr.Dataset({**found, "patient": (("parameter", "subject"), own)}, coords=coords)


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median along the last axis of those that are defined; NaN where none is."""
    defined = ~np.isnan(values)
    filled = np.where(defined.any(axis=-1, keepdims=True), values, 0.0)
    return np.where(defined.any(axis=-1), np.nanmedian(filled, axis=-1), np.nan)


def _nca(
    time: np.ndarray, log_level: np.ndarray, windows: tuple[tuple[float, float], ...], names: list[str]
) -> np.ndarray:
    """Return the parameters over (name, patient); one row of ``time`` and ``log_level`` (NaN where BLQ) a patient."""
    order = np.argsort(np.where(np.isnan(time), np.inf, time), axis=1, kind="stable")
    time, log_level = (np.take_along_axis(values, order, axis=1) for values in (time, log_level))
    twice = np.zeros(time.shape, dtype=bool)
    twice[:, 1:] = np.diff(time, axis=1) == 0
    if twice.any():
        time = np.where(twice, np.nan, time)
        order = np.argsort(np.where(np.isnan(time), np.inf, time), axis=1, kind="stable")
        time, log_level = (np.take_along_axis(values, order, axis=1) for values in (time, log_level))
    level = np.where(np.isnan(time) | np.isnan(log_level), np.nan, np.exp(log_level))
    with np.errstate(all="ignore"):  # replicated levels span more decades than an assay's
        found = {p.name: p.value for p in nca_parameters(Profiles(time, level), windows=windows, persistence=())}
    return np.stack([found[name] for name in names])
