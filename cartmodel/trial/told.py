"""What a user says about tables: names of columns and assays, units, what to leave out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cartmodel.registry import nearest
from cartmodel.trial.columns import TABLES
from cartmodel.trial.findings import Findings
from cartmodel.trial.units import FIXED, check_units

DATES = ("DATE", "DAT1", "DAT2", "DAT3")
"""NONMEM's names of a date: month day year, day month year, year month day, year day month."""
NONMEM_TARGETS = ("amount", "event", "missing", "censored", "limit", "analysis", "clock", *DATES)
COVARIATE = ("covariate", "category")
"""What a column may be said to be that keeps its own name."""
TARGETS = frozenset({name for columns in TABLES.values() for name in columns} | {*NONMEM_TARGETS, *COVARIATE})


@dataclass(frozen=True)
class Told:
    """What a user says about tables.

    Parameters
    ----------
    ignore : sequence of str
        Columns, files of a folder, or rows by a value of theirs (``"DVID=3"``), to leave out.
    columns : mapping of str to str
        Our name of a column.
    assays : mapping of (str, str) to str
        The assay that a value of a column stands for.
    units : mapping of str to str
        Unit of a quantity (time, level, dose, weight) or of an assay.
    """

    ignore: Sequence[str]
    columns: Mapping[str, str]
    assays: Mapping[tuple[str, str], str]
    units: Mapping[str, str]

    def renamed_assays(self, column: str) -> dict[str, str]:
        """Return the assay for each value of a column that the user named one for."""
        return {value: name for (where, value), name in self.assays.items() if where == column}


def told(ignore: Sequence[str], mapping: Mapping[str, str] | None, units: Mapping[str, str] | None) -> Told:
    """Return what a user says, sorted: ``mapping`` names columns (``"CONC"``) and assays (``"DVID=1"``).

    Examples
    --------
    >>> told((), {"CONC": "level", "DVID=1": "qpcr"}, None).assays
    {('DVID', '1'): 'qpcr'}
    """
    mapping = mapping or {}
    split = {tuple(key.split("=", 1)): name for key, name in mapping.items() if "=" in key}
    columns = {key: name for key, name in mapping.items() if "=" not in key}
    assays = {(column, value): name for (column, value), name in split.items()}
    return Told((ignore,) if isinstance(ignore, str) else tuple(ignore), columns, assays, dict(units or {}))


def check_told(said: Told, headers: Iterable[str], assays: Iterable[str], findings: Findings) -> None:
    """Note what a user says about columns, assays and units that are not there."""
    known = set(headers)
    for column, target in said.columns.items():
        if column not in known:
            findings.add(0, "", f"mapping names a column '{column}' that is not there", nearest(column, known))
        if target not in TARGETS:
            findings.add(0, "", f"mapping takes '{column}' as '{target}'", nearest(target, TARGETS))
    for column, value in said.assays:
        if column not in known:
            what = f"mapping names '{column}={value}', but there is no such column"
            findings.add(0, "", what, nearest(column, known))
    check_units(said.units, findings)
    quantities = {*FIXED, "level", *assays}
    for name in said.units:
        if name not in quantities:
            findings.add(0, "", f"units names '{name}', which is no quantity or assay", nearest(name, quantities))
