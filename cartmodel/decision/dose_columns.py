"""The columns of an advice: rates of a new patient at each dose, as weighted draws."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.decision.exposure_toxicity import (
    ExposureToxicity,
    FollowedPatient,
    ToxicityDraws,
    new_patient_risks,
    remaining_risk,
    toxicity_draws,
)
from cartmodel.decision.relative_exposure import RelativeExposures
from cartmodel.decision.summaries import Draw, above, probability, share, spread
from cartmodel.decision.utility import Utility, remission_of
from cartmodel.spec import ModelSpec

_COLUMNS = (
    *(f"{name}_{end}" for name in ("dlt", "remission", "gain", "utility") for end in ("lower", "median", "upper")),
    *("p_over", "p_over_cut", "p_over_dose_only", "p_remission", "p_gain", "p_best"),
    *("p_over_mcse", "p_over_cut_mcse", "p_remission_mcse", "p_gain_mcse", "p_best_mcse"),
)


@dataclass(frozen=True, eq=False)
class Toxicity:
    """The DLTs so far and what follows from them.

    Parameters
    ----------
    model : ExposureToxicity
        How DLT depends on dose and exposure.
    patients : tuple of FollowedPatient
        Whose DLTs are told.
    log_dose : ndarray (patient,)
        ln(dose / reference).
    x : ndarray (draw, patient, bins)
        Their relative ln exposures.
    edges, shares : ndarray (bins,)
        The bins of the window.
    draws : ToxicityDraws
        Joint draws.
    weights : ndarray (draw, resampled)
        Of the joint posterior.
    risks : ndarray (draw, resampled, dose, patient)
        Probability of a DLT of new patients.
    """

    model: ExposureToxicity
    patients: tuple[FollowedPatient, ...]
    log_dose: Draw
    x: Draw
    edges: Draw
    shares: Draw
    draws: ToxicityDraws
    weights: Draw
    risks: Draw

    @property
    def rate(self) -> Draw:
        """The DLT rate of new patients (draw, resampled, dose)."""
        return self.risks.mean(axis=-1)


def toxicity_of(
    model: ExposureToxicity,
    patients: tuple[FollowedPatient, ...],
    log_dose: Draw,
    x: Draw,
    found: RelativeExposures,
    shares: Draw,
    place: Draw,
    random_seed: int,
) -> Toxicity:
    """Return the posterior of the toxicity, and the risks of new patients at the places ln(dose / reference)."""
    drawn = toxicity_draws(model, patients, log_dose, x, found.edges, shares, random_seed=random_seed)
    risks = new_patient_risks(model, drawn, place, found.new, shares)
    weights = np.broadcast_to(drawn.evidence[:, None], risks.shape[:2]) / risks.shape[1]
    return Toxicity(model, patients, log_dose, x, found.edges, shares, drawn, weights, risks)


def toxicity_columns(
    table: pd.DataFrame, toxicity: Toxicity, place: Draw, limit: float, chains: int, random_seed: int
) -> None:
    """Add the DLT rate, and the probability that it is over the limit: joint, cut, and by dose alone."""
    spread(table, "dlt", toxicity.rate, toxicity.weights)
    over = above(toxicity.rate, limit)
    probability(table, "p_over", over, toxicity.weights, chains)
    probability(table, "p_over_cut", over, _even(toxicity.weights.shape), chains)
    # The same patients without an effect of exposure: the BLRM with follow-up weights.
    alone = replace(toxicity.model, slope=None)
    nothing = np.zeros((1, len(toxicity.patients), len(toxicity.edges)))
    drawn = toxicity_draws(
        alone, toxicity.patients, toxicity.log_dose, nothing, toxicity.edges, toxicity.shares,
        nodes=8192, resampled=4000, random_seed=random_seed,
    )  # fmt: skip
    rate = alone.risk(drawn.parameters[:, :, None], place, np.zeros(1))
    table["p_over_dose_only"] = share(above(rate, limit), _even(rate.shape[:2]))


def pending_table(toxicity: Toxicity | None, window: float, known: Sequence[str]) -> pd.DataFrame:
    """Return the patients whose window is open, with the probability of a DLT in the rest of it."""
    columns = ["subject", "dose", "days", "median", "lower", "upper", "kinetics"]
    if toxicity is None:
        return pd.DataFrame(columns=columns)
    rows = [
        (k, p.subject, p.dose, p.days)
        for k, p in enumerate(toxicity.patients)
        if p.dlt is False and p.days is not None and p.days < window
    ]
    risks = [
        remaining_risk(
            toxicity.model, toxicity.draws, float(toxicity.log_dose[k]), toxicity.x[:, k], toxicity.edges,
            toxicity.shares, days,
        )
        for k, _, _, days in rows
    ]  # fmt: skip
    table = pd.DataFrame([row[1:] for row in rows], columns=["subject", "dose", "days"])
    table["kinetics"] = [subject in known for subject in table["subject"]]
    spread(table, "", np.stack(risks, axis=-1) if risks else np.empty((*toxicity.weights.shape, 0)), toxicity.weights)
    return table[columns]


def gain_columns(table: pd.DataFrame, found: RelativeExposures, gain: float, chains: int) -> None:
    """Add the ratio of the geometric means of AUC0-28d, the next dose against this one, over the same new patients."""
    mean = found.log_auc.mean(axis=-1)
    ratio = np.full_like(mean, np.nan)
    ratio[:, :-1] = np.exp(np.diff(mean, axis=1))
    spread(table, "gain", ratio[:, None], _even((len(ratio), 1)))
    probability(table, "p_gain", above(ratio[:, None], gain), _even((len(ratio), 1)), chains)


def remission_columns(
    table: pd.DataFrame, few: xr.DataTree, spec: ModelSpec, found: RelativeExposures, target: float, chains: int
) -> Draw:
    """Add the remission rate and the probability that it is above the target; return P(remission) on its plateau.

    Returns
    -------
    ndarray (draw, dose, patient)
        P(remission) of new patients, no exposure counting for more than the largest posterior median of the trial's
        patients.
    """
    u, seen = found.response, found.seen
    if u is None or seen is None:
        raise ValueError(f"model '{spec.name}' has no response")
    rate = remission_of(few, spec, u).mean(axis=-1)[:, None]
    spread(table, "remission", rate, _even(rate.shape[:2]))
    probability(table, "p_remission", above(rate, target), _even(rate.shape[:2]), chains)
    return remission_of(few, spec, u.clip(max=float(seen.median(("chain", "draw")).max())))


def utility_columns(table: pd.DataFrame, utility: Utility, toxicity: Toxicity, remission: Draw, chains: int) -> None:
    """Add the expected utility of a new patient, and the probability that a dose has the highest of these."""
    worth = [utility.of(remission, toxicity.risks[:, k]).mean(axis=-1) for k in range(toxicity.risks.shape[1])]
    values = np.stack(worth, axis=1)
    spread(table, "utility", values, toxicity.weights)
    best = np.argmax(values, axis=-1)  # of equal doses the lowest
    first = 1.0 * (best[..., None] == np.arange(values.shape[-1]))
    probability(table, "p_best", first, toxicity.weights, chains)


def say_missing(table: pd.DataFrame, spec: ModelSpec) -> None:
    """Add the columns that the model has no answer for, as NaN, and the reason of every NaN."""
    for column in _COLUMNS:
        if column not in table:
            table[column] = np.nan
    missing = [] if spec.toxicity is not None else ["the model has no DLT"]
    missing += [] if spec.response is not None else ["the model has no remission"]
    last = table["dose"].max()
    top = "no higher dose to compare the exposure with"
    table["note"] = ["; ".join([*missing, *([top] if dose == last else [])]) for dose in table["dose"]]


def _even(shape: tuple[int, ...]) -> Draw:
    return np.full(shape, 1.0 / np.prod(shape))
