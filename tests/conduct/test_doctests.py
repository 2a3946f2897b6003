"""The examples in the docstrings of the rooms decision and conduct, and of the figures of a trial under way."""

import doctest
import importlib
import pkgutil

import pytest

import cartmodel.conduct
import cartmodel.decision

MODULES = sorted(
    f"{room.__name__}.{found.name}"
    for room in (cartmodel.conduct, cartmodel.decision)
    for found in pkgutil.iter_modules(room.__path__)
)


@pytest.mark.parametrize("name", [*MODULES, "cartmodel.plots.advice_by_dose", "cartmodel.plots.advice_timeline"])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
