"""Remission of virtual patients at the doses they got or might have got."""

from typing import Any

import numpy as np

from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import observe_response
from cartmodel.kinetics import vocabulary
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.scenario import Remission
from cartmodel.virtual.streams import Keyed
from cartmodel.virtual.truth import Array, Truth


def acting_exposure(remission: Remission | None, u: Any, level: Any) -> Any:
    """Return the centred ln exposure that acts on remission, for the model's own ``u`` and dose levels from 0.

    Examples
    --------
    >>> acting_exposure(Remission(effect=((0.0, 0.0), (1.0, 4.0))), np.array([-1.0, 0.5, 2.0]), 0).tolist()
    [0.0, 2.0, 4.0]
    """
    if remission is not None and remission.levels is not None:
        return np.array(remission.levels)[level] + 0.0 * u
    if remission is not None and remission.effect is not None:
        at, acting = np.array(remission.effect).T
        return np.interp(u, at, acting)
    return u


def responses(potential: Potential, patients: range, infused: Array, level: Any) -> dict[str, Array]:
    """Return the response of some patients, by outcome of the model, and ``remission`` (1.0, 0.0).

    The chance of a patient is the same at every dose: only the exposure changes.

    Parameters
    ----------
    potential : Potential
        The patients.
    patients : range
        Which of them.
    infused : ndarray (trials, patients, doses)
        Cells.
    level : ndarray of int
        The dose level of each, from 0.

    Raises
    ------
    ValueError
        If the model has no response.
    """
    spec = potential.spec
    if spec.response is None:
        raise ValueError(f"model '{spec.name}' has no response; accepted: a model with one")
    known = {"log_dose": potential.log_dose(infused), **potential.inputs(patients)}
    source = Truth(potential.population, potential.effects(patients), known)
    u = response_exposure(vocabulary, spec, individual_parameters(spec, source))
    observe_response(spec, source, acting_exposure(potential.scenario.remission, u, level))
    found: dict[str, Array] = {}
    for name, observable in source.observables.items():
        parts = np.broadcast_arrays(infused, *observable.parts)[1:]
        uniform = potential.streams.uniforms(f"observed_{name}", patients)[..., None]
        rng: Any = Keyed(uniform)
        found[name] = observable.sample(rng, *parts)
    if spec.response.kind == "criss":
        better = (found["criss_step1"] == 0) & (found["criss_lp"] >= spec.response.threshold)
        found["remission"] = 1.0 * better
    return found


def remissions(potential: Potential, known: Array) -> Array:
    """Return 1.0 for remission at each dose, 0.0 for none (trials, patients, doses), for all patients known by now.

    Parameters
    ----------
    potential : Potential
        The patients.
    known : ndarray (trials, first patients, doses)
        What this function returned before, or nobody: it is gone on from there.

    Raises
    ------
    ValueError
        If the model has no response.
    """
    before = known.shape[1]
    if before == potential.patients:
        return known
    dose = np.nan_to_num(potential.infused[:, before:], nan=potential.scenario.doses[0])
    level = np.broadcast_to(np.arange(dose.shape[-1]), dose.shape)
    more = responses(potential, range(before, potential.patients), dose, level)["remission"]
    return np.hstack([known, more])
