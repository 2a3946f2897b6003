"""Advice about each dose from the joint posterior of kinetics, DLT and remission."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from cartmodel.decision.dose_columns import (
    gain_columns,
    pending_table,
    remission_columns,
    say_missing,
    toxicity_columns,
    toxicity_of,
    utility_columns,
)
from cartmodel.decision.exposure_toxicity import ExposureToxicity, FollowedPatient
from cartmodel.decision.notes import moved_words, patient_words, toxicity_words
from cartmodel.decision.onset import Onset, day_shares, early_and_late
from cartmodel.decision.relative_exposure import exposures_of, relative_exposures, thinned
from cartmodel.decision.utility import Utility
from cartmodel.decision.words import advice_text, near_threshold
from cartmodel.equations.design import outcomes_of
from cartmodel.inference.diagnosis import diagnose
from cartmodel.prediction.doses import observed_outcome
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.parameters import parameter_table
from cartmodel.spec import ModelSpec

_DAYS = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0)


@dataclass(frozen=True)
class Criteria:
    """What the advice is measured against.

    Parameters
    ----------
    limit : float
        The DLT rate that a dose should not exceed.
    overdose : float
        The largest acceptable probability that it does (overdose control, EWOC).
    target : float
        The remission rate that a dose should exceed.
    gain : float
        The ratio of AUC0-28d by which the next dose should raise the exposure.
    window : float
        Days of the DLT window.
    """

    limit: float = 0.33
    overdose: float = 0.25
    target: float = 0.50
    gain: float = 1.20
    window: float = 28.0

    def __post_init__(self) -> None:
        shares = {"limit": self.limit, "overdose": self.overdose, "target": self.target}
        wrong = [f"{name}={value}" for name, value in shares.items() if not 0 < value < 1]
        wrong += [f"gain={self.gain}"] * (not 0 < self.gain < np.inf)
        wrong += [f"window={self.window}"] * (not 0 < self.window <= 366)
        if wrong:
            raise ValueError(f"{', '.join(wrong)}; accepted: probabilities within 0 and 1, gain > 0, days to 366")


@dataclass(frozen=True, eq=False)
class Advice:
    """What a fit says about each dose, beside the protocol's rule, which stays authoritative.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a dose (cells); see `advise`.
    pending : pandas.DataFrame
        One row a patient whose DLT window is open: ``subject``, ``dose``, ``days`` followed, ``median``, ``lower``,
        ``upper`` of the probability of a DLT in the rest of the window, and whether the fit knows the patient's
        ``kinetics``.
    recommended : float or None
        The highest dose that is within overdose control with all lower ones, at most the next of the doses asked for
        above those treated; None: no dose is.
    text : str
        The same in plain words, with what the numbers rest on.
    simulated, trusted : bool
        Whether the fit is of simulated data, and whether it passed its convergence gates.
    criteria : Criteria
        What was asked.
    trial : str
        Name of the trial.
    notes : tuple of str
        What the numbers rest on, as in the text.
    """

    table: pd.DataFrame
    pending: pd.DataFrame
    recommended: float | None
    text: str
    simulated: bool
    trusted: bool
    criteria: Criteria
    trial: str = ""
    notes: tuple[str, ...] = ()

    @property
    def unsettled(self) -> tuple[float, ...]:
        """The doses whose P(over the limit) lies within two Monte Carlo errors of overdose control's threshold."""
        return near_threshold(self.table, self.criteria.overdose)


