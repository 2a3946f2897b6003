"""Profiles against pkpdutils (matthiaskoenig.github.io/pkpdutils), an independent implementation that is kept up.

Six recorded ones, of pkpdutils 1.3.0, and 200 fresh ones through the installed package. It needs Python 3.13: on an
older one the fresh ones are skipped by name, and without the package they fail. Every way in which the two differ:

- a window that ends after Tlast: pkpdutils always goes on along lambda_z, from the fitted level; that is
  ``after_last="predicted"``, not the default here;
- a window sees the values as they were handed over: its BLQ rules do not reach partial areas, where a 0 stays a 0, also
  between quantified samples; that is ``blq_before="zero", blq_between="zero"``;
- ``auc_all`` with BLQ samples after Tlast that count for something: pkpdutils goes on over all of them to the last
  sample, `auc_all` here, as PKNCA's, to the first;
- a window that ends in a segment falling to 0: `partial_auc` joins the interpolated point anew (``at_cut="point"``);
- lambda_z of the window whose adjusted R2 is the best: of all windows here, as in PKNCA, so that there is none where a
  rising one fits best; of the falling ones there;
- its "log" rule takes the logarithm also before Tmax, which "linear-log" here, as in Phoenix, does not.
"""

import sys
from math import log
from typing import Any

import numpy as np
import pytest
from noncompartmental.build import profile, run, values
from scipy.stats import linregress

