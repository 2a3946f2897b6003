r"""The day of a DLT: the hazard of causes that compete.

The cumulative hazard of a patient at day t is the sum over the causes,

.. math::

    H(t) = \sum_k -\ln(1 - p_k) \frac{F_k(t)}{F_k(w_k)} + \frac{h\,x(t)^a}{1 + s\,x(t)^a}, \qquad
    x(t) = \mathrm{AUC}(0, t) / \mathrm{AUC}_{ref}

with p_k the probability of cause k alone within w_k days and F_k log-normal. The exposure acts only until the DLT: a
hazard at day t knows nothing of the levels after it. A patient has a DLT on the day on which H reaches a threshold that
is exponentially distributed with mean 1 (the inverse transform of the survival function exp(-H)).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize.elementwise import find_root  # pyright: ignore[reportMissingTypeStubs]
from scipy.special import ndtr  # pyright: ignore[reportMissingTypeStubs]

from cartmodel.kinetics import Structure, vocabulary
from cartmodel.virtual.scenario import Toxicity
from cartmodel.virtual.truth import Array

_EARLIEST = 1e-3  # days
_ACCURACY = 1e-5  # days


def cumulative_hazard(
    toxicity: Toxicity, curve: Structure, t: Any, level: Any, logit: Any, parameters: Mapping[str, Any]
) -> Array:
    """Return the cumulative hazard of a DLT at day ``t``, all arguments broadcast.

    Parameters
    ----------
    toxicity : Toxicity
        The causes.
    curve : Structure
        The structural curve.
    t : array
        Days since the infusion, above 0.
    level : array of int
        The dose level, from 0.
    logit : array
        Of the model file's probability of a DLT; looked at only where the scenario asks for it.
    parameters : mapping of str to array
        Of the curve; looked at only where the hazard depends on the exposure.
    """
    total = np.zeros(np.shape(t))
    for cause in toxicity.onset:
        most = -np.log1p(-np.array(cause.probability))[level]
        total = total + most * _share(t, cause.within, cause.median, cause.sigma)
    if toxicity.model is not None:
        cause = toxicity.model
        total = total + np.logaddexp(0.0, logit) * _share(t, cause.within, cause.median, cause.sigma)
    if toxicity.exposure is not None:
        cause = toxicity.exposure
        x = (curve.integral(vocabulary, 0.0, t, **parameters) / cause.reference) ** cause.power
        total = total + cause.hazard * x / (1.0 + cause.saturation * x)
    return total


def _share(t: Any, within: float, median: float, sigma: float) -> Any:
    return ndtr(np.log(t / median) / sigma) / ndtr(np.log(within / median) / sigma)


def onset_days(
    toxicity: Toxicity, curve: Structure, threshold: Array, level: Any, logit: Any, parameters: Mapping[str, Any]
) -> Array:
    """Return the day on which the cumulative hazard reaches a threshold; infinite if not within the follow-up.

    Parameters
    ----------
    toxicity, curve, level, logit, parameters
        See `cumulative_hazard`.
    threshold : ndarray
        Exponential with mean 1; the shape of the answer.
    """
    shape = threshold.shape
    last = np.full(shape, toxicity.follow_up)
    reached = threshold <= cumulative_hazard(toxicity, curve, last, level, logit, parameters)
    onset = np.full(shape, np.inf)
    if not reached.any():
        return onset
    names = list(parameters)
    rows = (threshold, level, logit, *(parameters[name] for name in names))
    picked = [np.broadcast_to(row, shape)[reached] for row in rows]

    def lacking(t: Array, threshold: Array, level: Array, logit: Array, *values: Array) -> Array:
        at = level.astype(int)
        return cumulative_hazard(toxicity, curve, t, at, logit, dict(zip(names, values, strict=True))) - threshold

    start = np.full(picked[0].shape, _EARLIEST)
    bracket = start, np.full(picked[0].shape, toxicity.follow_up)
    found = find_root(lacking, bracket, args=tuple(picked), tolerances={"xatol": _ACCURACY, "xrtol": 0.0})
    # No change of sign means that the threshold was reached before the earliest day.
    onset[reached] = np.where(found.success, found.x, _EARLIEST)
    return onset
