"""ADPP: the non-compartmental parameters as CDISC ADaM has them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from cartmodel.noncompartmental import nca
from cartmodel.trial import TrialData

PKPARMCD: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cmax": ("CMAX", "Max Conc"),
        "tmax": ("TMAX", "Time of CMAX"),
        "clast": ("CLST", "Last Nonzero Conc"),
        "tlast": ("TLST", "Time of Last Nonzero Conc"),
        "auc_last": ("AUCLST", "AUC to Last Nonzero Conc"),
        "auc_all": ("AUCALL", "AUC All"),
        "lambda_z": ("LAMZ", "Lambda z"),
        "half_life": ("LAMZHL", "Half-Life Lambda z"),
        "lambda_z_points": ("LAMZNPT", "Number of Points for Lambda z"),
        "lambda_z_adjusted_r2": ("R2ADJ", "R Squared Adjusted"),
        "lambda_z_span_ratio": ("LAMZSPN", "Lambda z Span"),
    }
)
"""Code and name in the CDISC terminology of PK parameters, by our name; AUCINT ("AUC from T1 to T2") is the code of
every partial area. All of them stand in PKNCA's mapping to that terminology (``pptestcd_cdisc`` and ``pptest_cdisc`` in
R/pk.calc.simple.R and its kin, github.com/humanpred/pknca) and all but the span ratio in admiral's template of an ADPP
(inst/templates/ad_adpp.R, github.com/pharmaverse/admiral). The terminology's own file was not at hand."""

_OURS = {
    "time_to_blq": ("TBLQ", "Time of First BLQ Sample after the Peak"),
}
_AREA = re.compile(r"auc_(\d+(?:p\d+)?)_(\d+(?:p\d+)?)")
_PERSISTENCE = re.compile(r"persistence_(\d+(?:p\d+)?)")

ADPP_LABELS = {
    "STUDYID": "Study Identifier",
    "USUBJID": "Unique Subject Identifier",
    "DOSEA": "Actual Treatment Dose",
    "DOSEU": "Treatment Dose Units",
    "PARAM": "Parameter",
    "PARAMCD": "Parameter Code",
    "PKPARMCD": "PK Parameter Code (CDISC)",
    "PARCAT1": "Parameter Category 1: Assay",
    "PPSTINT": "Planned Start of Assessment Interval",
    "PPENINT": "Planned End of Assessment Interval",
    "AVAL": "Analysis Value",
    "AVALU": "Analysis Value Unit",
    "PPREASND": "Reason Not Done",
}


def to_adpp(trial: TrialData, table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the NCA parameters of a trial as an ADPP: one row a patient, assay and parameter.

    PARAMCD names one parameter; PKPARMCD is its code in the CDISC terminology, blank for those of our own (time to the
    first BLQ sample, persistence). Every partial area has the code AUCINT, its window in PPSTINT and
    PPENINT (ISO 8601 durations); its PARAMCD has the days where they fit into eight letters, else a number. An
    undefined value is missing with its reason in PPREASND.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    table : pandas.DataFrame, optional
        From ``nca``, with windows and rules of your own; default ``nca(trial)``.

    Examples
    --------
    >>> from cartmodel.trial import example_path, read_trial
    >>> table = to_adpp(read_trial(example_path("cd7_ssc")))
    >>> table.loc[table["PKPARMCD"] == "AUCINT", ["PARAMCD", "PPENINT"]].drop_duplicates().to_numpy().tolist()
    [['AUC0_28', 'P28D'], ['AUC0_90', 'P90D']]
    """
    found = nca(trial) if table is None else table
    described = _with_codes({str(name): _described(str(name)) for name in found["parameter"].unique()})
    columns = pd.DataFrame([described[name] for name in found["parameter"]], columns=list(_COLUMNS), index=found.index)
    result = pd.DataFrame(
        {
            "STUDYID": trial.name,
            "USUBJID": found["subject"],
            "DOSEA": found["subject"].map(trial.subjects["dose"]).astype(float),
            "DOSEU": "cells",
            "PARCAT1": found["assay"],
            "AVAL": found["value"].astype(float),
            "AVALU": found["unit"].str.replace(" x ", "*"),
            "PPREASND": found["reason"].astype(str).str.slice(0, 200),
        }
    )
    return pd.concat([result, columns], axis=1)[list(ADPP_LABELS)]


_COLUMNS = ("PARAMCD", "PARAM", "PKPARMCD", "PPSTINT", "PPENINT")


def _described(name: str) -> tuple[str, str, str, str, str]:
    if name in PKPARMCD:
        code, words = PKPARMCD[name]
        return code, words, code, "", ""
    if name in _OURS:
        return (*_OURS[name], "", "", "")
    if area := _AREA.fullmatch(name):
        start, end = (text.replace("p", ".") for text in area.groups())
        words = f"AUC from Day {start} to Day {end}"
        return f"AUC{area[1]}_{area[2]}".upper(), words, "AUCINT", f"P{start}D", f"P{end}D"
    if day := _PERSISTENCE.fullmatch(name):
        return f"PERS{day[1]}".upper(), f"Quantifiable on Day {day[1].replace('p', '.')} (1/0)", "", "", ""
    return name.upper(), name, "", "", ""


def _with_codes(described: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the descriptions with a PARAMCD of eight letters each: those that are longer are numbered."""
    numbered: dict[str, tuple[str, ...]] = {}
    counts: dict[str, int] = {}
    for name, (code, *rest) in described.items():
        if len(code) > 8:
            stem = "AUCINT" if code.startswith("AUC") else code[:4] if code.startswith("PERS") else code[:6]
            counts[stem] = counts.get(stem, 0) + 1
            code = f"{stem}{counts[stem]:0{8 - len(stem)}}"
        numbered[name] = (code, *rest)
    return numbered
