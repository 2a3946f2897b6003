"""Dose groups of patients."""

import numpy as np

from cartmodel.prediction.words import dose_words


def dose_groups(doses: np.ndarray, most: int = 6) -> list[tuple[str, np.ndarray]]:
    """Return the dose groups in order, each a label and a mask over the patients; those without a dose come last.

    More than ``most`` different doses are merged into four ranges.

    Examples
    --------
    >>> [(label, int(mask.sum())) for label, mask in dose_groups(np.array([2.5e7, 1e8, 2.5e7, np.nan]))]
    [('2.5e7 cells', 2), ('1e8 cells', 1), ('dose not recorded', 1)]
    """
    doses = np.asarray(doses, dtype=float)
    known = np.unique(doses[~np.isnan(doses)])
    ranges = [known[i : i + 1] for i in range(len(known))] if len(known) <= most else np.array_split(known, 4)
    groups = [(dose_words(float(r[0]), float(r[-1])), (doses >= r[0]) & (doses <= r[-1])) for r in ranges]
    if np.isnan(doses).any():
        groups.append((dose_words(np.nan), np.isnan(doses)))
    return groups
