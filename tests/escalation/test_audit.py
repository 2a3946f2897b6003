"""The ambiguity audit and decision tables of any design: numbers by hand."""

from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest
from escalation import enumeration

import cartmodel as cm
from cartmodel.escalation.audit import audit
from cartmodel.escalation.tables import decision_table

P = (0.10, 0.25, 0.40)


def chances(p: float) -> tuple[float, float, float]:
    """0, 1, and 2 or 3 DLTs in 3."""
    return (1 - p) ** 3, 3 * p * (1 - p) ** 2, 1 - (1 - p) ** 3 - 3 * p * (1 - p) ** 2


def test_reached_by_hand() -> None:
    """Closed forms: to level k with probability prod a; G1 on the way, G6 at the top, G8 by never adding three."""
    found = audit({"moderate": P}, not_evaluable=0.1).reached.loc["moderate"]
    q = [chances(p) for p in P]
    a = [q0 + q1 * q0 for q0, q1, _ in q]
    reach = np.concatenate([[1.0], np.cumprod(a)])
    assert found["G6"] == pytest.approx(reach[2] * q[2][0], rel=1e-12)
    assert found["G1"] == pytest.approx(sum(reach[k] * q[k][2] for k in range(3)), rel=1e-12)
    assert found["G2"] == pytest.approx(sum(reach[k] * q[k][1] ** 2 for k in range(3)), rel=1e-12)
    # No group of three is added on the way up: 0 of 3 at each level until 2 of 3 or the top.
    never = sum(np.prod([q[i][0] for i in range(k)]) * q[k][2] for k in range(3)) + np.prod([row[0] for row in q])
    assert found["G8"] == pytest.approx(1 - never, rel=1e-12)
    assert found["G9"] == 1
    total = cm.operating_characteristics(cm.nct06871644(), P).total[0]
    assert found["G7"] == pytest.approx(sum(w * (1 - 0.9**n) for n, w in enumerate(total)), rel=1e-12)


@pytest.mark.parametrize("text", ["1/10 1/4 2/5", "1/20 1/10 1/5 2/5", "1/5 1/4"])
def test_every_gap_and_reading_by_enumerating_all_trials(text: str) -> None:
    """Every outcome of every trial, in plain Python: how often each gap is met, and each reading's end and size."""
    p = tuple(map(Fraction, text.split()))
    found = audit({"truth": [float(q) for q in p]})
    proposed = enumeration.law(partial(enumeration.read, len(p)), p)
    for gap in ("G1", "G2", "G3", "G4", "G5", "G6", "G8"):
        wanted = float(sum(weight for ((_, gaps), *_), weight in proposed.items() if gap in gaps))
        assert found.reached.loc["truth", gap] == pytest.approx(wanted, abs=1e-12)
    silent = {"G1", "G2", "G3", "G4", "G5"}
    wanted = float(sum(weight for ((_, gaps), *_), weight in proposed.items() if gaps & silent))
    assert found.reached.loc["truth", "any"] == pytest.approx(wanted, abs=1e-12)
    beyond = [float(sum(w for (_, n, _), w in law.items() if sum(n) > 18)) for law in (proposed, _law(p, enrol=True))]
    assert found.reached.loc["truth", ["G10_proposed", "G10"]].tolist() == pytest.approx(beyond, abs=1e-12)
    readings = found.readings.droplevel("scenario")
    told = 0
    for stop, current, enrol, six in product((False, True), repeat=4):
        name = (
            f"G1={'stop' if stop else 'reduce'} G2={'current' if current else 'previous'} "
            f"G3={'enrol' if enrol else 'skip'} G6={'six' if six else 'three'}"
        )
        for cap in (None, 18) if enrol or len(p) > 3 else (None,):
            law = _law(p, stop=stop, current=current, enrol=enrol, six=six, **({"cap": cap} if cap else {}))
            row = readings.loc[name + (f" G10={cap}" if cap else "")]
            ends = [float(sum(w for ((mtd, _), *_), w in law.items() if mtd == k)) for k in range(len(p) + 1)]
            names = ["mtd_none", *(f"mtd_{k + 1}" for k in range(len(p)))]
            assert row[names].tolist() == pytest.approx(ends, abs=1e-12), name
            assert row["patients"] == pytest.approx(float(sum(w * sum(n) for (_, n, _), w in law.items())), abs=1e-12)
            assert row["most_patients"] == max(sum(n) for _, n, _ in law)
            told += 1
    assert told == len(readings)


