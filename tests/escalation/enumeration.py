"""Trials told patient group by patient group in plain Python, and the enumeration of all their outcomes.

Nothing here comes from the package: a trial is a generator that yields the dose of the next 3 patients, is sent the
number of DLTs among them, and returns the MTD (0: none).
"""

from collections import defaultdict
from collections.abc import Callable, Generator
from fractions import Fraction
from math import comb

from scipy.optimize import isotonic_regression

type Trial[End] = Generator[int, int, End]
type Law[End] = dict[tuple[End, tuple[int, ...], tuple[int, ...]], Fraction]


def protocol(doses: int, *, enrol: bool = False, current: bool = False) -> Trial[int]:
    """NCT06871644 as section 1.1 of the domain file tells it, silent steps by the defaults of section 1.2."""
    treated: dict[int, int] = {}
    for dose in range(1, doses + 1):
        first = yield dose
        treated[dose] = 3
        if first == 0:
            continue
        more = 0
        if first == 1:
            more = yield dose
            treated[dose] = 6
            if more == 0:
                continue
            if more == 1:
                return dose if current else dose - 1
        below = dose - 1
        while below >= 1:
            if treated[below] == 6 and not enrol:
                return below
            additional = yield below
            if additional <= 1:
                return below
            below -= 1
        return 0
    return doses


def read(
    doses: int, *, stop: bool = False, current: bool = False, enrol: bool = False, six: bool = False, cap: int = 10**6
) -> Trial[tuple[int, frozenset[str]]]:
    """NCT06871644 under a reading of G1 (stop), G2 (current), G3 (enrol), G6 (six) and G10 (cap): MTD and gaps met."""
    treated = dict.fromkeys(range(doses + 1), 0)
    gaps: set[str] = set()

    def full() -> bool:
        return sum(treated.values()) + 3 > cap

    for dose in range(1, doses + 1):
        if full():
            return dose - 1, frozenset(gaps)
        first = yield dose
        treated[dose] = 3
        if first >= 2:
            gaps.add("G1")
            if stop:
                return dose - 1, frozenset(gaps)
        elif first == 1 or (dose == doses and six):
            if full():
                return dose - 1, frozenset(gaps)
            gaps.add("G8")
            dlt = first + (yield dose)
            treated[dose] = 6
            if dlt == 2:
                gaps.add("G2")
                return (dose if current else dose - 1), frozenset(gaps)
            if dlt < 2:
                continue
        else:
            if dose == doses:
                gaps.add("G6")
            continue
        for below in range(dose - 1, 0, -1):
            if treated[below] == 6:
                gaps.add("G3")
                if not enrol:
                    return below, frozenset(gaps)
            if full():
                return below, frozenset(gaps)
            additional = yield below
            treated[below] += 3
            gaps.add("G4")
            if additional <= 1:
                return below, frozenset(gaps)
        return 0, frozenset(gaps | {"G5"})
    return doses, frozenset(gaps)


def textbook(doses: int, *, de_escalate: bool, six_at_top: bool = False) -> Trial[int]:
    """The usual 3+3: at most 1 of 6 passes; the MTD is the dose below a toxic one, with 6 patients if required."""
    counts: dict[int, tuple[int, int]] = {}
    dose, rising = 1, True
    while True:
        n, y = counts.get(dose, (0, 0))
        y += yield dose
        n += 3
        counts[dose] = n, y
        if n == 3 and y == 1:
            continue
        if n == 3 and y == 0 and rising and dose == doses and six_at_top:
            continue
        if y <= 1:
            if not rising or dose == doses:
                return dose
            dose += 1
            continue
        rising = False
        dose -= 1
        if dose == 0 or not de_escalate or counts[dose][0] == 6:
            return dose


BOIN_30 = {3: (0, 2, 3), 6: (1, 3, 4), 9: (2, 4, 5), 12: (2, 5, 7), 15: (3, 6, 8), 18: (4, 7, 9)}  # Liu, Yuan 2015


def boin(doses: int, *, patients: int = 18) -> Trial[int]:
    """BOIN at target 0.30 from its published table; the MTD by SciPy's isotonic regression."""
    counts = dict.fromkeys(range(1, doses + 1), (0, 0))
    dose, highest_open = 1, doses
    for _ in range(patients // 3):
        y = yield dose
        counts[dose] = counts[dose][0] + 3, counts[dose][1] + y
        n, y = counts[dose]
        low, high, out = BOIN_30[n]
        if y >= out:
            highest_open = min(highest_open, dose - 1)
            if highest_open == 0:
                return 0
        if y <= low:
            dose = min(dose + 1, highest_open)
        elif y >= high:
            dose = max(dose - 1, 1)
    tried = [d for d in counts if counts[d][0] and d <= highest_open]
    n_y = [counts[d] for d in tried]
    means = [(y + 0.05) / (n + 0.1) for n, y in n_y]
    weights = [((n + 0.1) ** 2 * (n + 1.1)) / ((y + 0.05) * (n - y + 0.05)) for n, y in n_y]
    fitted = isotonic_regression(means, weights=weights).x
    return min(tried, key=lambda d: abs(fitted[tried.index(d)] + 1e-10 * (tried.index(d) + 1) - 0.30))


def law[End](trial: Callable[[], Trial[End]], p: tuple[Fraction, ...]) -> Law[End]:
    """The exact law of (MTD, patients by dose, DLTs by dose): every sequence of group outcomes, one by one."""
    found: Law[End] = defaultdict(Fraction)
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        outcomes = waiting.pop()
        running = trial()
        dose = next(running)
        n, y, weight = [0] * len(p), [0] * len(p), Fraction(1)
        try:
            for dlt in outcomes:
                q = p[dose - 1]
                weight *= comb(3, dlt) * q**dlt * (1 - q) ** (3 - dlt)
                n[dose - 1] += 3
                y[dose - 1] += dlt
                dose = running.send(dlt)
        except StopIteration as end:
            found[end.value, tuple(n), tuple(y)] += weight
        else:
            waiting += [(*outcomes, dlt) for dlt in range(4)]
    return found
