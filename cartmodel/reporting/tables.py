"""The tables of a fit as readers see them: in print and in the report alike."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.inference.diagnosis import Diagnosis
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.interval import QUANTILES
from cartmodel.prediction.predictions import exposure
from cartmodel.prediction.words import dose_number, dose_words, exposure_words
from cartmodel.reporting.blocks import Table
from cartmodel.reporting.words import amount, interval
from cartmodel.spec import ModelSpec
from cartmodel.spec.priors import describe

OUTCOMES = {"remission": "remission", "dlt": "DLT"}


def label(name: str) -> str:
    """Return the field's name of an exposure or outcome.

    Examples
    --------
    >>> label("auc_0_28"), label("dlt")
    ('AUC0-28d', 'DLT')
    """
    return OUTCOMES.get(name) or exposure_words(name)


def parameter_rows(parameters: pd.DataFrame, unit: str) -> Table:
    """Return the parameter table, in blocks, with what the data told of each."""
    columns = (
        "parameter", "median", "95% interval", "the data", "CV%", "R-hat", "ESS bulk", "ESS tail", "shrinkage",
        "prior (95%)", "contraction",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    block = ""
    for row in records(parameters):
        if row["block"] != block:
            block = row["block"]
            rows.append((block, *[""] * (len(columns) - 1)))
        rows.append(
            (
                row["parameter"],
                amount(row["median"]),
                interval(row["lower"], row["upper"]),
                _known(row.get("moved"), str),
                _known(row.get("cv_percent"), lambda v: f"{v:,.0f}"),
                f"{row['rhat']:.3f}",
                f"{row['ess_bulk']:.0f}",
                f"{row['ess_tail']:.0f}",
                _known(row.get("eta_shrinkage"), lambda v: f"{v:.2f}"),
                "" if _known(row.get("prior_lower"), str) == "" else interval(row["prior_lower"], row["prior_upper"]),
                _known(row.get("contraction"), lambda v: f"{v:.2f}"),
            )
        )
    return Table(
        "parameters",
        f"Parameters (levels in {unit}, times in days, rates per day)",
        "Medians and equal-tailed 95% intervals. CV% = 100 sqrt(exp(omega^2) - 1). "
        "Shrinkage = 1 - Var_i(E[eta_i|y]) / E[omega^2]. Contraction = 1 - posterior / prior variance, of the log "
        "where the prior is log-normal, of the logit where it is logit-normal.",
        columns,
        tuple(rows),
        parameters,
    )


def exposure_rows(exposures: pd.DataFrame) -> Table:
    """Return exposures by dose: the group's mean and the range of a new patient."""
    nan = float("nan")
    dosed = bool(exposures["dose"].notna().any())
    rows = [
        (
            _dose(row["dose"]),
            label(row["exposure"]),
            str(row["patients"]),
            amount(row.get("median", nan)),
            interval(row.get("lower", nan), row.get("upper", nan)),
            amount(row["new_median"]),
            interval(row["new_lower"], row["new_upper"]),
            row["units"],
        )
        for row in records(exposures)
    ]
    return Table(
        "exposures",
        "Exposures per dose group" if dosed else "Exposures",
        "Group: geometric mean of the trial's patients. New patient: where 95% of new patients "
        f"{'at this dose ' if dosed else ''}would lie.",
        (
            "dose",
            "exposure",
            "patients",
            "group median",
            "group 95% interval",
            "new patient median",
            "new patient 95% range",
            "unit",
        ),
        tuple(rows),
        exposures,
        keys=2,
    )


def outcome_rows(outcomes: pd.DataFrame) -> Table:
    """Return remission and DLT by dose, beside what was observed."""
    rows = [
        (
            _dose(row["dose"]),
            label(row["outcome"]),
            f"{row['median']:.3f}",
            f"{row['lower']:.3f} to {row['upper']:.3f}",
            f"{row['events']} of {row['observed']}",
        )
        for row in records(outcomes)
    ]
    return Table(
        "outcomes",
        "Remission and DLT per dose",
        "Probability for a new patient at this dose, with its 95% interval, beside what was observed.",
        ("dose", "outcome", "probability", "95% interval", "observed"),
        tuple(rows),
        outcomes,
        keys=2,
    )


