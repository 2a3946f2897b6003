"""Six simulated profiles against pkpdutils 1.3.0 (matthiaskoenig.github.io/pkpdutils), an independent implementation.

The numbers below were computed, on Python 3.13, by

    pip install pkpdutils==1.3.0
    blq = BLQRules(first="zero", middle="drop", last="zero")
    windows = {"auc_0_28": (0.0, 28.0), "auc_0_90": (0.0, 90.0)}
    options = NCAOptions(auc_method="linear_log", lloq=50.0, blq=blq, partial_aucs=windows)  # and auc_method="linear"
    curve = Timecourse(time, value, time_unit="day", unit="ng/ml", dose=Dose(amount=100, unit="mg", route=Route.ORAL))
    nca_single(curve, options=options).ds

with its default terminal phase (tie_tolerance 1e-4, Tmax excluded, 3 samples or more), which is that of `Rules`. All
agree. The ways in which the two differ, each with its test below or the reason why there is none:

- a window that ends after Tlast: pkpdutils always goes on along lambda_z, from the fitted level; that is
  ``after_last="predicted"``, not the default here;
- a window that ends in a segment falling to 0: `partial_auc` joins the interpolated point anew (``at_cut="point"``);
- its "log" rule takes the logarithm also before Tmax, which "linear-log" here, as in Phoenix, does not.
"""

from math import log

import pytest
from noncompartmental.build import profile, run, values

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
