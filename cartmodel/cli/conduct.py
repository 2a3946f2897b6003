"""Commands on a trial under way: escalate, advise."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

import cartmodel as cm
from cartmodel.cli.app import Mistakes, OverwriteOption, app, busy, console, free, say

RunOption = Annotated[Path | None, typer.Option("--fit", help="A fit.nc or run folder of this trial: adds its advice.")]
LimitOption = Annotated[float, typer.Option(help="The DLT rate not to be exceeded.")]
OverdoseOption = Annotated[float, typer.Option(help="How probable it may be that the DLT rate is over the limit.")]


@app.command()
def escalate(
    table: Annotated[str, typer.Argument(help="The trial so far, a row a patient (CSV); or conduct_example.")],
    design: Annotated[
        str,
        typer.Option(help="The protocol's rule: nct06871644, korn, boin, ...; a design file; a decision table (CSV)."),
    ] = "nct06871644",
    policy: Annotated[
        list[str] | None, typer.Option(help="A reading of a gap, such as G2=current or stagger=14; may be repeated.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the decision; default: the table's latest date."),
    ] = None,
    fit: RunOption = None,
    dose: Annotated[
        list[float] | None, typer.Option(help="Planned cells of a level, lowest first; default: NCT06871644.")
    ] = None,
    window: Annotated[int, typer.Option(min=1, help="Days of the DLT window and of the gate between groups.")] = 28,
    start: Annotated[int, typer.Option(min=1, help="Level of the first group.")] = 1,
    target: Annotated[float, typer.Option(help="Target DLT rate of BOIN and TITE-BOIN.")] = 0.30,
    limit: LimitOption = 0.33,
    overdose: OverdoseOption = 0.25,
    reference: Annotated[float, typer.Option(help="Reference dose of the BLRM, in cells.")] = 1e8,
    remission: Annotated[float, typer.Option(help="The remission rate to exceed.")] = 0.50,
    cohorts: Annotated[int, typer.Option(min=1, max=4, help="Groups that the pathways look ahead.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the advice's new patients.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write text, JSON, CSV and figures here.")] = None,
    overwrite: OverwriteOption = False,
    progress: Annotated[bool, typer.Option(help="Show progress.")] = True,
) -> None:
    """Say the protocol's next step for a trial under way, its open questions, and what model-based designs say."""
    from cartmodel.conduct.policy import parse_policies
    from cartmodel.conduct.reading import NCT06871644_DOSES
    from cartmodel.conduct.ruling import protocol_of
    from cartmodel.conduct.writing import write_verdict

    day = on.date() if on is not None else None
    source = conduct_source(table)
    doses = {"doses": tuple(dose)} if dose else {}
    checked: dict[str, Any] = {
        "window": window, "start": start, "target": target, "limit": limit, "overdose": overdose,
        "reference": reference, "remission": remission, "cohorts": cohorts,
    }  # fmt: skip
    wrong, policies = Mistakes(), dict[str, Any]()
    with wrong.noted():
        if out is not None:
            free(out, overwrite)
    with wrong.noted():
        policies = parse_policies(policy or ())
    with wrong.noted():
        protocol_of(design, policies, tuple(dose or NCT06871644_DOSES), **checked)
    records = None
    with wrong.noted():
        records = cm.read_conduct(source, on=day, **doses)
    wrong.tell()
    assert records is not None  # noqa: S101, told otherwise
    fitted = cm.read_fit(fit / "fit.nc" if fit.is_dir() else fit) if fit is not None else None
    settings: dict[str, Any] = {"random_seed": seed} if fitted is not None else {}
    with busy("Advising", progress and fitted is not None):
        found = cm.verdict(
            records, design=design, policy=policies, on=day, fit=fitted, **checked, **settings
        )  # fmt: skip
    console().print(Text(found.text), soft_wrap=True)
    if out is not None:
        from cartmodel.plots.advice_by_dose import advice_by_dose
        from cartmodel.plots.advice_timeline import trial_timeline
        from cartmodel.plots.save import save_figure

        write_verdict(found, out)
        save_figure(trial_timeline(found), out, "timeline")
        if found.advice is not None:
            save_figure(advice_by_dose(found.advice), out, "advice")
        say(f"Written: {out}/ (verdict.txt, verdict.json, tables as CSV, figures)")


@app.command()
def advise(
    run: Annotated[Path, typer.Argument(help="A fit.nc, or a run folder.")],
    dose: Annotated[
        list[float] | None, typer.Option(help="Dose in cells; may be repeated. Default: the trial's.")
    ] = None,
    limit: LimitOption = 0.33,
    overdose: OverdoseOption = 0.25,
    target: Annotated[float, typer.Option(help="The remission rate to exceed.")] = 0.50,
    gain: Annotated[float, typer.Option(help="Ratio by which the next dose should raise AUC0-28d.")] = 1.20,
    n: Annotated[int, typer.Option(min=1, help="New patients for each draw.")] = 100,
    draws: Annotated[int, typer.Option(min=1, help="The most draws of the fit to use.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the new patients.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write text, table and figure here.")] = None,
    overwrite: OverwriteOption = False,
    progress: Annotated[bool, typer.Option(help="Show progress.")] = True,
) -> None:
    """Turn a fit into advice about each dose: DLT over the limit, remission above target, gain of the next dose."""
    if out is not None:
        free(out, overwrite)
    fitted = cm.read_fit(run / "fit.nc" if run.is_dir() else run)
    with busy("Advising", progress):
        found = cm.advise(
            fitted,
            dose or None,
            limit=limit,
            target=target,
            gain=gain,
            overdose=overdose,
            n=n,
            draws=draws,
            random_seed=seed,
        )
    console().print(Text(found.text), soft_wrap=True)
    if out is not None:
        from cartmodel.plots.advice_by_dose import advice_by_dose
        from cartmodel.plots.save import save_figure
        from cartmodel.spreadsheets import write_csv

        out.mkdir(parents=True, exist_ok=True)
        write_csv(found.table.assign(trial=found.trial), out / "advice.csv")
        (out / "advice.txt").write_text(found.text + "\n", encoding="utf-8")
        save_figure(advice_by_dose(found), out, "advice")
        say(f"Written: {out}/ (advice.txt, advice.csv, figures)")


def conduct_source(table: str) -> Path:
    """Return the path of a table of the trial so far, or of the bundled one if named so and no such file is there."""
    return cm.example_conduct() if table == "conduct_example" and not Path(table).exists() else Path(table)
