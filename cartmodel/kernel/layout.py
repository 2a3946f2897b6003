"""A trial as columns for the kernel: several patients side by side, their quantified samples before the BLQ ones."""

import numpy as np
import xarray as xr

LANES = 8
"""How many patients are computed side by side; on every machine the same, so that sums are added in one order."""


def per_subject(values: np.ndarray) -> np.ndarray:
    """Return a quantity per subject, the last one repeated until the lanes are full."""
    return np.pad(values.astype(float), (0, -len(values) % LANES), mode="edge")


def groups(trial: xr.Dataset) -> int:
    """Return how many times the lanes are filled with subjects."""
    return -(-trial.sizes["subject"] // LANES)


class Rows:
    """Where the samples of an assay stand: in rows of one sample for each lane.

    Parameters
    ----------
    trial : xarray.Dataset
        From ``cartmodel.equations.design``.
    assay : str
        The assay.

    Attributes
    ----------
    bounds : array of float, (3, group)
        The row where the quantified samples of a group of patients start, where the BLQ ones start, where they end.
    """

    def __init__(self, trial: xr.Dataset, assay: str) -> None:
        seen = trial[f"seen_level_{assay}"].values > 0
        blq = trial[f"blq_{assay}"].values > 0
        blocks: list[np.ndarray] = []
        bounds = np.zeros((3, groups(trial)))
        for group in range(groups(trial)):
            lanes = range(group * LANES, min((group + 1) * LANES, len(seen)))
            for part, chosen in enumerate((seen & ~blq, seen & blq)):
                places = [np.flatnonzero(chosen[i]) + i * seen.shape[1] for i in lanes]
                block = np.full((max(map(len, places)), LANES), -1)
                for lane, own in enumerate(places):
                    block[: len(own), lane] = own
                blocks.append(block)
                bounds[part + 1, group] = bounds[part, group] + len(block)
            bounds[0, group + 1 :] = bounds[2, group]
        self.bounds = bounds
        self._places = np.concatenate(blocks)

    @property
    def here(self) -> np.ndarray:
        """1 where a lane has a sample in a row, 0 where another patient has more of them."""
        return 1.0 * (self._places >= 0)

    def per_sample(self, values: np.ndarray) -> np.ndarray:
        """Return a quantity per subject and sample as rows of lanes."""
        return np.where(self._places >= 0, values.ravel()[self._places], 1.0)
