"""Commands on what a trial's tables say without a model: describe, nca, endpoints."""

from collections.abc import Mapping
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
    OverwriteOption,
    TableArgument,
    UnitOption,
    app,
    console,
    free,
    read,
    say,
)
from cartmodel.registry import nearest

OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write the tables (CSV) and figures (PNG, SVG) into this folder.")
]
ScheduleOption = Annotated[
    str | None, typer.Option(help="Planned days, such as 1,3,7,14,28,90. Default: the table's nominal days.")
]


@app.command()
def describe(
    table: TableArgument,
    schedule: ScheduleOption = None,
    vcn: Annotated[float | None, typer.Option(help="Vector copies per CAR-T cell, if measured.")] = None,
    out: OutOption = None,
    mapping: MapOption = None,
    unit: UnitOption = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_blq: DropOption = False,
    drop_alq: DropAlqOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Describe a trial: counts by dose, BLQ by visit, missed visits, suspicious values with their rows."""
    _free(out, overwrite)
    days = None if schedule is None else _numbers(schedule, "--schedule")
    trial = read(table, example_seed, ignore, drop_blq, drop_alq=drop_alq, mapping=mapping, units=unit)
    found = cm.describe_trial(trial, days, vcn=vcn)
    _tell(found.text())
    if out is None:
        return
    from cartmodel import plots

    figures = {"levels": plots.levels_by_dose(trial), "mean_levels": plots.mean_levels_by_dose(trial, days)}
    if found.schedule and len(found.patients):
        figures["visits"] = plots.visits_by_patient(trial, days)
    _write(out, trial, found.tables, figures, found.text())


@app.command()
def nca(
    table: TableArgument,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="A rule and its value, such as trapezoid=linear; may be repeated."),
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(help="Days of a partial area, such as 0-28; may be repeated. Default: 0-28, 0-90."),
    ] = None,
    persistence: Annotated[str, typer.Option(help="Days on which to ask for persistence.")] = "28,90,180",
    out: OutOption = None,
    mapping: MapOption = None,
    unit: UnitOption = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_alq: DropAlqOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Non-compartmental analysis: per patient, per dose, and why a value is undefined."""
    _free(out, overwrite)
    rules = _rules(rule or [])
    windows = [_window(text) for text in window or ["0-28", "0-90"]]
    days = _numbers(persistence, "--persistence")
    trial = read(table, example_seed, ignore, drop_blq=False, drop_alq=drop_alq, mapping=mapping, units=unit)
    found = cm.nca(trial, windows=windows, persistence=days, rules=rules)
    tables = {"nca": found, "nca_by_dose": cm.nca_by_dose(found), "persistence": cm.persistence_by_dose(trial)}
    tables["persistence_times"] = cm.persistence_times(trial)
    tables["persistence_summary"] = cm.persistence_summary(trial)
    text = _nca_text(trial, tables, rules)
    _tell(text)
    if out is not None:
        from cartmodel import plots

        _write(out, trial, tables, {"persistence": plots.persistence_curves(trial)}, text)


@app.command()
def endpoints(
    table: TableArgument,
    visit: Annotated[
        list[str] | None,
        typer.Option(help="A visit and its window as name:day:earliest:latest, such as 'day 90:90:76:104'."),
    ] = None,
    window: Annotated[float, typer.Option(help="Days of the DLT assessment.")] = 28.0,
    ongoing: Annotated[list[str] | None, typer.Option(help="A patient who is still followed; may be repeated.")] = None,
    out: OutOption = None,
    mapping: MapOption = None,
    unit: UnitOption = None,
    example_seed: ExampleSeed = None,
    ignore: IgnoreOption = None,
    drop_alq: DropAlqOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Clinical endpoints: response by visit, DLT evaluability, CRS and ICANS, adverse events."""
    _free(out, overwrite)
    visits = [_visit(text) for text in visit] if visit else None
    trial = read(table, example_seed, ignore, drop_blq=False, drop_alq=drop_alq, mapping=mapping, units=unit)
    found = cm.endpoints_of(trial, visits, window=window, ongoing=ongoing or ())
    _tell(found.text())
    if out is not None:
        _write(out, trial, found.tables, {}, found.text())


def _free(out: Path | None, overwrite: bool) -> None:
    if out is not None:
        free(out, overwrite)


def _tell(text: str) -> None:
    console().print(Text(text), soft_wrap=True)


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{option} '{text}'; accepted: days with commas between them, such as 1,3,7,14") from None


def _window(text: str) -> tuple[float, float]:
    parts = text.split("-")
    try:
        start, end = (float(part) for part in parts)
    except ValueError:
        raise ValueError(f"--window '{text}'; accepted: two days, such as 0-28") from None
    return start, end


def _visit(text: str) -> "cm.Visit":
    try:
        name, day, earliest, latest = text.rsplit(":", 3)
        return cm.Visit(name, float(day), earliest=float(earliest), latest=float(latest))
    except ValueError as error:
        told = str(error) if str(error).startswith("visit '") else f"--visit '{text}'"
        raise ValueError(f"{told}; accepted: name:day:earliest:latest, such as 'day 90:90:76:104'") from None


def _rules(given: list[str]) -> "cm.NcaRules":
    defaults = vars(cm.NcaRules())
    values: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip().strip("'\"")
        if name not in defaults:
            raise cm.UnknownNameError(f"unknown rule '{name}': {nearest(name, defaults)}")
        kind = type(defaults[name])
        try:
            values[name] = _truth(value) if kind is bool else kind(value)
        except ValueError:
            raise ValueError(f"--rule '{text}'; accepted: {name}=<{kind.__name__}>") from None
        if not equals:
            raise ValueError(f"--rule '{text}'; accepted: {name}=<value>")
    return cm.NcaRules(**values)


def _truth(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(value)
    return value.lower() == "true"


def _nca_text(trial: "cm.TrialData", tables: Mapping[str, Any], rules: "cm.NcaRules") -> str:
    from cartmodel.description.words import dose_group_note, section

    found, lines = tables["nca"], ["SIMULATED DATA - not a real trial"] if trial.simulated else []
    lines += [f"{trial.name}: non-compartmental analysis", ""]
    if not len(found):
        return "\n".join([*lines, "no samples"])
    wide = found.pivot_table("value", ["subject", "dose", "assay"], "parameter", sort=False, dropna=False)
    wide = wide[list(found["parameter"].unique())].dropna(how="all").reset_index()
    lines += section("By patient (- is undefined; reasons below)", wide)
    groups = tables["nca_by_dose"]
    diagnostic = groups["parameter"].str.startswith("lambda_z_")
    lines += section("By dose", groups[~diagnostic].drop(columns="reason"))
    undefined = found[found["reason"] != ""]
    told = undefined.groupby(["assay", "subject", "reason"], sort=False)["parameter"].agg(", ".join).reset_index()
    lines += section("Undefined, and why", told, "nothing is undefined")
    title = "Persistence: days to the first BLQ sample after the peak (Kaplan-Meier, log-log limits)"
    lines += section(title, tables["persistence_summary"])
    said = ", ".join(f"{name}={value}" for name, value in vars(rules).items())
    return "\n".join([*lines, *(f"Note: {note}" for note in [*dose_group_note(trial), f"Rules: {said}."])])


def _write(out: Path, trial: "cm.TrialData", tables: Mapping[str, Any], figures: Mapping[str, Any], text: str) -> None:
    from cartmodel.plots import save_figure
    from cartmodel.spreadsheets import write_csv

    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_csv(table.assign(trial=trial.name), out / f"{name}.csv")
    (out / "summary.txt").write_text(text + "\n", encoding="utf-8")
    for name, figure in figures.items():
        save_figure(figure, out / "figures", name)
    say(f"Written: {out}/ (tables as CSV, {'figures, ' if figures else ''}summary.txt)")
