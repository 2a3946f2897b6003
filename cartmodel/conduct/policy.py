"""Readings of a protocol's gaps as a user names them: by gap or by field."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from cartmodel.escalation.policies import GAPS, Policies
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.registry import nearest

_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False, "none": None}
FIELDS = tuple(field.name for field in fields(Policies))


def policies_of(rule: ThreePlusThree, given: Mapping[str, Any]) -> ThreePlusThree:
    """Return a rule under other readings, named by gap (``G2``) or by field of `Policies` (``stagger``).

    Raises
    ------
    ValueError
        If a name or a value is not known.

    Examples
    --------
    >>> policies_of(ThreePlusThree(), {"G2": "current", "stagger": 14}).policies.two_of_six
    'current'
    """
    changes: dict[str, Any] = {}
    for name, value in given.items():
        field = GAPS[name.upper()].policy if name.upper() in GAPS else name
        if field not in FIELDS:
            raise ValueError(f"unknown policy '{name}': {nearest(name, (*GAPS, *FIELDS))}")
        if field == "stagger" and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"stagger = {value!r} (G9); accepted: days, 0 or more")
        changes[field] = float(value) if field == "stagger" else value
    return replace(rule, policies=replace(rule.policies, **changes))


def parse_policies(texts: Iterable[str]) -> dict[str, Any]:
    """Return policies from texts such as ``G2=current``, ``stagger=14``, ``late_dlt_counts=on``.

    Raises
    ------
    ValueError
        If a text has no name and value.

    Examples
    --------
    >>> parse_policies(["G2=current", "stagger=14", "G10=none"])
    {'G2': 'current', 'stagger': 14, 'G10': None}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or not name.strip() or not value.strip():
            raise ValueError(f"policy '{text}'; accepted: a name and a value, such as G2=current or stagger=14")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
