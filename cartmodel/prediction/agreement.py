"""Two fits of one model and trial, side by side."""

import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import interval
from cartmodel.prediction.predictions import predict


def compare_fits(joint: xr.DataTree, cut: xr.DataTree) -> pd.DataFrame:
    """Return the response parameters and the probability of remission by dose of two fits of one model, side by side.

    Parameters
    ----------
    joint, cut : xarray.DataTree
        Fits of the same model and trial, such as a joint and a two-stage ('cut') one.

    Returns
    -------
    pandas.DataFrame
        One row a quantity: ``joint_median``, ``joint_lower``, ``joint_upper``, the same for ``cut``, ``difference`` of
        the medians (cut minus joint), and ``difference_in_sd`` in SDs of the joint posterior.

    Raises
    ------
    ValueError
        If the fits are not of the same model and trial, or the model has no response.
    """
    for key in ("model_digest", "trial_digest"):
        if joint.attrs[key] != cut.attrs[key]:
            raise ValueError(f"the fits differ in their {key}; accepted: two fits of the same model and trial")
    spec = spec_of(joint)
    if spec.response is None:
        raise ValueError(f"model '{spec.name}' has no response; accepted: a model with one")
    first, second = group(joint, "posterior"), group(cut, "posterior")
    rows = [_side_by_side(name, first[name], second[name]) for name, prior in spec.response if hasattr(prior, "dist")]
    one, other = predict(joint)["remission"].mean("subject"), predict(cut)["remission"].mean("subject")
    for value in one["dose"].values if "dose" in one.dims else [None]:
        at = {} if value is None else {"dose": value}
        name = "P(remission)" if value is None else f"P(remission) at {value:g} cells"
        rows.append(_side_by_side(name, one.sel(at), other.sel(at)))
    return pd.DataFrame(rows)


def _side_by_side(name: str, joint: xr.DataArray, cut: xr.DataArray) -> dict[str, object]:
    row: dict[str, object] = {"quantity": name}
    for which, values in (("joint", joint), ("cut", cut)):
        row |= {f"{which}_median": float(values.median())} | {f"{which}_{k}": v for k, v in interval(values).items()}
    difference = float(cut.median() - joint.median())
    return row | {"difference": difference, "difference_in_sd": difference / float(joint.std())}
