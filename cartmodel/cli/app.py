"""What all commands share: options, reading, speaking, and what a user's mistake looks like."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

import cartmodel as cm
from cartmodel.errors import CartmodelError, CartmodelWarning
from cartmodel.registry import nearest

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)

TableArgument = Annotated[
    str,
    typer.Argument(
        help="A trial: a table (CSV or SAS XPT; long, NONMEM or CDISC ADaM), a folder of tables, or the name of a "
        "bundled example: cd7_ssc, liu2022_cart_ball."
    ),
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="A model's name or its .toml file.")]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", help="A surplus column to ignore; may be repeated.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="What a column is: CONC=level; or an assay: DVID=1=qpcr. May be repeated."),
]
UnitOption = Annotated[
    list[str] | None,
    typer.Option("--unit", help="A unit to convert to, or that of a table which says none: time=day, level=copies/ug."),
]
DropAlqOption = Annotated[bool, typer.Option("--drop-alq", help="Drop records above the ULOQ (biased, and said).")]
DropOption = Annotated[bool, typer.Option("--drop-blq", help="Drop BLQ records (biased; for comparison only).")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Write into a folder that has content.")]
ExampleSeed = Annotated[
    int | None, typer.Option("--example-seed", help="Which of a bundled simulated example's trials: 1 to 11.")
]


def console() -> Console:
    """Return where answers go: wide enough for the tables where nobody watches."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=170)


def say(text: str) -> None:
    """Say something beside the answer."""
    Console(stderr=True).print(Text(text), soft_wrap=True)


def read(
    table: str,
    example_seed: int | None,
    ignore: list[str] | None,
    drop_blq: bool,
    *,
    drop_alq: bool = False,
    mapping: list[str] | None = None,
    units: list[str] | None = None,
) -> "cm.TrialData":
    """Return the trial of a file, a folder or a bundled example; its notes are said."""
    named = not Path(table).exists() and table in cm.list_examples()
    if example_seed is not None and not named:
        raise ValueError("--example-seed goes with the name of a bundled simulated example, such as cd7_ssc")
    if not named and not Path(table).exists() and not Path(table).suffix:
        raise cm.UnknownNameError(f"no file or example '{table}': {nearest(table, cm.list_examples())}")
    source = cm.example_path(table, seed=example_seed) if named else Path(table)
    trial = cm.read_trial(
        source,
        drop_blq=drop_blq,
        drop_alq=drop_alq,
        ignore=ignore or (),
        mapping=_pairs("--map", "CONC=level", mapping),
        units=_pairs("--unit", "level=copies/ug", units),
    )
    for note in trial.notes:
        say(f"Note: {note}")
    return trial


def _pairs(option: str, example: str, given: list[str] | None) -> dict[str, str]:
    """Return what stands left and right of the last equals sign of each."""
    pairs = [text.rpartition("=") for text in given or ()]
    for text, (left, _, right) in zip(given or (), pairs, strict=True):
        if not (left and right):
            raise ValueError(f"{option} {text}; accepted: two names and an equals sign, such as {option} {example}")
    return {left.strip(): right.strip() for left, _, right in pairs}


def together(trial: "cm.TrialData", spec: "cm.ModelSpec") -> None:
    """Check that a trial and a model fit together; what looks odd is said."""
    cm.check_fit_together(trial, spec)
    for doubt in cm.doubts(trial, spec):
        say(f"Note: {doubt}")


def free(out: Path, overwrite: bool) -> None:
    """Check that a folder may be written."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not overwrite)):
        raise ValueError(f"{out} is not an empty folder; accepted: a new folder, or --overwrite")


class Mistakes:
    """The user's mistakes in one command, told together."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def noted(self) -> Generator[None]:
        """Note what is wrong in the block, and go on after it."""
        try:
            yield
        except (CartmodelError, ValueError, OSError) as error:
            self.found += [line for line in str(error).splitlines() if line not in self.found]

    def tell(self) -> None:
        """Refuse the command if anything was noted."""
        if self.found:
            raise ValueError("\n".join(self.found))


@contextmanager
def busy(text: str, progress: bool) -> Generator[None]:
    """Show that something takes a while."""
    if not progress:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    errors = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    if not errors.is_terminal:
        say(text)
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        bar.add_task(text)
        yield


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
        if any(word in str(error) for word in ("mapping={", "units={", "ignore=[")):
            say("As options: mapping={'A': 'b'} is --map A=b, units={'a': 'b'} --unit a=b, ignore=['A'] --ignore A.")
        raise SystemExit(2) from None
