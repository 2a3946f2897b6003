"""Predict exposures, remission and toxicity at any dose: for the trial's patients, new ones or the typical one."""

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
import xarray as xr

from cartmodel.equations.design import NEVER
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import remission_probability, toxicity_logit
from cartmodel.errors import ExtrapolationWarning
from cartmodel.kernel.exposures import CompiledExposures
from cartmodel.kinetics import vocabulary as xp
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.spec import ModelSpec

type Patients = Literal["trial", "new", "typical"]

_THREADS = 2  # numbers are computed without Python's lock; each block has a seed of its own
_BLOCK = 100  # draws at a time: bounds memory, and is fixed so that results do not depend on the machine


def exposure(fit: xr.DataTree) -> xr.Dataset:
    """Return the posterior of each patient's exposures, of the curve fitted to that patient's own dose.

    Returns
    -------
    xarray.Dataset
        ``peak_level`` (Cmax), ``peak_time`` (Tmax, days), ``auc_<start>_<end>`` (level x days) over (chain, draw,
        subject); coordinate ``dose`` (cells) per subject, and attribute ``unit`` of the level.

    Examples
    --------
    >>> import cartmodel as cm
    >>> fit = cm.read_fit("run/fit.nc")  # doctest: +SKIP
    >>> cm.exposure(fit)["auc_0_28"].median(("chain", "draw"))  # doctest: +SKIP
    """
    spec = spec_of(fit)
    known = group(fit, "constant_data")
    source = Draws(group(fit, "posterior"), known)
    found = _exposures(CompiledExposures(spec.structure, spec.windows), individual_parameters(spec, source))
    return _label(found.assign_coords(dose=("subject", known["dose"].values)), spec).transpose(
        "chain", "draw", "subject"
    )


