"""The trial that a fit carries inside."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import covariates_of, group, spec_of
from cartmodel.trial import OUTCOMES, TrialData, read_trial

_OF_PATIENTS = ("dose", *OUTCOMES, "tocilizumab_day", "steroid_day")


def carried_trial(fit: xr.DataTree) -> TrialData:
    """Return the trial of a fit as far as its model looked at it: samples, doses and the outcomes that it used.

    What the model did not use is not in a fit, so the digest may differ from that of the table.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.

    Examples
    --------
    >>> import cartmodel as cm
    >>> carried_trial(cm.read_fit("run/fit.nc")).subjects  # doctest: +SKIP
    """
    known, observed = group(fit, "constant_data"), group(fit, "observed_data")
    patients = pd.DataFrame({"subject": [str(s) for s in known["subject"].values]})
    for name in _OF_PATIENTS:
        source = known if name in known else observed
        if name in source:
            values = source[name].values.astype(float)
            patients[name] = np.where(np.isinf(values), np.nan, values)  # comedication that never was
    samples = pd.concat([_samples(known, observed, name, assay.unit) for name, assay in spec_of(fit).assays.items()])
    table = patients.merge(samples, on="subject", how="left")
    text = table.map(lambda value: "" if value != value else f"{value:.15g}" if isinstance(value, float) else value)
    return replace(
        read_trial(text),
        name=str(fit.attrs["trial"]),
        simulated=bool(fit.attrs["simulated"]),
        covariates=covariates_of(fit).drop(columns="weight", errors="ignore"),
        notes=tuple(json.loads(fit.attrs["trial_notes"])),
    )


def _samples(known: xr.Dataset, observed: xr.Dataset, assay: str, unit: str) -> pd.DataFrame:
    patient, sample = np.nonzero(known[f"seen_level_{assay}"].values > 0)
    blq = known[f"blq_{assay}"].values[patient, sample] > 0
    level = np.exp(observed[f"level_{assay}"].values[patient, sample])
    return pd.DataFrame(
        {
            "subject": known["subject"].values.astype(str)[patient],
            "assay": assay,
            "time": known[f"time_{assay}"].values[patient, sample],
            "level": [float(f"{value:.12g}") for value in np.where(blq, np.nan, level)],  # exp(ln x) is x but for that
            "unit": unit,
            "blq": 1.0 * blq,
            "lloq": known[f"lloq_{assay}"].values[patient, sample],
        }
    )
