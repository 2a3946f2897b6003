"""The contract of every structural curve, as a check that anybody can run on a curve of their own."""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
from scipy.integrate import quad_vec
from scipy.special import expit

from cartmodel.equations.design import NEVER
from cartmodel.errors import Problem
from cartmodel.kernel import vocabulary as recorded
from cartmodel.kernel.expression import Loop, Node, Range, total
from cartmodel.kernel.layout import LANES
from cartmodel.kernel.machine import compile_density
from cartmodel.kinetics import Structure, structures
from cartmodel.kinetics import vocabulary as numeric
from cartmodel.symbolic import vocabulary as symbolic

_PATIENTS = 3 * LANES
_DAYS = np.array([0.0, 0.5, 1.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0, 60.0, 90.0, 180.0, 365.0])
_WINDOWS = ((0.0, 28.0), (0.0, 90.0), (2.0, 7.0), (28.0, 90.0))
_TYPICAL = {"level": (1e4, 1.0), "time": (10.0, 0.5), "1/time": (0.1, 0.7)}  # median, SD of the log
_LIMITS = {
    "levels that are not finite": 0.0,
    "a patient alone against the same patient among others, ln level": 1e-12,
    "PyTensor against NumPy: ln level, ln area, ln peak": 1e-9,
    "machine code against NumPy: ln level + ln area + ln peak": 1e-9,
    "slopes of the machine code against finite differences": 1e-3,
    "the structure's own area against adaptive quadrature": 1e-4,
    "area by the package's quadrature against adaptive quadrature": 0.01,
    "peak against a grid of 1/20 day, ln level": 1e-3,
    "ln level at the time of the peak against the peak": 1e-9,
}

_REMEDIES = {
    "area by the package's quadrature against adaptive quadrature": "; a curve that turns or falls within hours needs"
    " an `integral` of its own",
    "peak against a grid of 1/20 day, ln level": "; a peak after day 360 or narrower than a day needs a `peak` of its"
    " own",
}


