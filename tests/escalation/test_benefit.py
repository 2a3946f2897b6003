"""U-BOIN and TEPI told anew, and simulated trials with efficacy."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from cartmodel.escalation.benefit import BenefitState
from cartmodel.escalation.boin12 import Boin12
from cartmodel.escalation.simulate import simulate_benefit
from cartmodel.escalation.state import Decision
from cartmodel.escalation.tepi import Tepi
from cartmodel.escalation.uboin import UBoin


def state(*rows: tuple[int, int, int, int], current: int) -> BenefitState:
    return BenefitState(rows, current)


def test_stage_one_of_u_boin_is_boin() -> None:
    """Target 0.30: 0/3 up, 1/3 stay, 2/3 down, 3/3 down and never again (Liu and Yuan 2015)."""
    design = UBoin()
    assert [design.decide(BenefitState.of(f"1NNN 2{two}", 3)).dose for two in ("NNN", "NNT", "NTB", "TTT")] == [
        3,
        2,
        1,
        1,
    ]
    assert design.decide(BenefitState.of("1NNN 2TTT 1NNN", 3)).dose == 1  # level 2 is eliminated
    assert design.decide(BenefitState.of("1TTT", 3)).dose is None


def test_stage_two_of_u_boin_by_hand() -> None:
    """Dirichlet(1/4 each): utility (sum of u k + 1/4 sum of u) / (n + 1) with u = 40, 100, 0, 60 for N, E, T, B."""
    rows = (9, 3, 0, 0), (2, 6, 1, 3), (1, 2, 2, 1)
    design = UBoin(first_stage=12)
    wanted = [(40 * n + 100 * e + 60 * b + 50) / (n + e + t + b + 1) for n, e, t, b in rows]
    here = state(*rows, current=2)
    np.testing.assert_allclose(design.mean_utility(here), wanted, rtol=1e-12)
    decision = design.decide(here)
    assert (decision.action, decision.dose) == ("stay", 2)
    odds = design.randomisation(here)
    np.testing.assert_allclose(odds, np.array(wanted) / sum(wanted), rtol=1e-12)
    explored = design.decide(state((6, 6, 0, 0), (2, 1, 0, 0), (0, 0, 0, 0), current=2))
    assert explored.dose == 3  # nobody with a DLT at the highest tried dose
    ended = UBoin(first_stage=12, second_stage=12).decide(here)
    assert (ended.action, ended.dose) == ("stop", 2)


def test_u_boin_leaves_out_futile_and_toxic_doses() -> None:
    """Margins Beta(1/2, 1/2) of the Dirichlet: Pr(pE < .25 | 0 of 12) > .99 and Pr(pT > .35 | 9 of 12) > .99."""
    assert stats.beta(0.5, 12.5).cdf(0.25) > 0.99
    assert stats.beta(9.5, 3.5).sf(0.35) > 0.99
    decision = UBoin().decide(state((12, 0, 0, 0), (1, 3, 1, 1), (0, 3, 5, 4), current=3))
    assert (decision.dose, decision.admissible) == (2, (2,))


def test_tepi_letters_by_quadrature() -> None:
    """The pair of intervals of the largest mean posterior density, by SciPy's adaptive quadrature."""
    design = Tepi()

    def best(cuts: tuple[float, ...], n: int, k: int) -> int:
        posterior = stats.beta(1 + k, 1 + n - k)
        density = [quad(posterior.pdf, a, b)[0] / (b - a) for a, b in pairwise((0.0, *cuts, 1.0))]
        return int(np.argmax(density))

    for n in (3, 7):
        for dlt in range(n + 1):
            for responses in range(n + 1):
                row, column = best((0.15, 0.33, 0.40), n, dlt), best((0.2, 0.4, 0.6), n, responses)
                assert design.letter(n, dlt, responses) == ("EEEE", "EEES", "DSSS", "DDDD")[row][column]


