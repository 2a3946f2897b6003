"""What the bundled model files say, held against numbers typed here from the domain file, not read from the models."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cartmodel.spec import ModelSpec, list_models, load_model

MODELS = Path(__file__).parents[2] / "models"
NAMES = sorted(path.stem for path in MODELS.glob("*.toml"))
DIGESTS = json.loads((Path(__file__).parent / "digests.json").read_text())
VARIANTS = ["cd7-ssc-wide", "cd7-ssc-low-cmax", "cd7-ssc-proportional", "cd7-ssc-oncology-beta"]
PARAMETERS = ["cmax", "tmax", "c0", "alpha", "fb", "beta"]


def numbers(name: str) -> dict[str, Any]:
    """Everything in a model file but its name and prose, by dotted path."""

    def leaves(table: dict[str, Any], path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in table.items():
            found |= leaves(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
        return found

    flat = leaves(tomllib.loads((MODELS / f"{name}.toml").read_text("utf-8")), "")
    return {
        key: value for key, value in flat.items() if key.split(".")[-1] not in ("name", "title", "reason", "source")
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def test_the_files_are_the_eight_of_the_domain_file_and_one_with_comedication():
    assert set(NAMES) == {"stein2019", "cd7-ssc", "cd7-ssc-comedication", "cd7-ssc-binary", "kinetics-only", *VARIANTS}
    assert set(NAMES) <= set(list_models())


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_model_loads_under_its_own_name(name: str):
    spec = load_model(name)
    assert spec.name == name
    factors = ["f_toci", "f_ster"] if name == "cd7-ssc-comedication" else []
    assert list(spec.curve.parameters) == list(spec.typical) == [*PARAMETERS, *factors]
    assert list(spec.random) == PARAMETERS


@pytest.mark.parametrize("name", NAMES)
def test_no_density_changes_without_a_new_name(name: str):
    assert load_model(name).digest == DIGESTS[name], (
        f"the numbers of {name} changed: give the model a new name; or, before a release, say so in the CHANGELOG and "
        "write the new digest to tests/spec/digests.json"
    )


def test_no_stored_digest_is_left_over():
    assert set(DIGESTS) == set(NAMES)
    assert len(set(DIGESTS.values())) == len(NAMES)


# Domain file, section 6.2: the 2.5% and 97.5% points as printed there.
CENTRES = [
    ("cmax", 1.0, 40_000, 10_100, 158_000),
    ("tmax", 1.0, 11.0, 8.2, 14.8),
    ("c0", 1.0, 8, 1.1, 57),
    ("alpha", np.log(2), 4.1, 2.1, 8.1),  # as half-lives
    ("fb", 1.0, 0.010, 0.002, 0.046),
    ("beta", np.log(2), 60, 15, 236),
]


def frozen(prior: Any) -> Any:
    """The scipy distribution of a prior on the positive or real values."""
    match prior.dist:
        case "Normal":
            return stats.norm(prior.mu, prior.sigma)
        case "LogNormal":
            return stats.lognorm(prior.sigma, scale=prior.median)
        case "HalfNormal":
            return stats.halfnorm(scale=prior.sigma)
        case "Beta":
            return stats.beta(prior.alpha, prior.beta)


@pytest.mark.parametrize(("parameter", "half_life", "centre", "low", "high"), CENTRES)
def test_typical_values_of_the_default_are_those_published_in_section_6_2(parameter, half_life, centre, low, high):
    prior = load_model("cd7-ssc").typical[parameter]
    if prior.dist == "LogitNormal":
        found = 1 / (1 + np.exp(-stats.norm.ppf([0.5, 0.025, 0.975], prior.mu, prior.sigma)))
    else:
        found = frozen(prior).ppf([0.5, 0.025, 0.975])
    if half_life != 1.0:
        found = half_life / found[[0, 2, 1]]
    assert found == pytest.approx([centre, low, high], rel=0.05)  # as rounded in print


# Domain file, section 6.2, the rest of the table: distribution, centre and SD.
SECTION_6_2 = {
    "omega_cmax": ("LogNormal", 0.9, 0.3),
    "omega_tmax": ("LogNormal", 0.28, 0.35),
    "omega_c0": ("HalfNormal", 1.0),
    "omega_alpha": ("LogNormal", 0.5, 0.35),
    "omega_fb": ("HalfNormal", 0.8),
    "omega_beta": ("HalfNormal", 0.5),
    "cov_cmax_dose": ("Normal", 0.15, 0.25),
    "cov_tmax_dose": ("Normal", -0.05, 0.10),
    "cov_c0_dose": ("Normal", 1.0, 0.25),
    "sigma_qpcr": ("LogNormal", 0.5, 0.2),
    # sections 6.4 and 6.5
    "q_step1": ("Beta", 1.0, 19.0),
    "k0": ("Normal", 2.0, 3.0),
    "k1": ("Normal", 1.2, 1.5),
    "tau": ("LogNormal", 4.4, 0.25),
    "d0": ("Normal", float(np.log(0.15 / 0.85)), 1.25),
    "ld1": ("Normal", -0.25, 0.5),
}


def written(prior: Any) -> tuple[Any, ...]:
    return (prior.dist, *(value for key, value in prior if key not in ("dist", "reason", "source")))


@pytest.mark.parametrize("name", SECTION_6_2)
def test_other_priors_of_the_default_are_those_of_section_6(name: str):
    prior = dict(load_model("cd7-ssc").priors())[name]
    dist, *values = SECTION_6_2[name]
    assert written(prior)[0] == dist
    assert written(prior)[1:] == pytest.approx(values, rel=1e-12)


def test_half_to_one_point_six_is_the_range_of_the_sd_of_the_log_peak():
    assert frozen(load_model("cd7-ssc").random["cmax"]).ppf([0.025, 0.975]) == pytest.approx([0.5, 1.6], abs=0.05)


def test_the_default_has_no_parameters_beyond_section_6():
    names = [name for name, _ in load_model("cd7-ssc").priors()]
    assert set(names) == set(SECTION_6_2) | {f"{parameter}_pop" for parameter in PARAMETERS}


def remission_at_the_mean_exposure(spec: ModelSpec, draws: int = 200_000) -> np.ndarray:
    rng, response = np.random.default_rng(64), spec.response
    draw = {key: frozen(prior).rvs(draws, random_state=rng) for key, prior in response if hasattr(prior, "dist")}
    if response.kind == "binary":
        p = 1 / (1 + np.exp(-draw["a0"]))
    else:
        p = (1 - draw["q_step1"]) * stats.t.sf((0.405465 - draw["k0"]) / draw["tau"], 4)
    return np.quantile(p, [0.5, 0.025, 0.975])


def test_prior_probability_of_remission_at_the_mean_exposure_is_that_of_section_6_4():
    assert remission_at_the_mean_exposure(load_model("cd7-ssc")) == pytest.approx([0.60, 0.17, 0.90], abs=0.01)


def test_the_binary_model_expects_the_same_remission_as_the_default():
    assert remission_at_the_mean_exposure(load_model("cd7-ssc-binary")) == pytest.approx([0.61, 0.18, 0.92], abs=0.01)


def test_the_wide_variant_expects_what_its_reason_says():
    assert remission_at_the_mean_exposure(load_model("cd7-ssc-wide")) == pytest.approx([0.58, 0.02, 0.98], abs=0.01)


# Section 6.2, the sensitivity set: what each variant changes, to what; section 6.4 (b) for the binary response.
CHANGES = {
    "cd7-ssc-low-cmax": {"typical.cmax.median": 1.5e4},
    "cd7-ssc-proportional": {"covariates.cmax.dose.mu": 0.5, "covariates.cmax.dose.sigma": 0.5},
    "cd7-ssc-oncology-beta": {"typical.beta.median": 0.0032},
}


@pytest.mark.parametrize("name", CHANGES)
def test_variants_differ_from_the_default_only_where_they_say(name: str):
    assert numbers(name) == numbers("cd7-ssc") | CHANGES[name]
    assert differences(numbers(name), numbers("cd7-ssc")) == set(CHANGES[name])


def test_the_wide_variant_doubles_every_sd_but_for_the_two_exceptions_it_names():
    default, wide = numbers("cd7-ssc"), numbers("cd7-ssc-wide")
    doubled = {key: 2 * value for key, value in default.items() if key.endswith(".sigma")}
    exceptions = {"random.c0.sigma": 1.5, "response.q_step1.alpha": 0.25, "response.q_step1.beta": 4.75}
    for key, value in (default | doubled | exceptions).items():
        assert wide.pop(key) == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), key
    assert not wide
    narrow, broad = stats.beta(1, 19), stats.beta(0.25, 4.75)
    assert broad.mean() == pytest.approx(narrow.mean())
    assert broad.std() / narrow.std() == pytest.approx(1.87, abs=0.01)


def test_the_binary_model_differs_from_the_default_only_in_the_response():
    default, binary = numbers("cd7-ssc"), numbers("cd7-ssc-binary")
    assert {key.split(".")[0] for key in differences(default, binary)} == {"response"}
    response = {key: value for key, value in binary.items() if key.startswith("response")}
    assert response == {
        "response.kind": "binary", "response.exposure": "auc_0_28", "response.centre": 12.5,
        "response.a0.dist": "Normal", "response.a0.mu": 0.45, "response.a0.sigma": 1.0,
        "response.a1.dist": "Normal", "response.a1.mu": 0.4, "response.a1.sigma": 0.4,
    }  # fmt: skip


def test_stein2019_is_centred_on_the_published_table():
    """Section 1.1: typical values, and the square roots of the numbers read as variances."""
    spec = load_model("stein2019")
    centres = {name: prior.mu if name == "fb" else prior.median for name, prior in spec.typical.items()}
    assert centres == pytest.approx(
        {
            "cmax": 24_000,
            "tmax": 9.3,
            "c0": 24_000 / 3_900,
            "alpha": 0.16,
            "fb": np.log(0.0079 / 0.9921),
            "beta": 0.0032,
        }
    )
    published = {"cmax": 0.65, "tmax": 0.38, "c0": 0.65 + 2.4, "alpha": 0.91, "fb": 0.80, "beta": 0.86}
    for name, variance in published.items():
        assert spec.random[name].median == pytest.approx(np.sqrt(variance), abs=0.005)
        low, high = frozen(spec.random[name]).ppf([0.025, 0.975])
        as_sd = np.hypot(0.65, 2.4) if name == "c0" else variance
        assert low < as_sd < high, "the other reading of the table lies within the prior"
    assert spec.assays["qpcr"].sigma.median == 0.56
    assert (spec.unit, spec.uses_dose, spec.response, spec.toxicity) == ("copies/ug", False, None, None)


def test_kinetics_only_takes_any_scale_and_asks_for_nothing_but_levels():
    spec = load_model("kinetics-only")
    assert (spec.unit, spec.uses_dose, spec.dose, spec.covariates) == ("cells/uL", False, None, {})
    assert (spec.response, spec.toxicity) == (None, None)
    low, high = frozen(spec.typical["cmax"]).ppf([0.025, 0.975])
    assert low < 38 < high, "axi-cel by flow cytometry (section 2.1)"
    assert high > 10_600, "the highest peak of the digitised patients"
    low, high = frozen(spec.assays["blood"].sigma).ppf([0.025, 0.975])
    assert low < 0.5 < 1.3 < high


@pytest.mark.parametrize("name", NAMES)
def test_ranges_in_the_reasons_are_those_of_the_priors(name: str):
    """A reason that prints 'centre (low to high)' with the prior's own centre prints its 95% range."""
    checked = 0
    for key, prior in load_model(name).priors():
        if prior.dist != "LogNormal":
            continue
        for centre, low, high in re.findall(r"([\d.,]*\d) (?:d )?\(([\d.,]*\d) to ([\d.,]*\d)\)", prior.reason):
            found = [float(text.replace(",", "")) for text in (centre, low, high)]
            expected = frozen(prior).ppf([0.5, 0.025, 0.975])
            if "half-life" in prior.reason:
                expected = np.log(2) / expected[[0, 2, 1]]
            assert found == pytest.approx(expected, rel=0.06), key
            checked += 1
    assert checked
