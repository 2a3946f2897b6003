"""A trial laid out for a model: padded grids of samples, outcomes with their masks, known covariates."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.errors import Problem, TrialModelError
from cartmodel.spec import ModelSpec
from cartmodel.trial import TrialData
from cartmodel.trial.columns import COMEDICATION
from cartmodel.trial.units import same_unit

NEVER = np.inf
"""The day of what a patient never had."""

_OUTCOMES = {"criss": ("criss_step1", "criss_lp"), "binary": ("remission",)}


def outcomes_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return the names of the outcome columns that a model observes."""
    response = _OUTCOMES[spec.response.kind] if spec.response is not None else ()
    return (*response, "dlt") if spec.toxicity is not None else response


def match_assays(trial: TrialData, spec: ModelSpec) -> dict[str, str]:
    """Return the trial's assay for each of the model's: by name, or the only one of each.

    Other assays of the trial are not used (`doubts` counts them).
    """
    if len(spec.assays) == 1 and len(trial.assays) == 1:
        return {next(iter(spec.assays)): trial.assays[0]}
    return {name: name for name in spec.assays if name in trial.assays}


def check_fit_together(trial: TrialData, spec: ModelSpec) -> None:
    """Check that a model can be fitted to a trial.

    Raises
    ------
    TrialModelError
        With all problems: units, assays, missing doses.
    """
    problems = list(_disagreements(trial, spec))
    if problems:
        raise TrialModelError(f"trial '{trial.name}' with model '{spec.name}'", problems)


def _disagreements(trial: TrialData, spec: ModelSpec) -> Iterator[Problem]:
    assays = match_assays(trial, spec)
    if trial.assays and not assays:
        what = f"the trial has {', '.join(trial.assays)}, the model {', '.join(spec.assays)}"
        first, wanted = trial.assays[0], next(iter(spec.assays))
        accepted = f"one name for one assay: where the table says '{first}', mapping={{'<column>={first}': '{wanted}'}}"
        yield Problem("assays", what, f"{accepted} (--map <column>={first}={wanted})")
    for name, assay in assays.items():
        if not same_unit(trial.units[assay], spec.assays[name].unit):
            found, wanted = trial.units[assay], spec.assays[name].unit
            yield Problem(
                f"unit of assay '{assay}'",
                f"the table says '{found}', the model '{wanted}'",
                f"'{wanted}'; values are never converted silently",
            )
    missing = trial.subjects.index[trial.subjects["dose"].isna()]
    if spec.uses_dose and len(missing):
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        yield Problem(
            "column dose",
            f"no dose for {len(missing)} patients ({shown})",
            f"a dose in cells for each; '{spec.name}' uses it",
        )


def doubts(trial: TrialData, spec: ModelSpec) -> list[str]:
    """Return what looks odd in a trial that can be fitted all the same, a sentence each: scales, what is not used."""
    said: list[str] = []
    assays = match_assays(trial, spec)
    for assay in sorted(set(trial.assays) - set(assays.values())):
        own = trial.observations[trial.observations["assay"] == assay]
        size = f"{len(own)} samples of {own['subject'].nunique()} patients"
        said.append(f"Assay '{assay}' has {size} that model '{spec.name}' does not use.")
    for name in [name for name in spec.assays if name not in assays and len(trial.observations)]:
        said.append(f"The trial has no sample of assay '{name}': what is said of it will be the prior.")
    dose = trial.subjects["dose"].dropna()
    far = (
        dose[(dose / spec.dose.reference < 1e-3) | (dose / spec.dose.reference > 1e3)] if spec.dose is not None else []
    )
    if len(far):
        said.append(
            f"The dose of {len(far)} patients is over a thousand times away from the model's reference of "
            f"{spec.dose.reference if spec.dose else 1:g} cells: is it in cells?"
        )
    used = trial.observations[trial.observations["assay"].isin(list(assays.values()))]
    first = used.groupby("subject")["time"].min()
    if len(first) and first.median() > 20:
        said.append(
            f"Half of the patients have their first sample after day {first.median():g}: are the times in days?"
        )
    for name in COMEDICATION:
        days = trial.subjects[name].dropna()
        if name in spec.curve.inputs and not len(days):
            said.append(f"No patient has a {name}: what is said of its effect will be the prior.")
        if len(days) and name not in spec.curve.inputs:
            said.append(f"Column {name} has {len(days)} values that model '{spec.name}' does not use.")
        if len(days) and (days.abs() > 1000).any():
            said.append(f"A {name} lies {days.abs().max():g} days from the infusion: are they days since the infusion?")
    observed = outcomes_of(spec)
    for outcome in ("dlt", "remission", "criss_lp"):
        recorded = int(trial.subjects[outcome].notna().sum())
        if recorded and outcome not in observed:
            said.append(f"Column {outcome} has {recorded} values that model '{spec.name}' does not use.")
        if not recorded and outcome in observed:
            said.append(f"No patient has a value of {outcome}: what is said of it will be the prior.")
    return said


