"""What a design gains or loses by looking at exposure: the same design without it, beside it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.virtual.designs import made_of, without_exposure
from cartmodel.virtual.scenario import VirtualScenario

PLAIN = {"correct": "correct selection", "regret": "regret per future patient", "trial_regret": "regret per patient"}
SAME_RISK = 1e-3  # between-patient SD of the risk below which all patients at a dose count as alike
_GOOD = {"correct": 1, "overdose": -1, "regret": -1, "trial_regret": -1, "dlts": -1}  # better: higher or lower
CLEAR = 3.0  # Monte Carlo errors beyond which a difference is told: there are many comparisons


def with_twins(recipes: Mapping[str, Any], scenario: VirtualScenario) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the designs with those without exposure that are missing, and the name of the latter by the former."""
    found, twins = dict(recipes), dict[str, str]()
    made = {name: made_of(recipe, scenario.doses) for name, recipe in recipes.items()}
    for name, recipe in recipes.items():
        twin = without_exposure(recipe, scenario.doses)
        if twin is None:
            continue
        design = made_of(twin, scenario.doses)
        same = next((other for other, one in made.items() if type(one) is type(design) and one == design), None)
        if same is None:
            same = twin if isinstance(twin, str) else f"{name}, without exposure"
            found[same], made[same] = twin, design
        twins[name] = same
    return found, twins


def of_twins(differences: pd.DataFrame, twins: Mapping[str, str]) -> pd.Series:
    """Return which rows are of a design against itself without exposure."""
    pairs = zip(differences["design"], differences["reference"], strict=True)
    return pd.Series([twins.get(a) == b for a, b in pairs], index=differences.index, dtype=bool)


def gains(name: str, true: pd.DataFrame, differences: pd.DataFrame, twins: Mapping[str, str]) -> list[str]:
    """Return what designs gain or lose by looking at exposure, against themselves without, in words.

    A quantity is said to be helped or harmed beyond 3 Monte Carlo errors of the paired difference.
    """
    words: list[str] = []
    plain = PLAIN | {"overdose": "selection above the limit", "dlts": "DLTs in a trial"}
    for design, twin in twins.items():
        rows = differences[(differences["design"] == design) & (differences["reference"] == twin)]
        told: dict[str, list[str]] = {"helps": [], "harms": [], "adds nothing": []}
        for row in rows[rows["quantity"].isin(list(_GOOD))].itertuples():
            value, error, quantity = float(row.value), float(row.mc_error), str(row.quantity)  # type: ignore[arg-type]
            if not np.isfinite(value):
                continue
            clear = abs(value) > max(CLEAR * error, 1e-9)
            verdict = "adds nothing" if not clear else "helps" if value * _GOOD[quantity] > 0 else "harms"
            told[verdict].append(f"{plain[quantity]} {value:+.3g} (MC error {error:.2g})")
        said = "; ".join(
            f"{verdict}{' beyond Monte Carlo error' if verdict == 'adds nothing' else ''}: {', '.join(parts)}"
            for verdict, parts in told.items()
            if parts
        )
        words.append(f"{name}: looking at exposure, {design} against itself without it, {said}.")
        if (told["helps"] or told["harms"]) and float(true["risk_sd"].max()) < SAME_RISK:
            words.append(
                f"{name}: here exposure tells nothing of the risk, so what changes is the caution of the design, not "
                "its knowledge."
            )
    return words