NAN = float("nan")
CASES = [
    (
        [2.89, 4.9, 6.83, 9.49, 14.05, 21.34, 27.39, 62.55, 92.25, 183.42, 364.36],
        [702.7, 4267, 53470, 76070, 14590, 5931, 1167, 139.4, 53.12, 0, 0],
        {
            "auc_last": 511302.16835579084,
            "auc_all": 513723.6435557908,
            "auc_0_28": 492341.25684958,
            "auc_0_90": 511178.1720800558,
            "lambda_z": 0.048023926867482025,
            "lambda_z_points": 3.0,
            "lambda_z_adjusted_r2": 0.9461020140387972,
            "lambda_z_span_ratio": 4.493752530463485,
        },
        {"auc_last": 562815.084, "auc_all": 565236.5592, "auc_0_28": 537696.0824294654, "auc_0_90": 562688.2105909091},
    ),
    (
        [1.0, 3.08, 4.94, 7.07, 9.38, 13.4, 21.51, 27.51, 61.05, 91.48, 187.28, 368.88],
        [0, 73.52, 522.6, 3018, 12610, 77200, 34910, 27020, 1173, 376.9, 227.3, 380],
        {
            "auc_last": 1201076.9509203658,
            "auc_all": 1201076.9509203658,
            "auc_0_28": 832849.4552700615,
            "auc_0_90": 1117020.8437450486,
            "lambda_z": 0.011257829673310227,
            "lambda_z_points": 6.0,
            "lambda_z_adjusted_r2": 0.30244976292787973,
            "lambda_z_span_ratio": 5.641849816742595,
        },
        {
            "auc_last": 1423828.4398999999,
            "auc_all": 1423828.4398999999,
            "auc_0_28": 856513.3670186643,
            "auc_0_90": 1339157.955625271,
        },
    ),
    (
        [1.03, 2.93, 5.02, 6.9, 10.19, 14.35, 21.2, 28.27, 60.17, 88.8, 179.11, 354.69],
        [0, 117.9, 474.2, 2998, 23200, 26030, 16300, 26740, 1703, 445.7, 417.7, 63.19],
        {
            "auc_last": 832840.7470408765,
            "auc_all": 832840.7470408765,
            "auc_0_28": 436859.0070084339,
            "auc_0_90": 761444.2997963647,
            "lambda_z": 0.00961522064399671,
            "lambda_z_points": 4.0,
            "lambda_z_adjusted_r2": 0.831925021897493,
            "lambda_z_span_ratio": 4.085531707396164,
        },
        {
            "auc_last": 1012244.0281000001,
            "auc_all": 1012244.0281000001,
            "auc_0_28": 439449.4018281471,
            "auc_0_90": 931574.4847689071,
        },
    ),
    (
        [1.06, 3.08, 5.14, 7.04, 14.14, 21.83, 28.45, 59.37, 93.51, 181.04, 359.16],
        [0, 114.5, 540.6, 2896, 13190, 14060, 18330, 5815, 1223, 0, 0],
        {
            "auc_last": 710745.2220137257,
            "auc_all": 764269.8170137256,
            "auc_0_28": 264964.4257794562,
            "auc_0_90": 706089.2900217096,
            "lambda_z": NAN,
            "lambda_z_points": NAN,
            "lambda_z_adjusted_r2": NAN,
            "lambda_z_span_ratio": NAN,
        },
        {
            "auc_last": 766567.9779999999,
            "auc_all": 820092.5729999999,
            "auc_0_28": 264964.4257794562,
            "auc_0_90": 761446.6906010545,
        },
    ),
    (
        [1.0, 3.07, 5.08, 6.89, 9.83, 14.75, 20.94, 28.85, 60.71, 88.49, 176.0, 361.3],
        [0, 0, 81.37, 522.6, 3069, 51250, 43050, 8801, 240.3, 0, 0, 0],
        {
            "auc_last": 677052.9778871145,
            "auc_all": 680390.7448871145,
            "auc_0_28": 593149.3779746173,
            "auc_0_90": 678801.1152332734,
            "lambda_z": 0.12545209381166503,
            "lambda_z_points": 3.0,
            "lambda_z_adjusted_r2": 0.974021701413537,
            "lambda_z_span_ratio": 7.1979370483184635,
        },
        {
            "auc_last": 780489.8757000001,
            "auc_all": 783827.6427000001,
            "auc_0_28": 627416.9635710494,
            "auc_0_90": 782238.0130461591,
        },
    ),
    (
        [1.02, 2.83, 6.78, 10.74, 14.31, 21.09, 27.84, 55.64, 91.95, 189.02, 352.21],
        [0, 0, 369.4, 13470, 35900, 20290, 2889, 461.4, 746.6, 125.3, 0],
        {
            "auc_last": 454505.4471345158,
            "auc_all": 464729.3006345158,
            "auc_0_28": 362453.86641465186,
            "auc_0_90": 419274.1930014225,
            "lambda_z": 0.016385175643691515,
            "lambda_z_points": 4.0,
            "lambda_z_adjusted_r2": 0.6864687709235133,
            "lambda_z_span_ratio": 3.810103660981134,
        },
        {
            "auc_last": 495789.71849999996,
            "auc_all": 506013.5719999999,
            "auc_0_28": 385431.3742561151,
            "auc_0_90": 452031.11553070776,
        },
    ),
]


@pytest.mark.parametrize("place", range(len(CASES)))
def test_a_simulated_profile_has_the_parameters_of_pkpdutils(place: int) -> None:
    times, levels, log_down, linear = CASES[place]
    for trapezoid, expected in (("linear-up/log-down", log_down), ("linear", linear)):
        found = values(times, levels, (0, 28), (0, 90), trapezoid=trapezoid, after_last="predicted")
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-9, nan_ok=True), (trapezoid, name)


def test_all_profiles_on_one_grid_are_each_alone() -> None:
    together = run(profile(*((times, levels) for times, levels, _, _ in CASES)), [(0, 28), (0, 90)])
    for place, (times, levels, _, _) in enumerate(CASES):
        alone = run(profile((times, levels)), [(0, 28), (0, 90)])
        for name, parameter in together.items():
            assert parameter.value[place] == pytest.approx(alone[name].value[0], rel=1e-14, nan_ok=True), name
            assert parameter.reason[place] == alone[name].reason[0]


