"""The records of virtual patients: samples, outcomes, and the trial table that `read_trial` takes."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartmodel.equations.design import outcomes_of
from cartmodel.equations.exposure import exposures
from cartmodel.equations.joint import observe_levels
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary
from cartmodel.virtual.conduct import Conduct, followed
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.response import responses
from cartmodel.virtual.streams import Keyed
from cartmodel.virtual.truth import Array, Truth


def outcomes(conduct: Conduct, potential: Potential) -> dict[str, Array]:
    """Return true exposures and the response of treated patients, each (trials, patients).

    Returns
    -------
    dict
        ``peak_level``, ``peak_time`` and the areas; the model's outcomes and ``remission`` (1.0, 0.0), NaN for a
        patient who was not treated or who left before the day of the response.
    """
    scenario, spec = potential.scenario, potential.spec
    _, parameters, treated = _truth(conduct, potential)
    shape, patients = conduct.level.shape, range(conduct.level.shape[1])

    def masked(value: Any, mask: NDArray[np.bool_]) -> Array:
        whole = np.broadcast_to(value, (*shape, 1))[..., 0]
        return np.where(mask, whole, np.nan)

    known = exposures(vocabulary, spec.curve, parameters, spec.windows)
    found = {name: masked(value, treated) for name, value in known.items()}
    if spec.response is None:
        return found
    level = np.maximum(conduct.level - 1, 0)[..., None]
    infused = np.nan_to_num(followed(conduct, potential).infused, nan=scenario.doses[0])[..., None]
    stays = treated & (potential.leaves[:, : shape[1]] >= potential.response_day)
    for name, values in responses(potential, patients, infused, level).items():
        found[name] = masked(values, stays)
    return found


def samples(conduct: Conduct, potential: Potential) -> dict[str, Array]:
    """Return the samples of treated patients: ``time_<assay>`` and ``level_<assay>``, (trials, patients, samples).

    The level is that of the assay, not censored; NaN where no sample was taken: missed, or after the patient left.
    """
    scenario, spec = potential.scenario, potential.spec
    plan = scenario.samples
    shape, patients = conduct.level.shape, range(conduct.level.shape[1])
    known: dict[str, Any] = {}
    taken: dict[str, NDArray[np.bool_]] = {}
    stays = potential.leaves[:, : shape[1], None]
    for name in spec.assays:
        days = np.broadcast_to(np.array(plan.days), (*shape, len(plan.days)))
        if plan.day_jitter:
            days = days * np.exp(plan.day_jitter * _visits(potential, f"jitter_{name}", patients, normal=True))
        days = np.sort(days.round(2), axis=2)
        known |= {f"time_{name}": days, f"blq_{name}": np.zeros((1, 1, 1))}
        here = np.isfinite(conduct.infusion)[..., None] & (days <= stays)
        if plan.missed:
            here &= _visits(potential, f"missed_{name}", patients) >= plan.missed
        taken[name] = here
    source, parameters, _ = _truth(conduct, potential, known)
    observe_levels(spec, source, parameters)
    found: dict[str, Array] = {}
    for name in spec.assays:
        parts = np.broadcast_arrays(*source.observables[f"level_{name}"].parts)
        uniform = _visits(potential, f"noise_{name}", patients)
        rng: Any = Keyed(uniform)
        drawn = source.observables[f"level_{name}"].sample(rng, *parts)
        found[f"time_{name}"] = np.where(np.isfinite(conduct.infusion)[..., None], known[f"time_{name}"], np.nan)
        found[f"level_{name}"] = np.where(taken[name], np.exp(drawn), np.nan)
    return found


def _visits(potential: Potential, purpose: str, patients: range, *, normal: bool = False) -> Array:
    drawn = [
        potential.streams.uniforms(f"{purpose}_{visit}", patients)
        for visit in range(len(potential.scenario.samples.days))
    ]
    stacked = np.stack(drawn, axis=2)
    return Keyed(stacked).standard_normal(stacked.shape) if normal else stacked


def _truth(
    conduct: Conduct, potential: Potential, known: dict[str, Any] | None = None
) -> tuple[Truth, dict[str, Any], NDArray[np.bool_]]:
    patients = range(conduct.level.shape[1])
    treated = np.isfinite(conduct.infusion)
    infused = followed(conduct, potential).infused[..., None]
    dose = np.where(np.isfinite(infused), infused, potential.scenario.doses[0])  # of nobody; masked by who asks
    everything = {"log_dose": potential.log_dose(dose), **potential.inputs(patients), **(known or {})}
    source = Truth(potential.population, potential.effects(patients), everything)
    return source, individual_parameters(potential.spec, source), treated


def trial_table(conduct: Conduct, potential: Potential, trial: int = 0, *, now: float = np.inf) -> pd.DataFrame:
    """Return the long table of one trial, as `read_trial` takes it: SIMULATED.

    Parameters
    ----------
    conduct, potential
        Of the block.
    trial : int
        The trial's place in the block.
    now : float
        Day of the trial on which it is looked at: what is not known by then is not in the table.
    """
    scenario, spec = potential.scenario, potential.spec
    what, drawn, became = outcomes(conduct, potential), samples(conduct, potential), followed(conduct, potential)
    infusion = conduct.infusion[trial]
    since = now - infusion
    rows = np.flatnonzero(infusion <= now)
    subject = np.array([f"P{place + 1:03d}" for place in range(len(infusion))])
    parts = [pd.DataFrame({"position": rows})]
    for name, assay in spec.assays.items():
        time, level = drawn[f"time_{name}"][trial], drawn[f"level_{name}"][trial]
        place, sample = np.nonzero(np.isfinite(level) & (time <= since[:, None]))
        value = np.array([float(f"{v:.4g}") for v in level[place, sample]])
        blq = value < scenario.samples.lloq[name]
        about = {"time": time[place, sample], "assay": name, "level": np.where(blq, np.nan, value), "unit": assay.unit}
        about |= {"blq": blq.astype(int), "lloq": scenario.samples.lloq[name]}
        parts.append(pd.DataFrame({"position": place} | about))
    without = ~np.isin(rows, np.concatenate([part["position"] for part in parts[1:]]))
    parts[0] = parts[0][without]  # a row of its own for a patient without samples
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    table = table.sort_values(["position", *({"assay", "time"} & set(table))], kind="stable").reset_index(drop=True)
    at = table["position"].to_numpy(int)
    table.insert(
        0, "study", f"SIMULATED {scenario.name}, seed {potential.streams.seed}, trial {_number(potential, trial)}"
    )
    table.insert(1, "subject", subject[at])
    table.insert(2, "dose", became.infused[trial][at])
    columns = {name: what[name][trial] for name in outcomes_of(spec) if name in what}
    columns = {name: np.where(since >= potential.response_day, values, np.nan) for name, values in columns.items()}
    if "criss_lp" in columns:
        columns["criss_lp"] = np.where(columns["criss_step1"] == 0, columns["criss_lp"].round(3), np.nan)
    dlt, onset = became.dlt[trial], became.onset[trial]
    known = np.where(dlt == 1, since >= onset, since >= scenario.toxicity.window)
    columns["dlt"] = np.where(known, dlt, np.nan)
    patients = range(len(infusion))
    for name, days in potential.inputs(patients).items():
        columns[name] = np.where(days[trial, :, 0] <= since, days[trial, :, 0], np.nan)
        columns[name] = np.where(np.isfinite(columns[name]), columns[name], np.nan)
    for name, values in columns.items():
        whole = name not in ("criss_lp", *spec.curve.inputs)
        table[name] = pd.Series(values[at]).astype("Int64") if whole else values[at]
    return table.drop(columns="position")


def _number(potential: Potential, trial: int) -> int:
    return potential.streams.first + trial + 1
