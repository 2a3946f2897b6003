"""The ambiguity audit of a 3+3 protocol: how often its text cannot drive the trial, and what each reading does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from cartmodel.escalation.exact import operating_characteristics
from cartmodel.escalation.policies import GAPS
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.tables import compare_designs
from cartmodel.escalation.three_plus_three import ThreePlusThree, nct06871644

# G6 is left out: read literally, the text asks for no more than 3 patients at the highest dose.
_SILENT = ("G1", "G2", "G3", "G4", "G5")
_VARIED: dict[str, tuple[object, ...]] = {
    "G1": ("reduce", "stop"),
    "G2": ("previous", "current"),
    "G3": ("skip", "enrol"),
    "G6": ("three", "six"),
}


@dataclass(frozen=True, eq=False)
class Audit:
    """How far a protocol's text leaves its trial undefined.

    Parameters
    ----------
    reached : pandas.DataFrame
        Scenario by gap, G1 to G10: the probability that the trial reaches a step that the text does not define;
        ``any``: one of G1 to G5, where the text alone cannot drive the trial. G6: an end at the highest dose with 3
        patients. G7: a patient who is not evaluable (missing unless their probability is given). G8: 3 patients are
        added. G9: every trial: the text names no stagger. G10: more patients than planned, if G3 is read as "enrol" and
        nothing limits them; ``G10_proposed``: the same under the proposed reading, 0 while 6 patients at every dose are
        no more than planned.
    readings : pandas.DataFrame
        Operating characteristics under every reading: a row for each scenario and reading, the proposed one first;
        columns as in `compare_designs`.
    words : str
        The same as a page of plain words.
    """

    reached: pd.DataFrame
    readings: pd.DataFrame
    words: str


def audit(
    scenarios: Mapping[str, Sequence[float]], *, max_patients: int = 18, not_evaluable: float | None = None
) -> Audit:
    """Return the ambiguity audit of the 3+3 of NCT06871644.

    Every combination of the readings of G1, G2, G3 and G6 is computed exactly; where more than ``max_patients`` are
    possible (3 more at a full dose, or many doses), once without a limit and once with it (G10). The readings of G4
    agree in every reachable state and G5 has but one that can be computed; G7, G8 and G9 change the calendar, not the
    counts.

    Parameters
    ----------
    scenarios : mapping of str to sequence of float
        True DLT probability of each dose, by the name of the scenario.
    max_patients : int
        Planned patients.
    not_evaluable : float, optional
        Probability that a patient is not evaluable for DLT; without it G7 is missing.

    Examples
    --------
    >>> found = audit({"moderate": [0.10, 0.25, 0.40]})
    >>> print(found.reached.round(2).to_string())
                G1    G2    G3    G4    G5    G6  G7    G8   G9   G10  G10_proposed   any
    moderate  0.36  0.32  0.13  0.35  0.04  0.12 NaN  0.68  1.0  0.01           0.0  0.83
    >>> len(found.readings)
    24
    """
    if not_evaluable is not None and not 0 <= not_evaluable < 1:
        raise ValueError(f"not_evaluable {not_evaluable}; accepted: a probability below 1")
    reached = _reached([list(p) for p in scenarios.values()], max_patients, not_evaluable)
    reached.index = pd.Index(list(scenarios))
    beyond = 6 * max(len(p) for p in scenarios.values()) > max_patients
    designs: dict[str, ThreePlusThree] = {}
    for values in product(*_VARIED.values()):
        reading = dict(zip(_VARIED, values, strict=True))
        for cap in (None, max_patients) if beyond or reading["G3"] == "enrol" else (None,):
            fields = {GAPS[gap].policy: value for gap, value in reading.items()}
            name = " ".join(f"{gap}={value}" for gap, value in reading.items()) + (f" G10={cap}" if cap else "")
            designs[name] = nct06871644(**fields, max_patients=cap)
    readings = compare_designs(designs, scenarios).rename_axis(index={"design": "reading"})
    return Audit(reached, readings, _words(reached, readings, max_patients))


def _reached(truth: list[list[float]], max_patients: int, not_evaluable: float | None) -> pd.DataFrame:
    exact = operating_characteristics(nct06871644(), truth, gaps=_SILENT)
    top = operating_characteristics(nct06871644(), truth, gaps=("G6",))
    added = operating_characteristics(_AddsThree(nct06871644()), truth, gaps=("G8",))
    more = operating_characteristics(nct06871644(full_lower_dose="enrol"), truth)
    # N evaluable patients without a single one lost before: (1 - q)^N.
    n = np.arange(exact.total.shape[1])
    lost = np.nan if not_evaluable is None else 1 - exact.total @ (1 - not_evaluable) ** n
    columns: dict[str, object] = {gap: exact.reached[gap] for gap in _SILENT}
    columns |= {"G6": top.reached["G6"], "G7": lost, "G8": added.reached["G8"], "G9": 1.0}
    columns |= {"G10": more.total[:, max_patients + 1 :].sum(axis=1)}
    columns |= {"G10_proposed": exact.total[:, max_patients + 1 :].sum(axis=1), "any": exact.reached["any"]}
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class _AddsThree:
    """The protocol, marking the steps at which 3 patients are added at the same dose: G8 asks when they may come."""

    design: ThreePlusThree

    def decide(self, state: State, /) -> Decision:
        decision = self.design.decide(state)
        adds = decision.action == "stay" and state.patients > 0
        return replace(decision, questions=("G8",) if adds else ())


def _words(reached: pd.DataFrame, readings: pd.DataFrame, max_patients: int) -> str:
    lines = ["Ambiguity audit of the 3+3 in NCT06871644", "", "What the text leaves open:"]
    lines += [f"  {gap:<4}{GAPS[gap].question}" for gap in GAPS]
    lines += ["", "How often the text alone cannot drive the trial (any of G1 to G5), under the proposed reading:"]
    for scenario, row in reached.iterrows():
        most = row[list(_SILENT)].astype(float).sort_values(ascending=False)
        lines.append(
            f"  {scenario}: in {row['any']:.0%} of trials; most often {most.index[0]} ({most.iloc[0]:.0%}) and "
            f"{most.index[1]} ({most.iloc[1]:.0%})"
        )
    lines += ["", "Further questions, which change the calendar or the end but do not stop the trial:"]
    for scenario, row in reached.iterrows():
        lines.append(
            f"  {scenario}: 3 patients are added, and the text does not say when they may come (G8), in "
            f"{row['G8']:.0%}; the highest dose is named after 3 patients (G6) in {row['G6']:.0%}; "
            f"{_more_than_planned(row, max_patients)}"
        )
        if not np.isnan(row["G7"]):
            lines.append(f"    a patient is not evaluable and has to be replaced (G7) in {row['G7']:.0%}")
    lines += ["  The stagger inside a group (G9) is open in every trial."]
    lines += ["", "What the readings change, from the smallest to the largest value over all readings:"]
    ends = [str(name) for name in readings.columns if str(name).startswith("mtd_")]
    for scenario, table in readings.groupby(level="scenario", sort=False):
        lines.append(f"  {scenario}:")
        for end in ends:
            named = "no dose is declared the MTD" if end == "mtd_none" else f"dose level {end[4:]} is declared the MTD"
            lines.append(f"    {named}: {table[end].min():.0%} to {table[end].max():.0%}")
        lines.append(f"    patients: {table['patients'].min():.1f} to {table['patients'].max():.1f} on average")
        gap, effect = _largest(table, ends)
        lines.append(
            f"    the reading that matters most is that of {gap}: it moves the probability of an end of the trial by"
            f" {100.0 * effect:.0f} percentage points"
        )
    over = readings.loc[readings["most_patients"] > max_patients]
    if len(over):
        most = int(over["most_patients"].to_numpy().max())
        lines += [
            "",
            f"Under {over.index.get_level_values('reading').nunique()} readings the trial can exceed its planned "
            f"{max_patients} patients: up to {most}.",
        ]
    lines += ["", "The registry entry is a summary: ask for the protocol."]
    return "\n".join(lines)


def _more_than_planned(row: pd.Series, max_patients: int) -> str:
    more, proposed = f"more than {max_patients} patients", row["G10_proposed"]
    if row["G10"] == 0:
        return f"never {more} (G10)"
    if proposed == 0:
        return f"{more}, if a full dose gets 3 more (G10), in {row['G10']:.1%}"
    return f"{more} (G10) in {proposed:.1%} under the proposed reading, in {row['G10']:.1%} if a full dose gets 3 more"


def _largest(table: pd.DataFrame, ends: list[str]) -> tuple[str, float]:
    """Which single departure from the proposed reading moves a probability most, and by how much."""
    proposed = " ".join(f"{gap}={values[0]}" for gap, values in _VARIED.items())
    by_reading = table.droplevel("scenario")[ends]
    moved: dict[str, float] = {}
    for gap, values in _VARIED.items():
        other = proposed.replace(f"{gap}={values[0]}", f"{gap}={values[1]}")
        moved[gap] = float(np.abs(by_reading.loc[other].to_numpy() - by_reading.loc[proposed].to_numpy()).max())
    gap = max(moved, key=lambda name: moved[name])
    return gap, moved[gap]
