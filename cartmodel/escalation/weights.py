"""How much of a full DLT observation a pending patient is worth."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.dated import DatedState

type FollowUpWeights = Callable[[DatedState], NDArray[np.float64]]


def linear_weights(trial: DatedState) -> NDArray[np.float64]:
    """Return the share of the window that each patient has been followed; 1 after a DLT.

    References
    ----------
    Cheung Y.K., Chappell R. (2000), Biometrics 56:1177-1182.

    Examples
    --------
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> linear_weights(DatedState((DatedPatient(1, 21), DatedPatient(1, 9, dlt=True)), doses=1)).tolist()
    [0.75, 1.0]
    """
    return np.where(trial.dlt, 1.0, trial.days / trial.window)


def adaptive_weights(trial: DatedState) -> NDArray[np.float64]:
    """Return weights that adapt to when DLTs have occurred so far; 1 after a DLT.

    With the z DLT times in order, t_0 = 0 and t_(z+1) the end of the window, a patient followed for u days, past k of
    them, has the weight ``(k + (u - t_k) / (t_(k+1) - t_k)) / (z + 1)``.

    References
    ----------
    Cheung Y.K., Chappell R. (2000), Biometrics 56:1177-1182.

    Examples
    --------
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> trial = DatedState((DatedPatient(1, 14), DatedPatient(1, 7, dlt=True)), doses=1)
    >>> adaptive_weights(trial).round(4).tolist()  # (1 + 7 / 21) / 2
    [0.6667, 1.0]
    """
    times = np.sort(trial.days[trial.dlt])
    knots = np.concatenate([[0.0], times, [trial.window]])
    weight = np.ones(len(trial.patients))
    u = trial.days[trial.pending]
    past = np.searchsorted(times, u, side="right")
    part = (u - knots[past]) / (knots[past + 1] - knots[past])
    weight[trial.pending] = (past + part) / (len(times) + 1)
    return weight


def onset_weights(cdf: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> FollowUpWeights:
    """Return weights from the distribution of the onset of a DLT: ``F(u) / F(window)``.

    The cytokine release syndrome starts within days of the infusion: late in the window a patient without a DLT is
    worth far more than the share of days followed.

    Parameters
    ----------
    cdf : callable ``(days) -> probability``
        F, the distribution function of the day of onset.

    Raises
    ------
    ValueError
        When used, if F is not a distribution function with mass within the window.

    Examples
    --------
    >>> from scipy.stats import expon
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> weights = onset_weights(expon(scale=5).cdf)
    >>> weights(DatedState((DatedPatient(1, 14), DatedPatient(1, 28)), doses=1)).round(3).tolist()
    [0.943, 1.0]
    """

    def weights(trial: DatedState) -> NDArray[np.float64]:
        whole = float(cdf(np.array([trial.window]))[0])
        share = np.asarray(cdf(trial.days), dtype=float)
        if not 0 < whole <= 1 or np.any(share < 0) or np.any(share > whole):
            raise ValueError(f"onset distribution: F({trial.window}) = {whole}; accepted: rising, above 0, at most 1")
        return np.where(trial.dlt, 1.0, share / whole)

    return weights
