"""Structural curves: one file a structure, written once for NumPy and PyTensor."""

from cartmodel.kinetics import stein, stein_smooth  # noqa: F401  registers them
from cartmodel.kinetics.structure import Structure, StructuralParameter, fraction, positive, real, structure, structures

__all__ = ["StructuralParameter", "Structure", "fraction", "positive", "real", "structure", "structures"]
