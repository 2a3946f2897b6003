"""Commands that fit and predict."""

import sys
from pathlib import Path
from typing import Annotated, Any

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
    busy,
    console,
    free,
    read,
    say,
    together,
)
from cartmodel.registry import nearest


@app.command()
def fit(
    table: TableArgument = "cd7_ssc",
    model: ModelOption = "cd7-ssc",
    out: Annotated[Path, typer.Option("--out", "-o", help="The run folder to write.")] = Path("run"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampler.")] = 1,
    sampler: Annotated[str, typer.Option(help="nutpie, pymc, numpyro.")] = "nutpie",
    cut: Annotated[
        bool, typer.Option("--cut", help="Add a two-stage fit (kinetics, then response) and report the difference.")
    ] = False,
    chains: Annotated[int, typer.Option(min=1, help="Number of chains.")] = 4,
    cores: Annotated[int, typer.Option(min=1, help="Chains that run at once.")] = 2,
    draws: Annotated[
        int | None, typer.Option(min=1, help="Draws a chain of a single run, instead of the ladder.")
    ] = None,
    example_seed: ExampleSeed = None,
    mapping: MapOption = None,
    units: UnitOption = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    drop_alq: DropAlqOption = False,
    overwrite: OverwriteOption = False,
    log_likelihood: Annotated[
        bool, typer.Option("--log-likelihood", help="Store the pointwise log-likelihood.")
    ] = False,
    progress: Annotated[bool, typer.Option(help="Show progress bars.")] = True,
) -> None:
    """Fit a model to a trial, print what it says and cannot say, and write a run folder.

    Exit code 0: the fit can be trusted; 1: it missed a convergence gate; 2: wrong input, nothing written.
    """
    free(out, overwrite)
    trial = read(table, example_seed, ignore, drop_blq, drop_alq=drop_alq, mapping=mapping, units=units)
    spec = cm.load_model(model)
    together(trial, spec)
    if cut and spec.response is None:
        raise ValueError(f"--cut: model '{spec.name}' has no response; accepted: a model with one")
    size = f"{len(trial.subjects)} patients, {len(trial.observations)} samples"
    if sampler not in cm.samplers:
        raise cm.UnknownNameError(f"unknown sampler '{sampler}': {nearest(sampler, cm.samplers)}")
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)  # now, so that a folder that cannot be made costs no fit
    say(f"Fitting {spec.name} to {size}: compiling and sampling")
    settings: dict[str, Any] = {
        "sampler": sampler,
        "random_seed": seed,
        "chains": chains,
        "cores": cores,
        "draws": draws,
        "log_likelihood": log_likelihood,
        "progressbar": progress and sys.stderr.isatty(),  # of the sampler: two live displays would overwrite each other
        "say": say,
    }
    try:
        fitted = cm.fit(trial, spec, **settings)
        two_stage = cm.fit(trial, spec, method="cut", **settings) if cut else None
    except BaseException:
        if made:
            out.rmdir()
        raise
    cm.write_fit(fitted, out / "fit.nc")  # before anything else can go wrong
    with busy("Predicting and drawing", progress):
        summary = cm.summarise(fitted)
        cm.write_run(summary, trial, out)
    cm.print_summary(summary, console())
    if two_stage is not None:
        compared = cm.compare_fits(fitted, two_stage)
        compared.to_csv(out / "joint_against_cut.csv", index=False)
        cm.write_fit(two_stage, out / "fit_cut.nc")
        title = f"Joint against two-stage (cut) fit. {cm.diagnose(two_stage).verdict}"
        console().print(Text(f"{title}\n{compared.round(3).to_string(index=False)}\n"))
    console().print(Text(f"Written: {out}/ (fit.nc, tables as CSV, figures, summary.txt, manifest.json)"))
    if not summary.diagnosis.trusted or (two_stage is not None and not cm.diagnose(two_stage).trusted):
        raise SystemExit(1)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="A fit.nc, or a run folder.")],
    dose: Annotated[
        list[float] | None, typer.Option(help="Dose in cells; may be repeated. Default: the trial's.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="New patients for each draw.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the new patients.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the tables as CSV into this folder.")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Predict exposures, remission and DLT of new patients at any dose, from a fit on disk."""
    if out is not None:
        free(out, overwrite)
    fitted = cm.read_fit(run / "fit.nc" if run.is_dir() else run)
    new = cm.predict(fitted, dose=dose or None, n=n, random_seed=seed)
    tables = {
        "exposures": cm.exposure_table(fitted, new),
        "outcomes": cm.outcome_table(fitted, new),
        "doses": cm.compare_doses(fitted, new=new),
    }
    answers = console()
    if fitted.attrs["simulated"]:
        answers.print("SIMULATED DATA - not a real trial")
    verdict = cm.diagnose(fitted)
    if not verdict.trusted:
        answers.print(Text(verdict.verdict))
    for title, table in tables.items():
        if len(table):
            answers.print(Text(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.4g}')}"))
    if out is not None:
        from cartmodel.spreadsheets import write_csv

        out.mkdir(parents=True, exist_ok=True)
        for title, table in tables.items():
            write_csv(table.assign(trial=fitted.attrs["trial"]), out / f"{title}.csv")
