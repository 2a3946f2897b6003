"""Areas under many curves up to any day, as machine code generated once for a structure."""

import ctypes
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cartmodel.kernel import vocabulary
from cartmodel.kernel.expression import Loop, Node, constant
from cartmodel.kernel.layout import LANES
from cartmodel.kernel.machine import compile_elementwise
from cartmodel.kinetics import structures

_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
_BLOCK = 4096  # curves at a time, a multiple of the lanes: they stay in the processor's cache


def log_areas(structure: str, parameters: Mapping[str, xr.DataArray], days: NDArray[np.float64]) -> xr.DataArray:
    """Return ln AUC from the infusion to each day, over the dimensions of the parameters and ``day``.

    Parameters
    ----------
    structure : str
        A registered structure.
    parameters : mapping of str to DataArray
        Its parameters and inputs, of any dimensions.
    days : ndarray
        Days above 0.
    """
    names, _, run = _compiled(structure)
    ends = xr.DataArray(days, dims="day", coords={"day": days})
    full = xr.broadcast(*(parameters[name] for name in names), ends)
    columns = [np.ascontiguousarray(value.values, dtype=float).ravel() for value in full]
    found = np.empty(columns[0].size)
    held, out = np.ones((len(columns), _BLOCK)), np.empty(_BLOCK)
    groups, value = np.empty(1), np.empty(1)
    places = np.array([*(row.ctypes.data for row in held), groups.ctypes.data], dtype=np.uintp)
    for start in range(0, len(found), _BLOCK):
        size = min(_BLOCK, len(found) - start)
        for row, column in zip(held, columns, strict=True):
            row[:size] = column[start : start + size]
        groups[0] = -(-size // LANES)
        run(size, None, out.ctypes.data, value.ctypes.data, places.ctypes.data)
        found[start : start + size] = out[:size]
    return full[0].copy(data=np.log(found).reshape(full[0].shape))


@cache
def _compiled(structure: str) -> tuple[tuple[str, ...], Any, Any]:
    """Names of the columns, the engine (which must outlive its code), and the function."""
    curve, loop = structures[structure], Loop(None)
    names = (*curve.parameters, *curve.inputs)
    columns = {name: Node("column", (), loop, k) for k, name in enumerate(names)}
    end = Node("column", (), loop, len(names))
    area = curve.integral(vocabulary, 0.0, end, **columns)
    engine = compile_elementwise(loop, [constant(area)], Node("column", (), None, len(names) + 1))
    return names, engine, _CALL(engine.get_function_address("density"))
