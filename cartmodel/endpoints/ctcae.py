"""Cytokine release syndrome and neurotoxicity by CTCAE version 5.0.

The wording of the grades of version 5.0 is NOT verified against the NCI's document: check it before a submission. That
of the neurological terms is as a review prints version 4.03 (PMC5987753, table 3).
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


NEUROTOXICITY = (
    CodeList("encephalopathy", MappingProxyType({"none": 0, "mild": 1, "moderate": 2, "severe": 3})),
    CodeList("confusion", MappingProxyType({"none": 0, "mild": 1, "moderate": 2, "severe": 3})),
    CodeList("dysphasia", MappingProxyType({"none": 0, "mild": 1, "moderate": 2, "severe": 3})),
    CodeList(
        "seizure",
        MappingProxyType(
            {
                "none": 0,
                "brief partial": 1,  # without loss of consciousness
                "brief generalised": 2,
                "multiple": 3,  # despite medical intervention
                "prolonged": 4,  # repetitive, life-threatening
            }
        ),
    ),
    CodeList("somnolence", MappingProxyType({"none": 0, "drowsy": 1, "sedation": 2, "stupor": 3})),
    CodeList("outcome", MappingProxyType({"none": 0, "life-threatening": 4, "death": 5})),
)
"""Code lists of `neurotoxicity_ctcae`. Moderate limits instrumental activities of daily living, severe self care."""


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


def neurotoxicity_ctcae(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the CTCAE grade of neurotoxicity of each row of findings: the worst of its neurological terms.

    CTCAE version 5.0 has no term for ICANS: trials that grade by it report the terms below, and the worst of them. The
    two systems do not agree grade by grade; see `icans_astct` for the other.

    Parameters
    ----------
    findings : pandas.DataFrame
        Codes of ``NEUROTOXICITY``, NaN where not recorded: ``encephalopathy``, ``confusion``, ``dysphasia``,
        ``seizure``, ``somnolence`` (depressed level of consciousness), ``outcome``.

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
    >>> calm = dict(confusion="none", dysphasia="mild", seizure="none", somnolence="none", outcome="none")
    >>> neurotoxicity_ctcae(pd.DataFrame([dict(encephalopathy="moderate", **calm)]))["grade"].tolist()
    [2.0]
    """
    return worst_grade(findings, NEUROTOXICITY)
