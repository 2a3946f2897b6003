"""A design that looks at the patients' kinetics, fast enough for thousands of virtual trials."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri, stdtrit  # pyright: ignore[reportMissingTypeStubs]

from cartmodel.escalation.design import Filter, Recommendation, SlotDesign
from cartmodel.escalation.quadrature import share_below
from cartmodel.escalation.state import Decision, State
from cartmodel.spec import load_model
from cartmodel.spec.priors import Normal
from cartmodel.virtual.by_date import TrialSoFar
from cartmodel.virtual.curves import EvaluablePatient
from cartmodel.virtual.exposure_regression import exposure_regression, observed_area

type Array = NDArray[np.float64]

EFFECT = 0.3, 0.4
"""Mean and SD of the effect b1 of ln exposure before it is cut at 0: those of `advise`."""

_REACH_A, _REACH_C = 7.0, 4.5  # of the grid, in prior SDs
_STEP_C = 0.5
_EFFECTS, _NEW = 8, 32  # nodes of the effect of exposure, and of a new patient's exposure


@dataclass(frozen=True)
class ExposureBlrm:
    r"""A dose-escalation design whose DLT model has the dose and the patient's exposure: an approximation of `advise`.

    With l = ln(infused / reference) and x a patient's relative ln exposure,

    .. math:: \text{logit } P(DLT_i) = a + b_0 l_i + b_1 x_i, \qquad b_0 = e^c > 0, \; b_1 \ge 0

    The next group gets the highest dose at which the DLT rate of a new patient exceeds ``limit`` with a probability
    below ``overdose`` (EWOC), at that dose and at every lower one; no dose is skipped. The rate is the mean of P(DLT)
    over the exposure that the regression predicts for a new patient. It waits until nobody is pending, and looks at
    evaluable patients, as designs of counts do.

    The priors of a, c and b1 are those of `advise`, and so is the use of exposure up to the onset of a DLT alone. It
    differs in this: the exposure is the area under the patient's own samples of the model's first assay (levels below
    the LLOQ count as half of it), not a fitted curve, and has no error; a patient counts with one exposure, up to the
    day of the DLT or the end of the window, and x is its distance from what the regression of all patients' areas up to
    that same day says of the reference dose, so each DLT has a regression of its own; a new patient's x is Student's t,
    so that what is not known of the kinetics is averaged over within the rate. A patient without a sample in time has
    the exposure of a new one at that dose.

    Parameters
    ----------
    exposure : bool
        Whether to look at the kinetics; False: b1 = 0, the BLRM with the same conduct.
    limit, overdose : float
        See above.
    cohort, max_patients : int
        Patients in a group, and in the trial.
    model : str
        Of the model whose priors of a and c, and reference dose, are used.

    Raises
    ------
    ValueError
        If a number is not within its range, or the model has no dose or no normal priors of the toxicity.

    Examples
    --------
    >>> from cartmodel.virtual import load_virtual_scenario, simulate_trials
    >>> done = simulate_trials(load_virtual_scenario("exposure-only"), ["exposure-blrm"], trials=3, progressbar=False)
    >>> done["exposure-blrm"].trials
    3
    """

    exposure: bool = True
    limit: float = 0.33
    overdose: float = 0.25
    cohort: int = 3
    max_patients: int = 18
    model: str = "cd7-ssc"

    def __post_init__(self) -> None:
        wrong = [f"{name} {value}" for name, value in (("limit", self.limit), ("overdose", self.overdose))
                 if not 0 < value < 1]  # fmt: skip
        if wrong or self.cohort < 1 or self.max_patients < 1:
            raise ValueError(
                f"{', '.join([*wrong, f'cohort {self.cohort}, max_patients {self.max_patients}'])}; accepted: "
                "probabilities within 0 and 1, 1 or more patients"
            )
        _prior(self.model)

    def decide(self, trial: TrialSoFar, /) -> Decision:
        """Return the next step of a trial."""
        if trial.dated.pending.any():
            return Decision("suspend", None, "patients are pending")
        return self._slots(self.p_over(trial.evaluable, trial.doses, trial.window)).decide(trial.counts)

    def p_over(self, patients: Sequence[EvaluablePatient], doses: Sequence[float], window: float = 28.0) -> Array:
        """Return the posterior probability that the DLT rate of new patients at each dose exceeds the limit.

        Parameters
        ----------
        patients : sequence of EvaluablePatient
            Whose DLT status is known.
        doses : sequence of float
            Cells.
        window : float
            Days.
        """
        reference, _, _ = _prior(self.model)
        place = np.log(np.asarray(doses, dtype=float) / reference)
        dose = np.log(np.array([patient.infused for patient in patients]) / reference)
        if not self.exposure:
            still = np.zeros(len(place)), np.zeros(len(place)), 1.0
            return self._p_over(patients, dose, np.zeros(len(patients)), still, still, place)
        x = np.full(len(patients), np.nan)
        ends = np.array([patient.days if patient.dlt else window for patient in patients])
        for day in np.unique(ends[ends > 0]):
            area = _log_areas(patients, day)
            x[ends == day] = area[ends == day] - exposure_regression(dose, area).mean[0]
        regression = exposure_regression(dose, _log_areas(patients, window))
        return self._p_over(patients, dose, x, regression.predicted(dose), regression.predicted(place), place)

    def _p_over(
        self,
        patients: Sequence[EvaluablePatient],
        dose: Array,
        x: Array,
        unseen: tuple[Array, Array, float],
        new: tuple[Array, Array, float],
        place: Array,
    ) -> Array:
        """See `p_over`; axes are b1, c, a."""
        (b1, by_b1), (b0, by_c), (a, by_a), step = _grid(self.model, self.max_patients + self.cohort, self.exposure)
        weight = by_b1[:, None, None] * by_c[:, None] * by_a
        effect, slope = b1[:, None, None], b0[:, None]
        for k, patient in enumerate(patients):
            sign = 1.0 if patient.dlt else -1.0
            if np.isfinite(x[k]):
                weight = weight * expit(sign * (a + slope * dose[k] + effect * x[k]))
                continue
            t, share = _student(unseen[2])
            guessed = unseen[0][k] + unseen[1][k] * t
            each = (expit(sign * (a + slope * dose[k] + effect * one)) for one in guessed)
            weight = weight * sum(s * p for s, p in zip(share, each, strict=True))
        weight = weight / weight.sum()
        t, share = _student(new[2])
        turn = _turn(b1[:, None] * new[1], t, share, self.limit) - b1[:, None] * new[0]
        threshold = turn[:, None] - b0[:, None] * place
        return np.array(
            [1.0 - np.sum(weight * share_below(a, step, threshold[..., d, None])) for d in range(len(place))]
        )

    def _slots(self, over: Array) -> SlotDesign:
        """Return the conduct given the probabilities of exceeding the limit."""
        safe = frozenset(level for level in range(1, len(over) + 1) if np.all(over[:level] < self.overdose))

        def recommend(state: State) -> Recommendation:
            return Recommendation(tuple(range(state.doses, 0, -1)), "the highest dose that overdose control allows")

        def select(state: State, levels: frozenset[int]) -> int | None:
            return max(levels, default=None)

        control = Filter("overdose control", lambda state: safe)
        return SlotDesign(recommend, select, safety=(control,), cohort=self.cohort, max_patients=self.max_patients)


def _log_areas(patients: Sequence[EvaluablePatient], day: float) -> Array:
    """Return ln area up to a day; NaN for who has no sample by then, or has not been followed so long."""
    return np.log(
        [
            # An onset and the day that it is known on are the same number, but for rounding.
            observed_area(patient.time, patient.level, day) if patient.followed >= day - 1e-6 else np.nan
            for patient in patients
        ]
    )


@lru_cache(maxsize=8)
def _prior(model: str) -> tuple[float, Normal, Normal]:
    """Return the reference dose and the priors of a and c."""
    spec = load_model(model)
    if spec.dose is None or spec.toxicity is None:
        raise ValueError(f"model '{model}' has no dose or no toxicity; accepted: a model with both")
    d0, ld1 = spec.toxicity.d0, spec.toxicity.ld1
    if not isinstance(d0, Normal) or not isinstance(ld1, Normal):
        raise ValueError(f"model '{model}': priors of d0 and ld1; accepted: normal ones")
    return spec.dose.reference, d0, ld1


@lru_cache(maxsize=8)
def _grid(
    model: str, most: int, exposure: bool
) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[Array, Array], float]:
    """Return nodes and prior weights of b1, b0 and a, and the spacing of a."""
    _, d0, ld1 = _prior(model)
    # Given the slopes, n patients add at most n / 4 to the curvature of ln density in a: no posterior is narrower.
    step = 0.5 / (1 + 0.25 * most * d0.sigma**2) ** 0.5
    z_a, z_c = np.arange(-_REACH_A, _REACH_A, step), np.arange(-_REACH_C, _REACH_C + 1e-9, _STEP_C)
    b1, by_b1 = np.zeros(1), np.ones(1)
    if exposure:
        nodes, weights = np.polynomial.legendre.leggauss(_EFFECTS)
        below = ndtr(-EFFECT[0] / EFFECT[1])
        b1 = EFFECT[0] + EFFECT[1] * ndtri(below + (nodes + 1) / 2 * (1 - below))
        by_b1 = weights / 2
    return (
        (b1, by_b1),
        (np.exp(ld1.mu + ld1.sigma * z_c), np.exp(-(z_c**2) / 2)),
        (d0.mu + d0.sigma * z_a, np.exp(-(z_a**2) / 2)),
        d0.sigma * step,
    )


@lru_cache(maxsize=128)
def _student(df: float) -> tuple[Array, Array]:
    """Return nodes and weights of the mean over Student's t distribution."""
    nodes, weights = np.polynomial.legendre.leggauss(_NEW)
    return stdtrit(df, (nodes + 1) / 2), weights / 2


def _turn(scale: Array, t: Array, share: Array, limit: float) -> Array:
    """Return the A at which the mean of expit(A + scale t) is the limit, by bisection."""
    reach = scale * np.abs(t).max() + 1e-9
    low, high = logit(limit) - reach, logit(limit) + reach
    for _ in range(50):
        middle = (low + high) / 2
        above = expit(middle[..., None] + scale[..., None] * t) @ share > limit
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2
