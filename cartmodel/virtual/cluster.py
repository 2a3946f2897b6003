"""Blocks of virtual trials on Dask workers, of this machine or of any scheduler."""

from collections.abc import Generator, Mapping
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any
from warnings import warn

from cartmodel.errors import CartmodelError, CartmodelWarning
from cartmodel.virtual.block import Block, run_block
from cartmodel.virtual.designs import made_of
from cartmodel.virtual.folder import versions
from cartmodel.virtual.scenario import VirtualScenario

type Task = tuple[int, int, tuple[str, ...]]
"""First trial, how many, and the designs."""
type Done = tuple[Task, dict[str, Block]]

_RETRIES = 5  # of a block whose worker was killed
_AT_A_TIME = 64  # blocks that a cluster knows of, each with its scenario


def run_recipes(
    scenario: VirtualScenario,
    recipes: Mapping[str, Any],
    seed: int,
    first: int,
    trials: int,
    records: bool,
    wanted: Mapping[str, str],
) -> dict[str, Block]:
    """Return a block on a worker, which makes the designs itself; the worker must have the client's versions.

    Raises
    ------
    ValueError
        If it has others, whose numbers may differ.
    """
    mine = versions()
    differ = [name for name in mine if mine[name] != wanted[name]]
    if differ:
        has, needs = (", ".join(f"{name} {of[name]}" for name in differ) for of in (mine, wanted))
        raise ValueError(f"a worker has {has}; accepted: {needs}, as here: other versions may give other numbers")
    made = {name: made_of(recipe, scenario.doses) for name, recipe in recipes.items()}
    return run_block(scenario, made, seed, first, trials, records)


def on_dask(
    scenario: VirtualScenario,
    recipes: Mapping[str, Any],
    seed: int,
    records: bool,
    tasks: list[Task],
    workers: int,
    scheduler: str | None,
) -> Generator[Done]:
    """Return the blocks of some tasks as Dask's workers finish them: those of a scheduler, or processes made here.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If a design cannot be sent, or a worker has other versions.
    CartmodelError
        If the cluster is lost, or its workers die on a block.
    """
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
    here, waiting = versions(), iter(tasks)
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
                        here,
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
