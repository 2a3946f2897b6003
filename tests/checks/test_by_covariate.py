"""Random effects against covariates, in the conjugate model whose posterior is known."""

import json

import numpy as np
import pytest
import xarray as xr
from checks.test_effects import conjugate
from scipy import stats

from cartmodel.checks.by_covariate import effects_by_covariate
from cartmodel.plots import effects_by_covariate as figure_of
from cartmodel.reporting.by_covariate import covariate_rows

PATIENTS = 12


def with_covariates() -> tuple[xr.DataTree, np.ndarray, np.ndarray]:
    fit, means = conjugate(PATIENTS)
    names = [f"P{i}" for i in range(PATIENTS)]
    weight = 60 + 8 * means + np.random.default_rng(5).normal(0, 4, PATIENTS)
    told = {
        "weight": dict(zip(names, [*weight[:-1].tolist(), None], strict=True)),
        "arm": dict(zip(names, ["x", "y", ""] * 4, strict=True)),
        "age": dict.fromkeys(names, 40.0),
    }
    fit.attrs["covariates"] = json.dumps(told)
    return fit, means, weight


def test_the_rank_correlation_is_that_of_scipy_in_every_draw() -> None:
    fit, _, weight = with_covariates()
    fit["posterior"] = fit["posterior"].to_dataset().isel(draw=slice(None, 50))
    eta = fit["posterior"]["eta_a"].values.reshape(-1, PATIENTS)[:, :-1]
    by_draw = [stats.spearmanr(draw, weight[:-1]).statistic for draw in eta]
    found = effects_by_covariate(fit).query("effect == 'a' and covariate == 'weight'").iloc[0]
    assert found["n"] == PATIENTS - 1
    expected = np.quantile(by_draw, (0.5, 0.025, 0.975))
    assert found[["median", "lower", "upper"]].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_a_group_has_the_mean_of_its_patients() -> None:
    fit, means, _ = with_covariates()
    keep = 4 * 0.9**2 / (4 * 0.9**2 + 0.6**2)  # the conjugate posterior: mean keep * y, variance omega^2 (1 - keep)
    groups = effects_by_covariate(fit).query("effect == 'a' and covariate == 'arm'").set_index("value")
    assert groups["n"].to_dict() == {"x": 4, "y": 4}  # a patient without the covariate is in no group
    half = stats.norm.ppf(0.975) * np.sqrt(0.9**2 * (1 - keep) / 4)
    for value, start in (("x", 0), ("y", 1)):
        centre = keep * means[start::3].mean()
        assert groups.loc[value, "median"] == pytest.approx(centre, abs=0.03)
        assert groups.loc[value, "lower"] == pytest.approx(centre - half, abs=0.04)
        assert groups.loc[value, "upper"] == pytest.approx(centre + half, abs=0.04)


def test_what_cannot_be_told_has_its_reason() -> None:
    found = effects_by_covariate(with_covariates()[0])
    constant = found.query("effect == 'a' and covariate == 'age'").iloc[0]
    assert constant["reason"] == "one value in all patients"
    assert np.isnan(constant["median"])
    assert found.query("effect == 'b' and covariate == 'weight'")["reason"].tolist() == ["the effects do not differ"]


def test_a_trial_without_covariates_has_neither_table_nor_figure() -> None:
    fit, _ = conjugate(4)
    assert len(effects_by_covariate(fit)) == 0
    assert figure_of(fit) is None
    assert covariate_rows(fit) is None


def test_the_report_has_the_numbers_of_the_figure() -> None:
    fit, means, _ = with_covariates()
    table = covariate_rows(fit)
    assert table is not None
    rows = {row[:2]: row[2:] for row in table.rows}
    assert rows["a", "age"] == ("12", "rank correlation", "one value in all patients")
    keep = 4 * 0.9**2 / (4 * 0.9**2 + 0.6**2)
    group, centre = rows["a", "arm = x"], keep * means[::3].mean()
    assert group[:2] == ("4", "mean eta")
    assert float(group[2].split()[0]) == pytest.approx(centre, abs=0.035)
    assert len(table.rows) == len(table.numbers)
