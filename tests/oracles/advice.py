"""Advice from stored draws, told anew: one loop over the draws in NumPy and SciPy.

Nothing here comes from the package: curves, priors and rules are typed from the domain file (sections 1.1, 6.2 and 9)
and from what `advise` says that it returns. New patients are simulated here, and the toxicity is weighted draws of its
prior.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

REFERENCE, CENTRE, WIDTH, WINDOW = 1e8, 12.5, 0.05, 28.0
RESPONDS = 0.4054651081081644  # logit of 0.6
WORTH = {"remission": 100.0, "neither": 40.0, "both": 60.0, "dlt": 0.0}
TIMES = np.concatenate([np.linspace(0, 21, 421), np.linspace(21, 28, 29)[1:]])

type Array = np.ndarray


@dataclass(frozen=True)
class Followed:
    subject: int  # its place in the fit
    dose: float
    dlt: bool
    day: float  # of the DLT, or of the last follow-up


def log_areas(own: dict[str, Array], days: Array) -> Array:
    """ln AUC(0, day) of patients (..., 1 a parameter) by the trapezoid on ln-smooth steps; the last axis is the day."""
    p = {name: np.asarray(value)[..., None] for name, value in own.items()}
    late = (TIMES - p["tmax"]) / WIDTH
    declined = WIDTH * np.logaddexp(0.0, late)
    grown = TIMES - declined
    rho = np.log1p(p["cmax"] / p["c0"]) / p["tmax"]
    tail = (1 - p["fb"]) * np.exp(-p["alpha"] * declined) + p["fb"] * np.exp(-p["beta"] * declined)
    level = p["cmax"] * np.exp(rho * (grown - p["tmax"])) * tail
    steps = np.diff(TIMES) * (level[..., 1:] + level[..., :-1]) / 2
    cumulated = np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)
    return np.log(cumulated[..., np.searchsorted(TIMES, days - 1e-9)])


def patients_of(draw: dict[str, float], log_dose: Array | float, effects: dict[str, Array]) -> dict[str, Array]:
    """The parameters of patients with given effects at ln(dose / reference)."""
    own: dict[str, Array] = {}
    for name in ("cmax", "tmax", "c0", "alpha", "beta"):
        power = draw.get(f"cov_{name}_dose", 0.0)
        own[name] = draw[f"{name}_pop"] * np.exp(power * np.asarray(log_dose) + effects[name])
    own["fb"] = expit(logit(draw["fb_pop"]) + effects["fb"] + 0.0 * np.asarray(log_dose))
    return {name: np.broadcast_to(value, np.shape(own["cmax"])) for name, value in own.items()}


def advice(
    draws: list[dict[str, float]], effects: list[dict[str, Array]], trial_doses: Array, patients: list[Followed],
    doses: Array, days: Array, *, limit: float, target: float, gain: float, new: int, nodes: int, seed: int,
) -> dict[str, Array]:  # fmt: skip
    """P(over) joint and cut, P(remission above target), P(gain) and P(best) of each dose, DLTs uniform in time."""
    rng = np.random.default_rng(seed)
    names = ("cmax", "tmax", "c0", "alpha", "fb", "beta")
    shares, all_days = np.diff(days, prepend=0.0) / WINDOW, np.append(days, 28.0)
    nobody = {name: np.zeros(()) for name in names}
    typical = np.median([log_areas(patients_of(draw, 0.0, nobody), all_days) for draw in draws], axis=0)
    seen = np.array(
        [
            log_areas(patients_of(d, np.log(trial_doses / REFERENCE), e), all_days)
            for d, e in zip(draws, effects, strict=True)
        ]
    )
    plateau = float(np.median(seen[..., -1], axis=0).max()) - CENTRE
    place = np.log(doses / REFERENCE)
    evidence, over, first, above, gains = [], [], [], [], []
    for draw, own in zip(draws, seen, strict=True):
        a = rng.normal(math.log(0.15 / 0.85), 1.25, nodes)
        b0 = np.exp(rng.normal(-0.25, 0.5, nodes))
        b1 = stats.truncnorm.rvs(-0.3 / 0.4, np.inf, 0.3, 0.4, size=nodes, random_state=rng)
        weight = np.ones(nodes)
        for patient in patients:
            x = own[patient.subject, :-1] - typical[:-1]
            risk = expit(a[:, None] + b0[:, None] * math.log(patient.dose / REFERENCE) + b1[:, None] * x)
            ended = days <= patient.day
            weight *= risk[:, ended][:, -1] if patient.dlt else 1 - risk[:, ended] @ shares[ended]
        evidence.append(weight.mean())
        kept = rng.choice(nodes, 50, p=weight / weight.sum())
        z = {name: draw[f"omega_{name}"] * rng.standard_normal(new) for name in names}
        areas = np.array([log_areas(patients_of(draw, at, z), all_days) for at in place])  # dose, patient, day
        x = (areas - typical)[:, :, :-1]
        risk = np.array(
            [expit(a[k] + b0[k] * place[:, None, None] + b1[k] * x) @ shares for k in kept]
        )  # node, dose, patient
        u = areas[..., -1] - CENTRE

        def remission(u: Array, draw: dict[str, float] = draw) -> Array:
            below = (RESPONDS - draw["k0"] - draw["k1"] * u) / draw["tau"]
            return (1 - draw["q_step1"]) * stats.t.sf(below, 4)

        r = remission(np.minimum(u, plateau))
        worth = (1 - risk) * (WORTH["remission"] * r + WORTH["neither"] * (1 - r))
        worth += risk * (WORTH["both"] * r + WORTH["dlt"] * (1 - r))
        best = worth.mean(axis=2).argmax(axis=1)
        over.append((risk.mean(axis=2) > limit).mean(axis=0))
        first.append([(best == k).mean() for k in range(len(doses))])
        above.append(remission(u).mean(axis=1) > target)
        gains.append(np.exp(np.diff(areas[..., -1].mean(axis=1))) > gain)
    weights = np.array(evidence) / np.sum(evidence)
    return {
        "p_over": weights @ np.array(over), "p_over_cut": np.mean(over, axis=0), "p_best": weights @ np.array(first),
        "p_remission": np.mean(above, axis=0), "p_gain": np.mean(gains, axis=0),
    }  # fmt: skip
