"""Virtual trials under designs that decide from counts, of DLTs or of DLTs and remissions: a block at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.benefit import BenefitDesign, BenefitState
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.virtual.conduct import Conduct, end_of
from cartmodel.virtual.groups import Groups
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.response import remissions
from cartmodel.virtual.truth import Array


class _Table:
    """The states that trials have reached and the decision at each, taken once."""

    def __init__(self, design: Any, empty: Any) -> None:
        self._design = design
        self.states, self._places = [empty], {empty: 0}
        self._decisions: dict[Any, Decision] = {}

    def decision(self, state: Any) -> Decision:
        if state not in self._decisions:
            decision = self._design.decide(state)
            if decision.action == "suspend":
                raise ValueError("the design suspends a trial without pending patients; accepted: another step")
            if decision.backfill:
                raise ValueError("virtual trials do not simulate backfill; accepted: a design without")
            self._decisions[state] = decision
        return self._decisions[state]

    def place(self, state: Any) -> int:
        if state not in self._places:
            self._places[state] = len(self.states)
            self.states.append(state)
        return self._places[state]


def conduct_by_counts(design: Design | BenefitDesign, potential: Potential, *, benefit: bool = False) -> Conduct:
    """Return what a design that decides from counts did with the patients of a block.

    A group is enrolled as the design asks; patients who are not infused, or who leave within the window without a DLT,
    are replaced at the same dose. A 3+3 is followed day by day, as a live trial is (`under_way`): it decides on the day
    on which its step is settled, and from then on nobody of the group is infused or replaced. Other designs complete
    their groups and decide when the last patient's window is over. In either case the next group opens after it.

    Parameters
    ----------
    design : Design or BenefitDesign
        The rule.
    potential : Potential
        The patients.
    benefit : bool
        Whether the design decides from toxicity and efficacy: it then waits for the day of the remission too. Who has
        left before that day counts as a patient without remission.

    Raises
    ------
    ValueError
        If the design waits for pending patients, which counts alone do not have, or asks for what is not simulated.
    """
    scenario = potential.scenario
    if isinstance(design, ThreePlusThree) and (design.policies.second_trio, design.policies.late_dlt_counts) != (
        "after_window",
        False,
    ):
        raise ValueError(
            "virtual trials open the second trio after the window of the first, and count DLTs after the window "
            "without re-opening a decision; accepted: second_trio = 'after_window', late_dlt_counts = False"
        )
    stagger = max(scenario.stagger, design.policies.stagger if isinstance(design, ThreePlusThree) else 0.0)
    window, doses = scenario.toxicity.window, len(scenario.doses)
    wait = max(window, potential.response_day) if benefit else window
    if benefit:
        table = _Table(design, BenefitState(((0, 0, 0, 0),) * doses, scenario.start))
    else:
        table = _Table(design, State.empty(doses, scenario.start))
    trials = potential.streams.trials
    conduct = Conduct(trials)
    at, need, taken, count, group, level = np.zeros((6, trials), dtype=np.int64)
    tally = np.zeros((trials, 4), dtype=np.int64)  # patients with neither, remission alone, DLT alone, both
    clock, gate, decided, last = np.zeros(trials), np.zeros(trials), np.zeros(trials), np.full(trials, -np.inf)
    groups = Groups(design, conduct, potential) if isinstance(design, ThreePlusThree) else None
    had, heard = np.zeros(trials, dtype=np.int64), np.full(trials, -np.inf)  # DLTs at the dose before, last news
    settled: dict[int, Decision] = {}  # the steps of a 3+3 that its counts alone do not tell, by trial
    remission = np.empty((trials, 0, doses))
    running = np.arange(trials)
    while running.size:
        deciding = running[need[running] == 0]
        for decision, rows in _steps(table, at, deciding, settled):
            conduct.decided(rows, decided[rows], decision, count)
            if decision.enrols and decision.dose is not None:
                level[rows], need[rows] = decision.dose, decision.cohort
                for trial in rows:
                    if groups is None:
                        break
                    before = table.states[at[trial]]
                    had[trial], heard[trial] = before.at(decision.dose)[1], -np.inf
                    groups.open(int(trial), int(taken[trial]), before, decision.dose, decision.cohort)
            else:
                conduct.mtd[rows] = end_of(decision)
        tally[deciding], gate[deciding], last[deciding] = 0, 0.0, -np.inf
        group[deciding] += 1
        running = running[need[running] > 0]
        if not running.size:
            break
        size = need[running]
        place = np.arange(size.max())
        wanted = place < size[:, None]
        columns = taken[running][:, None] + place
        potential.reach(int(columns.max()) + 1)
        conduct.reach(potential.patients)
        rows = running[:, None]
        dose = level[running][:, None] - 1
        enrolled = clock[running][:, None] + np.cumsum(potential.gap[rows, columns], axis=1)
        ready = enrolled + potential.making[rows, columns]
        product = wanted & np.isfinite(potential.infused[rows, columns, dose])
        infusion = _staggered(np.where(product, ready, np.inf), stagger, last[running])
        onset, leaves = potential.onset[rows, columns, dose], potential.leaves[rows, columns]
        dlt = product & (onset <= window) & (onset <= leaves)
        evaluable = dlt | (product & (leaves >= window))
        k, j = np.nonzero(wanted)
        who = running[k], columns[k, j]
        conduct.level[who], conduct.group[who] = level[running][k], group[running][k]
        conduct.enrolled[who] = enrolled[k, j]
        conduct.infusion[who] = np.where(product, infusion, np.nan)[k, j]
        better = np.zeros_like(dlt)
        if benefit:  # who has left before the day of the remission has none
            remission = remissions(potential, remission)
            better = (remission[rows, columns, dose] > 0) & (leaves >= wait)
        for kind, mask in enumerate((~dlt & ~better, ~dlt & better, dlt & ~better, dlt & better)):
            tally[running, kind] += (evaluable & mask).sum(axis=1)
        taken[running] += size
        end = np.where(product, infusion, -np.inf)
        last[running] = np.maximum(last[running], end.max(axis=1))
        awaited = np.where(evaluable, end, -np.inf) if groups is not None else end
        gate[running] = np.maximum(gate[running], awaited.max(axis=1) + wait)
        lost = np.where(product, infusion + leaves, ready)
        lost = np.where(wanted & ~evaluable, lost, -np.inf).max(axis=1)
        missing = size - evaluable.sum(axis=1)
        decided[running] = gate[running]
        if groups is not None:
            told = np.where(evaluable, infusion + np.where(dlt, onset, window), -np.inf)
            heard[running] = np.maximum(heard[running], told.max(axis=1))
            decided[running] = heard[running]
            for row in np.flatnonzero(had[running] + tally[running, 2:].sum(axis=1) >= 2):  # one DLT settles nothing
                trial, enrolled_so_far = int(running[row]), int(taken[running[row]])
                halted = groups.halt(trial, enrolled_so_far)
                step = groups.settled(trial, enrolled_so_far)
                if step is not None and (halted or missing[row] == 0 or step[0] <= lost[row]):
                    missing[row], decided[trial], settled[trial] = 0, *step
                    groups.turn_away(trial, enrolled_so_far, step[0])
                    tally[trial, 0], tally[trial, 2], gate[trial] = groups.counted(trial, enrolled_so_far)
        need[running] = missing
        clock[running] = np.where(missing > 0, lost, gate[running])
        whole = running[missing == 0]
        at[whole] = _following(table, at[whole], level[whole], tally[whole])
    return conduct


def _steps(
    table: _Table, at: NDArray[np.int64], deciding: NDArray[np.int64], settled: dict[int, Decision]
) -> Iterator[tuple[Decision, NDArray[np.int64]]]:
    """Return the decisions that are due, each with its trials; those that were settled before are given up."""
    early: dict[Decision, list[int]] = {}
    for trial in settled:
        early.setdefault(settled[trial], []).append(trial)
    others = deciding[~np.isin(deciding, list(settled))]
    settled.clear()
    for decision, trials in early.items():
        yield decision, np.array(trials, dtype=np.int64)
    for place in np.unique(at[others]):
        yield table.decision(table.states[place]), others[at[others] == place]


def _following(
    table: _Table, at: NDArray[np.int64], level: NDArray[np.int64], tally: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the states after a group at a level, with so many patients of each outcome."""
    most = int(max(level.max(initial=0), tally.max(initial=0))) + 1
    code = at * most + level
    for column in tally.T:
        code = code * most + column
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    places: list[int] = []
    for k in first:
        state, group = table.states[at[k]], [int(count) for count in tally[k]]
        dose, dlts = int(level[k]), group[2] + group[3]
        after = state.add(dose, *group) if isinstance(state, BenefitState) else state.add(dose, sum(group), dlts)
        places.append(table.place(after))
    return np.array(places, dtype=np.int64)[inverse]


def _staggered(ready: Array, stagger: float, last: Array) -> Array:
    """Return the days of infusion: in the order in which products are ready, so many days apart."""
    if stagger == 0.0:
        return ready
    order = np.argsort(ready, axis=1, kind="stable")
    infusion = np.empty_like(ready)
    before = last
    for place in order.T:
        rows = np.arange(len(place))
        before = np.maximum(ready[rows, place], before + stagger)
        infusion[rows, place] = before
    return infusion
