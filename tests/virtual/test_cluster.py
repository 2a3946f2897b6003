"""A real Dask cluster: a scheduler and two workers, each a process of its own, none of them started by the study."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest

import cartmodel as cm
from cartmodel.virtual import folder as study_folder
from cartmodel.virtual import list_virtual_scenarios, load_virtual_scenario, simulate_trials, study

DESIGNS = {"3+3": "nct06871644", "TITE": "tite-boin: max_patients = 9"}
SETTINGS = {"trials": 60, "block": 5, "progressbar": False}
CLIENT = """
import sys
from pathlib import Path
from cartmodel.virtual import load_virtual_scenario, simulate_trials, study
kept = study.write_block
def write_block(block, path):
    kept(block, path)
    Path(sys.argv[3]).touch()
    sys.stdin.read()  # killed here
study.write_block = write_block
scenario = load_virtual_scenario(sys.argv[4])
simulate_trials(scenario, {designs}, scheduler=sys.argv[1], out=sys.argv[2], **{settings})
""".replace("{designs}", repr(DESIGNS)).replace("{settings}", repr(SETTINGS))

pytestmark = pytest.mark.filterwarnings("ignore")  # of event loops and sockets that are closed by force


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address, and two workers in folders of their own."""
    tmp_path = tmp_path_factory.mktemp("cluster")
    contact, started = tmp_path / "scheduler.json", []

    def start(part: str, *options: str) -> subprocess.Popen[bytes]:
        folder = tmp_path / f"{part}-{len(started)}"
        folder.mkdir()
        with (folder / "log.txt").open("wb") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{part}", "--scheduler-file", str(contact)]
            command += ["--no-dashboard", *options]
            started.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log))
        return started[-1]

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0")
        while not contact.exists() or not contact.read_text().endswith("}"):
            assert started[0].poll() is None, "the scheduler ended"
            time.sleep(0.05)
        workers = [start("worker", "--no-nanny", "--nthreads", "1") for _ in range(2)]
        yield json.loads(contact.read_text())["address"], workers
    finally:
        for process in started:
            process.kill()
            process.wait()


def digests(scenario, **settings) -> dict[str, str]:
    done = simulate_trials(scenario, DESIGNS, **SETTINGS, **settings)
    return {name: one.digest for name, one in done.items()}


def test_workers_with_other_versions_are_refused(cluster, monkeypatch) -> None:
    monkeypatch.setattr(study_folder, "version", lambda name: "0.0" if name == "numpy" else "1.0")
    with pytest.raises(ValueError, match=r"a worker has .*numpy .*; accepted: .*numpy 0\.0"):
        digests(load_virtual_scenario("flat"), scheduler=cluster[0])


def test_a_scheduler_that_is_not_there_is_said() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(OSError, match="127\\.0\\.0\\.1:1 "),
    ):
        simulate_trials(
            load_virtual_scenario("flat"), ["boin"], trials=1, scheduler="tcp://127.0.0.1:1", progressbar=False
        )


def test_a_killed_client_and_a_killed_worker_change_nothing(cluster, tmp_path: Path, monkeypatch) -> None:
    """The scenario is a file that the workers cannot see any more: what it says goes over the wire, as blocks do."""
    address, workers = cluster
    file = tmp_path / "mine" / "scenario.toml"
    file.parent.mkdir()
    shutil.copy(cm.list_models()["cd7-ssc"], file.parent)
    text = list_virtual_scenarios()["exposure-only"].read_text()
    file.write_text(text.replace('model = "cd7-ssc"', 'model = "cd7-ssc.toml"'))
    known = digests(load_virtual_scenario(file))

    folder, written = tmp_path / "blocks", tmp_path / "written"
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, address, str(folder), str(written), str(file)], stdin=subprocess.PIPE
    )
    while not written.exists():
        assert client.poll() is None, "the client ended"
        time.sleep(0.05)
    client.kill()
    client.communicate()
    before = len(list(folder.rglob("*.json")))
    assert 1 <= before < len(DESIGNS) * 12

    kept, dead = study.write_block, []

    def write_block(block, path: Path) -> None:
        kept(block, path)
        if not dead:
            os.kill(workers[0].pid, signal.SIGKILL)
            dead.append(workers[0].wait())

    monkeypatch.setattr(study, "write_block", write_block)
    scenario = load_virtual_scenario(file)
    assert scenario.spec.name == "cd7-ssc"
    shutil.rmtree(file.parent)  # from here on nobody can read the scenario or its model
    assert digests(scenario, scheduler=address, out=folder) == known
    assert dead == [-signal.SIGKILL]
