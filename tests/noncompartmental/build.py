"""Profiles as the published cases print them: times, and levels with 0 for BLQ."""

from collections.abc import Sequence

import numpy as np

from cartmodel.noncompartmental import NcaParameter, NcaRules, Profiles, nca_parameters

UNREFUSED = {
    "min_adjusted_r2": -np.inf,
    "min_span_ratio": 0.0,
    "completeness": 0.0,
    "first_sample": np.inf,
    "largest_gap": 1.0,
}


def profile(*cases: tuple[Sequence[float], Sequence[float]], lloq: float = np.nan) -> Profiles:
    width = max(len(times) for times, _ in cases)
    time, level = (np.full((len(cases), width), np.nan) for _ in range(2))
    for row, (times, levels) in enumerate(cases):
        time[row, : len(times)] = times
        level[row, : len(levels)] = levels
    return Profiles(time, np.where(level == 0, np.nan, level), lloq)


def run(profiles: Profiles, windows: Sequence[tuple[float, float]] = (), **rules: object) -> dict[str, NcaParameter]:
    found = nca_parameters(profiles, windows=windows, rules=NcaRules(**(UNREFUSED | rules)))
    return {parameter.name: parameter for parameter in found}


def values(
    times: Sequence[float], levels: Sequence[float], *windows: tuple[float, float], **rules: object
) -> dict[str, float]:
    return {name: float(p.value[0]) for name, p in run(profile((times, levels)), windows, **rules).items()}


def agrees(value: float, digits: str) -> bool:
    """Whether a number is the printed one to a relative 1e-9, or rounds to its printed digits, whichever is coarser."""
    decimals = len(digits.partition(".")[2])
    printed = 0.500001 * 10.0**-decimals if decimals else 0.0  # whole numbers are printed in full
    return abs(value - float(digits)) <= max(1e-9 * abs(float(digits)), printed)
