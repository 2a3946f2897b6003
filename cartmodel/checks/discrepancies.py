"""Normalised prediction distribution errors, with samples below the LLOQ."""

from zlib import crc32

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from scipy.linalg import solve_triangular

from cartmodel.checks.replicates import check_assay, observed_levels, replicated_levels
from cartmodel.prediction.fitfile import spec_of


def npde(fit: xr.DataTree, *, assay: str | None = None, replicates: int = 1000, random_seed: int = 1) -> pd.DataFrame:
    r"""Return the normalised prediction distribution errors of every sample: standard normal if the model is right.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    assay : str, optional
        One of the model's assays; default: the first.
    replicates : int
        At most so many replicated trials, each at one draw of the posterior and with new patients.
    random_seed : int
        Seed of replicates and of what is imputed for BLQ samples.

    Returns
    -------
    pandas.DataFrame
        One row a sample: ``subject``, ``dose``, ``time``, ``blq``; ``p_blq``, the predicted probability of lying below
        the LLOQ (NaN where the LLOQ is not known); ``npd``, not decorrelated; ``npde``, decorrelated within the
        patient. ``attrs["thinning"]`` says which draws.

    Notes
    -----
    With F the predictive distribution of the sample (the replicates'), npd = :math:`\Phi^{-1}(F(y))`; a BLQ sample gets
    a uniform value between 0 and F(LLOQ) and the level that belongs to it (Nguyen, Comets & Mentre, J Pharmacokinet
    Pharmacodyn 2012;39:499). For npde, the patient's ln levels are first decorrelated by the mean and covariance of the
    replicates (Brendel et al., Pharm Res 2006;23:2036; inverse Cholesky factor, in order of time). Replicated values
    below the LLOQ are imputed in the same way as observed ones, so that both have one distribution. The posterior has
    seen the data: values are a little closer to 0 than under a model fixed before.

    Examples
    --------
    >>> import cartmodel as cm
    >>> fit = cm.read_fit("run/fit.nc")  # doctest: +SKIP
    >>> cm.npde_tests(cm.npde(fit))  # doctest: +SKIP
    """
    name = check_assay(spec_of(fit), assay)
    seen = observed_levels(fit, name)
    drawn = replicated_levels(fit, name, replicates=replicates, random_seed=random_seed)
    rows: list[pd.DataFrame] = []
    for i, subject in enumerate(seen["subject"].values):
        taken = np.flatnonzero(seen["seen"].values[i])
        rng = np.random.default_rng([random_seed, crc32(str(subject).encode())])
        own = seen.isel(subject=i, sample=taken)
        limit, blq = own["log_lloq"].values, own["blq"].values
        found = prediction_errors(own["log_level"].values, drawn.values[:, i, taken], blq, limit, rng)
        known = {"subject": subject, "dose": float(own["dose"]), "time": own["time"].values, "blq": blq}
        rows.append(pd.DataFrame({**known, **found}))
    columns = ["subject", "dose", "time", "blq", "p_blq", "npd", "npde"]
    filled = [row for row in rows if len(row)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
    table.attrs = {"thinning": drawn.attrs["thinning"], "random_seed": random_seed, "assay": name}
    return table


def prediction_errors(
    observed: np.ndarray, replicated: np.ndarray, blq: np.ndarray, limit: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return ``p_blq``, ``npd`` and ``npde`` of one patient's samples.

    Parameters
    ----------
    observed, blq, limit : ndarray (samples,)
        ln levels (not looked at where BLQ), whether BLQ, and ln LLOQ (NaN when not known).
    replicated : ndarray (replicates, samples)
        ln levels, not censored.
    rng : numpy.random.Generator
        For what is imputed.
    """
    k, n = replicated.shape
    finite = np.where(np.isneginf(replicated), np.inf, replicated).min(axis=0, initial=np.inf)
    again = np.maximum(replicated, np.where(np.isfinite(finite), finite, 0.0))  # a level of 0 has no logarithm
    values, pd_ = observed.astype(float).copy(), np.empty(n)
    p_blq = np.full(n, np.nan)
    for j in range(n):
        below = np.flatnonzero(again[:, j] < limit[j])
        if not np.isnan(limit[j]):
            p_blq[j] = len(below) / k
        if blq[j]:
            pd_[j] = rng.random() * (len(below) + 0.5) / (k + 1)
            place = min(int(pd_[j] * (k + 1)), len(below) - 1)
            values[j] = np.sort(again[below, j])[place] if len(below) else limit[j]
        else:
            pd_[j] = _share(again[:, j], values[j])
        again[below, j] = rng.permutation(again[below, j])
    mean = again.mean(axis=0)
    spread = np.cov(again, rowvar=False).reshape(n, n)
    factor = np.linalg.cholesky(spread + 1e-9 * np.trace(spread) / max(n, 1) * np.eye(n)) if n else spread
    whitened = solve_triangular(factor, (again - mean).T, lower=True) if n else again.T
    own = solve_triangular(factor, values - mean, lower=True) if n else values
    pde = np.array([_share(whitened[j], own[j]) for j in range(n)])
    return {"p_blq": p_blq, "npd": stats.norm.ppf(pd_), "npde": stats.norm.ppf(pde)}


def _share(replicated: np.ndarray, value: float) -> float:
    """Return the share of replicates below a value, never 0 or 1."""
    return (float((replicated < value).sum()) + 0.5) / (len(replicated) + 1)


def npde_tests(table: pd.DataFrame, column: str = "npde") -> pd.DataFrame:
    """Return the tests of normalised errors against the standard normal distribution.

    Parameters
    ----------
    table : pandas.DataFrame
        From `npde` or `goodness_of_fit`.
    column : {"npde", "npd"}
        Which errors; ``npd`` of one patient are correlated, which the tests do not know.

    Returns
    -------
    pandas.DataFrame
        One row a test: ``test``, ``found`` (mean; SD; Shapiro-Wilk W), ``expected``, ``p``; the last is the smallest p
        times 3 (Bonferroni). NaN with fewer than 3 samples.

    Notes
    -----
    Wilcoxon signed rank for the mean, Fisher's test for the variance, Shapiro-Wilk for the shape: Comets, Brendel &
    Mentre, Comput Methods Programs Biomed 2008;90:154.
    """
    errors = table[column].to_numpy(float)
    errors = errors[~np.isnan(errors)]
    n = len(errors)
    mean, sd, shape, p = np.nan, np.nan, np.nan, [np.nan] * 3
    if n >= 3:
        mean, sd = float(errors.mean()), float(errors.std(ddof=1))
        lower = float(stats.chi2.cdf((n - 1) * sd**2, n - 1))
        shapiro = stats.shapiro(errors[:5000])
        shape = float(shapiro.statistic)
        p = [float(np.asarray(stats.wilcoxon(errors))[1]), 2 * min(lower, 1 - lower), float(shapiro.pvalue)]
    return pd.DataFrame(
        {
            "test": ["mean is 0 (Wilcoxon)", "SD is 1 (Fisher)", "normal (Shapiro-Wilk)", "all three (Bonferroni)"],
            "found": [mean, sd, shape, np.nan],
            "expected": [0.0, 1.0, 1.0, np.nan],
            "p": [*p, min(1.0, 3 * min(p)) if n >= 3 else np.nan],
            "n": n,
        }
    )
