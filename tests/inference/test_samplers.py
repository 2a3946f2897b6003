"""The registry of samplers: names mean what they say, and what is missing or fails is reported as such."""

from types import SimpleNamespace

import pymc as pm
import pytest

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

    monkeypatch.setattr(pm, "sample", lambda **settings: asked.update(settings))
    cm.samplers["pymc"](SimpleNamespace(model=Model()), samplers.Sampling())  # pyright: ignore
    assert asked["nuts_sampler"] == "pymc"


def test_a_failing_sampler_is_reported_as_such() -> None:
    @cm.sampler("broken")
    def broken(target: cm.Target, sampling: samplers.Sampling) -> None:
        raise RuntimeError("boom")

    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    with pytest.raises(cm.SamplerError, match="sampler 'broken' failed: RuntimeError: boom"):
        cm.fit(trial, "cd7-ssc", sampler="broken", progressbar=False)
