"""The command line: every subcommand calls one public function."""

# Importing these registers their commands.
from cartmodel.cli import bench, conduct, designs, fits, report, tables, trial_tables, virtual
from cartmodel.cli.app import app, main

__all__ = ["app", "bench", "conduct", "designs", "fits", "main", "report", "tables", "trial_tables", "virtual"]
