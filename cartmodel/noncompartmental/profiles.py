"""Level profiles of many patients on one padded grid."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cartmodel.errors import UnknownNameError
from cartmodel.registry import nearest
from cartmodel.trial import TrialData


@dataclass(frozen=True, eq=False)
class Profiles:
    """The samples of one assay, one row a patient, padded with NaN on the right.

    Parameters
    ----------
    time : ndarray (patients, samples)
        Days since the infusion, 0 or more, increasing along a row; NaN where a row has no further sample.
    level : ndarray (patients, samples)
        Quantified level > 0; NaN where BLQ and where there is no sample.
    lloq : ndarray (patients, samples) or float, optional
        Lower limit of quantification; only asked for by the BLQ rules that count with it.
    above : ndarray (patients, samples) or float, optional
        Where a sample is above its upper limit of quantification, that limit; else NaN. Its ``level`` stands in for a
        higher one that is not known, and `nca_parameters` gives nothing that rests on it.

    Raises
    ------
    ValueError
        If shapes differ, times do not increase or lie before the infusion, or a level is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> units = Profiles(time=np.array([[0.0, 1.0, 2.0, np.nan]]), level=np.array([[8.0, 4.0, np.nan, np.nan]]))
    >>> units.blq.tolist()
    [[False, False, True, False]]
    """

    time: np.ndarray
    level: np.ndarray
    lloq: np.ndarray | float = np.nan
    above: np.ndarray | float = np.nan

    def __post_init__(self) -> None:
        if self.time.ndim != 2 or self.time.shape != self.level.shape or not self.time.shape[1]:
            raise ValueError(
                f"time has shape {self.time.shape}, level {self.level.shape}; accepted: both (patients, samples), with "
                "1 sample or more"
            )
        taken = ~np.isnan(self.time)
        unordered = taken[:, 1:] & ~(np.diff(self.time, axis=1) > 0)
        wrong = {
            "time: before the infusion": (self.time < 0).any(axis=1),
            "time: not increasing, or a gap before a sample": unordered.any(axis=1),
            "level: not positive": (self.level <= 0).any(axis=1),
            "level: without a time": (~np.isnan(self.level) & ~taken).any(axis=1),
        }
        for what, rows in wrong.items():
            if rows.any():
                raise ValueError(
                    f"{what} in row {int(np.argmax(rows))}; accepted: increasing times from 0 on, levels > 0, "
                    "NaN where BLQ, NaN for both after a row's last sample"
                )

    @property
    def taken(self) -> np.ndarray:
        """Whether there is a sample."""
        return ~np.isnan(self.time)

    @property
    def high(self) -> np.ndarray:
        """Whether there is a sample above its upper limit of quantification."""
        return np.broadcast_to(~np.isnan(self.above), self.time.shape)

    @property
    def quantified(self) -> np.ndarray:
        """Whether there is a sample with a level."""
        return ~np.isnan(self.level)

    @property
    def blq(self) -> np.ndarray:
        """Whether there is a sample without a level."""
        return self.taken & ~self.quantified


def profiles_of(trial: TrialData, assay: str) -> Profiles:
    """Return the profiles of one assay of a trial, one row for every patient in the order of ``trial.subjects``.

    Raises
    ------
    UnknownNameError
        If the trial has no such assay.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> profiles_of(read_trial(example_path("cd7_ssc")), "qpcr").time.shape[0]
    18
    """
    if assay not in trial.units:
        raise UnknownNameError(f"the trial has no assay '{assay}': {nearest(assay, trial.units)}")
    left_out = trial.above[trial.above["assay"] == assay]
    own = trial.observations[trial.observations["assay"] == assay]
    # What was left out above its limit stands as high as anything that was measured, and is marked.
    highest = np.nanmax([1.0, own["level"].max(), left_out["uloq"].max()])
    marked = left_out.assign(level=left_out["uloq"].fillna(highest), above=left_out["uloq"].fillna(0.0))
    own = pd.concat([own.assign(above=np.nan), marked]) if len(marked) else own.assign(above=np.nan)
    own = own.sort_values(["subject", "time"], kind="stable")
    row = trial.subjects.index.get_indexer(pd.Index(own["subject"]))
    column = own.groupby("subject").cumcount().to_numpy()
    shape = (len(trial.subjects), int(column.max(initial=0)) + 1)
    time, level, lloq, above = (np.full(shape, np.nan) for _ in range(4))
    time[row, column] = own["time"]
    level[row, column] = own["level"]
    lloq[row, column] = own["lloq"]
    above[row, column] = own["above"]
    return Profiles(time, level, lloq, above)
