"""Non-compartmental parameters by dose group."""

import numpy as np
import pandas as pd


def nca_by_dose(table: pd.DataFrame) -> pd.DataFrame:
    r"""Return the parameters of each dose group: geometric mean, geometric CV, median and range.

    Parameters
    ----------
    table : pandas.DataFrame
        From `nca`.

    Returns
    -------
    pandas.DataFrame
        One row a dose, assay and parameter: ``patients`` in the group, ``n`` with a value, ``geometric_mean``,
        ``geometric_cv`` (percent), ``median``, ``lowest``, ``highest``, ``mean`` (the share, for persistence),
        ``unit``, and ``reason`` where a geometric statistic is NaN. Patients without a dose form a group of their own,
        last.

    Notes
    -----
    Geometric CV% = :math:`100 \sqrt{e^{s^2} - 1}`, with s the SD of the ln values (n - 1 in its denominator).

    Examples
    --------
    >>> from cartmodel.noncompartmental import nca
    >>> from cartmodel.trial import example_path, read_trial
    >>> groups = nca_by_dose(nca(read_trial(example_path("cd7_ssc"))))
    >>> groups[groups["parameter"] == "cmax"]["n"].tolist()
    [6, 6, 6]
    """
    keys = ["dose", "assay", "parameter", "unit"]
    # On doses as they are, dropna=False sorts the patients without a dose to the end.
    grouped = table.groupby(keys, sort=False, dropna=False)
    rows = [dict(zip(keys, key, strict=True)) | _describe(own["value"].to_numpy(), str(key[3])) for key, own in grouped]
    columns = [*keys[:3], "patients", "n", *_STATISTICS, "unit", "reason"]
    return pd.DataFrame(rows, columns=columns).sort_values("dose", kind="stable", ignore_index=True)


_STATISTICS = ("geometric_mean", "geometric_cv", "median", "lowest", "highest", "mean")


def _describe(values: np.ndarray, unit: str) -> dict[str, object]:
    known = values[~np.isnan(values)]
    row: dict[str, object] = {"patients": len(values), "n": len(known), **dict.fromkeys(_STATISTICS, np.nan)}
    if not len(known):
        return row | {"reason": "no patient has a value"}
    row |= {"median": np.median(known), "lowest": known.min(), "highest": known.max(), "mean": known.mean()}
    if unit == "0/1":
        return row | {"reason": "yes or no: the mean is the share"}
    if (known <= 0).any():
        return row | {"reason": "a value of 0 or less has no logarithm"}
    row["geometric_mean"] = np.exp(np.log(known).mean())
    if len(known) == 1:
        return row | {"reason": "one value has no spread"}
    return row | {"geometric_cv": 100.0 * np.sqrt(np.expm1(np.log(known).var(ddof=1))), "reason": ""}
