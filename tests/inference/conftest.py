import pytest
import xarray as xr

import cartmodel as cm


@pytest.fixture(scope="session")
def example_trial() -> cm.TrialData:
    return cm.read_trial(cm.example_path("cd7_ssc"))


@pytest.fixture(scope="session")
def example_fit(example_trial: cm.TrialData) -> xr.DataTree:
    """The main job's fit, at its default settings."""
    return cm.fit(example_trial, "cd7-ssc", log_likelihood=True, progressbar=False)
