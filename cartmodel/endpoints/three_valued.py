"""Yes, no and not known: Kleene's logic on 1, 0 and NaN."""

from typing import Any

import numpy as np


def any_of(*facts: Any) -> np.ndarray:
    """Return 1 where any fact is 1, else NaN where any is NaN, else 0.

    Parameters
    ----------
    *facts : array of 0, 1 or NaN
        Broadcast against each other.

    Raises
    ------
    ValueError
        If a value is none of the three.

    Examples
    --------
    >>> import numpy as np
    >>> any_of([1, 0, 0], [np.nan, np.nan, 0]).tolist()
    [1.0, nan, 0.0]
    """
    known = _facts(facts)
    return np.where((known == 1).any(axis=0), 1.0, np.where(np.isnan(known).any(axis=0), np.nan, 0.0))


def all_of(*facts: Any) -> np.ndarray:
    """Return 0 where any fact is 0, else NaN where any is NaN, else 1.

    Parameters
    ----------
    *facts : array of 0, 1 or NaN
        Broadcast against each other.

    Raises
    ------
    ValueError
        If a value is none of the three.

    Examples
    --------
    >>> import numpy as np
    >>> all_of([1, 1, 0], [np.nan, 1, np.nan]).tolist()
    [nan, 1.0, 0.0]
    """
    return 1.0 - any_of(*(1.0 - fact for fact in _facts(facts)))


def holds(condition: Any, *measured: Any) -> np.ndarray:
    """Return 1 or 0 as the condition says, NaN where any of the measurements that it rests on is NaN."""
    missing = np.isnan(np.stack(np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in measured))))
    return np.where(missing.any(axis=0), np.nan, np.asarray(condition, dtype=float))


def _facts(facts: tuple[Any, ...]) -> np.ndarray:
    try:
        values = np.stack(np.broadcast_arrays(*(np.asarray(fact, dtype=float) for fact in facts)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{error}; accepted: 1, 0, or NaN where not known, one for all or one each") from None
    wrong = ~(np.isnan(values) | (values == 0) | (values == 1))
    if wrong.any():
        raise ValueError(f"{values[wrong][0]:g} is neither yes nor no; accepted: 1, 0, or NaN where not known")
    return values
