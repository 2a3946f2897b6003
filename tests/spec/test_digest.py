"""The digest is that of the density: numbers and choices change it, prose and order do not."""

import tomllib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cartmodel.spec import load_model, parse_model

CONTENT = tomllib.loads((Path(__file__).parents[2] / "models" / "cd7-ssc.toml").read_text("utf-8"))
DIGEST = load_model("cd7-ssc").digest
PRIOR = {"dist": "LogNormal", "median": 1.0, "sigma": 1.0, "reason": "test", "source": "test"}


def digest_after(change: Callable[[dict[str, Any]], object]) -> str:
    content = deepcopy(CONTENT)
    change(content)
    return parse_model(content, where="changed").digest


def reversed_tables(table: dict[str, Any]) -> dict[str, Any]:
    return {k: reversed_tables(v) if isinstance(v, dict) else v for k, v in reversed(table.items())}


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["typical"]["cmax"].update(reason="another reason"),
        lambda c: c["response"]["k0"].update(source="another source"),
        lambda c: c["dose"].update(reason="another reason"),
        lambda c: c.update(title="another title"),
        lambda c: c.update(name="another-name"),
        lambda c: c["typical"]["cmax"].update(median=40000),  # an integer is the same number
        lambda c: c.update(typical=reversed_tables(c["typical"]), random=reversed_tables(c["random"])),
    ],
)
def test_prose_name_and_order_leave_it_alone(change):
    assert digest_after(change) == DIGEST


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["typical"]["cmax"].update(median=4.0000001e4),
        lambda c: c["random"]["fb"].update(sigma=0.81),
        lambda c: c["covariates"].pop("tmax"),
        lambda c: c.update(structure="stein"),
        lambda c: c["windows"].append([0, 365]),
        lambda c: c["dose"].update(reference=2e8),
        lambda c: c["assays"]["qpcr"].update(unit="cells/uL"),
        lambda c: c["assays"].update(qpcr2=c["assays"].pop("qpcr")),
        lambda c: c["response"].update(threshold=0.5),
        lambda c: c.pop("response"),
        lambda c: c["toxicity"]["ld1"].update(mu=-0.2),
        lambda c: c.update(correlation={"eta": 2.0, "reason": "test"}),
        lambda c: c["assays"].update(
            source=c["assays"]["qpcr"] | {"scale": PRIOR}
        ),  # an assay that is named like prose
    ],
)
def test_numbers_and_choices_change_it(change):
    assert digest_after(change) != DIGEST


def test_it_survives_the_way_into_a_fit_and_back():
    spec = load_model("cd7-ssc")
    assert parse_model(spec.model_dump(mode="json"), where="fit") == spec
    assert spec.replace().digest == DIGEST


def test_replace_takes_parts_of_other_models_and_checks_them():
    binary = load_model("cd7-ssc-binary")
    mixed = load_model("cd7-ssc").replace(name="mixed", response=binary.response)
    assert mixed.response == binary.response
    assert mixed.digest == binary.digest
