"""Exposures of millions of curves, as machine code generated from the structure."""

import ctypes
from collections.abc import Mapping

import numpy as np

from cartmodel.equations.exposure import exposures
from cartmodel.kernel import vocabulary
from cartmodel.kernel.expression import Loop, Node, constant
from cartmodel.kernel.layout import LANES
from cartmodel.kernel.machine import compile_elementwise
from cartmodel.kinetics import structures

_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
_BLOCK = 4096  # curves at a time, a multiple of the lanes: they stay in the processor's cache


class CompiledExposures:
    """Peak and areas of many curves of one structure.

    Parameters
    ----------
    structure : str
        A registered structure.
    windows : tuple of (start, end)
        The windows of the areas, in days.
    """

    def __init__(self, structure: str, windows: tuple[tuple[float, float], ...]) -> None:
        curve, loop = structures[structure], Loop(None)
        self.names = (*curve.parameters, *curve.inputs)
        columns = {name: Node("column", (), loop, k) for k, name in enumerate(self.names)}
        found = exposures(vocabulary, curve, columns, windows)
        self.outputs = tuple(found)
        groups = Node("column", (), None, len(self.names))
        self._engine = compile_elementwise(loop, [constant(value) for value in found.values()], groups)
        self._run = _CALL(self._engine.get_function_address("density"))

    def __call__(self, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return ``peak_level``, ``peak_time`` and the areas, each of the shape (curve,) of the parameters."""
        count = len(parameters[self.names[0]])
        found = np.empty((len(self.outputs), count))
        held, out = np.ones((len(self.names), _BLOCK)), np.empty(len(self.outputs) * _BLOCK)
        groups, value = np.empty(1), np.empty(1)
        columns = np.array([*(row.ctypes.data for row in held), groups.ctypes.data], dtype=np.uintp)
        for start in range(0, count, _BLOCK):
            size = min(_BLOCK, count - start)
            for row, name in zip(held, self.names, strict=True):
                row[:size] = parameters[name][start : start + size]
            groups[0] = -(-size // LANES)
            wanted = len(self.outputs) * size
            self._run(wanted, None, out.ctypes.data, value.ctypes.data, columns.ctypes.data)
            found[:, start : start + size] = out[:wanted].reshape(len(self.outputs), size)
        return dict(zip(self.outputs, found, strict=True))
