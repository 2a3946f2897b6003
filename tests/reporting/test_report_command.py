"""What `cartmodel report` says to a user's mistake."""

import sys
from pathlib import Path

import pytest

from cartmodel.cli import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), ("nowhere", "not a readable fit")),
        (("run", "--context", "bad.toml"), ("2 problems", "question: unknown name", "model_risk.rating: 'tiny'")),
        (("run", "--context", "no.toml"), ("no.toml",)),
        (("run", "--escalation", "bad.csv"), ("'yesterday' is not a date", "dose_level")),
        (("run", "--trial", "liu2022_cart_ball"), ("digests differ",)),
        (("run", "--trial", "cd7_scc"), ("did you mean 'cd7_ssc'",)),
        (("run", "--other", "nowhere"), ("nowhere",)),
        (("run", "--out", "run"), ("--overwrite",)),
    ],
)
def test_mistakes_end_with_one_message_and_nothing_written(
    work: Path,
    arguments: tuple[str, ...],
    said: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(work)
    where = () if "--out" in arguments else ("--out", "new")
    monkeypatch.setattr(sys, "argv", ["cartmodel", "report", *arguments, *where])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert all(part in told for part in said), told
    assert "Traceback" not in told
    assert not (work / "new").exists()