def test_tepi_utility_by_quadrature() -> None:
    design, here = Tepi(), state((2, 3, 0, 1), (0, 0, 0, 0), current=1)
    toxicity, efficacy = stats.beta(2, 6), stats.beta(5, 3)
    fall = quad(lambda p: np.interp(p, [0.15, 0.40], [1, 0]) * toxicity.pdf(p), 0, 1, points=[0.15, 0.40])[0]
    rise = quad(lambda q: np.interp(q, [0.20, 0.60], [0, 1]) * efficacy.pdf(q), 0, 1, points=[0.20, 0.60])[0]
    assert design.utility(here)[0] == pytest.approx(fall * rise, rel=1e-9)


def test_tepi_safety() -> None:
    """Pr(p > .40 | 3 of 3) = 1 - .4^4 = .974 bars the dose; Pr(q > .20 | 0 of 6) = .8^7 = .21 is futile."""
    design = Tepi()
    assert design.decide(BenefitState.of("1NNE 2TTT", 3)).dose == 1
    assert design.decide(BenefitState.of("1TTT", 3)).dose is None
    assert design.admissible(BenefitState.of("1NNN 1NNN", 3)) == {2, 3}
    assert design.decide(BenefitState.of("1NNN 1NNN", 3)).dose == 2  # futile below: on to the next
    toxic_and_futile = design.decide(BenefitState.of("1NNN 1NTT 1TNN", 3))
    assert toxic_and_futile.dose is None  # 3 of 9 and no response, letter D or S: never up from D
    ended = Tepi(max_patients=6).decide(BenefitState.of("1NNN 2EEN", 3))
    assert (ended.action, ended.dose) == ("stop", 2)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Tepi(table=("EEEE", "EEES", "DSSS")), "4 rows of 4 letters"),
        (lambda: Tepi(toxicity_cuts=(0.4, 0.3, 0.5)), "rising within 0 and 1"),
        (lambda: UBoin(first_stage=30), "the second not below the first"),
        (lambda: UBoin(utility=(120, 40, 60, 0)), "from 0 to 100"),
    ],
)
def test_bad_designs_are_refused(made, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made()


def test_simulated_trials_have_the_true_rates() -> None:
    """One group of one dose: DLTs and responses are binomial, and their association is that of normal scores."""
    trials = 4_000
    one = simulate_benefit(Boin12(max_patients=3), [0.3], [0.4], trials=trials, random_seed=2)
    assert np.all(one.n == 3)
    assert abs(one.dlt.mean() - 0.9) < 4 * (3 * 0.3 * 0.7 / trials) ** 0.5
    stopped = stats.binom.pmf(3, 3, 0.3)  # 3 of 3: no dose is admissible
    assert one.share(0)[0] >= stopped - 4 * one.share(0)[1]
    again = simulate_benefit(Boin12(max_patients=3), [0.3], [0.4], trials=200, random_seed=2)
    np.testing.assert_array_equal(again.dlt, one.dlt[:200])


class Apart:
    """One group of three; then level 1 unless a patient had one outcome without the other."""

    def decide(self, state: BenefitState, /) -> Decision:
        n, e, t, b = state.counts[0]
        if not n + e + t + b:
            return Decision("stay", 1, "the group", (1,), 3)
        return Decision("stop", None if e + t else 1, "done", () if e + t else (1,))


@pytest.mark.parametrize("association", [-0.8, 0.0, 0.9])
def test_association_is_that_of_normal_scores(association: float) -> None:
    """Both or neither of two events of probability 1/2: 1/2 + arcsin(rho) / pi (Sheppard), three times over."""
    trials = 4_000
    found = simulate_benefit(Apart(), [0.5], [0.5], trials=trials, random_seed=1, association=association)
    wanted = (0.5 + math.asin(association) / math.pi) ** 3
    assert abs(found.share(1)[0] - wanted) < 4 * (wanted * (1 - wanted) / trials) ** 0.5
    with pytest.raises(ValueError, match="association"):
        simulate_benefit(Boin12(), [0.5], [0.5], trials=1, random_seed=1, association=1.0)


def told_anew(counts: np.ndarray, current: int) -> int | None:
    """U-BOIN's next level from the description alone, with scipy's beta law; 0: the trial has ended; None: no dose."""
    low, high = 0.236491, 0.358520  # BOIN at 0.30 (Liu and Yuan 2015)
    n, dlt, eff = counts.sum(axis=1), counts[:, 2] + counts[:, 3], counts[:, 1] + counts[:, 3]
    barred = [k for k in range(3) if n[k] >= 3 and stats.beta(1 + dlt[k], 1 + n[k] - dlt[k]).sf(0.30) > 0.95]
    top_safe = min(barred, default=3)  # levels below are open
    if top_safe == 0:
        return None
    if n.max() < 12:
        rate = dlt[current - 1] / n[current - 1]
        step = 1 if rate <= low else -1 if rate >= high or current - 1 in barred else 0
        return min(max(current + step, 1), top_safe)
    toxic = [stats.beta(0.5 + dlt[k], 0.5 + n[k] - dlt[k]).sf(0.35) >= 0.95 for k in range(3)]
    futile = [stats.beta(0.5 + eff[k], 0.5 + n[k] - eff[k]).cdf(0.25) >= 0.90 for k in range(3)]
    left = [k for k in range(top_safe) if not any(toxic[: k + 1]) and not futile[k]]
    highest = int(np.flatnonzero(n)[-1])
    if n.max() < 24 and highest + 1 in left and highest < top_safe and dlt[highest] / n[highest] <= low:
        return highest + 2
    utility = [(counts[k] + 0.25) @ [40, 100, 0, 60] / (n[k] + 1) for k in range(3)]
    tried = [k for k in left if n[k]]
    if not tried:
        return None
    return max(tried, key=lambda k: round(utility[k], 9)) + 1


def test_u_boin_told_anew_on_random_trials() -> None:
    """300 states, in both stages, against the telling above; 3 of them at least for each answer."""
    rng = np.random.default_rng(3)
    answers: list[int | None] = []
    for _ in range(300):
        highest = int(rng.integers(1, 4))
        sizes = [3 * int(rng.integers(1, 7)) if k < highest else 0 for k in range(3)]
        counts = np.array([rng.multinomial(size, rng.dirichlet([2, 2, 1, 0.7])) for size in sizes])
        if counts.sum() >= 48:
            continue
        current = int(rng.integers(1, highest + 1))
        wanted = told_anew(counts, current)
        found = UBoin().decide(BenefitState(tuple(map(tuple, counts.tolist())), current))
        assert found.dose == wanted, (counts.tolist(), current, found)
        answers.append(wanted)
    assert all(answers.count(answer) >= 3 for answer in (1, 2, 3, None))


def test_tepi_table_is_that_of_two_r_packages() -> None:
    """'phase12designs' numbers the 16 pairs by rows: up to 7 escalate, 9 and from 13 on de-escalate; so 'Keyboard'."""
    numbered = "".join("E" if k <= 7 else "D" if k == 9 or k >= 13 else "S" for k in range(1, 17))
    assert "".join(Tepi().table) == numbered == "EEEEEEESDSSSDDDD"


def test_tepi_letters_at_other_cuts_by_the_beta_law() -> None:
    """The cuts of the example in 'Keyboard' (.15 .25 .35, .25 .45 .65), all counts of 1 to 12 patients."""
    cuts = (0.15, 0.25, 0.35), (0.25, 0.45, 0.65)
    design = Tepi(toxicity_cuts=cuts[0], efficacy_cuts=cuts[1])
    for n in range(1, 13):
        for dlt in range(n + 1):
            for responses in range(n + 1):
                unit = []
                for edges, k in zip(cuts, (dlt, responses), strict=True):
                    whole = np.array([0.0, *edges, 1.0])
                    unit.append(np.diff(stats.beta(1 + k, 1 + n - k).cdf(whole)) / np.diff(whole))
                row, column = np.unravel_index(np.argmax(np.outer(*unit)), (4, 4))
                assert design.letter(n, dlt, responses) == ["EEEE", "EEES", "DSSS", "DDDD"][row][column]
