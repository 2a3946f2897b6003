"""The command line: every subcommand calls one public function."""

from cartmodel.cli import bench, fits, tables  # which register their commands
from cartmodel.cli.app import app, main

__all__ = ["app", "bench", "fits", "main", "tables"]
