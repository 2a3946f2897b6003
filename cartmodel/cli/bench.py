"""The command that races samplers on a trial."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import cartmodel as cm
from cartmodel.cli.app import (
    DropAlqOption,
    DropOption,
    ExampleSeed,
    IgnoreOption,
    MapOption,
    ModelOption,
    OverwriteOption,
    TableArgument,
    UnitOption,
    app,
    console,
    free,
    read,
    say,
    together,
)
from cartmodel.registry import nearest

_SAME_DENSITY = ("nutpie", "nutpie-low-rank", "laplace", "advi", "pathfinder")  # or no check of any


@app.command()
def bench(
    table: TableArgument = "cd7_ssc",
    model: ModelOption = "cd7-ssc",
    sampler: Annotated[
        list[str] | None, typer.Option(help="A sampler to race; may be repeated. Default: nutpie and pymc.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each sampler, with seeds 1, 2, ...")] = 3,
    draws: Annotated[int, typer.Option(min=10, help="Draws a chain, after as many of warm-up.")] = 1000,
    cores: Annotated[int, typer.Option(min=1, help="Chains that run at once.")] = 2,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds after which a run is ended.")] = 900.0,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the table and the figure.")] = Path("race"),
    example_seed: ExampleSeed = None,
    mapping: MapOption = None,
    units: UnitOption = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    drop_alq: DropAlqOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Race samplers on the posterior of a trial: seconds, effective draws, and whether they agree.

    A run of nutpie with ten times the draws gives the reference answers; a sampler that fails is a row with its error.
    nutpie agreeing with itself says nothing of the compiled density: samplers of PyMC's graph, and Stan, check it.
    """
    from cartmodel.inference.samplers import Sampling
    from cartmodel.racing.posteriors import Posterior
    from cartmodel.racing.race import race
    from cartmodel.racing.reference import make_reference
    from cartmodel.racing.results import race_markdown, write_race

    names = sampler or ["nutpie", "pymc"]
    for name in names:
        if name not in cm.samplers:
            raise cm.UnknownNameError(f"unknown sampler '{name}': {nearest(name, cm.samplers)}")
    free(out, overwrite)
    trial = read(table, example_seed, ignore, drop_blq, drop_alq=drop_alq, mapping=mapping, units=units)
    spec = cm.load_model(model)
    together(trial, spec)
    settings = Sampling(draws, draws, 4, cores, 0.85, progressbar=False)
    out.mkdir(parents=True, exist_ok=True)  # now, so that a folder that cannot be made costs no race
    posterior = Posterior(trial.name, trial, spec)
    say("A long run for the reference answers")
    reference = make_reference(posterior, draws=10 * draws, tune=2 * draws, random_seed=seeds + 1, cores=cores)
    if not reference.passed:
        say("Warning: the long run missed a criterion; agreement with it means little")
    posterior = replace(posterior, reference=reference.table)
    rows = race([posterior], names, seeds=range(1, seeds + 1), sampling=settings, time_limit=time_limit, say=say)
    written = write_race(rows, out)
    console().print(Text(race_markdown(rows)))
    others = [name for name in names if name not in _SAME_DENSITY]
    checked = f"{', '.join(others)} checked it" if others else "no sampler here checked it: add --sampler pymc"
    say(f"The reference is nutpie's, on the compiled density; {checked}")
    console().print(Text("Written: " + ", ".join(str(path) for path in written)))
