"""Tables as plain text."""

import pandas as pd

from cartmodel.prediction.words import dose_number
from cartmodel.trial import TrialData

MOST = 120
"""Rows of a table that are shown as text."""


def table_text(table: pd.DataFrame) -> str:
    """Return a table as plain text: four digits, a dash where there is nothing.

    Examples
    --------
    >>> print(table_text(pd.DataFrame({"dose": [2.5e7, float("nan")], "n": [6, 0]})))
     dose n
    2.5e7 6
        - 0
    """
    cells = {name: [_cell(value) for value in table[name]] for name in table.columns}
    if "dose" in table:
        cells["dose"] = [dose_number(dose) if dose == dose else "-" for dose in table["dose"].astype(float)]
    shown = pd.DataFrame(cells)
    return shown.to_string(index=False)


def dose_group_note(trial: TrialData) -> list[str]:
    """Return the sentence that says what the dose groups are, where they are not simply the doses infused."""
    assigned, infused = trial.subjects["dose_assigned"].astype(float), trial.subjects["dose"].astype(float)
    if assigned.isna().all():
        return []
    away = (infused / assigned - 1).abs().max()
    apart = f"; the doses infused differ from them by up to {100 * away:.2g}%" if away > 0 else ""
    rest = int(assigned.isna().sum())
    others = f"; of {rest} patients without one, the doses infused" if rest else ""
    return [f"Dose groups are the doses assigned{others}{apart}. A model takes the doses infused."]


def section(title: str, table: pd.DataFrame, empty: str = "") -> list[str]:
    """Return a titled table as lines of text; where it has no rows, what to say instead, or nothing at all.

    Of a long table the first rows, and how many more there are.
    """
    if len(table):
        more = [f"... and {len(table) - MOST} rows more"] if len(table) > MOST else []
        return [title, table_text(table.head(MOST)), *more, ""]
    return [title, empty, ""] if empty else []


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value or "-"
    if value is None or value != value:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
