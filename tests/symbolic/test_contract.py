"""The contract of structures: those of the package keep it, and each way to break it is found and named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cartmodel as cm
from cartmodel.kinetics.stein_smooth import stein_smooth, stein_smooth_integral, stein_smooth_peak

PARAMETERS = {
    "cmax": cm.positive("level"), "tmax": cm.positive("time"), "slowing": cm.positive("1/time"),
    "loss": cm.positive("1/time"),
}  # fmt: skip

STEIN = {
    "cmax": cm.positive("level"), "tmax": cm.positive("time"), "c0": cm.positive("level"),
    "alpha": cm.positive("1/time"), "fb": cm.fraction(), "beta": cm.positive("1/time"),
}  # fmt: skip
OWN_AREA = "the structure's own area against adaptive quadrature"


def bare(xp, t, *, cmax, tmax, c0, alpha, fb, beta):
    return stein_smooth(xp, t, cmax=cmax, tmax=tmax, c0=c0, alpha=alpha, fb=fb, beta=beta)


def gompertz(xp, t, *, cmax, tmax, slowing, loss):
    """Growth that fades exponentially against constant loss."""
    x = t - tmax
    return xp.log(cmax) - loss / slowing * (xp.expm1(-slowing * x) + slowing * x)


def registered(name: str, curve: Callable[..., Any], **more: Any) -> cm.StructureCheck:
    cm.structure(f"test-{name}", **PARAMETERS, **more)(curve)
    return cm.check_structure(f"test-{name}")


@pytest.mark.parametrize("name", ["stein", "stein_smooth", "effector_memory"])
def test_every_structure_of_the_package_keeps_it(name: str) -> None:
    check = cm.check_structure(name)
    assert check.passed, check.problems
    assert len(check.table) == 8
    closed = check.table.set_index("check")["found"]
    assert closed[OWN_AREA] < 1e-6


def test_a_curve_alone_is_enough() -> None:
    assert registered("gompertz", gompertz).passed


def test_typical_values_of_ones_own() -> None:
    cm.structure("test-near", **PARAMETERS)(gompertz)
    assert cm.check_structure("test-near", near={"tmax": 20.0, "cmax": 300.0}, seed=2).passed


def others(curve: cm.StructureCheck) -> set[str]:
    return {problem.where for problem in curve.problems}


def test_numpy_instead_of_the_vocabulary_is_found() -> None:
    check = registered("numpy", lambda xp, t, *, cmax, tmax, slowing, loss: np.log(cmax) - np.sqrt(slowing) * t)
    assert "the curve as machine code" in others(check)
    assert not check.passed


def test_a_wrong_area_is_found() -> None:
    def twice(xp, start, end, *, cmax, tmax, slowing, loss):
        return 2.0 * cmax * (end - start)

    check = registered("area", gompertz, integral=twice)
    assert others(check) == {OWN_AREA}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("always", lambda xp, start, end, **p: stein_smooth_integral(xp, 0.0, 28.0, **p)),
        ("from-0", lambda xp, start, end, **p: stein_smooth_integral(xp, 0.0, end, **p)),
        ("0.1%", lambda xp, start, end, **p: 1.001 * stein_smooth_integral(xp, start, end, **p)),
    ],
)
def test_an_area_that_is_right_for_one_window_or_nearly_right_is_found(name: str, wrong: Callable[..., Any]) -> None:
    cm.structure(f"test-{name}", integral=wrong, peak=stein_smooth_peak, **STEIN)(bare)
    assert others(cm.check_structure(f"test-{name}")) == {OWN_AREA}


def test_a_curve_too_quick_for_the_packages_quadrature_is_told_what_it_needs() -> None:
    cm.structure("test-quick", cmax=cm.positive("level"), rate=cm.positive("1/time"))(
        lambda xp, t, *, cmax, rate: xp.log(cmax) - rate * t
    )
    (problem,) = cm.check_structure("test-quick", near={"rate": 60.0}).problems
    assert "needs an `integral` of its own" in problem.accepted


def test_a_peak_that_comes_after_the_search_is_found() -> None:
    @cm.structure("test-late-peak", cmax=cm.positive("level"), tmax=cm.positive("time"))
    def rise(xp, t, *, cmax, tmax):
        return xp.log(cmax) - ((t - tmax - 400.0) / 100.0) ** 2

    (problem,) = cm.check_structure("test-late-peak").problems
    assert "after day 360" in problem.accepted


def test_a_wrong_peak_is_found() -> None:
    def early(xp, *, cmax, tmax, slowing, loss):
        return 0.5 * tmax, xp.log(cmax) - 1.0

    check = registered("peak", gompertz, peak=early)
    assert others(check) == {
        "peak against a grid of 1/20 day, ln level", "ln level at the time of the peak against the peak",
    }  # fmt: skip


def test_a_patient_who_depends_on_the_others_is_found() -> None:
    def shared(xp, t, *, cmax, tmax, slowing, loss):
        return gompertz(xp, t, cmax=cmax, tmax=tmax, slowing=slowing, loss=loss) + 1e-3 * np.size(cmax)

    assert "a patient alone against the same patient among others, ln level" in others(registered("shared", shared))


def test_levels_that_are_not_finite_are_counted() -> None:
    def late(xp, t, *, cmax, tmax, slowing, loss):
        return xp.log(cmax) + xp.log(t) - loss * t  # minus infinity on day 0

    check = registered("late", late)
    assert "levels that are not finite" in others(check)
    assert check.table.set_index("check").loc["levels that are not finite", "found"] == 24


def test_a_name_that_is_not_registered() -> None:
    with pytest.raises(cm.UnknownNameError, match="did you mean 'stein'"):
        cm.check_structure("stien")


def test_a_curve_without_closed_forms_gives_the_same_posterior_density() -> None:
    """The default model with and without its closed forms: only the exposure of the response differs, by 0.02%."""

    cm.structure("test-bare", **STEIN)(bare)
    assert cm.check_structure("test-bare").passed
    trial, spec = cm.read_trial(cm.example_path("cd7_ssc")), cm.load_model("cd7-ssc")
    own, numerical = (
        cm.Target(trial, model).density for model in (spec, spec.model_copy(update={"structure": "test-bare"}))
    )
    x = own.start(seed=3)
    (value, slopes), (numerical_value, numerical_slopes) = own(x), numerical(x)
    assert numerical_value == pytest.approx(value, abs=1e-3)
    np.testing.assert_allclose(numerical_slopes, slopes, atol=0.05)
