"""What a model file says: priors, the validated model, the catalogue."""

from cartmodel.spec.catalogue import list_models, load_model
from cartmodel.spec.model import ModelSpec, exposure_name
from cartmodel.spec.parse import parse_model

__all__ = ["ModelSpec", "exposure_name", "list_models", "load_model", "parse_model"]
