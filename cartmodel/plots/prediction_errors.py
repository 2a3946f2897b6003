"""Normalised prediction distribution errors, BLQ samples among them."""

from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from cartmodel.checks.discrepancies import npde_tests
from cartmodel.checks.goodness import goodness_of_fit as goodness_table
from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.residuals import bounds_handle, legend, points, quantile_plot, trend, zero_lines
from cartmodel.plots.style import BLUE, GREY, columns_of, footer, new_figure, scale_of, stamp_text, style
from cartmodel.plots.words import assay_text, patients_text, samples_text
from cartmodel.prediction.fitfile import spec_of


def prediction_errors(
    fit: xr.DataTree,
    stamp: str = "",
    table: pd.DataFrame | None = None,
    *,
    assay: str | None = None,
    width: float | None = None,
) -> Figure:
    """Return normalised prediction distribution errors against time and prediction, their quantiles and histogram.

    They scatter like standard normal values if the model is right. BLQ samples are imputed below their LLOQ (see
    `npde`).

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    table : pandas.DataFrame, optional
        From `goodness_of_fit`, if it is at hand.
    assay : str, optional
        One of the model's assays; default: the first.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    table = goodness_table(fit, assay=assay) if table is None else table
    spec = spec_of(fit)
    width = 7.0 if width is None else width
    columns = columns_of(width, 2, 2.4)
    rows = ceil(4 / columns)
    last = float(table["time"].max()) if len(table) else 28.0
    tests = npde_tests(table).set_index("test")
    with style(width):
        found, p = tests["found"].to_numpy(float), tests["p"].to_numpy(float)
        notes = [
            fit.attrs["trial"],
            assay_text(spec, table.attrs["assay"]),
            f"model {spec.name}, {patients_text(table['subject'].nunique())}, {samples_text(table['blq'])} "
            f"(imputed); {table.attrs['thinning']}",
            f"mean {found[0]:.2f} (p = {p[0]:.2f}), SD {found[1]:.2f} (p = {p[1]:.2f}), normal: p = {p[2]:.2f}",
        ]
        figure = new_figure(
            width,
            scale_of(width) * (2.5 * rows + 0.6),
            "Normalised prediction distribution errors",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, against in ((panels[0], "time"), (panels[1], "pred")):
            zero_lines(axes)
            points(axes, table[against], table, "npde")
            trend(axes, table[against], table["npde"])
            axes.set_ylabel("NPDE")
        time_axis(panels[0], last)
        panels[0].set_xlabel(time_label(last))
        known = table["pred"][table["pred"] > 0]
        if len(known):
            log_axis(panels[1].xaxis, float(known.min()) / 1.5, float(known.max()) * 1.5)
        panels[1].set_xlabel(f"Population prediction ({table.attrs['unit']})", parse_math=False)
        quantile_plot(panels[2], table["npde"])
        panels[2].set_ylabel("NPDE")
        _histogram(panels[3], table["npde"].dropna().to_numpy(float))
        footer(figure, [*legend(table), bounds_handle()], 3)
    return figure


def _histogram(axes: Axes, values: np.ndarray) -> None:
    edges = np.linspace(-4, 4, 17).tolist()
    if len(values):
        axes.hist(np.clip(values, -4, 4), edges, density=True, color=BLUE, alpha=0.45, gid="histogram")
    grid = np.linspace(-4, 4, 161)
    axes.plot(grid, stats.norm.pdf(grid), color=GREY, linewidth=1.2)
    axes.set_xlabel(f"NPDE (n = {len(values)}); line: standard normal")
    axes.set_ylabel("Density")
