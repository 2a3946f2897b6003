"""Blocks: the same answer for any size, order and number of workers; resumed after an interruption; never mixed."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cartmodel.escalation import boin
from cartmodel.virtual import load_virtual_scenario, simulate_trials, study
from cartmodel.virtual.block import read_block

DESIGNS = {"3+3": "nct06871644", "BOIN": partial(boin.boin, 0.25), "TITE": "tite-boin: max_patients = 9"}
TRIALS = 45


@pytest.fixture(scope="module")
def scenario():
    return load_virtual_scenario("exposure-only")


@pytest.fixture(scope="module")
def known(scenario):
    done = simulate_trials(scenario, DESIGNS, trials=TRIALS, records=True, block=TRIALS, progressbar=False)
    return {name: one.digest for name, one in done.items()}


def digests(scenario, **settings) -> dict[str, str]:
    done = simulate_trials(scenario, DESIGNS, trials=TRIALS, records=True, progressbar=False, **settings)
    return {name: one.digest for name, one in done.items()}


@pytest.mark.parametrize("block", [7, 20])
def test_the_size_of_blocks_changes_nothing(scenario, known, block: int) -> None:
    assert digests(scenario, block=block) == known


def test_more_trials_begin_with_the_same_ones(scenario) -> None:
    few, more = (simulate_trials(scenario, ["boin"], trials=trials, progressbar=False)["boin"] for trials in (20, 50))
    np.testing.assert_array_equal(few.block.arrays["mtd"], more.block.arrays["mtd"][:20])


def test_another_seed_gives_other_trials(scenario, known) -> None:
    assert not set(digests(scenario, random_seed=2).values()) & set(known.values())


def test_an_interrupted_study_goes_on(scenario, known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, run, calls = tmp_path / "new" / "blocks", study.run_block, []

    def killed(*args, **kwargs):
        calls.append(args[3])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(*args, **kwargs)

    monkeypatch.setattr(study, "run_block", killed)
    with pytest.raises(KeyboardInterrupt):
        digests(scenario, block=15, out=folder)
    written = sorted(folder.rglob("*.npz"))
    assert len(written) == 2 * len(DESIGNS)
    (folder / written[0].name).parent.mkdir(exist_ok=True)
    written[0].write_bytes(written[0].read_bytes()[:-200])  # a block that was cut off
    told = written[1].with_suffix(".json")
    told.write_text(json.dumps(json.loads(told.read_text()) | {"digest": "0"}))  # one that is not what was written
    written[2].with_suffix(".json").unlink()
    assert read_block(written[0]) is read_block(written[1]) is read_block(written[2]) is None
    calls.clear()
    monkeypatch.setattr(study, "run_block", lambda *a, **k: (calls.append(a[3]), run(*a, **k))[1])
    assert digests(scenario, block=15, out=folder) == known
    assert set(calls) == set(range(0, TRIALS, 15))
    calls.clear()
    assert digests(scenario, block=15, out=folder) == known
    assert calls == []


def test_a_folder_holds_one_study(scenario, tmp_path: Path) -> None:
    first = partial(simulate_trials, trials=10, out=tmp_path / "it", progressbar=False)
    first(scenario, {"BOIN": "boin"})
    for change, settings in {
        "designs": {"designs": {"BOIN": "boin: target = 0.25"}},
        "seed": {"random_seed": 2},
        "scenario": {"scenario": scenario.model_copy(update={"stagger": 8.0})},
        "records": {"records": True},
    }.items():
        with pytest.raises(ValueError, match=f"holds another study .*{change}"):
            first(**({"scenario": scenario, "designs": {"BOIN": "boin"}} | settings))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="not an empty folder"):
        simulate_trials(scenario, ["boin"], trials=1, out=tmp_path / "full", progressbar=False)


@pytest.mark.filterwarnings("ignore")  # of the cluster's event loop and sockets
def test_two_workers_give_the_same_digest(scenario, known, tmp_path: Path) -> None:
    assert digests(scenario, block=15, workers=2, out=tmp_path / "it") == known
    with pytest.raises(ValueError, match="cannot be sent to a worker"):
        simulate_trials(scenario, {"closure": boin.boin()}, trials=4, workers=2, progressbar=False)


def test_mistakes_are_named(scenario) -> None:
    with pytest.raises(ValueError, match="0 trials"):
        simulate_trials(scenario, ["boin"], trials=0)
    with pytest.raises(ValueError, match="no design"):
        simulate_trials(scenario, [], trials=1)
    with pytest.raises(ValueError, match="unexpected keyword argument 'targets'"):
        simulate_trials(scenario, ["boin: targets = 0.3"], trials=1)
    with pytest.raises(ValueError, match="accepted: a design, its name"):
        simulate_trials(scenario, {"it": 3}, trials=1)