def test_a_cut_in_a_segment_that_falls_to_zero_is_where_the_two_differ() -> None:
    halving = (range(5), (8, 4, 2, 1, 0))
    ends = {"auc_0_3p5": 3.5, "auc_0_3p9": 3.9, "auc_0_3p99": 3.99, "auc_0_4": 4.0}
    windows = [(0, end) for end in ends.values()]
    # partial_auc(curves, 0, end) of pkpdutils 1.3.0, with the level 0 at time 4 kept
    theirs = [10.459539046444984, 10.450643816564376, 10.311691297079431, 10.598865286222743]
    point = values(*halving, *windows, after_last="triangle", at_cut="point")
    assert [point[name] for name in ends] == pytest.approx(theirs, rel=1e-12)
    triangle = [7 / log(2) + (end - 3) - (end - 3) ** 2 / 2 for end in ends.values()]  # below the line to (4, 0)
    segment = values(*halving, *windows, after_last="triangle")
    assert [segment[name] for name in ends] == pytest.approx(triangle, rel=1e-14)
    assert sorted(triangle) == triangle
    assert sorted(theirs) != theirs


NOMINAL = np.array([1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360.0])
WINDOWS = {"auc_0_28": (0.0, 28.0), "auc_0_90": (0.0, 90.0), "auc_7_28": (7.0, 28.0)}
SAME = {
    "cmax": "cmax", "tmax": "tmax", "clast": "clast", "tlast": "tlast", "auc_last": "auc_last", "lambda_z": "lambda_z",
    "half_life": "thalf", "lambda_z_points": "lambda_z_n_points", "lambda_z_adjusted_r2": "lambda_z_r2_adj",
}  # fmt: skip
OF_THE_TAIL = {"lambda_z", "thalf", "lambda_z_n_points", "lambda_z_r2_adj"}
CODES = {"zero": "zero", "half lloq": "half_lloq", "lloq": "lloq", "drop": "drop"}


def fresh(rng: np.random.Generator, jitter: float = 0.03) -> tuple[list[float], list[float]]:
    """A patient of the default model's prior on the nominal schedule, with noise and missed visits; 0 is BLQ."""
    days = np.unique((NOMINAL * np.exp(jitter * rng.standard_normal(12))).round(2))[rng.random(12) > 0.08]
    tmax, cmax, c0 = 11 * np.exp(0.25 * rng.normal()), 4e4 * np.exp(0.9 * rng.normal()), 8 * np.exp(rng.normal())
    alpha, beta, fb = 0.17 * np.exp(0.5 * rng.normal()), 0.0116 * np.exp(0.7 * rng.normal()), 0.01
    late = cmax * ((1 - fb) * np.exp(-alpha * (days - tmax)) + fb * np.exp(-beta * (days - tmax)))
    curve = np.where(days < tmax, c0 * (cmax / c0) ** (days / tmax), late) * np.exp(
        0.5 * rng.standard_normal(len(days))
    )
    return days.tolist(), [float(f"{level:.4g}") if level >= 50 else 0.0 for level in curve]


def rises_best(times: list[float], levels: list[float]) -> bool:
    """Whether, of all windows of three or more samples after the peak, one that rises has the best adjusted R2."""
    peak = levels.index(max(levels))
    usable = [(t, log(c)) for t, c in zip(times[peak + 1 :], levels[peak + 1 :], strict=True) if c > 0]
    fits = [(n, linregress(*zip(*usable[-n:], strict=True))) for n in range(3, len(usable) + 1)]
    return bool(fits) and max((1 - (1 - f.rvalue**2) * (n - 1) / (n - 2), f.slope) for n, f in fits)[1] > 0


@pytest.fixture(scope="module")
def cases() -> list[tuple[list[float], list[float]]]:
    rng = np.random.default_rng(4)
    return [case for case in (fresh(rng) for _ in range(200)) if max(case[1]) > 0]


