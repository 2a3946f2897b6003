"""Check ``cd7_ssc.stan`` itself, before anything else is judged by it; runs in the project's own Python (scipy).

``auc``: its closed-form exposure against adaptive quadrature, over far wider parameters than any posterior visits.
``density``: its log density and likelihood parts against plain numpy, one sample at a time, at draws from the prior.
Both go through ``run.py --log-prob``, so what is checked is the compiled program that also samples.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import integrate, stats
from scipy.special import expit, logit

RUN = Path(__file__).with_name("run.py")
EFFECTS = ("cmax", "tmax", "c0", "alpha", "fb", "beta")
PRIOR = {  # on the scale where it is normal; half-normal scales and the beta prior apart
    "cmax_pop": (np.log(4e4), 0.7),
    "cov_cmax_dose": (0.15, 0.25),
    "tmax_pop": (np.log(11), 0.15),
    "cov_tmax_dose": (-0.05, 0.10),
    "c0_pop": (np.log(8), 1.0),
    "cov_c0_dose": (1.0, 0.25),
    "alpha_pop": (np.log(0.17), 0.35),
    "fb_pop": (-4.6, 0.8),
    "beta_pop": (np.log(0.0116), 0.7),
    "omega_cmax": (np.log(0.9), 0.3),
    "omega_tmax": (np.log(0.28), 0.35),
    "omega_alpha": (np.log(0.5), 0.35),
    "sigma": (np.log(0.5), 0.2),
    "k0": (2.0, 3.0),
    "k1": (1.2, 1.5),
    "tau": (np.log(4.4), 0.25),
    "d0": (logit(0.15), 1.25),
    "ld1": (-0.25, 0.5),
}
HALF_NORMAL = {"omega_c0": 1.0, "omega_fb": 0.8, "omega_beta": 0.5}
LINEAR = {"cov_cmax_dose", "cov_tmax_dose", "cov_c0_dose", "k0", "k1", "d0", "ld1"}


def ask_stan(interpreter, block, points, cache_dir):
    with tempfile.TemporaryDirectory() as folder:
        data, where, out = (Path(folder) / name for name in ("data.json", "points.json", "out.json"))
        data.write_text(json.dumps({"stan": block}))
        where.write_text(json.dumps(points))
        cache = ["--cache-dir", str(cache_dir)] if cache_dir else []
        subprocess.run([interpreter, RUN, data, out, "--log-prob", where, *cache], check=True, capture_output=True)
        return json.loads(out.read_text())["points"]


def log_curve(t, width, ln_cmax, tmax, rho, alpha, fb, beta):
    d = (t - tmax) / width
    dn, up = width * np.logaddexp(0, d), -width * np.logaddexp(0, -d)
    return ln_cmax + rho * up + np.logaddexp(np.log1p(-fb) - alpha * dn, np.log(fb) - beta * dn)


def log_area(end, width, ln_cmax, *rest):
    """Quadrature in short pieces around the peak, scaled to the largest value so that nothing underflows."""
    tmax = rest[0]
    steps = width * np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
    cuts = np.unique(np.clip(np.concatenate([[0, end], tmax - steps, tmax + steps]), 0, end))
    top = log_curve(min(tmax, end), width, 0.0, *rest)
    tight = {"epsabs": 0, "epsrel": 1e-12, "limit": 500}
    parts = [
        integrate.quad(lambda t: np.exp(log_curve(t, width, 0.0, *rest) - top), a, b, **tight)[0]
        for a, b in pairwise(cuts)
    ]
    return ln_cmax + top + np.log(sum(parts))


def empty_trial(n, width):
    counts = dict.fromkeys(("n_quant", "n_blq", "n_step1", "n_lp", "n_dlt"), 0)
    nothing = ("subject", "t", "ln_level", "ln_lloq", "step1", "lp_subject", "lp", "dlt_subject", "dlt")
    return {"n_subject": n, "x": [0.0] * n, "width": width, "auc_end": 28.0, **counts, **{k: [] for k in nothing}}


def check_auc(args, rng):
    """Every parameter set is one subject without samples, its effects chosen to hit the wanted values."""
    n, worst = args.n, 0.0
    for width in (0.05, 0.01, 0.5):
        tmax = rng.uniform(4, 40, n)
        tmax[: n // 3] = 28 + width * rng.normal(0, 4, n // 3)  # the peak at the window's edge is the hard case
        alpha, beta, rho, fb = (
            np.exp(rng.uniform(*np.log(r), n)) for r in ((0.03, 1), (0.001, 0.1), (0.1, 3), (1e-4, 0.5))
        )
        ln_cmax = rng.uniform(5, 14, n)
        grown = rho * tmax  # ln(1 + cmax / c0)
        wanted = {"cmax": ln_cmax, "tmax": np.log(tmax), "c0": ln_cmax - grown - np.log(-np.expm1(-grown))}
        wanted |= {"alpha": np.log(alpha), "fb": logit(fb), "beta": np.log(beta)}
        point = {f"{k}_pop": 1.0 for k in EFFECTS} | {"fb_pop": 0.5} | {f"omega_{k}": 1.0 for k in EFFECTS}
        point |= {f"cov_{k}_dose": 0.0 for k in ("cmax", "tmax", "c0")}
        point |= {"sigma": 0.5, "k0": 0.0, "k1": 1.0, "tau": 4.0, "q_step1": 0.05, "d0": -1.0, "ld1": 0.0}
        point |= {f"e_{k}": wanted[k].tolist() for k in EFFECTS}
        (answer,) = ask_stan(args.stan_python, empty_trial(n, width), [point], args.cache_dir)
        stan = np.array([answer["values"][f"ln_auc28.{i + 1}"] for i in range(n)])
        true = np.array([log_area(28.0, width, *row) for row in zip(ln_cmax, tmax, rho, alpha, fb, beta, strict=True)])
        error = np.abs(np.expm1(stan - true))
        late = tmax > 28
        print(
            f"W = {width}: relative error below {error[~late].max():.1e}, peak after the window {error[late].max():.1e}"
        )
        worst = max(worst, error.max())
    return worst < 1e-6


def reference(block, p):
    """Normalised log density over Stan's scales (ln of positive parameters, logit of fb) and the likelihood parts."""
    scaled = {k: v if k in LINEAR else logit(v) if k == "fb_pop" else np.log(v) for k, v in p.items() if k in PRIOR}
    prior = sum(stats.norm.logpdf(scaled[k], *PRIOR[k]) for k in PRIOR)
    prior += sum(stats.halfnorm.logpdf(p[k], scale=s) for k, s in HALF_NORMAL.items())
    prior += stats.beta.logpdf(p["q_step1"], 1, 19) + sum(stats.norm.logpdf(p[f"e_{k}"]).sum() for k in EFFECTS)
    x, rows = np.array(block["x"]), []
    for i in range(block["n_subject"]):
        e = {k: p[f"omega_{k}"] * p[f"e_{k}"][i] for k in EFFECTS}
        ln = {k: np.log(p[f"{k}_pop"]) + p[f"cov_{k}_dose"] * x[i] + e[k] for k in ("cmax", "tmax", "c0")}
        tmax = np.exp(ln["tmax"])
        rho = np.logaddexp(0, ln["cmax"] - ln["c0"]) / tmax
        alpha, beta = p["alpha_pop"] * np.exp(e["alpha"]), p["beta_pop"] * np.exp(e["beta"])
        rows.append((ln["cmax"], tmax, rho, alpha, expit(logit(p["fb_pop"]) + e["fb"]), beta))
    part = dict.fromkeys(("ll_quant", "ll_blq"), 0.0)
    for j, (i, t) in enumerate(zip(block["subject"], block["t"], strict=True)):
        ln_c, m = log_curve(t, block["width"], *rows[i - 1]), j - block["n_quant"]
        if m < 0:
            part["ll_quant"] += stats.norm.logpdf(block["ln_level"][j], ln_c, p["sigma"])
        else:
            part["ll_blq"] += stats.norm.logcdf(block["ln_lloq"][m], ln_c, p["sigma"])
    part["ll_step1"] = stats.bernoulli.logpmf(block["step1"], p["q_step1"]).sum()
    u = [log_area(block["auc_end"], block["width"], *rows[i - 1]) - 12.5 for i in block["lp_subject"]]
    part["ll_lp"] = stats.t.logpdf(block["lp"], 4, p["k0"] + p["k1"] * np.array(u), p["tau"]).sum()
    chance = expit(p["d0"] + np.exp(p["ld1"]) * x[np.array(block["dlt_subject"], int) - 1])
    part["ll_dlt"] = stats.bernoulli.logpmf(block["dlt"], chance).sum()
    return prior + sum(part.values()), part


