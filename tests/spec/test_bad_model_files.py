"""What a wrong model file is told: dotted path, what was found, what would be accepted, and everything at once."""

import json
import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartmodel.errors import ModelFileError, Problem
from cartmodel.spec import ModelSpec, parse_model

CONTENT = tomllib.loads((Path(__file__).parents[2] / "models" / "cd7-ssc.toml").read_text("utf-8"))
SIGMA = CONTENT["assays"]["qpcr"]["sigma"]
FLOW = {"unit": "cells/uL", "residual": "log_additive", "sigma": SIGMA, "scale": SIGMA}
ALL_PRIORS = "one of Normal, LogNormal, LogitNormal, HalfNormal, Beta"
JARGON = ("dict", "instance", "pydantic", "Input should", "union", "object", "validat", "str ", "NoneType", "None")


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for part in parents:
            content = content[part]
        content[last] = value

    return change


def take(path: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for part in parents:
            content = content[part]
        del content[last]

    return change


def complaints(*changes: Callable[[dict[str, Any]], None]) -> tuple[Problem, ...]:
    content = deepcopy(CONTENT)
    for change in changes:
        change(content)
    with pytest.raises(ModelFileError) as caught:
        parse_model(content, where="m.toml")
    assert str(caught.value).startswith("model file m.toml: ")
    assert not [word for word in JARGON if word in str(caught.value)]
    return caught.value.problems


# change, place, found, accepted: each wrong file has exactly this one problem.
SINGLE = [
    (put("structure", "stien_smooth"), "structure", "unknown structure 'stien_smooth'", "did you mean 'stein_smooth'"),
    (
        put("structure", "gompertz"),
        "structure",
        "unknown structure 'gompertz'",
        "one of: effector_memory",
    ),
    (put("structure", 3), "structure", "3 does not fit", "text in quotes"),
    (take("structure"), "structure", "missing", "such as 'stein_smooth'"),
    (put("name", "two words"), "name", "'two words'", "letters, digits"),
    (put("name", ""), "name", "''", "letters, digits"),
    (put("time_unit", "hour"), "time_unit", "'hour'", "'day'"),
    (put("typicl", {}), "typicl", "unknown name", "did you mean 'typical'"),
    (put("inherits", "stein2019"), "inherits", "unknown name", "one of: assays"),
    # priors
    (
        put("typical.cmax.dist", "Lognormal"),
        "typical.cmax.dist",
        "unknown prior 'Lognormal'",
        "did you mean 'LogNormal'",
    ),
    (
        put("random.c0.dist", "half_normal"),
        "random.c0.dist",
        "unknown prior 'half_normal'",
        "did you mean 'HalfNormal'",
    ),
    (put("typical.cmax.dist", "Gamma"), "typical.cmax.dist", "'Gamma' is unknown", ALL_PRIORS),
    (put("typical.cmax.dist", 3), "typical.cmax.dist", "3 is unknown", ALL_PRIORS),
    (put("typical.cmax.dist", [1]), "typical.cmax.dist", "[1] is unknown", ALL_PRIORS),
    (take("typical.cmax.dist"), "typical.cmax.dist", "missing", ALL_PRIORS),
    (put("typical.cmax", {}), "typical.cmax.dist", "missing", ALL_PRIORS),
    (put("typical.cmax", 4e4), "typical.cmax", "40000.0 does not fit", "a prior: a table with dist"),
    (put("typical.cmax.sigm", 0.7), "typical.cmax.sigm", "unknown name", "did you mean 'sigma'"),
    (take("typical.cmax.sigma"), "typical.cmax.sigma", "missing", "a number"),
    (put("typical.tmax.sigma", -0.15), "typical.tmax.sigma", "-0.15", "a number above 0"),
    (put("typical.tmax.sigma", 0), "typical.tmax.sigma", "0 does not fit", "a number above 0"),
    (put("typical.tmax.median", float("nan")), "typical.tmax.median", "nan", "a finite number"),
    (put("typical.tmax.median", float("inf")), "typical.tmax.median", "inf", "a finite number"),
    (put("covariates.tmax.dose.mu", float("-inf")), "covariates.tmax.dose.mu", "-inf", "a finite number"),
    (put("typical.tmax.median", "0.7"), "typical.tmax.median", "'0.7'", "a number, without quotes"),
    (put("typical.tmax.median", True), "typical.tmax.median", "true", "a number"),
    (put("typical.tmax.median", [11]), "typical.tmax.median", "[11]", "a number"),
    (put("typical.tmax.median", 16**6000), "typical.tmax.median", "a number this large", "a number"),
    (put("response.q_step1.beta", -1.0), "response.q_step1.beta", "-1.0", "a number above 0"),
    (take("typical.tmax.reason"), "typical.tmax.reason", "missing", "why these numbers"),
    (put("typical.tmax.reason", "   "), "typical.tmax.reason", "'   '", "at least 3 characters"),
    (put("typical.tmax.reason", 5), "typical.tmax.reason", "5", "text in quotes"),
    (take("toxicity.d0.source"), "toxicity.d0.source", "missing", "where they come from"),
    # parameters
    (take("typical.fb"), "typical.fb", "missing parameter", "'stein_smooth' has cmax, tmax"),
    (take("random.fb"), "random.fb", "missing parameter", "'stein_smooth' has cmax, tmax"),
    (take("typical"), "typical", "missing", "a table of priors"),
    (put("random", 3), "random", "3 does not fit", "a table"),
    (put("typical.cmaks", CONTENT["typical"]["cmax"]), "typical.cmaks", "no such parameter", "did you mean 'cmax'"),
    (put("random.tlag", CONTENT["random"]["tmax"]), "random.tlag", "no such parameter", "one of: alpha"),
    (
        put("covariates.cmx", CONTENT["covariates"]["cmax"]),
        "covariates.cmx",
        "no such parameter",
        "did you mean 'cmax'",
    ),
    (
        put("covariates.cmax.weight", CONTENT["covariates"]["cmax"]["dose"]),
        "covariates.cmax.weight",
        "weight",
        "'dose'",
    ),
    (put("covariates.cmax", 0.15), "covariates.cmax", "0.15", "a table"),
    # supports
    (put("typical.fb", SIGMA), "typical.fb.dist", "'LogNormal' is no prior for a fraction", "LogitNormal or Beta"),
    (
        put("typical.cmax.dist", "Normal"),
        "typical.cmax.dist",
        "no prior for a positive value",
        "LogNormal or HalfNormal",
    ),
    (
        put("random.fb.dist", "LogitNormal"),
        "random.fb.dist",
        "no prior for a positive value",
        "LogNormal or HalfNormal",
    ),
    (put("covariates.c0.dose", SIGMA), "covariates.c0.dose.dist", "no prior for a real value", "Normal"),
    (put("response.k0", SIGMA), "response.k0.dist", "no prior for a real value", "Normal"),
    (put("response.tau", CONTENT["response"]["k0"]), "response.tau.dist", "no prior for a positive value", "LogNormal"),
    (
        put("response.q_step1", CONTENT["response"]["k0"]),
        "response.q_step1.dist",
        "for a fraction",
        "LogitNormal or Beta",
    ),
    (put("toxicity.ld1", SIGMA), "toxicity.ld1.dist", "no prior for a real value", "Normal"),
    (
        put("assays.qpcr.sigma", CONTENT["response"]["k0"]),
        "assays.qpcr.sigma.dist",
        "for a positive value",
        "LogNormal",
    ),
    # dose
    (take("dose"), "dose", "missing, though covariates or toxicity use the dose", "reference, unit and reason"),
    (put("dose", 0), "dose", "0 does not fit", "a table"),
    (put("dose.reference", 0), "dose.reference", "0 does not fit", "a number above 0"),
    (put("dose.unit", "cells/kg"), "dose.unit", "'cells/kg'", "'cells'"),
    (put("dose.refrence", 1e8), "dose.refrence", "unknown name", "did you mean 'reference'"),
    # windows
    (put("windows", []), "windows", "[]", "[[0, 28], [0, 90]]"),
    (put("windows", 28), "windows", "28", "[[0, 28], [0, 90]]"),
    (put("windows", [[0, 28], 90]), "windows.1", "90", "[[0, 28], [0, 90]]"),
    (put("windows", [[28, 0]]), "windows.0", "[28, 0] is no window", "0 <= start < end"),
    (put("windows", [[0, 28], [-1, 90]]), "windows.1", "[-1, 90] is no window", "0 <= start < end"),
    (put("windows", [[0, 28], [0, 28.0]]), "windows.1", "twice", "each window once"),
    (put("windows", [[0]]), "windows.0.1", "missing", "a number"),
    (put("windows", [["0", 28]]), "windows.0.0", "'0'", "[[0, 28], [0, 90]]"),
    (put("windows", [[0, float("inf")]]), "windows.0.1", "inf", "[[0, 28], [0, 90]]"),
    # assays
    (put("assays", {}), "assays", "does not fit", "at least one"),
    (put("assays", {"qpcr": 3}), "assays.qpcr", "3 does not fit", "a table"),
    (
        put("assays.qpcr.residual", "log-additive"),
        "assays.qpcr.residual",
        "log-additive",
        "did you mean 'log_additive'",
    ),
    (put("assays.qpcr.residual", "poisson"), "assays.qpcr.residual", "'poisson'", "'log_additive' or 'combined'"),
    (put("assays.qpcr.residual", [1]), "assays.qpcr.residual", "[1]", "'log_additive' or 'combined'"),
    (take("assays.qpcr.sigma"), "assays.qpcr.sigma", "missing", "residual 'log_additive' has sigma"),
    (put("assays.qpcr.sigma_additive", SIGMA), "assays.qpcr.sigma_additive", "no such parameter", "sigma"),
    (put("assays.qpcr.lloq", 50), "assays.qpcr.lloq", "unknown name", "one of: residual"),
    (put("assays.qpcr.scale", SIGMA), "assays.qpcr.scale", "the first assay sets the scale", "no scale here"),
    (put("assays.flow", {k: v for k, v in FLOW.items() if k != "scale"}), "assays.flow.scale", "missing", "divided by"),
    (put("assays.1st flow", FLOW), "assays.1st flow", "'1st flow'", "beginning with a letter"),
    # response, toxicity, correlation
    (
        put("response.exposure", "auc_0_82"),
        "response.exposure",
        "unknown exposure 'auc_0_82'",
        "did you mean 'auc_0_28'",
    ),
    (put("response.exposure", 28), "response.exposure", "28", "text in quotes"),
    (put("response.kind", "cris"), "response.kind", "unknown response 'cris'", "did you mean 'criss'"),
    (put("response.kind", "survival"), "response.kind", "'survival' is unknown", "one of criss, binary"),
    (take("response.kind"), "response.kind", "missing", "one of criss, binary"),
    (put("response", "none"), "response", "'none'", "kind = criss or binary"),
    (put("response.treshold", 0.4), "response.treshold", "unknown name", "did you mean 'threshold'"),
    (take("response.k1"), "response.k1", "missing", "a prior: a table with dist"),
    (put("response.nu", 0), "response.nu", "0", "a number above 0"),
    (put("toxicity.kind", "crm"), "toxicity.kind", "'crm'", "'blrm'"),
    (take("toxicity.ld1"), "toxicity.ld1", "missing", "a prior: a table with dist"),
    (put("correlation", {"eta": -1, "reason": "test"}), "correlation.eta", "-1", "a number above 0"),
    (put("correlation", {"eta": 2.0}), "correlation.reason", "missing", "why these numbers"),
]


@pytest.mark.parametrize(("change", "place", "found", "accepted"), SINGLE)
def test_one_mistake_gives_one_problem(change, place, found, accepted):
    (problem,) = complaints(change)
    assert problem.where == place
    assert found in problem.what
    assert accepted in problem.accepted


def test_all_problems_come_at_once_in_the_order_of_the_file():
    problems = complaints(
        put("typical.cmax.dist", "Lognormal"),  # a misspelt choice hides nothing that follows
        put("typical.cmax.sigma", "0.7"),
        take("typical.cmax.source"),
        put("structure", "stein_smoth"),
        take("random.beta"),
        put("assays.qpcr.residual", "combind"),
        put("response.kind", "Criss"),
        put("response.k1.sigma", -1.5),
        put("toxicity.ld1.mu", float("nan")),
        put("windows", [[0, 28], [90, 28]]),
        put("colour", "blue"),
    )
    assert [problem.where for problem in problems] == [
        "structure", "windows.1", "typical.cmax.dist", "typical.cmax.sigma", "typical.cmax.source", "random.beta",
        "assays.qpcr.residual", "assays.qpcr.sigma", "assays.qpcr.sigma_proportional", "assays.qpcr.sigma_additive",
        "response.kind", "response.k1.sigma", "toxicity.ld1.mu", "colour",
    ]  # fmt: skip


def test_a_wrong_prior_does_not_hide_a_missing_reason():
    problems = complaints(put("typical.cmax.dist", "Normal"), take("typical.cmax.reason"))
    assert {problem.where for problem in problems} == {"typical.cmax.dist", "typical.cmax.reason"}


def test_an_assay_may_be_named_like_anything_else():
    content = deepcopy(CONTENT)
    content["assays"] |= {"Normal": deepcopy(FLOW), "dose": deepcopy(FLOW)}
    assert list(parse_model(content, where="m.toml").assays) == ["qpcr", "Normal", "dose"]
    (problem,) = complaints(put("assays.Normal", FLOW | {"unti": "x"}))
    assert (problem.where, "did you mean 'unit'" in problem.accepted) == ("assays.Normal.unti", True)


def test_a_second_assay_with_a_scale_and_a_combined_residual_are_fine():
    content = deepcopy(CONTENT)
    content["assays"]["flow"] = {
        "unit": "cells/uL", "residual": "combined",
        "sigma_proportional": SIGMA, "sigma_additive": SIGMA, "scale": SIGMA,
    }  # fmt: skip
    spec = parse_model(content, where="m.toml")
    assert [name for name, _ in spec.priors() if "flow" in name] == [
        "sigma_proportional_flow",
        "sigma_additive_flow",
        "scale_flow",
    ]


def test_dose_is_not_asked_for_where_nothing_uses_it():
    content = deepcopy(CONTENT)
    for part in ("dose", "covariates", "toxicity"):
        del content[part]
    assert parse_model(content, where="m.toml").uses_dose is False


@pytest.mark.parametrize("content", [[], None, "text", 3])
def test_what_is_no_table_at_all(content):
    with pytest.raises(ModelFileError):
        parse_model(content, where="m.toml")


def paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in table.items():
        found.append((*above, key))
        found += paths(value, (*above, key)) if isinstance(value, dict) else []
    return found


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["Normal", "Beta", "criss"])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(paths(CONTENT)), ANYTHING), min_size=1, max_size=3))
def test_whatever_stands_at_any_place_gives_a_model_or_its_problems(changes):
    content = deepcopy(CONTENT)
    for path, value in changes:
        table: Any = content
        for part in path[:-1]:
            table = table.get(part) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[path[-1]] = value
    before = json.dumps(content)
    outcome: Any
    try:
        outcome = parse_model(content, where="m.toml")
    except ModelFileError as error:
        outcome = error.problems
    assert outcome
    assert isinstance(outcome, ModelSpec) or all(
        problem.where and problem.what and problem.accepted for problem in outcome
    )
    assert json.dumps(content) == before, "the content is left as it was"
