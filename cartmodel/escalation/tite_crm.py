"""TITE-CRM: the CRM with pending patients weighted by their follow-up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cartmodel.escalation.crm import CrmModel, CrmPosterior, Curve, Estimate, crm_slots, nearest_to_target
from cartmodel.escalation.dated import DatedState, dated_designs
from cartmodel.escalation.state import Decision
from cartmodel.escalation.weights import FollowUpWeights, linear_weights


def tite_posterior(model: CrmModel, trial: DatedState, weights: FollowUpWeights = linear_weights) -> CrmPosterior:
    """Return a CRM's posterior with pending patients: likelihood ``prod (w p)^y (1 - w p)^(1 - y)``.

    Parameters
    ----------
    model : CrmModel
        The dose-toxicity model.
    trial : DatedState
        The patients so far.
    weights : callable ``(trial) -> ndarray (patients,)``
        `linear_weights`, `adaptive_weights`, or one from `onset_weights`.

    Raises
    ------
    ValueError
        If the trial has not one level for each dose of the skeleton.

    References
    ----------
    Cheung Y.K., Chappell R. (2000), Biometrics 56:1177-1182.

    Examples
    --------
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> model = CrmModel((0.1687, 0.3, 0.4429), target=0.30)
    >>> waiting = DatedState((DatedPatient(1, 28), DatedPatient(1, 28), DatedPatient(1, 2)), doses=3)
    >>> bool(tite_posterior(model, waiting).mean < model.posterior(waiting.counts).mean)
    True
    """
    if trial.doses != len(model.skeleton):
        raise ValueError(f"{trial.doses} dose levels; accepted: {len(model.skeleton)}, as in the skeleton")
    log_p, _ = model.nodes
    log_likelihood = np.zeros(log_p.shape[1])
    for level, weight, dlt in zip(trial.level, weights(trial), trial.dlt, strict=True):
        at = log_p[level - 1]
        if dlt:
            log_likelihood += at  # the weight after a DLT does not depend on p
        else:
            log_likelihood += np.log1p(-weight * np.exp(at)) if weight < 1 else np.log(-np.expm1(at))
    return model.posterior_of(log_likelihood)


@dataclass(frozen=True)
class TiteCrm:
    """The TITE-CRM design.

    Parameters
    ----------
    model : CrmModel
        The dose-toxicity model and the target.
    weights : callable
        See `tite_posterior`.
    estimate : {"plug-in", "posterior-mean"}
        See `crm`.
    stop_above : float
        The trial stops without an MTD when Pr(p > target) at the lowest dose is above.
    cohort, max_patients : int
        Patients in a group, and in the trial; the MTD is named when the last window is over.
    suspend_above : float
        An escalation waits while a larger share of the patients at the current dose is pending, as in TITE-BOIN: with
        little follow-up the posterior is the prior. 1 never waits, as in the paper.

    References
    ----------
    Cheung Y.K., Chappell R. (2000), Biometrics 56:1177-1182.

    Examples
    --------
    >>> from cartmodel.escalation.dated import DatedPatient
    >>> design = TiteCrm(CrmModel((0.1687, 0.3, 0.4429), target=0.30))
    >>> design.decide(DatedState(tuple(DatedPatient(1, 28) for _ in range(3)), doses=3)).dose
    2
    """

    model: CrmModel
    weights: FollowUpWeights = linear_weights
    estimate: Estimate = "plug-in"
    stop_above: float = 0.95
    cohort: int = 3
    max_patients: int = 18
    suspend_above: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.suspend_above <= 1:
            raise ValueError(f"suspend_above {self.suspend_above}; accepted: a share from 0 to 1")

    def decide(self, trial: DatedState, /) -> Decision:
        """Return the next step of a trial; see the class."""
        posterior = tite_posterior(self.model, trial, self.weights)
        known = nearest_to_target(posterior, self.model.target, self.estimate), float(posterior.exceeds[0])
        decision = crm_slots(lambda _: known, self.stop_above, self.cohort, self.max_patients).decide(trial.counts)
        waiting = int(trial.pending.sum())
        if decision.action == "stop" and decision.dose is not None and waiting:
            return Decision("suspend", None, f"{decision.reason}, {waiting} of them pending")
        here = trial.level == trial.current
        n, pending = int(here.sum()), int((trial.pending & here).sum())
        if decision.action == "escalate" and pending > self.suspend_above * n:
            reason = f"{pending} of {n} patients at dose level {trial.current} are pending; then: {decision.reason}"
            return Decision("suspend", None, reason, decision.admissible)
        return decision


def tite_crm(
    skeleton: Sequence[float],
    target: float = 0.30,
    *,
    curve: Curve = "empiric",
    variance: float = 1.34,
    intercept: float = 3.0,
    weights: FollowUpWeights = linear_weights,
    estimate: Estimate = "plug-in",
    stop_above: float = 0.95,
    cohort: int = 3,
    max_patients: int = 18,
    suspend_above: float = 0.5,
) -> TiteCrm:
    """Return the TITE-CRM around a skeleton; see `crm` and `TiteCrm`.

    Examples
    --------
    >>> tite_crm((0.1687, 0.3, 0.4429)).model.target
    0.3
    """
    model = CrmModel(tuple(skeleton), target, curve, variance, intercept)
    return TiteCrm(model, weights, estimate, stop_above, cohort, max_patients, suspend_above)


dated_designs.add("tite-crm", tite_crm)
