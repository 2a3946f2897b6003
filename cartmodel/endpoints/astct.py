"""CRS and ICANS by the consensus grading of the ASTCT (Lee et al. 2019, Biol Blood Marrow Transplant 25:625).

The code lists are as four reviews print the consensus tables (PMC9327779, table 2; PMC8021214, table 1; PMC8403007,
table 4; PMC9978889, table 1); the paper itself has NOT been read: check the wording before a submission.
"""

from types import MappingProxyType

import numpy as np
import pandas as pd

from cartmodel.endpoints.grading import CodeList, grade_of, worst_grade

CRS = (
    CodeList(
        "hypotension",
        MappingProxyType(
            {
                "none": 0,
                "no vasopressor": 2,
                "one vasopressor": 3,  # with or without vasopressin
                "multiple vasopressors": 4,  # vasopressin not counted
            }
        ),
    ),
    CodeList(
        "hypoxia",
        MappingProxyType(
            {
                "none": 0,
                "low flow": 2,  # nasal cannula at 6 L/min or less, or blow-by
                "high flow": 3,  # high-flow cannula, face mask, non-rebreather or Venturi mask
                "positive pressure": 4,  # CPAP, BiPAP or a ventilator
            }
        ),
    ),
)
"""Code lists of `crs_astct` beside fever: the grade of CRS that each finding means once there is fever."""

_YES_NO = MappingProxyType({0: 0, 1: 1})
_WITH_CRS = (*(CodeList(name, _YES_NO) for name in ("fever", "masked", "died")), *CRS)

ICANS = (
    CodeList("ice", MappingProxyType({"10": 0, "7-9": 1, "3-6": 2, "0-2": 3, "0, unarousable": 4})),
    CodeList(
        "consciousness",
        MappingProxyType(
            {
                "awake": 0,
                "spontaneously": 1,
                "to voice": 2,
                "to tactile stimulus": 3,
                "unarousable": 4,  # or by vigorous or repeated tactile stimuli only; stupor, coma
            }
        ),
    ),
    CodeList(
        "seizure",
        MappingProxyType(
            {
                "none": 0,
                "rapidly resolving": 3,  # clinical, or on EEG and resolving with intervention
                "prolonged": 4,  # longer than 5 min, life-threatening, or repeated without return to baseline
            }
        ),
    ),
    CodeList("motor", MappingProxyType({"none": 0, "deep focal weakness": 4})),  # hemiparesis, paraparesis
    CodeList(
        "oedema",
        MappingProxyType(
            {
                "none": 0,
                "focal": 3,
                "diffuse": 4,  # or posturing, sixth-nerve palsy, papilloedema, Cushing's triad
            }
        ),
    ),
)
"""Code lists of `icans_astct`: the grade of ICANS that each finding means. ``consciousness`` is what awakens."""


def crs_astct(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the ASTCT grade of cytokine release syndrome of each row of findings.

    Fever of 38.0 C or more alone is grade 1; with it, the worse of hypotension and hypoxia. After an antipyretic,
    tocilizumab or a steroid fever is no longer asked for, once there has been CRS. Without fever there is no CRS.

    Parameters
    ----------
    findings : pandas.DataFrame
        ``fever``: 1, 0 or NaN (38.0 C or more, of no other cause); ``masked``: 1 where earlier CRS was treated with an
        antipyretic, tocilizumab or a steroid, so that fever may be absent; ``died``: 1 for death from CRS;
        ``hypotension`` and ``hypoxia``: codes of ``CRS``, NaN where not recorded.

    Returns
    -------
    pandas.DataFrame
        ``grade`` 0 to 5, NaN where a missing finding could change it, and ``reason`` where it is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns and unknown codes.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [dict(fever=1, masked=0, died=0, hypotension=p, hypoxia=o)
    ...         for p, o in (("none", "none"), ("no vasopressor", "high flow"), ("multiple vasopressors", "none"))]
    >>> crs_astct(pd.DataFrame(rows))["grade"].tolist()
    [1.0, 3.0, 4.0]
    """
    return grade_of(findings, _WITH_CRS, _crs)


def _crs(facts: np.ndarray) -> np.ndarray:
    fever, masked, died, hypotension, hypoxia = facts.T
    with_fever = np.where((fever == 1) | (masked == 1), np.maximum.reduce([fever, hypotension, hypoxia]), 0.0)
    return np.where(died == 1, 5.0, with_fever)


def icans_astct(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the ASTCT grade of immune effector cell-associated neurotoxicity syndrome of each row of findings.

    The worst of five findings. Death, grade 5, is not one of them.

    Parameters
    ----------
    findings : pandas.DataFrame
        Codes of ``ICANS``, NaN where not recorded: ``ice`` (see `ice_code`), ``consciousness``, ``seizure``, ``motor``,
        ``oedema``.

    Returns
    -------
    pandas.DataFrame
        ``grade`` 0 to 4, and ``reason`` where it is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns and unknown codes.

    Examples
    --------
    >>> import pandas as pd
    >>> calm = dict(consciousness="awake", seizure="none", motor="none", oedema="none")
    >>> icans_astct(pd.DataFrame([dict(ice="7-9", **calm), dict(ice="0-2", **calm)]))["grade"].tolist()
    [1.0, 3.0]
    """
    return worst_grade(findings, ICANS)


def ice_code(score: float, *, arousable: bool = True) -> str:
    """Return the code of an ICE score (0 to 10 points); a patient who cannot be aroused scores 0.

    Raises
    ------
    ValueError
        If the score is not a whole number from 0 to 10, or above 0 for a patient who cannot be aroused.

    Examples
    --------
    >>> ice_code(7), ice_code(0), ice_code(0, arousable=False)
    ('7-9', '0-2', '0, unarousable')
    """
    if score not in range(11) or (score and not arousable):
        raise ValueError(f"ICE score {score!r}, arousable={arousable!r}; accepted: 0 to 10, or 0 if not arousable")
    if not arousable:
        return "0, unarousable"
    return next(code for lowest, code in ((10, "10"), (7, "7-9"), (3, "3-6"), (0, "0-2")) if score >= lowest)
