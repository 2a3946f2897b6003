"""ASTCT and CTCAE grades from findings, by the rules of section 2.6 of the domain file, every combination of codes."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from cartmodel.endpoints import crs_astct, crs_ctcae, icans_astct, ice_code, neurotoxicity_ctcae
from cartmodel.endpoints.astct import ICANS
from cartmodel.endpoints.ctcae import CRS as CTCAE_CRS
from cartmodel.endpoints.grading import CodeList, grade_of, worst_grade
from cartmodel.errors import TrialTableError

NAN = float("nan")
PRESSURE = ("none", "no vasopressor", "one vasopressor", "multiple vasopressors")
OXYGEN = ("none", "low flow", "high flow", "positive pressure")


def crs(
    fever: float, hypotension: str | None, hypoxia: str | None, masked: float = 0, died: float = 0
) -> tuple[float, str]:
    row = {"fever": fever, "masked": masked, "died": died, "hypotension": hypotension, "hypoxia": hypoxia}
    found = crs_astct(pd.DataFrame([row])).iloc[0]
    return found["grade"], found["reason"]


@pytest.mark.parametrize(("pressure", "oxygen"), list(product(PRESSURE, OXYGEN)))
def test_crs_with_fever_is_the_worse_of_pressure_and_oxygen(pressure: str, oxygen: str) -> None:
    if "multiple vasopressors" in pressure or "positive" in oxygen:
        expected = 4
    elif pressure == "one vasopressor" or oxygen == "high flow":
        expected = 3
    elif pressure == "no vasopressor" or oxygen == "low flow":
        expected = 2
    else:
        expected = 1
    assert crs(1, pressure, oxygen) == (expected, "")
    assert crs(0, pressure, oxygen, masked=1) == (expected if expected > 1 else 0, "")
    assert crs(0, pressure, oxygen) == (0, "")
    assert crs(1, pressure, oxygen, died=1) == (5, "")


@pytest.mark.parametrize(
    ("given", "grade", "reason"),
    [
        ((1, None, "none"), NAN, "hypotension not recorded"),
        ((1, None, "positive pressure"), 4, ""),
        ((1, "one vasopressor", None), NAN, "hypoxia not recorded"),
        ((NAN, "none", "none"), NAN, "fever not recorded"),
        ((NAN, "none", "none", 1), NAN, "fever not recorded"),  # grade 1 with fever, 0 without
        ((NAN, "no vasopressor", "none", 1), 2, ""),
        ((0, "none", "none", NAN), 0, ""),
        ((0, "no vasopressor", "none", NAN), NAN, "masked not recorded"),
        ((0, "none", "none", 0, NAN), NAN, "died not recorded"),
        ((NAN, None, "none", NAN), NAN, "fever, masked, hypotension not recorded"),
        ((0, None, None), 0, ""),
        ((1, "none", "none", 0, NAN), NAN, "died not recorded"),
    ],
)
def test_a_missing_finding_leaves_the_grade_open_only_where_it_decides(
    given: tuple[object, ...], grade: float, reason: str
) -> None:
    found = crs(*given)
    assert found == (pytest.approx(grade, nan_ok=True), reason)


def by_section_2_6(fever: float, masked: float, died: float, pressure: str, oxygen: str) -> int:
    """Grade of complete findings, as section 2.6 of the domain file words it."""
    if died:
        return 5
    if not (fever or masked):
        return 0
    if pressure == "multiple vasopressors" or oxygen == "positive pressure":
        return 4
    if pressure == "one vasopressor" or oxygen == "high flow":
        return 3
    if pressure == "no vasopressor" or oxygen == "low flow":
        return 2
    return 1 if fever else 0


def completions(row: tuple[object, ...], codes: tuple[tuple[object, ...], ...]) -> list[tuple[object, ...]]:
    """Every complete row that a partly missing one may stand for."""
    return list(product(*((value,) if value is not None else all_ for value, all_ in zip(row, codes, strict=True))))


def test_crs_has_a_grade_exactly_where_every_completion_of_the_missing_findings_agrees() -> None:
    codes = ((0, 1), (0, 1), (0, 1), PRESSURE, OXYGEN)
    rows = list(product(*((None, *own) for own in codes)))
    found = crs_astct(pd.DataFrame(rows, columns=["fever", "masked", "died", "hypotension", "hypoxia"], dtype=object))
    assert len(rows) == 675
    for row, grade, reason in zip(rows, found["grade"], found["reason"], strict=True):
        possible = {by_section_2_6(*complete) for complete in completions(row, codes)}
        assert grade == pytest.approx(possible.pop() if len(possible) == 1 else NAN, nan_ok=True), row
        assert (reason != "") == np.isnan(grade), row


@pytest.mark.parametrize(("system", "lists"), [(icans_astct, ICANS), (crs_ctcae, CTCAE_CRS)])
def test_the_worst_finding_is_given_exactly_where_every_completion_agrees(system: Callable, lists: tuple) -> None:
    codes = tuple(tuple(own.grades) for own in lists)
    rows = list(product(*((None, *own) for own in codes)))
    found = system(pd.DataFrame(rows, columns=[own.column for own in lists], dtype=object))
    for row, grade in zip(rows, found["grade"], strict=True):
        possible = {
            max(own.grades[code] for own, code in zip(lists, complete, strict=True))
            for complete in completions(row, codes)
        }
        assert grade == pytest.approx(possible.pop() if len(possible) == 1 else NAN, nan_ok=True), row


def test_a_missing_finding_is_named_where_the_grade_depends_on_it() -> None:
    lists = [CodeList(name, {"no": 0, "yes": 1}) for name in "abc"]
    rows = pd.DataFrame({"a": [None, None], "b": [None, None], "c": [None, "no"]}, dtype=object)
    found = grade_of(rows, lists, lambda facts: (facts.sum(axis=1) >= 2).astype(float))  # two of three
    assert found["reason"].tolist() == ["a, b, c not recorded", "a, b not recorded"]


CALM = {"ice": "10", "consciousness": "awake", "seizure": "none", "motor": "none", "oedema": "none"}


@pytest.mark.parametrize(
    ("finding", "grade"),
    [
        ({}, 0),
        ({"ice": "7-9"}, 1),
        ({"ice": "3-6"}, 2),
        ({"ice": "0-2"}, 3),
        ({"ice": "0, unarousable"}, 4),
        ({"consciousness": "to tactile stimulus"}, 3),
        ({"consciousness": "unarousable"}, 4),
        ({"seizure": "rapidly resolving"}, 3),
        ({"seizure": "prolonged"}, 4),
        ({"motor": "deep focal weakness"}, 4),
        ({"oedema": "focal"}, 3),
        ({"oedema": "diffuse"}, 4),
        ({"ice": "3-6", "oedema": "focal"}, 3),
    ],
)
def test_icans_is_the_worst_finding(finding: dict[str, str], grade: int) -> None:
    found = icans_astct(pd.DataFrame([CALM | finding])).iloc[0]
    assert (found["grade"], found["reason"]) == (grade, "")


def test_icans_with_a_missing_ice_score() -> None:
    found = icans_astct(pd.DataFrame([CALM | {"ice": None}, CALM | {"ice": None, "oedema": "diffuse"}]))
    assert found["grade"].tolist() == pytest.approx([NAN, 4], nan_ok=True)
    assert found["reason"].tolist() == ["ice not recorded", ""]


def test_every_ice_score_has_its_code() -> None:
    codes = [ice_code(score) for score in range(11)]
    assert codes == ["0-2"] * 3 + ["3-6"] * 4 + ["7-9"] * 3 + ["10"]
    assert ice_code(0, arousable=False) == "0, unarousable"
    for score, arousable in ((11, True), (-1, True), (2.5, True), (3, False)):
        with pytest.raises(ValueError, match="accepted: 0 to 10"):
            ice_code(score, arousable=arousable)


CTCAE = {
    "fever": {"no": 0, "yes": 1},
    "hypotension": {"none": 0, "responds to fluids": 2, "one pressor": 3},
    "hypoxia": {"none": 0, "below 40% FiO2": 2, "40% FiO2 or more": 3},
    "outcome": {"none": 0, "life-threatening": 4, "death": 5},
}


def test_ctcae_crs_is_the_worst_finding_of_all_combinations() -> None:
    rows = [dict(zip(CTCAE, codes, strict=True)) for codes in product(*CTCAE.values())]
    expected = [max(CTCAE[name][code] for name, code in row.items()) for row in rows]
    found = crs_ctcae(pd.DataFrame(rows))
    assert found["grade"].tolist() == expected
    assert set(expected) == {0, 1, 2, 3, 4, 5}


def test_the_two_systems_differ_on_the_same_patient() -> None:
    # One vasopressor without any fever: no CRS by ASTCT, grade 3 by CTCAE.
    assert crs(0, "one vasopressor", "none")[0] == 0
    row = {"fever": "no", "hypotension": "one pressor", "hypoxia": "none", "outcome": "none"}
    assert crs_ctcae(pd.DataFrame([row])).loc[0, "grade"] == 3


def test_unknown_codes_and_missing_columns_are_all_named() -> None:
    lists = [CodeList("a", {"x": 1}), CodeList("b", {"y": 1})]
    with pytest.raises(TrialTableError, match="2 problems") as caught:
        worst_grade(pd.DataFrame({"a": ["x", "X"]}), lists)
    assert [str(problem) for problem in caught.value.problems] == [
        "row 1, a: 'X'; accepted: 'x', or NaN",
        "column b: missing; accepted: 'y'",
    ]
    with pytest.raises(TrialTableError, match=r"fever: '38\.5'; accepted: 0, 1, or NaN"):
        crs(38.5, "none", "none")


def test_a_whole_table_is_graded_row_by_row() -> None:
    rows = [dict(zip(CTCAE, codes, strict=True)) for codes in product(*CTCAE.values())]
    table = pd.DataFrame(rows).set_axis([f"v{i}" for i in range(len(rows))])
    found = crs_ctcae(table)
    assert found.index.equals(table.index)
    assert found["grade"].tolist() == [crs_ctcae(table.iloc[[i]])["grade"].iloc[0] for i in range(len(rows))]
    assert not np.isnan(found["grade"]).any()


NEURO = {  # CTCAE 4.03 as PMC5987753, table 3, prints it: grades 1, 2, 3 (and 4) of each term
    "encephalopathy": ("mild", "moderate", "severe"),
    "confusion": ("mild", "moderate", "severe"),
    "dysphasia": ("mild", "moderate", "severe"),
    "seizure": ("brief partial", "brief generalised", "multiple", "prolonged"),
    "somnolence": ("drowsy", "sedation", "stupor"),
}


def neuro(**findings: str | None) -> tuple[float, str]:
    row = dict.fromkeys((*NEURO, "outcome"), "none") | findings
    found = neurotoxicity_ctcae(pd.DataFrame([row])).iloc[0]
    return found["grade"], found["reason"]


@pytest.mark.parametrize(("term", "place"), [(term, i) for term, codes in NEURO.items() for i in range(len(codes))])
def test_neurotoxicity_by_ctcae_is_the_worst_of_its_terms(term: str, place: int) -> None:
    assert neuro(**{term: NEURO[term][place]}) == (place + 1, "")
    other = "dysphasia" if term != "dysphasia" else "confusion"
    assert neuro(**{term: NEURO[term][place], other: "moderate"}) == (max(place + 1, 2), "")


def test_neurotoxicity_by_ctcae_is_open_where_a_missing_term_decides() -> None:
    assert neuro() == (0, "")
    assert neuro(outcome="death", seizure=None) == (5, "")
    assert neuro(outcome="life-threatening", seizure=None) == (4, "")
    assert neuro(encephalopathy="severe", seizure=None) == (pytest.approx(NAN, nan_ok=True), "seizure not recorded")
    assert neuro(seizure="prolonged", confusion=None) == (4, "")
    with pytest.raises(TrialTableError, match="row 0, seizure: 'long'"):
        neuro(seizure="long")