def design(trial: TrialData, spec: ModelSpec) -> xr.Dataset:
    """Return the arrays that the equations know and observe.

    Returns
    -------
    xarray.Dataset
        ``log_dose`` (subject): ln(dose / reference), 0 where the model uses no dose. For each assay, over (subject,
        sample_<assay>): ``time_`` (days), ``blq_`` (0/1), ``level_`` (ln level; of a BLQ sample ln LLOQ), ``lloq_``
        (level) and ``seen_level_`` (1 where there is a sample, 0 where the grid is padded). For each outcome: its value
        and ``seen_<outcome>``, 0 while it is pending. For each input of the curve, such as ``tocilizumab_day``: the
        day, or infinity.

    Raises
    ------
    TrialModelError
        If the trial and the model do not fit together.
    """
    check_fit_together(trial, spec)
    subjects = trial.subjects
    data = xr.Dataset(coords={"subject": subjects.index.to_numpy(dtype=object).astype(str)})
    data["dose"] = ("subject", subjects["dose"].to_numpy(float))
    log_dose = (
        np.log(subjects["dose"].to_numpy(float) / spec.dose.reference)
        if spec.dose is not None
        else np.zeros(len(subjects))
    )
    data["log_dose"] = ("subject", np.where(np.isnan(log_dose), 0.0, log_dose))
    for name in spec.curve.inputs:
        days = subjects[name].to_numpy(float)
        data[name] = ("subject", np.where(np.isnan(days), NEVER, days))
    assays = match_assays(trial, spec)
    for name in spec.assays:
        records = trial.observations[trial.observations["assay"] == assays.get(name)]
        data = data.merge(_grid(name, records, subjects.index))
    for outcome in outcomes_of(spec):
        values = subjects[outcome].to_numpy(float)
        seen = ~np.isnan(values)
        if outcome == "criss_lp":
            seen &= subjects["criss_step1"].to_numpy(float) == 0.0
        data[outcome] = ("subject", np.where(seen, values, 0.0))
        data[f"seen_{outcome}"] = ("subject", 1.0 * seen)
    return data


def _grid(name: str, records: pd.DataFrame, subjects: pd.Index) -> xr.Dataset:
    position = subjects.get_indexer(pd.Index(records["subject"]))
    sample = records.groupby("subject", sort=False).cumcount().to_numpy()
    shape = (len(subjects), max(1, int(sample.max()) + 1) if len(records) else 1)
    blq = records["blq"].to_numpy(bool)
    columns = {
        f"time_{name}": (records["time"].to_numpy(float), 1.0),
        f"blq_{name}": (1.0 * blq, 0.0),
        f"level_{name}": (np.log(np.where(blq, records["lloq"], records["level"]).astype(float)), 0.0),
        f"lloq_{name}": (records["lloq"].to_numpy(float), np.nan),
        f"seen_level_{name}": (np.ones(len(records)), 0.0),
    }
    grids = {}
    for key, (values, padding) in columns.items():
        grid = np.full(shape, padding)
        grid[position, sample] = values
        grids[key] = (("subject", f"sample_{name}"), grid)
    return xr.Dataset(grids, coords={f"sample_{name}": np.arange(shape[1])})
