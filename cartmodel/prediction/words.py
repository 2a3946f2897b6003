"""Doses and exposures as tables, figures and sentences name them."""

import numpy as np


def dose_number(dose: float) -> str:
    """Return a dose in cells without its unit.

    Examples
    --------
    >>> dose_number(2.5e7), dose_number(1e8)
    ('2.5e7', '1e8')
    """
    mantissa, exponent = f"{dose:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def dose_words(low: float, high: float | None = None) -> str:
    """Return a dose, or a range of doses, in words.

    Examples
    --------
    >>> dose_words(2.5e7), dose_words(1e6, 3e6), dose_words(float("nan"))
    ('2.5e7 cells', '1e6 to 3e6 cells', 'dose not recorded')
    """
    if np.isnan(low):
        return "dose not recorded"
    if high is None or high == low:
        return f"{dose_number(low)} cells"
    return f"{dose_number(low)} to {dose_number(high)} cells"


def exposure_words(name: str, area: str = "AUC{}-{}d") -> str:
    """Return the field's name of an exposure; ``area`` takes the days between which an area lies.

    Examples
    --------
    >>> exposure_words("peak_level"), exposure_words("auc_0_28"), exposure_words("auc_0_0p5", "AUC {}-{} d")
    ('Cmax', 'AUC0-28d', 'AUC 0-0.5 d')
    """
    peak = {"peak_level": "Cmax", "peak_time": "Tmax"}
    return peak.get(name) or area.format(*name.removeprefix("auc_").replace("p", ".").split("_"))
