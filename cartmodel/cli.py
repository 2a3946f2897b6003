"""The command line: every subcommand calls one public function."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import cartmodel as cm
from cartmodel.errors import CartmodelError, CartmodelWarning
from cartmodel.registry import nearest

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)

TableArgument = Annotated[
    str, typer.Argument(help="A trial table (CSV), or the name of a bundled example: cd7_ssc, liu2022_cart_ball.")
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="A model's name or its .toml file.")]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", help="A surplus column to ignore; may be repeated.")
]
DropOption = Annotated[bool, typer.Option("--drop-blq", help="Drop BLQ records (biased; for comparison only).")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Write into a folder that has content.")]
ExampleSeed = Annotated[
    int | None, typer.Option("--example-seed", help="Which of a bundled simulated example's trials: 1 to 11.")
]


def main() -> None:
    """Run the command line; a user's mistake ends with one message and exit code 2."""
    import warnings

    warnings.simplefilter("always", CartmodelWarning)
    warnings.showwarning = lambda message, category, *_: (
        print(f"Warning: {message}", file=sys.stderr) if issubclass(category, CartmodelWarning) else None  # noqa: T201
    )
    try:
        app()
    except (CartmodelError, ValueError, OSError) as error:
        Console(stderr=True).print(Text(str(error)), soft_wrap=True)
        raise SystemExit(2) from None


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=170)


def _read(table: str, example_seed: int | None, ignore: list[str] | None, drop_blq: bool) -> "cm.TrialData":
    named = not Path(table).exists() and table in cm.list_examples()
    if example_seed is not None and not named:
        raise ValueError("--example-seed goes with the name of a bundled simulated example, such as cd7_ssc")
    if not named and not Path(table).exists() and not Path(table).suffix:
        raise cm.UnknownNameError(f"no file or example '{table}': {nearest(table, cm.list_examples())}")
    source = cm.example_path(table, seed=example_seed) if named else Path(table)
    trial = cm.read_trial(source, drop_blq=drop_blq, ignore=ignore or ())
    for note in trial.notes:
        _say(f"Note: {note}")
    return trial


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="Show one model: its priors and their reasons.")] = None,
) -> None:
    """List the model files, or show one."""
    console = _console()
    if name is None:
        table = Table("model", "title", "structure", "unit", box=None)
        for known in cm.list_models():
            spec = cm.load_model(known)
            table.add_row(spec.name, spec.title, spec.structure, spec.unit)
        console.print(table)
        return
    spec = cm.load_model(name)
    table = Table(
        "parameter", "prior: median (95%)", "reason", "source", title=f"{spec.name}: {spec.title}", show_lines=True
    )
    for parameter, prior in spec.priors():
        table.add_row(*map(Text, (parameter, cm.describe(prior), prior.reason, prior.source)))
    console.print(table)


@app.command()
def check(
    table: TableArgument,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Also check the table against a model.")] = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
) -> None:
    """Check a trial table, and with --model whether that model can be fitted to it."""
    trial = _read(table, example_seed, ignore, drop_blq)
    spec = cm.load_model(model) if model is not None else None
    if spec is not None:
        _together(trial, spec)
    blq = trial.observations["blq"]
    share = f", {blq.mean():.1%} BLQ" if len(blq) else ""
    text = f"{trial.name}: {len(trial.subjects)} patients, {len(trial.observations)} samples{share}. No problems found"
    _console().print(Text(f"{text}; model '{spec.name}' can be fitted." if spec is not None else f"{text}."))


