"""Non-compartmental analysis of a trial."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.noncompartmental.parameters import nca_parameters
from cartmodel.noncompartmental.profiles import profiles_of
from cartmodel.noncompartmental.rules import NcaRules
from cartmodel.trial import TrialData


def nca(
    trial: TrialData,
    *,
    windows: Sequence[tuple[float, float]] = ((0, 28), (0, 90)),
    persistence: Sequence[float] = (28, 90, 180),
    rules: NcaRules | None = None,
) -> pd.DataFrame:
    """Return the non-compartmental parameters of every patient and assay, each undefined one with its reason.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`. Times are the actual ones; samples at or before the infusion are not part of it, so the level
        at time 0 is 0 unless ``rules.start`` says otherwise.
    windows : sequence of (float, float)
        Days between which to take partial areas.
    persistence : sequence of float
        Days on which to say whether the cells were still quantifiable.
    rules : NcaRules, optional
        Trapezoidal rule, BLQ rules, completeness of a window, acceptance of lambda_z; default ``NcaRules()``.

    Returns
    -------
    pandas.DataFrame
        One row a patient, assay and parameter: ``subject``, ``dose`` (of the dose group: cells
        assigned where given, else infused), ``assay``, ``parameter``, ``value`` (NaN
        where undefined), ``unit``, ``reason`` (empty where defined). Parameters:

        - ``cmax``, ``tmax``: highest quantified level and the first time it is met; ``clast``, ``tlast``: the last one;
        - ``auc_last``: area from 0 to Tlast; ``auc_all``: to the first BLQ sample after it;
          ``auc_<start>_<end>``: over a window. Areas that end after Tlast follow ``rules.after_last``;
        - ``lambda_z`` and ``half_life``, refused where a rule of acceptance fails; ``lambda_z_points``,
          ``lambda_z_adjusted_r2`` and ``lambda_z_span_ratio``, always given where there is a fit;
        - ``time_to_blq``: first BLQ sample after the peak, an embedded one too;
        - ``persistence_<day>``: 1 if quantified on the day or later, or in a last sample that is late enough for
          ``rules.completeness`` of the day; 0 if there is a BLQ sample between Tlast and the day.

    Notes
    -----
    Rules as in the R package PKNCA and Phoenix WinNonlin; see `NcaRules` for each, and for the differences.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> table = nca(read_trial(example_path("cd7_ssc")))
    >>> table["subject"].nunique(), sorted(table["parameter"].unique())[:3]
    (18, ['auc_0_28', 'auc_0_90', 'auc_all'])
    """
    tables = []
    for assay in trial.assays:
        found = nca_parameters(profiles_of(trial, assay), windows=windows, persistence=persistence, rules=rules)
        tables.append(
            pd.DataFrame(
                {
                    "subject": np.repeat(trial.subjects.index.to_numpy(), len(found)),
                    "dose": np.repeat(trial.dose_group.to_numpy(), len(found)),
                    "assay": assay,
                    "parameter": np.tile([p.name for p in found], len(trial.subjects)),
                    "value": np.column_stack([p.value for p in found]).ravel(),
                    "unit": np.tile([p.unit.replace("level", trial.units[assay]) for p in found], len(trial.subjects)),
                    "reason": np.column_stack([p.reason for p in found]).ravel(),
                }
            )
        )
    columns = ["subject", "dose", "assay", "parameter", "value", "unit", "reason"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
