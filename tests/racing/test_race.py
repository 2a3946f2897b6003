"""The race on a posterior whose answers SciPy knows: right, wrong, broken and slow samplers each look it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from racing import dummies

import cartmodel as cm
from cartmodel.errors import SamplerError, UnknownNameError
from cartmodel.inference.samplers import Sampling
from cartmodel.racing.apart import in_time
from cartmodel.racing.posteriors import Posterior
from cartmodel.racing.race import COLUMNS, other_settings, race
from cartmodel.racing.results import race_markdown, race_table, write_race

SAMPLING = Sampling(draws=1000, progressbar=False)
FIELD = ("exact", "shifted", "narrow", "frozen", "broken", "slow", "panic")
for name in FIELD:
    cm.sampler(f"dummy-{name}")(getattr(dummies, name))


@pytest.fixture(scope="module")
def rows(prior_only: Posterior) -> pd.DataFrame:
    told: list[str] = []
    names = [f"dummy-{name}" for name in FIELD if name != "slow"]
    found = race([prior_only], names, seeds=(1, 2), sampling=SAMPLING, time_limit=None, say=told.append)
    assert len(told) == len(found)
    return found


def of(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return rows[rows["sampler"] == f"dummy-{name}"]


def test_a_row_a_run_in_stated_columns(rows: pd.DataFrame) -> None:
    assert tuple(rows.columns) == COLUMNS
    assert len(rows) == 12
    assert set(rows["status"]) == {"done", "failed"}
    assert (rows["versions"].str.contains("nutpie")).all()


def test_a_right_sampler_agrees(rows: pd.DataFrame) -> None:
    found = of(rows, "exact")
    assert found["agrees"].all()
    assert (found["error_mean"] < 0.06).all()  # 4000 independent draws: an SE of 0.016 SD, the largest of 22
    assert found["ess_bulk"].between(3000, 4600).all()
    assert (found["rhat"] < 1.01).all()


def test_costs_are_counted(rows: pd.DataFrame) -> None:
    found = of(rows, "exact").iloc[0]
    assert found["gradients"] == 8000
    assert found["divergences"] == 3
    assert found["ess_per_gradient"] == pytest.approx(found["ess_bulk"] / 8000)
    assert found["ess_per_second"] == pytest.approx(found["ess_bulk"] / found["sample_seconds"])


def test_a_fast_and_wrong_sampler_looks_wrong(rows: pd.DataFrame) -> None:
    found = of(rows, "shifted")
    assert not found["agrees"].astype(bool).any()
    assert found["error_mean"].to_numpy(dtype=float) == pytest.approx(0.5, abs=0.06)
    assert set(found["worst"]) == {"ln cmax_pop"}
    assert (found["rhat"] < 1.01).all()  # convergence diagnostics alone see nothing


def test_an_approximation_with_too_small_an_sd_looks_wrong(rows: pd.DataFrame) -> None:
    found = of(rows, "narrow")
    assert not found["agrees"].astype(bool).any()
    assert found["error_sd"].to_numpy(dtype=float) == pytest.approx(1 / 3, abs=0.05)
    assert set(found["approximation"]) == {"narrow"}
    assert found[["ess_bulk", "ess_per_second", "rhat", "divergences"]].isna().all(axis=None)
    assert (found[["compile_seconds", "sample_seconds"]] == [2.0, 0.5]).all(axis=None)


def test_chains_that_never_move_did_not_converge(rows: pd.DataFrame) -> None:
    """Four points agree with anything within their Monte Carlo error; R-hat must tell."""
    assert not of(rows, "frozen")["converged"].astype(bool).any()
    assert of(rows, "exact")["converged"].all()


def test_a_broken_sampler_is_a_row_with_its_error(rows: pd.DataFrame) -> None:
    assert set(of(rows, "broken")["error"]) == {"RuntimeError: boom"}
    assert set(of(rows, "panic")["error"]) == {"PanicError: a panic of Rust is not an Exception"}


@pytest.mark.parametrize(
    ("name", "what"),
    [("nothing", "a NoneType"), ("flat", "draws over ['draw', 'subject']"), ("partial", "draws without 'tmax_pop'")],
)
def test_what_is_no_answer_is_said(prior_only: Posterior, name: str, what: str) -> None:
    cm.sampler(f"dummy-{name}")(getattr(dummies, name))
    (error,) = race([prior_only], [f"dummy-{name}"], seeds=(1,), sampling=SAMPLING, time_limit=None)["error"]
    assert error.startswith(f"the sampler returned {what}; accepted: a DataTree with posterior (chain, draw; every")


def test_a_sampler_that_no_other_process_can_find_is_told_how(prior_only: Posterior) -> None:
    cm.sampler("dummy-lambda")(lambda target, sampling: dummies.exact(target, sampling))
    (error,) = race([prior_only], ["dummy-lambda"], seeds=(1,), sampling=SAMPLING, time_limit=60.0)["error"]
    assert "it must be a function at the top of a module or script; accepted: such a one, or no time limit" in error


def test_rows_of_other_settings_are_named(rows: pd.DataFrame) -> None:
    assert other_settings(rows, SAMPLING) == ""
    told = other_settings(rows.assign(cpu="Abacus"), Sampling(draws=300, target_accept=0.99, progressbar=False))
    assert told == "cpu Abacus, draws 1000, target_accept 0.9"


def test_a_misspelt_name_is_an_error_not_a_row(prior_only: Posterior) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'nutpie'"):
        race([prior_only], ["nutpi"])


def test_a_process_of_its_own_gives_the_same_row(prior_only: Posterior, rows: pd.DataFrame) -> None:
    found = race([prior_only], ["dummy-exact"], seeds=(1,), sampling=SAMPLING, time_limit=300.0)
    assert list(found["status"]) == ["done"]
    assert found.loc[0, "error_mean"] == of(rows, "exact")["error_mean"].iloc[0]


def test_an_error_in_a_process_of_its_own_comes_back() -> None:
    with pytest.raises(SamplerError, match="ValueError: invalid literal"):
        in_time(int, "seven", seconds=120.0)


def test_one_that_takes_too_long_is_a_row(prior_only: Posterior) -> None:
    found = race([prior_only], ["dummy-slow"], seeds=(1, 2, 3), sampling=SAMPLING, time_limit=0.5)
    assert list(found["seed"]) == [1, 2, 3]
    assert list(found["status"]) == ["out of time"] * 3
    assert list(found["error"]) == ["not done in 0.5 s", *["not tried: seed 1 was not done in 0.5 s"] * 2]


def test_a_process_that_breaks_off_is_said() -> None:
    with pytest.raises(SamplerError, match="broke off with exit code 7"):
        in_time(os._exit, 7, seconds=120.0)


def test_a_trial_of_ones_own_has_no_right_answers(prior_only: Posterior) -> None:
    own = Posterior("own", prior_only.trial, prior_only.spec)
    found = race([own], ["dummy-exact"], seeds=(1,), sampling=SAMPLING, time_limit=None)
    assert found["ess_bulk"].notna().all()
    assert found[["error_mean", "agrees"]].isna().all(axis=None)
    assert list(race_table(found)["verdict"]) == ["not judged"]


def test_the_table_says_who_is_wrong(rows: pd.DataFrame) -> None:
    verdicts = race_table(rows).set_index("sampler")["verdict"]
    assert verdicts["dummy-exact"] == "agrees"
    assert verdicts["dummy-shifted"] == "WRONG, 2 of 2 seeds, worst ln cmax_pop"
    assert verdicts["dummy-narrow"].startswith("WRONG, 2 of 2 seeds")
    assert verdicts["dummy-narrow"].endswith("(approximation: narrow)")
    assert verdicts["dummy-frozen"].endswith("NOT CONVERGED, 2 of 2 seeds")
    assert verdicts["dummy-broken"] == "failed: RuntimeError: boom"


def test_files(rows: pd.DataFrame, tmp_path: Path) -> None:
    marked = rows.assign(simulated=True)
    paths = write_race(marked, tmp_path)
    assert [path.name for path in paths] == ["race.csv", "race.md", "race.png", "race.svg"]
    read = pd.read_csv(paths[0])
    assert tuple(read.columns) == COLUMNS
    assert np.allclose(read["ess_bulk"], rows["ess_bulk"].astype(float), rtol=1e-4, equal_nan=True)
    assert race_table(read)["verdict"].equals(race_table(marked)["verdict"])  # a race broken off goes on from its file
    assert "### prior (SIMULATED)" in race_markdown(marked)
    drawn = paths[3].read_text()
    assert "prior (SIMULATED)" in drawn
    assert "dummy-shifted" in drawn


def test_a_race_of_which_a_part_is_run_is_drawn(rows: pd.DataFrame, tmp_path: Path) -> None:
    other = rows[rows["sampler"] == "dummy-exact"].assign(posterior="other")
    drawn = write_race(pd.concat([rows, other]), tmp_path)[3].read_text()
    assert drawn.count("dummy-exact") == 2 * drawn.count("dummy-shifted")
