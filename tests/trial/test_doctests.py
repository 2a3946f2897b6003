"""The examples in the docstrings of the rooms of the data run and say what they print."""

import doctest
import importlib
import pkgutil

import pytest

ROOMS = {"trial": 21, "endpoints": 77, "noncompartmental": 47, "description": 17, "submission": 23}
"""The rooms, and how many examples they have at least: none must be lost without a word."""


@pytest.mark.parametrize("room", ROOMS)
def test_the_examples_run(room: str) -> None:
    package = importlib.import_module(f"cartmodel.{room}")
    names = [each.name for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    flags = doctest.NORMALIZE_WHITESPACE
    results = [doctest.testmod(importlib.import_module(name), optionflags=flags) for name in names]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= ROOMS[room]