def predict(
    fit: xr.DataTree,
    *,
    dose: float | Sequence[float] | None = None,
    patients: Patients = "new",
    n: int = 100,
    times: Sequence[float] | None = None,
    random_seed: int = 1,
) -> xr.Dataset:
    """Return predictions at one or more doses.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    dose : float or sequence of float, optional
        Cells. Default: the doses of the trial; for a model without dose there is none.
    patients : {"new", "trial", "typical"}
        ``"new"``: ``n`` fresh patients for each draw, the same at every dose; ``"trial"``: the trial's patients, each
        had they received the dose; ``"typical"``: random effects at 0. New and typical patients have no comedication.
    n : int
        Number of new patients for each draw.
    times : sequence of float, optional
        Days at which to add the curves as ``level``.
    random_seed : int
        Seed of the new patients.

    Returns
    -------
    xarray.Dataset
        Over (chain, draw, dose, subject): ``peak_level``, ``peak_time``, ``auc_<start>_<end>``; ``remission``
        (probability), if the model has a response; ``dlt`` (probability), without ``subject``, if it has a toxicity;
        ``level`` with ``time``, if asked for. No ``subject`` for the typical patient.

    Warns
    -----
    ExtrapolationWarning
        For doses outside those of the trial.
    """
    if patients not in ("new", "trial", "typical"):
        raise ValueError(f"patients={patients!r}; accepted: 'new', 'trial', 'typical'")
    if patients == "new" and n < 1:
        raise ValueError(f"n={n}; accepted: 1 or more new patients")
    if times is not None and not (np.isfinite(times).all() and np.min(times, initial=0.0) >= 0):
        raise ValueError(f"times={times!r}; accepted: days from 0 on")
    spec = spec_of(fit)
    data = _patients(fit, spec, doses_of(fit, dose), patients, n)
    posterior = group(fit, "posterior")
    posterior = posterior if patients == "trial" else posterior.drop_dims("subject", errors="ignore")
    effects = None if patients == "trial" else "random" if patients == "new" else "typical"
    compiled = CompiledExposures(spec.structure, spec.windows)
    starts = range(0, posterior.sizes["draw"], _BLOCK)

    def block(start: int) -> xr.Dataset:
        kept = posterior.isel(draw=slice(start, start + _BLOCK))
        seed = int(np.random.SeedSequence([random_seed, start // _BLOCK]).generate_state(1)[0])
        source = Draws(kept, data, seed=seed, new_patients=effects)
        return _predict(spec, compiled, source, times).map(_at_each_dose, dose=data.get("dose"))

    whole: dict[str, xr.DataArray] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for start, found in zip(starts, pool.map(block, starts), strict=True):
            for name, values in found.data_vars.items():
                dims = [dim for dim in ("chain", "draw", "dose", "subject", "time") if dim in values.dims]
                _fill(whole, str(name), values.transpose(*dims), start, posterior["draw"])
    return _label(xr.Dataset(whole), spec)


def _fill(whole: dict[str, xr.DataArray], name: str, block: xr.DataArray, start: int, draws: xr.DataArray) -> None:
    """Put a block of draws in its place; the whole is made with the first one, since joining blocks needs it twice."""
    if name not in whole:
        shape = {dim: size if dim != "draw" else len(draws) for dim, size in block.sizes.items()}
        coords = {str(key): value for key, value in block.coords.items() if "draw" not in value.dims}
        whole[name] = xr.DataArray(np.empty(tuple(shape.values())), dims=block.dims, coords=coords | {"draw": draws})
    whole[name].values[:, start : start + block.sizes["draw"]] = block.values


def doses_of(fit: xr.DataTree, dose: float | Sequence[float] | None = None) -> np.ndarray:
    """Return the doses to predict at: those asked for, else those of the trial; none for a model without dose.

    Raises
    ------
    ValueError
        If a dose is not a positive number, or the model uses no dose.
    """
    spec = spec_of(fit)
    trial = np.unique(group(fit, "constant_data")["dose"].values)
    trial = trial[~np.isnan(trial)]
    if not spec.uses_dose:
        if dose is not None:
            raise ValueError(f"model '{spec.name}' uses no dose; accepted: no dose")
        return np.array([])
    if dose is None:
        return trial
    given = np.atleast_1d(np.asarray(dose))
    asked = np.unique(given.astype(float)) if given.dtype.kind in "iuf" else np.array([np.nan])
    if not asked.size or not (np.isfinite(asked) & (asked > 0)).all():
        raise ValueError(f"dose={dose!r}; accepted: positive numbers of cells")
    outside = asked[(asked < trial.min()) | (asked > trial.max())]
    if len(outside):
        listed = ", ".join(f"{d:g}" for d in outside)
        warnings.warn(
            f"dose {listed} lies outside the trial's {trial.min():g} to {trial.max():g} cells: "
            "this prediction extrapolates, and rests on the power terms and their priors",
            ExtrapolationWarning,
            stacklevel=3,
        )
    return asked


def _patients(fit: xr.DataTree, spec: ModelSpec, doses: np.ndarray, patients: Patients, n: int) -> xr.Dataset:
    data = xr.Dataset(coords={"dose": doses} if len(doses) else {})
    reference = spec.dose.reference if spec.dose is not None else 1.0
    data["log_dose"] = np.log(data["dose"] / reference) if len(doses) else xr.DataArray(0.0)
    if patients == "new":
        data["subject"] = [f"new {i + 1}" for i in range(n)]
    known = group(fit, "constant_data")
    if patients == "trial":
        data["subject"] = known["subject"].values
    for name in spec.curve.inputs:  # a new patient has no comedication
        data[name] = known[name] if patients == "trial" else xr.DataArray(NEVER)
    return data


def _predict(spec: ModelSpec, compiled: CompiledExposures, source: Draws, times: Sequence[float] | None) -> xr.Dataset:
    parameters = individual_parameters(spec, source)
    found = _exposures(compiled, parameters)
    if spec.response is not None:
        u = np.log(found[spec.response.exposure]) - spec.response.centre
        found["remission"] = remission_probability(spec, source, u)
    if spec.toxicity is not None:
        found["dlt"] = xp.expit(toxicity_logit(spec, source))
    if times is not None:
        days = xr.DataArray(
            np.asarray(times, dtype=float), dims="time", coords={"time": np.asarray(times, dtype=float)}
        )
        found["level"] = np.exp(spec.curve.log_level(xp, days, **parameters))
    return found


def _at_each_dose(values: xr.DataArray, dose: xr.DataArray | None) -> xr.DataArray:
    """Return a prediction over all doses, also where the model lets none of them change it."""
    return values if dose is None or "dose" in values.dims else values.expand_dims(dose=dose.values)


def _exposures(compiled: CompiledExposures, parameters: dict[str, xr.DataArray]) -> xr.Dataset:
    full = xr.broadcast(*parameters.values())
    values = {name: value.values.ravel() for name, value in zip(parameters, full, strict=True)}
    found = compiled(values)
    return xr.Dataset({name: full[0].copy(data=value.reshape(full[0].shape)) for name, value in found.items()})


def _label(found: xr.Dataset, spec: ModelSpec) -> xr.Dataset:
    units = {
        "peak_level": spec.unit,
        "peak_time": "day",
        "remission": "probability",
        "dlt": "probability",
        "level": spec.unit,
    }
    for name in found.data_vars:
        found[name].attrs["units"] = units.get(str(name), f"{spec.unit} x day")
    found.attrs = {"model": spec.name, "level_unit": spec.unit}
    return found