def theirs(cases: list[tuple[list[float], list[float]]], method: str, **rules: str) -> Any:
    """What pkpdutils makes of the same samples; a missing package is an error, not a skip."""
    if sys.version_info < (3, 13):
        pytest.skip("pkpdutils needs Python 3.13")
    from pkpdutils import Dose, NCAOptions, Route, Timecourse, Timecourses
    from pkpdutils.nca import nca
    from pkpdutils.nca.options import BLQRules

    dose = Dose(amount=100, unit="mg", route=Route.ORAL)
    curves = [Timecourse(time=t, value=c, time_unit="day", unit="ng/ml", dose=dose) for t, c in cases]
    options = NCAOptions(
        auc_method=method, lloq=50.0, blq=BLQRules(**{k: CODES[v] for k, v in rules.items()}), partial_aucs=WINDOWS
    )
    return nca(Timecourses.from_timecourses(curves), options=options).ds


@pytest.mark.parametrize(("method", "trapezoid"), [("linear_log", "linear-up/log-down"), ("linear", "linear")])
@pytest.mark.parametrize(
    "blq",
    [("zero", "drop", "zero"), ("half lloq", "lloq", "zero"), ("drop", "half lloq", "drop"), ("lloq", "zero", "drop")],
)
def test_fresh_profiles_have_the_parameters_of_pkpdutils(
    cases: list[tuple[list[float], list[float]]], method: str, trapezoid: str, blq: tuple[str, str, str]
) -> None:
    expected = theirs(cases, method, first=blq[0], middle=blq[1], last=blq[2])
    rules = {"trapezoid": trapezoid, "blq_before": blq[0], "blq_between": blq[1], "blq_after": blq[2]}
    found = run(profile(*cases, lloq=50.0), **rules)
    same = ~np.array([rises_best(*case) for case in cases])
    for ours, name in (SAME | {"auc_all": "auc_all"}).items():
        rows = same if name in OF_THE_TAIL else slice(None)
        np.testing.assert_allclose(found[ours].value[rows], expected[name].values[rows], rtol=1e-9, err_msg=ours)
    assert np.isnan(found["lambda_z"].value[~same]).all()
    assert np.isfinite(expected["lambda_z"].values[~same]).any()
    kept = {"blq_before": "zero", "blq_between": "zero", "after_last": "predicted"}
    partial = run(profile(*cases, lloq=50.0), list(WINDOWS.values()), trapezoid=trapezoid, **kept)
    for name in WINDOWS:
        np.testing.assert_allclose(partial[name].value[same], expected[name].values[same], rtol=1e-9, err_msg=name)
    assert np.isfinite(expected["lambda_z"].values).sum() > 100


def test_trailing_samples_that_count_are_where_auc_all_differs(cases: list[tuple[list[float], list[float]]]) -> None:
    expected = theirs(cases, "linear_log", first="zero", middle="drop", last="half lloq")
    found = run(profile(*cases, lloq=50.0), blq_after="half lloq")["auc_all"].value
    beyond = []
    for times, levels in cases:
        last = max(i for i, level in enumerate(levels) if level > 0)
        beyond.append(25.0 * (times[-1] - times[min(last + 1, len(times) - 1)]))
    np.testing.assert_allclose(found + beyond, expected["auc_all"].values, rtol=1e-9)
    assert np.count_nonzero(beyond) > 50


def test_from_the_peak_on_the_logarithmic_rules_are_one(cases: list[tuple[list[float], list[float]]]) -> None:
    after = []
    for times, levels in cases:
        peak = levels.index(max(levels))
        if len(times) - peak > 2:
            after.append(([t - times[peak] for t in times[peak:]], levels[peak:]))
    expected = theirs(after, "log", first="zero", middle="drop", last="zero")
    found = run(profile(*after, lloq=50.0), trapezoid="linear-log")["auc_last"].value
    np.testing.assert_allclose(found, expected["auc_last"].values, rtol=1e-9)
