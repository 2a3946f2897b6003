"""How much an outcome is worth: remission against DLT."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from cartmodel.decision.relative_exposure import all_draws
from cartmodel.equations.response import remission_probability
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group
from cartmodel.spec import ModelSpec


@dataclass(frozen=True)
class Utility:
    """The worth of the four outcomes of a patient, from 0 to 100.

    Parameters
    ----------
    remission, neither, both, dlt : float
        Remission without DLT, neither, remission with a DLT, a DLT alone.

    Raises
    ------
    ValueError
        Unless 100 >= remission >= neither, both >= dlt >= 0.

    References
    ----------
    Lin R., Zhou Y., Yan F., Li D., Yuan Y. (2020), JCO Precision Oncology 4:1393-1402 (BOIN12), whose values are the
    default.

    Examples
    --------
    >>> Utility().of(0.6, 0.1)
    72.0
    """

    remission: float = 100.0
    neither: float = 40.0
    both: float = 60.0
    dlt: float = 0.0

    def __post_init__(self) -> None:
        best, middle = self.remission, (self.neither, self.both)
        if not 100 >= best >= max(middle) >= min(middle) >= self.dlt >= 0:
            raise ValueError(f"{self}; accepted: 100 >= remission >= neither and both >= dlt >= 0")

    def of(self, remission: Any, dlt: Any) -> Any:
        """Return the expected utility of a patient whose two outcomes are independent given the patient's exposure."""
        without, with_dlt = 1.0 - dlt, dlt
        stays = self.remission * remission + self.neither * (1.0 - remission)
        return without * stays + with_dlt * (self.both * remission + self.dlt * (1.0 - remission))


def remission_of(fit: xr.DataTree, spec: ModelSpec, u: xr.DataArray) -> NDArray[np.float64]:
    """Return P(remission) (draw, dose, patient) at centred ln exposures u (chain, draw, dose, subject)."""
    posterior = group(fit, "posterior").drop_dims("subject", errors="ignore")
    return all_draws(remission_probability(spec, Draws(posterior, xr.Dataset()), u), "dose", "subject")
