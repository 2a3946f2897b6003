"""ln AUC against ln dose: observed areas, and the conjugate Bayesian regression that predicts a new patient's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

type Array = NDArray[np.float64]

SLOPE, SLOPE_WEIGHT = 0.5, 4.0  # prior mean of the slope; prior precision, in units of 1 / omega^2
SHAPE, SCALE = 2.0, 1.0  # inverse gamma prior of omega^2


def observed_area(time: ArrayLike, level: ArrayLike, until: float) -> float:
    """Return the area under the samples up to a day; NaN without a sample by that day.

    Straight lines from nothing at day 0 through the samples taken by that day; the last is carried forward to it. No
    sample after that day is looked at.

    Parameters
    ----------
    time, level : array_like
        Days and levels; NaN where there is no sample.
    until : float
        Day.

    Examples
    --------
    >>> observed_area([1.0, 3.0, 7.0], [2.0, 4.0, 100.0], until=5.0)
    15.0
    """
    days, values = np.asarray(time, dtype=float), np.asarray(level, dtype=float)
    taken = (days <= until) & np.isfinite(values)  # NaN <= day is false
    if not taken.any():
        return float("nan")
    days, values = days[taken], values[taken]
    return float(np.trapezoid([0.0, *values, values[-1]], [0.0, *days, until]))


@dataclass(frozen=True, eq=False)
class ExposureRegression:
    r"""What is known of ln AUC at each dose: ``ln AUC = mu + kappa l + omega z``, l = ln(dose / reference).

    Parameters
    ----------
    mean : ndarray (2,)
        Posterior means of mu and kappa.
    covariance : ndarray (2, 2)
        Of mu and kappa, in units of omega^2.
    shape, scale : float
        Of the inverse gamma posterior of omega^2.
    """

    mean: Array
    covariance: Array
    shape: float
    scale: float

    def predicted(self, log_dose: Array) -> tuple[Array, Array, float]:
        """Return location, scale and degrees of freedom of Student's t: a new patient's ln AUC, less the mean of mu."""
        row = np.stack([np.ones_like(log_dose), log_dose], axis=-1)
        spread = 1.0 + np.einsum("...i,ij,...j", row, self.covariance, row)
        return self.mean[1] * log_dose, np.sqrt(self.scale / self.shape * spread), 2.0 * self.shape


def exposure_regression(log_dose: ArrayLike, log_area: ArrayLike) -> ExposureRegression:
    r"""Return the posterior of the regression of ln AUC on ln dose, in closed form.

    Prior: mu flat, so that the unit of the assay does not matter; ``kappa | omega ~ N(0.5, omega^2 / 4)``; ``omega^2``
    inverse gamma (2, 1). With X the rows (1, l) and P0 = diag(0, 4), m0 = (0, 0.5),

    .. math::

        P = P_0 + X'X, \quad m = P^{-1}(P_0 m_0 + X'y), \quad a = 2 + (n - 1) / 2, \quad
        b = 1 + (y'y + m_0'P_0 m_0 - m'P m) / 2

    Without data mu is 0, known: only differences from the typical patient are asked for.

    Parameters
    ----------
    log_dose, log_area : array_like (patients,)
        Patients whose area is NaN are left out.

    References
    ----------
    Gelman A. et al. (2013), Bayesian Data Analysis, 3rd ed., section 14.2 and 14.8.
    """
    dose, area = np.asarray(log_dose, dtype=float), np.asarray(log_area, dtype=float)
    known = np.isfinite(area)
    prior_mean = np.array([0.0, SLOPE])
    if not known.any():
        return ExposureRegression(prior_mean, np.diag([0.0, 1.0 / SLOPE_WEIGHT]), SHAPE, SCALE)
    rows, y = np.stack([np.ones(int(known.sum())), dose[known]], axis=1), area[known]
    centre = y.mean()  # the flat prior lets it be subtracted; squares of large numbers would round
    precision = np.diag([0.0, SLOPE_WEIGHT]) + rows.T @ rows
    covariance = np.linalg.inv(precision)
    mean = covariance @ (np.array([0.0, SLOPE_WEIGHT * SLOPE]) + rows.T @ (y - centre))
    squares = np.sum((y - centre - rows @ mean) ** 2) + SLOPE_WEIGHT * (mean[1] - SLOPE) ** 2
    mean = mean + np.array([centre, 0.0])
    return ExposureRegression(mean, covariance, SHAPE + (len(y) - 1) / 2, SCALE + float(squares) / 2)
