"""The registry of samplers: names mean what they say, and what is missing or fails is reported as such."""

import numpy as np
import pytest
import xarray as xr

import cartmodel as cm
from cartmodel.inference import samplers


def test_the_registry_names_its_samplers() -> None:
    assert set(cm.samplers) >= {"nutpie", "pymc", "numpyro"}


def test_an_unknown_sampler_gets_the_nearest_name() -> None:
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    with pytest.raises(cm.UnknownNameError, match="did you mean 'nutpie'"):
        cm.fit(trial, "cd7-ssc", sampler="nutpi")


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(samplers, "import_module", absent)
    with pytest.raises(cm.SamplerError, match="numpyro"):
        cm.samplers["numpyro"](None, samplers.Sampling())  # pyright: ignore


def test_pymcs_own_sampler_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    class Model:
        free_RVs = deterministics = ()  # noqa: N815  PyMC's name

        def __enter__(self) -> "Model":
            return self

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(samplers.pm, "sample", lambda **settings: asked.update(settings))
    cm.samplers["pymc"](Model(), samplers.Sampling())  # pyright: ignore
    assert asked["nuts_sampler"] == "pymc"


def test_a_failing_sampler_is_reported_as_such() -> None:
    @cm.sampler("broken")
    def broken(model: object, sampling: samplers.Sampling) -> None:
        raise RuntimeError("boom")

    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    with pytest.raises(cm.SamplerError, match="sampler 'broken' failed: RuntimeError: boom"):
        cm.fit(trial, "cd7-ssc", sampler="broken", progressbar=False)


def test_numpyro_chains_that_never_move_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    still = xr.DataTree.from_dict({"/posterior": xr.Dataset({"cmax_pop": (("chain", "draw"), np.ones((2, 5)))})})
    monkeypatch.setattr(samplers, "_load", lambda name: None)
    monkeypatch.setattr(samplers, "_sample", lambda *_: still)
    with pytest.raises(cm.SamplerError, match="no chain ever moved"):
        cm.samplers["numpyro"](None, samplers.Sampling())  # pyright: ignore
