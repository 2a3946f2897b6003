"""The gaps in the 3+3 text of NCT06871644, G1 to G10, and the readings that fill them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Gap:
    """A step that the protocol's text does not define.

    Parameters
    ----------
    policy : str
        The field of `Policies` that fills it.
    question : str
        What the text leaves open.
    readings : mapping of value to words
        What the field accepts.
    """

    policy: str
    question: str
    readings: dict[object, str]


GAPS: dict[str, Gap] = {
    "G1": Gap(
        "two_of_first_three",
        "what follows 2 or 3 DLTs in the first 3 patients of a dose",
        {"reduce": "reduce by one dose, as after 3 of 6", "stop": "stop without enrolling at the dose below"},
    ),
    "G2": Gap(
        "two_of_six",
        "which dose is the MTD when escalation stops after 1 of 3 and then 1 of 3 more",
        {"previous": "the dose below", "current": "the dose itself", "reduce": "the dose below, once it holds 6"},
    ),
    "G3": Gap(
        "full_lower_dose",
        "whether a reduced dose that already has 6 patients gets 3 more",
        {"skip": "no: 3 to 6 subjects per group", "enrol": "yes, up to 9"},
    ),
    "G4": Gap(
        "after_reduction",
        "what follows the 3 patients at a reduced dose",
        {"accept": "accept it after 0 or 1 DLT among them, else reduce again", "refer": "the text ends: people decide"},
    ),
    "G5": Gap(
        "below_lowest",
        "what a dose reduction means at the lowest dose",
        {"stop": "stop: no dose is safe", "refer": "the text ends: people decide"},
    ),
    "G6": Gap(
        "top_dose",
        "whether the highest dose is the MTD after 0 of 3, or needs 6 patients",
        {"three": "3 patients are enough", "six": "6 patients"},
    ),
    "G7": Gap(
        "first_three_early",
        "whether a decision may be made before a trio is complete, and what groups of 4 or 5 mean",
        {
            True: "at 3 or 6 evaluable patients, or once 2 of the first 3 have a DLT",
            False: "at 3 or 6 evaluable patients",
        },
    ),
    "G8": Gap(
        "second_trio",
        "when the 3 additional patients may be enrolled",
        {"after_window": "after the DLT window of the first 3", "at_dlt": "as soon as the one DLT is known"},
    ),
    "G9": Gap(
        "second_three_early",
        "the stagger inside a group, a DLT after day 28, a second DLT while the 3 additional are being treated",
        {True: "stop enrolling once 2 of the additional patients have a DLT", False: "complete the trio"},
    ),
    "G10": Gap(
        "max_patients",
        "whether the planned 18 patients are a limit",
        {None: "no limit but that of the rules", 18: "18 evaluable patients"},
    ),
}


@dataclass(frozen=True, slots=True)
class Policies:
    """How a 3+3 trial proceeds where texts differ or are silent.

    The defaults are the proposed reading of NCT06871644; `GAPS` holds the questions and the meaning of each value.

    Parameters
    ----------
    two_of_first_three : {"reduce", "stop"}
        G1: after 2 or 3 DLTs in the first 3 patients.
    two_of_six : {"previous", "current", "reduce"}
        G2: after 2 DLTs in 6 patients. ``"reduce"`` is the textbook de-escalation, not a reading of this trial's text.
    three_of_six : {"reduce", "stop"}
        After 3 or more DLTs in 6 patients: explicit in this trial (reduce); designs that only escalate stop.
    full_lower_dose : {"skip", "enrol"}
        G3: a reduced dose that has 6 patients already is accepted as it is, or gets 3 more.
    after_reduction : {"accept", "refer"}
        G4: the reduced dose is accepted if fewer than a third of its patients had a DLT; in every state that the rules
        can reach this is the same as at most 1 DLT among the 3 additional patients.
    below_lowest : {"stop", "refer"}
        G5. To allow for a dose below the planned ones, list it as level 1 and start at level 2.
    top_dose : {"three", "six"}
        G6: patients needed to declare the highest dose the MTD. With six, 2 DLTs among them are read by G2, whether or
        not the first 3 patients had one.
    first_three_early : bool
        G7: decide once 2 of the first 3 patients have a DLT. Non-evaluable patients are replaced: they do not count.
    second_trio : {"after_window", "at_dlt"}
        G8. It acts on the calendar only, not on counts.
    second_three_early : bool
        G9: decide once 2 of the 3 additional patients have a DLT.
    stagger : float
        G9: days between the infusions of a group; calendar only.
    late_dlt_counts : bool
        G9: whether a DLT after the window re-opens a decision; calendar only.
    max_patients : int, optional
        G10: evaluable patients after whom no further trio is enrolled.
    outside_dlts : {"refer", "ignore"}
        G7: DLTs of patients whom the rule does not count (expansion, backfill, infused against the rule). ``"refer"``:
        people decide once a dose at or below the rule's next has, with them, 2 or more DLTs that are a third or more of
        at least 6 patients. Conduct of a trial only.
    completed_early : {"awaited", "replaced"}
        G7: what a patient is who is recorded as having completed before the window was over, without a DLT: awaited
        until the record is mended, or not evaluable and replaced; conduct of a trial only.

    Raises
    ------
    ValueError
        If a value is none of the accepted ones: all of them, a line each.

    Examples
    --------
    >>> Policies(two_of_six="current").two_of_six
    'current'
    >>> Policies(two_of_six="next")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: two_of_six = 'next' (G2, ...); accepted: 'previous', 'current', 'reduce'
    """

    two_of_first_three: Literal["reduce", "stop"] = "reduce"
    two_of_six: Literal["previous", "current", "reduce"] = "previous"
    three_of_six: Literal["reduce", "stop"] = "reduce"
    full_lower_dose: Literal["skip", "enrol"] = "skip"
    after_reduction: Literal["accept", "refer"] = "accept"
    below_lowest: Literal["stop", "refer"] = "stop"
    top_dose: Literal["three", "six"] = "three"
    first_three_early: bool = True
    second_trio: Literal["after_window", "at_dlt"] = "after_window"
    second_three_early: bool = True
    stagger: float = 0.0
    late_dlt_counts: bool = False
    max_patients: int | None = None
    outside_dlts: Literal["refer", "ignore"] = "refer"
    completed_early: Literal["awaited", "replaced"] = "awaited"

    def __post_init__(self) -> None:
        wrong: list[str] = []
        for name, gap in GAPS.items():
            value = getattr(self, gap.policy)
            known = [reading for reading in gap.readings if type(reading) is type(value)]  # 1 is not True
            if gap.policy != "max_patients" and value not in known:
                accepted = ", ".join(map(repr, gap.readings))
                wrong.append(f"{gap.policy} = {value!r} ({name}, {gap.question}); accepted: {accepted}")
        if self.three_of_six not in ("reduce", "stop"):
            wrong.append(f"three_of_six = {self.three_of_six!r}; accepted: 'reduce', 'stop'")
        if self.outside_dlts not in ("refer", "ignore"):
            wrong.append(f"outside_dlts = {self.outside_dlts!r} (G7); accepted: 'refer', 'ignore'")
        if self.completed_early not in ("awaited", "replaced"):
            wrong.append(f"completed_early = {self.completed_early!r} (G7); accepted: 'awaited', 'replaced'")
        if type(self.late_dlt_counts) is not bool:
            wrong.append(f"late_dlt_counts = {self.late_dlt_counts!r} (G9); accepted: True, False")
        if self.max_patients is not None and not (type(self.max_patients) is int and self.max_patients >= 3):
            wrong.append(f"max_patients = {self.max_patients!r} (G10); accepted: None, or 3 or more")
        if type(self.stagger) not in (int, float) or not 0 <= self.stagger < float("inf"):
            wrong.append(f"stagger = {self.stagger!r} days (G9); accepted: 0 or more")
        if wrong:
            raise ValueError("\n".join(wrong))
