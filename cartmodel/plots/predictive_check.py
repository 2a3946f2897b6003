"""The visual predictive check of a fit as a figure."""

from math import ceil

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from cartmodel.checks.predictive import vpc
from cartmodel.plots.axes import time_axis, time_label
from cartmodel.plots.predictive_panels import (
    bins_told,
    derived_panel,
    is_many,
    legend,
    level_limits,
    levels_panel,
    shares_panel,
)
from cartmodel.plots.samples import blq_handle, lloq_handle, sample_handle
from cartmodel.plots.style import (
    BLUE,
    columns_of,
    footer,
    new_figure,
    scale_of,
    stamp_text,
    style,
    wrapped,
)
from cartmodel.plots.words import assay_text, patients_text
from cartmodel.prediction.fitfile import spec_of

_WHO = {"new": "replicated trials have new patients", "trial": "replicated trials have the trial's patients"}


def predictive_check(
    fit: xr.DataTree,
    stamp: str = "",
    check: xr.Dataset | None = None,
    *,
    assay: str | None = None,
    width: float | None = None,
) -> Figure:
    """Return a visual predictive check: levels and BLQ share over time by dose group, and exposures derived by NCA.

    Bands are 95% intervals over replicated trials of the same design. With fewer than ten samples in the typical bin
    only the median is compared, beside the range of single samples; with more, the 10% and 90% quantiles too. An
    observed quantile that lies among BLQ samples is not drawn.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    check : xarray.Dataset, optional
        From `vpc`, for other bins, a prediction-corrected check or one of the trial's patients; default: ``vpc(fit)``.
    assay : str, optional
        One of the model's assays; default: the first.
    width : float, optional
        Inches; a figure of less than 4.5 has lower panels, and at most three dose groups side by side.
    """
    check = vpc(fit, assay=assay) if check is None else check
    spec = spec_of(fit)
    groups, parameters = check["group"].values, [str(name) for name in check["parameter"].values]
    width = max(6.5, min(3.0 * len(groups) + 0.8, 11.0)) if width is None else width
    k = scale_of(width)
    narrow = width < 4.5
    columns = min(3, len(groups)) if narrow else columns_of(width, len(groups), 2.0)
    close = narrow and columns > 1  # panels of which each has room for a word
    deep = ceil(len(groups) / columns)
    across = columns_of(width, len(parameters), 1.6)
    down = ceil(len(parameters) / across)
    last = float(check["sample_time"].max()) if check.sizes["sample"] else 28.0
    corrected = bool(check.attrs["prediction_corrected"])
    with style(width):
        title = "Visual predictive check" if check.attrs["patients"] == "new" else "Posterior predictive check"
        notes = [
            fit.attrs["trial"],
            assay_text(spec, check.attrs["assay"]),
            f"model {spec.name}, {patients_text(check.sizes['subject'])}; {check.attrs['replicates']} replicates "
            f"({check.attrs['thinning']}); {_WHO[check.attrs['patients']]}; bands: 95% intervals",
            bins_told(check) + ("; days in square-root spacing" if last > 60 else "") if close else "",
            _told(check),
        ]
        upright = 0.6 if len(groups) > 3 else 0.0  # room of doses that are written upright
        top, low = (deep * 2.9, down * (1.65 + upright)) if narrow else (deep * 3.5, down * (1.95 + upright / 2))
        figure = new_figure(
            width,
            k * (top + low + 1.0),
            title + (", prediction-corrected" if corrected else ""),
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        blocks = figure.add_gridspec(2, 1, height_ratios=[top, low])
        upper = blocks[0].subgridspec(2 * deep, columns, height_ratios=[2.3, 1.2] * deep)
        limits = level_limits(check)
        for i, label in enumerate(groups):
            row, column = divmod(i, columns)
            levels = figure.add_subplot(upper[2 * row, column])
            shares = figure.add_subplot(upper[2 * row + 1, column], sharex=levels)
            one = check.isel(group=i)
            levels_panel(levels, one, check, i, limits, 1.5 if close else 2.3)
            shares_panel(shares, one)
            time_axis(levels, last, apart=0.25 if close else 0.15 if width / columns < 3 else 0.06)
            levels.tick_params(labelbottom=False)
            if close:
                told = [wrapped(str(label), (width - 0.5) / columns), f"n = {int(one['patients'])}"]
            else:
                told = [f"{label}, n = {int(one['patients'])}", bins_told(one)]
            levels.set_title("\n".join(told), parse_math=False)
            if column:
                levels.tick_params(labelleft=False)
                shares.tick_params(labelleft=False)
            else:
                levels.set_ylabel(
                    f"{'Corrected level' if corrected else 'Level'} ({check.attrs['unit']})", parse_math=False
                )
                shares.set_ylabel("BLQ share")
            shares.set_xlabel("Days" if close else time_label(last, short=width / columns <= 3.4 and columns > 1))
        lower = blocks[1].subgridspec(down, across)
        for i, name in enumerate(parameters):
            axes = figure.add_subplot(lower[divmod(i, across)])
            derived_panel(axes, check.sel(parameter=name), name)
            unit = "days" if name == "tmax" else check.attrs["unit"] + (" × day" if name.startswith("auc") else "")
            axes.set_ylabel(unit, parse_math=False)
        handles = [sample_handle(BLUE, "sample; exposure by NCA", 2.5), blq_handle(BLUE, 2.5)]
        if corrected:
            handles[0].set_label("sample, corrected; exposure by NCA, not corrected")
            handles[1].set_label("below the LLOQ, drawn at its corrected LLOQ")
        limit = [] if corrected else [lloq_handle(np.array(check.attrs["lloq"]))]
        footer(figure, [*handles, *limit, *legend(many=is_many(check))], 3)
    return figure


def corrected_check(
    fit: xr.DataTree, stamp: str = "", *, assay: str | None = None, width: float | None = None
) -> Figure:
    """Return the prediction-corrected check of all dose groups together; parameters as of `predictive_check`."""
    return predictive_check(fit, stamp, vpc(fit, assay=assay, prediction_corrected=True, by_dose=False), width=width)


def _told(check: xr.Dataset) -> str:
    said = []
    if check.attrs["samples_in_no_bin"]:
        said.append(f"{check.attrs['samples_in_no_bin']} samples lie in no bin and are left out")
    if check.attrs["lloq_assumed"]:
        said.append(f"{check.attrs['lloq_assumed']} samples without a recorded LLOQ: the trial's only one is taken")
    if check.attrs["lloq_unknown"]:
        said.append(f"{check.attrs['lloq_unknown']} samples without a known LLOQ: no BLQ share of replicates there")
    return "; ".join(said)
