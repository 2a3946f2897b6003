"""Dose-limiting toxicity against dose, with the probability of lying over a limit."""

from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.checks.outcomes import dlt_by_dose as dlt_table
from cartmodel.plots.axes import dose_axis
from cartmodel.plots.shares import draw_shares, share_handle
from cartmodel.plots.style import DARK, VERMILLION, columns_of, footer, new_figure, scale_of, small, stamp_text, style
from cartmodel.plots.words import patients_text
from cartmodel.prediction.fitfile import spec_of


def dlt_by_dose(
    fit: xr.DataTree, stamp: str = "", table: pd.DataFrame | None = None, *, width: float | None = None
) -> Figure | None:
    """Return the probability of a DLT by dose beside the observed share, and the probability that it is over a limit.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    table : pandas.DataFrame, optional
        From `dlt_by_dose`, for another limit.
    width : float, optional
        Inches; panels stand below each other in a narrow figure.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model without toxicity.
    """
    table = dlt_table(fit) if table is None else table
    if table is None:
        return None
    spec = spec_of(fit)
    width = 7.4 if width is None else width
    columns = columns_of(width, 2, 2.6)
    rows = ceil(2 / columns)
    limit = float(table["limit"].iloc[0])
    dose = table["dose"].to_numpy(float)
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(fit['constant_data'].sizes['subject'])}; whiskers: 95% intervals",
            "under each dose: patients with a DLT / patients whose outcome is known; the protocol's rules decide",
        ]
        figure = new_figure(
            width,
            scale_of(width) * (3.0 * rows + 0.5),
            "Dose-limiting toxicity by dose",
            notes,
            stamp_text(fit.attrs["simulated"], stamp),
        )
        left, right = figure.subplots(rows, columns, squeeze=False).flat
        counts = [f"{e}/{n}" for e, n in zip(table["events"], table["observed"], strict=True)]
        for axes in (left, right):
            dose_axis(axes, dose, dict(zip(dose.tolist(), counts, strict=True)))
            axes.set_ylim(0.0, 1.0)
            axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
        at, middle = np.log(dose), table["median"].to_numpy(float)
        spread = [middle - table["lower"].to_numpy(float), table["upper"].to_numpy(float) - middle]
        left.errorbar(at, middle, spread, color=VERMILLION, marker="o", markersize=4, linewidth=0.9, capsize=3)
        draw_shares(left, at, table["events"].to_numpy(), table["observed"].to_numpy())
        left.axhline(limit, color=DARK, linewidth=0.8, linestyle=(0, (4, 2)), gid="limit")
        left.set_ylabel("Probability of a DLT")
        half = 0.3 * (float(np.diff(np.sort(at)).min()) if len(at) > 1 else 1.0)
        right.bar(at, table["p_over"], 2 * half, color=VERMILLION, alpha=0.55, gid="over")
        for x, p in zip(at, table["p_over"], strict=True):
            right.text(x, min(p, 0.93) + 0.02, _chance(p), ha="center", va="bottom", size=small())
        right.set_ylabel(f"P(DLT probability > {limit:.2g})")
        footer(figure, _legend(limit), 3)
    return figure


def _chance(p: float) -> str:
    return "<0.01" if 0 < p < 0.005 else ">0.99" if 0.995 < p < 1 else f"{p:.2f}"


def _legend(limit: float) -> list[Line2D]:
    return [
        Line2D([], [], color=VERMILLION, marker="o", markersize=4, linewidth=0.9, label="model: median, 95% interval"),
        share_handle(),
        Line2D([], [], color=DARK, linewidth=0.8, linestyle=(0, (4, 2)), label=f"limit {limit:.2g}"),
    ]  # fmt: skip
