"""Decision tables and operating characteristics as frames."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from cartmodel.escalation.backfill import Backfill
from cartmodel.escalation.design import Design, SlotDesign
from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.interval import Letters
from cartmodel.escalation.state import State


def decision_table(
    rule: Letters | Design, patients: Sequence[int], *, level: int = 2, doses: int = 3, below: int = 3
) -> pd.DataFrame:
    """Return a decision table: DLTs down, patients at the current dose across.

    The letters of an interval design depend on the counts at the current dose alone. Any other design is asked with the
    current dose at ``level``, ``below`` patients without a DLT at each level under it and nobody above.

    Parameters
    ----------
    rule : callable ``(n, dlt) -> "E", "S", "D" or "DU"``, or Design
        Such as `boin_letters`, or `crm`.
    patients : sequence of int
        The numbers of patients at the current dose.
    level, doses, below : int
        Where a design is asked.

    Returns
    -------
    pandas.DataFrame
        E escalate, S stay, D de-escalate, DU de-escalate while safety bars this dose, STOP no safe dose, MTD n stop
        with level n, ? referred to people; empty where there cannot be so many DLTs.

    Raises
    ------
    ValueError
        If the level does not exist, or no number of patients is given.

    Examples
    --------
    >>> from cartmodel.escalation.boin import boin_letters
    >>> print(decision_table(boin_letters(0.30), [3, 6]))
    patients   3   6
    dlts
    0          E   E
    1          S   E
    2          D   S
    3         DU   D
    4             DU
    5             DU
    6             DU
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> decision_table(nct06871644(), [3]).loc[:, 3].tolist()
    ['E', 'S', 'D', 'D']
    """
    if not 1 <= level <= doses or not patients or min(patients) < 1 or below < 0:
        raise ValueError(f"level {level} of {doses}, patients {patients}, below {below}; accepted: 1 or more patients")
    letters = _letters_of(rule, level, doses, below) if isinstance(rule, Design) else rule
    counts = range(max(patients) + 1)
    columns = {n: [letters(n, dlt) if dlt <= n else "" for dlt in counts] for n in patients}
    table = pd.DataFrame(columns, index=pd.Index(counts, name="dlts"))
    table.columns.name = "patients"
    return table


def _letters_of(design: Design, level: int, doses: int, below: int) -> Callable[[int, int], str]:
    bare = design.design if isinstance(design, Backfill) else design

    def letter(n: int, dlt: int) -> str:
        counts = (below,) * (level - 1) + (n,) + (0,) * (doses - level)
        state = State(counts, (0,) * (level - 1) + (dlt,) + (0,) * (doses - level), level)
        decision = design.decide(state)
        match decision.action:
            case "escalate":
                return "E"
            case "stay":
                return "S"
            case "de-escalate":
                # A 3+3 names the next level alone as admissible, which says nothing of the others.
                return "DU" if isinstance(bare, SlotDesign) and level not in bare.decide(state).admissible else "D"
            case "stop":
                return "STOP" if decision.dose is None else f"MTD {decision.dose}"
            case _:
                return "?"

    return letter


def compare_designs(
    designs: Mapping[str, Design], scenarios: Mapping[str, Sequence[float]], *, start: int = 1
) -> pd.DataFrame:
    """Return the exact operating characteristics of designs side by side.

    Parameters
    ----------
    designs : mapping of str to Design
        The designs by the name that the table shall show.
    scenarios : mapping of str to sequence of float
        True DLT probability of each dose, by the name of the scenario.
    start : int
        The level of the first group.

    Returns
    -------
    pandas.DataFrame
        A row for each scenario and design. ``mtd_none``, ``mtd_1``, ...: probability of each end of the trial, and
        ``referred`` that of an end without a rule; ``patients``, ``dlts`` and ``groups``: expected numbers in all,
        ``patients_1``, ``dlts_1``, ... at each level; ``most_patients``: the largest possible number.

    Raises
    ------
    ValueError
        If the scenarios do not have the same number of doses.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import korn
    >>> print(compare_designs({"Korn": korn()}, {"moderate": [0.10, 0.25, 0.40]}).round(4)[["mtd_none", "mtd_1"]])
                     mtd_none   mtd_1
    scenario design
    moderate Korn       0.103  0.3948
    """
    truth = [list(p) for p in scenarios.values()]
    doses = len(truth[0]) if truth else 0
    if not doses or any(len(p) != doses for p in truth):
        raise ValueError(
            f"scenarios with {[len(p) for p in truth]} doses; accepted: one or more, all with as many doses"
        )
    names = ["none", *map(str, range(1, doses + 1))]
    frames: list[pd.DataFrame] = []
    for name, design in designs.items():
        exact = operating_characteristics(design, truth, start=start)
        columns = {f"mtd_{end}": exact.mtd[:, place] for place, end in enumerate(names)}
        columns |= {"referred": exact.referred, "patients": exact.patients.sum(axis=1), "dlts": exact.dlts.sum(axis=1)}
        columns["groups"] = exact.groups @ np.arange(exact.groups.shape[1])
        columns |= {f"patients_{level}": exact.patients[:, level - 1] for level in range(1, doses + 1)}
        columns |= {f"dlts_{level}": exact.dlts[:, level - 1] for level in range(1, doses + 1)}
        columns["most_patients"] = np.array([float(np.flatnonzero(row).max()) for row in exact.total])
        index = pd.MultiIndex.from_product([list(scenarios), [name]], names=["scenario", "design"])
        frames.append(pd.DataFrame(columns, index=index))
    table = pd.concat(frames)
    return table.loc[[(s, d) for s in scenarios for d in designs]]
