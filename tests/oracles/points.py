"""Small trials for any model file, and random points of its parameter space on the scales that PyMC samples."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logit

from cartmodel.spec import ModelSpec
from oracles import priors

NAN = float("nan")
DAYS = (1.0, 3.2, 7.0, 10.0, 14.1, 28.0, 60.0, 92.0)
SHAPE = (2e-4, 4e-3, 0.1, 0.9, 0.5, 0.06, 0.011, 0.002)  # of the peak, on those days
# name: dose, which of the days, step-1 event, linear predictor, remission, dlt
PATIENTS: dict[str, tuple[float, tuple[int, ...], float, float, float, float]] = {
    "all": (0.25e8, (0, 1, 2, 3, 4, 5, 6, 7), 0, -1.3, 1, 0),
    "no sample": (1e8, (), NAN, NAN, NAN, 0),
    "all BLQ": (0.25e8, (0, 1), 0, 0.2, 0, NAN),
    "toxic": (2e8, (2, 3, 4, 5), 0, 7.5, 1, 1),
    "step 1": (2e8, (1, 3, 5), 1, NAN, 0, 0),
    "pending": (1e8, (3,), 0, NAN, NAN, NAN),
    "nothing": (3e7, (), NAN, NAN, NAN, NAN),
}


def trial_table(spec: ModelSpec, names: tuple[str, ...] = tuple(PATIENTS), *, factor: float = 1.0) -> pd.DataFrame:
    """A trial that suits a model file, with BLQ samples, patients without samples and pending outcomes."""
    peak = factor * priors.quantile(spec.typical["cmax"], 0.5)
    rows = []
    for name in names:
        dose, days, step1, lp, remission, dlt = PATIENTS[name]
        own = {"subject": name, "dose": dose if spec.uses_dose else NAN}
        own |= {"criss_step1": step1, "criss_lp": lp, "remission": remission, "dlt": dlt}
        rows.append(own)
        for place, (assay, content) in enumerate(spec.assays.items()):
            lloq = 0.01 * peak * (1 + place)
            for day in days[place:]:  # the second assay starts a sample later
                level = peak * SHAPE[day] * 1.7**place
                blq = level < lloq
                sample = {"time": DAYS[day], "assay": assay, "unit": content.unit, "blq": int(blq)}
                sample |= {"level": NAN if blq else level, "lloq": lloq if blq or day % 2 else NAN}
                rows.append(own | sample)
    return pd.DataFrame(rows)


@dataclass
class Point:
    """Population parameters on their natural scales, and a random effect for each patient.

    ``corr`` is the Cholesky factor of the correlation, with the coordinates from which PyMC makes it.
    """

    population: dict[str, float]
    eta: dict[str, np.ndarray]
    signs: dict[str, float] = field(default_factory=dict)
    corr: np.ndarray | None = None
    corr_coordinates: np.ndarray | None = None


def prior_point(spec: ModelSpec, patients: int, rng: np.random.Generator, *, width: float = 0.997) -> Point:
    """A random point in the bulk of the prior: population parameters within its central ``width``."""
    tail = 0.5 * (1 - width)
    population = {name: priors.quantile(prior, rng.uniform(tail, 1 - tail)) for name, prior in spec.priors()}
    eta = {name: population[f"omega_{name}"] * rng.standard_normal(patients) for name in spec.random}
    signs = {f"omega_{name}": float(rng.choice([-1.0, 1.0])) for name in spec.random}
    return Point(population, eta, signs)


def centres(spec: ModelSpec, data: xr.Dataset, population: dict[str, float]) -> dict[str, np.ndarray]:
    """The typical value of each structural parameter at each patient's dose, on the log or logit scale."""
    found = {}
    for name in spec.curve.varying:
        parameter = spec.curve.parameters[name]
        typical = population[f"{name}_pop"]
        centre = logit(typical) if parameter.support == "fraction" else np.log(typical)
        slope = population.get(f"cov_{name}_dose", 0.0)
        found[name] = centre + slope * data["log_dose"].to_numpy()
    return found


