"""Simulate the table of a trial from a scenario."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.equations.design import NEVER, outcomes_of
from cartmodel.equations.exposure import exposures
from cartmodel.equations.joint import joint
from cartmodel.equations.population import individual_parameters
from cartmodel.kinetics import vocabulary
from cartmodel.prediction.draws import Draws, generator
from cartmodel.simulation.scenario import Scenario
from cartmodel.spec import ModelSpec, load_model


@dataclass(frozen=True, eq=False)
class SimulatedTrial:
    """A simulated trial: its table, as `read_trial` takes it, and the truth of each patient.

    Parameters
    ----------
    table : pandas.DataFrame
        The long trial table; column ``study`` says SIMULATED.
    truth : pandas.DataFrame
        One row a patient: structural parameters and exposures.
    """

    table: pd.DataFrame
    truth: pd.DataFrame


def simulate_trial(scenario: Scenario, seed: int = 1) -> SimulatedTrial:
    """Return one simulated trial of a scenario.

    Parameters
    ----------
    scenario : Scenario
        From `load_scenario`.
    seed : int
        The same seed gives the same trial on any machine with the same NumPy.

    Examples
    --------
    >>> import cartmodel as cm
    >>> scenario = cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")
    >>> trial = cm.read_trial(cm.simulate_trial(scenario, seed=5).table)
    >>> len(trial.subjects), trial.simulated
    (18, True)
    """
    spec = load_model(scenario.model)
    population = xr.Dataset({name: float(value) for name, value in scenario.truth.items()})
    data = _schedule(scenario, spec, seed)
    source = Draws(population, data, seed=seed, new_patients="random")
    joint(spec, source)
    drawn = source.sample_observed()
    parameters = individual_parameters(spec, source)
    study = scenario.name if scenario.name.startswith("SIMULATED") else f"SIMULATED {scenario.name}"
    table = pd.concat(
        [_levels(name, assay.unit, scenario.lloq[name], data, drawn) for name, assay in spec.assays.items()]
    )
    table = table.sort_values(["position", "assay", "time"], kind="stable")
    table.insert(0, "study", f"{study}, seed {seed}")
    for outcome in outcomes_of(spec):
        table[outcome] = drawn[outcome].values[table["position"]]
    if "criss_lp" in table:
        table["criss_lp"] = table["criss_lp"].round(3).where(table["criss_step1"] == 0)
    for outcome in {"criss_step1", "remission", "dlt"} & set(table):
        table[outcome] = table[outcome].astype(int)
    for name in spec.curve.inputs:
        table[name] = np.where(data[name] == NEVER, np.nan, data[name])[table["position"]]
    known = {**parameters, **exposures(vocabulary, spec.curve, parameters, spec.windows)}
    truth = pd.DataFrame(
        {"study": f"{study}, seed {seed}", "subject": data["subject"].values, "dose": data["dose"].values}
    )
    truth = truth.assign(**{name: np.asarray(value) for name, value in known.items()})
    return SimulatedTrial(table.drop(columns="position").reset_index(drop=True), truth)


def _schedule(scenario: Scenario, spec: ModelSpec, seed: int) -> xr.Dataset:
    dose = np.repeat([group.dose for group in scenario.groups], [group.patients for group in scenario.groups])
    reference = spec.dose.reference if spec.dose is not None else 1.0
    data = xr.Dataset(
        {"dose": ("subject", dose), "log_dose": ("subject", np.log(dose / reference))},
        coords={"subject": [f"S{i + 1:02d}" for i in range(len(dose))]},
    )
    for name in spec.curve.inputs:
        data[name] = ("subject", _first_days(scenario, name, len(dose), seed))
    shape = (len(dose), len(scenario.days))
    for name in spec.assays:
        rng = generator(seed, f"visits_{name}")
        days = np.asarray(scenario.days) * np.exp(scenario.day_jitter * rng.standard_normal(shape))
        taken = rng.random(shape) >= scenario.missed
        dims = ("subject", f"sample_{name}")
        data[f"time_{name}"] = (dims, np.sort(days.round(2), axis=1))
        data[f"blq_{name}"] = (dims, np.zeros(shape))
        data[f"taken_{name}"] = (dims, taken)
    return data


def _first_days(scenario: Scenario, name: str, patients: int, seed: int) -> np.ndarray:
    plan = scenario.comedication.get(name)
    if plan is None:
        return np.full(patients, NEVER)
    rng = generator(seed, name)
    days = rng.uniform(plan.first, plan.last, patients).round(1)
    return np.where(rng.random(patients) < plan.share, days, NEVER)


def _levels(name: str, unit: str, lloq: float, data: xr.Dataset, drawn: xr.Dataset) -> pd.DataFrame:
    level = np.exp(drawn[f"level_{name}"].values)
    position, sample = np.nonzero(data[f"taken_{name}"].values)
    value = np.array([float(f"{v:.4g}") for v in level[position, sample]])
    blq = value < lloq
    return pd.DataFrame(
        {
            "position": position,
            "subject": data["subject"].values[position],
            "dose": data["dose"].values[position],
            "time": data[f"time_{name}"].values[position, sample],
            "assay": name,
            "level": np.where(blq, np.nan, value),
            "unit": unit,
            "blq": blq.astype(int),
            "lloq": lloq,
        }
    )
