"""Visual predictive check: quantified levels, BLQ shares and derived exposures beside those of replicated trials."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from cartmodel.checks.derived import derived_exposures
from cartmodel.checks.groups import dose_groups
from cartmodel.checks.replicates import Who, check_assay, expected_log_levels, observed_levels, replicated_levels
from cartmodel.checks.thinning import thinned
from cartmodel.checks.visits import stated_bins, visits
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import INTERVAL, QUANTILES

PERCENTILES = (0.1, 0.5, 0.9)


def vpc(
    fit: xr.DataTree,
    *,
    assay: str | None = None,
    patients: Who = "new",
    bins: Sequence[float] | None = None,
    prediction_corrected: bool = False,
    by_dose: bool = True,
    replicates: int = 500,
    random_seed: int = 1,
) -> xr.Dataset:
    r"""Return a visual predictive check by dose group: quantified levels, BLQ share over time, and derived exposures.

    Each replicated trial has the design of the fit's trial (doses, times, LLOQs) and one draw of the posterior. Bands
    are 95% intervals of a statistic over the replicated trials. Levels are compared with replicates that are not
    clamped at the LLOQ; the BLQ share and the derived exposures with replicates censored as the trial's samples are.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    assay : str, optional
        One of the model's assays; default: the first.
    patients : {"new", "trial"}
        ``"new"``: each replicate has new patients (the VPC proper, which tests the random effects too); ``"trial"``:
        the trial's patients with new residual errors (a posterior predictive check of the individual fits).
    bins : sequence of float, optional
        Edges in days, a bin from above one edge up to the next. Default: the visits, found from the sampling times.
    prediction_corrected : bool
        Move each level by the median of the typical patient's levels in its bin over that at its own time and dose.
    by_dose : bool
        A check for each dose group, or one for all patients (best with ``prediction_corrected``).
    replicates : int
        At most so many replicated trials.
    random_seed : int
        Seed of the replicates.

    Returns
    -------
    xarray.Dataset
        Over ``group`` and ``bin``: ``time`` (median day), ``samples``, ``blq_samples``; ``blq_observed`` and
        ``blq_lower``, ``blq_median``, ``blq_upper`` (share below the LLOQ; NaN where a sample's LLOQ is not known);
        ``sample_lower``, ``sample_upper`` (95% predictive interval of one sample). With ``quantile`` (10%, 50%, 90%):
        ``observed`` (level; NaN where that quantile lies among BLQ samples) and ``lower``, ``median``, ``upper`` of the
        replicates. Over ``parameter`` (``cmax``, ``tmax`` and the areas) and ``group``: ``exposure_observed``,
        ``exposure_lower``, ``exposure_median``, ``exposure_upper`` (median of the patients, by NCA),
        ``patient_lower``, ``patient_upper`` (95% predictive interval of one patient), and ``patient`` over
        (``parameter``, ``subject``), each in the ``member`` group. Over ``sample``: ``sample_time``, ``sample_level``
        (corrected as asked for; the LLOQ where BLQ), ``sample_blq``, ``sample_group`` and ``sample_bin`` (-1: in none).
        Attributes say which draws, the seed, units and how many samples lie in no bin.

    Notes
    -----
    Bergstrand & Karlsson, AAPS J 2009;11:371 (BLQ samples); Bergstrand et al., AAPS J 2011;13:143 (prediction
    correction, here of ln levels: :math:`\ln y + \ln \tilde f_{bin} - \ln f`).

    Examples
    --------
    >>> import cartmodel as cm
    >>> fit = cm.read_fit("run/fit.nc")  # doctest: +SKIP
    >>> cm.vpc(fit)["blq_observed"]  # doctest: +SKIP
    """
    spec = spec_of(fit)
    name = check_assay(spec, assay)
    seen = observed_levels(fit, name)
    drawn = replicated_levels(fit, name, patients=patients, replicates=replicates, random_seed=random_seed)
    doses = seen["dose"].values
    groups = dose_groups(doses) if by_dose else [("all patients", np.ones(len(doses), dtype=bool))]
    subject, sample = np.nonzero(seen["seen"].values)
    time = seen["time"].values[subject, sample]
    place = visits(time, subject) if bins is None else stated_bins(time, bins)
    correction = np.zeros(len(time))
    if prediction_corrected:
        typical = expected_log_levels(fit, thinned(group(fit, "posterior"), replicates), name, typical=True)
        typical = typical.median(("chain", "draw")).broadcast_like(seen["time"]).transpose("subject", "sample")
        correction = _correction(typical.values[subject, sample], place)
    flat = {key: seen[key].values[subject, sample] for key in ("log_level", "blq", "log_lloq")}
    again = drawn.values[:, subject, sample]
    found = _bins(flat, again, correction, time, place, [mask[subject] for _, mask in groups])
    result = xr.Dataset(found, coords={"group": [label for label, _ in groups], "quantile": list(PERCENTILES)})
    result["patients"] = ("group", [int(mask.sum()) for _, mask in groups])
    result = result.merge(derived_exposures(seen, drawn, spec.windows, groups))
    member = np.select([mask for _, mask in groups], range(len(groups)))
    result["member"] = ("subject", member)
    samples = {"time": time, "level": np.exp(flat["log_level"] + correction), "blq": flat["blq"]}
    samples |= {"group": member[subject], "bin": place}
    for key, values in samples.items():
        result[f"sample_{key}"] = ("sample", values)
    result.attrs = {
        "unit": spec.assays[name].unit,
        "assay": name,
        "replicates": drawn.sizes["replicate"],
        "thinning": drawn.attrs["thinning"],
        "random_seed": random_seed,
        "patients": patients,
        "prediction_corrected": int(prediction_corrected),
        "samples_in_no_bin": int((place < 0).sum()),
        "lloq_assumed": seen.attrs["lloq_assumed"],
        "lloq_unknown": int(np.isnan(flat["log_lloq"]).sum()),
        "lloq": np.unique(np.exp(flat["log_lloq"][~np.isnan(flat["log_lloq"])]).round(12)).tolist(),
    }
    return result


def quantile_with_blq(log_levels: np.ndarray, q: float) -> np.ndarray:
    """Return a quantile along the last axis, minus infinity where it lies among (or next to) values of minus infinity.

    Between two values it is interpolated linearly; a value of minus infinity stands for a level below its limit.

    Examples
    --------
    >>> quantile_with_blq(np.array([-np.inf, 1.0, 3.0]), 0.75), quantile_with_blq(np.array([-np.inf, 1.0]), 0.5)
    (np.float64(2.0), np.float64(-inf))
    """
    ordered = np.sort(log_levels, axis=-1)
    at = (ordered.shape[-1] - 1) * q
    low, part = int(at), at - int(at)
    below = ordered[..., low]
    if part < 1e-12:
        return below
    above = np.where(np.isneginf(below), 0.0, ordered[..., low + 1])
    return np.where(np.isneginf(below), -np.inf, np.where(np.isneginf(below), 0.0, below) * (1 - part) + part * above)


def _correction(typical: np.ndarray, place: np.ndarray) -> np.ndarray:
    moved = np.zeros(len(typical))
    for number in np.unique(place):
        here = place == number
        moved[here] = np.median(typical[here]) - typical[here]
    return moved


def _bins(
    flat: dict[str, np.ndarray],
    again: np.ndarray,
    correction: np.ndarray,
    time: np.ndarray,
    place: np.ndarray,
    members: list[np.ndarray],
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Return the statistics of each group and bin, of the trial and of its replicates."""
    shape = (len(members), int(place.max(initial=-1)) + 1)
    plain = ("time", "blq_observed", "blq_lower", "blq_median", "blq_upper", "sample_lower", "sample_upper")
    found = {name: np.full(shape, np.nan) for name in plain}
    counts = {name: np.zeros(shape, dtype=int) for name in ("samples", "blq_samples")}
    by_quantile = {
        name: np.full((*shape, len(PERCENTILES)), np.nan) for name in ("observed", "lower", "median", "upper")
    }
    log_lloq = flat["log_lloq"] + correction
    for i, member in enumerate(members):
        for j in range(shape[1]):
            here = np.flatnonzero(member & (place == j))
            if not len(here):
                continue
            blq = flat["blq"][here]
            counts["samples"][i, j], counts["blq_samples"][i, j] = len(here), int(blq.sum())
            found["time"][i, j] = np.median(time[here])
            levels = np.where(blq, -np.inf, flat["log_level"][here] + correction[here])
            replicated = again[:, here] + correction[here]
            hidden = np.max(log_lloq[here][blq], initial=-np.inf)  # a BLQ sample may lie anywhere below this
            for k, q in enumerate(PERCENTILES):
                seen = float(quantile_with_blq(levels, q))
                by_quantile["observed"][i, j, k] = np.exp(seen) if seen >= hidden and np.isfinite(seen) else np.nan
                band = np.quantile(np.exp(quantile_with_blq(replicated, q)), QUANTILES)
                for name, value in zip(("lower", "median", "upper"), band, strict=True):
                    by_quantile[name][i, j, k] = value
            found["sample_lower"][i, j], found["sample_upper"][i, j] = np.quantile(np.exp(replicated), INTERVAL)
            found["blq_observed"][i, j] = blq.mean()
            if not np.isnan(log_lloq[here]).any():
                shares = np.quantile((replicated < log_lloq[here]).mean(axis=1), QUANTILES)
                for name, value in zip(("blq_lower", "blq_median", "blq_upper"), shares, strict=True):
                    found[name][i, j] = value
    over = ("group", "bin")
    return {
        **{name: (over, value) for name, value in {**found, **counts}.items()},
        **{name: ((*over, "quantile"), value) for name, value in by_quantile.items()},
    }
