"""Numbers and lists as a reader wants them."""

from collections.abc import Sequence

import numpy as np


def amount(value: float, digits: int = 3) -> str:
    """Return a number with significant digits, thousands separated, and no exponent in the everyday range.

    Examples
    --------
    >>> amount(311647.9), amount(0.0123456), amount(1.5e9), amount(float("nan"))
    ('312,000', '0.0123', '1.5e+09', '-')
    """
    if not np.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e9:
        return f"{value:.{digits}g}"
    decimals = digits - 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def interval(lower: float, upper: float) -> str:
    """Return an interval, such as ``0.12 to 0.98``."""
    return "-" if not np.isfinite(lower) else f"{amount(lower)} to {amount(upper)}"


def listed(items: Sequence[str]) -> str:
    """Return items as a list in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def share(probability: float) -> str:
    """Return a probability in per cent, never 0% or 100% for what is neither.

    Examples
    --------
    >>> share(0.002), share(0.43), share(0.999)
    ('less than 1%', '43%', 'more than 99%')
    """
    if 0.0 < probability < 0.005:
        return "less than 1%"
    return "more than 99%" if 0.995 < probability < 1.0 else f"{probability:.0%}"
