"""What the dose explorer shows: predictions for new patients over a grid of doses, computed once."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.errors import ExtrapolationWarning
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.predictions import doses_of, predict
from cartmodel.prediction.words import dose_number, dose_words
from cartmodel.reporting.blocks import Table
from cartmodel.reporting.tables import label
from cartmodel.reporting.words import amount

PATIENTS, CURVES = 100, 5
"""New patients for each draw of the posterior: for the numbers, and for the curves."""

SEED = 1
"""Seed of the new patients."""

_AROUND = 4.0  # the grid reaches this far below the lowest and above the highest dose of the trial
_POINTS = 21
_MOST, _VARIABLES = 2e7, 6  # numbers held at a time, and how many each patient has
_OUTCOMES = ("remission", "dlt")


def dose_grid(doses: np.ndarray) -> np.ndarray:
    """Return doses on a log grid, four times beyond those of the trial on both sides; the trial's own are among them.

    Examples
    --------
    >>> grid = dose_grid(np.array([2.5e7, 1e8, 2e8]))
    >>> float(grid[0]), float(grid[-1]), 1e8 in grid
    (6250000.0, 800000000.0, True)
    """
    own = np.unique(doses)
    spread = np.geomspace(own[0] / _AROUND, own[-1] * _AROUND, _POINTS)
    step = spread[1] / spread[0]
    rounded = np.array([float(f"{dose:.2e}") for dose in spread])
    if len(own) > _POINTS // 2:  # a dose for each patient: the grid alone, within the same ends
        return rounded
    free = [d for d in rounded if np.abs(np.log(d / own)).min() > 0.5 * np.log(step)]
    return np.unique([*free, *own])


def explore(fit: xr.DataTree, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Return predictions for new patients at each dose of a grid, as JSON can hold them.

    Every number is one that `predict` gives: exposures and probabilities those of ``predict(fit, dose=dose,
    n=PATIENTS, random_seed=SEED)``, curves those of ``predict(fit, dose=dose, n=CURVES, times=times,
    random_seed=SEED)``. They are medians and equal-tailed 95% intervals over draws and new patients (curves,
    exposures), or over draws of the mean of the new patients (remission, DLT).

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    progress : callable, optional
        Takes a sentence now and then.

    Returns
    -------
    dict
        ``doses`` (cells; one None for a model without dose), ``words`` and ``where`` (``"below"``, ``"within"``,
        ``"above"`` the trial's doses) of each; ``times`` (days) and ``level`` (lower, median, upper, each a list a
        dose); ``measures``: name, label, unit, and lower, median, upper and text at each dose.
    """
    spec = spec_of(fit)
    trial = doses_of(fit)
    doses: list[float | None] = [float(d) for d in dose_grid(trial)] if len(trial) else [None]
    last = max(end for _, end in spec.windows)
    early = min(last, 30.0)
    times = np.unique(np.round([*np.linspace(0.0, early, 31), *np.linspace(early, last, 11)], 4)).tolist()
    level: dict[str, list[list[float]]] = {"lower": [], "median": [], "upper": []}
    for new in _predicted(fit, doses, CURVES, times, progress):
        curve = new["level"].quantile(QUANTILES, dim=("chain", "draw", "subject")).transpose("quantile", "time").values
        for key, values in zip(level, curve, strict=True):
            level[key].append([_short(v) for v in values])
    measures: dict[str, dict[str, Any]] = {}
    for new in _predicted(fit, doses, PATIENTS, None, progress):
        for name in [str(n) for n in new.data_vars]:
            about = {"name": name, "label": label(name), "unit": str(new[name].attrs["units"])}
            entry = measures.setdefault(name, about | {"lower": [], "median": [], "upper": [], "text": []})
            low, middle, high = _ends(new[name])
            entry["lower"].append(_short(low))
            entry["median"].append(_short(middle))
            entry["upper"].append(_short(high))
            entry["text"].append(_text(name, low, middle, high))
    lloq = group(fit, "constant_data")[f"lloq_{next(iter(spec.assays))}"].values
    limits = np.unique(lloq[np.isfinite(lloq)])
    return {
        "doses": doses,
        "words": ["new patients" if dose is None else dose_words(dose) for dose in doses],
        "ticks": ["" if dose is None else dose_number(dose) for dose in doses],
        "call": f"cm.predict(fit, {'dose=..., ' if len(trial) else ''}n={PATIENTS}, random_seed={SEED})",
        "where": ["within" if dose is None else _where(dose, trial) for dose in doses],
        "trial": [float(d) for d in trial],
        "range": dose_words(trial.min(), trial.max()) if len(trial) else "",
        "start": next((i for i, d in enumerate(doses) if d is not None and d == np.median(trial)), len(doses) // 2),
        "times": times,
        "level": level,
        "unit": spec.unit,
        "lloq": [float(v) for v in limits] if len(limits) <= 3 else [],
        "measures": list(measures.values()),
        "patients": PATIENTS,
        "seed": SEED,
    }


def _predicted(
    fit: xr.DataTree,
    doses: Sequence[float | None],
    n: int,
    times: Sequence[float] | None,
    progress: Callable[[str], None] | None,
) -> Iterator[xr.Dataset]:
    """Yield the predictions at each dose; several doses are predicted at once, as many as memory bears."""
    draws = group(fit, "posterior").sizes["chain"] * group(fit, "posterior").sizes["draw"]
    together = max(1, int(_MOST / (draws * n * (len(times) if times is not None else _VARIABLES))))
    for start in range(0, len(doses), together):
        some = [dose for dose in doses[start : start + together] if dose is not None]
        if progress is not None:
            progress(f"Predicting at dose {start + 1} of {len(doses)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExtrapolationWarning)  # marked, dose by dose, where it is shown
            new = predict(fit, dose=some or None, n=n, times=times, random_seed=SEED)
        yield from (new.isel(dose=i) for i in range(new.sizes["dose"])) if "dose" in new.dims else (new,)


def prediction_rows(data: dict[str, Any]) -> Table:
    """Return the explorer's exposures and probabilities as a table, for paper and for readers without JavaScript."""
    dosed = bool(data["trial"])
    rows = [
        (words, *([_IN_WORDS[where]] if dosed else []), *(measure["text"][place] for measure in data["measures"]))
        for place, (words, where) in enumerate(zip(data["words"], data["where"], strict=True))
    ]
    numbers = [
        {"dose": dose, "where": where if dosed else "", "measure": m["name"], "unit": m["unit"]}
        | {key: m[key][place] for key in ("median", "lower", "upper")}
        for place, (dose, where) in enumerate(zip(data["doses"], data["where"], strict=True))
        for m in data["measures"]
    ]
    probable = [m["label"] for m in data["measures"] if m["name"] in _OUTCOMES]
    chances = f", of the probability ({' and '.join(probable)})" if probable else ""
    heads = [m["label"] if m["name"] in _OUTCOMES else f"{m['label']} ({m['unit']})" for m in data["measures"]]
    return Table(
        "predictions",
        "Predictions for new patients over doses" if dosed else "Predictions for new patients",
        f"Median and equal-tailed 95% interval: of one new patient (exposures){chances}. {data['call']} gives them.",
        ("dose", *(["within the trial's doses? (NO: extrapolated)"] if dosed else []), *heads),
        tuple(rows),
        pd.DataFrame(numbers),
    )


_IN_WORDS = {"within": "yes", "below": "NO, below", "above": "NO, above"}


def _where(dose: float, trial: np.ndarray) -> str:
    return "below" if dose < trial.min() else "above" if dose > trial.max() else "within"


def _ends(values: xr.DataArray) -> tuple[float, float, float]:
    """Return lower end, median and upper end as the tables by dose define them."""
    probability = values.name in _OUTCOMES and "subject" in values.dims
    low, middle, high = (values.mean("subject") if probability else values).quantile(QUANTILES).values
    return float(low), float(middle), float(high)


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _text(name: str, low: float, middle: float, high: float) -> str:
    if name in _OUTCOMES:
        return f"{middle:.3f} ({low:.3f} to {high:.3f})"
    return f"{amount(middle)} ({amount(low)} to {amount(high)})"
