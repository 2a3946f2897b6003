"""The joint model, written once: kinetics, levels, response and toxicity of all patients."""

from typing import Any

from cartmodel.equations.exposure import response_exposure
from cartmodel.equations.observations import Bernoulli, CombinedLevel, LogAdditiveLevel
from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import observe_response, toxicity_logit
from cartmodel.equations.source import Source
from cartmodel.spec import ModelSpec


def joint(spec: ModelSpec, source: Source) -> None:
    """Walk through the whole model of a file, asking ``source`` for values and telling it what is observed."""
    parameters = individual_parameters(spec, source)
    observe_levels(spec, source, parameters)
    if spec.response is not None:
        observe_response(spec, source, response_exposure(source.xp, spec, parameters))
    if spec.toxicity is not None:
        source.observe("dlt", Bernoulli(toxicity_logit(spec, source)))


def observe_levels(spec: ModelSpec, source: Source, parameters: dict[str, Any]) -> None:
    """Tell a source of the levels of every assay: the curve, times the assay's scale, with its residual model."""
    xp = source.xp
    spread = {name: source.per_sample(value) for name, value in parameters.items()}
    for name, assay in spec.assays.items():
        log_level = spec.curve.log_level(xp, source.known(f"time_{name}"), **spread)
        if assay.scale is not None:
            log_level = log_level + xp.log(source.random(f"scale_{name}", assay.scale))
        blq = source.known(f"blq_{name}")
        if assay.residual == "log_additive":
            observable = LogAdditiveLevel(log_level, source.random(f"sigma_{name}", assay.sigma), blq)
        else:
            proportional = source.random(f"sigma_proportional_{name}", assay.sigma_proportional)
            additive = source.random(f"sigma_additive_{name}", assay.sigma_additive)
            observable = CombinedLevel(log_level, proportional, additive, blq)
        source.observe(f"level_{name}", observable)
