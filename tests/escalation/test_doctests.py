"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

from cartmodel import escalation

MODULES = [module.name for module in pkgutil.iter_modules(escalation.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"cartmodel.escalation.{name}")
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 0
    assert found.failed == 0
