"""Dose-transition pathways and full trees: every way in which a trial may go on, as frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from cartmodel.escalation.design import Design
from cartmodel.escalation.outcomes import Cohort, format_outcomes
from cartmodel.escalation.state import Decision, State


@dataclass(frozen=True, slots=True)
class Path:
    """One way in which a trial may go on.

    Parameters
    ----------
    cohorts : tuple of Cohort
        The groups from here on, patients with a DLT written last: their order within a group changes no decision.
    state : State
        The counts after them.
    decision : Decision
        What the design says then.
    questions : tuple of str
        The gaps of the protocol's text on which a decision along the path rests, the last one included.
    """

    cohorts: tuple[Cohort, ...]
    state: State
    decision: Decision
    questions: tuple[str, ...]


def paths(design: Design, state: State, cohorts: int | None = None) -> Iterator[Path]:
    """Return an iterator over all ways in which a trial may go on from a state, fewest DLTs first.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    state : State
        Where the trial stands; `State.empty` for the whole tree.
    cohorts : int, optional
        How many groups to look ahead; default: until the design stops.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import escalation_only
    >>> sum(1 for _ in paths(escalation_only(), State.empty(3)))
    43
    """
    waiting: list[tuple[tuple[Cohort, ...], State, tuple[str, ...]]] = [((), state, ())]
    while waiting:
        past, now, asked = waiting.pop()
        decision = design.decide(now)
        asked = (*asked, *(gap for gap in decision.questions if gap not in asked))
        if not decision.enrols or decision.dose is None or len(past) == cohorts:
            yield Path(past, now, decision, asked)
            continue
        for dlt in range(decision.cohort, -1, -1):
            outcomes = (False,) * (decision.cohort - dlt) + (True,) * dlt
            waiting.append(
                ((*past, Cohort(decision.dose, outcomes)), now.add(decision.dose, decision.cohort, dlt), asked)
            )


def pathways(
    design: Design,
    state: State,
    cohorts: int | None = 2,
    *,
    truth: Sequence[float] | None = None,
    max_paths: int = 100_000,
) -> pd.DataFrame:
    """Return dose-transition pathways: one row for each way in which the next groups may turn out.

    Parameters
    ----------
    design : Design
        Any design that decides from counts.
    state : State
        Where the trial stands; ``State.empty(3)`` for a trial of three doses before the first patient.
    cohorts : int or None
        How many groups to look ahead; None: the full tree, until the design stops.
    truth : sequence of float, optional
        True DLT probability of each dose; adds the probability of each path.
    max_paths : int
        Refuse to list more.

    Returns
    -------
    pandas.DataFrame
        ``outcomes`` from here on; ``patients`` and ``dlts`` of the whole trial and at each level (``n_1``, ``dlt_1``,
        ...); ``action``, ``dose`` (of the next group, or the MTD; missing: none) and ``reason`` then; ``questions``,
        the gaps met; ``probability`` if a truth is given.

    Raises
    ------
    ValueError
        If there are more than ``max_paths`` paths, or ``truth`` has not one probability for each dose.

    References
    ----------
    Yap C. et al. (2017), Dose transition pathways, Clinical Cancer Research 23:7440-7447.

    Examples
    --------
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> pathways(nct06871644(), State.empty(3), cohorts=1)[["outcomes", "action", "dose"]]
      outcomes    action  dose
    0     1NNN  escalate     2
    1     1NNT      stay     1
    2     1NTT      stop  <NA>
    3     1TTT      stop  <NA>
    """
    p = None if truth is None else np.asarray(truth, dtype=float)
    if p is not None and (p.shape != (state.doses,) or not np.all((p >= 0) & (p <= 1))):
        raise ValueError(f"truth: {truth}; accepted: {state.doses} probabilities")
    rows: list[dict[str, object]] = []
    for path in paths(design, state, cohorts):
        if len(rows) == max_paths:
            raise ValueError(f"more than {max_paths} paths; accepted: fewer cohorts, or a higher max_paths")
        end = path.state
        row: dict[str, object] = {
            "outcomes": format_outcomes(path.cohorts),
            "patients": end.patients,
            "dlts": sum(end.dlt),
            **{f"n_{level}": n for level, n in enumerate(end.n, start=1)},
            **{f"dlt_{level}": dlt for level, dlt in enumerate(end.dlt, start=1)},
            "action": path.decision.action,
            "dose": path.decision.dose,
            "reason": path.decision.reason,
            "questions": " ".join(path.questions),
        }
        if p is not None:
            factors = [binom.pmf(sum(c.dlt), len(c.dlt), p[c.dose - 1]) for c in path.cohorts]
            row["probability"] = float(np.prod(factors))
        rows.append(row)
    return pd.DataFrame(rows).astype({"dose": "Int64"})
