"""Benchmarks are scripts, not a package: the tests find their modules as the scripts find each other."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
