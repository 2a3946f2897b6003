"""Goodness of fit: observed levels beside predictions, with residuals and prediction errors."""

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.checks.discrepancies import npde
from cartmodel.checks.replicates import check_assay, expected_log_levels, observed_levels
from cartmodel.checks.thinning import thinned
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.spec import ModelSpec

_STEP = 1e-4


def goodness_of_fit(
    fit: xr.DataTree, *, assay: str | None = None, replicates: int = 1000, random_seed: int = 1
) -> pd.DataFrame:
    r"""Return every sample beside its predictions, residuals and normalised prediction distribution errors.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    assay : str, optional
        One of the model's assays; default: the first.
    replicates : int
        At most so many replicated trials for npd and npde.
    random_seed : int
        Seed of the replicates.

    Returns
    -------
    pandas.DataFrame
        One row a sample: ``subject``, ``dose`` (cells), ``time`` (days), ``dv`` (level; the LLOQ where BLQ), ``blq``,
        ``lloq``; ``pred`` (the typical patient at that dose) and ``ipred`` (the patient's own curve), posterior
        medians; ``iwres``, the residual from the own curve in residual SDs; ``cwres``, the conditional weighted
        residual; both NaN where BLQ; ``p_blq``, ``npd`` and ``npde`` of `npde`, also where BLQ. ``attrs`` hold unit and
        thinning.

    Notes
    -----
    With h the scale of the residual model (ln for log-additive error, natural for combined), f the patient's curve at
    the posterior mean of the random effects and J its slopes in them,
    :math:`cwres = V^{-1/2} (h(y) - h(f) + J \hat\eta)` with :math:`V = J \Omega J^T + \Sigma` over the patient's
    quantified samples (Hooker, Staatz & Karlsson, Pharm Res 2007;24:2187), population parameters at their posterior
    medians and the symmetric root.
    """
    spec = spec_of(fit)
    name = check_assay(spec, assay)
    seen = observed_levels(fit, name)
    subject, sample = np.nonzero(seen["seen"].values)
    kept = thinned(group(fit, "posterior"), 500)
    errors = npde(fit, assay=name, replicates=replicates, random_seed=random_seed)
    table = errors[["subject", "dose", "time"]].copy()
    flat = {key: seen[key].values[subject, sample] for key in ("log_level", "blq", "log_lloq")}
    table["dv"], table["blq"], table["lloq"] = _levels(flat["log_level"]), flat["blq"], _levels(flat["log_lloq"])
    for column, typical in (("pred", True), ("ipred", False)):
        curve = expected_log_levels(fit, kept, name, typical=typical).median(("chain", "draw"))
        table[column] = np.exp(
            curve.broadcast_like(seen["time"]).transpose("subject", "sample").values[subject, sample]
        )
    weighted = _weighted(fit, spec, name, seen)
    table["iwres"], table["cwres"] = weighted["iwres"][subject, sample], weighted["cwres"][subject, sample]
    table = table.assign(**{column: errors[column].to_numpy() for column in ("p_blq", "npd", "npde")})
    table.attrs = {**errors.attrs, "unit": spec.assays[name].unit, "curves": kept.attrs["thinning"]}
    return table


def _levels(log_levels: np.ndarray) -> np.ndarray:
    """Return levels as the table had them: a logarithm and its inverse change the last digits."""
    return np.array([float(f"{level:.12g}") for level in np.exp(log_levels)])


def _weighted(fit: xr.DataTree, spec: ModelSpec, assay: str, seen: xr.Dataset) -> dict[str, np.ndarray]:
    """Return ``iwres`` and ``cwres`` over (subject, sample), NaN where BLQ or padded."""
    posterior = group(fit, "posterior")
    over = ("chain", "draw")
    effects = [f"eta_{name}" for name in spec.curve.varying]
    centre = posterior[[n for n in posterior.data_vars if n not in effects and "subject" not in posterior[n].dims]]
    centre = centre.median(over).merge(posterior[effects].mean(over))

    def log_curve(**moved: float) -> np.ndarray:
        point = centre.assign({name: centre[name] + step for name, step in moved.items()})
        curve = expected_log_levels(fit, point, assay)
        return curve.broadcast_like(seen["time"]).transpose("subject", "sample").values

    own = log_curve()
    slopes = [(log_curve(**{name: _STEP}) - log_curve(**{name: -_STEP})) / (2 * _STEP) for name in effects]
    jacobian = np.stack(slopes, axis=-1) if effects else np.zeros((*own.shape, 0))
    eta = np.stack([centre[name].values for name in effects], axis=-1) if effects else np.zeros((len(own), 0))
    level = seen["log_level"].values
    natural = spec.assays[assay].residual == "combined"
    if natural:
        proportional, additive = (float(centre[f"sigma_{kind}_{assay}"]) for kind in ("proportional", "additive"))
        curve = np.exp(own)
        residual, jacobian = np.exp(level) - curve, jacobian * curve[..., None]
        variance = (proportional * curve) ** 2 + additive**2
    else:
        residual, variance = level - own, np.full(own.shape, float(centre[f"sigma_{assay}"]) ** 2)
    quantified = seen["seen"].values & ~seen["blq"].values
    iwres = np.where(quantified, residual / np.sqrt(variance), np.nan)
    cwres = np.full(own.shape, np.nan)
    omega = _omega(spec, centre)
    for i, taken in enumerate(quantified):
        if not taken.any():
            continue
        j = jacobian[i, taken]
        covariance = j @ omega @ j.T + np.diag(variance[i, taken])
        values, vectors = np.linalg.eigh(covariance)
        root = (vectors / np.sqrt(values)) @ vectors.T
        cwres[i, taken] = root @ (residual[i, taken] + j @ eta[i])
    return {"iwres": iwres, "cwres": cwres}


def _omega(spec: ModelSpec, centre: xr.Dataset) -> np.ndarray:
    """Return the covariance of the random effects at the posterior medians."""
    sd = np.array([float(centre[f"omega_{name}"]) for name in spec.curve.varying])
    if "corr" not in centre:
        return np.diag(sd**2)
    names = list(spec.curve.varying)
    corr = centre["corr"].sel(parameter=names, parameter_=names).transpose("parameter", "parameter_").values
    return sd[:, None] * corr * sd
