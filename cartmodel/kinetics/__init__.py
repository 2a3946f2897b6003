"""Structural curves: one file a structure, written once for NumPy and PyTensor."""

from cartmodel.kinetics import effector_memory, stein, stein_smooth  # which registers them
from cartmodel.kinetics.structure import StructuralParameter, Structure, fraction, positive, real, structure, structures

__all__ = [
    "StructuralParameter",
    "Structure",
    "effector_memory",
    "fraction",
    "positive",
    "real",
    "stein",
    "stein_smooth",
    "structure",
    "structures",
]
