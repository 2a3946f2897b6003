"""Fits on disk: netCDF files that any later version reads, without PyMC."""

import json
from pathlib import Path

import numpy as np
import xarray as xr

from cartmodel.errors import FitFileError
from cartmodel.spec import ModelSpec, parse_model

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


def group(fit: xr.DataTree, name: str) -> xr.Dataset:
    """Return a group of a fit, such as its ``posterior``."""
    return fit[name].to_dataset()


def spec_of(fit: xr.DataTree) -> ModelSpec:
    """Return the model that a fit carries inside."""
    return parse_model(json.loads(fit.attrs["spec"]), where="inside the fit")
