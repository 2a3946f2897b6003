"""Commands on models and tables: models, check, export, simulate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

import cartmodel as cm
from cartmodel.cli.app import (
    DropAlqOption,
    DropOption,
    ExampleSeed,
    IgnoreOption,
    MapOption,
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


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="Show one model: its priors and their reasons.")] = None,
) -> None:
    """List the model files, or show one."""
    answers = console()
    if name is None:
        table = Table("model", "title", "structure", "unit", box=None)
        for known in cm.list_models():
            spec = cm.load_model(known)
            table.add_row(spec.name, spec.title, spec.structure, spec.unit)
        answers.print(table)
        return
    spec = cm.load_model(name)
    table = Table(
        "parameter", "prior: median (95%)", "reason", "source", title=f"{spec.name}: {spec.title}", show_lines=True
    )
    for parameter, prior in spec.priors():
        table.add_row(*map(Text, (parameter, cm.describe(prior), prior.reason, prior.source)))
    answers.print(table)


@app.command()
def check(
    table: TableArgument,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Also check the table against a model.")] = None,
    mapping: MapOption = None,
    unit: UnitOption = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    drop_alq: DropAlqOption = False,
) -> None:
    """Check a trial, show how its columns are taken, and with --model whether that model can be fitted to it."""
    trial = read(table, example_seed, ignore, drop_blq, drop_alq=drop_alq, mapping=mapping, units=unit)
    spec = cm.load_model(model) if model is not None else None
    if spec is not None:
        together(trial, spec)
    columns = Table("table", "column", "taken as", "how", box=None)
    for name, column, taken_as, how in trial.mapping.astype(str).to_numpy().tolist():
        columns.add_row(*map(Text, (name, column, taken_as or "-", how)))
    console().print(columns)
    blq = trial.observations["blq"]
    share = f", {blq.mean():.1%} BLQ" if len(blq) else ""
    assays = "; ".join(f"{assay} in {trial.units[assay]}" for assay in trial.assays)
    size = f"{len(trial.subjects)} patients, {len(trial.observations)} samples{share}{f' ({assays})' if assays else ''}"
    text = f"{trial.name}: {size}. No problems found"
    console().print(Text(f"{text}; model '{spec.name}' can be fitted." if spec is not None else f"{text}."))


@app.command()
def export(
    table: TableArgument,
    form: Annotated[str, typer.Option("--form", "-f", help="adpc, adppk, nonmem, adpp, or folder (our own tables).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: .csv, or .xpt for SAS transport.")],
    mapping: MapOption = None,
    unit: UnitOption = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    drop_alq: DropAlqOption = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Write a trial as CDISC ADPC, ADPPK or ADPP, as a NONMEM data set, or as a folder of our own tables."""
    trial = read(table, example_seed, ignore, drop_blq, drop_alq=drop_alq, mapping=mapping, units=unit)
    losses = cm.export_trial(trial, form, out, overwrite=overwrite)
    for loss in losses:
        say(f"Note: {loss}")
    same = " Read back, it is the same trial" + (", but for what the notes say." if losses else ".")
    same = "" if form == "adpp" else same
    console().print(Text(f"Written: {out}.{same}"))


@app.command()
def simulate(
    scenario: Annotated[
        Path | None, typer.Argument(help="A scenario file; default: that of the bundled example.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the trial.")] = 1,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for trial.csv and truth.csv.")] = Path("simulated"),
    overwrite: OverwriteOption = False,
) -> None:
    """Simulate a trial from a scenario file: trial.csv, as `fit` takes it, and truth.csv."""
    truth = cm.load_scenario(scenario if scenario is not None else cm.example_path("cd7_ssc").parent / "scenario.toml")
    free(out, overwrite)
    simulated = cm.simulate_trial(truth, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    simulated.table.to_csv(out / "trial.csv", index=False)
    simulated.truth.to_csv(out / "truth.csv", index=False)
    patients, samples = simulated.table["subject"].nunique(), len(simulated.table)
    console().print(
        Text(f"SIMULATED: {patients} patients, {samples} samples, {simulated.table['blq'].mean():.1%} BLQ, in {out}/")
    )
