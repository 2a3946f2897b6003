"""Simulate thousands of virtual trials in blocks: in this process, or on Dask workers; resumable."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any
from warnings import warn

from cartmodel.errors import CartmodelError, CartmodelWarning
from cartmodel.virtual.block import Block, read_block, run_block, write_block
from cartmodel.virtual.designs import design_of, fingerprint
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.trials import VirtualTrials, merged

type Task = tuple[int, int, tuple[str, ...]]
type Done = tuple[Task, dict[str, Block]]

_RETRIES = 5  # of a block whose worker was killed
_AT_A_TIME = 64  # blocks that a cluster knows of, each with its scenario


def simulate_trials(
    scenario: VirtualScenario,
    designs: Mapping[str, Any] | Iterable[str],
    *,
    trials: int,
    random_seed: int = 1,
    records: bool = False,
    block: int = 2_000,
    workers: int = 1,
    scheduler: str | None = None,
    out: str | Path | None = None,
    progressbar: bool = True,
) -> dict[str, VirtualTrials]:
    """Return virtual trials of a scenario under each of some designs, all on the same virtual patients.

    Patient j of trial k has the same arrival, product, kinetics, tolerance, and time of leaving under every design, and
    at each dose one outcome. Random numbers belong to the seed, the trial, the patient and the purpose, so the answer
    does not depend on the number of workers, the size of the blocks or their order.

    Parameters
    ----------
    scenario : VirtualScenario
        From `load_virtual_scenario`.
    designs : mapping of str to design, or names
        A design is any object with ``decide``: of counts, of a `DatedState`, or of a `TrialSoFar` (said by the
        annotation of its argument); or the name of a known one with its settings (``"boin: target = 0.25"``); or a
        function without arguments that returns one, such as ``partial(boin, 0.25)``. Names alone stand for themselves.
    trials : int
        How many.
    random_seed : int
        The same seed gives the same trials.
    records : bool
        Simulate exposures, outcomes and all samples of each patient too. Without it, they are made when asked for
        (`VirtualTrials.table`), and are the same.
    block : int
        Trials that are simulated at once.
    workers : int
        Processes on this machine, by Dask if more than 1.
    scheduler : str, optional
        Address of a Dask scheduler, instead of processes on this machine. Its workers need this version of cartmodel,
        NumPy and SciPy, and no file: scenario, model and fit go to them, and blocks come back, over the wire.
    out : path, optional
        A folder for the blocks. Where it holds blocks of the same study, only the missing ones are simulated.
    progressbar : bool
        Show progress on a terminal.

    Raises
    ------
    ValueError
        If a number is not positive, the folder holds another study, a design cannot be sent to a worker, or a worker
        has other versions.
    CartmodelError
        If the cluster is lost, or its workers die on a block: what was written stays, and the same call goes on.
    UnknownNameError
        If no design has a name.
    ImportError
        If Dask is asked for and not installed.

    Examples
    --------
    >>> from cartmodel.virtual import load_virtual_scenario, simulate_trials
    >>> done = simulate_trials(load_virtual_scenario("flat"), ["nct06871644", "boin"], trials=200, progressbar=False)
    >>> done["boin"].trials
    200
    """
    if trials < 1 or block < 1 or workers < 1 or random_seed < 0:
        raise ValueError(
            f"{trials} trials, blocks of {block}, {workers} workers, seed {random_seed}; accepted: 1 or more, seed 0 or"
            " more"
        )
    recipes = dict(designs) if isinstance(designs, Mapping) else {name: name for name in designs}
    if not recipes:
        raise ValueError("no design; accepted: one or more")
    made = {name: made_of(recipe, scenario) for name, recipe in recipes.items()}
    folder = Path(out) if out is not None else None
    places = range(0, trials, block)
    about = _about(scenario, made, trials, random_seed, records, block) if folder is not None else {}
    if folder is not None:
        _check(folder, about)
    found: dict[str, dict[int, Block]] = {name: {} for name in made}
    tasks: list[Task] = []
    for first in places:
        for name in made:
            kept = read_block(_path(folder, name, first)) if folder is not None else None
            if kept is not None:
                found[name][first] = kept
        missing = tuple(name for name in made if first not in found[name])
        if missing:
            tasks.append((first, min(block, trials - first), missing))
    with _progress(len(places), len(places) - len(tasks), progressbar) as advance:
        parallel = bool(tasks) and (workers > 1 or scheduler is not None)
        work = (
            _on_dask(scenario, recipes, random_seed, records, tasks, workers, scheduler)
            if parallel
            else _here(scenario, made, random_seed, records, tasks)
        )
        for (first, _, _), blocks in work:
            for name, one in blocks.items():
                if folder is not None:
                    _claim(folder, about, _path(folder, name, first).parent)
                    write_block(one, _path(folder, name, first))
                found[name][first] = one
            advance()
    return {
        name: VirtualTrials(scenario, name, random_seed, merged([blocks[first] for first in places]))
        for name, blocks in found.items()
    }


def made_of(recipe: Any, scenario: VirtualScenario) -> Any:
    """Return the design of a recipe: itself, by its name and settings, or what a function returns."""
    if isinstance(recipe, str):
        return design_of(recipe, scenario.doses)
    if hasattr(recipe, "decide") and not isinstance(recipe, type):
        return recipe
    if callable(recipe):
        return recipe()
    raise ValueError(f"design {recipe!r}; accepted: a design, its name, or a function that returns it")


def _about(
    scenario: VirtualScenario, made: Mapping[str, Any], trials: int, seed: int, records: bool, block: int
) -> dict[str, Any]:
    return {
        "study": "SIMULATED virtual trials",
        "scenario": scenario.digest,
        "name": scenario.name,
        "designs": {name: fingerprint(made[name], len(scenario.doses), scenario.start) for name in sorted(made)},
        "trials": trials,
        "seed": seed,
        "records": records,
        "block": block,
        **_versions(),
    }


def _claim(folder: Path, about: dict[str, Any], place: Path) -> None:
    """Make the folder of a study, now that there is something to keep in it."""
    place.mkdir(parents=True, exist_ok=True)
    if not (folder / "study.json").exists():
        (folder / "study.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _check(folder: Path, about: dict[str, Any]) -> None:
    """Refuse a folder that is not free, and holds another study than this."""
    path = folder / "study.json"
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        differ = [key for key in about if held.get(key) != about[key]]
        if differ:
            raise ValueError(f"{folder} holds another study ({', '.join(differ)} differ); accepted: a new folder")
        return
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not an empty folder; accepted: a new folder, or that of the same study")


def _path(folder: Path, name: str, first: int) -> Path:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40]
    return folder / f"{plain}-{sha256(name.encode()).hexdigest()[:8]}" / f"block-{first:09d}.npz"


def _here(
    scenario: VirtualScenario, made: Mapping[str, Any], seed: int, records: bool, tasks: list[Task]
) -> Generator[Done]:
    for task in tasks:
        first, size, names = task
        yield task, run_block(scenario, {name: made[name] for name in names}, seed, first, size, records)


def run_recipes(
    scenario: VirtualScenario,
    recipes: Mapping[str, Any],
    seed: int,
    first: int,
    trials: int,
    records: bool,
    versions: Mapping[str, str],
) -> dict[str, Block]:
    """Return a block on a worker, which makes the designs itself; the worker must have the client's versions.

    Raises
    ------
    ValueError
        If it has others, whose numbers may differ.
    """
    mine = _versions()
    if mine != versions:
        other = ", ".join(f"{name} {mine[name]}" for name in mine if mine[name] != versions[name])
        wanted = ", ".join(f"{name} {versions[name]}" for name in mine if mine[name] != versions[name])
        raise ValueError(f"a worker has {other}; accepted: {wanted}, as here: other versions may give other numbers")
    made = {name: made_of(recipe, scenario) for name, recipe in recipes.items()}
    return run_block(scenario, made, seed, first, trials, records)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "cartmodel")}


def _on_dask(
    scenario: VirtualScenario,
    recipes: Mapping[str, Any],
    seed: int,
    records: bool,
    tasks: list[Task],
    workers: int,
    scheduler: str | None,
) -> Generator[Done]:
    try:
        from distributed import Client, KilledWorker, LocalCluster, as_completed
        from distributed.protocol import dumps
    except ImportError as error:
        raise ImportError("more than one worker needs Dask: pip install 'cartmodel[dask]'") from error
    for name, recipe in recipes.items():
        try:
            dumps(recipe, on_error="raise")
        except Exception as error:  # whatever a design holds; to the user they are one
            raise ValueError(
                f"design '{name}' cannot be sent to a worker ({error}); accepted: its name with settings, such as "
                "'boin: target = 0.25', or a function that returns it, such as partial(boin, 0.25)"
            ) from error
    scenario.kinetics.read()  # workers may not have the files
    settings: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    local = LocalCluster(**settings, silence_logs=40) if scheduler is None else None
    versions, waiting = _versions(), iter(tasks)
    try:
        with Client(local if local is not None else scheduler, set_as_default=False) as client:
            if scheduler is not None and not client.scheduler_info()["workers"]:
                warn(f"the scheduler at {scheduler} has no workers yet: waiting", CartmodelWarning, stacklevel=4)

            def submitted(some: int) -> dict[Any, Task]:
                return {
                    client.submit(
                        run_recipes,
                        scenario,
                        {name: recipes[name] for name in task[2]},
                        seed,
                        task[0],
                        task[1],
                        records,
                        versions,
                        pure=False,
                        retries=_RETRIES,
                    ): task
                    for task in islice(waiting, some)
                }

            sent = submitted(_AT_A_TIME)
            finished = as_completed(list(sent), loop=client.loop)
            for future in finished:
                task = sent.pop(future)  # so that the cluster forgets the block
                try:
                    blocks = future.result()
                except (KilledWorker, CancelledError, ModuleNotFoundError) as error:
                    raise CartmodelError(_lost(error, task)) from error
                more = submitted(1)
                sent |= more
                finished.update(list(more))
                yield task, blocks
    finally:
        if local is not None:
            local.close()


def _lost(error: Exception, task: Task) -> str:
    what = f"trials {task[0]} to {task[0] + task[1] - 1} (from 0)"
    kept = "blocks that were written are kept: run it again with the same folder"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{what}: a worker has no module '{error.name}'; accepted: workers with this version of cartmodel and Dask"
        )
    if isinstance(error, CancelledError):
        return f"{what}: the scheduler went away ({error}); {kept}"
    return f"{what}: every worker that took them died, perhaps for want of memory; {kept}, or with smaller blocks"


@contextmanager
def _progress(total: int, done: int, shown: bool) -> Generator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    errors = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=errors, disable=not (shown and errors.is_terminal)) as bar:
        task = bar.add_task("Blocks of virtual trials", total=total, completed=done)
        yield lambda: bar.advance(task)
