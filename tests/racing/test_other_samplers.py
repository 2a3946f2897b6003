"""The samplers of the extra 'race': each gives the right answers where its package is, and else says what is missing.

`.ci/race` runs this file where all of them are installed, with CARTMODEL_REQUIRE_SAMPLERS set.
"""

import os
from importlib.util import find_spec

import pytest

from cartmodel.inference.samplers import Sampling
from cartmodel.racing.posteriors import Posterior
from cartmodel.racing.race import race

REQUIRED = "CARTMODEL_REQUIRE_SAMPLERS" in os.environ
SAMPLING = Sampling(draws=400, tune=400, chains=2, cores=1, progressbar=False)


@pytest.mark.parametrize("name", ["numpyro", "blackjax"])
def test_it_agrees_or_says_what_is_missing(name: str, prior_only: Posterior) -> None:
    row = race([prior_only], [name], seeds=(3,), sampling=SAMPLING, time_limit=900.0).iloc[0]
    if find_spec(name) is None:
        assert not REQUIRED, f"{name} is to be installed here"
        assert row["status"] == "failed"
        assert f"needs the package '{name}', which is not installed" in row["error"]
    else:
        assert row["status"] == "done", row["error"]
        assert row["agrees"], row["worst"]
        assert row["gradients"] > 0
        assert row["divergences"] == 0


@pytest.mark.parametrize(("name", "package"), [("pathfinder", "pymc_extras"), ("nutpie-flow", "flowjax")])
def test_a_missing_package_is_a_row(name: str, package: str, prior_only: Posterior) -> None:
    if find_spec(package) is not None:
        return  # minutes of compilation: that they work is for the race to show
    assert not REQUIRED, f"{package} is to be installed here"
    row = race([prior_only], [name], seeds=(3,), sampling=SAMPLING, time_limit=None).iloc[0]
    assert row["status"] == "failed"
    assert f"'{package}', which is not installed" in row["error"]
