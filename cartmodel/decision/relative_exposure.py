"""Exposure up to each day of the DLT window, against that of a typical patient: the trial's patients and new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cartmodel.decision.areas import log_areas
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.equations.design import NEVER
from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.spec import ModelSpec

AUC_DAYS = 28.0


@dataclass(frozen=True, eq=False)
class RelativeExposures:
    """Exposures of a fit, at each of its draws, chain after chain.

    Parameters
    ----------
    edges : ndarray (bins,)
        Days; the last is the end of the DLT window.
    known : ndarray (draw, subject, bins)
        ``ln AUC(0, day)`` of the trial's patients, minus that of the typical patient at the model's reference dose.
    subjects : tuple of str
        The trial's patients.
    new : ndarray (draw, dose, patient, bins)
        The same of new patients, who are the same at every dose.
    log_auc : ndarray (draw, dose, patient)
        ln AUC0-28d of the new patients.
    response, seen : DataArray or None
        The centred ln exposure on which the response depends, of new patients (chain, draw, dose, subject) and of the
        trial's; None without a response.
    """

    edges: NDArray[np.float64]
    known: NDArray[np.float64]
    subjects: tuple[str, ...]
    new: NDArray[np.float64]
    log_auc: NDArray[np.float64]
    response: xr.DataArray | None
    seen: xr.DataArray | None


def thinned(fit: xr.DataTree, most: int) -> xr.DataTree:
    """Return a fit with at most so many draws, evenly spaced in every chain."""
    posterior = group(fit, "posterior")
    every = max(1, -(-posterior.sizes["chain"] * posterior.sizes["draw"] // most))
    groups = {f"/{name}": group(fit, name) for name in fit.children}
    groups["/posterior"] = posterior.isel(draw=slice(None, None, every))
    few = xr.DataTree.from_dict(groups)
    few.attrs = dict(fit.attrs)
    return few


def relative_exposures(
    fit: xr.DataTree, doses: NDArray[np.float64], edges: NDArray[np.float64], *, n: int, random_seed: int
) -> RelativeExposures:
    """Return the exposures up to each edge, relative to those of the typical patient at the reference dose.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`; every one of its draws is used.
    doses : ndarray (dose,)
        Cells, rising.
    edges : ndarray (bins,)
        Days above 0, rising.
    n, random_seed : int
        New patients for each draw, and their seed.
    """
    spec, given, posterior = spec_of(fit), group(fit, "constant_data"), group(fit, "posterior")
    days = np.append(edges, AUC_DAYS)
    population = posterior.drop_dims("subject", errors="ignore")
    typical = individual_parameters(spec, Draws(population, _alone(spec, None, 0), new_patients="typical"))
    centre = np.median(all_draws(log_areas(spec.structure, _as_arrays(typical), days), "day"), axis=0)
    own = individual_parameters(spec, Draws(posterior, given))
    known = all_draws(log_areas(spec.structure, _as_arrays(own), days), "subject", "day") - centre
    fresh = individual_parameters(
        spec, Draws(population, _alone(spec, doses, n), seed=random_seed, new_patients="random")
    )
    areas = log_areas(spec.structure, _as_arrays(fresh), days)
    areas = areas if "dose" in areas.dims else areas.expand_dims(dose=doses)
    new = all_draws(areas, "dose", "subject", "day")
    response = seen = None
    if spec.response is not None:
        response, seen = (response_exposure(vocabulary, spec, values) for values in (fresh, own))
        response = response if "dose" in response.dims else response.expand_dims(dose=doses)
    subjects = tuple(map(str, given["subject"].to_numpy()))
    return RelativeExposures(
        edges, known[..., :-1], subjects, new[..., :-1] - centre[:-1], new[..., -1], response, seen
    )


def exposures_of(
    patients: Sequence[FollowedPatient], found: RelativeExposures, fit: xr.DataTree, random_seed: int
) -> NDArray[np.float64]:
    """Return relative exposures (draw, patient, bins): a patient's own where the fit knows it, else a new one's.

    Parameters
    ----------
    patients : sequence of FollowedPatient
        In any order.
    found : RelativeExposures
        Of the same fit.
    fit : xarray.DataTree
        Whose draws are those of ``found``.
    random_seed : int
        Seed of the patients whom the fit does not know; each has one random effect for each draw.
    """
    x = np.empty((len(found.known), len(patients), len(found.edges)))
    strangers = [patient for patient in patients if patient.subject not in found.subjects]
    doses = np.unique([patient.dose for patient in strangers])
    fresh = found.new
    if strangers:
        fresh = relative_exposures(fit, doses, found.edges, n=len(strangers), random_seed=random_seed).new
    for k, patient in enumerate(patients):
        if patient.subject in found.subjects:
            x[:, k] = found.known[:, found.subjects.index(patient.subject)]
        else:
            x[:, k] = fresh[:, np.searchsorted(doses, patient.dose), strangers.index(patient)]
    return x


def all_draws(values: xr.DataArray, *dims: str) -> NDArray[np.float64]:
    """Return values over (draw, *dims), chain after chain."""
    return values.stack(all_draws=("chain", "draw")).transpose("all_draws", *dims).to_numpy()


def _alone(spec: ModelSpec, doses: NDArray[np.float64] | None, n: int) -> xr.Dataset:
    """Return what is known of new patients without comedication; without doses, of one at the reference dose."""
    data = xr.Dataset(coords={} if doses is None else {"dose": doses})
    reference = spec.dose.reference if spec.dose is not None else 1.0
    data["log_dose"] = xr.DataArray(0.0) if doses is None else np.log(data["dose"] / reference)
    if n:
        data["subject"] = [f"new {i + 1}" for i in range(n)]
    for name in spec.curve.inputs:
        data[name] = xr.DataArray(NEVER)
    return data


def _as_arrays(parameters: Mapping[str, Any]) -> dict[str, xr.DataArray]:
    return {name: xr.DataArray(value) for name, value in parameters.items()}