def prior_point(rng, n):
    def natural(k, z):
        return z if k in LINEAR else expit(z) if k == "fb_pop" else np.exp(z)

    point = {k: float(natural(k, rng.normal(*v))) for k, v in PRIOR.items()}
    point |= {k: float(abs(rng.normal(0, s))) for k, s in HALF_NORMAL.items()}
    return point | {"q_step1": rng.beta(1, 19)} | {f"e_{k}": rng.normal(size=n).tolist() for k in EFFECTS}


def check_density(args, rng):
    block = json.loads(args.data.read_text())["stan"]
    points = [prior_point(rng, block["n_subject"]) for _ in range(args.points)]
    answers = ask_stan(args.stan_python, block, points, args.cache_dir)
    gaps, worst = [], 0.0
    for point, answer in zip(points, answers, strict=True):
        total, part = reference(block, point)
        gaps.append(answer["log_density"] - total)
        gap = {k: abs(answer["log_likelihood"][k] - v) / max(1.0, abs(v)) for k, v in part.items()}
        worst = max(worst, *gap.values())
    spread = np.ptp(gaps)
    print(f"{args.points} prior points: log density differs by a constant {np.mean(gaps):.6f}, spread {spread:.1e}")
    print(f"likelihood parts: largest relative difference {worst:.1e}")
    return spread < 1e-5 and worst < 1e-7


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stan-python", required=True, help="the interpreter with pystan")
    parser.add_argument("--data", type=Path, help="a data.json, for the density check; left out without it")
    parser.add_argument("--n", type=int, default=1000, help="parameter sets per smoothing width")
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache-dir", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    good = check_auc(args, rng)
    if args.data:
        good &= check_density(args, rng)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
