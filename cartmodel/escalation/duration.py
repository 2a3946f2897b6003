"""How long a trial lasts: the exact law of its duration under Poisson accrual and the wait after each group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import root_scalar
from scipy.special import gammainc

from cartmodel.escalation.exact import OperatingCharacteristics

_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, eq=False)
class TrialDuration:
    """The law of a trial's duration in days, from the first opening to the end of the last DLT window.

    Parameters
    ----------
    weight : ndarray (scenarios, paths)
        Probability of each number of groups and patients that can occur together.
    patients : ndarray (paths,)
        Patients in the trial.
    fixed : ndarray (paths,)
        Days that do not depend on accrual: windows, stagger, other waits.
    rate : float
        Patients a day while a group is open.
    """

    weight: NDArray[np.float64]
    patients: NDArray[np.float64]
    fixed: NDArray[np.float64]
    rate: float

    @property
    def mean(self) -> NDArray[np.float64]:
        """Expected days, for each scenario."""
        return self.weight @ (self.fixed + self.patients / self.rate)

    def cdf(self, days: ArrayLike) -> NDArray[np.float64]:
        """Return the probability that the trial is over after so many days: (scenarios, days)."""
        left = np.maximum(np.atleast_1d(np.asarray(days, dtype=float)) - self.fixed[:, None], 0.0)
        return self.weight @ gammainc(self.patients[:, None], self.rate * left)

    def quantile(self, probability: float) -> NDArray[np.float64]:
        """Return the days within which the trial is over with a probability, for each scenario."""
        if not 0 < probability < 1:
            raise ValueError(f"probability {probability}; accepted: above 0 and below 1")
        high = float(self.fixed.max() + (self.patients.max() + 50 * self.patients.max() ** 0.5 + 50) / self.rate)
        scenarios = range(len(self.weight))
        ends = [root_scalar(lambda t, k=k: self.cdf(t)[k, 0] - probability, bracket=(0.0, high)) for k in scenarios]
        return np.array([end.root for end in ends])


def trial_duration(
    exact: OperatingCharacteristics, per_month: float, *, window: float = 28.0, stagger: float = 0.0, wait: float = 0.0
) -> TrialDuration:
    """Return the exact law of the calendar time of a trial whose groups follow one another.

    A group opens when the window of the last patient of the group before is over. While it has an open place, patients
    come as a Poisson process; nobody queues while there is none. With N patients in G groups the trial takes
    ``Gamma(N, rate) + G (window + wait) + (N - G) stagger`` days, and the law of (N, G) is exact. A group that closes
    early because of its DLTs would be shorter: here each waits for its whole window.

    Parameters
    ----------
    exact : OperatingCharacteristics
        From `operating_characteristics`. Patients who are backfilled beside a group count as if they came one by one.
    per_month : float
        Patients a month (30.44 days) while a place is open.
    window : float
        Days from the last infusion of a group to the opening of the next one.
    stagger : float
        Least days between two infusions of a group; the next patient comes after them.
    wait : float
        Further days for each group, such as the making of the cells where patients enter together.

    Raises
    ------
    ValueError
        If accrual is not positive or a time is negative.

    Examples
    --------
    >>> from cartmodel.escalation.exact import operating_characteristics
    >>> from cartmodel.escalation.three_plus_three import nct06871644
    >>> exact = operating_characteristics(nct06871644(), [0.10, 0.25, 0.40])
    >>> lasts = trial_duration(exact, per_month=1.0)
    >>> (lasts.mean / 30.4375).round(1).tolist(), (lasts.quantile(0.9) / 30.4375).round(1).tolist()
    ([14.5], [21.3])
    """
    if not 0 < per_month < np.inf or not all(0 <= days < np.inf for days in (window, stagger, wait)):
        given = f"per_month {per_month}, window {window}, stagger {stagger}, wait {wait}"
        raise ValueError(f"{given}; accepted: patients a month above 0, days of 0 or more")
    groups, patients = np.nonzero(exact.course.sum(axis=0))
    fixed = groups * (window + wait) + (patients - groups) * stagger
    weight = exact.course[:, groups, patients]
    return TrialDuration(weight, patients.astype(float), fixed.astype(float), per_month / _DAYS_A_MONTH)
