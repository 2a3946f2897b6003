"""A posterior whose right answers SciPy knows: that of a trial that says nothing is the prior."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cartmodel as cm
from cartmodel.racing.posteriors import Posterior


def moments(prior: Any) -> tuple[float, float]:
    known = {
        "LogNormal": lambda p: stats.lognorm(s=p.sigma, scale=p.median),
        "Normal": lambda p: stats.norm(p.mu, p.sigma),
        "HalfNormal": lambda p: stats.halfnorm(scale=p.sigma),
        "Beta": lambda p: stats.beta(p.alpha, p.beta),
    }
    found = known[prior.dist](prior)
    return float(found.mean()), float(found.std())


@pytest.fixture(scope="session")
def prior_only() -> Posterior:
    spec = cm.load_model("cd7-ssc")
    answers: dict[str, tuple[float, float]] = {}
    for name, prior in spec.priors():
        if prior.dist == "LogNormal":
            answers[f"ln {name}"] = (float(np.log(prior.median)), prior.sigma)
        elif prior.dist == "LogitNormal":
            answers[f"logit {name}"] = (prior.mu, prior.sigma)
        else:
            answers[name] = moments(prior)
    reference = pd.DataFrame(answers, index=["mean", "sd"]).T.rename_axis("estimand")
    reference[["mcse_mean", "mcse_sd"]] = 0.0
    table = pd.DataFrame({"subject": ["A", "B"], "dose": [0.25e8, 1e8], "time": np.nan, "level": np.nan})
    trial = cm.read_trial(table.assign(unit="copies/ug"))
    return Posterior("prior", trial, spec, "nothing observed", reference)
