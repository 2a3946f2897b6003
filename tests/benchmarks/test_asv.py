"""Every benchmark of the asv suite runs, once for each of its parameters; asv itself need not be installed."""

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CONFIGURATION = json.loads((BENCHMARKS / "asv.conf.json").read_text(encoding="utf-8"))
PARTS = sorted((BENCHMARKS / CONFIGURATION["benchmark_dir"]).glob("[!_]*.py"))
KINDS = ("time_", "timeraw_", "peakmem_", "mem_", "track_")  # by these names asv knows them


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"suite_{path.stem}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found(owner: Any) -> Iterator[tuple[Any, str, tuple[Any, ...]]]:
    """Each benchmark of a module and of its classes: who owns it, its name, its parameters."""
    for name, member in vars(owner).items():
        if inspect.isclass(member) and inspect.ismodule(owner) and member.__module__ == owner.__name__:
            yield from found(member)
        elif name.startswith(KINDS):
            for values in product(*getattr(owner, "params", ())):
                yield owner, name, values


EACH = [(path.stem, *benchmark) for path in PARTS for benchmark in found(load(path))]


@pytest.mark.parametrize(
    ("owner", "name", "values"),
    [case[1:] for case in EACH],
    ids=["-".join([case[0], case[2], *map(str, case[3])]) for case in EACH],
)
def test_it_runs(owner: Any, name: str, values: tuple[Any, ...]) -> None:
    suite = owner() if inspect.isclass(owner) else owner
    if hasattr(suite, "setup"):
        suite.setup(*values)
    answer = getattr(suite, name)(*values)
    if name.startswith("timeraw_"):  # asv runs this code in a process of its own
        subprocess.run([sys.executable, "-c", answer], check=True)


def test_every_part_has_benchmarks() -> None:
    assert {part for part, *_ in EACH} == {"build", "curves", "designs", "gradient", "imports", "predict"}
