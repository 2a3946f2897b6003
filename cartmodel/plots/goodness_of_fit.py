"""Goodness of fit: observed levels against predictions, and conditional residuals."""

from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartmodel.checks.goodness import goodness_of_fit as goodness_table
from cartmodel.plots.axes import log_axis, time_axis, time_label
from cartmodel.plots.residuals import bounds_handle, legend, points, quantile_plot, trend, zero_lines
from cartmodel.plots.samples import lloq_handle, lloq_lines
from cartmodel.plots.style import GREY, columns_of, footer, new_figure, scale_of, stamp_text, style, wrapped
from cartmodel.plots.words import assay_text, patients_text, samples_text
from cartmodel.prediction.fitfile import spec_of


def goodness_of_fit(
    fit: xr.DataTree,
    stamp: str = "",
    table: pd.DataFrame | None = None,
    *,
    assay: str | None = None,
    width: float | None = None,
) -> Figure:
    """Return observed levels against population and individual predictions, and conditional residuals.

    Residuals are those of quantified samples; `prediction_errors` shows what BLQ samples say too.

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
        Inches; two panels stand side by side in a figure of less than 4.5.
    """
    table = goodness_table(fit, assay=assay) if table is None else table
    spec = spec_of(fit)
    width = 8.4 if width is None else width
    narrow = width < 4.5
    columns = 2 if narrow else columns_of(width, 3, 2.1)
    rows = ceil(6 / columns)
    room = width / columns - 0.45 * scale_of(width)
    unit = table.attrs["unit"]
    last = float(table["time"].max()) if len(table) else 28.0
    with style(width):
        notes = [
            fit.attrs["trial"],
            assay_text(spec, table.attrs["assay"]),
            f"model {spec.name}, {patients_text(table['subject'].nunique())}, {samples_text(table['blq'])}; "
            f"predictions: posterior medians ({table.attrs['curves']})",
            "IWRES: from the patient's own curve; CWRES: conditional, decorrelated within the patient",
        ]
        figure = new_figure(
            width,
            scale_of(width) * (2.5 * rows + 0.6),
            "Goodness of fit",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, column, told in ((panels[0], "pred", "Population"), (panels[1], "ipred", "Individual")):
            _against(axes, table, column, 3 if narrow else 8)
            points(axes, table[column], table, "dv")
            axes.set_xlabel(wrapped(f"{told} prediction ({unit})", room), parse_math=False)
            axes.set_ylabel(f"Observed ({unit})", parse_math=False)
        for axes, residual, against in (
            (panels[2], "iwres", "time"),
            (panels[3], "cwres", "time"),
            (panels[4], "cwres", "pred"),
        ):
            zero_lines(axes)
            x = table[against].where(table[against] > 0)
            points(axes, x, table, residual)
            axes.set_ylabel(residual.upper())
            if against == "time":
                time_axis(axes, last, apart=0.2 if narrow else 0.15)
                axes.set_xlabel(wrapped(time_label(last, short=width / columns <= 3.2), room))
                trend(axes, x, table[residual])
            else:
                trend(axes, x, table[residual])
                log_axis(axes.xaxis, *_range(x), 3 if narrow else 8)
                axes.set_xlabel(wrapped(f"Population prediction ({unit})", room), parse_math=False)
        quantile_plot(panels[5], table["cwres"])
        panels[5].set_ylabel("CWRES")
        limit = lloq_handle(table["lloq"].to_numpy(float))
        footer(figure, [*legend(table), limit, bounds_handle()], 4)
    return figure


def _range(values: pd.Series) -> tuple[float, float]:
    known = values[values > 0].dropna()
    return (float(known.min()) / 1.5, float(known.max()) * 1.5) if len(known) else (0.1, 10.0)


def _against(axes: Axes, table: pd.DataFrame, column: str, most: int) -> None:
    """Set both axes for levels; the individual prediction of a BLQ sample may lie decades below its LLOQ."""
    low, high = _range(table["dv"])
    floor = max(_range(table[column])[0], low / 1e3)
    log_axis(axes.xaxis, floor, max(high, _range(table[column])[1]), most)
    log_axis(axes.yaxis, low, high)
    ends = np.array([max(low, floor), high])
    axes.plot(ends, ends, color=GREY, linewidth=0.8)
    lloq_lines(axes, table["lloq"].to_numpy(float))
