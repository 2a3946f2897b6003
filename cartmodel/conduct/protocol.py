"""What the protocol of a trial under way fixes: the rule, the dose levels, the window, the calendar."""

from dataclasses import dataclass, field, replace
from datetime import date

from cartmodel.conduct.records import Known, Record
from cartmodel.escalation.design import Design
from cartmodel.escalation.policies import Policies
from cartmodel.escalation.three_plus_three import ThreePlusThree


@dataclass(frozen=True)
class Trial:
    """What the protocol fixes.

    Parameters
    ----------
    design : Design
        The rule: any design that decides from counts; a 3+3 has its policies.
    doses : int
        How many dose levels there are.
    window : int
        Days of the DLT window, which is also the gate between groups.
    start : int
        The level of the first group.
    calendar : Policies
        Stagger, late DLTs and early completion where the design is no 3+3.
    """

    design: Design
    doses: int
    window: int = 28
    start: int = 1
    calendar: Policies = field(default_factory=Policies)

    @property
    def policies(self) -> Policies:
        """The readings that hold: those of the 3+3, or of the calendar."""
        return self.design.policies if isinstance(self.design, ThreePlusThree) else self.calendar

    @property
    def open_gaps(self) -> frozenset[str]:
        """The gaps that the protocol's text leaves open; none of a design that is no 3+3."""
        return self.design.open_gaps if isinstance(self.design, ThreePlusThree) else frozenset()

    def known(self, record: Record, day: date) -> Known:
        """Return what is known of a patient's DLT on a day, under these policies."""
        late, early = self.policies.late_dlt_counts, self.policies.completed_early == "replaced"
        return record.known_on(day, self.window, late_counts=late, early_replaced=early)


def with_policy(trial: Trial, **changes: object) -> Trial:
    """Return the same protocol under other policies.

    Examples
    --------
    >>> with_policy(Trial(ThreePlusThree(), 3), stagger=14.0).policies.stagger
    14.0
    """
    changed = replace(trial.policies, **changes)
    if isinstance(trial.design, ThreePlusThree):
        return replace(trial, design=replace(trial.design, policies=changed))
    return replace(trial, calendar=changed)
