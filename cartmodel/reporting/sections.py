"""The parts of a report, in reading order."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.conduct.ruling import Verdict
from cartmodel.plots.style import stamp_text
from cartmodel.plots.words import patients_text
from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.prediction.words import dose_words
from cartmodel.reporting.blocks import Block, Bullets, Content, Explorer, Section, Words
from cartmodel.reporting.by_covariate import covariate_rows
from cartmodel.reporting.context import Context
from cartmodel.reporting.decisions import decision_blocks
from cartmodel.reporting.explorer import explore, prediction_rows
from cartmodel.reporting.formulas import model_formulas, structure_blocks
from cartmodel.reporting.inventory import outcome_inventory, sample_rows
from cartmodel.reporting.pictures import Material, pictures, predictions_picture
from cartmodel.reporting.repeating import repeat_blocks
from cartmodel.reporting.sensitivity import sensitivity_blocks
from cartmodel.reporting.summary import Summary
from cartmodel.reporting.tables import (
    comparison_rows,
    exposure_rows,
    gate_rows,
    outcome_rows,
    parameter_rows,
    patient_rows,
    prior_rows,
    records,
)
from cartmodel.reporting.words import amount, share
from cartmodel.spec import exposure_name
from cartmodel.trial import TrialData


def content(
    summary: Summary,
    trial: TrialData,
    context: Context,
    verdict: Verdict | None,
    others: Sequence[xr.DataTree],
    stamp: str,
    tell: Callable[[str], None],
) -> Content:
    """Return a whole report: every table, figure and sentence, in reading order.

    Parameters
    ----------
    summary : Summary
        From `summarise`.
    trial : TrialData
        The trial that was fitted.
    context : Context
        The question and the context of use.
    verdict : Verdict or None
        The escalation so far.
    others : sequence of xarray.DataTree
        Fits of the same trial with other models, for the sensitivity.
    stamp : str
        A user's stamp, such as ``DRAFT``.
    tell : callable
        Takes a sentence as each part is begun.
    """
    fit = summary.fit
    marks = ", ".join(part for part in (stamp, "" if summary.diagnosis.trusted else "NOT CONVERGED") if part)
    material = Material(summary, trial, marks)
    spec = spec_of(fit)
    parts: tuple[tuple[str, str, Callable[[], Iterator[Block]]], ...] = (
        ("glance", "At a glance", lambda: _glance(summary)),
        ("question", "Question and context of use", lambda: _context(context)),
        ("data", "Data", lambda: _data(material)),
        ("model", "Model", lambda: _model(material)),
        ("convergence", "Can this fit be trusted?", lambda: _convergence(material)),
        ("parameters", "Parameters", lambda: _parameters(material)),
        ("checks", "Does the model fit the data?", lambda: _checks(material)),
        ("exposures", "Exposures", lambda: _exposures(material)),
        ("response", "Dose, exposure and response", lambda: _response(material)),
        ("explorer", "Dose explorer", lambda: _explorer(material, tell)),
        ("escalation", "Escalation decisions to date", lambda: decision_blocks(verdict, trial)),
        ("sensitivity", "Sensitivity", lambda: sensitivity_blocks(summary, others)),
        ("limits", "What this trial cannot tell", lambda: _limits(summary)),
        ("repeat", "How to repeat this", lambda: repeat_blocks(fit, trial)),
    )
    sections: list[Section] = []
    for key, title, blocks in parts:
        tell(title)
        sections.append(Section(key, title, tuple(blocks())))
    about = (("Author", context.author or "not stated"), ("Date", context.date or str(fit.attrs["created_at"])[:10]))
    return Content(
        context.title or f"Model report: {trial.name}",
        f"{trial.name} | model {spec.name}: {spec.title}",
        stamp_text(fit.attrs["simulated"], marks),
        (*about, ("Trial", trial.name), ("Model", spec.name)),
        tuple(sections),
    )


def _glance(summary: Summary) -> Iterator[Block]:
    if summary.fit.attrs["simulated"]:
        yield Words("The data of this report are SIMULATED: no patient was treated.", "warning")
    yield Words(summary.diagnosis.verdict, "good" if summary.diagnosis.trusted else "warning")
    spec = spec_of(summary.fit)
    window = exposure_name(*spec.windows[0])
    said: list[str] = []
    for row in records(summary.exposures[summary.exposures["exposure"] == window]):
        at = f"At {dose_words(row['dose'])}, a new patient" if row["dose"] == row["dose"] else "A new patient"
        chances = [
            f"{'remission' if o['outcome'] == 'remission' else 'DLT'} {share(o['median'])} "
            f"({share(o['lower'])} to {share(o['upper'])}; observed {o['events']} of {o['observed']})"
            for o in records(summary.outcomes)
            if o["dose"] == row["dose"] or (o["dose"] != o["dose"] and row["dose"] != row["dose"])
        ]
        area = f"{amount(row['new_median'])} ({amount(row['new_lower'])} to {amount(row['new_upper'])}) {row['units']}"
        said.append(f"{at}: {'; '.join([f'area under the curve {area}', *chances])}.")
    yield Bullets(tuple(said))
    yield Words(
        f"Areas are from day {spec.windows[0][0]:g} to {spec.windows[0][1]:g}. Medians with equal-tailed 95% "
        "intervals, here and everywhere. What the trial cannot tell stands in a section of its own, near the end."
    )


def _context(context: Context) -> Iterator[Block]:
    from cartmodel.reporting.blocks import Table

    rows = tuple(context.stated.items())
    yield Table(
        "context",
        "Assessment in the terms of ICH M15",
        "What is 'not stated' was not given to this report.",
        ("element", "statement"),
        rows,
        pd.DataFrame(list(rows), columns=["element", "statement"]),
    )


def _data(material: Material) -> Iterator[Block]:
    trial = material.trial
    yield sample_rows(trial)
    outcomes = outcome_inventory(trial)
    if outcomes is not None:
        yield outcomes
    if trial.notes:
        yield Words("What reading the table found:")
        yield Bullets(trial.notes)
    yield from pictures("data", material)


def _model(material: Material) -> Iterator[Block]:
    spec = spec_of(material.fit)
    cut = material.fit.attrs["method"] == "cut"
    doses = " and dose groups" if spec.uses_dose else ""
    how = "in two stages, the kinetics first and then the response," if cut else "jointly"
    yield Words(f"Model {spec.name}: {spec.title}. Its parts are fitted {how} to all patients{doses}.")
    yield from structure_blocks(spec)
    known = group(material.fit, "constant_data")
    for name in spec.curve.inputs:
        told = int(np.isfinite(known[name].values).sum())
        yield Words(f"Of the {patients_text(known.sizes['subject'])}, {told} have a {name}.")
    yield from model_formulas(spec)
    yield prior_rows(spec)


def _convergence(material: Material) -> Iterator[Block]:
    diagnosis = material.summary.diagnosis
    yield Words(diagnosis.verdict, "good" if diagnosis.trusted else "warning")
    yield gate_rows(diagnosis)
    yield from pictures("convergence", material)


def _parameters(material: Material) -> Iterator[Block]:
    yield parameter_rows(material.summary.parameters, spec_of(material.fit).unit)
    yield from pictures("parameters", material)


def _checks(material: Material) -> Iterator[Block]:
    yield from pictures("checks", material)
    covariates = covariate_rows(material.fit)
    if covariates is not None:
        yield covariates


def _exposures(material: Material) -> Iterator[Block]:
    yield exposure_rows(material.summary.exposures)
    yield from pictures("exposures", material)
    yield patient_rows(material.fit)


def _response(material: Material) -> Iterator[Block]:
    summary = material.summary
    if len(summary.outcomes):
        yield outcome_rows(summary.outcomes)
    else:
        yield Words("The model has neither a response nor a toxicity: it says nothing on remission or DLT.")
    yield from pictures("response", material)
    if len(summary.comparison):
        yield comparison_rows(summary.comparison)


def _explorer(material: Material, tell: Callable[[str], None]) -> Iterator[Block]:
    data: dict[str, Any] = explore(material.fit, tell)
    if not data["trial"]:
        yield Words("The model uses no dose: these predictions are the same at every dose.")
    else:
        one = len(data["trial"]) == 1
        own = f"The trial's only dose is {data['range']}" if one else f"The trial's doses are {data['range']}"
        alone = " alone: one dose says nothing of the effect of another" if one else ""
        yield Words(
            f"Predictions for new patients at {len(data['doses'])} doses. {own}; outside {'it' if one else 'them'} the "
            f"numbers are extrapolated, and rest on the model's form and its priors{alone}."
        )
    yield Explorer(data)
    yield predictions_picture(data, material)
    yield prediction_rows(data)


def _limits(summary: Summary) -> Iterator[Block]:
    yield Bullets(tuple(summary.limits))
