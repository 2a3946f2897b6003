"""The trial anew, at draws of the posterior: same design, new levels."""

from typing import Literal

import numpy as np
import xarray as xr

from cartmodel.checks.thinning import thinned
from cartmodel.equations.joint import observe_levels
from cartmodel.equations.population import individual_parameters
from cartmodel.prediction.draws import Draws
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.spec import ModelSpec

type Who = Literal["new", "trial"]

_MOST = 4_000_000  # replicated samples: bounds memory for large trials


def check_assay(spec: ModelSpec, assay: str | None) -> str:
    """Return one of the model's assays, the first if none is named.

    Raises
    ------
    ValueError
        If the model has no such assay.
    """
    name = next(iter(spec.assays)) if assay is None else assay
    if name not in spec.assays:
        raise ValueError(f"assay={assay!r}; accepted: {', '.join(spec.assays)}")
    return name


def observed_levels(fit: xr.DataTree, assay: str) -> xr.Dataset:
    """Return the samples of one assay as the fit has them, over (subject, sample).

    Returns
    -------
    xarray.Dataset
        ``time`` (days), ``log_level`` (ln level; of a BLQ sample ln LLOQ), ``log_lloq`` (where the table gives none for
        a quantified sample: the trial's, if there is but one and no quantified level lies below it; else NaN), ``blq``
        and ``seen`` (bool; the grid is padded); coordinate ``dose`` (cells) per subject; ``attrs["lloq_assumed"]``, the
        number of samples whose LLOQ is the trial's.
    """
    data, observed = group(fit, "constant_data"), group(fit, "observed_data")
    seen = data[f"seen_level_{assay}"] > 0
    found = xr.Dataset(
        {
            "time": data[f"time_{assay}"].where(seen),
            "log_level": observed[f"level_{assay}"].where(seen),
            "log_lloq": xr.apply_ufunc(np.log, data[f"lloq_{assay}"]).where(seen),
            "blq": (data[f"blq_{assay}"] > 0) & seen,
            "seen": seen,
        }
    )
    given = np.unique(found["log_lloq"].values[~np.isnan(found["log_lloq"].values)])
    assumed = found["seen"] & found["log_lloq"].isnull()
    if len(given) == 1 and not bool((found["log_level"].where(assumed) < given[0]).any()):
        found["log_lloq"] = found["log_lloq"].where(~assumed, given[0])
        found.attrs["lloq_assumed"] = int(assumed.sum())
    else:
        found.attrs["lloq_assumed"] = 0
    return found.rename({f"sample_{assay}": "sample"}).assign_coords(dose=("subject", data["dose"].values))


def expected_log_levels(fit: xr.DataTree, posterior: xr.Dataset, assay: str, *, typical: bool = False) -> xr.DataArray:
    """Return the ln curve at each sample's time, of the fitted patients or of the typical one at their doses."""
    source = _walk(spec_of(fit), fit, posterior, seed=0, who="typical" if typical else None)
    return source.observables[f"level_{assay}"].parts[0].rename({f"sample_{assay}": "sample"})


def replicated_levels(
    fit: xr.DataTree, assay: str, *, patients: Who = "new", replicates: int = 500, random_seed: int = 1
) -> xr.DataArray:
    """Return replicated ln levels, not clamped at the LLOQ, at the times of the trial's samples.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    assay : str
        One of the model's assays.
    patients : {"new", "trial"}
        New patients at the trial's doses (a fresh random effect each), or the trial's own.
    replicates : int
        At most so many draws of the posterior, one replicated trial each.
    random_seed : int
        Seed of random effects and residual errors.

    Returns
    -------
    xarray.DataArray
        Over (replicate, subject, sample); NaN where the grid is padded. ``attrs["thinning"]`` says which draws.
    """
    if patients not in ("new", "trial"):
        raise ValueError(f"patients={patients!r}; accepted: 'new', 'trial'")
    if replicates < 20:
        raise ValueError(f"replicates={replicates!r}; accepted: 20 or more, an interval needs them")
    cells = group(fit, "constant_data")[f"seen_level_{assay}"].size
    posterior = thinned(group(fit, "posterior"), min(replicates, max(50, _MOST // cells)))
    source = _walk(spec_of(fit), fit, posterior, seed=random_seed, who="random" if patients == "new" else None)
    drawn = source.sample_observed()[f"level_{assay}"].rename({f"sample_{assay}": "sample"})
    drawn = drawn.drop_vars(["chain", "draw"], errors="ignore").stack(replicate=("chain", "draw"), create_index=False)
    seen = observed_levels(fit, assay)["seen"]
    whole = drawn.transpose("replicate", "subject", "sample").where(seen)
    return whole.assign_attrs(thinning=posterior.attrs["thinning"])


def _walk(spec: ModelSpec, fit: xr.DataTree, posterior: xr.Dataset, *, seed: int, who: str | None) -> Draws:
    population = posterior if who is None else posterior.drop_dims("subject", errors="ignore")
    source = Draws(population, group(fit, "constant_data"), seed=seed, new_patients=who)
    observe_levels(spec, source, individual_parameters(spec, source))
    return source
