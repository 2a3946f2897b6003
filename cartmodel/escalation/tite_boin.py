"""TITE-BOIN: BOIN with pending patients."""

from dataclasses import dataclass, replace
from typing import Literal

from cartmodel.escalation.boin import boin_boundaries, boin_letters
from cartmodel.escalation.dated import DatedState, dated_designs
from cartmodel.escalation.design import Recommendation, SlotDesign
from cartmodel.escalation.interval import Letter, exceeds, interval_design
from cartmodel.escalation.state import Decision, State

type DltRate = Literal["imputed", "effective-sample-size"]


def tite_boin_rate(
    n: int, dlt: int, pending: int, followed: float, *, target: float, rate: DltRate = "imputed"
) -> float:
    """Return the DLT rate at a dose with pending patients.

    Imputed: ``(y + (m - STFT) p0 / (1 - p0)) / n`` with ``p0 = (y + target / 2) / (n - m + 1)``. By effective sample
    size: ``y / (n - m + STFT)``.

    Parameters
    ----------
    n, dlt, pending : int
        Patients n, DLTs y and pending patients m at the dose.
    followed : float
        STFT, the standardised total follow-up of the pending patients: the sum of their shares of the window.
    target : float
        The DLT probability that is aimed at.
    rate : {"imputed", "effective-sample-size"}
        Which of the two; NaN where the second has no follow-up to divide by.

    Raises
    ------
    ValueError
        If the numbers contradict each other.

    References
    ----------
    Yuan Y., Lin R., Li D., Nie L., Warren K.E. (2018), Clinical Cancer Research 24:4921-4930. Lin R., Yuan Y. (2020),
    Biostatistics 21:807-824, for the effective sample size.

    Examples
    --------
    >>> round(tite_boin_rate(9, 1, 3, 0.775, target=0.20), 4)
    0.1572
    """
    possible = n >= 1 and dlt >= 0 and pending >= 0 and dlt + pending <= n
    if not (possible and 0 <= followed <= pending):
        raise ValueError(
            f"{dlt} DLTs, {pending} pending of {n} patients, follow-up {followed}; accepted: DLTs and pending patients "
            "within the patients, at most 1 of follow-up for each pending patient"
        )
    if rate == "effective-sample-size":
        size = n - pending + followed
        return dlt / size if size > 0 else float("nan")
    p0 = (dlt + target / 2) / (n - pending + 1)
    return (dlt + (pending - followed) * p0 / (1 - p0)) / n


@dataclass(frozen=True)
class TiteBoin:
    """The TITE-BOIN design.

    While more than half of the patients at the current dose are pending, accrual is suspended, unless the data so far
    de-escalate: waiting never delays a de-escalation. Elimination counts DLTs among all patients, pending ones too.

    Parameters
    ----------
    target : float
        The DLT probability that is aimed at.
    under, over : float, optional
        See `boin_boundaries`.
    cutoff : float
        See `boin_letters`.
    rate : {"imputed", "effective-sample-size"}
        See `tite_boin_rate`.
    suspend_above : float
        The largest share of pending patients at the current dose with which a dose may be raised or kept.
    cohort, max_patients : int
        Patients in a group, and in the trial; the MTD is named when the last window is over.

    Raises
    ------
    ValueError
        If a target, a boundary or a share is not within its range.

    References
    ----------
    See `tite_boin_rate`.

    Examples
    --------
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> design = TiteBoin(0.30)
    >>> design.decide(DatedState(tuple(DatedPatient(1, day) for day in (28, 28, 20)), doses=3)).action
    'escalate'
    >>> design.decide(DatedState(tuple(DatedPatient(1, day) for day in (28, 3, 2)), doses=3)).action
    'suspend'
    """

    target: float = 0.30
    under: float | None = None
    over: float | None = None
    cutoff: float = 0.95
    rate: DltRate = "imputed"
    suspend_above: float = 0.5
    cohort: int = 3
    max_patients: int = 18

    def __post_init__(self) -> None:
        boin_boundaries(self.target, under=self.under, over=self.over)
        if self.rate not in ("imputed", "effective-sample-size"):
            raise ValueError(f"rate '{self.rate}'; accepted: 'imputed', 'effective-sample-size'")
        if not 0 <= self.suspend_above <= 1:
            raise ValueError(f"suspend_above = {self.suspend_above}; accepted: a share, 0 to 1")

    def letter(self, n: int, dlt: int, pending: int, followed: float) -> Letter:
        """Return the rule's letter at a dose, see `tite_boin_rate` for the arguments."""
        if n >= 3 and exceeds(self.target, n, dlt) > self.cutoff:
            return "DU"
        low, high = boin_boundaries(self.target, under=self.under, over=self.over)
        rate = tite_boin_rate(n, dlt, pending, followed, target=self.target, rate=self.rate)
        return "E" if rate <= low else "D" if rate >= high else "S"

    def decide(self, trial: DatedState, /) -> Decision:
        """Return the next step of a trial; see the class."""
        here = trial.level == trial.current
        waiting = here & trial.pending
        n, pending = int(here.sum()), int(waiting.sum())
        dlt, followed = int(trial.dlt[here].sum()), float(trial.days[waiting].sum() / trial.window)
        letter = self.letter(n, dlt, pending, followed) if n else "S"

        def recommend(state: State) -> Recommendation:
            inside = min(max(state.current + {"E": 1, "S": 0, "D": -1, "DU": -1}[letter], 1), state.doses)
            found = f"{dlt} DLT{'' if dlt == 1 else 's'} in {n} at dose level {state.current}"
            reason = f"{found}, {pending} pending with {followed:.2f} windows"
            return Recommendation(tuple(range(inside, 0, -1)), reason)

        decision = replace(self._without_dates, recommend=recommend).decide(trial.counts)
        if decision.action == "stop" and decision.dose is not None and trial.pending.any():
            return Decision("suspend", None, f"{decision.reason}, {int(trial.pending.sum())} of them pending")
        if decision.action in ("escalate", "stay") and pending > self.suspend_above * n:
            return Decision("suspend", None, f"{pending} of {n} patients at dose level {trial.current} are pending")
        return decision

    @property
    def _without_dates(self) -> SlotDesign:
        letters = boin_letters(self.target, under=self.under, over=self.over, cutoff=self.cutoff)
        return interval_design(letters, target=self.target, cohort=self.cohort, max_patients=self.max_patients)


dated_designs.add("tite-boin", TiteBoin)
