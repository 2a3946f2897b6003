"""The verdict on a trial under way: the protocol's next step, its reason, its open questions, and advice beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from cartmodel.conduct.ahead import pathways_from
from cartmodel.conduct.beside import beside, blrm_words, followed, known_state
from cartmodel.conduct.counting import log
from cartmodel.conduct.history import check_history
from cartmodel.conduct.policy import OF_THE_CALENDAR, policies_of, read_as
from cartmodel.conduct.protocol import Trial
from cartmodel.conduct.questions import questions
from cartmodel.conduct.reading import NCT06871644_DOSES, read_conduct
from cartmodel.conduct.records import ConductRecords
from cartmodel.conduct.steps import next_step
from cartmodel.conduct.words import verdict_text
from cartmodel.decision.advice import Advice, advise
from cartmodel.errors import CartmodelError
from cartmodel.escalation.design import Design
from cartmodel.escalation.policies import Policies
from cartmodel.escalation.settings import decides_from, design, list_designs
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree


@dataclass(frozen=True, eq=False)
class Verdict:
    """The protocol's next step on a day, what it rests on, and what stands beside it.

    Parameters
    ----------
    decision : Decision
        The protocol's step, which is authoritative.
    on : date
        The day of the decision.
    earliest : date or None
        The first day on which the next patient may be infused; None where none may be.
    why : str
        What sets that day.
    state : State
        Escalation patients whose outcome is known.
    log : pandas.DataFrame
        One row a record: how it was counted, by which policy.
    questions : pandas.DataFrame
        The gaps of the protocol's text that the step touches, and what other readings would say.
    designs : pandas.DataFrame
        The protocol, BOIN, BLRM, TITE-BOIN and, with a fit, the exposure-informed model.
    levels : pandas.DataFrame
        What is known of each dose level.
    pathways : pandas.DataFrame
        What follows each outcome of the next patients, the pending ones of this group included.
    advice : Advice or None
        From the fit.
    records : ConductRecords
        The trial.
    window : int
        Days of the DLT window.
    text : str
        All of it in plain words.
    """

    decision: Decision
    on: date
    earliest: date | None
    why: str
    state: State
    log: pd.DataFrame
    questions: pd.DataFrame
    designs: pd.DataFrame
    levels: pd.DataFrame
    pathways: pd.DataFrame
    advice: Advice | None
    records: ConductRecords
    window: int
    text: str

    @property
    def simulated(self) -> bool:
        """Whether the trial or the fit is simulated."""
        return self.records.simulated or (self.advice is not None and self.advice.simulated)


def verdict(
    source: ConductRecords | str | Path | pd.DataFrame,
    *,
    doses: Sequence[float] = NCT06871644_DOSES,
    design: str | Path | Design = "nct06871644",
    policy: Mapping[str, Any] | None = None,
    on: date | None = None,
    fit: xr.DataTree | None = None,
    window: int = 28,
    start: int = 1,
    target: float = 0.30,
    limit: float = 0.33,
    overdose: float = 0.25,
    reference: float = 1e8,
    remission: float = 0.50,
    cohorts: int = 2,
    **advice: Any,
) -> Verdict:
    """Return the protocol's verdict on a trial under way, with its reason and its open questions, and advice beside it.

    Parameters
    ----------
    source : ConductRecords, str, Path or pandas.DataFrame
        The trial so far, see `read_conduct`.
    doses : sequence of float
        Planned cells of each dose level.
    design : str, Path or Design
        The protocol's rule: ``"nct06871644"``, any other design that decides from counts, a design file, or a decision
        table as CSV (see `design`).
    policy : mapping, optional
        Readings of the protocol's gaps, by gap (``{"G2": "current"}``) or by field of `Policies`; of a design that is
        no 3+3: ``stagger``, ``late_dlt_counts`` and ``completed_early``.
    on : date, optional
        The day of the decision; default: the latest date in the table.
    fit : xarray.DataTree, optional
        A fit whose patients are those of the table: adds the exposure-informed model.
    window : int
        Days of the DLT window and of the gate between groups.
    start : int
        The level of the first group.
    target, limit, overdose : float
        Target of BOIN; the DLT rate not to be exceeded and how probable that may be (BLRM and exposure-informed).
    reference : float
        Reference dose of the BLRM in cells, to which its prior belongs.
    remission, cohorts : float, int
        The remission rate to exceed; how many groups the pathways look ahead.
    **advice
        Further settings of `advise`.

    Raises
    ------
    ConductTableError
        If the table is wrong, or tells a history to which the protocol could not have led: all problems at once.
    ValueError
        If a design or a policy does not exist, settings are out of range (all of them at once), or the fit's trial is
        another.

    Examples
    --------
    >>> table = pd.DataFrame({"subject": ["S01", "S02", "S03"], "dose_level": 1,
    ...     "infusion_date": ["2026-01-05", "2026-01-07", "2026-01-09"],
    ...     "last_followup_date": ["2026-02-06"] * 3})
    >>> said = verdict(table)
    >>> said.decision.action, said.decision.dose, str(said.earliest)
    ('escalate', 2, '2026-02-06')
    """
    planned = source.doses if isinstance(source, ConductRecords) else tuple(doses)
    trial = protocol_of(
        design, policy or {}, planned, window=window, start=start, target=target, limit=limit, overdose=overdose,
        reference=reference, remission=remission, cohorts=cohorts,
    )  # fmt: skip
    records = source if isinstance(source, ConductRecords) else read_conduct(source, doses=doses, on=on)
    day = records.last_day if on is None else on
    if records.records and day < records.last_day:
        raise ValueError(f"on={day}: the records reach to {records.last_day}; accepted: that day or a later one")
    if on is None and records.records and day > date.today():
        note = f"The latest date of the table, {day}, lies after today: a typing error? Give the day of the decision."
        records = replace(records, notes=(*records.notes, note))
    infusions = check_history(trial, records)
    step = next_step(trial, records.records, day)
    said = None
    if fit is not None:
        _same_trial(fit, records)
        asked_for: dict[str, Any] = {"limit": limit, "overdose": overdose, "target": remission, "window": float(window)}
        said = advise(fit, records.doses, patients=followed(records, trial, day), **asked_for, **advice)
    settings: dict[str, Any] = {"target": target, "limit": limit, "overdose": overdose, "reference": reference}
    compared, levels = beside(trial, records, step, day, advice=said, **settings)
    asked = questions(trial, records.records, step, day)
    counted = log(trial, records, infusions, step, day)
    ahead = pathways_from(trial, step, cohorts)
    logistic = blrm_words(records.doses, reference)
    state = known_state(records.records, trial, day, step.state.current)
    text = verdict_text(records, step, day, counted, asked, compared, ahead, said, state, logistic)
    return Verdict(
        step.decision, day, step.earliest, step.why, step.state, counted, asked, compared, levels, ahead, said, records,
        window, text,
    )  # fmt: skip


def protocol_of(
    design: str | Path | Design,
    policy: Mapping[str, Any],
    doses: Sequence[float],
    *,
    window: int = 28,
    start: int = 1,
    target: float = 0.30,
    limit: float = 0.33,
    overdose: float = 0.25,
    reference: float = 1e8,
    remission: float = 0.50,
    cohorts: int = 2,
) -> Trial:
    """Return what the protocol fixes, after a check of all settings of `verdict`, which see.

    Raises
    ------
    ValueError
        With everything that is wrong, a line each.

    Examples
    --------
    >>> protocol_of("korn", {"stagger": 7}, (1e8, 2e8)).policies.stagger
    7.0
    """
    wrong: list[str] = []
    if not 1 <= window <= 366:
        wrong.append(f"window = {window}; accepted: 1 to 366 days")
    if not 1 <= start <= len(doses):
        wrong.append(f"start = {start}; accepted: levels 1 to {len(doses)}")
    given = {"target": target, "limit": limit, "overdose": overdose, "remission": remission}
    for name, value in given.items():
        most = 0.7 if name == "target" else 1.0  # BOIN's upper boundary is 1.4 times its target
        if not 0 < value < most:
            wrong.append(f"{name} = {value}; accepted: a probability above 0 and below {most:g}")
    if not 0 < reference < float("inf"):
        wrong.append(f"reference = {reference}; accepted: cells above 0")
    if cohorts < 0:
        wrong.append(f"cohorts = {cohorts}; accepted: 0 or more")
    rule, calendar = None, Policies()
    try:
        rule = _rule(design, target)
    except (ValueError, CartmodelError) as error:
        wrong.append(str(error))
    try:
        if rule is None or isinstance(rule, ThreePlusThree):
            read = policies_of(rule or ThreePlusThree(), policy)
            rule = None if rule is None else read
        else:
            calendar = read_as(calendar, policy, only=OF_THE_CALENDAR)
    except ValueError as error:
        wrong.append(str(error))
    if wrong or rule is None:
        raise ValueError("\n".join(wrong))
    return Trial(rule, len(doses), window, start, calendar)


def _rule(name: str | Path | Design, target: float) -> Design:
    if not isinstance(name, (str, Path)):
        made: Any = name
    else:
        made = design(name, **({"target": target} if Path(name).suffix.lower() == ".csv" else {}))
    if decides_from(made) != "counts":
        accepted = ", ".join(known for known, kind in list_designs().items() if kind == "counts")
        what = f"design {name}: decides from {decides_from(made)}"
        raise ValueError(f"{what}; accepted as a protocol: {accepted}, or a file")
    return made


def _same_trial(fit: xr.DataTree, records: ConductRecords) -> None:
    """Refuse a fit of other patients, which would advise on another trial."""
    known = {str(name) for name in fit["constant_data"]["subject"].to_numpy()}
    mine = {record.subject for record in records.records}
    if not known & mine:
        some = ", ".join(sorted(known)[:3])
        raise ValueError(f"the fit knows none of these patients (it has {some}, ...); accepted: a fit of this trial")
    if strangers := known - mine:
        raise ValueError(f"the fit has patients whom the table lacks: {', '.join(sorted(strangers)[:5])}")
