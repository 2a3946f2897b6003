"""The command that simulates virtual trials."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cartmodel.cli.app import app, console


@app.command()
def trials(
    scenario: Annotated[
        list[str], typer.Argument(help="Scenario files, or names of the package's truths; 'all' is every one of these.")
    ],
    design: Annotated[
        list[str] | None,
        typer.Option(
            "--design",
            "-d",
            help="A design, with settings if any: 'boin: target = 0.25; cohort = 1'. May be repeated; the first is the "
            "reference. Default: nct06871644 and boin.",
        ),
    ] = None,
    trials: Annotated[int, typer.Option("--trials", "-n", min=1, help="Trials of each design.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the virtual patients.")] = 1,
    limit: Annotated[
        float, typer.Option(min=0, max=1, help="Highest true DLT probability of a dose to select.")
    ] = 0.33,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for blocks, tables and figures; an interrupted run goes on.")
    ] = Path("virtual"),
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine (needs Dask if more than 1).")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    progress: Annotated[bool, typer.Option(help="Show progress bars.")] = True,
) -> None:
    """Simulate thousands of virtual trials of a scenario through designs, on common virtual patients."""
    from cartmodel.plots.save import save_figure
    from cartmodel.plots.virtual_comparison import virtual_comparison
    from cartmodel.plots.virtual_duration import virtual_duration
    from cartmodel.virtual import compare_on_truths, list_virtual_scenarios, load_virtual_scenario

    named = [name for text in scenario for name in (sorted(list_virtual_scenarios()) if text == "all" else [text])]
    loaded = [load_virtual_scenario(name) for name in named]
    truths = {one.name: one for one in loaded}
    if len(truths) < len(loaded):
        raise ValueError(f"scenarios {', '.join(one.name for one in loaded)}; accepted: each name once")
    if scheduler is not None and workers > 1:
        raise ValueError("--scheduler has workers of its own; accepted: --workers or --scheduler, not both")
    out.mkdir(parents=True, exist_ok=True)
    found = compare_on_truths(
        design or ["nct06871644", "boin"],
        truths,
        trials=trials,
        random_seed=seed,
        limit=limit,
        workers=workers,
        scheduler=scheduler,
        out=out / "blocks",
        progressbar=progress and sys.stderr.isatty(),
    )
    tables = {"truths": found.truths, "characteristics": found.table, "differences": found.differences}
    for name, table in tables.items():
        table.assign(study="SIMULATED").to_csv(out / f"{name}.csv", index=False)
    (out / "summary.txt").write_text("\n".join(found.words) + "\n", encoding="utf-8")
    for name, figure in {"selection": virtual_comparison(found), "duration": virtual_duration(found)}.items():
        save_figure(figure, out / "figures", name)
    answers = console()
    answers.print("SIMULATED DATA - not a real trial")
    shown = found.table[found.table["quantity"].isin(["correct", "overdose", "regret", "trial_regret"])]
    wide = shown.pivot_table(index=["truth", "design"], columns="quantity", values=["value", "mc_error"], sort=False)
    for title, table in {"What is true": found.truths, "Designs (value and Monte Carlo error)": wide}.items():
        answers.print(Text(f"\n{title}\n{table.round(4).to_string()}"))
    answers.print(Text("\n" + "\n".join(found.words)))
    answers.print(
        Text(f"Written: {out}/ (truths.csv, characteristics.csv, differences.csv, summary.txt, figures, blocks)")
    )
