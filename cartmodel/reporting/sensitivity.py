"""How far the answers move with another model: fits of the same trial, side by side."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.inference.diagnosis import diagnose
from cartmodel.prediction.agreement import compare_fits
from cartmodel.prediction.doses import exposure_table, outcome_table
from cartmodel.prediction.fitfile import spec_of
from cartmodel.prediction.predictions import predict
from cartmodel.prediction.words import dose_words
from cartmodel.reporting.blocks import Block, Table, Words
from cartmodel.reporting.summary import Summary
from cartmodel.reporting.tables import label, records
from cartmodel.reporting.words import amount, interval

NONE_MADE = (
    "No sensitivity analysis was made: no fit with another model was given. How far the answers depend on the priors "
    "and on the form of the model is not known from this report."
)

_ENDS = ("median", "lower", "upper")


def check_same_trial(fit: xr.DataTree, others: Sequence[xr.DataTree]) -> None:
    """Check that other fits are of the trial of a fit.

    Raises
    ------
    ValueError
        For the first that is not.
    """
    for place, other in enumerate(others, start=1):
        if other.attrs["trial_digest"] != fit.attrs["trial_digest"]:
            raise ValueError(
                f"fit {place} for the sensitivity ('{other.attrs['model']}') is of trial '{other.attrs['trial']}' with "
                f"another digest; accepted: fits of the trial of this report ('{fit.attrs['trial']}')"
            )


def sensitivity_blocks(summary: Summary, others: Sequence[xr.DataTree]) -> Iterator[Block]:
    """Yield what other fits of the same trial say, beside the fit of the report."""
    if not others:
        yield Words(NONE_MADE, "warning")
        return
    main = summary.fit
    for place, other in enumerate(others, start=1):
        name = f"{other.attrs['model']}, {other.attrs['method']}"
        verdict = diagnose(other)
        yield Words(f"Against {name}. {verdict.verdict}", "plain" if verdict.trusted else "warning")
        yield _beside(summary, other, name, place)
        if other.attrs["model_digest"] == main.attrs["model_digest"] and spec_of(main).response is not None:
            yield _same_model(compare_fits(main, other), name, place)


def _beside(summary: Summary, other: xr.DataTree, name: str, place: int) -> Table:
    """Return exposures and outcomes by dose that both models know."""
    new = predict(other)
    keys = ["dose", "quantity"]
    first = pd.concat([_long(summary.exposures, "exposure"), _long(summary.outcomes, "outcome")])
    second = pd.concat([_long(exposure_table(other, new), "exposure"), _long(outcome_table(other, new), "outcome")])
    both = first.merge(second.drop(columns="units"), on=keys, suffixes=("", "_other"))
    rows: list[tuple[str, ...]] = []
    for row in records(both):
        chance = row["quantity"] in ("remission", "dlt")
        moved = row["median_other"] - row["median"] if chance else row["median_other"] / row["median"]
        rows.append(
            (
                dose_words(row["dose"]) if np.isfinite(row["dose"]) else "-",
                label(row["quantity"]),
                f"{amount(row['median'])} ({interval(row['lower'], row['upper'])})",
                f"{amount(row['median_other'])} ({interval(row['lower_other'], row['upper_other'])})",
                f"{moved:+.3f}" if chance else f"x {amount(moved)}",
            )
        )
    return Table(
        f"sensitivity_{place}",
        f"This report against {name}",
        "Exposures: geometric mean of the trial's patients of the dose group; outcomes: probability for a new patient. "
        "Medians and equal-tailed 95% intervals.",
        ("dose", "quantity", "this report", name, "change of the median"),
        tuple(rows),
        both,
        keys=2,
    )


def _long(table: pd.DataFrame, key: str) -> pd.DataFrame:
    kept = table.rename(columns={key: "quantity"}).reindex(columns=["dose", "quantity", "units", *_ENDS])
    return kept.dropna(subset=["median"])


def _same_model(compared: pd.DataFrame, name: str, place: int) -> Table:
    rows = [
        (
            str(row["quantity"]),
            f"{amount(row['joint_median'])} ({interval(row['joint_lower'], row['joint_upper'])})",
            f"{amount(row['cut_median'])} ({interval(row['cut_lower'], row['cut_upper'])})",
            f"{row['difference_in_sd']:+.2f}",
        )
        for row in records(compared)
    ]
    return Table(
        f"sensitivity_{place}_response",
        f"The response of the same model, by {name}",
        "Medians and equal-tailed 95% intervals; the difference in SDs of the posterior of this report.",
        ("quantity", "this report", name, "difference in SD"),
        tuple(rows),
        compared,
    )
