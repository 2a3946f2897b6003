"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

from cartmodel import virtual

MODULES = [module.name for module in pkgutil.iter_modules(virtual.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"cartmodel.virtual.{name}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
