"""Fits on disk: netCDF files that any later version reads, without PyMC."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.errors import FitFileError
from cartmodel.spec import ModelSpec, parse_model
from cartmodel.trial import TrialData

FORMAT = "cartmodel-fit-1"


def write_fit(fit: xr.DataTree, path: str | Path) -> Path:
    """Write a fit to a netCDF file and return its path."""
    target = Path(path)
    encoding = {
        f"/{group}": {
            str(name): {"zlib": True, "complevel": 4}
            for name, v in fit[group].data_vars.items()
            if v.dtype.kind in "fi" and v.ndim
        }
        for group in fit.children
    }
    fit.to_netcdf(target, engine="h5netcdf", encoding=encoding)
    return target


def read_fit(path: str | Path) -> xr.DataTree:
    """Return the fit of a file, wholly in memory.

    Raises
    ------
    FitFileError
        If the file cannot be read or is not a fit of cartmodel.
    """
    try:
        with xr.open_datatree(Path(path), engine="h5netcdf") as tree:
            fit = tree.load()
    except Exception as error:  # h5netcdf and h5py raise many kinds; to the user they are one: no readable file
        raise FitFileError(f"{path}: not a readable fit ({error}); accepted: a fit.nc written by cartmodel") from error
    if fit.attrs.get("format") != FORMAT:
        raise FitFileError(f"{path}: not a fit of cartmodel; accepted: a fit.nc with format '{FORMAT}'")
    fit.attrs = {key: value.item() if isinstance(value, np.generic) else value for key, value in fit.attrs.items()}
    return fit


def covariates_text(trial: TrialData) -> str:
    """Return the baseline covariates of a trial, weight among them, as a fit carries them."""
    table = trial.covariates.copy()
    if trial.subjects["weight"].notna().any():
        table.insert(0, "weight", trial.subjects["weight"].astype(float))
    return table.to_json(orient="columns")


def covariates_of(fit: xr.DataTree) -> pd.DataFrame:
    """Return the baseline covariates of the patients of a fit, weight among them: numbers, or texts (blank if missing).

    Indexed by ``subject`` in the order of the fit; without columns where the trial, or an older fit, has none.
    """
    subjects = [str(subject) for subject in group(fit, "constant_data")["subject"].values]
    told = json.loads(fit.attrs.get("covariates", "{}"))
    table = pd.DataFrame({name: pd.Series(values) for name, values in told.items()})
    table = table.reindex(subjects).rename_axis("subject")
    numbers = [name for name in table if not table[name].map(lambda value: isinstance(value, str)).any()]
    return table.astype(object).astype(dict.fromkeys(numbers, float))


def group(fit: xr.DataTree, name: str) -> xr.Dataset:
    """Return a group of a fit, such as its ``posterior``."""
    return fit[name].to_dataset()


def spec_of(fit: xr.DataTree) -> ModelSpec:
    """Return the model that a fit carries inside."""
    return parse_model(json.loads(fit.attrs["spec"]), where="inside the fit")
