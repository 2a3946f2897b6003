"""The 3+3 of NCT06871644 with its gaps as policies, and the textbook variants."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cartmodel.escalation.design import designs
from cartmodel.escalation.policies import GAPS, Policies
from cartmodel.escalation.state import Decision, State, move

type _Verdict = Literal["pass", "hold", "reduce", "stop"]


@dataclass(frozen=True)
class ThreePlusThree:
    """A 3+3 design.

    0 of 3 escalates; 1 of 3 adds 3 at the same dose; at most 1 of 6 escalates; what follows more DLTs is for the
    policies to say. A trial that has de-escalated never climbs again.

    Parameters
    ----------
    policies : Policies
        The reading of the protocol.
    open_gaps : frozenset of str
        The gaps that this protocol's text leaves open: a decision that rests on one of them names it in ``questions``.

    References
    ----------
    ClinicalTrials.gov NCT06871644, version of 2025-03-12. Lin Y., Shih W.J. (2001), Biostatistics 2:203-215, for the
    class of A+B designs. Korn E.L. et al. (1994), Statistics in Medicine 13:1799-1806, for the 6 patients at the MTD.

    Examples
    --------
    >>> protocol = ThreePlusThree()
    >>> protocol.decide(State((3, 3, 0), (0, 1, 0), current=2)).reason
    '1 DLT in 3 at dose level 2: 3 more patients'
    >>> protocol.decide(State((3, 3, 0), (0, 2, 0), current=2)).questions
    ('G1',)
    """

    policies: Policies = field(default_factory=Policies)
    open_gaps: frozenset[str] = frozenset(GAPS)

    def decide(self, state: State, /) -> Decision:
        """Return the next step of a trial; see the class."""
        decision = self._returned(state) if state.highest > state.current else self._climbing(state)
        open_questions = tuple(gap for gap in decision.questions if gap in self.open_gaps)
        return replace(decision, questions=open_questions)

    def ends_early(self, before: State, level: int) -> bool:
        """Return whether this reading ends a group once its DLTs settle that the dose is too high (G7, G9).

        Parameters
        ----------
        before : State
            The counts when the group was opened.
        level : int
            Its dose level.
        """
        first = level >= before.highest and before.at(level)[0] == 0
        return self.policies.first_three_early if first else self.policies.second_three_early

    def _climbing(self, state: State) -> Decision:
        level, p = state.current, self.policies
        n, dlt = state.at(level)
        found = f"{dlt} DLT{'' if dlt == 1 else 's'} in {n} at dose level {level}"
        if n < 3:
            if dlt >= 2 and p.first_three_early:
                return self._failed(state, p.two_of_first_three, found, ("G1", "G7"))
            return self._enrol(state, level, 3 - n, f"{found}: complete the first 3", ("G7",) if dlt >= 2 else ())
        if n == 3:
            if dlt >= 2:
                return self._failed(state, p.two_of_first_three, found, ("G1",))
            if dlt == 1:
                return self._enrol(state, level, 3, f"{found}: 3 more patients")
            if level == state.doses and p.top_dose == "six":
                return self._enrol(state, level, 3, f"{found}, the highest: 3 more patients", ("G6",))
            return self._passed(state, found, ("G6",) if level == state.doses else ())
        verdict = self._of_six(dlt)
        if n < 6:
            settled = dlt >= 2 and verdict == self._of_six(dlt + 6 - n)
            if not (settled and p.second_three_early):
                return self._enrol(state, level, 6 - n, f"{found}: complete the 6", ("G7",))
            found += ", whatever follows"
        gaps = (*(("G2",) if dlt == 2 else ()), *(("G9",) if n < 6 else ()))
        match verdict:
            case "pass":
                return self._passed(state, found)
            case "hold":
                return Decision("stop", level, f"{found}: escalation stops, MTD is level {level}", (level,), 0, gaps)
            case _:
                return self._failed(state, verdict, found, gaps)

    def _returned(self, state: State) -> Decision:
        level, p = state.current, self.policies
        n, dlt = state.at(level)
        found = f"{dlt} DLT{'' if dlt == 1 else 's'} in {n} at dose level {level}, reached by reduction"
        full = 6 if n <= 6 else 9
        too_many = 3 * dlt >= full
        if n < full and not (too_many and p.second_three_early):
            return self._enrol(state, level, min(3, full - n), f"{found}: complete the {full}")
        if p.after_reduction == "refer":
            return Decision("refer", None, f"{found}: the protocol's text ends here", (), 0, ("G4",))
        if too_many:
            return self._reduced(state, found, ("G4",))
        return Decision("stop", level, f"{found}: MTD is level {level}", (level,), 0, ("G4",))

    def _of_six(self, dlt: int) -> _Verdict:
        if dlt <= 1:
            return "pass"
        if dlt >= 3:
            return self.policies.three_of_six
        match self.policies.two_of_six:
            case "previous":
                return "stop"
            case "current":
                return "hold"
            case "reduce":
                return "reduce"

    def _passed(self, state: State, found: str, gaps: tuple[str, ...] = ()) -> Decision:
        level = state.current
        if level == state.doses:
            return Decision("stop", level, f"{found}, the highest: MTD is level {level}", (level,), 0, gaps)
        if self._is_full(state, 3):
            return Decision("stop", level, f"{found}: no patients left, MTD is level {level}", (level,), 0, ("G10",))
        return self._enrol(state, level + 1, 3, f"{found}: escalate")

    def _failed(self, state: State, verdict: str, found: str, gaps: tuple[str, ...]) -> Decision:
        return self._reduced(state, found, gaps) if verdict == "reduce" else self._below(state, found, gaps)

    def _below(self, state: State, found: str, gaps: tuple[str, ...]) -> Decision:
        below = state.current - 1
        if below in state.tried:
            return Decision("stop", below, f"{found}: stop, MTD is level {below}", (below,), 0, gaps)
        return Decision("stop", None, f"{found}: stop, no tried dose is below", (), 0, gaps)

    def _reduced(self, state: State, found: str, gaps: tuple[str, ...]) -> Decision:
        below, p = state.current - 1, self.policies
        if below == 0:
            if p.below_lowest == "refer":
                return Decision("refer", None, f"{found}: there is no lower dose", (), 0, (*gaps, "G5"))
            return Decision("stop", None, f"{found}: no dose is safe", (), 0, (*gaps, "G5"))
        if state.n[below - 1] >= 6:
            gaps = (*gaps, "G3")
            if p.full_lower_dose == "skip":
                return Decision("stop", below, f"{found}: MTD is level {below}, which has 6", (below,), 0, gaps)
        if self._is_full(state, 3):
            return self._below(state, f"{found}, no patients left", (*gaps, "G10"))
        return self._enrol(state, below, 3, f"{found}: reduce by one dose, 3 patients", gaps)

    def _enrol(self, state: State, level: int, size: int, reason: str, gaps: tuple[str, ...] = ()) -> Decision:
        if self._is_full(state, size):
            return self._below(state, f"{reason}, but no patients are left", (*gaps, "G10"))
        return replace(move(state, level, size, reason, (level,)), questions=gaps)

    def _is_full(self, state: State, more: int) -> bool:
        return self.policies.max_patients is not None and state.patients + more > self.policies.max_patients


def nct06871644(**policies: Any) -> ThreePlusThree:
    """Return the 3+3 of NCT06871644, under the proposed reading unless policies are given.

    Parameters
    ----------
    **policies
        Fields of `Policies`.

    Examples
    --------
    >>> nct06871644(two_of_six="current").decide(State((6, 0, 0), (2, 0, 0))).dose
    1
    """
    return ThreePlusThree(Policies(**policies))


def escalation_only() -> ThreePlusThree:
    """Return the textbook 3+3 that stops at the first toxic dose; the MTD is the dose below.

    References
    ----------
    Lin Y., Shih W.J. (2001), Biostatistics 2:203-215, A+B design without dose de-escalation.

    Examples
    --------
    >>> escalation_only().decide(State((3, 3), (0, 2), current=2)).dose
    1
    """
    return ThreePlusThree(Policies(two_of_first_three="stop", three_of_six="stop"), frozenset())


def korn() -> ThreePlusThree:
    """Return the textbook 3+3 with de-escalation: below a toxic dose 6 patients are needed, at the highest only 3.

    References
    ----------
    Korn E.L. et al. (1994), Statistics in Medicine 13:1799-1806; Lin Y., Shih W.J. (2001), Biostatistics 2:203-215.

    Examples
    --------
    >>> korn().decide(State((3, 6), (0, 2), current=2)).action
    'de-escalate'
    """
    return ThreePlusThree(Policies(two_of_six="reduce"), frozenset())


def top_to_six() -> ThreePlusThree:
    """Return the textbook 3+3 with de-escalation that needs 6 patients at the highest dose too.

    References
    ----------
    Norris D.C. (2020), What were they thinking?, arXiv:2012.05301, and the R package 'precautionary'.

    Examples
    --------
    >>> top_to_six().decide(State((3,), (0,))).cohort
    3
    """
    return ThreePlusThree(Policies(two_of_six="reduce", top_dose="six"), frozenset())


designs.add("nct06871644", nct06871644)
designs.add("escalation-only", escalation_only)
designs.add("korn", korn)
designs.add("top-to-six", top_to_six)
