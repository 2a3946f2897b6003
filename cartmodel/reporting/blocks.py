"""What a report is made of, the same for HTML and Word."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

type Block = Words | Bullets | Table | Picture | Formula | Code | Explorer


@dataclass(frozen=True)
class Words:
    """A paragraph; ``kind`` says whether it is good news, a warning, or neither."""

    text: str
    kind: Literal["plain", "good", "warning"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """Sentences, one under the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """A table as readers see it, and the numbers behind it.

    Parameters
    ----------
    name : str
        Of its files, without suffix.
    title, caption : str
        What stands above and under it.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells, formatted. A row whose cells are empty but for the first is the heading of those that follow.
    numbers : pandas.DataFrame
        The same content, unrounded, for the CSV file.
    keys : int
        How many of the first columns name the row.
    """

    name: str
    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: pd.DataFrame
    keys: int = 1


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, with the words for readers who do not see it."""

    name: str
    png: bytes
    alt: str
    caption: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Formula:
    """An equation as LaTeX, with a sentence on what it says."""

    latex: str
    told: str


@dataclass(frozen=True)
class Code:
    """Text to be shown as it stands, such as a command or a model file."""

    title: str
    text: str
    folded: bool = False


@dataclass(frozen=True)
class Explorer:
    """The dose explorer: precomputed predictions at each dose of a grid, as plain lists and numbers."""

    data: Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of a report under one heading."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Content:
    """A whole report.

    Parameters
    ----------
    title : str
        Of the report.
    subtitle : str
        Trial and model.
    stamp : str
        Words that every page bears, such as ``SIMULATED, DRAFT``; empty if there are none.
    about : tuple of (str, str)
        What and who: lines for the head of the report.
    sections : tuple of Section
        In reading order.
    """

    title: str
    subtitle: str
    stamp: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in reading order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))
