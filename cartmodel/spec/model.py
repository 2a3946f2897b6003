"""What a model file says, validated."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python

from cartmodel.kinetics import Structure, structures
from cartmodel.kinetics.structure import Support
from cartmodel.spec.priors import Finite, Positive, Prior, Prose

_PROSE = ("name", "title", "reason", "source")
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Dose(BaseModel):
    """The dose of the power terms: ln(dose / reference)."""

    model_config = _FROZEN
    reference: Positive
    unit: Literal["cells"]
    reason: Prose


class Assay(BaseModel):
    """One assay: its unit, residual model and, for every assay but the first, its scale relative to the first."""

    model_config = _FROZEN
    unit: Prose
    residual: Literal["log_additive", "combined"]
    sigma: Prior | None = None
    sigma_proportional: Prior | None = None
    sigma_additive: Prior | None = None
    scale: Prior | None = None


class Correlation(BaseModel):
    """A full correlation matrix of the random effects, with an LKJ prior."""

    model_config = _FROZEN
    eta: Positive
    reason: Prose


class CrissResponse(BaseModel):
    """The linear predictor of ACR-CRISS against ln AUC, with the step-1 event."""

    model_config = _FROZEN
    kind: Literal["criss"]
    exposure: str
    centre: Finite
    threshold: Finite
    nu: Positive
    q_step1: Prior
    k0: Prior
    k1: Prior
    tau: Prior


class BinaryResponse(BaseModel):
    """Remission as yes or no against ln AUC, on the logit scale."""

    model_config = _FROZEN
    kind: Literal["binary"]
    exposure: str
    centre: Finite
    a0: Prior
    a1: Prior


class Toxicity(BaseModel):
    """DLT against ln dose: a logistic curve with a positive slope (the form of the BLRM)."""

    model_config = _FROZEN
    kind: Literal["blrm"]
    d0: Prior
    ld1: Prior


RESPONSES: dict[str, type[BaseModel]] = {"criss": CrissResponse, "binary": BinaryResponse}
"""The class of each response, by its kind."""

SUPPORTS: dict[str, Support] = {
    "sigma": "positive", "sigma_proportional": "positive", "sigma_additive": "positive", "scale": "positive",
    "q_step1": "fraction", "k0": "real", "k1": "real", "tau": "positive", "a0": "real", "a1": "real",
    "d0": "real", "ld1": "real",
}  # fmt: skip
"""Where each parameter of an assay, a response or a toxicity lives."""

RESIDUALS: dict[str, tuple[str, ...]] = {
    "log_additive": ("sigma",),
    "combined": ("sigma_proportional", "sigma_additive"),
}
"""The parameters of each residual model."""


class ModelSpec(BaseModel):
    """One model file: a structure, priors, assays, response and toxicity.

    Use `load_model` to read one.

    Examples
    --------
    >>> import cartmodel as cm
    >>> spec = cm.load_model("cd7-ssc")
    >>> spec.structure, spec.typical["cmax"].median
    ('stein_smooth', 40000.0)
    """

    model_config = _FROZEN
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    title: Prose
    structure: str
    time_unit: Literal["day"]
    windows: Annotated[tuple[tuple[Finite, Finite], ...], Field(min_length=1)]
    dose: Dose | None = None
    typical: dict[str, Prior]
    random: dict[str, Prior]
    covariates: dict[str, dict[Literal["dose"], Prior]] = {}
    correlation: Correlation | None = None
    assays: Annotated[dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], Assay], Field(min_length=1)]
    response: Annotated[CrissResponse | BinaryResponse, Field(discriminator="kind")] | None = None
    toxicity: Toxicity | None = None

    @property
    def curve(self) -> Structure:
        """The registered structure."""
        return structures[self.structure]

    @property
    def unit(self) -> str:
        """The unit of the curve: that of the first assay."""
        return next(iter(self.assays.values())).unit

    @property
    def uses_dose(self) -> bool:
        """Whether any part of the model needs a patient's dose."""
        return any(self.covariates.values()) or self.toxicity is not None

    @property
    def digest(self) -> str:
        """SHA-256 of everything that defines the density: neither name nor prose, and in no order.

        Order says nothing: the structure orders the parameters, and the first assay is the one without a scale.
        """
        return sha256(json.dumps(_without_prose(self.model_dump(mode="json")), sort_keys=True).encode()).hexdigest()

    def priors(self) -> Iterator[tuple[str, Any]]:
        """Yield the name of every population parameter in the posterior, with its prior, in the order of the table."""
        for name, prior in self.typical.items():
            yield f"{name}_pop", prior
        for name, prior in self.random.items():
            yield f"omega_{name}", prior
        for name, effects in self.covariates.items():
            for covariate, prior in effects.items():
                yield f"cov_{name}_{covariate}", prior
        for name, assay in self.assays.items():
            for key, prior in (
                (f"sigma_{name}", assay.sigma),
                (f"sigma_proportional_{name}", assay.sigma_proportional),
                (f"sigma_additive_{name}", assay.sigma_additive),
                (f"scale_{name}", assay.scale),
            ):
                if prior is not None:
                    yield key, prior
        for submodel in (self.response, self.toxicity):
            if submodel is not None:
                yield from ((key, value) for key, value in submodel if hasattr(value, "dist"))

    def replace(self, **changes: Any) -> "ModelSpec":
        """Return a copy with some fields changed, validated again.

        Examples
        --------
        >>> import cartmodel as cm
        >>> cm.load_model("cd7-ssc").replace(name="no-response", response=None).response is None
        True
        """
        from cartmodel.spec.parse import parse_model  # the parser needs this class

        content = self.model_dump(mode="json", exclude_none=True) | to_jsonable_python(changes)
        return parse_model(content, where=f"{self.name}, changed")


def exposure_name(start: float, end: float) -> str:
    """Return the name of the area under the curve over a window, such as ``auc_0_28``."""
    return f"auc_{start:g}_{end:g}".replace(".", "p")


def _without_prose(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = cast("dict[str, Any]", value)
    prose = {key for key in _PROSE if isinstance(items.get(key), str)}  # an assay or a parameter may bear such a name
    return {key: _without_prose(item) for key, item in items.items() if key not in prose and item is not None}
