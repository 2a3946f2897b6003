"""Section 7.1 and 7.2 of the domain file: R PKNCA 0.12, NonCompart 0.4.7, and PKNCA's own test suite."""

from math import log

import numpy as np
import pytest
from noncompartmental.build import agrees, profile, run, values

from cartmodel.kinetics import vocabulary as xp
from cartmodel.kinetics.stein import stein

NOMINAL = (0, 1, 3, 5, 7, 10, 14, 21, 28, 60, 90, 180, 360)
SET_A = (0, 0, 85, 512, 3020, 21400, 13100, 4350, 1480, 310, 160, 75, 0)
THEOPH_TIMES = (0, 0.25, 0.57, 1.12, 2.02, 3.82, 5.10, 7.03, 9.05, 12.12, 24.37)
THEOPH = (0.74, 2.84, 6.57, 10.5, 9.66, 8.58, 8.36, 7.47, 6.89, 5.94, 3.28)
MONTH, QUARTER = (0, 28), (0, 90)
FOREVER = (0, 1e7)


@pytest.mark.parametrize(
    ("trapezoid", "printed"),
    [
        (
            "linear-up/log-down",
            {
                "auc_last": "223535.197454",
                "auc_all": "230285.197454",
                "auc_0_28": "182684.411578",
                "auc_0_90": "213438.662726",
            },
        ),
        ("linear", {"auc_last": "237589", "auc_all": "244339", "auc_0_28": "191324", "auc_0_90": "227014"}),
    ],
)
def test_set_a_has_the_areas_of_pknca_and_noncompart(trapezoid: str, printed: dict[str, str]) -> None:
    found = values(NOMINAL, SET_A, MONTH, QUARTER, trapezoid=trapezoid)
    assert {name: agrees(found[name], digits) for name, digits in printed.items()} == dict.fromkeys(printed, True)
    assert (found["cmax"], found["tmax"], found["clast"], found["tlast"]) == (21400, 10, 75, 180)


def test_set_a_has_the_terminal_phase_of_pknca_and_noncompart() -> None:
    found = values(NOMINAL, SET_A)
    printed = {
        "lambda_z": "0.01103947734",
        "half_life": "62.78804325",
        "lambda_z_adjusted_r2": "0.8852516721",
        "lambda_z_span_ratio": "1.911191905",
    }
    assert {name: agrees(found[name], digits) for name, digits in printed.items()} == dict.fromkeys(printed, True)
    assert found["lambda_z_points"] == 3


@pytest.mark.parametrize(("after_last", "digits"), [("observed", "230328.9974"), ("predicted", "230015.9521")])
def test_an_area_that_goes_on_along_lambda_z_ends_at_the_infinite_area(after_last: str, digits: str) -> None:
    assert agrees(values(NOMINAL, SET_A, FOREVER, after_last=after_last)["auc_0_1e+07"], digits)


def test_halving_levels_have_the_closed_form_area() -> None:
    found = values((0, 1, 2, 3), (8, 4, 2, 1), (0, 3), (0, 2.5))
    assert found["auc_0_3"] == pytest.approx(7 / log(2), rel=1e-14)
    assert agrees(found["auc_0_3"], "10.0988652862")
    assert agrees(found["auc_0_2p5"], "9.50128143392")


def test_pknca_joins_the_interpolated_point_anew() -> None:
    found = values((0, 1, 2, 3, 4), (8, 4, 2, 1, 0), (0, 3.5), after_last="triangle", at_cut="point")
    assert agrees(found["auc_0_3p5"], "10.4595390464")


@pytest.mark.parametrize(
    ("trapezoid", "area"), [("linear", 5.5), ("linear-up/log-down", 1 + 1 + 0.5 + 1.5 + 1 / log(2))]
)
def test_pkncas_own_case_with_an_embedded_zero(trapezoid: str, area: float) -> None:
    found = values(range(6), (0, 2, 0, 1, 2, 1), trapezoid=trapezoid, blq_between="zero")
    assert found["auc_last"] == pytest.approx(area, rel=1e-14)


@pytest.mark.parametrize(
    ("trapezoid", "area"), [("linear", 1 + 3 + 1.5 + 1.5), ("linear-up/log-down", 1 + 2 / log(2) + 1.5 + 1 / log(2))]
)
def test_pkncas_own_case_with_the_embedded_zero_dropped(trapezoid: str, area: float) -> None:
    found = values(range(8), (0, 2, 0, 1, 2, 1, 0, 0), trapezoid=trapezoid)
    assert found["auc_last"] == pytest.approx(area, rel=1e-14)
    assert found["auc_all"] == pytest.approx(area + 0.5, rel=1e-14)


def test_pkncas_own_half_life_with_and_without_tmax() -> None:
    found = values(range(4), (1, 0.5, 0.25, 0.1251), include_tmax=True)
    assert agrees(found["lambda_z"], "0.6929073")
    assert agrees(found["half_life"], "1.000346")
    assert agrees(found["lambda_z_span_ratio"], "2.998962")
    assert found["lambda_z_points"] == 4
    assert agrees(values(range(4), (1, 0.5, 0.25, 0.1251))["half_life"], "1.000577")


def test_theoph_subject_1() -> None:
    found = values(THEOPH_TIMES, THEOPH, (0, 12), FOREVER, after_last="observed")
    assert agrees(found["auc_last"], "147.234748537")
    assert agrees(found["auc_0_12"], "91.6505707348")
    assert agrees(found["lambda_z"], "0.0484569969658")
    assert agrees(found["half_life"], "14.304377571")
    assert agrees(found["auc_0_1e+07"], "214.9236315752")
    assert found["lambda_z_points"] == 3
    straight = values(THEOPH_TIMES, THEOPH, (0, 12), trapezoid="linear")
    assert agrees(straight["auc_last"], "148.92305")
    assert agrees(straight["auc_0_12"], "91.735521987")


def test_the_typical_tisagenlecleucel_patient_on_the_nominal_schedule() -> None:
    days = np.array(NOMINAL[2:], dtype=float)
    typical = {"cmax": 24000.0, "tmax": 9.3, "c0": 24000.0 / 3900.0, "alpha": 0.16, "fb": 0.0079, "beta": 0.0032}
    levels = [0, *np.exp(stein(xp, days, **typical))]  # day 1 lies below the LLOQ of 50
    found = values(NOMINAL[1:], levels, MONTH, QUARTER)
    printed = {
        "auc_0_28": "170368.944027",
        "auc_0_90": "193456.853440",
        "auc_last": "219935.721408",
        "lambda_z": "0.003201273716",
        "half_life": "216.5223102",
    }
    assert {name: agrees(found[name], digits) for name, digits in printed.items()} == dict.fromkeys(printed, True)
    straight = values(NOMINAL[1:], levels, MONTH, QUARTER, trapezoid="linear")
    printed = {"auc_0_28": "178644.369443", "auc_0_90": "208037.655198", "auc_last": "235008.919472"}
    assert {name: agrees(straight[name], digits) for name, digits in printed.items()} == dict.fromkeys(printed, True)


def test_the_half_life_of_set_a_is_refused_and_says_why() -> None:
    found = run(profile((NOMINAL, SET_A)), min_adjusted_r2=0.9, min_span_ratio=2.0)
    assert np.isnan(found["half_life"].value[0])
    assert found["half_life"].reason[0] == "adjusted R2 0.88 < 0.9; span ratio 1.91 < 2"
    assert agrees(found["lambda_z_span_ratio"].value[0], "1.911191905")
