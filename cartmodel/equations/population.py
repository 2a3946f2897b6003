"""The population layer: typical values, power terms of the dose, random effects."""

from typing import Any

from cartmodel.equations.source import Source
from cartmodel.spec import ModelSpec


def individual_parameters(spec: ModelSpec, source: Source) -> dict[str, Any]:
    r"""Return the structural parameters of each subject on their natural scales.

    .. math::

        g(\theta_i) = g(\theta_{pop}) + \gamma \ln(D_i / D_{ref}) + \eta_i, \qquad \eta_i \sim N(0, \omega^2)

    with g the log for positive parameters and the logit for fractions. With a correlation in the model file the etas of
    a subject are jointly normal with covariance diag(omega) R diag(omega).
    """
    xp, curve = source.xp, spec.curve
    centres: dict[str, Any] = {}
    omegas: dict[str, Any] = {}
    for name, parameter in curve.parameters.items():
        centre = parameter.link(xp, source.random(f"{name}_pop", spec.typical[name]))
        for covariate, prior in spec.covariates.get(name, {}).items():
            centre = centre + source.random(f"cov_{name}_{covariate}", prior) * source.known(f"log_{covariate}")
        centres[name] = centre
        omegas[name] = source.random(f"omega_{name}", spec.random[name])
    individual = source.individuals(centres, omegas, spec.correlation)
    return {name: curve.parameters[name].inverse(xp, value) for name, value in individual.items()}
