"""A PyMC whose density of correlations is wrong is refused, not sampled."""

import pymc as pm
import pytest

import cartmodel as cm
from cartmodel.spec.model import Correlation


def test_the_wrong_density_of_pymc_6_3_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyMC 6.3.2 has (eta - 1) 2 sum ln L_ii for a Cholesky factor; 6.4 adds its Jacobian, sum (n - i) ln L_ii."""
    spec = cm.load_model("cd7-ssc")
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    monkeypatch.setattr(pm, "__version__", "6.3.2")
    cm.build(trial, spec)  # without correlation nothing is wrong there
    correlated = spec.model_copy(update={"correlation": Correlation(eta=2.0, reason="test")})
    with pytest.raises(cm.SamplerError, match=r"needs PyMC 6\.4 or newer, and this is 6\.3\.2"):
        cm.build(trial, correlated)
