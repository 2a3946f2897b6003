"""The commands designs and oc as a user meets them."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from cartmodel.cli import app
from cartmodel.errors import CartmodelError

RUN = CliRunner()


def test_designs_are_listed_and_shown() -> None:
    listed = RUN.invoke(app, ["designs"]).output
    assert all(name in listed for name in ("nct06871644", "boin12", "tite-crm", "blrm-cd7"))
    shown = RUN.invoke(app, ["designs", "boin", "--set", "target=0.25", "--patients", "3", "--patients", "6"]).output
    assert "DU" in shown
    assert "kept in all" in shown
    assert "protocol_action" in shown
    other = RUN.invoke(app, ["designs", "boin12"]).output
    assert "decides from efficacy" in other
    assert "kept in a sample of" in other


def test_operating_characteristics_are_those_of_the_domain_file(tmp_path: Path) -> None:
    out = tmp_path / "oc"
    done = RUN.invoke(app, ["oc", "nct06871644", "boin", "--per-month", "1", "--out", str(out)])
    assert done.exit_code == 0, done.output
    for number in ("0.0991", "0.3875", "0.5348", "0.1469"):
        assert number in done.output
    table = pd.read_csv(out / "operating_characteristics.csv")
    assert {"months_mean", "months_90"} <= set(table.columns)
    assert (out / "operating_characteristics.png").stat().st_size > 10_000


def test_the_audit_says_how_often_the_text_is_silent(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["oc", "--audit", "--not-evaluable", "0.1", "--out", str(tmp_path / "audit")])
    assert done.exit_code == 0, done.output
    for part in ("in 28% of trials", "in 83% of trials", "in 99% of trials", "(G7)", "ask for the protocol"):
        assert part in done.output, part
    assert len(pd.read_csv(tmp_path / "audit" / "readings.csv")) == 3 * 24


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["designs", "bion"], "did you mean 'boin'"),
        (["oc", "--truth", "a,b"], "accepted: probabilities from 0 to 1"),
        (["oc", "--truth", "0.1,1.2"], "accepted: probabilities from 0 to 1"),
        (["oc", "boin12"], "accepted: designs that decide from counts"),
        (["oc", "--set", "target"], "name=value in TOML"),
    ],
)
def test_mistakes_are_told_in_one_message(arguments: list[str], message: str) -> None:
    done = RUN.invoke(app, arguments)
    assert done.exit_code != 0
    assert isinstance(done.exception, (CartmodelError, ValueError))
    assert message in str(done.exception)


def test_all_mistakes_of_a_command_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    arguments = ["oc", "bion", "boin12", "--truth", "0.1,1.2", "--truth", "x", "--set", "target", "--out"]
    done = RUN.invoke(app, [*arguments, str(tmp_path / "full")])
    told = str(done.exception)
    for part in (
        "--truth 0.1,1.2",
        "--truth x",
        "--set target",
        "bion",
        "boin12: decides from efficacy",
        "not an empty",
    ):
        assert part in told, told
    arguments = [
        "escalate",
        "conduct_example",
        "--design",
        "bion",
        "--policy",
        "G2",
        "--policy",
        "G11=1",
        "--target",
        "2",
    ]
    told = str(RUN.invoke(app, [*arguments, "--window", "400", "--out", str(tmp_path / "full")]).exception)
    for part in ("bion", "policy 'G2'", "target = 2", "window = 400", "not an empty folder"):
        assert part in told, told
