"""What is true at each dose of a scenario: rates by quasi-Monte Carlo over the patients, without any trial."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtri  # pyright: ignore[reportMissingTypeStubs]
from scipy.stats import qmc

from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import remission_probability, toxicity_logit
from cartmodel.kinetics import vocabulary
from cartmodel.virtual.hazard import cumulative_hazard
from cartmodel.virtual.response import acting_exposure
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.truth import Truth, population_of

UTILITY = (100.0, 40.0, 60.0, 0.0)
"""From 0 to 100: remission alone, neither, both, DLT alone; the scores of BOIN12 (Lin 2020)."""


def true_rates(scenario: VirtualScenario, *, points: int = 2**13, seed: int = 0) -> pd.DataFrame:
    """Return what is true at each dose level: the averages over patients of their own probabilities.

    The integral over random effects, products and draws of the population is by a scrambled Sobol sequence; given
    these, the probabilities of DLT and remission are exact, and independent of each other.

    Parameters
    ----------
    scenario : VirtualScenario
        From `load_virtual_scenario`.
    points : int
        Of the sequence, a power of 2; the error is about 1e-4 with the default.
    seed : int
        Of the scrambling, and of the draws of a prior, as in `simulate_trials`.

    Returns
    -------
    pandas.DataFrame
        One row a dose level, for patients who are infused: ``dlt`` (within the window), ``late_dlt`` (after it, within
        the follow-up), ``remission``, ``both``, ``utility`` (0 to 100, see `UTILITY`), ``short`` (share of patients
        infused with less than assigned), ``not_infused`` (share of all), ``risk_sd`` (between-patient SD of the
        probability of a DLT: what a patient's exposure and product could tell beyond the dose), ``remission_sd`` (the
        same of remission), ``exposure`` (median of the exposure that the model's remission depends on). NaN: the model
        has no response.

    Examples
    --------
    >>> from cartmodel.virtual import load_virtual_scenario
    >>> true_rates(load_virtual_scenario("dose-only"))["dlt"].round(4).tolist()
    [0.08, 0.18, 0.36]
    """
    spec, toxicity = scenario.spec, scenario.toxicity
    varying = spec.curve.varying
    cube = qmc.Sobol(len(varying) + 2 + 2 * len(spec.curve.inputs), rng=seed).random(points)
    cube = np.clip(cube, 1e-12, 1 - 1e-12)[:, None, :]
    effects = {name: ndtri(cube[..., i]) for i, name in enumerate(varying)}
    population = population_of(scenario, cube[:, 0, len(varying)], seed=seed)
    made, doses = scenario.manufacture, np.array(scenario.doses)
    cells = np.inf if made.cells is None else made.cells * np.exp(made.cells_sigma * ndtri(cube[..., len(varying) + 1]))
    infused = np.minimum(doses, np.broadcast_to(cells, cube.shape[:2])[..., None])
    enough = infused >= made.minimum * doses
    known: dict[str, Any] = {
        "log_dose": np.log(infused / (spec.dose.reference if spec.dose is not None else 1.0)),
        **_comedication(scenario, cube[..., len(varying) + 2 :]),
    }
    source = Truth(population, effects, known)
    parameters = individual_parameters(spec, source)
    level = np.broadcast_to(np.arange(len(doses)), infused.shape)
    logit = toxicity_logit(spec, source) if toxicity.model is not None else 0.0
    by = [
        -np.expm1(-cumulative_hazard(toxicity, spec.curve, np.full(infused.shape, day), level, logit, parameters))
        for day in (toxicity.window, toxicity.follow_up)
    ]
    dlt, ever = by
    remission = exposure = np.full(infused.shape, np.nan)
    if spec.response is not None:
        u = response_exposure(vocabulary, spec, parameters)
        acting = xr.DataArray(acting_exposure(scenario.remission, u, level), dims=("point", "one", "dose"))
        remission = np.asarray(remission_probability(spec, source, acting))
        exposure = np.broadcast_to(np.exp(u + spec.response.centre), infused.shape)

    def mean(value: Any) -> Any:
        held = [np.mean(value[..., d][enough[..., d]]) if enough[..., d].any() else np.nan for d in level[0, 0]]
        return np.array(held)

    alone, neither, both, bad = UTILITY
    utility = (1 - dlt) * (remission * alone + (1 - remission) * neither) + dlt * (
        remission * both + (1 - remission) * bad
    )
    return pd.DataFrame(
        {
            "level": level[0, 0] + 1,
            "dose": doses,
            "dlt": mean(dlt),
            "late_dlt": mean(ever - dlt),
            "remission": mean(remission),
            "both": mean(dlt * remission),
            "utility": mean(utility).round(9),  # equal doses are equal
            "short": mean(1.0 * (infused < doses)),
            "not_infused": 1.0 - enough.mean(axis=(0, 1)),
            "risk_sd": np.sqrt(np.maximum(mean(dlt**2) - mean(dlt) ** 2, 0.0)),
            "remission_sd": np.sqrt(np.maximum(mean(remission**2) - mean(remission) ** 2, 0.0)),
            "exposure": [np.median(exposure[..., d][enough[..., d]]) for d in level[0, 0]],
        }
    )


def _comedication(scenario: VirtualScenario, cube: Any) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for place, name in enumerate(scenario.spec.curve.inputs):
        plan = scenario.comedication.get(name)
        given, when = cube[..., 2 * place, None], cube[..., 2 * place + 1, None]
        share, first, span = (0.0, 0.0, 0.0) if plan is None else (plan.share, plan.first, plan.last - plan.first)
        known[name] = np.where(given < share, first + span * when, np.inf)
    return known