@dataclass(frozen=True, eq=False)
class StructureCheck:
    """What a check of a structure found.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a check: ``check``, ``found`` (the largest deviation), ``limit``, ``passed``.
    problems : tuple of Problem
        Every breach of the contract, with what would have been accepted.
    """

    table: pd.DataFrame
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether no breach was found."""
        return not self.problems


def check_structure(name: str, near: Mapping[str, float] | None = None, *, seed: int = 1) -> StructureCheck:
    """Return where a structural curve breaks the contract of this package.

    Random patients are put through the curve, its area and its peak, in all three vocabularies: NumPy (predictions),
    PyTensor (PyMC) and machine code (sampling). Levels are finite from day 0 to day 365; a patient's level depends on
    that patient alone; the three agree, and the slopes of the machine code with finite differences; the areas of four
    windows agree with SciPy's adaptive quadrature (to 1e-4 where the structure brings its area, to 1% where it is the
    package's quadrature), and no day to day 365 is higher than the peak.

    Parameters
    ----------
    name : str
        A registered structure.
    near : mapping of str to float, optional
        Typical values, around which the random patients lie. Default: levels near 1e4, times near 10 days, rates near
        0.1 a day, fractions near 0.1, other numbers near 1 (real ones 0).
    seed : int
        Seed of the patients.

    Raises
    ------
    UnknownNameError
        If no structure has this name.

    Examples
    --------
    >>> check_structure("stein_smooth").passed
    True
    """
    curve = structures[name]
    patients = _random_patients(curve, near or {}, np.random.default_rng(seed))
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for where, checks in _CHECKS.items():
        try:
            with np.errstate(all="ignore"):  # what is not finite is counted
                found = checks(curve, patients)
        except Exception as error:  # whatever a user's function raises is what the check is for
            problems.append(Problem(where, f"{type(error).__name__}: {error}", "operators and functions of `xp` alone"))
            continue
        for check, value in found.items():
            limit = _LIMITS[check]
            passed = bool(value <= limit)  # not so where it is not a number
            rows.append({"check": check, "found": value, "limit": limit, "passed": passed})
            if not passed:
                problems.append(Problem(check, f"{value:.3g}", f"{limit:g} at most{_REMEDIES.get(check, '')}"))
    return StructureCheck(pd.DataFrame(rows, columns=["check", "found", "limit", "passed"]), tuple(problems))


def _random_patients(curve: Structure, near: Mapping[str, float], rng: np.random.Generator) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, parameter in curve.parameters.items():
        z = rng.standard_normal(_PATIENTS)
        median, spread = _TYPICAL.get(parameter.unit, (1.0, 0.3))
        if parameter.support == "positive":
            found[name] = near.get(name, median) * np.exp(spread * z * (0.3 if name in near else 1.0))
        elif parameter.support == "fraction":
            centre = near.get(name, 0.1)
            found[name] = expit(np.log(centre / (1.0 - centre)) + 0.5 * z)
        else:
            found[name] = near.get(name, 0.0) + z
    for name in curve.inputs:  # days of comedication, of which every third patient has none
        found[name] = np.where(np.arange(_PATIENTS) % 3 == 0, NEVER, rng.uniform(1.0, 20.0, _PATIENTS))
    return found


def _levels(curve: Structure, patients: dict[str, np.ndarray]) -> dict[str, float]:
    each = {name: values[:, None] for name, values in patients.items()}
    levels = curve.log_level(numeric, _DAYS, **each)
    alone = [curve.log_level(numeric, day, **{k: float(v[0]) for k, v in patients.items()}) for day in _DAYS]
    return {
        "levels that are not finite": float((~np.isfinite(levels)).sum()),
        "a patient alone against the same patient among others, ln level": _apart(levels[0], np.array(alone)),
    }


def _all_of(curve: Structure, xp: Any, t: Any, parameters: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    level, area = curve.log_level(xp, t, **parameters), curve.integral(xp, *_WINDOWS[0], **parameters)
    return level, xp.log(area), curve.peak(xp, **parameters)[1]


def _days(patients: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.linspace(0.3, 60.0, len(next(iter(patients.values()))))


def _in_pytensor(curve: Structure, patients: dict[str, np.ndarray]) -> dict[str, float]:
    inputs = {name: pt.dvector(name) for name in patients}
    days = _days(patients)
    outputs = _all_of(curve, symbolic, pt.as_tensor(days), inputs)
    function = pytensor.function(list(inputs.values()), list(outputs), mode="FAST_COMPILE")
    values = cast("list[np.ndarray]", function(*patients.values()))
    wanted = _all_of(curve, numeric, days, patients)
    return {
        "PyTensor against NumPy: ln level, ln area, ln peak": max(
            _apart(value, np.broadcast_to(right, days.shape)) for value, right in zip(values, wanted, strict=True)
        )
    }


def _in_machine_code(curve: Structure, patients: dict[str, np.ndarray]) -> dict[str, float]:
    loop, days = Loop(None), _days(patients)
    coordinates = {name: Node("coordinate", (), loop, place) for place, name in enumerate(curve.parameters)}
    known = [days, *(patients[name] for name in curve.inputs)]
    columns = [Node("column", (), loop, place) for place in range(len(known))]
    parameters = {name: curve.parameters[name].inverse(recorded, x) for name, x in coordinates.items()}
    parameters |= dict(zip(curve.inputs, columns[1:], strict=True))
    body = sum(_all_of(curve, recorded, columns[0], parameters))
    engine, _ = compile_density(total(body, Range(loop, 0.0, float(len(days) // LANES))), (0, len(coordinates)))
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
    run = kind(engine.get_function_address("density"))
    links = {name: parameter.link(numeric, patients[name]) for name, parameter in curve.parameters.items()}
    x, held = np.concatenate(list(links.values())), [np.ascontiguousarray(column) for column in known]
    addresses = np.array([column.ctypes.data for column in held], dtype=np.uintp)
    slopes, value = np.empty(len(x)), np.empty(1)
    run(len(x), x.ctypes.data, slopes.ctypes.data, value.ctypes.data, addresses.ctypes.data)

    def summed(moved: Mapping[str, np.ndarray]) -> np.ndarray:
        natural = {name: curve.parameters[name].inverse(numeric, moved[name]) for name in curve.parameters}
        given = natural | {name: patients[name] for name in curve.inputs}
        return np.broadcast_to(sum(_all_of(curve, numeric, days, given)), days.shape)

    steps = {name: _slope(summed, links, name) for name in links}
    numbers = np.concatenate(list(steps.values()))
    return {
        "machine code against NumPy: ln level + ln area + ln peak": _apart(value[0], summed(links).sum()) / len(days),
        "slopes of the machine code against finite differences": float(
            np.max(np.abs(slopes - numbers) / np.maximum(1.0, np.abs(numbers)))
        ),
    }


def _slope(
    function: Callable[[Mapping[str, np.ndarray]], np.ndarray], at: Mapping[str, np.ndarray], name: str
) -> np.ndarray:
    step = 1e-6
    return (function({**at, name: at[name] + step}) - function({**at, name: at[name] - step})) / (2.0 * step)


def _areas(curve: Structure, patients: dict[str, np.ndarray]) -> dict[str, float]:
    bends = np.concatenate([np.atleast_1d(curve.peak(numeric, **patients)[0]), *(patients[i] for i in curve.inputs)])
    gaps: list[float] = []
    for start, end in _WINDOWS:
        areas = np.broadcast_to(curve.integral(numeric, start, end, **patients), _PATIENTS)
        scale = np.where(np.isfinite(areas) & (areas > 0), areas, 1.0)
        wanted = quad_vec(
            lambda t, scale=scale: np.exp(curve.log_level(numeric, t, **patients)) / scale, start, end, epsabs=1e-8,
            epsrel=1e-9, norm="max", points=sorted({float(bend) for bend in bends if start < bend < end}),
        )[0] * scale  # fmt: skip
        gaps.append(float(np.max(np.where(areas == wanted, 0.0, np.abs(areas / wanted - 1.0)))))
    whose = "the structure's own area" if curve.own_integral else "area by the package's quadrature"
    return {f"{whose} against adaptive quadrature": float(np.max(gaps))}


def _peaks(curve: Structure, patients: dict[str, np.ndarray]) -> dict[str, float]:
    time, level = (np.broadcast_to(value, _PATIENTS) for value in curve.peak(numeric, **patients))
    grid = np.arange(0.0, 365.0, 0.05)
    levels = curve.log_level(numeric, grid, **{name: values[:, None] for name, values in patients.items()})
    return {
        "peak against a grid of 1/20 day, ln level": float(np.max(np.max(levels, axis=1) - level)),
        "ln level at the time of the peak against the peak": _apart(curve.log_level(numeric, time, **patients), level),
    }


def _apart(left: Any, right: Any) -> float:
    return float(np.max(np.abs(np.asarray(left) - np.asarray(right))))


_CHECKS = {
    "levels in NumPy": _levels,
    "the curve in PyTensor": _in_pytensor,
    "the curve as machine code": _in_machine_code,
    "the area in NumPy": _areas,
    "the peak in NumPy": _peaks,
}
