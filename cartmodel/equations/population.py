"""The population layer: typical values, power terms of the dose, random effects."""

from typing import Any

from cartmodel.equations.source import Source
from cartmodel.spec import ModelSpec


def individual_parameters(spec: ModelSpec, source: Source) -> dict[str, Any]:
    r"""Return the structural parameters of each subject on their natural scales.

    .. math::

        g(\theta_i) = g(\theta_{pop}) + \gamma \ln(D_i / D_{ref}) + \eta_i, \qquad \eta_i \sim N(0, \omega^2)

    with g the log for positive parameters and the logit for fractions. With a correlation in the model file the etas of
    a subject are jointly normal with covariance diag(omega) R diag(omega). A parameter that does not vary has no eta.
    What the curve must know of a patient beside its parameters comes with them.
    """
    xp, curve = source.xp, spec.curve
    centres: dict[str, Any] = {}
    omegas: dict[str, Any] = {}
    for name, parameter in curve.parameters.items():
        centre = parameter.link(xp, source.random(f"{name}_pop", spec.typical[name]))
        for covariate, prior in spec.covariates.get(name, {}).items():
            centre = centre + source.random(f"cov_{name}_{covariate}", prior) * source.known(f"log_{covariate}")
        centres[name] = centre
        if parameter.varies:
            omegas[name] = source.random(f"omega_{name}", spec.random[name])
    varying = {name: centres[name] for name in omegas}
    individual = centres | source.individuals(varying, omegas, spec.correlation)
    values = {name: parameter.inverse(xp, individual[name]) for name, parameter in curve.parameters.items()}
    return values | {name: source.known(name) for name in curve.inputs}
