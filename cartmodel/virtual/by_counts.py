"""Virtual trials under designs that decide from counts, of DLTs or of DLTs and remissions: a block at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.benefit import BenefitDesign, BenefitState
from cartmodel.escalation.design import Design
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.three_plus_three import ThreePlusThree
from cartmodel.virtual.conduct import Conduct, end_of
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

    A group is enrolled as the design asks; patients who are not infused, or who leave before they are evaluable, are
    replaced at the same dose, once the others of the group have been infused; the design decides when the last
    patient's DLT window is over. Under a 3+3 whose policies say so, a group is halted as soon as the DLTs known settle
    it, and nobody is replaced then.

    Parameters
    ----------
    design : Design or BenefitDesign
        The rule.
    potential : Potential
        The patients.
    benefit : bool
        Whether the design decides from toxicity and efficacy: it then waits for the day of the remission too, and a
        patient who leaves before it without a DLT is replaced; one with a DLT counts, without remission.

    Raises
    ------
    ValueError
        If the design waits for pending patients, which counts alone do not have, or asks for what is not simulated.
    """
    scenario = potential.scenario
    halts = isinstance(design, ThreePlusThree)
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
    clock, gate, last = np.zeros(trials), np.zeros(trials), np.full(trials, -np.inf)
    struck = np.full((trials, 0), np.inf)  # days on which the DLTs of the group so far became known
    remission = np.empty((trials, 0, doses))
    running = np.arange(trials)
    while running.size:
        deciding = running[need[running] == 0]
        for place in np.unique(at[deciding]):
            rows = deciding[at[deciding] == place]
            decision = table.decision(table.states[place])
            conduct.decided(rows, clock[rows], decision, count)
            if decision.enrols and decision.dose is not None:
                level[rows], need[rows] = decision.dose, decision.cohort
            else:
                conduct.mtd[rows] = end_of(decision)
        tally[deciding], gate[deciding], last[deciding], struck[deciding] = 0, 0.0, -np.inf, np.inf
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
        evaluable = dlt | (product & (leaves >= wait))  # a DLT counts whatever becomes of the patient
        halted = np.zeros_like(product)
        known = infusion + np.where(dlt, onset, np.inf)
        if halts:
            halted = product & _halted(
                table, infusion, known, struck[running], at[running], level[running], tally[running]
            )
        treated = product & ~halted
        k, j = np.nonzero(wanted)
        who = running[k], columns[k, j]
        conduct.level[who], conduct.group[who] = level[running][k], group[running][k]
        conduct.enrolled[who] = enrolled[k, j]
        conduct.infusion[who] = np.where(treated, infusion, np.nan)[k, j]
        better = np.zeros_like(dlt)
        if benefit:  # who has left before the day of the remission has none
            remission = remissions(potential, remission)
            better = (remission[rows, columns, dose] > 0) & (leaves >= wait)
        for kind, mask in enumerate((~dlt & ~better, ~dlt & better, dlt & ~better, dlt & better)):
            tally[running, kind] += (treated & evaluable & mask).sum(axis=1)
        taken[running] += size
        end = np.where(treated, infusion, -np.inf).max(axis=1)
        last[running] = np.maximum(last[running], end)
        gate[running] = np.maximum(gate[running], end + wait)
        lost = np.where(product, infusion + leaves, ready)
        # Nobody replaces another before those enrolled have been infused: no infusion overlooks an earlier DLT.
        lost = np.maximum(np.where(wanted & ~evaluable, lost, -np.inf).max(axis=1), end)
        missing = np.where(halted.any(axis=1), 0, size - (treated & evaluable).sum(axis=1))
        if halts:
            hits = np.full((trials, infusion.shape[1]), np.inf)
            hits[running] = np.where(treated & dlt, known, np.inf)
            struck = np.sort(np.hstack([struck, hits]), axis=1)[:, :3]  # of a group of 3 evaluable patients
            missing[_settled(table, struck[running] <= lost[:, None], at[running], level[running], tally[running])] = 0
        need[running] = missing
        clock[running] = np.where(missing > 0, lost, gate[running])
        whole = running[missing == 0]
        at[whole] = _following(table, at[whole], level[whole], tally[whole])
    return conduct


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


def _settled(
    table: _Table,
    struck: NDArray[np.bool_],
    at: NDArray[np.int64],
    level: NDArray[np.int64],
    tally: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return for which groups nobody is replaced, because the DLTs known by then settle the verdict on the dose."""
    dlts = struck.sum(axis=1)
    settled = np.zeros(len(at), dtype=bool)
    for row in np.flatnonzero(dlts >= 1):
        dose, patients = int(level[row]), int(tally[row].sum())
        decision = table.decision(table.states[at[row]].add(dose, patients, int(dlts[row])))
        settled[row] = not (decision.enrols and decision.dose == dose)
    return settled


def _halted(
    table: _Table,
    infusion: Array,
    known: Array,
    struck: Array,
    at: NDArray[np.int64],
    level: NDArray[np.int64],
    tally: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return who is not infused any more, because the design no longer asks for patients at this dose."""
    earlier = infusion[:, None, :] < infusion[:, :, None]
    treated = earlier.sum(axis=2)
    dlts = (earlier & (known[:, None, :] <= infusion[:, :, None])).sum(axis=2)
    dlts += (struck[:, None, :] <= infusion[:, :, None]).sum(axis=2)
    halted = np.zeros(infusion.shape, dtype=bool)
    for row, place in np.argwhere((dlts >= 1) & np.isfinite(infusion)):
        dose, before = int(level[row]), tally[row]
        patients, hit = int(before.sum() + treated[row, place]), int(dlts[row, place])
        decision = table.decision(table.states[at[row]].add(dose, patients, hit))
        halted[row, place] = not (decision.enrols and decision.dose == dose)
    return halted | (earlier & halted[:, None, :]).any(axis=2)
