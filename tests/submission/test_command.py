"""`cartmodel check` and `cartmodel export` on tables of other forms: what is shown, written, refused."""

import sys
from pathlib import Path

import pytest
from trial.forms import NONMEM, PLAIN, written

from cartmodel.cli.app import main
from cartmodel.trial import read_trial

TOLD = [
    "--map", "DVID=1=qpcr", "--map", "DVID=2=flow",
    "--unit", "time=day", "--unit", "dose=cells", "--unit", "qpcr=copies/ug", "--unit", "flow=cells/uL",
]  # fmt: skip


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Return exit code, output and messages of a command."""
    import cartmodel.cli.tables  # noqa: F401  registers the commands

    monkeypatch.setattr(sys, "argv", ["cartmodel", *map(str, words)])
    monkeypatch.setattr("warnings.showwarning", print)
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_check_shows_the_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "nm.csv", NONMEM)
    code, out, notes = run(monkeypatch, capsys, "check", path, *TOLD)
    assert code == 0
    assert "nm: 3 patients, 5 samples, 40.0% BLQ (flow in cells/uL; qpcr in copies/ug). No problems found." in out
    rows = [line.split() for line in out.splitlines()]
    assert ["nm", "DV", "level", "data", "set", "convention"] in rows
    assert ["nm", "AGE", "age", "covariate"] in rows
    assert "never taken as 0: 1 (row 8)" in notes


def test_check_of_a_wrong_table_is_one_list_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, problems = run(monkeypatch, capsys, "check", written(tmp_path, "nm.csv", NONMEM))
    assert (code, out) == (2, "")
    assert "3 problems" in problems
    assert "Traceback" not in problems
    code, _, problems = run(monkeypatch, capsys, "check", tmp_path / "nm.csv", "--map", "DVID")
    assert code == 2
    assert "--map DVID; accepted: two names and an equals sign" in problems


def test_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = written(tmp_path, "trial.csv", PLAIN), tmp_path / "adpc.xpt"
    code, answer, _ = run(monkeypatch, capsys, "export", path, "--form", "adpc", "--out", out)
    assert code == 0
    assert "Read back, it is the same trial." in answer
    assert read_trial(out).digest == read_trial(path).digest
    before = out.read_bytes()
    code, _, problem = run(monkeypatch, capsys, "export", path, "--form", "nonmem", "--out", out)
    assert code == 2
    assert "is there already; accepted: a new file, or --overwrite" in problem
    assert out.read_bytes() == before
    code, _, problem = run(monkeypatch, capsys, "export", path, "--form", "sdtm", "--out", tmp_path / "x.csv")
    assert code == 2
    assert "unknown form 'sdtm'" in problem
