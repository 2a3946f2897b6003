"""What an advice rests on, a sentence each: effects told by the prior, patients told otherwise, weights that thin."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cartmodel.decision.dose_columns import Toxicity
from cartmodel.decision.exposure_toxicity import FollowedPatient
from cartmodel.decision.summaries import Draw, above, share
from cartmodel.prediction.words import dose_number

_EFFECTS = {
    "ld1": "effect of the dose on the DLT",
    "d0": "DLT risk at the reference dose",
    "k1": "effect of exposure on the response",
    "a1": "effect of exposure on remission",
}


def moved_words(parameters: pd.DataFrame) -> list[str]:
    """Return a sentence that names the effects behind the advice that the data have hardly moved."""
    named: list[str] = []
    for name, moved in zip(parameters["parameter"].astype(str), parameters["moved"], strict=True):
        if moved == "prior-dominated" and name.startswith("cov_"):
            named.append(f"effect of the dose on {name.removeprefix('cov_').removesuffix('_dose')}")
        elif moved == "prior-dominated" and name in _EFFECTS:
            named.append(_EFFECTS[name])
    return [f"Prior-dominated, so told by the prior rather than by this trial: {', '.join(named)}."] if named else []


def patient_words(followed: Sequence[FollowedPatient], fitted: Sequence[FollowedPatient], doses: Draw) -> list[str]:
    """Return sentences on patients whom fit and advice know differently, or who were given another dose."""
    known = {patient.subject: patient.dlt for patient in fitted}
    other = [p.subject for p in followed if p.subject in known and known[p.subject] != p.dlt]
    new = [p.subject for p in followed if p.subject not in known]
    silent = [p.subject for p in followed if p.dlt is None]
    undated = [p.subject for p in followed if p.dlt and p.days is None]
    beyond = [p for p in followed if not np.isclose(p.dose, doses, rtol=1e-9).any()]
    said: list[str] = []
    if other:
        said.append(
            f"The fit was told another DLT status of {', '.join(other)}; the DLT numbers use the one given here."
        )
    if new:
        said.append(f"The fit does not know {', '.join(new)}: their exposure is that of new patients at their dose.")
    if beyond:
        named = ", ".join(f"{p.subject} ({dose_number(p.dose)})" for p in beyond)
        said.append(f"Infused with a dose that is none of these, and counted on the curve: {named}.")
    if undated:
        said.append(
            f"The day of the DLT of {', '.join(undated)} is not given: their exposure is averaged over the window."
        )
    if silent:
        said.append(f"Without a known DLT status, adding nothing to the DLT numbers: {', '.join(silent)}.")
    return said


def toxicity_words(toxicity: Toxicity) -> list[str]:
    """Return sentences on the effect of exposure on the DLT, on falling rates and on weights that thin out."""
    said: list[str] = []
    steps = -np.diff(toxicity.rate, axis=-1)
    falls = max(share(above(steps, 0.0), toxicity.weights), default=0.0)
    if falls > 0.01:
        said.append(
            f"With probability {falls:.2f} the DLT rate of a new patient falls between two neighbouring doses: the "
            "exposure may fall with the dose, nothing in the model forbids it."
        )
    if toxicity.model.slope is not None:
        said.append(_slope_words(toxicity))
    drawn = toxicity.draws
    if drawn.effective < 0.1 * len(drawn.evidence):
        said.append(
            f"The DLTs contradict the kinetics' own posterior: the joint numbers rest on {drawn.effective:.0f} of "
            f"{len(drawn.evidence)} draws; trust the cut ones."
        )
    return said


def _slope_words(toxicity: Toxicity) -> str:
    grid = np.repeat((np.arange(4000) + 0.5)[:, None] / 4000, 3, axis=1)
    prior = toxicity.model.parameters(grid)[:, 2]
    b1 = toxicity.draws.parameters[..., 2]
    mean = float(np.sum(toxicity.weights * b1))
    kept = float(np.sum(toxicity.weights * (b1 - mean) ** 2)) / float(np.var(prior))
    moved = abs(mean - float(np.mean(prior))) / float(np.std(prior))
    informed = "informed" if kept < 0.2 else "partly informed"
    verdict = "prior-dominated" if kept > 0.7 and moved < 0.5 else informed
    return (
        f"The effect of exposure on the DLT (mean {mean:.2f} per ln exposure, prior {np.mean(prior):.2f}) is "
        f"{verdict}: the data removed {max(0.0, 1.0 - kept):.0%} of its prior variance."
    )