@app.command()
def fit(
    table: TableArgument = "cd7_ssc",
    model: ModelOption = "cd7-ssc",
    out: Annotated[Path, typer.Option("--out", "-o", help="The run folder to write.")] = Path("run"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampler.")] = 1,
    sampler: Annotated[str, typer.Option(help="nutpie, pymc or numpyro.")] = "nutpie",
    cut: Annotated[
        bool, typer.Option("--cut", help="Add a two-stage fit (kinetics, then response) and report the difference.")
    ] = False,
    chains: Annotated[int, typer.Option(min=1, help="Number of chains.")] = 4,
    cores: Annotated[int, typer.Option(min=1, help="Chains that run at once.")] = 2,
    draws: Annotated[
        int | None, typer.Option(min=1, help="Draws a chain of a single run, instead of the ladder.")
    ] = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    overwrite: OverwriteOption = False,
    log_likelihood: Annotated[
        bool, typer.Option("--log-likelihood", help="Store the pointwise log-likelihood.")
    ] = False,
    progress: Annotated[bool, typer.Option(help="Show progress bars.")] = True,
) -> None:
    """Fit a model to a trial, print what it says and cannot say, and write a run folder.

    Exit code 0: the fit can be trusted; 1: it missed a convergence gate; 2: wrong input, nothing written.
    """
    _free(out, overwrite)
    trial, spec = _read(table, example_seed, ignore, drop_blq), cm.load_model(model)
    _together(trial, spec)
    if cut and spec.response is None:
        raise ValueError(f"--cut: model '{spec.name}' has no response; accepted: a model with one")
    size = f"{len(trial.subjects)} patients, {len(trial.observations)} samples"
    if sampler not in cm.samplers:
        raise cm.UnknownNameError(f"unknown sampler '{sampler}': {nearest(sampler, cm.samplers)}")
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)  # now, so that a folder that cannot be made costs no fit
    _say(f"Fitting {spec.name} to {size}: compiling (about half a minute), then sampling")
    settings: dict[str, Any] = {
        "sampler": sampler,
        "random_seed": seed,
        "chains": chains,
        "cores": cores,
        "draws": draws,
        "log_likelihood": log_likelihood,
        "progressbar": progress and sys.stderr.isatty(),  # of the sampler: two live displays would overwrite each other
        "say": _say,
    }
    try:
        fitted = cm.fit(trial, spec, **settings)
        two_stage = cm.fit(trial, spec, method="cut", **settings) if cut else None
    except BaseException:
        if made:
            out.rmdir()
        raise
    cm.write_fit(fitted, out / "fit.nc")  # before anything else can go wrong
    with _busy("Predicting and drawing", progress):
        summary = cm.summarise(fitted)
        cm.write_run(summary, trial, out)
    cm.print_summary(summary, _console())
    if two_stage is not None:
        compared = cm.compare_fits(fitted, two_stage)
        compared.to_csv(out / "joint_against_cut.csv", index=False)
        cm.write_fit(two_stage, out / "fit_cut.nc")
        title = f"Joint against two-stage (cut) fit. {cm.diagnose(two_stage).verdict}"
        _console().print(Text(f"{title}\n{compared.round(3).to_string(index=False)}\n"))
    _console().print(Text(f"Written: {out}/ (fit.nc, tables as CSV, figures, summary.txt, manifest.json)"))
    if not summary.diagnosis.trusted or (two_stage is not None and not cm.diagnose(two_stage).trusted):
        raise SystemExit(1)


def _together(trial: "cm.TrialData", spec: "cm.ModelSpec") -> None:
    cm.check_fit_together(trial, spec)
    for doubt in cm.doubts(trial, spec):
        _say(f"Note: {doubt}")


def _free(out: Path, overwrite: bool) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not overwrite)):
        raise ValueError(f"{out} is not an empty folder; accepted: a new folder, or --overwrite")


def _say(text: str) -> None:
    Console(stderr=True).print(Text(text), soft_wrap=True)


@contextmanager
def _busy(text: str, progress: bool) -> Generator[None]:
    if not progress:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    if not console.is_terminal:
        _say(text)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        bar.add_task(text)
        yield


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
        _free(out, overwrite)
    fitted = cm.read_fit(run / "fit.nc" if run.is_dir() else run)
    new = cm.predict(fitted, dose=dose or None, n=n, random_seed=seed)
    tables = {
        "exposures": cm.exposure_table(fitted, new),
        "outcomes": cm.outcome_table(fitted, new),
        "doses": cm.compare_doses(fitted, new=new),
    }
    console = _console()
    if fitted.attrs["simulated"]:
        console.print("SIMULATED DATA - not a real trial")
    verdict = cm.diagnose(fitted)
    if not verdict.trusted:
        console.print(Text(verdict.verdict))
    for title, table in tables.items():
        if len(table):
            console.print(Text(f"\n{title}\n{table.to_string(index=False, float_format=lambda v: f'{v:.4g}')}"))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for title, table in tables.items():
            table.assign(trial=fitted.attrs["trial"]).to_csv(out / f"{title}.csv", index=False)


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
    _free(out, overwrite)
    simulated = cm.simulate_trial(truth, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    simulated.table.to_csv(out / "trial.csv", index=False)
    simulated.truth.to_csv(out / "truth.csv", index=False)
    patients, samples = simulated.table["subject"].nunique(), len(simulated.table)
    _console().print(
        Text(f"SIMULATED: {patients} patients, {samples} samples, {simulated.table['blq'].mean():.1%} BLQ, in {out}/")
    )
