"""Units as people write them, and the factors between them; nothing is converted unless it was asked for."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cartmodel.trial.findings import Findings

if TYPE_CHECKING:
    from pint import UnitRegistry

FIXED = {"time": "day", "dose": "cells", "weight": "kg"}
_COLUMN = {"time": "time_unit", "dose": "dose_unit", "weight": "weight_unit", "level": "unit"}
_SPELT = {"day": ("day", "days", "d"), "cells": ("cells",), "kg": ("kg",)}

# One number in front at most, and no powers of it: an expression such as 9**9**9 must never be worked out.
_FORM = re.compile(
    r"(?:(?:10\^\d{1,2}|\d{1,9}(?:\.\d{1,6})?(?:e[+-]?\d{1,2})?)\s*[x*]?\s*)?[a-zµμ%]+[23]?(?:\s*[*/]\s*[a-zµμ%]+[23]?)*",
    re.IGNORECASE,
)
# Copies can only be counted in DNA: that words say so makes no other unit of it.
_OF_DNA = re.compile(r"\s*(?:of\s+)?(?:genomic\s+|g)?DNA", re.IGNORECASE)


def check_units(units: Mapping[str, str], findings: Findings) -> None:
    """Note every unit that was asked for and cannot be read, or is of another kind than its quantity."""
    for quantity, unit in units.items():
        fixed = FIXED.get(quantity)
        if _parsed(unit) is None:
            findings.add(0, "", f"units: '{unit}' for {quantity} is not a unit", "such as copies/ug, cells/uL, day, h")
        elif quantity == "dose" and convertible(unit, "cells/kg"):
            continue
        elif fixed and not convertible(unit, fixed):
            findings.add(0, "", f"units: '{unit}' cannot measure {quantity}", f"'{fixed}', or a unit of its kind")


def convertible(unit: str, target: str) -> bool:
    """Return whether a unit can be expressed in another.

    Examples
    --------
    >>> convertible("copies/mg", "copies/ug"), convertible("copies/ug", "cells/uL")
    (True, False)
    """
    return unit == target or _factor(unit, target) is not None


def same_unit(one: str, other: str) -> bool:
    """Return whether two spellings are of one unit: apart by case and blanks, or by nothing that pint knows.

    Examples
    --------
    >>> same_unit("copies/ug", "cp / µg"), same_unit("cells/uL", "cells/mm3"), same_unit("copies/ug", "cells/uL")
    (True, True, False)
    """
    return "".join(one.lower().split()) == "".join(other.lower().split()) or _factor(one, other) == 1.0


def converted(values: pd.Series, unit: str, target: str) -> pd.Series:
    """Return numbers of a unit in another one, exact where the factor is a whole number or its inverse.

    Examples
    --------
    >>> import pandas as pd
    >>> converted(pd.Series([168.0]), "h", "day").tolist()
    [7.0]
    """
    if unit == target:
        return values
    factor = _factor(unit, target)
    if factor is None:
        raise ValueError(f"'{unit}' cannot be expressed in '{target}'")
    return values * factor if factor >= 1 else values / float(f"{1 / factor:.12g}")


def in_fixed_unit(
    values: pd.Series, said: pd.Series, quantity: str, asked: str | None, *, implied: bool, findings: Findings
) -> tuple[pd.Series, pd.Series]:
    """Return times in days, doses in cells or weights in kg, and which doses are still per kg of body weight.

    Parameters
    ----------
    values, said : pandas.Series
        Numbers, and the unit that the table says beside each; blank where it says none.
    quantity : {"time", "dose", "weight"}
        What they measure.
    asked : str or None
        What the user said: where the table says no unit, the unit of its numbers; else the wish to have it converted.
    implied : bool
        Whether a blank unit means the fixed one unless the user says otherwise, as in our own tables; in others it
        must be said.
    findings : Findings
        Where units that cannot be used are noted.
    """
    fixed, column = FIXED[quantity], _COLUMN[quantity]
    per_kg = pd.Series(False, index=values.index)
    unsaid = values.notna() & (said == "")
    if unsaid.any() and not implied and asked is None:
        what = f"the table does not say the unit of {quantity}"
        findings.add(1, column, what, f"units={{'{quantity}': '{fixed}'}}, or whatever it is; or a column '{column}'")
        return values, per_kg
    result = values.copy()
    for unit in said[(said != "") | unsaid].unique():
        here = said == unit
        if not unit:
            if asked is None:  # implied, or a finding already
                continue
            unit = asked
        if unit.lower() in _SPELT[fixed] or same_unit(unit, fixed):
            if asked is not None and not same_unit(asked, fixed):
                what = f"units asks for '{asked}', but the table is in '{unit}'"
                findings.add(int(here.idxmax()), column, what, f"units={{'{quantity}': '{fixed}'}}, or none")
            continue
        by_weight = quantity == "dose" and convertible(unit, "cells/kg")
        if by_weight or convertible(unit, fixed):
            result[here] = converted(values[here], unit, "cells/kg" if by_weight else fixed)
            per_kg |= here & by_weight
            if asked is None:
                how = "multiplied by the weight" if by_weight else "converted"
                wanted = f"{' or '.join(_SPELT[fixed])}; or units={{'{quantity}': '{fixed}'}} to have it {how}"
                findings.add_each(said[here].rename(column), "{value} is not a unit of this table", wanted)
            continue
        own = [findings.names.get(name, name) for name in (quantity, column)]
        accepted = f"a unit of the kind of '{fixed}'{' or cells/kg' if quantity == 'dose' else ''}"
        accepted += "" if quantity == "time" else f"; or ignore={own} to do without it"
        what = "{value} is not a unit of this table" if asked is None else f"{{value}} cannot be converted to '{fixed}'"
        findings.add_each(said[here].rename(column), what, accepted)
    return result, per_kg


def levels_in_unit(
    samples: pd.DataFrame, asked: Mapping[str, str], columns: tuple[str, ...], findings: Findings
) -> tuple[pd.DataFrame, list[str]]:
    """Return samples with levels and limits in the units asked for, by assay or for all, and what was converted."""
    notes: list[str] = []
    result = samples.copy()
    for (assay, unit), own in samples.groupby(["assay", "unit"], sort=False):
        target = asked.get(str(assay), asked.get("level"))
        if target is None or target == unit:
            continue
        if same_unit(str(unit), target):
            result.loc[own.index, "unit"] = target
            continue
        if not unit:
            result.loc[own.index, "unit"] = target
            notes.append(f"Levels of assay '{assay}' are taken to be in {target}, as told; the table does not say.")
        elif convertible(str(unit), target):
            for column in columns:
                result.loc[own.index, column] = converted(own[column], str(unit), target)
            result.loc[own.index, "unit"] = target
            notes.append(f"Levels of assay '{assay}' were converted from {unit} to {target}, as asked.")
        elif len(live := own[~own["predose"]]):  # what stands in predose rows is not looked at
            what = f"'{unit}' of assay '{assay}' cannot be converted to '{target}'"
            findings.add(int(live["row"].iloc[0]), "unit", what, f"units={{'{assay}': a unit of the kind of '{unit}'}}")
    return result, notes


def one_spelling(samples: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return samples with one spelling of the unit of each assay, its first, and what was found to be the same."""
    notes: list[str] = []
    result = samples.copy()
    for assay, own in samples[samples["unit"] != ""].groupby("assay", sort=False):
        first, *others = own["unit"].unique()
        if same := [unit for unit in others if same_unit(unit, first)]:
            result.loc[own.index[own["unit"].isin(same)], "unit"] = first
            notes.append(f"Units of assay '{assay}' that are the same: {', '.join([first, *same])}; called {first}.")
    return result, notes


@cache
def _registry() -> "UnitRegistry[Any]":
    import pint  # a second of work, which most tables do not need

    registry: UnitRegistry[Any] = pint.UnitRegistry()
    registry.define("cell = [cell_count] = _ = cells")
    registry.define("copy = [copy_count] = _ = copies = cp")
    return registry


@cache
def _parsed(unit: str) -> Any:
    plain = _OF_DNA.sub("", unit.strip())
    if not _FORM.fullmatch(plain):
        return None
    for text in (plain, plain.lower()):
        try:
            return _registry().Quantity(re.sub(r"(?<=[A-Za-z])(?<![0-9][eE])([23])(?![0-9])", r"**\1", text))
        except Exception:  # noqa: S112  pint and its parser raise a dozen kinds
            continue
    return None


@cache
def _factor(unit: str, target: str) -> float | None:
    one, other = _parsed(unit), _parsed(target)
    if one is None or other is None or one.dimensionality != other.dimensionality:
        return None
    factor = float((one / other).to_base_units().magnitude)
    return float(f"{factor:.12g}") if np.isfinite(factor) and factor > 0 else None
