"""Levels and BLQ shares by visit and dose."""

import numpy as np
import pandas as pd

from cartmodel.description.schedule import BLQ, MISSED, PERIODS, QUANTIFIED, UNSEEN, samples_by_visit
from cartmodel.trial import TrialData

_COLUMNS = [
    "assay", "dose", "visit", "samples", "blq", "blq_percent", "missed", "not_reached", "geometric_mean",
    "geometric_sd", "unit", "reason",
]  # fmt: skip


def levels_by_visit(trial: TrialData, days: np.ndarray) -> pd.DataFrame:
    r"""Return, for each assay, dose group and planned visit, the samples, those below the LLOQ, and the mean level.

    A BLQ sample counts for half its LLOQ in the geometric mean and SD, which are not given where more than half of the
    samples are BLQ.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    days : ndarray
        Planned days, from `planned_days`. Without any, samples are counted between the days of ``PERIODS``.

    Returns
    -------
    pandas.DataFrame
        ``assay``, ``dose``, ``visit`` (planned day; without a schedule, the last day of the period), ``samples``,
        ``blq``, ``blq_percent``, ``missed`` and ``not_reached`` (NaN without a schedule), ``geometric_mean`` in
        ``unit``, ``geometric_sd`` (a factor, :math:`e^s`), and ``reason`` where the mean is NaN.
    """
    table = samples_by_visit(trial, days) if len(days) else _by_period(trial)
    rows = []
    for (assay, dose, visit), own in table.groupby(["assay", "dose", "visit"], dropna=False):
        taken = own[own["status"].isin((QUANTIFIED, BLQ))]
        below = int((taken["status"] == BLQ).sum())
        rows.append(
            {
                "assay": assay,
                "dose": dose,
                "visit": visit,
                "samples": len(taken),
                "blq": below,
                "blq_percent": 100.0 * below / len(taken) if len(taken) else np.nan,
                "missed": int((own["status"] == MISSED).sum()) if len(days) else np.nan,
                "not_reached": int((own["status"] == UNSEEN).sum()) if len(days) else np.nan,
                "unit": trial.units[str(assay)],
            }
            | _mean(taken, below)
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _mean(taken: pd.DataFrame, below: int) -> dict[str, object]:
    none: dict[str, object] = {"geometric_mean": np.nan, "geometric_sd": np.nan}
    if not len(taken):
        return none | {"reason": "no sample"}
    if 2 * below > len(taken):
        return none | {"reason": f"{below} of {len(taken)} samples BLQ, more than half"}
    logs = np.log(taken["level"].where(taken["status"] == QUANTIFIED, 0.5 * taken["lloq"]).to_numpy(float))
    spread = float(np.exp(logs.std(ddof=1))) if len(logs) > 1 else np.nan
    return {"geometric_mean": float(np.exp(logs.mean())), "geometric_sd": spread, "reason": ""}


def _by_period(trial: TrialData) -> pd.DataFrame:
    """Return all samples, each with the last day of its period for a visit."""
    seen = trial.observations
    last = float(np.ceil(seen["time"].max())) if len(seen) else 0.0
    ends = np.array([*PERIODS[1:], *([last] if last > PERIODS[-1] else [])], dtype=float)
    visit = ends[np.searchsorted(ends, seen["time"].to_numpy(float))] if len(seen) else np.array([])
    dose = trial.dose_group.reindex(seen["subject"]).to_numpy()
    return seen.assign(visit=visit, dose=dose, status=np.where(seen["blq"], BLQ, QUANTIFIED))