def advise(
    fit: xr.DataTree,
    doses: Sequence[float] | None = None,
    *,
    limit: float = 0.33,
    target: float = 0.50,
    gain: float = 1.20,
    overdose: float = 0.25,
    window: float = 28.0,
    patients: Sequence[FollowedPatient] | None = None,
    utility: Utility | None = None,
    onset: Onset = early_and_late,
    slope: tuple[float, float] | None = (0.3, 0.4),
    n: int = 100,
    draws: int = 1000,
    random_seed: int = 1,
) -> Advice:
    r"""Return advice about each dose from the whole joint posterior of a fit.

    Every rate is that of a new patient: at each posterior draw the mean over ``n`` new patients' exposures, the same
    patients at every dose. Probabilities and intervals are over the draws; no parameter is replaced by its mean. DLT
    depends on dose and on exposure before its onset, see `ExposureToxicity`; ``joint``: the DLTs also inform the
    kinetics, ``cut``: they do not.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`, of a model with a dose.
    doses : sequence of float, optional
        Cells; default: those of the trial.
    limit, target, gain, overdose, window : float
        See `Criteria`.
    patients : sequence of FollowedPatient, optional
        DLT status and follow-up of each patient, in place of the fit's own; default: the fit's, without days, a pending
        patient adding nothing. A patient unknown to the fit has the exposure of a new one.
    utility : Utility, optional
        Default: the values of BOIN12. ``U = sum of worth x P(remission, DLT)``, remission and DLT independent given a
        patient's exposure; remission stays on a plateau beyond the largest exposure (posterior median) of the trial's
        patients, so that no benefit is extrapolated.
    onset : callable ``(days) -> share``
        When DLTs start within the window; default: see `early_and_late`.
    slope : pair of float or None
        Prior of the effect of exposure on the DLT, see `ExposureToxicity`; None: no effect.
    n, draws : int
        New patients for each draw, and the most draws of the fit that are used: with more of them the Monte Carlo
        errors are smaller.
    random_seed : int
        Seed of new patients and resampling.

    Returns
    -------
    Advice
        Its table has one row a dose: ``patients`` given it whose DLT is known or pending, and ``dlts``;
        ``extrapolated``; ``dlt_median``, ``dlt_lower``, ``dlt_upper`` and ``p_over`` (joint), ``p_over_cut``,
        ``p_over_dose_only`` (no effect of exposure, the same patients); ``remission_median``, ..., ``p_remission``;
        ``gain_median``, ..., ``p_gain`` of the next dose; ``utility_median``, ..., ``p_best``. Intervals are
        equal-tailed 95%. NaN where undefined, with the reason in ``note``. ``p_over_mcse``, ``p_over_cut_mcse``,
        ``p_remission_mcse``, ``p_gain_mcse``, ``p_best_mcse``: Monte Carlo standard errors, from the effective sample
        size of the draws; NaN where the draws of each chain agree or are fewer than 4. `p_over_dose_only` rests on 8192
        points of the prior, with an error near 0.005.

    Raises
    ------
    ValueError
        If the model uses no dose, or a number is not within its range.

    Examples
    --------
    >>> import cartmodel as cm
    >>> advice = cm.advise(cm.read_fit("run/fit.nc"), [0.25e8, 1e8, 2e8])  # doctest: +SKIP
    >>> advice.table[["dose", "p_over", "p_remission", "p_gain"]]  # doctest: +SKIP
    """
    criteria = Criteria(limit, overdose, target, gain, window)
    spec = spec_of(fit)
    if n < 1 or draws < 1:
        raise ValueError(f"n={n}, draws={draws}; accepted: 1 or more")
    if spec.dose is None or not spec.uses_dose:
        raise ValueError(f"model '{spec.name}' uses no dose; accepted: a fit of a model with a dose")
    asked, treated = _doses(fit, doses)
    fitted = _fitted(fit, spec)
    followed = fitted if patients is None else tuple(patients)
    days = {p.days for p in followed if p.days is not None and 0 < p.days < window}
    edges = np.array(sorted({*(day for day in _DAYS if day < window), *days, window}))
    few = thinned(fit, draws)
    chains = group(few, "posterior").sizes["chain"]
    found = relative_exposures(few, asked, edges, n=n, random_seed=random_seed)
    table = pd.DataFrame({"dose": asked, **_counts(asked, followed)})
    table["extrapolated"] = (asked < treated.min()) | (asked > treated.max())
    toxicity, notes = None, list[str]()
    if spec.toxicity is not None:
        shares = day_shares(onset, edges)
        model = ExposureToxicity(spec.toxicity.d0, spec.toxicity.ld1, slope)
        place = np.log(asked / spec.dose.reference)
        log_dose = np.log(np.array([p.dose for p in followed]) / spec.dose.reference)
        x = exposures_of(followed, found, few, random_seed + 1)
        toxicity = toxicity_of(model, followed, log_dose, x, found, shares, place, random_seed)
        toxicity_columns(table, toxicity, place, limit, chains, random_seed)
        notes += toxicity_words(toxicity)
    if spec.response is not None:
        on_plateau = remission_columns(table, few, spec, found, target, chains)
        if toxicity is not None:
            utility_columns(table, utility or Utility(), toxicity, on_plateau, chains)
    gain_columns(table, found, gain, chains)
    say_missing(table, spec)
    pending = pending_table(toxicity, window, found.subjects)
    recommended = _recommended(table, followed, criteria)
    diagnosis = diagnose(fit)
    notes += [*moved_words(parameter_table(fit)), *patient_words(followed, fitted, asked)]
    simulated, name = bool(fit.attrs["simulated"]), str(fit.attrs["trial"])
    text = advice_text(table, pending, recommended, criteria, diagnosis.verdict, notes, simulated, name)
    return Advice(table, pending, recommended, text, simulated, diagnosis.trusted, criteria, name, tuple(notes))


def _doses(fit: xr.DataTree, doses: Sequence[float] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Doses asked for, and those of the trial."""
    trial = np.unique(group(fit, "constant_data")["dose"].to_numpy())
    trial = trial[~np.isnan(trial)]
    asked = trial if doses is None else np.unique(np.asarray(doses, dtype=float))
    if not len(asked) or not (np.isfinite(asked) & (asked > 0)).all():
        raise ValueError(f"doses={doses!r}; accepted: positive numbers of cells")
    return asked, trial


def _fitted(fit: xr.DataTree, spec: ModelSpec) -> tuple[FollowedPatient, ...]:
    """DLT status as the fit was told it, without days."""
    known = group(fit, "constant_data")
    names, dose = known["subject"].to_numpy(), known["dose"].to_numpy()
    seen = observed_outcome(fit, spec, "dlt") if "dlt" in outcomes_of(spec) else np.full(len(names), np.nan)
    return tuple(
        FollowedPatient(str(name), float(d), None if np.isnan(y) else bool(y))
        for name, d, y in zip(names, dose, seen, strict=True)
    )


def _counts(doses: NDArray[np.float64], followed: Sequence[FollowedPatient]) -> dict[str, list[int]]:
    told = [p for p in followed if p.dlt is not None]
    at = [[p for p in told if np.isclose(p.dose, dose, rtol=1e-9)] for dose in doses]
    return {"patients": [len(given) for given in at], "dlts": [sum(p.dlt is True for p in given) for given in at]}


def _recommended(table: pd.DataFrame, followed: Sequence[FollowedPatient], criteria: Criteria) -> float | None:
    treated = max((p.dose for p in followed), default=0.0)
    above = table.loc[table["dose"] > treated * (1 + 1e-9), "dose"]
    top = above.min() if len(above) else np.inf
    rising = table.sort_values("dose")
    within = (rising["p_over"] < criteria.overdose).cummin()  # none above a dose that is not
    safe = rising.loc[within & (rising["dose"] <= top), "dose"]
    return float(safe.max()) if len(safe) else None