def is_folded(spec: ModelSpec, name: str) -> bool:
    """Whether the SD of a parameter's random effects is sampled with a sign."""
    return spec.correlation is None and spec.random[name].dist == "HalfNormal"


def sampled(spec: ModelSpec, data: xr.Dataset, weights: dict[str, np.ndarray], point: Point) -> dict[str, Any]:
    """A point in the coordinates that PyMC samples."""
    known = dict(spec.priors())
    found: dict[str, Any] = {}
    for name, value in point.population.items():
        prior = known[name]
        if name.startswith("omega_") and is_folded(spec, name.removeprefix("omega_")):
            found[f"z_{name}"] = point.signs[name] * value
        elif prior.dist in ("LogNormal", "HalfNormal"):
            found[f"{name}_log__"] = np.log(value)
        elif prior.dist in ("LogitNormal", "Beta"):
            found[f"{name}_logodds__"] = logit(value)
        else:
            found[name] = value
    z = {}
    for name, centre in centres(spec, data, point.population).items():
        omega, w = point.population[f"omega_{name}"], weights[name]
        if is_folded(spec, name):
            z[name] = point.eta[name] / (point.signs[f"omega_{name}"] * omega)
        else:
            z[name] = w * centre + point.eta[name] / omega ** (1 - w)
    if spec.correlation is None:
        found |= {f"z_{name}": value for name, value in z.items()}
    else:
        found["z"] = np.stack(list(z.values()))
        found["corr_chol_cholesky_corr__"] = point.corr_coordinates
    return {name: np.asarray(value, float) for name, value in found.items()}


def log_prior(spec: ModelSpec, weights: dict[str, np.ndarray], point: Point, *, jacobian: bool) -> float:
    """ln density of the population parameters and random effects, over the coordinates that PyMC samples.

    Without the Jacobian, population parameters count on their natural scales.
    """
    from scipy import stats

    total = 0.0
    for name, prior in spec.priors():
        value = point.population[name]
        total += priors.log_density(prior, value)
        if name.startswith("omega_") and is_folded(spec, name.removeprefix("omega_")):
            total -= np.log(2.0)  # either sign
        elif jacobian:
            total += priors.log_jacobian(prior, value)
    names = list(spec.curve.varying)
    omega = np.array([point.population[f"omega_{name}"] for name in names])
    chol = np.eye(len(names)) if point.corr is None else point.corr
    covariance = np.outer(omega, omega) * (chol @ chol.T)
    eta = np.stack([point.eta[name] for name in names], axis=-1)
    total += float(np.sum(stats.multivariate_normal(np.zeros(len(names)), covariance).logpdf(eta)))
    for name in names:  # |d eta / d z|
        exponent = 1.0 if is_folded(spec, name) else 1.0 - weights[name]
        total += float(np.sum(exponent * np.log(point.population[f"omega_{name}"]) * np.ones(len(eta))))
    if point.corr is not None:
        total += priors.log_lkj_cholesky(point.corr, spec.correlation.eta)
    return total


def as_draws(point: Point, spec: ModelSpec, data: xr.Dataset) -> xr.Dataset:
    """A point as a posterior of a single draw."""
    variables = {name: (("chain", "draw"), [[value]]) for name, value in point.population.items()}
    variables |= {f"eta_{name}": (("chain", "draw", "subject"), value[None, None]) for name, value in point.eta.items()}
    found = xr.Dataset(variables, coords={"subject": data["subject"]})
    if point.corr is not None:
        names = list(spec.curve.varying)
        found["corr"] = (("chain", "draw", "parameter", "parameter_"), (point.corr @ point.corr.T)[None, None])
        found = found.assign_coords(parameter=names, parameter_=names)
    return found
