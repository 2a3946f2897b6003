"""Calibration of a prior by data scenarios: what a design decides after each outcome of a group at each dose."""

import warnings

import pandas as pd

from cartmodel.errors import CartmodelWarning
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import nct06871644

_STRICTNESS = {"escalate": 0, "stay": 1, "de-escalate": 2, "stop": 3}


def data_scenarios(
    design: Design, doses: int, *, cohort: int = 3, protocol: Design | None = None, start: int = 1
) -> pd.DataFrame:
    """Return what a design decides after 0, 1, 2, ... DLTs in the first group at each dose, beside the protocol.

    The doses below have had one group each without a DLT. A prior is calibrated when these decisions are those that
    clinicians would take; operating characteristics come after.

    Parameters
    ----------
    design : Design
        The design whose prior is on trial.
    doses : int
        How many dose levels there are.
    cohort : int
        Patients in a group.
    protocol : Design, optional
        What to compare with; default: the 3+3 of NCT06871644, for groups of three.
    start : int
        The level of the first group.

    Returns
    -------
    pandas.DataFrame
        One row a level and number of DLTs. ``action``, ``dose`` (missing: none) and ``reason`` of the design;
        ``protocol_action``, ``protocol_dose``; ``stricter``: whether the design is more cautious than the protocol.

    Warns
    -----
    CartmodelWarning
        Where the design stops although the protocol would treat more patients at that dose.

    References
    ----------
    Neuenschwander B., Branson M., Gsponer T. (2008), Statistics in Medicine 27:2420-2439, section on data scenarios.

    Examples
    --------
    >>> from cartmodel.escalation.boin import boin
    >>> data_scenarios(boin(0.30), doses=2)[["level", "dlts", "action", "protocol_action"]]
       level  dlts       action protocol_action
    0      1     0     escalate        escalate
    1      1     1         stay            stay
    2      1     2         stay            stop
    3      1     3         stop            stop
    4      2     0         stay            stop
    5      2     1         stay            stay
    6      2     2  de-escalate     de-escalate
    7      2     3  de-escalate     de-escalate
    """
    reference = nct06871644() if protocol is None else protocol
    rows: list[dict[str, object]] = []
    stops: list[str] = []
    clean = State.empty(doses, start)
    for level in range(start, doses + 1):
        for dlt in range(cohort + 1):
            state = clean.add(level, cohort, dlt)
            ours, theirs = design.decide(state), reference.decide(state)
            if ours.action == "stop" and theirs.action in ("stay", "escalate"):
                stops.append(f"{dlt} of {cohort} at level {level}, where the protocol says '{theirs.action}'")
            rows.append(
                {
                    "level": level,
                    "dlts": dlt,
                    "action": ours.action,
                    "dose": ours.dose,
                    "reason": ours.reason,
                    "protocol_action": theirs.action,
                    "protocol_dose": theirs.dose,
                    "stricter": _is_stricter(ours, theirs),
                }
            )
        clean = clean.add(level, cohort, 0)
    if stops:
        warnings.warn(f"the design stops after {'; after '.join(stops)}", CartmodelWarning, stacklevel=2)
    return pd.DataFrame(rows).astype({"dose": "Int64", "protocol_dose": "Int64"})


def _is_stricter(ours: Decision, theirs: Decision) -> bool:
    if theirs.action == "refer" or ours.action == "refer":
        return False
    if ours.action == theirs.action == "stop":
        return (ours.dose or 0) < (theirs.dose or 0)
    if theirs.action == "stop" and theirs.dose is not None:  # an MTD is named: not a matter of caution
        return ours.dose is None or ours.dose < theirs.dose
    return _STRICTNESS[ours.action] > _STRICTNESS[theirs.action]
