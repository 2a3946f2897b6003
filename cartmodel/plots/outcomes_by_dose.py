"""Remission and dose-limiting toxicity against dose."""

from math import ceil

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.axes import dose_axis
from cartmodel.plots.shares import draw_shares, share_handle
from cartmodel.plots.style import DARK, GREEN, VERMILLION, columns_of, footer, new_figure, scale_of, stamp_text, style
from cartmodel.plots.words import patients_text
from cartmodel.prediction.doses import outcome_table
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.predictions import predict

_WORDS = {
    "remission": ("Remission", "Probability of remission", GREEN),
    "dlt": ("DLT", "Probability of a DLT", VERMILLION),
}


def outcomes_by_dose(
    fit: xr.DataTree, new: xr.Dataset | None = None, stamp: str = "", *, width: float | None = None
) -> Figure | None:
    """Return the probability of remission and of DLT by dose for a new patient, beside what was observed.

    Points and whiskers are medians and 95% intervals of the probability.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    new : xarray.Dataset, optional
        New patients, from `predict`; default: at the doses of the trial.
    stamp : str
        Words in the corner, such as ``"NOT CONVERGED"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches; panels stand below each other in a narrow figure.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a model without outcomes.
    """
    spec = spec_of(fit)
    if spec.response is None and spec.toxicity is None:
        return None
    table = outcome_table(fit, predict(fit) if new is None else new)
    outcomes = list(dict.fromkeys(table["outcome"]))
    width = max(6.5, 3.8 * len(outcomes) + 0.4) if width is None else width
    columns = columns_of(width, len(outcomes), 2.6)
    rows = ceil(len(outcomes) / columns)
    with style(width):
        notes = [
            fit.attrs["trial"],
            f"model {spec.name}, {patients_text(fit['constant_data'].sizes['subject'])}",
            "under each dose: patients with the event / patients whose outcome is known",
        ]
        height = scale_of(width) * (3.6 * rows + 0.4)
        figure = new_figure(width, height, "Outcomes by dose", notes, stamp_text(fit.attrs["simulated"], stamp))
        for axes, outcome in zip(figure.subplots(rows, columns, squeeze=False).flat, outcomes, strict=False):
            _panel(axes, table[table["outcome"] == outcome], outcome)
        footer(figure, _legend(), 2)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, outcome: str) -> None:
    name, label, colour = _WORDS[outcome]
    doses = rows["dose"].to_numpy(float)
    known = doses[~np.isnan(doses)]
    counts = [f"{e}/{n}" for e, n in zip(rows["events"], rows["observed"], strict=True)]
    dose_axis(axes, known, dict(zip(doses.tolist(), counts, strict=True)))
    at = np.log(known) if len(known) else np.zeros(len(rows))
    low, middle, high = (rows[column].to_numpy(float) for column in ("lower", "median", "upper"))
    axes.plot(at, middle, color=colour, linewidth=0.8, alpha=0.6)
    axes.errorbar(
        at, middle, [middle - low, high - middle], color=colour, linestyle="none", marker="o", markersize=5, capsize=4
    )
    draw_shares(axes, at, rows["events"].to_numpy(), rows["observed"].to_numpy())
    axes.set_ylim(0.0, 1.0)
    axes.grid(visible=True, axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_ylabel(label)
    axes.set_title(f"{name}: {int(rows['events'].sum())} of {int(rows['observed'].sum())} patients")


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color=DARK, marker="o", markersize=5, linewidth=1.0, label="new patient: median, 95% interval"),
        share_handle(),
    ]
