"""Readings of a protocol's gaps as a user names them: by gap or by field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from cartmodel.escalation.policies import GAPS, Policies
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.registry import nearest

_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False, "none": None}
FIELDS = tuple(field.name for field in fields(Policies))
OF_THE_CALENDAR = ("stagger", "late_dlt_counts", "outside_dlts", "completed_early")
"""The fields that any design can be conducted by."""


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
    return replace(rule, policies=read_as(rule.policies, given))


def read_as(policies: Policies, given: Mapping[str, Any], *, only: Sequence[str] = FIELDS) -> Policies:
    """Return policies changed as given, by gap or by field.

    Parameters
    ----------
    policies : Policies
        Before.
    given : mapping
        The changes.
    only : sequence of str
        The fields that may be changed.

    Raises
    ------
    ValueError
        With everything that is wrong, a line each.

    Examples
    --------
    >>> read_as(Policies(), {"stagger": 14}).stagger
    14.0
    """
    changes: dict[str, Any] = {}
    wrong: list[str] = []
    for name, value in given.items():
        field = GAPS[name.upper()].policy if name.upper() in GAPS else name
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if field not in FIELDS:
            wrong.append(f"unknown policy '{name}': {nearest(name, (*GAPS, *FIELDS))}")
        elif field not in only:
            wrong.append(f"policy '{name}' belongs to a 3+3; accepted: {', '.join(only)}")
        elif field == "stagger" and not number:
            wrong.append(f"stagger = {value!r} (G9); accepted: days, 0 or more")
        else:
            changes[field] = float(value) if field == "stagger" else value
    try:
        changed = replace(policies, **changes)
    except ValueError as error:
        wrong += str(error).splitlines()
        changed = policies
    if wrong:
        raise ValueError("\n".join(wrong))
    return changed


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
    wrong: list[str] = []
    for text in texts:
        name, mark, value = text.partition("=")
        if mark and name.strip() and value.strip():
            found[name.strip()] = _value(value.strip())
        else:
            wrong.append(f"policy '{text}'; accepted: a name and a value, such as G2=current or stagger=14")
    if wrong:
        raise ValueError("\n".join(wrong))
    return found


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
