"""Fits whose posterior is known: a straight line with normal effects, and the truth of simulated trials."""

import json
from collections.abc import Mapping

import numpy as np
import pytest
import xarray as xr

import cartmodel as cm
from cartmodel.equations.design import design
from cartmodel.prediction.fitfile import FORMAT
from cartmodel.prediction.prior import prior_draws
from cartmodel.simulation import scenario as scenarios
from cartmodel.spec import ModelSpec
from cartmodel.trial import TrialData

LINE = "line_for_checks"


def _integral(xp, start, end, *, a, b):
    return xp.exp(a + b * start) * xp.expm1(b * (end - start)) / b


def _peak(xp, *, a, b):
    return 0.0 * b, a


if LINE not in cm.structures:

    @cm.structure(LINE, integral=_integral, peak=_peak, a=cm.real("1"), b=cm.real("1/time"))
    def line(xp, t, *, a, b):
        """Straight line of the ln level: linear in its effects."""
        return a + b * t


def line_spec(residual: str = "log_additive", *, dosed: bool = True) -> ModelSpec:
    words = {"reason": "a test", "source": "a test"}
    normal = {"dist": "Normal", "mu": 0.0, "sigma": 1.0, **words}
    half = {"dist": "HalfNormal", "sigma": 1.0, **words}
    names = ("sigma",) if residual == "log_additive" else ("sigma_proportional", "sigma_additive")
    assay = {"unit": "copies/ug", "residual": residual, **dict.fromkeys(names, half)}
    return cm.load_model("cd7-ssc").replace(
        name="line", structure=LINE, typical={"a": normal, "b": normal}, random={"a": half, "b": half},
        covariates={"a": {"dose": normal}} if dosed else {}, assays={"qpcr": assay}, response=None,
    )  # fmt: skip


def fit_of(
    trial: TrialData,
    spec: ModelSpec,
    truth: Mapping[str, float | np.ndarray],
    draws: int = 500,
    etas: Mapping[str, np.ndarray] | None = None,
) -> xr.DataTree:
    """Return a fit whose draws are given: a number for all draws or one for each (chain, draw); etas likewise, or 0."""
    data = design(trial, spec)
    shape = (2, draws)
    coords = {"chain": [0, 1], "draw": np.arange(draws)}
    posterior = xr.Dataset(
        {n: (("chain", "draw"), np.broadcast_to(np.asarray(v, dtype=float), shape)) for n, v in truth.items()}, coords
    )
    for name in spec.curve.varying:
        values = np.zeros(data.sizes["subject"]) if etas is None else etas[name]
        whole = np.broadcast_to(values, (*shape, data.sizes["subject"]))
        posterior[f"eta_{name}"] = (("chain", "draw", "subject"), whole)
    posterior = posterior.assign_coords(subject=data["subject"])
    observed = [str(n) for n in data.data_vars if f"seen_{n}" in data]
    groups = {
        "posterior": posterior,
        "prior": prior_draws(spec, 50),
        "observed_data": xr.Dataset({n: data[n].where(data[f"seen_{n}"] > 0) for n in observed}),
        "constant_data": data.drop_vars(observed),
    }
    fit = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    fit.attrs = {
        "format": FORMAT, "trial": trial.name, "simulated": int(trial.simulated), "model": spec.name,
        "spec": spec.model_dump_json(exclude_none=True), "trial_notes": json.dumps(trial.notes),
    }  # fmt: skip
    return fit


def line_trial(samples: dict[str, list[tuple[float, float | None]]], doses: dict[str, float], lloq: float) -> TrialData:
    """Return a trial of (day, level) pairs; None is below the LLOQ."""
    rows = ["subject,dose,time,assay,level,unit,blq,lloq"]
    for subject, own in samples.items():
        for day, level in own:
            told = "" if level is None else repr(level)
            rows.append(f"{subject},{doses[subject]!r},{day},qpcr,{told},copies/ug,{int(level is None)},{lloq}")
    return _read("\n".join(rows) + "\n")


def _read(text: str) -> TrialData:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.csv"
        path.write_text(text, encoding="utf-8")
        return cm.read_trial(path)


@pytest.fixture(scope="session")
def scenario() -> scenarios.Scenario:
    return cm.load_scenario(cm.example_path("cd7_ssc").parent / "scenario.toml")


@pytest.fixture(scope="session")
def example_fit() -> xr.DataTree:
    """A real fit, short: what the checks say of it is not what is tested, only that they can read it."""
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    return cm.fit(trial, "cd7-ssc", draws=200, tune=300, chains=2, progressbar=False)
