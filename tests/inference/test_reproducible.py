"""The same seed gives the same draws, bit for bit: on 1, 2 or 4 cores, and from cold or warm compile caches."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cartmodel as cm
from cartmodel.inference.samplers import Sampling, run_nutpie

SHORT = Sampling(draws=60, tune=60, random_seed=7, progressbar=False)

CHILD = """
import hashlib, cartmodel as cm
trial = cm.read_trial(cm.example_path("liu2022_cart_ball"))
fit = cm.fit(trial, "kinetics-only", draws=40, tune=40, chains=2, random_seed=3, progressbar=False)
posterior = fit["posterior"].to_dataset()
print(hashlib.sha256(b"".join(posterior[name].values.tobytes() for name in sorted(posterior.data_vars))).hexdigest())
"""


@pytest.fixture(scope="module")
def target() -> cm.Target:
    return cm.Target(cm.read_trial(cm.example_path("cd7_ssc")), cm.load_model("cd7-ssc"))


def digest(target: cm.Target, sampling: Sampling) -> str:
    posterior = run_nutpie(target, sampling)["posterior"].to_dataset()
    return hashlib.sha256(np.ascontiguousarray(posterior["eta_cmax"].values).tobytes()).hexdigest()


def test_cores_do_not_matter(target: cm.Target) -> None:
    assert len({digest(target, replace(SHORT, cores=cores)) for cores in (1, 2, 4)}) == 1


def test_the_seed_does(target: cm.Target) -> None:
    assert digest(target, SHORT) != digest(target, replace(SHORT, random_seed=8))


def test_cold_and_warm_caches_give_the_same_draws(tmp_path: Path) -> None:
    environment = dict(os.environ)
    environment["PYTENSOR_FLAGS"] = f"base_compiledir={tmp_path / 'pytensor'}"
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "numba")
    answers = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CHILD], env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    assert answers[0].stdout == answers[1].stdout
    assert len(answers[0].stdout.strip()) == 64
