"""Cytokine release syndrome by CTCAE version 5.0.

The wording of the grades is from memory and NOT verified against the NCI's document: check it before a submission.
"""

from types import MappingProxyType

import pandas as pd

from cartmodel.endpoints.grading import CodeList, worst_grade

CRS = (
    CodeList("fever", MappingProxyType({"no": 0, "yes": 1})),  # with or without constitutional symptoms
    CodeList("hypotension", MappingProxyType({"none": 0, "responds to fluids": 2, "one pressor": 3})),
    CodeList("hypoxia", MappingProxyType({"none": 0, "below 40% FiO2": 2, "40% FiO2 or more": 3})),
    CodeList("outcome", MappingProxyType({"none": 0, "life-threatening": 4, "death": 5})),
)
"""Code lists of `crs_ctcae`. ``outcome`` is life-threatening where urgent intervention is indicated."""


def crs_ctcae(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the CTCAE v5.0 grade of cytokine release syndrome of each row of findings: the worst of four.

    Parameters
    ----------
    findings : pandas.DataFrame
        Codes of ``CRS``, NaN where not recorded: ``fever``, ``hypotension``, ``hypoxia``, ``outcome``.

    Returns
    -------
    pandas.DataFrame
        ``grade`` 0 to 5, and ``reason`` where it is NaN.

    Raises
    ------
    TrialTableError
        With all missing columns and unknown codes.

    Examples
    --------
    >>> import pandas as pd
    >>> row = dict(fever="yes", hypotension="responds to fluids", hypoxia="none", outcome="none")
    >>> crs_ctcae(pd.DataFrame([row]))["grade"].tolist()
    [2.0]
    """
    return worst_grade(findings, CRS)
