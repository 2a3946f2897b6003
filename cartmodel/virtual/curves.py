"""The samples of each virtual patient of a block at each dose, for designs that look at kinetics."""

from dataclasses import dataclass

import numpy as np

from cartmodel.virtual.conduct import Conduct
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.records import samples
from cartmodel.virtual.truth import Array


@dataclass(frozen=True, eq=False)
class EvaluablePatient:
    """A patient whose DLT status is known.

    Parameters
    ----------
    infused : float
        Cells.
    days : float
        Day of the DLT after the infusion; without one, the window.
    dlt : bool
        Whether there was one within the window.
    followed : float
        Days since the infusion on which samples could be taken so far.
    time, level : ndarray
        Samples of the model's first assay taken so far; half the LLOQ below it, NaN where there is none.
    """

    infused: float
    days: float
    dlt: bool
    followed: float
    time: Array
    level: Array


class PotentialSamples:
    """What would be sampled of each patient of a block at each dose, made when first asked for.

    The same numbers as in the trial's table, but for its rounding to four figures: random numbers belong to the patient
    and the visit, whoever asks.

    Parameters
    ----------
    potential : Potential
        The block's patients.
    """

    def __init__(self, potential: Potential) -> None:
        self._potential = potential
        self._known: dict[int, tuple[Array, Array]] = {}

    def of(self, trial: int, patient: int, level: int) -> tuple[Array, Array]:
        """Return days and levels of the model's first assay; half the LLOQ below it, NaN where none was taken."""
        if level not in self._known or self._known[level][0].shape[1] <= patient:
            self._known[level] = self._made(level)
        time, value = self._known[level]
        return time[trial, patient], value[trial, patient]

    def _made(self, level: int) -> tuple[Array, Array]:
        potential = self._potential
        conduct = Conduct(potential.streams.trials)
        conduct.reach(potential.patients)
        conduct.level[:] = level
        conduct.infusion[:] = np.where(np.isfinite(potential.infused[..., level - 1]), 0.0, np.nan)
        drawn, assay = samples(conduct, potential), next(iter(potential.spec.assays))
        lloq = potential.scenario.samples.lloq[assay]
        value = drawn[f"level_{assay}"]
        return drawn[f"time_{assay}"], np.where(value < lloq, lloq / 2, value)
