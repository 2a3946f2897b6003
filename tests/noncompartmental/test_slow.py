"""Random profiles against loops and quadrature."""

import numpy as np
import pytest
from noncompartmental import slow
from noncompartmental.build import profile, run, values

NOMINAL = np.array([1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360])
LLOQ = 50.0


def profiles(count: int, seed: int) -> list[tuple[list[float], list[float]]]:
    """Erratic rises and falls with BLQ samples anywhere; some start at day 0."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        taken = rng.random(len(NOMINAL)) > 0.15
        times = np.sort(NOMINAL * np.exp(0.05 * rng.standard_normal(len(NOMINAL))))[taken].round(2)
        times[0] = times[0] if rng.random() > 0.2 else 0.0
        levels = np.exp(10 - 0.1 * np.abs(times - 12) ** 0.8 + 2 * rng.standard_normal(len(times)))
        levels[rng.random(len(times)) < 0.2] = 0.0
        levels[rng.integers(len(levels))] = 1e5
        found.append((times.tolist(), np.where(levels < LLOQ, 0.0, levels.round(1)).tolist()))
    return found


CASES = profiles(40, seed=3)


@pytest.mark.parametrize("trapezoid", ["linear-up/log-down", "linear", "linear-log"])
@pytest.mark.parametrize(
    ("before", "between"), [("zero", "drop"), ("zero", "zero"), ("half lloq", "lloq"), ("drop", "half lloq")]
)
def test_areas_are_those_of_the_joined_curve(trapezoid: str, before: str, between: str) -> None:
    windows = [(0, 28), (0, 90), (5, 30)]
    rules = {"trapezoid": trapezoid, "blq_before": before, "blq_between": between}
    found = run(profile(*CASES, lloq=LLOQ), windows, **rules)
    for place, (times, levels) in enumerate(CASES):
        samples = slow.counted(times, levels, LLOQ, before, between)
        until = {day: slow.area(samples, day, trapezoid) for day in (5, 28, 30, 90, 1e9)}
        assert found["auc_last"].value[place] == pytest.approx(until[1e9], rel=1e-11)
        assert found["auc_0_28"].value[place] == pytest.approx(until[28], rel=1e-11)
        assert found["auc_0_90"].value[place] == pytest.approx(until[90], rel=1e-11)
        assert found["auc_5_30"].value[place] == pytest.approx(until[30] - until[5], rel=1e-11, abs=1e-9 * until[30])


@pytest.mark.parametrize(("rule", "worth"), [("zero", 0.0), ("half lloq", LLOQ / 2), ("lloq", LLOQ)])
def test_auc_all_goes_on_to_the_first_blq_sample_after_tlast(rule: str, worth: float) -> None:
    found = run(profile(*CASES, lloq=LLOQ), blq_after=rule)
    dropped = run(profile(*CASES, lloq=LLOQ), blq_after="drop")
    triangles = 0
    for place, (times, levels) in enumerate(CASES):
        last = max(i for i, level in enumerate(levels) if level > 0)
        samples = slow.counted(times, levels, LLOQ, "zero", "drop")
        samples += [(times[last + 1], worth)] if last + 1 < len(times) else []
        triangles += last + 1 < len(times)
        expected = slow.area(samples, 1e9, "linear-up/log-down")
        assert found["auc_all"].value[place] == pytest.approx(expected, rel=1e-11)
        assert dropped["auc_all"].value[place] == dropped["auc_last"].value[place]
    assert triangles > 5


def test_lambda_z_is_the_best_of_all_regressions() -> None:
    cases = profiles(150, seed=4)
    found = run(profile(*cases))
    sizes = set()
    for place, (times, levels) in enumerate(cases):
        rate, n, r2 = slow.lambda_z(times, levels)
        assert found["lambda_z"].value[place] == pytest.approx(rate, rel=1e-10, nan_ok=True)
        if n:
            assert found["lambda_z_points"].value[place] == n
            assert found["lambda_z_adjusted_r2"].value[place] == pytest.approx(r2, abs=1e-10)
        sizes.add(n)
    assert {0, 3, 4, 5} <= sizes


def test_more_samples_are_preferred_only_within_the_tolerance() -> None:
    times = (0, 1, 2, 3, 4, 5)
    levels = (1e4, *(np.exp([3.002, 2.001, 1.0, 0.0, -1.0]) * 50))
    assert values(times, levels)["lambda_z_points"] == 5  # adjusted R2 falls short of the best by less than 1e-4
    assert values(times, levels, r2_tolerance=0.0)["lambda_z_points"] == 3


@pytest.mark.parametrize("factor", [1e-3, 7.0])
def test_another_unit_of_level_or_time_changes_nothing_else(factor: float) -> None:
    plain = run(profile(*CASES), [(0, 28)])
    levels = run(profile(*((times, [factor * c for c in levels]) for times, levels in CASES)), [(0, 28)])
    days = run(profile(*(([factor * t for t in times], levels) for times, levels in CASES)), [(0, 28 * factor)])
    for name, parameter in plain.items():
        power = {"level": 1, "level x day": 1}.get(parameter.unit, 0)
        assert levels[name].value == pytest.approx(parameter.value * factor**power, rel=1e-9, nan_ok=True), name
        if name.startswith(("persistence", "auc_0_28")):
            continue
        power = {"day": 1, "level x day": 1, "1/day": -1}.get(parameter.unit, 0)
        assert days[name].value == pytest.approx(parameter.value * factor**power, rel=1e-9, nan_ok=True), name
