"""The dated records of a trial under way, and what is known of each patient on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

type Known = Literal["DLT", "no DLT", "pending", "not evaluable"]


@dataclass(frozen=True, slots=True)
class Record:
    """One patient.

    Parameters
    ----------
    subject : str
        Identifier.
    level : int
        Dose level assigned, 1 the lowest.
    dose : float or None
        Cells infused; None: not recorded, taken for the level's planned dose.
    infusion : date
        Day of the infusion.
    dlt : date or None
        Day on which the first DLT began.
    followed_to : date or None
        Last day of follow-up.
    status : {"on study", "completed", "withdrawn", "not evaluable"}
        The latter two: no further assessment of a DLT.
    role : {"escalation", "expansion", "backfill"}
        Only escalation patients drive the protocol's rule.
    replaces, deviation : str
        The subject replaced; why the protocol was departed from.
    row : int
        Row of the spreadsheet; 0 for records made otherwise.
    """

    subject: str
    level: int
    infusion: date
    dose: float | None = None
    dlt: date | None = None
    followed_to: date | None = None
    status: str = "on study"
    role: str = "escalation"
    replaces: str = ""
    deviation: str = ""
    row: int = 0

    @property
    def last_day(self) -> date:
        """The latest date of the record."""
        return max(day for day in (self.infusion, self.dlt, self.followed_to) if day is not None)

    def dlt_day(self) -> int | None:
        """Return the day after the infusion on which the DLT began."""
        return None if self.dlt is None else (self.dlt - self.infusion).days

    def completed_early(self, window: int) -> bool:
        """Return whether the patient is recorded as completed before the window was over, without a DLT."""
        return self.status == "completed" and self.dlt is None and self.last_day < self.infusion + timedelta(window)

    def known_on(self, day: date, window: int, *, late_counts: bool = False, early_replaced: bool = False) -> Known:
        """Return what is known of the patient's DLT on a day, from nothing dated after it.

        A DLT within the window counts whatever becomes of the patient. Without one the patient counts once the
        follow-up has reached the end of the window, and the day has. A patient who left before that is not evaluable,
        nor is one marked so.

        Parameters
        ----------
        day : date
            The day of the question.
        window : int
            Days of the DLT window; a DLT on its last day is inside.
        late_counts : bool
            Whether a DLT after the window counts too (G9).
        early_replaced : bool
            Whether a patient who completed before the window was over is not evaluable (G7), or else pending.

        Examples
        --------
        >>> record = Record("S01", 1, date(2026, 1, 5), dlt=date(2026, 1, 12))
        >>> record.known_on(date(2026, 1, 11), 28), record.known_on(date(2026, 1, 12), 28)
        ('pending', 'DLT')
        """
        end = self.infusion + timedelta(days=window)
        if self.dlt is not None and self.dlt <= day and (late_counts or self.dlt <= end):
            return "DLT"
        seen = self.last_day
        if self.status == "not evaluable" and day >= min(seen, end):
            return "not evaluable"
        if day >= end and seen >= end:
            return "no DLT"
        if day >= seen and (self.status == "withdrawn" or (early_replaced and self.completed_early(window))):
            return "not evaluable"
        return "pending"

    def days_on(self, day: date, window: int) -> float:
        """Return the days to the DLT or, without one by that day, followed so far; no more than the window."""
        if self.dlt is not None and self.dlt <= day and (self.dlt - self.infusion).days <= window:
            return float((self.dlt - self.infusion).days)
        return float(min(max((min(self.last_day, day) - self.infusion).days, 0), window))


@dataclass(frozen=True)
class ConductRecords:
    """The dated records of a trial, in the order of their infusions, after every check of the table.

    Parameters
    ----------
    records : tuple of Record
        By day of infusion, then as in the table.
    doses : tuple of float
        Planned cells of each dose level, rising.
    name : str
        The study's name, or the file's.
    simulated : bool
        Whether the study's name begins with SIMULATED.
    notes : tuple of str
        What was assumed or is missing, a sentence each.
    """

    records: tuple[Record, ...]
    doses: tuple[float, ...]
    name: str = "trial"
    simulated: bool = False
    notes: tuple[str, ...] = ()

    @property
    def last_day(self) -> date:
        """The latest date in the table; today, where nobody has been infused."""
        return max((record.last_day for record in self.records), default=date.today())

    def of(self, subject: str) -> Record:
        """Return the record of a subject."""
        return next(record for record in self.records if record.subject == subject)


def in_order(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return records by day of infusion; of the same day, as they stand."""
    return tuple(sorted(records, key=lambda record: record.infusion))
