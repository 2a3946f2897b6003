"""Exposures of the same patients: non-compartmental analysis against the fitted curves."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.noncompartmental import compare_nca
from cartmodel.plots.axes import log_axis
from cartmodel.plots.style import (
    BLUE,
    DARK,
    GREY,
    columns_of,
    footer,
    new_figure,
    scale_of,
    stamp_text,
    style,
)
from cartmodel.plots.words import patients_text, unit_text
from cartmodel.trial import TrialData

_NAMES = {"cmax": "Cmax", "tmax": "Tmax"}


def nca_against_model(
    fit: xr.DataTree,
    trial: TrialData,
    table: pd.DataFrame | None = None,
    stamp: str = "",
    *,
    width: float | None = None,
) -> Figure:
    """Return each patient's exposures as observed (across) and as the model has them (up), a panel for each.

    Whiskers are the model's 95% intervals; the line is that of equality. Patients whose NCA value is undefined are
    counted in the title of the panel, and their model values drawn at its left edge.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    trial : TrialData
        The trial that was fitted.
    table : pandas.DataFrame, optional
        From `compare_nca`; default: made here with its default rules.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; fewer panels stand side by side in a narrow figure.
    """
    table = compare_nca(fit, trial) if table is None else table
    names = list(table["exposure"].unique())
    columns = 2 if len(names) > 1 else 1
    width = 3.6 * columns + 0.4 if width is None else width
    columns = columns_of(width, columns, 2.9)
    rows = -(-len(names) // columns)
    with style(width):
        notes = [
            trial.name,
            f"model {fit.attrs['model']}, {patients_text(table['subject'].nunique())}; dot: posterior median, whisker: "
            "95% interval. NCA joins noisy samples and can miss the peak; the model is pulled to the population.",
        ]
        height, stamped = scale_of(width) * (3.3 * rows + 0.3), stamp_text(fit.attrs["simulated"], stamp)
        figure = new_figure(width, height, "NCA against model", notes, stamped)
        grid = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, name in zip(grid, names, strict=False):
            _panel(axes, name, table[table["exposure"] == name])
        for axes in grid[len(names) :]:
            axes.remove()
        footer(figure, _legend(), 2)
    return figure


def _panel(axes: Axes, name: str, own: pd.DataFrame) -> None:
    known = own[own["nca"].notna() & (own["nca"] > 0)]
    lost = own.drop(known.index)
    ends = np.concatenate([own["lower"], own["upper"], known["nca"]])
    low, high = float(ends.min()) / 1.4, float(ends.max()) * 1.4
    for axis in (axes.xaxis, axes.yaxis):
        log_axis(axis, low, high)
    axes.plot([low, high], [low, high], color=GREY, linewidth=0.9, gid="equality")
    for group, at, colour, kind in (
        (known, known["nca"], BLUE, "patients"),
        (lost, np.full(len(lost), low * 1.08), GREY, "undefined"),
    ):
        axes.vlines(at, group["lower"], group["upper"], color=colour, linewidth=0.9, gid=f"{kind} interval")
        axes.plot(at, group["model"], linestyle="none", marker="o", markersize=4, color=colour, gid=kind)
    label = _NAMES.get(name) or "AUC {}-{} d".format(*name.removeprefix("auc_").replace("p", ".").split("_"))
    ratio = float(np.exp(np.log(known["ratio"]).mean())) if len(known) else np.nan
    missing = f" ({len(lost)} undefined)" if len(lost) else ""
    told = f", ratio {ratio:.2f}" if len(known) else ""
    axes.set_title(f"{label}: n = {len(known)}{missing}{told}")
    unit = unit_text(str(own["unit"].iloc[0]))
    axes.set_xlabel(f"NCA ({unit})", parse_math=False)
    axes.set_ylabel(f"model ({unit})", parse_math=False)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=BLUE, marker="o", markersize=4, linewidth=0.9, label="patient: median, 95% interval"),
        Line2D([], [], color=GREY, linewidth=0.9, label="equality"),
        Line2D([], [], color=GREY, marker="o", markersize=4, linewidth=0.9, label="NCA undefined, at the left edge"),
        Line2D([], [], color=DARK, linestyle="none", label="ratio: geometric mean of NCA / model"),
    ]
