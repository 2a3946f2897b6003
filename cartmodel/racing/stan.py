"""Stan, through pystan in an interpreter of its own: a program that shares no code with the package."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import cartmodel
from cartmodel.errors import SamplerError
from cartmodel.inference.samplers import Sampling, sampler
from cartmodel.inference.target import Target
from cartmodel.spec import load_model
from cartmodel.trial import TrialData

PYTHON = "CARTMODEL_STAN_PYTHON"
"""The environment variable that names an interpreter with pystan."""

_MODEL = "cd7-ssc"


@sampler("stan")
def stan(target: Target, sampling: Sampling) -> xr.DataTree:
    """Sample Stan's version of ``cd7-ssc`` (``benchmarks/stan``); chains run side by side, whatever ``cores`` says."""
    programs = Path(cartmodel.__file__).parents[1] / "benchmarks" / "stan"
    interpreter = os.environ.get(PYTHON, "")
    if not interpreter:
        raise SamplerError(f"{PYTHON} names no interpreter with pystan; see benchmarks/stan/README.md")
    if not programs.is_dir():
        raise SamplerError("the Stan program is part of a checkout, not of the installed package")
    if target.spec.digest != load_model(_MODEL).digest:
        raise SamplerError(f"the Stan program is the model '{_MODEL}', not '{target.spec.name}'")
    with TemporaryDirectory() as place:
        folder = Path(place)
        long_table(target.trial).to_csv(folder / "trial.csv", index=False)
        _run(sys.executable, programs / "data.py", folder / "trial.csv", folder / "data.json")
        _run(
            interpreter, programs / "run.py", folder / "data.json", folder / "out.json",
            "--chains", sampling.chains, "--draws", sampling.draws, "--warmup", sampling.tune,
            "--seed", sampling.random_seed, "--adapt-delta", sampling.target_accept,
            "--draws-file", folder / "draws.npz",
        )  # fmt: skip
        told = json.loads((folder / "out.json").read_text(encoding="utf-8"))
        subjects = json.loads((folder / "data.json").read_text(encoding="utf-8"))["subjects"]
        with np.load(folder / "draws.npz") as stored:
            names, draws = [str(name) for name in stored["names"]], stored["draws"]
            stats = xr.Dataset({"diverging": (("chain", "draw"), stored["divergent"])})
    columns = {name: draws[:, :, column] for column, name in enumerate(names)}
    tree = xr.DataTree.from_dict({"/posterior": _renamed(target, columns, subjects), "/sample_stats": stats})
    built = told["build"]
    tree.attrs = {
        "sampling_time": told["sampling"]["seconds"],
        "compile_time": np.nan if built["from_cache"] else built["seconds"],
        "gradients": told["leapfrog_steps"],
    }
    return tree


def long_table(trial: TrialData) -> pd.DataFrame:
    """Return a trial as a long table again: a row a sample, and one for each patient without."""
    samples = trial.observations.drop(columns="row").assign(blq=lambda frame: frame["blq"].astype(int))
    table = trial.subjects.reset_index().merge(samples, on="subject", how="left")
    return table.assign(study=trial.name, unit=table["assay"].map(dict(trial.units)))


def _run(*command: Any) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise SamplerError(f"{Path(str(command[1])).name} ended with exit code {done.returncode}: {last}")


def _renamed(target: Target, columns: dict[str, np.ndarray], subjects: list[str]) -> xr.Dataset:
    """Return Stan's draws under the names of the package; its effects are standard normals."""
    dims = ("chain", "draw")
    found: dict[str, Any] = {
        name: (dims, columns["sigma" if name == "sigma_qpcr" else name]) for name, _ in target.spec.priors()
    }
    for name in target.spec.random:
        standard = np.stack([columns[f"e_{name}[{i + 1}]"] for i in range(len(subjects))], axis=-1)
        found[f"eta_{name}"] = ((*dims, "subject"), columns[f"omega_{name}"][..., None] * standard)
    return xr.Dataset(found, coords={"subject": subjects}).sel(subject=target.data["subject"].values)
