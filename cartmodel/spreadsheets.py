"""Texts that a spreadsheet would take for formulas, and CSV files in which it does not."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # as OWASP lists them


def formula_like(text: str) -> bool:
    """Return whether a spreadsheet would take a text for a formula; a number or a lone sign is none.

    Examples
    --------
    >>> [formula_like(text) for text in ("=1+1", "@SUM(A1)", "-x", "-7", "-", "S01")]
    [True, True, True, False, False, False]
    """
    return len(text) > 1 and text.startswith(_FORMULA) and bool(pd.isna(pd.to_numeric(text, errors="coerce")))


def formulas_among(texts: Iterable[object]) -> list[str]:
    """Return the texts that a spreadsheet would take for formulas, each once.

    Examples
    --------
    >>> formulas_among(["S01", "=A1", 3.0, "=A1"])
    ['=A1']
    """
    return [text for text in dict.fromkeys(texts) if isinstance(text, str) and formula_like(text)]


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table of results as CSV for readers who open it in a spreadsheet: no text of it is taken for a formula.

    Such a text has an apostrophe before it, after OWASP's advice on CSV injection. A trial that is exported to be read
    again is not written by this: its identifiers stay as they are, and are named (see `export_trial`).

    Parameters
    ----------
    table : pandas.DataFrame
        Without its index.
    path : Path
        The file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_csv(pd.DataFrame({"subject": ["=A1", "S02"], "median": [-1.5, 2.0]}), Path(folder) / "t.csv")
    ...     print((Path(folder) / "t.csv").read_text(), end="")
    subject,median
    '=A1,-1.5
    S02,2.0
    """
    texts = table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]
    told = table.assign(**{str(name): table[name].map(_marked) for name in texts})
    told.rename(columns=_marked).to_csv(path, index=False)


def _marked(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and formula_like(value) else value
