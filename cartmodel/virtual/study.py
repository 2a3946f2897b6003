"""Simulate thousands of virtual trials in blocks: in this process, or on Dask workers; resumable."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cartmodel.virtual.block import Block, read_block, run_block, write_block
from cartmodel.virtual.cluster import Done, Task, on_dask
from cartmodel.virtual.designs import made_of
from cartmodel.virtual.folder import about_study, block_path, check_folder, claim
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.trials import VirtualTrials, merged


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
    made = {name: made_of(recipe, scenario.doses) for name, recipe in recipes.items()}
    folder = Path(out) if out is not None else None
    places = range(0, trials, block)
    about = about_study(scenario, made, trials, random_seed, records, block) if folder is not None else {}
    if folder is not None:
        check_folder(folder, about)
    found: dict[str, dict[int, Block]] = {name: {} for name in made}
    tasks: list[Task] = []
    for first in places:
        for name in made:
            kept = read_block(block_path(folder, name, first)) if folder is not None else None
            if kept is not None:
                found[name][first] = kept
        missing = tuple(name for name in made if first not in found[name])
        if missing:
            tasks.append((first, min(block, trials - first), missing))
    with _progress(len(places), len(places) - len(tasks), progressbar) as advance:
        parallel = bool(tasks) and (workers > 1 or scheduler is not None)
        work = (
            on_dask(scenario, recipes, random_seed, records, tasks, workers, scheduler)
            if parallel
            else _here(scenario, made, random_seed, records, tasks)
        )
        for (first, _, _), blocks in work:
            for name, one in blocks.items():
                if folder is not None:
                    claim(folder, about, block_path(folder, name, first).parent)
                    write_block(one, block_path(folder, name, first))
                found[name][first] = one
            advance()
    return {
        name: VirtualTrials(scenario, name, random_seed, merged([blocks[first] for first in places]))
        for name, blocks in found.items()
    }


def _here(
    scenario: VirtualScenario, made: Mapping[str, Any], seed: int, records: bool, tasks: list[Task]
) -> Generator[Done]:
    for task in tasks:
        first, size, names = task
        yield task, run_block(scenario, {name: made[name] for name in names}, seed, first, size, records)


@contextmanager
def _progress(total: int, done: int, shown: bool) -> Generator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    errors = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=errors, disable=not (shown and errors.is_terminal)) as bar:
        task = bar.add_task("Blocks of virtual trials", total=total, completed=done)
        yield lambda: bar.advance(task)