def _law(p: tuple[Fraction, ...], **reading: bool | int) -> enumeration.Law[tuple[int, frozenset[str]]]:
    return enumeration.law(partial(enumeration.read, len(p), **reading), p)  # pyright: ignore[reportArgumentType]


def test_words_on_more_than_the_planned_patients() -> None:
    """With four doses the rules themselves may treat more than 18, whatever a full dose gets."""
    four = audit({"truth": (0.05, 0.10, 0.20, 0.40)})
    proposed, enrol = four.reached.loc["truth", ["G10_proposed", "G10"]]
    assert 0.05 < proposed < enrol
    said = f"more than 18 patients (G10) in {proposed:.1%} under the proposed reading, in {enrol:.1%} if a full dose"
    assert said in four.words
    assert "more than 18 patients, if a full dose gets 3 more (G10), in 1.1%" in audit({"truth": P}).words
    assert "never more than 18 patients (G10)" in audit({"truth": (0.2, 0.4)}).words


def test_more_than_the_planned_patients() -> None:
    """Section 1.5 of the domain file: .0006 .0114 .0086 under the reading of G3 that enrols."""
    scenarios = {"A": (0.05, 0.10, 0.15), "B": P, "C": (0.30, 0.45, 0.60)}
    assert audit(scenarios).reached["G10"].round(4).tolist() == [0.0006, 0.0114, 0.0086]
    assert audit(scenarios).reached["G7"].isna().all()
    with pytest.raises(ValueError, match="not_evaluable 1"):
        audit(scenarios, not_evaluable=1)


@pytest.mark.parametrize("made", [cm.boin(0.30, max_patients=30), cm.keyboard(0.30, max_patients=30)])
def test_the_table_of_an_interval_design_is_that_of_its_letters(made) -> None:
    """mTPI-2 and Keyboard rows of section 3 of the domain file, asked of the design at level 2."""
    table = decision_table(made, [3, 6, 9])
    assert table[3].tolist()[:4] == ["E", "S", "D", "DU"]
    assert table[6].tolist()[:7] == ["E", "E", "S", "D", "DU", "DU", "DU"]
    assert table[9].tolist() == ["E", "E", "E", "S", "D", "DU", "DU", "DU", "DU", "DU"]


def test_tables_of_other_designs() -> None:
    assert decision_table(cm.nct06871644(), [3, 6], level=1)[3].tolist()[:4] == ["E", "S", "STOP", "STOP"]
    assert decision_table(cm.nct06871644(), [6], level=2)[6].tolist() == ["E", "E", "MTD 1", "D", "D", "D", "D"]
    assert decision_table(cm.nct06871644(below_lowest="refer"), [3], level=1)[3].tolist() == ["E", "S", "?", "?"]
    crm = decision_table(cm.design("crm-cd7"), [3])[3].tolist()
    assert crm[:3] == ["E", "S", "D"]  # 1/3 at level 2 stays, 2/3 goes down: section 4 of the domain file
    with pytest.raises(ValueError, match="level 4 of 3"):
        decision_table(cm.boin(), [3], level=4)
    with pytest.raises(ValueError, match="1 or more patients"):
        decision_table(cm.boin(), [])


def test_groups_are_counted_beside_the_patients() -> None:
    table = cm.compare_designs({"BOIN": cm.boin(max_patients=10)}, {"B": P})
    exact = cm.operating_characteristics(cm.boin(max_patients=10), P)
    assert table["groups"].iloc[0] == pytest.approx(float(exact.groups[0] @ np.arange(5)))
    assert exact.course[0, 4, 10] == pytest.approx(exact.total[0, 10])  # 3 + 3 + 3 + 1
