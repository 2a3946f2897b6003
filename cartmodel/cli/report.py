"""The command that writes the report of a run."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import cartmodel as cm
from cartmodel.cli.app import DropOption, ExampleSeed, IgnoreOption, OverwriteOption, app, console, free, read, say
from cartmodel.cli.conduct import conduct_source


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="A run folder, or a fit.nc.")],
    trial: Annotated[
        str | None, typer.Option("--trial", help="The table that was fitted, or the name of a bundled example.")
    ] = None,
    context: Annotated[
        Path | None,
        typer.Option("--context", help="A TOML file with question of interest and context of use (ICH M15)."),
    ] = None,
    escalation: Annotated[
        str | None, typer.Option("--escalation", help="The trial so far, as for `escalate`; or conduct_example.")
    ] = None,
    other: Annotated[
        list[Path] | None,
        typer.Option(
            "--other", help="A run folder of the same trial with another model, for the sensitivity; may be repeated."
        ),
    ] = None,
    stamp: Annotated[str, typer.Option("--stamp", help="Words on every page and figure, such as DRAFT.")] = "",
    docx: Annotated[bool, typer.Option("--docx", help="Write a Word file too.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the report; default: 'report' in the run folder.")
    ] = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    overwrite: OverwriteOption = False,
    progress: Annotated[bool, typer.Option(help="Show progress.")] = True,
) -> None:
    """Write the report of a run: one HTML page, every table as CSV and HTML, and a Word file if asked for."""
    from rich.console import Console
    from rich.status import Status

    file = run / "fit.nc" if run.is_dir() else run
    folder = out if out is not None else file.parent / "report"
    free(folder, overwrite)
    fitted = cm.read_fit(file)
    others = [cm.read_fit(path / "fit.nc" if path.is_dir() else path) for path in other or ()]
    table = read(trial, example_seed, ignore, drop_blq) if trial is not None else None
    record = conduct_source(escalation) if escalation is not None else None
    errors = Console(stderr=True)
    with Status("Reading", console=errors) as status:
        live = progress and errors.is_terminal
        tell = (
            status.update
            if live
            else (lambda text: say(text) if progress and not text.startswith("Predicting") else None)
        )
        if not live:
            status.stop()
        page = cm.report(
            fitted, table, folder, context=context, escalation=record, others=others, stamp=stamp, docx=docx,
            progress=tell,
        )  # fmt: skip
    size = page.stat().st_size / 1e6
    console().print(Text(f"Written: {page} ({size:.1f} MB), tables in {folder / 'tables'}/"))
    if fitted.attrs["simulated"]:
        console().print(Text("SIMULATED DATA - not a real trial"))
    verdict = cm.diagnose(fitted)
    if not verdict.trusted:
        print(f"Warning: {verdict.verdict}", file=sys.stderr)  # noqa: T201
