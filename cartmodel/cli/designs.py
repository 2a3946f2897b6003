"""Commands on dose-escalation designs: designs, oc."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

import cartmodel as cm
from cartmodel.cli.app import Mistakes, app, console, free, say
from cartmodel.escalation.settings import decides_from

SCENARIOS = {"safe": (0.05, 0.10, 0.15), "moderate": (0.10, 0.25, 0.40), "toxic": (0.30, 0.45, 0.60)}
"""The three scenarios that every table of this project shows."""

SettingOption = Annotated[
    list[str] | None, typer.Option("--set", help="A setting of the design, as name=value in TOML; may be repeated.")
]


@app.command("designs")
def show_designs(
    name: Annotated[str | None, typer.Argument(help="A design's name or its .toml file.")] = None,
    setting: SettingOption = None,
    patients: Annotated[
        list[int] | None, typer.Option(help="Patients at the current dose; may be repeated. Default: 3, 6, 9, 12.")
    ] = None,
    doses: Annotated[int, typer.Option(min=1, help="Dose levels.")] = 3,
) -> None:
    """List the dose-escalation designs, or show what one decides: its table, first steps and its check."""
    answers = console()
    if name is None:
        table = Table("design", "decides from", box=None)
        for known, kind in cm.list_designs().items():
            table.add_row(known, kind)
        answers.print(table)
        return
    design: Any = cm.design(name, **_settings(setting))
    if (kind := decides_from(design)) != "counts":
        _show_other(name, kind, design, doses)
        return
    found = cm.check_design(design, cm.State.empty(doses))
    numbers = patients or [n for n in (3, 6, 9, 12) if n <= getattr(design, "max_patients", 12)]
    level = min(2, doses)
    title = f"{name}: next step by patients and DLTs at dose level {level}, nobody with a DLT below"
    table = cm.decision_table(design, numbers, level=level, doses=doses)
    _print_frame(table, title, index="DLTs")
    answers.print(
        "E escalate, S stay, D de-escalate, DU likewise and bar the dose, STOP no safe dose, MTD n stop with n"
    )
    _print_frame(cm.data_scenarios(design, doses)[_SCENARIO_COLUMNS], "After the first group at each dose")
    _print_check(found)


@app.command()
def oc(
    name: Annotated[
        list[str] | None, typer.Argument(help="Designs or .toml files. Default: the protocol and BOIN.")
    ] = None,
    truth: Annotated[
        list[str] | None,
        typer.Option("--truth", "-t", help="True DLT probabilities, such as 0.1,0.25,0.4; may be repeated."),
    ] = None,
    setting: SettingOption = None,
    audit: Annotated[bool, typer.Option("--audit", help="Audit the gaps in the protocol's text instead.")] = False,
    not_evaluable: Annotated[
        float | None, typer.Option(min=0.0, max=0.99, help="For the audit: chance that a patient is not evaluable.")
    ] = None,
    per_month: Annotated[
        float | None, typer.Option(min=0.01, help="Patients a month: adds the trial's duration in months.")
    ] = None,
    stagger: Annotated[float, typer.Option(min=0.0, help="Days between infusions of a group.")] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the tables and the figure.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into a folder that has content.")] = False,
) -> None:
    """Give the exact operating characteristics of designs: no simulation, the only error is rounding."""
    wrong, scenarios, settings = Mistakes(), dict[str, tuple[float, ...]](), dict[str, Any]()
    chosen: dict[str, Any] = {}
    with wrong.noted():
        scenarios = _scenarios(truth)
    with wrong.noted():
        if out is not None:
            free(out, overwrite)
    with wrong.noted():
        settings = _settings(setting)
    for known in [] if audit else name or ["nct06871644", "boin"]:
        with wrong.noted():
            chosen[known] = cm.design(known, **settings)
            if (kind := decides_from(chosen[known])) != "counts":
                raise ValueError(f"{known}: decides from {kind}; accepted: designs that decide from counts alone")
    wrong.tell()
    if audit:
        _audit(scenarios, not_evaluable, out)
        return
    table = cm.compare_designs(chosen, scenarios)
    if per_month is not None:
        table["months_mean"], table["months_90"] = _months(chosen, scenarios, per_month, stagger)
    doses = len(next(iter(scenarios.values())))
    ends = ["mtd_none", *(f"mtd_{k}" for k in range(1, doses + 1))]
    columns = [*ends, "referred", "patients", "dlts", "groups", "most_patients", "months_mean", "months_90"]
    shown = table[[column for column in columns if column in table]]
    _print_frame(shown.round(4), "Exact operating characteristics: probability of each end, expected numbers")
    if per_month is not None:
        say(
            f"Months: {per_month:g} patients a month while a group is open, nobody queues, 28 days after the last "
            f"infusion of a group, stagger {stagger:g} days; mean and 90% quantile, exact under these assumptions."
        )
    say("Designs treat different numbers of patients: compare them at equal numbers, or per patient.")
    if out is not None:
        from cartmodel.plots.escalation_characteristics import escalation_characteristics
        from cartmodel.plots.save import save_figure

        out.mkdir(parents=True, exist_ok=True)
        table.to_csv(out / "operating_characteristics.csv")
        save_figure(escalation_characteristics(table), out, "operating_characteristics")
        say(f"Wrote {out}")


_SCENARIO_COLUMNS = ["level", "dlts", "action", "dose", "protocol_action", "protocol_dose", "stricter"]


def _audit(scenarios: Mapping[str, tuple[float, ...]], not_evaluable: float | None, out: Path | None) -> None:
    found = cm.audit(scenarios, not_evaluable=not_evaluable)
    console().print(Text(found.words))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        found.reached.to_csv(out / "reached.csv")
        found.readings.to_csv(out / "readings.csv")
        (out / "audit.txt").write_text(found.words + "\n", encoding="utf-8")
        say(f"Wrote {out}")


def _months(
    chosen: Mapping[str, Any], scenarios: Mapping[str, tuple[float, ...]], per_month: float, stagger: float
) -> tuple[list[float], list[float]]:
    mean: list[float] = []
    late: list[float] = []
    lasts = {}
    for known, design in chosen.items():
        exact = cm.operating_characteristics(design, list(scenarios.values()))
        lasts[known] = cm.trial_duration(exact, per_month, stagger=stagger)
    for place in range(len(scenarios)):
        for duration in lasts.values():
            mean.append(float(duration.mean[place]) / 30.4375)
            late.append(float(duration.quantile(0.9)[place]) / 30.4375)
    return mean, late


def _show_other(name: str, kind: str, design: Any, doses: int) -> None:
    """Say what there is to say of a design whose states are too many for a table."""
    answers = console()
    answers.print(Text(f"{name} decides from {kind}; its settings: {design}"))
    told = " ".join((type(design).__doc__ or "").split("Parameters")[0].split())
    answers.print(Text(told), soft_wrap=True)
    beginning = cm.DatedState((), doses) if kind == "dates" else cm.BenefitState(((0, 0, 0, 0),) * doses)
    try:
        found = cm.check_design(design, beginning, most_patients=3, histories=10)
    except ValueError as error:  # a design for another number of doses
        raise ValueError(f"{name}: {error}; see --doses") from error
    _print_check(found)


def _print_check(found: Any) -> None:
    answers, seen = console(), "all" if found.complete else "a sample of"
    if found.passed:
        answers.print(f"Contract of designs: kept in {seen} {found.states} states.")
        return
    answers.print(f"Contract of designs: broken, {len(found.problems)} times.")
    for problem in found.problems[:10]:
        answers.print(Text(f"  {problem}"))


def _scenarios(truth: list[str] | None) -> dict[str, tuple[float, ...]]:
    if not truth:
        return dict(SCENARIOS)
    found: dict[str, tuple[float, ...]] = {}
    wrong: list[str] = []
    for text in truth:
        try:
            found[text] = tuple(float(part) for part in text.split(","))
        except ValueError:
            found[text] = (float("nan"),)
        if not all(0 <= p <= 1 for p in found[text]):
            wrong.append(f"--truth {text}; accepted: probabilities from 0 to 1, such as 0.1,0.25,0.4")
    if not wrong and len({len(p) for p in found.values()}) > 1:
        wrong.append(f"--truth {' '.join(truth)}; accepted: as many doses in each")
    if wrong:
        raise ValueError("\n".join(wrong))
    return found


def _settings(given: list[str] | None) -> dict[str, Any]:
    import tomllib

    settings: dict[str, Any] = {}
    wrong: list[str] = []
    for text in given or []:
        try:
            settings |= tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            wrong.append(f"--set {text}; accepted: name=value in TOML, such as target=0.25")
    if wrong:
        raise ValueError("\n".join(wrong))
    return settings


def _print_frame(frame: Any, title: str, index: str | None = None) -> None:
    names = [index] if index else [str(name) for name in frame.index.names if name is not None]
    table = Table(*names, *map(str, frame.columns), box=None)
    for key, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        keys = key if isinstance(key, tuple) else (key,)
        cells = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
        table.add_row(*map(Text, [*(map(str, keys) if names else ()), *cells]))
    answers = console()
    answers.print(Text(title))
    answers.print(table)
