"""docs/escalation.md says what the code does: its commands give what they show, its examples run."""

import doctest
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cartmodel.cli import app
from cartmodel.escalation.policies import GAPS
from cartmodel.escalation.settings import list_designs

PAGE = Path(__file__).parents[2] / "docs" / "escalation.md"
BLOCKS = re.findall(r"```console\n\$ cartmodel ([^\n]*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_commands_give_what_the_page_shows(command: str, shown: str) -> None:
    found = CliRunner().invoke(app, command.split())
    assert found.exit_code == 0
    lines = [line.rstrip() for line in found.stdout.strip().splitlines()]
    assert [line.rstrip() for line in shown.strip().splitlines()] == lines, (
        "run the command, put its answer in the page"
    )


def test_examples_run() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted >= 5
    assert found.failed == 0


def test_every_design_and_every_gap_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"**{name}**" in text for name in list_designs())
    assert all(f"({gap})" in text and gap_.question in text for gap, gap_ in GAPS.items())
