r"""The equations of a model as LaTeX, from its model file and from the text of its structure.

What a structure says of itself is the ``.. math::`` blocks of its docstring or, if it has none, of the file that holds
it alone. A structure without any is shown by its docstring and its parameters: nothing is made up.
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import pandas as pd

from cartmodel.kinetics import Structure, structures
from cartmodel.prediction.words import dose_words, exposure_words
from cartmodel.reporting.blocks import Block, Code, Formula, Table, Words
from cartmodel.spec import ModelSpec

_MATH = re.compile(r"^\.\. math::[ \t]*\n((?:[ \t]*\n|[ \t]+\S.*(?:\n|\Z))+)", re.MULTILINE)
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "rho", "sigma", "tau", "phi",
    "psi", "omega",
}  # fmt: skip
_CURVE = "The level of the cells in blood over time. The table below names the parameters: cmax is C with index max."
_SUPPORT = {"positive": "above 0", "fraction": "between 0 and 1", "real": "any number"}


def structure_blocks(spec: ModelSpec) -> Iterator[Block]:
    """Yield what the structure says of itself: its equations, or else its docstring; and its parameters."""
    curve = spec.curve
    yield Words(f"Structure {curve.name}: {curve.summary or 'no description'}")
    equations = structure_math(curve)
    for place, latex in enumerate(equations):
        yield Formula(latex, _CURVE if not place else "")
    if not equations:
        text = cleandoc(curve.log_level.__doc__ or "The structure has no docstring.")
        yield Code(f"The structure '{curve.name}' in its author's words: it comes without equations", text)
    unit = {"level": spec.unit, "time": spec.time_unit, "1/time": f"1/{spec.time_unit}", "1": "-"}
    rows = [
        (name, unit.get(p.unit, p.unit), _SUPPORT[p.support], "yes" if p.varies else "no")
        for name, p in curve.parameters.items()
    ]
    columns = ("parameter", "unit", "range", "varies between patients")
    inputs = f" It also asks of each patient: {', '.join(curve.inputs)}." if curve.inputs else ""
    yield Table(
        "structure",
        "Parameters of the structure",
        f"Random effects act on the log (above 0), the logit (between 0 and 1) or the plain scale.{inputs}",
        columns,
        tuple(rows),
        pd.DataFrame(rows, columns=list(columns)),
    )


def structure_math(curve: Structure) -> list[str]:
    r"""Return the equations of a structure as LaTeX, in the order of its text; none if its author wrote none.

    Examples
    --------
    >>> structure_math(structures["stein"])[0][:31]
    'C(t) = C_0 e^{\\rho t}, \\quad \\r'
    """
    own = _math(curve.log_level.__doc__)
    if own:
        return own
    module = curve.log_level.__module__
    alone = sum(other.log_level.__module__ == module for other in structures.values()) == 1
    return _math(getattr(sys.modules.get(module), "__doc__", None)) if alone else []


def _math(text: str | None) -> list[str]:
    if not text:
        return []
    blocks = [textwrap.dedent(block).strip() for block in _MATH.findall(cleandoc(text) + "\n")]
    parts = [part.strip(" ,\n") for block in blocks for part in re.split(r"\n\s*\n|\\qquad", block)]
    return [part for part in parts if part]


def model_formulas(spec: ModelSpec) -> Iterator[Formula]:
    """Yield the equations of everything but the curve: patients, samples, exposures, response, toxicity."""
    for name, parameter in spec.curve.parameters.items():
        link = {"positive": r"\ln {}", "fraction": r"\operatorname{{logit}} {}", "real": "{}"}[parameter.support]
        terms = [link.format(_symbol(name, "pop"))]
        for covariate in spec.covariates.get(name, {}):
            term = _dose(spec) if covariate == "dose" else rf"{_symbol(f'x_{covariate}', 'i')}"
            terms.append(rf"{_symbol(f'cov_{name}_{covariate}')} \, {term}")
        if parameter.varies:
            terms.append(_symbol(f"eta_{name}", "i"))
        same = ", the same for all but for covariates" if spec.covariates.get(name) else ", the same for all"
        told = f"Parameter {name} of patient i{'' if parameter.varies else same}."
        yield Formula(f"{link.format(_symbol(name, 'i'))} = {' + '.join(terms)}", told)
    yield from _effects(spec)
    for name, assay in spec.assays.items():
        yield from _levels(name, assay)
    for start, end in spec.windows:
        area = rf"\mathrm{{AUC}}_{{{start:g}-{end:g},i}} = \int_{{{start:g}}}^{{{end:g}}} C_i(t) \, dt"
        yield Formula(area, f"Exposure from day {start:g} to day {end:g}, of the curve itself.")
    yield from _response(spec)
    if spec.toxicity is not None:
        right = rf"{_symbol('d0')} + e^{{{_symbol('ld1')}}} {_dose(spec)}"
        told = "Dose-limiting toxicity of patient i: by its form the risk does not fall with the dose."
        yield Formula(rf"\operatorname{{logit}} P(\mathrm{{DLT}}_i) = {right}", told)


def _effects(spec: ModelSpec) -> Iterator[Formula]:
    if spec.correlation is None:
        yield Formula(
            r"\eta_{p,i} \sim N(0, \omega_p^2)", "Random effect of each parameter p, independent of the others."
        )
        return
    yield Formula(
        rf"\eta_i \sim N(0, \mathrm{{diag}}(\omega) R \, \mathrm{{diag}}(\omega)), \quad "
        rf"R \sim \mathrm{{LKJ}}({spec.correlation.eta:g})",
        "Random effects of a patient, correlated.",
    )


def _levels(name: str, assay: Any) -> Iterator[Formula]:
    scale = rf"{_symbol(f'scale_{name}')} \, " if assay.scale is not None else ""
    if assay.residual == "log_additive":
        sigma = _symbol(f"sigma_{name}")
        yield Formula(
            rf"\ln y_{{ij}} \sim N(\ln({scale}C_i(t_{{ij}})), {{{sigma}}}^2)",
            f"Sample j of patient i by assay {name}, where it is quantified.",
        )
        below = rf"\Phi\left(\frac{{\ln \mathrm{{LLOQ}}_{{ij}} - \ln({scale}C_i(t_{{ij}}))}}{{{sigma}}}\right)"
    else:
        proportional, additive = _symbol(f"sigma_proportional_{name}"), _symbol(f"sigma_additive_{name}")
        spread = rf"{{{proportional}}}^2 ({scale}C_i(t_{{ij}}))^2 + {{{additive}}}^2"
        yield Formula(
            rf"y_{{ij}} \sim N({scale}C_i(t_{{ij}}), s_{{ij}}^2), \quad s_{{ij}}^2 = {spread}",
            f"Sample j of patient i by assay {name}, where it is quantified.",
        )
        below = rf"\Phi\left(\frac{{\mathrm{{LLOQ}}_{{ij}} - {scale}C_i(t_{{ij}})}}{{s_{{ij}}}}\right)"
    yield Formula(
        rf"P(y_{{ij}} < \mathrm{{LLOQ}}_{{ij}}) = {below}",
        "A sample below its limit of quantification counts with this probability (Beal's M3); none is left out.",
    )


def _response(spec: ModelSpec) -> Iterator[Formula]:
    response = spec.response
    if response is None:
        return
    if response.exposure == "peak_level":
        name = r"C_{\max,i}"
    else:
        start, end = response.exposure.removeprefix("auc_").replace("p", ".").split("_")
        name = rf"\mathrm{{AUC}}_{{{start}-{end},i}}"
    u = rf"u_i = \ln {name} - {response.centre:g}"
    yield Formula(u, f"The exposure that the response depends on: {exposure_words(response.exposure)}, centred.")
    if response.kind == "criss":
        line = rf"{_symbol('k0')} + {_symbol('k1')} u_i"
        yield Formula(rf"P(\mathrm{{step\ 1}}_i) = {_symbol('q_step1')}", "ACR-CRISS, step 1: an event, no remission.")
        yield Formula(
            rf"\mathrm{{LP}}_i \sim t_{{{response.nu:g}}}({line}, {_symbol('tau')})",
            f"ACR-CRISS, step 2: the linear predictor; remission from {response.threshold:.4g} on.",
        )
    else:
        yield Formula(
            rf"\operatorname{{logit}} P(\mathrm{{remission}}_i) = {_symbol('a0')} + {_symbol('a1')} u_i",
            "Remission of patient i.",
        )


def _dose(spec: ModelSpec) -> str:
    reference = dose_words(spec.dose.reference) if spec.dose is not None else "1 cells"
    number, unit = reference.split(" ", 1)
    mantissa, _, exponent = number.partition("e")
    power = rf"{mantissa} \cdot 10^{{{exponent}}}" if mantissa != "1" else rf"10^{{{exponent}}}"
    return rf"\ln\frac{{D_i}}{{{power if exponent else mantissa} \, \mathrm{{{unit}}}}}"


def _symbol(name: str, *index: str) -> str:
    """Return a name as LaTeX: its first part, Greek where it is a Greek letter, and the rest as its index."""
    head, *rest = [part for part in name.split("_") if part] or ["x"]
    below = ",".join(
        [*(rf"\mathrm{{{part}}}" for part in rest), *(i if len(i) == 1 else rf"\mathrm{{{i}}}" for i in index)]
    )
    return (rf"\{head}" if head in _GREEK else rf"\mathrm{{{head}}}") + (f"_{{{below}}}" if below else "")
