"""The joint model of sections 6.1 to 6.5 of the domain file for a few patients: one loop in SciPy.

Nothing here comes from the package or its model files; every number is typed from section 6.2.
"""

import math
from dataclasses import dataclass

from scipy import stats
from scipy.special import expit, logit

from oracles import curves

WIDTH = 0.05  # days, of the rounded peak
REFERENCE = 1e8  # cells
CENTRE = 12.5  # of ln AUC0-28


@dataclass(frozen=True)
class Patient:
    dose: float
    quantified: tuple[tuple[float, float], ...] = ()  # day, level
    below: tuple[tuple[float, float], ...] = ()  # day, limit
    step1: int | None = None
    lp: float | None = None
    dlt: int | None = None


def log_prior(p: dict[str, float]) -> float:
    """ln density of the population parameters on their natural scales (section 6.2, 6.4, 6.5)."""
    log_normal = {
        "cmax_pop": (4e4, 0.7), "tmax_pop": (11.0, 0.15), "c0_pop": (8.0, 1.0),
        "alpha_pop": (0.17, 0.35), "beta_pop": (0.0116, 0.7),
        "omega_cmax": (0.9, 0.3), "omega_tmax": (0.28, 0.35), "omega_alpha": (0.5, 0.35),
        "sigma_qpcr": (0.5, 0.2), "tau": (4.4, 0.25),
    }  # fmt: skip
    normal = {
        "cov_cmax_dose": (0.15, 0.25), "cov_tmax_dose": (-0.05, 0.10), "cov_c0_dose": (1.0, 0.25),
        "k0": (2.0, 3.0), "k1": (1.2, 1.5), "d0": (math.log(0.15 / 0.85), 1.25), "ld1": (-0.25, 0.5),
    }  # fmt: skip
    half_normal = {"omega_c0": 1.0, "omega_fb": 0.8, "omega_beta": 0.5}
    assert {*log_normal, *normal, *half_normal, "fb_pop", "q_step1"} == set(p)
    total = sum(stats.lognorm.logpdf(p[name], s=s, scale=median) for name, (median, s) in log_normal.items())
    total += sum(stats.norm.logpdf(p[name], mu, s) for name, (mu, s) in normal.items())
    total += sum(stats.halfnorm.logpdf(p[name], scale=s) for name, s in half_normal.items())
    total += stats.norm.logpdf(logit(p["fb_pop"]), -4.6, 0.8) - math.log(p["fb_pop"] * (1 - p["fb_pop"]))
    return float(total + stats.beta.logpdf(p["q_step1"], 1, 19))


def log_likelihood(p: dict[str, float], e: dict[str, float], patient: Patient, *, smooth: bool) -> float:
    """ln probability of one patient's data, given standard normal effects ``e``."""
    x = math.log(patient.dose / REFERENCE)
    own = {
        "cmax": p["cmax_pop"] * math.exp(p["cov_cmax_dose"] * x + p["omega_cmax"] * e["cmax"]),
        "tmax": p["tmax_pop"] * math.exp(p["cov_tmax_dose"] * x + p["omega_tmax"] * e["tmax"]),
        "c0": p["c0_pop"] * math.exp(p["cov_c0_dose"] * x + p["omega_c0"] * e["c0"]),
        "alpha": p["alpha_pop"] * math.exp(p["omega_alpha"] * e["alpha"]),
        "fb": float(expit(logit(p["fb_pop"]) + p["omega_fb"] * e["fb"])),
        "beta": p["beta_pop"] * math.exp(p["omega_beta"] * e["beta"]),
    }
    level = curves.smooth(**own, width=WIDTH) if smooth else curves.sharp(**own)
    edges = curves.bends(own["tmax"], WIDTH) if smooth else [own["tmax"]]
    sigma = p["sigma_qpcr"]
    total = sum(stats.norm.logpdf(math.log(y), math.log(level(t)), sigma) for t, y in patient.quantified)
    total += sum(stats.norm.logcdf(math.log(limit), math.log(level(t)), sigma) for t, limit in patient.below)
    if patient.step1 is not None:
        total += stats.bernoulli.logpmf(patient.step1, p["q_step1"])
    if patient.step1 == 0 and patient.lp is not None:
        u = math.log(curves.area(level, 0.0, 28.0, edges)) - CENTRE
        total += stats.t.logpdf(patient.lp, 4, p["k0"] + p["k1"] * u, p["tau"])
    if patient.dlt is not None:
        total += stats.bernoulli.logpmf(patient.dlt, expit(p["d0"] + math.exp(p["ld1"]) * x))
    return float(total)


def log_density(
    p: dict[str, float], effects: list[dict[str, float]], patients: list[Patient], *, smooth: bool
) -> float:
    """ln joint density of population parameters (natural scales), standard effects and data."""
    total = log_prior(p)
    for e, patient in zip(effects, patients, strict=True):
        total += sum(float(stats.norm.logpdf(value)) for value in e.values())
        total += log_likelihood(p, e, patient, smooth=smooth)
    return total
