"""The parts of the speed benchmarks that can be wrong without anyone noticing."""

import gradient
import numpy as np
import pytest
import xarray as xr
from cold_start import FIT, REFITS, caches_in
from efficiency import Run, largest_z
from large_trial import inside
from measured import parser_of, scaled_scenario, scaled_trial, where, write_record

import cartmodel as cm


def test_larger_trials_are_the_bundled_one_but_for_their_size() -> None:
    assert scaled_trial(18).observations.equals(cm.read_trial(cm.example_path("cd7_ssc")).observations)
    groups = scaled_scenario(1000, missed=0.0).groups
    assert [group.patients for group in groups] == [334, 333, 333]
    assert [group.dose for group in groups] == [2.5e7, 1e8, 2e8]
    assert scaled_trial(6).simulated


def test_a_quick_run_leaves_no_record(tmp_path, capsys) -> None:
    rows = [{"what": "cold", "seconds": 1.0}]
    write_record("nothing", rows, where(), parser_of(None).parse_args(["--quick"]))
    assert not capsys.readouterr().out
    path = tmp_path / "record.csv"
    write_record("nothing", rows, where(), parser_of(None).parse_args(["--out", str(path)]))
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {"what", "seconds", "date", "cpu", "threads", "python", "numpy", "numba"} <= set(header)


def test_kernels_are_timed_at_the_same_patients() -> None:
    rows = gradient.with_slopes(gradient.measure(6, quick=True))
    assert [row["kernel"] for row in rows] == ["hand_likelihood", "hand", "kinetics", "joint"]
    assert all(row["us"] > 0 and row["patients"] == 6 for row in rows)


def test_the_yardstick_is_given_the_parameters_of_the_density() -> None:
    """Likelihood by hand, at the parameters that it is timed with, against the likelihood of the equations."""
    from hand_fused import empty_slopes, fused, grid_of

    from cartmodel.equations.joint import joint
    from cartmodel.prediction.draws import Draws

    target = cm.Target(scaled_trial(6), cm.load_model("cd7-ssc").replace(response=None, toxicity=None))
    points = np.stack([target.density.start(seed) for seed in range(3)])
    theta, sigma = gradient.individuals(target, points)
    source = Draws(target.density.values(points[None]), target.data)
    joint(target.spec, source)
    expected = source.pointwise_log_likelihood()["level_qpcr"].sum(("subject", "sample_qpcr")).values[0]
    grid, out = grid_of(target.data), empty_slopes(6)
    found = [fused(theta[k], sigma[k], grid, out, False)[0] for k in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_largest_z_finds_a_shift() -> None:
    rng = np.random.default_rng(1)
    values = {name: (("chain", "draw"), rng.standard_normal((4, 1000))) for name in ("a", "b")}
    first = xr.Dataset(values)
    second = first.assign(b=first["b"] + 0.2)
    runs = [Run(draws, xr.Dataset(), 0.0, 1.0) for draws in (first, second)]
    z, worst = largest_z(*runs)
    assert worst == "b"
    assert z == pytest.approx(0.2 / np.sqrt(2 / 4000), rel=0.15)
    assert largest_z(runs[0], runs[0])[0] == 0.0


def test_cold_processes_find_empty_caches(tmp_path) -> None:
    environment = caches_in(tmp_path, fresh_pycache=True)
    names = ("NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "PYTHONPYCACHEPREFIX")
    assert all(environment[name].startswith(str(tmp_path)) for name in names)
    assert str(tmp_path) in environment["PYTENSOR_FLAGS"]
    for program in (FIT, REFITS):
        compile(program, "program", "exec")


def test_inside() -> None:
    draws = xr.DataArray(np.linspace(0.0, 1.0, 101))
    assert inside(draws, 0.5)
    assert not inside(draws, 0.99)