def comparison_rows(comparison: pd.DataFrame) -> Table:
    """Return each pair of doses compared."""
    rows = [
        (
            f"{dose_number(row['high'])} against {dose_number(row['low'])}",
            label(row["measure"]),
            row["scale"],
            *(
                (amount(row["median"]), interval(row["lower"], row["upper"]))
                if row["scale"] == "ratio"
                else (f"{row['median']:+.3f}", f"{row['lower']:+.3f} to {row['upper']:+.3f}")
            ),
            f"{row['p_higher']:.2f}",
            row["note"],
        )
        for row in records(comparison)
    ]
    return Table(
        "doses",
        "Doses compared",
        "Population of new patients: ratio of geometric means (exposures), difference of probabilities (outcomes), "
        "with equal-tailed 95% intervals.",
        ("doses (cells)", "measure", "scale", "median", "95% interval", "P(higher)", "note"),
        tuple(rows),
        comparison,
        keys=2,
    )


def patient_exposures(fit: xr.DataTree) -> pd.DataFrame:
    """Return each patient's exposures, a row each, with unit, posterior median and equal-tailed 95% interval."""
    found = exposure(fit)
    names = [str(name) for name in found.data_vars]
    ends = {
        n: found[n].quantile(QUANTILES, dim=("chain", "draw")).transpose("subject", "quantile").values for n in names
    }
    doses = found["dose"].values.astype(float)
    rows: list[dict[str, object]] = []
    for i, subject in enumerate(found["subject"].values):
        for name in names:
            low, middle, high = ends[name][i].tolist()
            about = {"subject": str(subject), "dose": doses[i], "exposure": name}
            about["units"] = found[name].attrs.get("units", "")
            rows.append(about | {"median": middle, "lower": low, "upper": high})
    return pd.DataFrame(rows)


def last_samples(fit: xr.DataTree) -> np.ndarray:
    """Return the day of each patient's last sample by any assay of the model; NaN without one."""
    known = group(fit, "constant_data")
    last = np.full(known.sizes["subject"], -np.inf)
    for assay in spec_of(fit).assays:
        seen = known[f"seen_level_{assay}"].values > 0
        last = np.maximum(last, np.where(seen, known[f"time_{assay}"].values, -np.inf).max(axis=1, initial=-np.inf))
    return np.where(np.isneginf(last), np.nan, last)


def patient_rows(fit: xr.DataTree) -> Table:
    """Return the exposures of each patient: posterior medians and 95% intervals."""
    numbers = patient_exposures(fit)
    units = numbers.drop_duplicates("exposure").set_index("exposure")["units"]
    rows: list[tuple[str, ...]] = []
    last = last_samples(fit)
    for place, (subject, own) in enumerate(numbers.groupby("subject", sort=False)):
        cells = [f"{amount(r['median'])} ({amount(r['lower'])} to {amount(r['upper'])})" for r in records(own)]
        seen = "none" if np.isnan(last[place]) else f"{last[place]:.0f}"
        rows.append((str(subject), _dose(float(own["dose"].iloc[0])), seen, *cells))
    return Table(
        "exposures_by_patient",
        "Exposures of each patient",
        "Posterior median and equal-tailed 95% interval of the patient's own curve. Beyond the last sample it is the "
        "population's, as far as the patient's samples do not bend it: such an area is extrapolated.",
        ("patient", "dose", "last sample (day)", *(f"{label(str(name))} ({unit})" for name, unit in units.items())),
        tuple(rows),
        numbers,
    )


def prior_rows(spec: ModelSpec) -> Table:
    """Return each prior with its median and 95% range, its reason and its source."""
    rows = [(name, describe(prior), prior.reason, prior.source) for name, prior in spec.priors()]
    if spec.correlation is not None:
        rows.append(("correlations", f"LKJ(eta={spec.correlation.eta:g})", spec.correlation.reason, ""))
    if spec.dose is not None:
        rows.append(("reference dose", dose_words(spec.dose.reference), spec.dose.reason, ""))
    columns = ("parameter", "prior: median (95%)", "reason", "source")
    numbers = pd.DataFrame(rows, columns=["parameter", "prior", "reason", "source"])
    return Table("priors", "Priors and their reasons", "", columns, tuple(rows), numbers)


def gate_rows(diagnosis: Diagnosis) -> Table:
    """Return the criteria of convergence with what was found."""
    rows = [(gate.name, "passed" if gate.passed else "MISSED", gate.found) for gate in diagnosis.gates]
    return Table(
        "convergence",
        "Criteria of convergence",
        "Rank-normalised split R-hat and ESS of every population parameter (Vehtari et al., Bayesian Analysis 2021).",
        ("criterion", "verdict", "found"),
        tuple(rows),
        pd.DataFrame(rows, columns=["criterion", "verdict", "found"]),
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries."""
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _known(value: Any, form: Callable[[Any], str]) -> str:
    return "" if value is None or value != value else form(value)


def _dose(value: float) -> str:
    return dose_words(value) if value == value else "-"
