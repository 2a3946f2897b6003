"""The examples in the docstrings of this room run."""

import doctest
import importlib
import pkgutil

import pytest

import cartmodel.reporting

MODULES = [module.name for module in pkgutil.iter_modules(cartmodel.reporting.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"cartmodel.reporting.{name}")).failed == 0
