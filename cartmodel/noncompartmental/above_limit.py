"""What cannot be said of a profile from which samples above the upper limit of quantification were left out."""

import numpy as np

from cartmodel.noncompartmental.profiles import Profiles
from cartmodel.noncompartmental.rules import NcaRules

_OF_PEAK = ("tmax", "time_to_blq", "lambda_z", "half_life")


def undefined_above(
    profiles: Profiles, name: str, rules: NcaRules, window: tuple[float, float] | None = None
) -> np.ndarray:
    """Return for which patients a parameter is undefined, because a level that is only known to be high decides it.

    - Cmax and the areas to Tlast: any such sample. It is known to be above its limit, not how far.
    - A partial area: one within the window, or next to it, so that a segment of the window ends at it. An area that
      goes on along lambda_z: any.
    - Clast: one that is the last.
    - Tmax, and what counts from it: unless the patient has one such sample, and no level above its limit. Then that
      sample is the highest.

    Parameters
    ----------
    profiles : Profiles
        With their samples above the limit.
    name : str
        Of the parameter.
    rules : NcaRules
        Those of the analysis.
    window : (float, float), optional
        Of a partial area (days).

    Examples
    --------
    >>> level, above = np.array([[900.0, 1e6, 300.0]]), np.array([[np.nan, 1e6, np.nan]])
    >>> profiles = Profiles(np.array([[7.0, 10.0, 28.0]]), level, above=above)
    >>> [undefined_above(profiles, name, NcaRules()).item() for name in ("cmax", "tmax", "clast")]
    [True, False, False]
    """
    above = profiles.high
    some = above.any(axis=1)
    if window is not None:
        if rules.after_last in ("observed", "predicted"):
            return some
        before, after = _neighbours(profiles)
        return (above & (before < window[1]) & (after > window[0])).any(axis=1)
    if name in ("cmax", "auc_last", "auc_all"):
        return some
    if name in ("clast", "tlast"):
        last = np.where(profiles.quantified, np.arange(above.shape[1]), 0).max(axis=1)
        return above[np.arange(len(above)), last] if name == "clast" else np.zeros_like(some)
    if name.startswith(_OF_PEAK):
        highest = np.where(profiles.quantified & ~above, profiles.level, 0.0).max(axis=1)
        bound = np.where(above, profiles.above, np.inf).min(axis=1)
        # A bound that is not known is 0, and no level is below it.
        known = (above.sum(axis=1) == 1) & (highest <= bound)
        return some & (~known | (rules.include_tmax and not name.startswith("t")))
    return np.zeros_like(some)


def above_words(profiles: Profiles, row: int) -> str:
    """Return the reason of a patient in words."""
    days = ", ".join(f"{day:g}" for day in profiles.time[row, profiles.high[row]])
    return f"a sample above its ULOQ was left out, day {days}"


def _neighbours(profiles: Profiles) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of the quantified samples before and after each sample; the infusion, or never, without one."""
    time = np.where(profiles.quantified, profiles.time, np.nan)
    before = np.fmax.accumulate(np.column_stack([np.zeros(len(time)), time]), axis=1)[:, :-1]
    ahead = np.column_stack([time, np.full(len(time), np.inf)])[:, ::-1]
    after = np.fmin.accumulate(ahead, axis=1)[:, ::-1][:, 1:]
    return before, after
